/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TUI_COMMAND_H
#define TUI_COMMAND_H
/*
 * The `:` line: one batch verb, as after --batch, over the deck that is open, with completion and
 * history. It runs in a thread of its own and prints into a page; the screen goes on.
 */
#include "keys.h"
#include "pane.h"

#define HISTORY_MAX     100
#define CANDIDATES_MAX  200
#define CANDIDATE_BYTES 320

/* Words that may stand where the cursor is, and how much of them is typed. */
struct candidates {
	char word[CANDIDATES_MAX][CANDIDATE_BYTES];
	size_t n, dropped; /* dropped: there were more */
	size_t typed;      /* bytes before the cursor that they replace */
};

struct command_line {
	bool typing;
	struct edit edit;
	char *history[HISTORY_MAX]; /* oldest first */
	size_t nhistory, at;        /* at: the one that is shown; nhistory: a new line */
	struct candidates *found;   /* for what is typed now; NULL until the first time */
	size_t cycle;               /* Tab shows this one next; 0: none was shown yet */
	struct command_run *run;    /* the verb that runs, or ran last */
};

void command_begin(struct ui *u);
void command_key(struct ui *u, enum cmd c, int code);
void command_draw(struct ui *u);
/* Ctrl-C: asks the verb that runs to end and to restore what it injected; false: none runs. */
bool command_cancel(struct ui *u);
void command_free(struct ui *u);

/* complete.c: fills OUT for LINE up to byte AT of it. */
void complete(const struct ui *u, const char *line, size_t at, struct candidates *out);

/* command_run.c: a verb in its thread. */
struct command_run;
/* NULL: out of memory, said already. */
struct command_run *command_start(struct ui *u, const char *line);
bool command_done(struct command_run *r);
void command_stop(struct command_run *r);
/* Waits for it; takes NULL, returns NULL. */
struct command_run *command_end(struct command_run *r);
/* The page that shows what it prints. */
void dialog_command(struct ui *u, struct command_run *r);

#endif
