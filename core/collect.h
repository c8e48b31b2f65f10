/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_COLLECT_H
#define CORE_COLLECT_H
/*
 * From what a node's collector printed (core/node/collect.sh) to a node_view. The text is
 * untrusted: every string is cleaned, every list has a maximum.
 */
#include "catalogue.h"

#define COLLECT_MAX_ITEMS 20000
#define COLLECT_MAX_ATTRS 96
#define COLLECT_MAX_LINE  4096

/* Items and the text that their names and attributes point into. */
struct facts {
	struct item *items;
	size_t nitems;
	char *arena[2];
	int refs;
};

struct collect_in {
	const char *fast, *slow;      /* blocks without their final "."; slow may be "" */
	const struct node_view *prev; /* for rates; NULL: none */
	const struct backend *const *backends;
	void (*event)(const char *line, void *arg); /* a cleaned "!" line without its mark */
	void *arg;
};

/* Fills V's facts and t_ms; V is zeroed but for cfg. -ENOMEM, -EPROTO (no answer of a collector).
 */
int collect_view(const struct collect_in *in, struct node_view *v, struct err *e);
/* A new view of the same facts, with one reference; NULL: out of memory. */
struct node_view *node_view_clone(const struct node_view *v);
/* References may be taken and given back by any thread. */
struct node_view *node_view_ref(struct node_view *v);
struct node_view *node_view_unref(struct node_view *v);

/* The node says that its slow part has something to tell: a line "?". */
bool collect_wants_slow(const char *fast);
/* The metric KEY of items of kind K: one of LIST, or what every node tells; NULL: none. */
const struct metric *collect_metric(const struct metric *list, size_t n, enum kind k,
				    const char *key);

/* A block that ends with a lone "." line: its length without that, -1 while it is incomplete. */
long collect_block_end(const struct buf *b);

#endif
