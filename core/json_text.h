/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_JSON_TEXT_H
#define CORE_JSON_TEXT_H
/*
 * Text and times as JSON, for records and reports. Text is clean UTF-8 already; what is not all the
 * same is cleaned, never dropped. NULL: out of memory.
 */
#include <jansson.h>
#include <stdint.h>

json_t *json_text(const char *s);
/* null where there is nothing to say: S is NULL or "" */
json_t *json_text_or_null(const char *s);
/* RFC 3339; null for 0 */
json_t *json_time_or_null(int64_t unix_ms);
/* An array: HEAD (may be NULL), then each line of TEXT that is not empty. */
json_t *json_lines(const char *head, const char *text);

#endif
