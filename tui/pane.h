/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TUI_PANE_H
#define TUI_PANE_H
/* A pane is a part of the screen behind this small struct; its state lives in struct ui. */
#include <stdbool.h>
#include <stddef.h>

#include "filter.h"
#include "keys.h"
#include "term_draw.h"

struct ui;

/* One line of text that is being typed. */
struct edit {
	char text[480];
	size_t at; /* of the cursor, in bytes */
};
void edit_set(struct edit *e, const char *text);
/* True if the key changed it or moved in it. */
bool edit_key(struct edit *e, int code);
/* Draws it in W columns, with the terminal's cursor where it stands if FOCUS. */
void edit_draw(const struct edit *e, int y, int x, int w, enum role role, bool focus);

/* What is typed behind `/` in a pane, and what it means. */
struct pane_filter {
	struct edit edit;
	struct filter *filter; /* NULL: everything passes */
	char bad[80];          /* what is wrong with a regular expression in it */
};
/* The text changed. */
void pane_filter_parse(struct pane_filter *f);
void pane_filter_drop(struct pane_filter *f);

struct pane_ops {
	enum where where;
	/* Its filter; NULL: that of the targets is meant. */
	struct pane_filter *(*filter)(struct ui *u);
	/* What stands in the frame above it. */
	void (*title)(const struct ui *u, char *dst, size_t n);
	/* The snapshot, the selection or the marks changed. May be NULL. */
	void (*update)(struct ui *u);
	void (*draw)(struct ui *u, const struct box *b);
	/* True if the command was its own. Changes state only. */
	bool (*act)(struct ui *u, enum cmd c);
};

extern const struct pane_ops targets_pane, detail_pane, faults_pane, injected_pane, log_pane;

/* The row that is selected and the row that is drawn first, of a list of any length. */
struct list {
	size_t cur, top;
	int page; /* rows of the last drawing */
};
/* True if C moves in a list. N is its length. */
bool list_move(struct list *l, enum cmd c, size_t n);
/* Moves the top so that the selected row is among the H rows that are drawn. */
void list_show(struct list *l, size_t n, int h);
/* The same keys for a page that has no selected row. */
bool page_move(int *top, enum cmd c, int page);

#endif
