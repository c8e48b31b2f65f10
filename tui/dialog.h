/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TUI_DIALOG_H
#define TUI_DIALOG_H
/* A dialog has the keys while it is open; there is at most one, and panic goes over it. */
#include "keys.h"
#include "pane.h"

struct dialog;
struct fault;

struct dialog_ops {
	enum where where;
	void (*draw)(struct ui *u, struct dialog *d);
	/* C is CMD_NONE where CODE is a character of a text, or no command. */
	void (*key)(struct ui *u, struct dialog *d, enum cmd c, int code);
	/* The snapshot changed; may be NULL. */
	void (*update)(struct ui *u, struct dialog *d);
	bool (*typing)(const struct dialog *d); /* may be NULL */
	void (*free)(struct dialog *d);
};
struct dialog {
	const struct dialog_ops *ops;
};
void dialog_close(struct ui *u);

/* A box of at most W × H in the middle of the screen, framed and blank inside; returns its inside.
 */
struct box dialog_frame(int w, int h, const char *title, enum role frame);

struct button {
	const char *label;
	/* NULL: only closes. The dialog is closed before. */
	void (*then)(struct ui *u, const char *arg);
};
void buttons_draw(const struct box *b, int y, const struct button *list, size_t n, size_t cur,
		  bool focus);

/* A frame of at most W columns for a page of ROWS, with room for two buttons below what is
 * returned. */
struct box dialog_page(int rows, int w, const char *title);
/* Below B: which of the ROWS are shown, from TOP on, and the buttons; CUR as of buttons_draw. */
void dialog_page_foot(const struct box *b, int rows, int top, const struct button list[2],
		      size_t cur);

/* Asks TEXT (lines apart by \n); the first button has the focus. ARG is copied for `then`. */
#define ASK_BUTTONS 3
void dialog_ask(struct ui *u, const char *title, const char *text, const struct button *list,
		size_t n, const char *arg);
void dialog_help(struct ui *u);
void dialog_load(struct ui *u);
/* The list of themes: the one that is selected is shown at once, everywhere. */
void dialog_theme(struct ui *u);
/* For what is marked or selected now; says why where that cannot be. */
void dialog_inject(struct ui *u, const struct fault *f);

/* The questions that belong to a command. */
void ask_quit(struct ui *u);
void ask_restore_all(struct ui *u);
void ask_key(struct ui *u, const char *node);
/* For what is unknown although its node answers. */
struct injection;
void ask_force(struct ui *u, const struct injection *i);

/* Everything is being restored: drawn over all else while the block stands. */
void panic_draw(struct ui *u);
void panic_key(struct ui *u, enum cmd c);

#endif
