/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_REPORT_HTML_H
#define CORE_REPORT_HTML_H
/* The parts of the page. CLASS and TAG are ours; all other text is escaped. */
#include "report_get.h"

void html_text(struct buf *b, const char *s);
void html_tag(struct buf *b, const char *tag, const char *class, const char *s);
/* A state with its colour, in its word. */
void html_state(struct buf *b, const char *tag, const char *state);
void html_head(struct buf *b, const char *title, const char *const *columns);
/* report_svg.c: steps, faults and probes over the time of the run, a millisecond a unit. */
void html_timeline(const json_t *r, struct buf *b);

#endif
