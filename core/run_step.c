// SPDX-License-Identifier: GPL-2.0-or-later
/* What each kind of step does, and when it is over. */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run.h"

static int64_t now_of(const struct run *r)
{
	return r->w->boot_ms(r->w->arg);
}

void run_step_title(const struct run_step *st, char *dst, size_t n)
{
	if (st->kind == DO_WAIT && st->anchor >= 0)
		snprintf(dst, n, "wait for its moment");
	else
		step_title(st->cfg, dst, n);
}

static void say_step(struct run *r, const struct run_step *st)
{
	json_t *o = run_event(r, "step", 0);
	char title[120];

	run_step_title(st, title, sizeof(title));
	if (o) {
		json_object_set_new(o, "step", json_integer(st - r->p->steps + 1));
		json_object_set_new(o, "name", json_string(title));
		json_object_set_new(o, "state", json_string(step_state_word(st->state)));
		json_object_set_new(o, "message", json_text_or_null(st->message));
	}
	r->w->event(r->w->arg, o);
}

void step_end(struct run *r, struct run_step *st, enum step_state state, const char *fmt, ...)
{
	char text[480];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	text_clean(st->message, sizeof(st->message), text);
	if (st->command) {
		r->w->drop(r->w->arg, st->command);
		st->command = NULL;
	}
	st->state = state;
	st->ended_ms = st->began_ms ? now_of(r) : 0;
	r->dirty = true;
	say_step(r, st);
}

/* It could not be done, or what was expected did not come: the run is over, and restores. */
static void fail(struct run *r, struct run_step *st, enum run_verdict v, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
static void fail(struct run *r, struct run_step *st, enum run_verdict v, const char *fmt, ...)
{
	char text[480], title[120], why[640];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	step_end(r, st, STEP_FAILED, "%s", text);
	run_step_title(st, title, sizeof(title));
	snprintf(why, sizeof(why), "step %d, line %d: %s: %s", (int)(st - r->p->steps) + 1,
		 st->cfg->line, title, text);
	run_stop(r, v, why);
}

/* ---- injections ---- */

struct run_fault *run_fault_of(struct run *r, const char *id)
{
	for (size_t i = r->nfaults; i-- > 0;)
		if (strcmp(r->faults[i].i.id, id) == 0)
			return &r->faults[i];
	return NULL;
}

static int add_fault(struct run *r, size_t step, const struct plan *p, const struct plan_item *it)
{
	struct run_fault *f;

	if (r->nfaults == r->faults_cap) {
		size_t cap = r->faults_cap ? 2 * r->faults_cap : 16;
		void *grown = cap <= 2 * RUN_FAULTS_MAX
				      ? realloc(r->faults, cap * sizeof(*r->faults))
				      : NULL;

		if (!grown)
			return -ENOMEM;
		r->faults = grown;
		r->faults_cap = cap;
	}
	f = &r->faults[r->nfaults];
	memset(f, 0, sizeof(*f));
	f->step = step;
	f->do_lines = strdup(buf_text(&it->act.do_lines));
	f->undo_lines = strdup(buf_text(&it->act.undo_lines));
	r->nfaults++; /* from here on it is freed with the others */
	snprintf(f->i.id, sizeof(f->i.id), "%s", it->id);
	snprintf(f->i.fault, sizeof(f->i.fault), "%s", p->fault->name);
	target_str(f->i.target, &it->target);
	snprintf(f->i.node, sizeof(f->i.node), "%s", it->node->name);
	params_str(p->fault, &p->params, f->i.params, sizeof(f->i.params));
	snprintf(f->i.aftermath, sizeof(f->i.aftermath), "%s", aftermath_word(p->fault->aftermath));
	f->i.ttl_ms = p->ttl_ms;
	f->i.hits = -1;
	f->i.started_unix_ms = r->w->unix_ms(r->w->arg);
	return f->do_lines && f->undo_lines ? 0 : -ENOMEM;
}

static int add_residue(struct run *r, const char *node)
{
	void *grown;

	for (size_t i = 0; i < r->nresidue; i++)
		if (strcmp(r->residue[i].node, node) == 0)
			return 0;
	grown = realloc(r->residue, (r->nresidue + 1) * sizeof(*r->residue));
	if (!grown)
		return -ENOMEM;
	r->residue = grown;
	memset(&r->residue[r->nresidue], 0, sizeof(*r->residue));
	snprintf(r->residue[r->nresidue++].node, 64, "%s", node);
	return 0;
}

/* What was queued before a later one was refused is there: it is restored with the rest. */
static int take_plan(struct run *r, struct run_step *st, const struct plan *p)
{
	int ret = 0;

	st->ids = calloc(p->nitems + 1, sizeof(*st->ids));
	if (!st->ids)
		return -ENOMEM;
	for (size_t i = 0; i < p->nitems && !ret; i++) {
		memcpy(st->ids[st->nids++], p->items[i].id, ID_MAX);
		ret = add_fault(r, (size_t)(st - r->p->steps), p, &p->items[i]);
		if (!ret)
			ret = add_residue(r, p->items[i].node->name);
	}
	return ret;
}

static void begin_inject(struct run *r, struct run_step *st)
{
	struct plan *p = NULL;
	struct err e = { 0 };
	int ret = r->w->inject(r->w->arg, st->cfg, &p, &e);

	if (p && take_plan(r, st, p) && !ret)
		ret = err_set(&e, -ENOMEM, "out of memory");
	plan_free(p);
	if (!ret)
		return;
	r->code = ret;
	fail(r, st, VERDICT_BROKEN, "%s", e.msg);
}

static void poll_inject(struct run *r, struct run_step *st)
{
	size_t active = 0, over = 0;

	for (size_t i = 0; i < st->nids; i++) {
		const struct run_fault *f = run_fault_of(r, st->ids[i]);
		const enum inj_state s = f->i.state;

		if (s == STATE_FAILED || s == STATE_UNKNOWN) {
			fail(r, st, VERDICT_BROKEN, "%s: %s%s%s", f->i.target, state_word(s),
			     f->i.reason[0] ? ": " : "", f->i.reason);
			return;
		}
		active += s == STATE_ACTIVE;
		over += s == STATE_RESTORED || s == STATE_EXPIRED;
	}
	if (active + over == st->nids)
		step_end(r, st, STEP_DONE, "%zu active", active);
	else if (now_of(r) >= st->began_ms + RUN_ACTIVE_MS)
		fail(r, st, VERDICT_BROKEN, "not active within %d s", RUN_ACTIVE_MS / 1000);
}

static bool is_of(const struct run *r, const struct run_fault *f, const char *as)
{
	const struct step_cfg *c = r->p->steps[f->step].cfg;

	return !as || strcmp(as, "all") == 0 || (c->as && strcmp(c->as, as) == 0);
}

static void restore_one(struct run *r, struct run_fault *f)
{
	struct err e = { 0 };
	int ret;

	if (f->i.state == STATE_RESTORING)
		return;
	if (f->asked_ms && now_of(r) < f->asked_ms + RUN_RETRY_MS)
		return;
	f->asked_ms = now_of(r);
	ret = r->w->restore(r->w->arg, f->i.id, &e);
	if (ret != -ENOENT && ret != -EALREADY)
		return;
	/* it is off the list, or never was on it: then nothing of it was begun */
	f->i.state = ret == -EALREADY ? STATE_RESTORED : STATE_FAILED;
	f->ended_ms = r->w->unix_ms(r->w->arg);
	snprintf(f->i.reason, sizeof(f->i.reason), "%s", e.msg);
}

bool restore_faults(struct run *r, const char *as)
{
	bool all = true;

	for (size_t i = 0; i < r->nfaults; i++) {
		struct run_fault *f = &r->faults[i];

		if (!is_of(r, f, as) || state_is_final(f->i.state))
			continue;
		restore_one(r, f);
		all &= state_is_final(f->i.state);
	}
	return all;
}

static void poll_restore(struct run *r, struct run_step *st)
{
	const int64_t within = st->cfg->within_ms ? st->cfg->within_ms : RUN_RESTORE_MS;

	if (restore_faults(r, st->cfg->restore))
		step_end(r, st, STEP_DONE, "restored");
	else if (now_of(r) >= st->began_ms + within)
		fail(r, st, st->cfg->within_ms ? VERDICT_FAILED : VERDICT_BROKEN,
		     "not restored within %lld s", (long long)within / 1000);
}

/* ---- expectations ---- */

/* The moment that its limit counts from: its own begin, or that of the fault it names. */
static int64_t counts_from(const struct run *r, const struct run_step *st)
{
	int64_t at = 0;

	for (size_t i = 0; st->cfg->since && i < r->nfaults; i++)
		if (is_of(r, &r->faults[i], st->cfg->since) && r->faults[i].active_ms)
			at = r->faults[i].active_ms; /* the last one */
	return at ? unix_to_boot(r, at) : st->began_ms;
}

static void poll_expect(struct run *r, struct run_step *st)
{
	const struct step_cfg *c = st->cfg;
	const struct run_probe *p = watched(r, c->expect);
	const int64_t now = now_of(r), from = counts_from(r, st), limit = from + c->within_ms;
	/* what was asked before cannot know */
	const int64_t since = c->since ? from : st->began_ms;
	const bool fresh = p->seen && p->asked_ms >= since, is = fresh && p->state == c->is;

	if (is && !st->held_ms)
		st->held_ms = p->since_asked_ms >= since ? p->since_said_ms : p->said_ms;
	if (st->held_ms && !is)
		fail(r, st, VERDICT_FAILED, "it did not stay so: %s%s%s",
		     probe_state_word(p->state), p->value[0] ? ": " : "", p->value);
	else if (st->held_ms && st->held_ms > limit)
		fail(r, st, VERDICT_FAILED, "only after %.1f s",
		     (double)(st->held_ms - from) / 1000);
	else if (st->held_ms && now >= st->held_ms + c->for_ms)
		step_end(r, st, STEP_DONE, "after %.1f s: %s", (double)(st->held_ms - from) / 1000,
			 p->value);
	else if (!st->held_ms && now >= limit)
		fail(r, st, VERDICT_FAILED, "it is %s%s%s",
		     fresh ? probe_state_word(p->state) : "not answered", p->value[0] ? ": " : "",
		     p->value);
}

/* ---- the others ---- */

static void poll_command(struct run *r, struct run_step *st)
{
	enum probe_state s = PROBE_UNKNOWN;
	char value[160] = "";

	if (!r->w->answered(r->w->arg, st->command, &s, value))
		return;
	if (s == PROBE_HOLDS)
		step_end(r, st, STEP_DONE, "%s", value);
	else
		fail(r, st, VERDICT_BROKEN, "%s", value[0] ? value : "it failed");
}

static void begin_command(struct run *r, struct run_step *st)
{
	struct err e = { 0 };

	if (r->w->command(r->w->arg, st->cfg->ask, &st->command, &e))
		fail(r, st, VERDICT_BROKEN, "%s", e.msg);
}

static void begin_lanes(struct run *r, const struct run_step *st)
{
	for (int i = 0; i < st->nlanes; i++)
		r->at[st->first_lane + i] = program_next(r->p, -1, st->first_lane + i);
}

static void poll_lanes(struct run *r, struct run_step *st)
{
	for (int i = 0; i < st->nlanes; i++)
		if (r->at[st->first_lane + i] >= 0)
			return;
	step_end(r, st, STEP_DONE, "%s", "");
}

static int64_t wait_until(const struct run *r, const struct run_step *st)
{
	return st->anchor >= 0 ? r->p->steps[st->anchor].began_ms + st->at_ms
			       : st->began_ms + st->cfg->wait_ms;
}

void step_begin(struct run *r, const struct snapshot *s, struct run_step *st)
{
	(void)s;
	say_step(r, st);
	if (st->kind == DO_INJECT)
		begin_inject(r, st);
	else if (st->kind == DO_COMMAND)
		begin_command(r, st);
	else if (st->kind == DO_PARALLEL)
		begin_lanes(r, st);
}

void step_poll(struct run *r, const struct snapshot *s, struct run_step *st)
{
	(void)s;
	switch (st->kind) {
	case DO_INJECT:
		poll_inject(r, st);
		break;
	case DO_WAIT:
		if (now_of(r) >= wait_until(r, st))
			step_end(r, st, STEP_DONE, "%s", "");
		break;
	case DO_EXPECT:
		poll_expect(r, st);
		break;
	case DO_RESTORE:
		poll_restore(r, st);
		break;
	case DO_COMMAND:
		poll_command(r, st);
		break;
	case DO_PARALLEL:
		poll_lanes(r, st);
		break;
	default:
		break;
	}
}

/* When it has to be looked at, though nothing has happened. */
int64_t step_due(const struct run *r, const struct run_step *st)
{
	if (st->state != STEP_RUNNING)
		return INT64_MAX;
	switch (st->kind) {
	case DO_INJECT:
		return st->began_ms + RUN_ACTIVE_MS;
	case DO_WAIT:
		return wait_until(r, st);
	case DO_EXPECT:
		return st->held_ms ? st->held_ms + st->cfg->for_ms
				   : counts_from(r, st) + st->cfg->within_ms;
	case DO_RESTORE:
		return now_of(r) + 1000;
	default:
		return INT64_MAX;
	}
}
