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
	uint64_t line_cursor, event_cursor;
	struct log_shown *ring; /* of LOG_LINES */
	size_t n;               /* all ever shown; the ring holds the last */
	size_t back;            /* how far it is scrolled back */
	int page;
};

/* Takes what is new from the engine. */
void log_take(struct ui *u);
void log_free(struct log *l);
/* The lines about T, the newest first, until EACH returns false. */
struct target;
void log_of_target(const struct ui *u, const struct target *t,
		   bool (*each)(const struct log_shown *s, void *arg), void *arg);

#endif
