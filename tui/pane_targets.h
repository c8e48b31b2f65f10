/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TUI_PANE_TARGETS_H
#define TUI_PANE_TARGETS_H
#include "core/model.h"

#include "pane.h"

/* The levels of the tree. */
enum row_kind { ROW_GROUP, ROW_NODE, ROW_ITEM, ROW_VCPU };
struct row {
	enum row_kind kind;
	size_t node; /* in the snapshot; of a group its first one */
	size_t item; /* in the node; 0: the node itself */
	int vcpu;
};

enum sort { SORT_NAME, SORT_STATE, SORT_FIGURE, SORT_COUNT };

#define GROUPS_MAX 32
#define GROUP_NAME 32

/* The tree. What is selected and marked is kept as targets, so that it follows the thing. */
struct targets {
	struct target cur;
	bool has_cur;
	char cur_group[GROUP_NAME]; /* the selected heading; "" none is */
	struct target *marks;
	size_t nmarks;
	char (*toggled)[TARGET_MAX]; /* folded groups and nodes, unfolded VMs */
	size_t ntoggled;
	struct target *hit; /* by an injection that is not final */
	size_t nhit;
	struct pane_filter filter;
	enum sort sort;
	char group[GROUPS_MAX]
		  [GROUP_NAME]; /* in the order of cluster.cfg; one alone has no heading */
	size_t ngroups;
	unsigned char *group_of; /* of each node of the snapshot */
	struct row *rows;        /* as drawn: filtered, folded, sorted */
	size_t nrows, cap;
	uint64_t rows_seq; /* of the snapshot they were made from; 0: make them again */
	struct list list;
};

/* The target of a row of the tree; of a group that of its first node. */
struct target row_target(const struct ui *u, const struct row *r);
bool targets_marked(const struct targets *t, const struct target *what);
/* What an action hits: the marked ones, else the selected one. Returns how many; *OUT is borrowed.
 */
size_t targets_chosen(const struct ui *u, const struct target **out);
/* Selects WHAT, unfolding what it is in; false if it is not there. */
bool targets_select(struct ui *u, const struct target *what);
/* The node and item that T names now; *I is NULL for a node that never answered. */
bool targets_find(const struct ui *u, const struct target *t, const struct node_view **v,
		  const struct item **i);
void targets_free(struct targets *t);

/* pane_rows.c: makes t->rows out of the snapshot, unless they are still right. */
void targets_rows(struct ui *u);
/* The same whatever they are: the filter, the order, or what is folded changed. */
void targets_rows_again(struct ui *u);
bool row_is_folded(const struct ui *u, const struct row *r);
void row_fold(struct ui *u, const struct row *r, bool on);
bool node_is_folded(const struct targets *t, const char *node);
bool row_has_children(const struct ui *u, const struct row *r);
/* True if I is something that BACKEND is about. */
bool item_is_of(const struct item *i, const char *backend);
const char *row_group(const struct ui *u, const struct row *r);

#endif
