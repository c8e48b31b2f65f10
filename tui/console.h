/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TUI_CONSOLE_H
#define TUI_CONSOLE_H
/* The full-screen console: one screen over the decks of one or more clusters. */
#include "core/deck.h"

/* One open cluster.cfg. */
struct cluster {
	const struct config *cfg;
	const struct backend *const *backends;
	struct deck *deck;
	void *own; /* whoever opened it keeps what it needs in here */
};

struct console_opts {
	bool readonly, accept_new;
	const char *theme;             /* NULL: as cluster.cfg says, else the default */
	const char *const *theme_dirs; /* searched for NAME.cfg, NULL-terminated */
	/*
	 * Opens another cluster.cfg, for key 7: 0, or a negative errno with the reason in E, or
	 * the mistakes of the file WHERE (PATH, or a manifest that it names) in M.
	 */
	int (*open)(const struct console_opts *o, const char *path, struct cluster *out,
		    struct mistakes *m, char *where, size_t n, struct err *e);
	void (*close)(struct cluster *c); /* may take a while: sessions end */
};

/*
 * Takes the terminal until the operator quits. Starts the deck of FIRST once the first frame is on
 * the screen, and closes it in any case. 0, or a negative errno with nothing drawn and E saying
 * why.
 */
int console_run(struct cluster *first, const struct console_opts *o, struct err *e);

#endif
