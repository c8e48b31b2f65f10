// SPDX-License-Identifier: GPL-2.0-or-later
/* A run as results.json; docs/results.md is its schema. */
#include "report.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* All text of a run is clean; what is not UTF-8 all the same is cleaned here, never dropped. */
static json_t *text(const char *s)
{
	json_t *v;
	size_t n;
	char *copy;

	if (!s || !*s)
		return json_null();
	v = json_string(s);
	if (v)
		return v;
	n = strlen(s) + 1;
	copy = malloc(n);
	if (!copy)
		return NULL;
	v = json_string(text_clean(copy, n, s));
	free(copy);
	return v;
}

static json_t *at(int64_t unix_ms)
{
	char t[32];

	return unix_ms ? json_string(text_time(t, sizeof(t), unix_ms)) : json_null();
}

static json_t *between(int64_t from, int64_t to)
{
	return from && to ? json_integer(to - from) : json_null();
}

static json_t *lines(const char *s)
{
	json_t *a = json_array();
	char one[1024];

	while (a && *s) {
		const size_t n = strcspn(s, "\n"), keep = n < sizeof(one) ? n : sizeof(one) - 1;

		memcpy(one, s, keep);
		one[keep] = '\0';
		if (n)
			json_array_append_new(a, text(text_clean(one, sizeof(one), one)));
		s += n + (s[n] == '\n');
	}
	return a;
}

static void set(json_t *o, const char *key, json_t *v)
{
	json_object_set_new(o, key, v);
}

static const char *const kind_words[] = {
#define KIND_WORD(e, k) k,
	STEP_KINDS(KIND_WORD)
#undef KIND_WORD
};

static json_t *step_json(const struct run *r, size_t i, const struct step_view *v)
{
	const struct run_step *st = &r->p->steps[i];
	json_t *o = json_object();

	set(o, "step", json_integer((json_int_t)i + 1));
	set(o, "name", text(v->name));
	set(o, "kind", json_string(kind_words[st->kind]));
	set(o, "lane", json_integer(st->lane));
	set(o, "line", json_integer(st->cfg->line));
	set(o, "state", json_string(step_state_word(st->state)));
	set(o, "began", at(v->began_unix_ms));
	set(o, "ended", at(v->ended_unix_ms));
	set(o, "message", text(st->message));
	return o;
}

static json_t *steps_json(const struct run *r)
{
	struct scenario_view *v = run_view(r);
	json_t *a = json_array();

	for (size_t i = 0; v && i < v->nsteps; i++)
		json_array_append_new(a, step_json(r, i, &v->steps[i]));
	scenario_view_put(v);
	return a;
}

static json_t *fault_json(const struct run_fault *f)
{
	json_t *o = json_object();

	set(o, "id", json_string(f->i.id));
	set(o, "step", json_integer((json_int_t)f->step + 1));
	set(o, "fault", text(f->i.fault));
	set(o, "target", text(f->i.target));
	set(o, "node", text(f->i.node));
	set(o, "params", text(f->i.params));
	set(o, "ttl_ms", json_integer(f->i.ttl_ms));
	set(o, "state", json_string(state_word(f->i.state)));
	set(o, "reason", text(f->i.reason));
	set(o, "effect", text(f->i.effect));
	set(o, "aftermath", text(f->i.aftermath));
	set(o, "hits", f->i.hits >= 0 ? json_integer(f->i.hits) : json_null());
	set(o, "started", at(f->i.started_unix_ms));
	set(o, "armed", at(f->armed_ms));
	set(o, "active", at(f->active_ms));
	set(o, "ended", at(f->ended_ms));
	set(o, "detected", at(f->detected_ms));
	set(o, "recovered", at(f->recovered_ms));
	set(o, "detect_ms", between(f->active_ms, f->detected_ms));
	set(o, "recover_ms", between(f->ended_ms, f->recovered_ms));
	set(o, "do", lines(f->do_lines ? f->do_lines : ""));
	set(o, "undo", lines(f->undo_lines ? f->undo_lines : ""));
	return o;
}

static json_t *points_json(const struct run *r, const struct run_probe *p)
{
	json_t *a = json_array();

	for (size_t i = 0; i < p->npoints; i++) {
		const struct run_point *q = &p->points[i];
		json_t *o = json_array();

		json_array_append_new(o, json_integer(q->unix_ms - r->began_unix_ms));
		json_array_append_new(o, json_string(probe_state_word(q->state)));
		json_array_append_new(o, isnan(q->value) ? json_null() : json_real(q->value));
		json_array_append_new(a, o);
	}
	return a;
}

static json_t *probe_json(const struct run *r, const struct run_probe *p)
{
	json_t *o = json_object(), *steady = json_array();

	if (p->before)
		json_array_append_new(steady, json_string("before"));
	if (p->during)
		json_array_append_new(steady, json_string("during"));
	if (p->after)
		json_array_append_new(steady, json_string("after"));
	set(o, "probe", text(p->name));
	set(o, "node", text(p->node));
	set(o, "unit", text(p->unit));
	set(o, "steady", steady);
	set(o, "state", json_string(probe_state_word(p->state)));
	set(o, "value", text(p->value));
	set(o, "points", points_json(r, p));
	return o;
}

static json_t *expectation_json(const struct run *r, size_t i)
{
	const struct run_step *st = &r->p->steps[i];
	json_t *o = json_object();

	set(o, "step", json_integer((json_int_t)i + 1));
	set(o, "probe", text(st->cfg->expect));
	set(o, "is", json_string(probe_state_word(st->cfg->is)));
	set(o, "within_ms", json_integer(st->cfg->within_ms));
	set(o, "for_ms", json_integer(st->cfg->for_ms));
	set(o, "since", text(st->cfg->since));
	set(o, "met",
	    st->state == STEP_DONE     ? json_true()
	    : st->state == STEP_FAILED ? json_false()
				       : json_null());
	set(o, "message", text(st->message));
	return o;
}

static json_t *expectations_json(const struct run *r)
{
	json_t *a = json_array();

	for (size_t i = 0; i < r->p->nsteps; i++)
		if (r->p->steps[i].kind == DO_EXPECT)
			json_array_append_new(a, expectation_json(r, i));
	return a;
}

static json_t *finally_json(const struct run *r)
{
	json_t *a = json_array();

	for (size_t i = 0; i < r->s->finally.nsteps; i++) {
		const struct step_cfg *c = &r->s->finally.steps[i];
		json_t *o = json_object();

		set(o, "node", text(c->node));
		set(o, "command", text(c->command));
		set(o, "result", text(i < r->finally ? r->finally_said[i] : ""));
		json_array_append_new(a, o);
	}
	return a;
}

static json_t *residue_json(const struct run *r)
{
	static const char *const words[] = { "unknown", "clean", "left" };
	json_t *a = json_array();

	for (size_t i = 0; i < r->nresidue; i++) {
		json_t *o = json_object();

		set(o, "node", text(r->residue[i].node));
		set(o, "state", json_string(words[r->residue[i].state]));
		set(o, "left", text(r->residue[i].left));
		json_array_append_new(a, o);
	}
	return a;
}

static json_t *clocks_json(const struct run *r)
{
	json_t *a = json_array();

	for (size_t i = 0; i < r->nclocks; i++) {
		json_t *o = json_object();

		set(o, "node", text(r->clocks[i].node));
		set(o, "boottime_offset_ms", json_integer(llround(r->clocks[i].offset_ms)));
		set(o, "answers_in_ms", json_integer(r->clocks[i].rtt_ms));
		json_array_append_new(a, o);
	}
	return a;
}

static json_t *variables_json(const struct scenario *s)
{
	json_t *o = json_object();

	for (size_t i = 0; i < s->nvars; i++)
		set(o, s->vars[i].name, text(s->vars[i].value));
	return o;
}

static json_t *faults_json(const struct run *r)
{
	json_t *a = json_array();

	for (size_t i = 0; i < r->nfaults; i++)
		json_array_append_new(a, fault_json(&r->faults[i]));
	return a;
}

static json_t *probes_json(const struct run *r)
{
	json_t *a = json_array();

	for (size_t i = 0; i < r->nprobes; i++)
		json_array_append_new(a, probe_json(r, &r->probes[i]));
	return a;
}

json_t *report_results(const struct run *r, const char *cluster, const char *owner)
{
	json_t *o = json_object();
	char seed[24];

	if (!o)
		return NULL;
	snprintf(seed, sizeof(seed), "%llu", (unsigned long long)r->seed);
	set(o, "schema", json_string(REPORT_SCHEMA));
	set(o, "scenario", text(r->s->name));
	set(o, "description", text(r->s->description));
	set(o, "file", text(r->s->path));
	set(o, "cluster", text(cluster));
	set(o, "operator", text(owner));
	set(o, "seed", json_string(seed)); /* 64 bits are too many for a number */
	set(o, "variables", variables_json(r->s));
	set(o, "began", at(r->began_unix_ms));
	set(o, "ended", at(r->ended_unix_ms));
	set(o, "duration_ms", between(r->began_unix_ms, r->ended_unix_ms));
	set(o, "verdict", json_string(run_verdict_word(r->verdict)));
	set(o, "reason", text(r->why));
	set(o, "exit", json_integer(run_exit(r)));
	set(o, "steps", steps_json(r));
	set(o, "faults", faults_json(r));
	set(o, "probes", probes_json(r));
	set(o, "expectations", expectations_json(r));
	set(o, "finally", finally_json(r));
	set(o, "residue", residue_json(r));
	set(o, "clocks", clocks_json(r));
	set(o, "events", json_incref(r->module_events));
	set(o, "events_seen", json_integer((json_int_t)r->nevents));
	return o;
}
