/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TUI_PANE_INJECTED_H
#define TUI_PANE_INJECTED_H
#include "core/model.h"

#include "pane.h"

struct injected {
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
void injected_free(struct injected *i);

#endif
