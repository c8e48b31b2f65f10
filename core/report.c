// SPDX-License-Identifier: GPL-2.0-or-later
/* A run as results.json; docs/results.md is its schema. */
#include "report.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *between(int64_t from, int64_t to)
{
	return from && to ? json_integer(to - from) : json_null();
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
	set(o, "name", json_text_or_null(v->name));
	set(o, "kind", json_string(kind_words[st->kind]));
	set(o, "lane", json_integer(st->lane));
	set(o, "line", json_integer(st->cfg->line));
	set(o, "state", json_string(step_state_word(st->state)));
	set(o, "began", json_time_or_null(v->began_unix_ms));
	set(o, "ended", json_time_or_null(v->ended_unix_ms));
	set(o, "message", json_text_or_null(st->message));
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
	set(o, "fault", json_text_or_null(f->i.fault));
	set(o, "target", json_text_or_null(f->i.target));
	set(o, "node", json_text_or_null(f->i.node));
	set(o, "params", json_text_or_null(f->i.params));
	set(o, "ttl_ms", json_integer(f->i.ttl_ms));
	set(o, "state", json_string(state_word(f->i.state)));
	set(o, "reason", json_text_or_null(f->i.reason));
	set(o, "effect", json_text_or_null(f->i.effect));
	set(o, "aftermath", json_text_or_null(f->i.aftermath));
	set(o, "hits", f->i.hits >= 0 ? json_integer(f->i.hits) : json_null());
	set(o, "started", json_time_or_null(f->i.started_unix_ms));
	set(o, "armed", json_time_or_null(f->armed_ms));
	set(o, "active", json_time_or_null(f->active_ms));
	set(o, "ended", json_time_or_null(f->ended_ms));
	set(o, "detected", json_time_or_null(f->detected_ms));
	set(o, "recovered", json_time_or_null(f->recovered_ms));
	set(o, "detect_ms", between(f->active_ms, f->detected_ms));
	set(o, "recover_ms", between(f->ended_ms, f->recovered_ms));
	set(o, "do", json_lines(NULL, f->do_lines ? f->do_lines : ""));
	set(o, "undo", json_lines(NULL, f->undo_lines ? f->undo_lines : ""));
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
	set(o, "probe", json_text_or_null(p->name));
	set(o, "node", json_text_or_null(p->node));
	set(o, "unit", json_text_or_null(p->unit));
	set(o, "steady", steady);
	set(o, "state", json_string(probe_state_word(p->state)));
	set(o, "value", json_text_or_null(p->value));
	set(o, "points", points_json(r, p));
	return o;
}

static json_t *expectation_json(const struct run *r, size_t i)
{
	const struct run_step *st = &r->p->steps[i];
	json_t *o = json_object();

	set(o, "step", json_integer((json_int_t)i + 1));
	set(o, "probe", json_text_or_null(st->cfg->expect));
	set(o, "is", json_string(probe_state_word(st->cfg->is)));
	set(o, "within_ms", json_integer(st->cfg->within_ms));
	set(o, "for_ms", json_integer(st->cfg->for_ms));
	set(o, "since", json_text_or_null(st->cfg->since));
	set(o, "met",
	    st->state == STEP_DONE     ? json_true()
	    : st->state == STEP_FAILED ? json_false()
				       : json_null());
	set(o, "message", json_text_or_null(st->message));
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

		set(o, "node", json_text_or_null(c->node));
		set(o, "command", json_text_or_null(c->command));
		set(o, "result", json_text_or_null(i < r->finally ? r->finally_said[i] : ""));
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

		set(o, "node", json_text_or_null(r->residue[i].node));
		set(o, "state", json_string(words[r->residue[i].state]));
		set(o, "left", json_text_or_null(r->residue[i].left));
		json_array_append_new(a, o);
	}
	return a;
}

static json_t *clocks_json(const struct run *r)
{
	json_t *a = json_array();

	for (size_t i = 0; i < r->nclocks; i++) {
		json_t *o = json_object();

		set(o, "node", json_text_or_null(r->clocks[i].node));
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
		set(o, s->vars[i].name, json_text_or_null(s->vars[i].value));
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
	set(o, "scenario", json_text_or_null(r->s->name));
	set(o, "description", json_text_or_null(r->s->description));
	set(o, "file", json_text_or_null(r->s->path));
	set(o, "cluster", json_text_or_null(cluster));
	set(o, "operator", json_text_or_null(owner));
	set(o, "seed", json_string(seed)); /* 64 bits are too many for a number */
	set(o, "variables", variables_json(r->s));
	set(o, "began", json_time_or_null(r->began_unix_ms));
	set(o, "ended", json_time_or_null(r->ended_unix_ms));
	set(o, "duration_ms", between(r->began_unix_ms, r->ended_unix_ms));
	set(o, "verdict", json_string(run_verdict_word(r->verdict)));
	set(o, "reason", json_text_or_null(r->why));
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
