// SPDX-License-Identifier: GPL-2.0-or-later
/* The phases of a run, and its lanes of steps. */
#include "run.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORD(e, w) w,
static const char *const step_words[] = { STEP_STATES(WORD) };
static const char *const phase_words[] = { RUN_PHASES(WORD) };
static const char *const verdict_words[] = { RUN_VERDICTS(WORD) };
#undef WORD

const char *step_state_word(enum step_state s)
{
	return step_words[s];
}

const char *run_phase_word(enum run_phase p)
{
	return phase_words[p];
}

const char *run_verdict_word(enum run_verdict v)
{
	return verdict_words[v];
}

int run_exit(const struct run *r)
{
	switch (r->verdict) {
	case VERDICT_PASSED:
		return 0;
	case VERDICT_FAILED:
		return 7;
	case VERDICT_INCOMPLETE:
		return 6;
	case VERDICT_ABORTED:
		return 130;
	default:
		return r->code == -EPERM ? 5 : 1;
	}
}

json_t *run_event(const struct run *r, const char *type, int64_t unix_ms)
{
	char t[32];

	text_time(t, sizeof(t), unix_ms ? unix_ms : r->w->unix_ms(r->w->arg));
	return json_pack("{s:s, s:s}", "type", type, "time", t);
}

static void say_phase(struct run *r)
{
	json_t *o = run_event(r, "run", 0);

	if (o) {
		json_object_set_new(o, "phase", json_string(run_phase_word(r->phase)));
		json_object_set_new(o, "verdict", json_string(run_verdict_word(r->verdict)));
		json_object_set_new(o, "reason", json_text_or_null(r->why));
	}
	r->w->event(r->w->arg, o);
}

static void set_phase(struct run *r, enum run_phase p)
{
	r->phase = p;
	r->phase_ms = r->w->boot_ms(r->w->arg);
	r->dirty = true;
	say_phase(r);
}

void run_stop(struct run *r, enum run_verdict v, const char *why)
{
	/* the first reason is the reason, but nothing is worse than what is not restored */
	if (r->verdict == VERDICT_NONE || (v == VERDICT_INCOMPLETE && r->verdict != v)) {
		r->verdict = v;
		text_clean(r->why, sizeof(r->why), why);
		r->dirty = true;
	}
	if (r->phase > RUN_STEPS)
		return;
	for (size_t i = 0; i < r->p->nsteps; i++) {
		struct run_step *st = &r->p->steps[i];

		if (st->state == STEP_RUNNING)
			step_end(r, st, STEP_SKIPPED, "cut short");
		else if (st->state == STEP_WAITING)
			step_end(r, st, STEP_SKIPPED, "not begun");
	}
	set_phase(r, RUN_RESTORING);
}

void run_hurry(struct run *r)
{
	r->hurry = true;
}

void run_pause(struct run *r, bool on)
{
	r->dirty |= r->paused != on;
	r->paused = on;
}

void run_skip(struct run *r)
{
	for (size_t i = 0; i < r->p->nsteps && r->phase == RUN_STEPS; i++) {
		struct run_step *st = &r->p->steps[i];

		if (st->state == STEP_RUNNING &&
		    (st->kind == DO_WAIT || st->kind == DO_EXPECT || st->kind == DO_COMMAND))
			step_end(r, st, STEP_SKIPPED, "skipped by the operator");
	}
}

/* ---- the steady state ---- */

static bool named(char *const *list, const char *name)
{
	for (; list && *list; list++)
		if (strcmp(*list, name) == 0)
			return true;
	return false;
}

/* One that is not shown yet has not been asked. */
static const struct run_probe *not_steady(const struct run *r, bool after, int64_t since)
{
	for (size_t i = 0; i < r->nprobes; i++) {
		const struct run_probe *p = &r->probes[i];

		if (!(after ? p->after : p->before || p->during || p->abort))
			continue;
		if (!p->seen || p->asked_ms < since || p->state != PROBE_HOLDS)
			return p;
	}
	return NULL;
}

static void not_held(struct run *r, const struct run_probe *p, const char *when)
{
	char why[480];

	snprintf(why, sizeof(why), "the steady state does not hold %s: \"%s\" %s%s%s", when,
		 p->name, p->seen ? probe_state_word(p->state) : "was not asked",
		 p->value[0] ? ": " : "", p->value);
	run_stop(r, VERDICT_FAILED, why);
}

static int64_t turn_before(struct run *r, int64_t now)
{
	const struct run_probe *p = not_steady(r, false, r->phase_ms);
	const int64_t limit = r->phase_ms + r->s->steady.within_ms;

	if (!p) {
		set_phase(r, RUN_STEPS);
		r->at[0] = program_next(r->p, -1, 0);
		return now;
	}
	if (now < limit)
		return limit;
	not_held(r, p, "before");
	return now;
}

static bool turn_after(struct run *r, const struct snapshot *s, int64_t now)
{
	const struct run_probe *p = not_steady(r, true, r->phase_ms);
	const bool limit = now >= r->phase_ms + r->s->steady.within_ms;

	/* who aborts waits for nothing but the restore */
	if (r->hurry)
		return true;
	if (p && !limit && r->verdict != VERDICT_ABORTED)
		return false;
	for (size_t i = 0; i < r->nresidue && now < r->phase_ms + RUN_SETTLE_MS; i++) {
		const struct node_view *v = snapshot_node(s, r->residue[i].node);

		if (v && v->state == NODE_UP && v->seen_boot_ms - v->rtt_ms < r->phase_ms)
			return false;
	}
	if (p && r->verdict != VERDICT_ABORTED)
		not_held(r, p, "again afterwards");
	return true;
}

/* ---- lanes ---- */

static void run_lane(struct run *r, const struct snapshot *s, int lane, bool *moved)
{
	struct run_step *st = &r->p->steps[r->at[lane]];

	if (st->state == STEP_WAITING && !r->paused) {
		st->state = STEP_RUNNING;
		st->began_ms = r->w->boot_ms(r->w->arg);
		r->dirty = *moved = true;
		step_begin(r, s, st);
	}
	if (st->state == STEP_RUNNING)
		step_poll(r, s, st);
	if (st->state != STEP_DONE && st->state != STEP_SKIPPED)
		return;
	r->at[lane] = program_next(r->p, r->at[lane], lane);
	*moved = true;
}

static int64_t turn_steps(struct run *r, const struct snapshot *s)
{
	int64_t next = INT64_MAX;
	bool moved = true;

	while (moved && r->phase == RUN_STEPS) {
		moved = false;
		for (int i = 0; i < r->p->nlanes && r->phase == RUN_STEPS; i++)
			if (r->at[i] >= 0)
				run_lane(r, s, i, &moved);
	}
	if (r->phase != RUN_STEPS)
		return r->w->boot_ms(r->w->arg);
	if (r->at[0] < 0) {
		set_phase(r, RUN_RESTORING);
		return r->phase_ms;
	}
	for (int i = 0; i < r->p->nlanes; i++) {
		const int64_t due = r->at[i] < 0 ? INT64_MAX : step_due(r, &r->p->steps[r->at[i]]);

		next = due < next ? due : next;
	}
	return next;
}

/* ---- the end ---- */

static void give_up(struct run *r)
{
	char why[480];
	size_t n = 0, first = 0;

	for (size_t i = r->nfaults; i-- > 0;)
		if (!state_is_final(r->faults[i].i.state)) {
			first = i;
			n++;
		}
	snprintf(why, sizeof(why), "%zu not known to be restored: %s on %s: %.200s", n,
		 r->faults[first].i.fault, r->faults[first].i.target, r->faults[first].i.reason);
	run_stop(r, VERDICT_INCOMPLETE, why);
}

/* Without a step that began there is nothing for `finally` to put right. */
static bool begun(const struct run *r)
{
	for (size_t i = 0; i < r->p->nsteps; i++)
		if (r->p->steps[i].began_ms)
			return true;
	return false;
}

static int64_t turn_restoring(struct run *r, int64_t now)
{
	const bool all = restore_faults(r, NULL);

	if (!all && !r->hurry && now < r->phase_ms + RUN_RESTORE_MS)
		return now + 1000;
	if (!all)
		give_up(r);
	if (r->hurry || r->finally == r->s->finally.nsteps || !begun(r)) {
		set_phase(r, RUN_AFTER);
		return now;
	}
	return -1;
}

/* The commands of `finally`, one behind the other; what fails does not keep the next one. */
static int64_t turn_finally(struct run *r, int64_t now)
{
	const struct step_cfg *c = &r->s->finally.steps[r->finally];
	char *said = r->finally_said[r->finally], value[160] = "";
	enum probe_state state = PROBE_UNKNOWN;
	struct err e = { 0 };

	if (!r->finally_asks && r->w->command(r->w->arg, c->ask, &r->finally_asks, &e)) {
		snprintf(said, 200, "failed: %.180s", e.msg);
		r->finally++;
		return now;
	}
	if (!r->w->answered(r->w->arg, r->finally_asks, &state, value))
		return now + 1000;
	r->w->drop(r->w->arg, r->finally_asks);
	r->finally_asks = NULL;
	snprintf(said, 200, "%s%s%s", state == PROBE_HOLDS ? "done" : "failed",
		 value[0] ? ": " : "", value);
	r->finally++;
	if (state != PROBE_HOLDS) {
		char why[480];

		snprintf(why, sizeof(why), "finally, line %d: %s", c->line, said);
		run_stop(r, VERDICT_BROKEN, why);
	}
	return now;
}

static void finish(struct run *r, const struct snapshot *s)
{
	watch_finish(r, s);
	if (r->verdict == VERDICT_NONE)
		r->verdict = VERDICT_PASSED;
	r->ended_unix_ms = r->w->unix_ms(r->w->arg);
	set_phase(r, RUN_OVER);
}

static int64_t turn(struct run *r, const struct snapshot *s)
{
	const int64_t now = r->w->boot_ms(r->w->arg);
	int64_t next;

	if (s->panic && r->phase <= RUN_STEPS)
		run_stop(r, s->abort[0] ? VERDICT_FAILED : VERDICT_ABORTED,
			 s->abort[0] ? s->abort : "panic: everything is restored");
	switch (r->phase) {
	case RUN_BEFORE:
		return turn_before(r, now);
	case RUN_STEPS:
		return turn_steps(r, s);
	case RUN_RESTORING:
		next = turn_restoring(r, now);
		return next < 0 ? turn_finally(r, now) : next;
	case RUN_AFTER:
		if (!turn_after(r, s, now))
			return now + 500;
		finish(r, s);
		return now;
	case RUN_OVER:
		break;
	}
	return INT64_MAX;
}

int64_t run_turn(struct run *r)
{
	const struct snapshot *s = r->w->snapshot(r->w->arg);
	enum run_phase was;
	int64_t next;

	watch(r, s);
	do {
		was = r->phase;
		next = turn(r, s);
	} while (r->phase != was && r->phase != RUN_OVER);
	r->w->put(r->w->arg, s);
	return next;
}

/* ---- opening ---- */

static int add_probe(struct run *r, const char *name)
{
	struct run_probe *p = watched(r, name);
	void *grown;

	if (!p) {
		grown = realloc(r->probes, (r->nprobes + 1) * sizeof(*r->probes));
		if (!grown)
			return -ENOMEM;
		r->probes = grown;
		p = &r->probes[r->nprobes++];
		memset(p, 0, sizeof(*p));
		snprintf(p->name, sizeof(p->name), "%s", name);
		p->stride = 1;
	}
	p->before = named(r->s->steady.before, name);
	p->during = named(r->s->steady.during, name);
	p->after = named(r->s->steady.after ? r->s->steady.after : r->s->steady.before, name);
	return 0;
}

static int add_probes(struct run *r)
{
	char *const *const lists[] = { r->s->steady.before, r->s->steady.during,
				       r->s->steady.after };
	int ret = 0;

	for (size_t i = 0; i < r->s->nprobes && !ret; i++) {
		ret = add_probe(r, r->s->set->list[i].name);
		if (!ret)
			watched(r, r->s->set->list[i].name)->abort = r->s->set->list[i].abort;
	}
	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
		for (char *const *n = lists[i]; n && *n && !ret; n++)
			ret = add_probe(r, *n);
	for (size_t i = 0; i < r->p->nsteps && !ret; i++)
		if (r->p->steps[i].kind == DO_EXPECT)
			ret = add_probe(r, r->p->steps[i].cfg->expect);
	return ret;
}

int run_new(const struct scenario *s, struct scenario_program *p, uint64_t seed,
	    const struct run_world *w, struct run **out, struct err *e)
{
	struct run *r = calloc(1, sizeof(*r));
	int ret = -ENOMEM;

	if (r) {
		r->s = s;
		r->p = p;
		r->w = w;
		r->seed = seed;
		r->at = calloc((size_t)p->nlanes, sizeof(*r->at));
		r->finally_said = calloc(s->finally.nsteps + 1, sizeof(*r->finally_said));
		r->module_events = json_array();
		if (r->at && r->finally_said && r->module_events)
			ret = add_probes(r);
	} else {
		program_free(p);
	}
	if (ret) {
		run_free(r);
		return err_set(e, ret, "out of memory");
	}
	for (int i = 0; i < p->nlanes; i++)
		r->at[i] = -1;
	r->began_ms = w->boot_ms(w->arg);
	r->began_unix_ms = w->unix_ms(w->arg);
	set_phase(r, RUN_BEFORE);
	*out = r;
	return 0;
}

struct run *run_free(struct run *r)
{
	if (!r)
		return NULL;
	for (size_t i = 0; i < r->nfaults; i++) {
		free(r->faults[i].do_lines);
		free(r->faults[i].undo_lines);
	}
	for (size_t i = 0; i < r->nprobes; i++)
		free(r->probes[i].points);
	for (size_t i = 0; i < r->p->nsteps; i++)
		if (r->p->steps[i].command)
			r->w->drop(r->w->arg, r->p->steps[i].command);
	if (r->finally_asks)
		r->w->drop(r->w->arg, r->finally_asks);
	json_decref(r->module_events);
	program_free(r->p);
	free(r->at);
	free(r->faults);
	free(r->probes);
	free(r->clocks);
	free(r->residue);
	free(r->finally_said);
	free(r);
	return NULL;
}
