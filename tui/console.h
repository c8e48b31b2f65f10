/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TUI_CONSOLE_H
#define TUI_CONSOLE_H
#include "core/deck.h"

struct console_opts {
	bool readonly;
	const char *theme;             /* NULL: as cluster.cfg says, else the default */
	const char *const *theme_dirs; /* NULL-terminated, or NULL; searched in this order */
};

/*
 * Draws its first frame, then starts D, and returns when the operator quits or a signal ends it;
 * the terminal is as it was. -ENOTTY, -ENOTSUP: there is no terminal that a console can be drawn
 * on.
 */
int console_run(struct deck *d, const struct config *cfg, const struct console_opts *o,
		struct err *e);

#endif
