/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_REPORT_GET_H
#define CORE_REPORT_GET_H
/* Reading results.json: what is not there, or of another type, is "", 0 or -1. */
#include "report.h"

const char *get_text(const json_t *o, const char *key);
int64_t get_int(const json_t *o, const char *key, int64_t missing);
const json_t *get_list(const json_t *o, const char *key);
bool get_is(const json_t *o, const char *key, const char *value);
/* RFC 3339 to milliseconds since 1970; 0: it is none */
int64_t get_time(const json_t *o, const char *key);
/* "2.4 s", "3m 20s"; "–" where MS is below 0. DST has 32 bytes. */
char *get_span(char *dst, int64_t ms);
/* S for XML and HTML, in text and in quotes; characters that XML forbids are '?'. */
void put_escaped(struct buf *b, const char *s);

#endif
