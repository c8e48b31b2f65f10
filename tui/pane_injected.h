/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TUI_PANE_INJECTED_H
#define TUI_PANE_INJECTED_H
#include "core/model.h"

#include "pane.h"

/* An injection of one of the clusters. */
struct injected_row {
	struct deck *deck;
	const struct snapshot *snap;
	const struct injection *i;
	const char *cluster;
	bool elsewhere; /* not in the cluster that is shown */
};

struct injected {
	struct injected_row *all, *rows; /* rows: those that the filter lets through */
	size_t nall, n;
	struct pane_filter filter;
	struct list list;
	char cur[ID_MAX]; /* selected, by id */
	char (*marks)[ID_MAX];
	size_t nmarks;
};

/* Restores what is marked or selected in the pane that has the focus. */
void injected_restore(struct ui *u);
/* How many of our own are not final. */
size_t injected_mine(const struct ui *u);
/* The active injection that ends first, or NULL. */
const struct injection *injected_next(const struct ui *u);
/* NULL if there is none with this id. */
const struct injected_row *injected_find(const struct ui *u, const char *id);
void injected_free(struct injected *i);

#endif
