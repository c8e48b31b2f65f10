// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "verb.h"

static size_t show_nodes(struct batch *b, const struct snapshot *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->nnodes; i++) {
		if (!scope_has(b, s->nodes[i]->cfg->name))
			continue;
		emit_put(b->emit, record_node(s->nodes[i], now_boot_ms()));
		n++;
	}
	return n;
}

static size_t show_items(struct batch *b, const struct snapshot *s, enum kind k)
{
	size_t n = 0;

	for (size_t i = 0; i < s->nnodes; i++) {
		const struct node_view *v = s->nodes[i];

		for (size_t j = 0; j < v->nitems; j++) {
			if (v->items[j].kind != k)
				continue;
			emit_put(b->emit, record_item(v, &v->items[j]));
			n++;
		}
	}
	return n;
}

static size_t show_injections(struct batch *b, const struct snapshot *s, bool final_too)
{
	size_t n = 0;

	for (size_t i = 0; i < s->ninjections; i++) {
		const struct injection *inj = &s->injections[i];

		if (inj->state == STATE_UNKNOWN)
			b->tally.unknown++;
		if (!final_too && state_is_final(inj->state))
			continue;
		emit_put(b->emit, record_injection(inj, now_boot_ms()));
		n++;
	}
	return n;
}

/* Asks all nodes. 0 and *S when one of them answers; the rest is reported and counted. */
static int ask_all(struct batch *b, uint64_t min_seq, const struct snapshot **s)
{
	int r;

	b->scope_all = true;
	r = batch_contact(b, min_seq);
	if (!r)
		*s = deck_snapshot(b->deck);
	return r;
}

/* Reports the nodes that do not answer, below what is known of them. */
static int finish(struct batch *b, const struct snapshot *s)
{
	size_t up = batch_reach(b, s);

	snapshot_put(s);
	return up || !b->cfg->nnodes ? EXIT_DONE : EXIT_UNREACHABLE;
}

int verb_status(struct batch *b, char **words, int n)
{
	const struct snapshot *s;
	/* the second answer has the rates of what the first one counted */
	int r = ask_all(b, 2, &s);

	(void)words;
	(void)n;
	if (r)
		return r;
	snapshot_put(s);
	r = batch_contact_probes(b);
	if (r)
		return r;
	s = deck_snapshot(b->deck);
	show_nodes(b, s);
	show_items(b, s, KIND_VM);
	show_items(b, s, KIND_SERVICE);
	for (size_t i = 0; i < s->nprobes; i++)
		emit_put(b->emit, record_probe(&s->probes[i]));
	show_injections(b, s, false);
	r = finish(b, s);
	b->tally.done = (int)b->cfg->nnodes - b->tally.unreachable;
	return r;
}

static int list_nodes(struct batch *b, const struct snapshot *s)
{
	return (int)show_nodes(b, s);
}

static int list_vms(struct batch *b, const struct snapshot *s)
{
	return (int)show_items(b, s, KIND_VM);
}

static int list_services(struct batch *b, const struct snapshot *s)
{
	return (int)show_items(b, s, KIND_SERVICE);
}

static int list_links(struct batch *b, const struct snapshot *s)
{
	return (int)show_items(b, s, KIND_LINK);
}

static int list_injections(struct batch *b, const struct snapshot *s)
{
	return (int)show_injections(b, s, true);
}

/* All of the catalogue needs no node. */
static int list_faults(struct batch *b, const struct snapshot *s, const struct target *t)
{
	const struct fault *f;
	char buf[200];

	for (size_t i = 0; (f = deck_fault(b->deck, i)); i++) {
		const char *why = t ? deck_unfit(b->deck, s, f, t, buf, sizeof(buf)) : NULL;

		emit_put(b->emit, record_fault(f, why));
		b->tally.done++;
	}
	return EXIT_DONE;
}

static int list_faults_for(struct batch *b, const char *word)
{
	const struct snapshot *s;
	struct target t;
	struct err e = { .code = 0 };
	int r;

	if (target_parse(word, &t, &e))
		return batch_error(b, &e, EXIT_USAGE);
	if (!*t.node)
		return batch_usage(b, "%s: say on which node, as in %s@NODE", word, word);
	r = scope_add(b, t.node);
	if (!r)
		r = batch_contact(b, 1);
	if (r)
		return r;
	s = deck_snapshot(b->deck);
	r = batch_reach(b, s) ? list_faults(b, s, &t) : EXIT_UNREACHABLE;
	snapshot_put(s);
	return r;
}

/* What LIST prints is asked of all nodes, MIN_SEQ times. */
static const struct listing {
	const char *word;
	uint64_t min_seq;
	int (*show)(struct batch *b, const struct snapshot *s);
} listings[] = {
	{ "nodes", 1, list_nodes },           { "vms", 2, list_vms },
	{ "services", 2, list_services },     { "links", 2, list_links },
	{ "injections", 1, list_injections },
};

int verb_list(struct batch *b, char **words, int n)
{
	const char *what = words[1];
	const struct snapshot *s;

	if (strcmp(what, "faults") == 0) {
		int r = n > 2 ? EXIT_DONE : batch_open(b);

		return r ? r : n > 2 ? list_faults_for(b, words[2]) : list_faults(b, NULL, NULL);
	}
	if (strcmp(what, "scenarios") == 0)
		return n > 2 ? batch_usage(b, "list scenarios: one word too many: %s", words[2])
			     : verb_scenarios(b);
	if (strcmp(what, "points") == 0)
		return verb_points(b, words + 1, n - 1);
	for (size_t i = 0; i < sizeof(listings) / sizeof(*listings); i++) {
		int r;

		if (strcmp(listings[i].word, what) != 0)
			continue;
		if (n > 2)
			return batch_usage(b, "list %s: one word too many: %s", what, words[2]);
		r = ask_all(b, listings[i].min_seq, &s);
		if (r)
			return r;
		b->tally.done = listings[i].show(b, s);
		return finish(b, s);
	}
	return batch_usage(b, "list %s: it is %s", what, verb_find("list")->usage);
}
