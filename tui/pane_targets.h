/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TUI_PANE_TARGETS_H
#define TUI_PANE_TARGETS_H
#include "core/model.h"

#include "pane.h"

struct row {
	size_t node; /* in the snapshot */
	size_t item; /* in the node; 0: the row of the node itself */
};

/* The tree. What is selected and marked is kept as targets, so that it follows the thing. */
struct targets {
	struct target cur;
	bool has_cur;
	struct target *marks;
	size_t nmarks;
	char (*folded)[64];
	size_t nfolded;
	struct target *hit; /* by an injection that is not final */
	size_t nhit;
	struct edit filter;
	struct row *rows; /* as drawn: filtered, folded, sorted */
	size_t nrows, cap;
	struct list list;
};

/* The target of a row of the tree. */
struct target row_target(const struct ui *u, const struct row *r);
bool targets_marked(const struct targets *t, const struct target *what);
/* What an action hits: the marked ones, else the selected one. Returns how many; *OUT is borrowed.
 */
size_t targets_chosen(const struct ui *u, const struct target **out);
/* Selects WHAT, unfolding its node; false if it is not there. */
bool targets_select(struct ui *u, const struct target *what);
/* The node and item that T names now; *I is NULL for a node that never answered. */
bool targets_find(const struct ui *u, const struct target *t, const struct node_view **v,
		  const struct item **i);
void targets_free(struct targets *t);

/* Makes t->rows out of the snapshot: pane_rows.c. */
void targets_rows(struct ui *u);
bool targets_is_folded(const struct targets *t, const char *node);

#endif
