/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TUI_PANE_DETAIL_H
#define TUI_PANE_DETAIL_H
/* The parts of the detail pane, each on the pen where the one before ended. */
#include "console_ui.h"

#define LABEL_W 12

/* Charts of I's figures, over the time that is chosen. */
void detail_charts(struct ui *u, struct pen *p, const struct item *i);
/* Chooses another time; true if C was one of its commands. */
bool detail_zoom(struct ui *u, enum cmd c);
/* What V told of I besides figures: in the operator's words, times and units. */
void detail_facts(struct ui *u, struct pen *p, const struct node_view *v, const struct item *i);
/* Those of NODE and those that are asked from here; NULL: all. */
void detail_probes(struct ui *u, struct pen *p, const char *node);
/* The last lines of the log that are about T. */
void detail_events(struct ui *u, struct pen *p, const struct target *t);
/* All nodes with what runs on them, and the probes. */
void detail_status(struct ui *u, struct pen *p, const char *group);

#endif
