/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TUI_PANE_LOG_H
#define TUI_PANE_LOG_H
#include <stdint.h>

#include "pane.h"

#define LOG_LINES 1000

struct log_shown {
	int64_t unix_ms;
	int code;
	bool event;
	uint64_t count; /* events that this line stands for */
	char node[64], id[32], text[480];
};

struct log {
	struct log_shown *ring;  /* of LOG_LINES */
	size_t n;                /* all ever taken; the ring holds the last */
	size_t shown[LOG_LINES]; /* those that the filter lets through, by number */
	size_t nshown;
	struct pane_filter filter;
	struct list list;
	bool away;  /* from the newest line … */
	size_t cur; /* … at this one, by number */
};

/* Takes what is new from the engines. */
void log_take(struct ui *u);
void log_free(struct log *l);
/* The lines about T, the newest first, until EACH returns false. */
struct target;
void log_of_target(const struct ui *u, const struct target *t,
		   bool (*each)(const struct log_shown *s, void *arg), void *arg);

#endif
