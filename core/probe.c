// SPDX-License-Identifier: GPL-2.0-or-later
/* What the probes found, and what an abort probe that fails does. */
#include "probe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool probe_aborts(const struct probe_view *p)
{
	return p->cfg->abort &&
	       (p->state == PROBE_FAILED || (p->state == PROBE_UNKNOWN && p->tries >= PROBE_TRIES));
}

const struct probe_view *probe_in_the_way(const struct snapshot *s)
{
	for (size_t i = 0; i < s->nprobes; i++)
		if (s->probes[i].cfg->abort && s->probes[i].state != PROBE_HOLDS)
			return &s->probes[i];
	return NULL;
}

/* ---- opening ---- */

static bool wanted(const struct deck *d, const struct probe_cfg *c)
{
	return d->o.probes == PROBES_ALL || (d->o.probes == PROBES_ABORT && c->abort);
}

static struct probe *add(struct deck *d, const struct probe_cfg *c, struct actor *a)
{
	struct probe *p = &d->probes[d->nprobes++];

	p->deck = d;
	p->v.cfg = c;
	p->actor = a;
	p->listed = true;
	snprintf(p->v.name, sizeof(p->v.name), "%s", c->name);
	snprintf(p->v.node, sizeof(p->v.node), "%s", a ? a->cfg->name : "");
	return p;
}

/* One of cluster.cfg: on its node, where that is one of this deck. */
static void add_own(struct deck *d, const struct probe_cfg *c)
{
	struct target of = { .kind = KIND_NODE };
	struct actor *a = NULL;

	if (!wanted(d, c))
		return;
	if (c->of)
		target_parse(c->of, &of, NULL);
	if (c->of || (c->node && strcmp(c->node, "local") != 0)) {
		a = deck_actor(d, c->of ? of.node : c->node);
		if (!a)
			return;
	}
	add(d, c, a)->of = of;
}

/* One of a manifest: on each node, where it is listed as soon as that has the component. */
static void add_manifests(struct deck *d, const struct backend *b, const struct probe_cfg *c)
{
	for (size_t i = 0; i < d->nactors && wanted(d, c); i++) {
		struct probe *p = add(d, c, &d->actors[i]);

		p->of.kind = c->component ? KIND_SERVICE : KIND_NODE;
		snprintf(p->of.name, sizeof(p->of.name), "%s", c->component ? c->component : "");
		p->listed = !c->component;
		snprintf(p->v.name, sizeof(p->v.name), "%s.%s@%s", b->name, c->name,
			 d->actors[i].cfg->name);
	}
}

int probes_open(struct deck *d)
{
	const struct backend *const *b;
	size_t n = d->o.cfg->nprobes;

	for (b = d->o.backends; *b; b++)
		n += (*b)->nprobes * d->nactors;
	d->probes = calloc(n + 1, sizeof(*d->probes));
	if (!d->probes)
		return -ENOMEM;
	for (size_t i = 0; i < d->o.cfg->nprobes; i++)
		add_own(d, &d->o.cfg->probes[i]);
	for (b = d->o.backends; *b; b++)
		for (size_t i = 0; i < (*b)->nprobes; i++)
			add_manifests(d, *b, &(*b)->probes[i]);
	return 0;
}

void probes_free(struct deck *d)
{
	free(d->probes);
}

size_t probes_shown(struct deck *d, struct probe_view *out)
{
	size_t n = 0;

	for (size_t i = 0; i < d->nprobes; i++)
		if (d->probes[i].listed)
			out[n++] = d->probes[i].v;
	return n;
}

/* ---- results ---- */

static bool ours_active(const struct deck *d)
{
	for (size_t i = 0; i < d->nrecords; i++)
		if (d->records[i].i.mine && !state_is_final(d->records[i].i.state))
			return true;
	return false;
}

/* Everything goes back while something of ours may be what broke it. */
static void abort_if(struct deck *d, const struct probe_view *v)
{
	if (d->panic || d->o.readonly || !probe_aborts(v) || !ours_active(d))
		return;
	d->panic = true;
	snprintf(d->abort, sizeof(d->abort), "abort probe \"%s\" %s%s%s", v->name,
		 v->state == PROBE_FAILED ? "failed" : "told nothing three times",
		 v->value[0] ? ": " : "", v->value);
	log_locked(d, v->node, -ECANCELED, "%s: restore all; new injections are blocked", d->abort);
	queue_sweeps(d, 0);
}

void probe_said(struct deck *d, struct probe *p, enum probe_state s, const char *value)
{
	struct probe_view *v = &p->v;
	char clean[sizeof(v->value)];
	bool changed = !v->asked || v->state != s;

	text_clean(clean, sizeof(clean), value);
	p->asked_ms = 0;
	if (changed) {
		v->since_unix_ms = now_unix_ms();
		log_locked(d, v->node, s == PROBE_FAILED ? -EIO : 0, "probe \"%s\": %s%s%s",
			   v->name, probe_state_word(s), clean[0] ? ": " : "", clean);
	}
	if (changed || strcmp(v->value, clean) != 0)
		deck_changed(d);
	v->asked = true;
	v->state = s;
	v->tries = s == PROBE_UNKNOWN ? v->tries + 1 : 0;
	memcpy(v->value, clean, sizeof(clean));
	abort_if(d, v);
}

static bool compare(double value, enum probe_op op, double bound)
{
	switch (op) {
	case OP_LT:
		return value < bound;
	case OP_LE:
		return value <= bound;
	case OP_GT:
		return value > bound;
	case OP_GE:
		return value >= bound;
	case OP_EQ:
		return value == bound;
	case OP_NE:
		return value != bound;
	}
	return false;
}

/* ITEM NULL: the node does not list it. */
static void compare_metric(struct deck *d, struct probe *p, const struct item *item)
{
	const struct probe_cfg *c = p->v.cfg;
	const struct sample *s = item ? item_sample(item, c->metric) : NULL;
	char value[160];

	if (s)
		snprintf(value, sizeof(value), "%.6g", s->value);
	else if (item)
		snprintf(value, sizeof(value), "there is no %.60s of it", c->metric);
	else
		snprintf(value, sizeof(value), "there is no %s %.100s", kind_word(p->of.kind),
			 p->of.name);
	probe_said(d, p,
		   !s                                   ? PROBE_UNKNOWN
		   : compare(s->value, c->op, c->bound) ? PROBE_HOLDS
							: PROBE_FAILED,
		   value);
}

void probes_of_view(struct actor *a)
{
	struct deck *d = a->deck;
	int64_t now = now_boot_ms();

	for (size_t i = 0; i < d->nprobes; i++) {
		struct probe *p = &d->probes[i];
		const struct item *item;

		if (p->actor != a)
			continue;
		item = p->of.kind == KIND_NODE ? &a->view->items[0]
					       : node_view_item(a->view, p->of.kind, p->of.name);
		p->listed |= item != NULL;
		if (p->v.cfg->kind != PROBE_METRIC || !p->listed || now < p->due_ms)
			continue;
		p->due_ms = now + p->v.cfg->interval_ms;
		compare_metric(d, p, item);
	}
}

void probes_lost(struct actor *a, const char *why)
{
	struct deck *d = a->deck;

	for (size_t i = 0; i < d->nprobes; i++)
		if (d->probes[i].actor == a && d->probes[i].listed)
			probe_said(d, &d->probes[i], PROBE_UNKNOWN, why);
}
