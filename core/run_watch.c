// SPDX-License-Identifier: GPL-2.0-or-later
/* What a run sees: injections, probes and the clocks of nodes; and when a fault was noticed. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run.h"

int64_t boot_to_unix(const struct run *r, int64_t boot_ms)
{
	return r->w->unix_ms(r->w->arg) - (r->w->boot_ms(r->w->arg) - boot_ms);
}

int64_t unix_to_boot(const struct run *r, int64_t unix_ms)
{
	return r->w->boot_ms(r->w->arg) - (r->w->unix_ms(r->w->arg) - unix_ms);
}

struct run_probe *watched(struct run *r, const char *name)
{
	for (size_t i = 0; i < r->nprobes; i++)
		if (strcmp(r->probes[i].name, name) == 0)
			return &r->probes[i];
	return NULL;
}

/* ---- clocks ---- */

static struct run_clock *clock_of(struct run *r, const char *node)
{
	void *grown;

	for (size_t i = 0; i < r->nclocks; i++)
		if (strcmp(r->clocks[i].node, node) == 0)
			return &r->clocks[i];
	grown = realloc(r->clocks, (r->nclocks + 1) * sizeof(*r->clocks));
	if (!grown)
		return NULL;
	r->clocks = grown;
	memset(&r->clocks[r->nclocks], 0, sizeof(*r->clocks));
	snprintf(r->clocks[r->nclocks].node, 64, "%s", node);
	return &r->clocks[r->nclocks++];
}

/*
 * A node reads its clock first of all when it is asked: not before the question was sent. So each
 * answer gives a lower bound that is late by the way there alone, and of several the highest is
 * the best. Only the last ones count, since two clocks drift.
 */
static void watch_clock(struct run *r, const struct node_view *v)
{
	struct run_clock *c = v->state == NODE_UP && v->t_ms > 0 ? clock_of(r, v->cfg->name) : NULL;

	if (!c || c->seq == v->seq)
		return;
	if (!c->rtt_ms || v->rtt_ms < c->rtt_ms)
		c->rtt_ms = v->rtt_ms;
	c->seq = v->seq;
	c->sample[c->n++ % RUN_CLOCK_TRIES] = (double)(v->seen_boot_ms - v->rtt_ms) - v->t_ms;
	c->offset_ms = c->sample[0];
	for (size_t i = 1; i < c->n && i < RUN_CLOCK_TRIES; i++)
		c->offset_ms = fmax(c->offset_ms, c->sample[i]);
}

int64_t run_node_time(const struct run *r, const char *node, double node_ms)
{
	for (size_t i = 0; i < r->nclocks; i++)
		if (strcmp(r->clocks[i].node, node) == 0)
			return boot_to_unix(r, llround(node_ms + r->clocks[i].offset_ms));
	return 0;
}

/* ---- injections ---- */

static void say_fault(struct run *r, const struct run_fault *f)
{
	json_t *o = run_event(r, "injection", f->i.since_unix_ms);

	if (o) {
		json_object_set_new(o, "id", json_string(f->i.id));
		json_object_set_new(o, "fault", json_string(f->i.fault));
		json_object_set_new(o, "target", json_string(f->i.target));
		json_object_set_new(o, "node", json_string(f->i.node));
		json_object_set_new(o, "state", json_string(state_word(f->i.state)));
		json_object_set_new(o, "reason", json_text_or_null(f->i.reason));
	}
	r->w->event(r->w->arg, o);
}

static void watch_fault(struct run *r, const struct snapshot *s, struct run_fault *f)
{
	const enum inj_state was = f->i.state;
	const int64_t started = f->i.started_unix_ms;
	const struct injection *i = state_is_final(was) ? NULL : snapshot_injection(s, f->i.id);

	if (!i)
		return;
	f->i = *i;
	if (!f->i.started_unix_ms)
		f->i.started_unix_ms = started;
	if (f->i.deadline_node_ms) /* anew: its clock gets known better with each answer */
		f->armed_ms =
			run_node_time(r, f->i.node, (double)(f->i.deadline_node_ms - f->i.ttl_ms));
	if (i->state == was)
		return;
	r->dirty = true;
	if (i->state == STATE_ACTIVE && !f->active_ms)
		f->active_ms = i->since_unix_ms;
	if (state_is_final(i->state))
		f->ended_ms = i->since_unix_ms;
	say_fault(r, f);
}

/* ---- probes ---- */

static void add_point(struct run *r, struct run_probe *p, bool changed)
{
	double value;

	if (!changed && ++p->skipped < p->stride)
		return;
	p->skipped = 0;
	if (p->npoints == RUN_POINTS_MAX) { /* every second one goes */
		for (size_t i = 0; i < p->npoints / 2; i++)
			p->points[i] = p->points[2 * i];
		p->npoints /= 2;
		p->stride *= 2;
	}
	if (!(p->npoints & (p->npoints - 1))) {
		size_t cap = p->npoints ? p->npoints * 2 : 16;
		void *grown = realloc(p->points, cap * sizeof(*p->points));

		if (!grown)
			return;
		p->points = grown;
	}
	if (!probe_value_number(p->value, &value))
		value = NAN;
	p->points[p->npoints++] =
		(struct run_point){ boot_to_unix(r, p->said_ms), p->state, value };
}

static void say_probe(struct run *r, const struct run_probe *p)
{
	json_t *o = run_event(r, "probe", boot_to_unix(r, p->said_ms));

	if (o) {
		json_object_set_new(o, "probe", json_string(p->name));
		json_object_set_new(o, "state", json_string(probe_state_word(p->state)));
		json_object_set_new(o, "value", json_text_or_null(p->value));
	}
	r->w->event(r->w->arg, o);
}

/* ---- what was noticed of a fault ---- */

/* The steady state says whether anything is wrong; without one, all that is watched does. */
static bool counts(const struct run *r, const struct run_probe *p)
{
	for (size_t i = 0; i < r->nprobes; i++)
		if (r->probes[i].before || r->probes[i].during || r->probes[i].after)
			return p->before || p->during || p->after;
	return true;
}

/* P has failed: of the faults that are there, that is put down to the one that came last. */
static void notice(struct run *r, const struct run_probe *p)
{
	const int64_t at = boot_to_unix(r, p->said_ms);
	struct run_fault *last = NULL;

	for (size_t i = 0; i < r->nfaults && counts(r, p); i++) {
		struct run_fault *f = &r->faults[i];

		if (f->active_ms && f->active_ms <= at &&
		    (!last || f->active_ms >= last->active_ms))
			last = f;
	}
	if (!last || last->detected_ms)
		return;
	last->detected_ms = at;
	last->detected_by = (size_t)(p - r->probes);
}

/* It is whole again when what had failed holds, by an answer from after its end. */
static void look_for_recovery(const struct run *r, struct run_fault *f)
{
	const struct run_probe *p = &r->probes[f->detected_by];

	if (f->ended_ms && p->state == PROBE_HOLDS && p->asked_ms >= unix_to_boot(r, f->ended_ms))
		f->recovered_ms = boot_to_unix(r, p->said_ms);
}

static void watch_probe(struct run *r, const struct probe_view *v)
{
	struct run_probe *p = watched(r, v->name);
	bool changed;

	if (!p || !v->asked || (p->seen && p->said_ms == v->said_boot_ms))
		return;
	changed = !p->seen || p->state != v->state;
	p->seen = true;
	p->state = v->state;
	p->asked_ms = v->asked_boot_ms;
	p->said_ms = v->said_boot_ms;
	if (changed) {
		p->since_asked_ms = p->asked_ms;
		p->since_said_ms = p->said_ms;
	}
	snprintf(p->value, sizeof(p->value), "%s", v->value);
	snprintf(p->unit, sizeof(p->unit), "%s", v->cfg && v->cfg->unit ? v->cfg->unit : "");
	snprintf(p->node, sizeof(p->node), "%s", v->node);
	add_point(r, p, changed);
	if (!changed)
		return;
	r->dirty = true;
	say_probe(r, p);
	if (p->state == PROBE_FAILED)
		notice(r, p);
	if (p->during && r->phase == RUN_STEPS && p->state == PROBE_FAILED) {
		char why[480];

		snprintf(why, sizeof(why), "\"%s\" must hold during the run: it failed%s%s",
			 p->name, p->value[0] ? ": " : "", p->value);
		run_stop(r, VERDICT_FAILED, why);
	}
}

void watch(struct run *r, const struct snapshot *s)
{
	for (size_t i = 0; i < s->nnodes; i++)
		watch_clock(r, s->nodes[i]);
	for (size_t i = 0; i < r->nfaults; i++)
		watch_fault(r, s, &r->faults[i]);
	for (size_t i = 0; i < s->nprobes; i++)
		watch_probe(r, &s->probes[i]);
	for (size_t i = 0; i < r->nfaults; i++)
		if (r->faults[i].detected_ms && !r->faults[i].recovered_ms)
			look_for_recovery(r, &r->faults[i]);
}

/* ---- what is left ---- */

void watch_finish(struct run *r, const struct snapshot *s)
{
	for (size_t i = 0; i < r->nresidue; i++) {
		const struct node_view *v = snapshot_node(s, r->residue[i].node);
		char *left = r->residue[i].left;

		r->residue[i].state = RESIDUE_UNKNOWN;
		snprintf(left, sizeof(r->residue[i].left), "%s",
			 v ? v->reason.msg : "it is not asked any more");
		if (!v || v->state != NODE_UP)
			continue;
		r->residue[i].state = RESIDUE_CLEAN;
		*left = '\0';
		for (size_t k = 0; k < v->nitems; k++) {
			const size_t len = strlen(left);

			if (v->items[k].kind != KIND_INJECTION ||
			    !run_fault_of(r, v->items[k].name))
				continue;
			r->residue[i].state = RESIDUE_LEFT;
			snprintf(left + len, sizeof(r->residue[i].left) - len, "%s%s",
				 len ? " " : "", v->items[k].name);
		}
		if (r->residue[i].state == RESIDUE_LEFT)
			run_stop(r, VERDICT_INCOMPLETE, "something of it is left on a node");
	}
}
