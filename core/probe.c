// SPDX-License-Identifier: GPL-2.0-or-later
/* What the probes found, and what an abort probe that fails does. */
#include "probe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probe_read.h"

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

void probe_init(struct probe *p, struct deck *d, const struct probe_cfg *c, struct actor *a)
{
	p->deck = d;
	p->number = ++d->probe_number;
	p->v.cfg = c;
	p->actor = a;
	p->listed = true;
	snprintf(p->v.name, sizeof(p->v.name), "%s", c->name);
	snprintf(p->v.node, sizeof(p->v.node), "%s", a ? a->cfg->name : "");
}

static struct probe *add(struct deck *d, const struct probe_cfg *c, struct actor *a)
{
	struct probe *p = &d->probes[d->nprobes++];

	probe_init(p, d, c, a);
	return p;
}

bool probe_about(struct deck *d, const struct probe_cfg *c, struct target *of, struct actor **a)
{
	*of = (struct target){ .kind = KIND_NODE };
	*a = NULL;
	if (c->of || c->vm)
		target_parse(c->of ? c->of : c->vm, of, NULL);
	if (!of->node[0] && (!c->node || strcmp(c->node, "local") == 0))
		return true;
	*a = deck_actor(d, of->node[0] ? of->node : c->node);
	return *a;
}

/* One of cluster.cfg: on its node, where that is one of this deck. */
static void add_own(struct deck *d, const struct probe_cfg *c)
{
	struct target of;
	struct actor *a;

	if (wanted(d, c) && probe_about(d, c, &of, &a))
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
	d->probes_max = n + PROBES_EXTRA;
	d->probes = calloc(d->probes_max, sizeof(*d->probes));
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
	for (size_t i = 0; i < d->nprobes; i++)
		probe_set_unref(d->probes[i].set);
	probe_set_unref(d->more);
	free(d->probes);
}

size_t probes_shown(struct deck *d, struct probe_view *out)
{
	size_t n = 0;

	for (size_t i = 0; i < d->nprobes; i++)
		if (d->probes[i].listed && !d->probes[i].once)
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
	bool changed;

	text_clean(clean, sizeof(clean), value);
	if (s == PROBE_HOLDS && v->cfg->expect)
		s = probe_judge(p, clean);
	changed = !v->asked || v->state != s;
	v->said_boot_ms = now_boot_ms();
	v->asked_boot_ms = p->asked_ms ? p->asked_ms : v->said_boot_ms;
	p->asked_ms = 0;
	if (changed) {
		v->since_unix_ms = now_unix_ms();
		log_locked(d, v->node, s == PROBE_FAILED ? -EIO : 0, "%s \"%s\": %s%s%s",
			   p->once ? "command" : "probe", v->name, probe_state_word(s),
			   clean[0] ? ": " : "", clean);
	}
	/* an answer that is the same is news to a scenario that waits for one */
	if (changed || d->run || strcmp(v->value, clean) != 0)
		deck_changed(d);
	v->asked = true;
	v->state = s;
	v->tries = s == PROBE_UNKNOWN ? v->tries + 1 : 0;
	memcpy(v->value, clean, sizeof(clean));
	abort_if(d, v);
}

/* ITEM NULL: the node does not list it. */
static void compare_metric(struct deck *d, struct probe *p, const struct item *item)
{
	const struct probe_cfg *c = p->v.cfg;
	const struct sample *s = item ? item_sample(item, c->metric) : NULL;
	char value[160];

	if (s)
		snprintf(value, sizeof(value), "%.9g", s->value);
	else if (item)
		snprintf(value, sizeof(value), "there is no %.60s of it", c->metric);
	else
		snprintf(value, sizeof(value), "there is no %s %.100s", kind_word(p->of.kind),
			 p->of.name);
	probe_said(d, p, s ? PROBE_HOLDS : PROBE_UNKNOWN, value);
}

/* A guest that runs, and of which anything was counted since the last answer. */
static void look_at_vm(struct deck *d, struct probe *p, const struct item *vm)
{
	const struct sample *busiest = NULL;
	enum probe_state s = PROBE_FAILED;
	bool counted = false;
	char value[160];

	for (size_t i = 0; vm && i < vm->nsamples; i++) {
		const struct sample *m = &vm->samples[i];

		if (!m->metric->counter || !m->known)
			continue;
		counted = true;
		if (!busiest || m->value > busiest->value)
			busiest = m;
	}
	if (!vm) {
		snprintf(value, sizeof(value), "there is no VM %.100s", p->of.name);
	} else if (vm->bad) {
		snprintf(value, sizeof(value), "%s", vm->state);
	} else if (!counted) {
		snprintf(value, sizeof(value), "nothing was counted of it yet");
		s = PROBE_UNKNOWN;
	} else {
		snprintf(value, sizeof(value), "%s, %.6g %s%s", vm->state, busiest->value,
			 busiest->metric->label, busiest->metric->unit);
		s = busiest->value > 0 ? PROBE_HOLDS : PROBE_FAILED;
	}
	probe_said(d, p, s, value);
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
		if ((p->v.cfg->kind != PROBE_METRIC && p->v.cfg->kind != PROBE_VM) || !p->listed ||
		    now < p->due_ms)
			continue;
		p->due_ms = now + p->v.cfg->interval_ms;
		p->asked_ms = a->view->seen_boot_ms - a->view->rtt_ms;
		if (p->v.cfg->kind == PROBE_VM)
			look_at_vm(d, p, item);
		else
			compare_metric(d, p, item);
	}
}

void probes_lost(struct actor *a, const char *why)
{
	struct deck *d = a->deck;

	for (size_t i = 0; i < d->nprobes; i++) {
		struct probe *p = &d->probes[i];

		if (p->actor != a || !p->listed)
			continue;
		/* a command goes on in its shell as long as the session is kept */
		if (!p->once || !a->fast_asked)
			probe_said(d, p, PROBE_UNKNOWN, why);
	}
}
