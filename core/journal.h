/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_JOURNAL_H
#define CORE_JOURNAL_H
/*
 * The operator's record: one append-only file, one JSON line a transition, fsynced before the
 * action that it announces. Several consoles may write at once (a lock per record). A torn last
 * line is normal: it is skipped by readers, and the next record begins on a line of its own.
 */
#include "model.h"

struct journal;

/* Creates DIR (0700) and DIR/journal (0600) where they are missing. */
int journal_open(const char *dir, struct journal **out, struct err *e);
struct journal *journal_close(struct journal *j);
/* Durable when it returns 0. Safe from any thread. */
int journal_write(struct journal *j, const struct injection *i, struct err *e);
/* Calls FN with the last record of each id that has not ended yet, oldest first; bad lines are
 * counted. */
int journal_read(struct journal *j, void (*fn)(const struct injection *i, void *arg), void *arg,
		 size_t *bad, struct err *e);

/*
 * Calls FN with every record, oldest first, and when it was written (RFC 3339); ends when FN says
 * other than 0. -EFBIG: it is longer than what is read back.
 */
int journal_each(struct journal *j, int (*fn)(const char *at, const struct injection *i, void *arg),
		 void *arg);

/* The last record of ID, ended or not; false: none. */
bool journal_find(struct journal *j, const char *id, struct injection *out);

#endif
