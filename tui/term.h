/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TUI_TERM_H
#define TUI_TERM_H
/*
 * The terminal itself: taken at the start, given back as it was at every kind of end (return,
 * signal, abort, Ctrl-Z), and what happens to it in between: keys, sizes, signals.
 */
#include <stdbool.h>

#include "core/err.h"

/* -ENOTTY: in or out is no terminal. -ENOTSUP: TERM cannot place a cursor. */
int term_start(struct err *e);
void term_stop(void);

enum term_news {
	TERM_KEYS = 1 << 0,
	TERM_WAKE = 1 << 1,  /* the engine's descriptor */
	TERM_SIZE = 1 << 2,  /* the screen has its new size already */
	TERM_END = 1 << 3,   /* SIGTERM, SIGHUP, or the terminal is gone */
	TERM_BREAK = 1 << 4, /* Ctrl-C */
	TERM_BACK = 1 << 5   /* stopped and continued: everything must be drawn again */
};
/* Sleeps at most TIMEOUT_MS (-1: for ever). Returns term_news, 0 at the time-out. */
int term_wait(int wake_fd, int timeout_ms);
/* Ctrl-Z: gives the terminal back, stops, takes it again. */
void term_suspend(void);

/* TEXT to the clipboard of whoever sits at the terminal (OSC 52), at most TERM_COPY_MAX bytes;
 * a terminal that does not know that shows nothing of it. -E2BIG, -EIO. */
#define TERM_COPY_MAX 65536
int term_copy(const char *text);

/* The next key: a Unicode character, or TERM_CODE | KEY_… of curses.h. 0: none is waiting. */
#define TERM_CODE 0x1000000
int term_key(void);

#endif
