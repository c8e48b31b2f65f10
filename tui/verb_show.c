// SPDX-License-Identifier: GPL-2.0-or-later
/* What the console shows beside its lists, as text: all of one target, and the journal. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "verb.h"

#define LOG_LAST 200

static void show_facts(struct batch *b, const char *target, const struct item *i)
{
	for (size_t k = 0; k < i->nattrs; k++)
		emit_put(b->emit, record_fact(target, i->attrs[k].key, i->attrs[k].value));
}

static int show_target(struct batch *b, const struct snapshot *s, const struct target *t)
{
	const struct node_view *v = snapshot_node(s, t->node);
	const struct item *i = v && v->nitems ? &v->items[0] : NULL;
	char name[TARGET_MAX];

	target_str(name, t);
	if (t->kind != KIND_NODE)
		i = v ? node_view_item(v, t->kind == KIND_VCPU ? KIND_VM : t->kind, t->name) : NULL;
	if (!i)
		return batch_usage(b, "%s: it is not there now", name);
	emit_put(b->emit, t->kind == KIND_NODE ? record_node(v, now_boot_ms()) : record_item(v, i));
	show_facts(b, name, i);
	for (size_t k = 0; k < s->nprobes; k++)
		if (!s->probes[k].node[0] || strcmp(s->probes[k].node, t->node) == 0)
			emit_put(b->emit, record_probe(&s->probes[k]));
	for (size_t k = 0; k < s->ninjections; k++)
		if (!state_is_final(s->injections[k].state) &&
		    target_covers(t, s->injections[k].target))
			emit_put(b->emit, record_injection(&s->injections[k], now_boot_ms()));
	b->tally.done++;
	return EXIT_DONE;
}

int verb_show(struct batch *b, char **words, int n)
{
	const struct snapshot *s;
	struct target t;
	struct err e = { .code = 0 };
	int r;

	(void)n;
	if (target_parse(words[1], &t, &e))
		return batch_error(b, &e, EXIT_USAGE);
	if (!*t.node)
		return batch_usage(b, "%s: whose? NAME@NODE says it", words[1]);
	r = scope_add(b, t.node);
	if (!r)
		r = batch_contact(b, 2); /* a rate is known with the second answer */
	if (r)
		return r;
	s = deck_snapshot(b->deck);
	r = batch_reach(b, s) ? show_target(b, s, &t) : EXIT_UNREACHABLE;
	snapshot_put(s);
	return r;
}

/* ---- the journal ---- */

struct last {
	json_t *line[LOG_LAST]; /* a ring: the oldest go */
	size_t n;
};

static int take(const char *at, const struct injection *i, void *arg)
{
	struct last *l = arg;
	json_t **slot = &l->line[l->n++ % LOG_LAST];

	json_decref(*slot);
	*slot = record_log(at, i);
	return 0;
}

int verb_log(struct batch *b, char **words, int n)
{
	struct last *l = calloc(1, sizeof(*l));
	struct err e = { .code = 0 };
	size_t first;
	int r = l ? batch_open(b) : EXIT_FAILED;

	(void)words;
	(void)n;
	if (r) {
		free(l);
		return r;
	}
	r = deck_journal(b->deck, take, l);
	first = l->n > LOG_LAST ? l->n - LOG_LAST : 0;
	for (size_t k = first; k < l->n; k++)
		emit_put(b->emit, l->line[k % LOG_LAST]);
	b->tally.done = (int)(l->n - first);
	free(l);
	if (!r)
		return EXIT_DONE;
	err_set(&e, r, "the journal cannot be read: %s", strerror(-r));
	return batch_error(b, &e, EXIT_FAILED);
}
