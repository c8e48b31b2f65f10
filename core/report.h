/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_REPORT_H
#define CORE_REPORT_H
/*
 * What a run leaves: results.json (docs/results.md), from which everything else is made: junit.xml,
 * report.html, and the text of the console. events.ndjson is written while it runs.
 */
#include "run.h"

#define REPORT_FILES(F)                                                                            \
	F(RESULTS, "results.json")                                                                 \
	F(JUNIT, "junit.xml")                                                                      \
	F(HTML, "report.html")                                                                     \
	F(EVENTS, "events.ndjson")
#define REPORT_FILE_ENUM(e, n) REPORT_##e,
enum report_file { REPORT_FILES(REPORT_FILE_ENUM) REPORT_FILE_COUNT };
#undef REPORT_FILE_ENUM
extern const char *const report_files[REPORT_FILE_COUNT];

#define REPORT_SCHEMA "faultdeck-results-1"

/* NULL: out of memory. */
json_t *report_results(const struct run *r, const char *cluster, const char *owner);
/* Each adds the whole file to OUT. */
void report_junit(const json_t *results, struct buf *out);
void report_html(const json_t *results, struct buf *out);
void report_lines(const json_t *results, struct buf *out);

/* Makes DIR; -EEXIST: there is a report in it. */
int report_begin(const char *dir, struct err *e);
/* Takes back what report_begin made, where nothing but events.ndjson is in it. Takes NULL. */
void report_undo(const char *dir);
/* Writes results.json, junit.xml and report.html, each whole or not at all. */
int report_write(const char *dir, const json_t *results, struct err *e);
/* A new directory below STATE_DIR for NAME; the oldest go when there are many. */
void report_place(const char *state_dir, const char *name, int64_t unix_ms, char *dst, size_t n);

#endif
