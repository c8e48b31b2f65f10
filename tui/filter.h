/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TUI_FILTER_H
#define TUI_FILTER_H
/*
 * What is typed behind `/`: words apart by blanks, all of which must hold.
 *   word      in any column          state:down  in that column only
 *   !word     in none                ~regex      extended regular expression
 * They combine: !state:~^(up|running)$. Upper and lower case are one.
 */
#include <stdbool.h>
#include <stddef.h>

struct filter;
/* TEXT's filter. "" gives NULL, which lets everything pass. *BAD says what is wrong with a
 * regular expression (then it is looked for as plain text), "" nothing. */
struct filter *filter_new(const char *text, char *bad, size_t n);
struct filter *filter_free(struct filter *f);

/* The text of column KEY of a row, NULL: the row has no such column; KEY NULL: all columns. BUF
 * of N bytes may hold it. */
typedef const char *filter_column(const void *row, const char *key, char *buf, size_t n);
bool filter_passes(const struct filter *f, filter_column *column, const void *row);

#endif
