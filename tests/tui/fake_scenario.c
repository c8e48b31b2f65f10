// SPDX-License-Identifier: GPL-2.0-or-later
/* A stand-in for core's scenarios, for screen work only: one scenario of four steps that plays by
 * the clock. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/scenario.h"
#include "core/text.h"

#define STEP_MS 1500
#define STEPS   4

struct scenario {
	bool broken;
};
struct scenario_run {
	struct deck *deck;
	int64_t began, shift, paused_at; /* shift: was skipped less what was paused */
	bool aborted;
	uint64_t seed;
};

int scenario_list(struct deck *d, const char *const *dirs, struct scenario_entry **out, size_t *n,
		  struct err *e)
{
	struct scenario_entry *s = calloc(2, sizeof(*s));

	(void)d;
	(void)dirs;
	(void)e;
	snprintf(s[0].name, sizeof(s[0].name), "disk-full");
	snprintf(s[0].path, sizeof(s[0].path), "/fake/disk-full.cfg");
	snprintf(s[0].description, sizeof(s[0].description), "A VM's disk is full, and recovers.");
	snprintf(s[0].touches, sizeof(s[0].touches), "kvm.file-write vm:db1@kvm1");
	snprintf(s[0].variables, sizeof(s[0].variables), "hold=20s");
	snprintf(s[1].name, sizeof(s[1].name), "torn");
	snprintf(s[1].broken, sizeof(s[1].broken), "line 3: there is no fault \"kvm.nothing\"");
	*out = s;
	*n = 2;
	return 0;
}

int scenario_find(const char *const *dirs, const char *name, char *path, size_t n, struct err *e)
{
	(void)dirs;
	(void)path;
	(void)n;
	return err_set(e, -ENOENT, "there is no scenario %s", name);
}

int scenario_load(struct deck *d, const char *path, const char *const *words, size_t nwords,
		  struct scenario **out, struct mistakes *m, struct err *e)
{
	(void)d;
	(void)path;
	for (size_t k = 0; k < nwords; k++)
		if (strncmp(words[k], "hold=", 5) != 0) {
			m->n = 0;
			return err_set(e, -EINVAL, "%s: there is no such variable", words[k]);
		}
	*out = calloc(1, sizeof(**out));
	return 0;
}

struct scenario *scenario_free(struct scenario *s)
{
	free(s);
	return NULL;
}

const char *scenario_name(const struct scenario *s)
{
	(void)s;
	return "disk-full";
}

const char *scenario_description(const struct scenario *s)
{
	(void)s;
	return "A VM's disk is full, and recovers.";
}

int scenario_plan(struct deck *d, struct scenario *s, uint64_t seed, struct scenario_plan **out,
		  struct err *e)
{
	struct scenario_plan *p = calloc(1, sizeof(*p));

	(void)d;
	(void)e;
	p->scenario = s;
	p->seed = seed ? seed : 42;
	p->nacts = 1;
	p->acts = calloc(1, sizeof(*p->acts));
	snprintf(p->acts[0].step, sizeof(p->acts[0].step), "look");
	p->acts[0].command = strdup("logger drill");
	snprintf(p->acts[0].node, sizeof(p->acts[0].node), "kvm1");
	p->acts[0].times = 1;
	p->least_ms = 20000;
	p->most_ms = 80000;
	snprintf(p->guard, sizeof(p->guard), "ok: 1 of 3 nodes");
	*out = p;
	return 0;
}

struct scenario_plan *scenario_plan_free(struct scenario_plan *p)
{
	if (!p)
		return NULL;
	free(p->acts[0].command);
	free(p->acts);
	free(p->scenario);
	free(p);
	return NULL;
}

const char *step_state_word(enum step_state s)
{
#define WORD(e, w) w,
	static const char *const words[] = { STEP_STATES(WORD) };
#undef WORD
	return words[s];
}

const char *run_phase_word(enum run_phase p)
{
#define WORD(e, w) w,
	static const char *const words[] = { RUN_PHASES(WORD) };
#undef WORD
	return words[p];
}

const char *run_verdict_word(enum run_verdict v)
{
#define WORD(e, w) w,
	static const char *const words[] = { RUN_VERDICTS(WORD) };
#undef WORD
	return words[v];
}

int scenario_start(struct deck *d, struct scenario_plan *p, const struct scenario_opts *o,
		   struct scenario_run **out, struct err *e)
{
	struct scenario_run *r = calloc(1, sizeof(*r));

	(void)o;
	(void)e;
	r->deck = d;
	r->began = now_boot_ms();
	r->seed = p->seed;
	scenario_plan_free(p);
	*out = r;
	return 0;
}

const struct scenario_view *scenario_look(struct scenario_run *r)
{
	static const char *const names[STEPS] = { "steady state", "fill the disk of db1",
						  "wait for db1 to pause", "restore" };
	struct scenario_view *v = calloc(1, sizeof(*v));
	int64_t now = now_boot_ms(),
		ran = (r->paused_at ? r->paused_at : now) - r->began + r->shift;
	size_t at = r->aborted ? STEPS : (size_t)(ran / STEP_MS);

	snprintf(v->name, sizeof(v->name), "disk-full");
	snprintf(v->report, sizeof(v->report), "/fake/report");
	v->seed = r->seed;
	v->paused = r->paused_at != 0;
	v->began_boot_ms = r->began;
	v->boot_ms = now;
	v->left_ms = STEPS * STEP_MS - ran > 0 ? STEPS * STEP_MS - ran : 0;
	v->nsteps = STEPS;
	v->steps = calloc(STEPS, sizeof(*v->steps));
	for (size_t k = 0; k < STEPS; k++) {
		struct step_view *s = &v->steps[k];

		snprintf(s->name, sizeof(s->name), "%s", names[k]);
		s->state = k < at ? STEP_DONE : k == at ? STEP_RUNNING : STEP_WAITING;
		if (k <= at)
			s->began_unix_ms = now_unix_ms() - ran + (int64_t)k * STEP_MS;
		if (k < at)
			s->ended_unix_ms = s->began_unix_ms + STEP_MS;
	}
	v->current = at < STEPS ? at : STEPS;
	v->next = at + 1 < STEPS ? at + 1 : STEPS;
	v->phase = at >= STEPS ? RUN_OVER : RUN_STEPS;
	v->verdict = r->aborted ? VERDICT_ABORTED : at >= STEPS ? VERDICT_PASSED : VERDICT_NONE;
	return v;
}

void scenario_view_put(const struct scenario_view *v)
{
	free(v->steps);
	free((void *)v);
}

void scenario_pause(struct scenario_run *r, bool on)
{
	int64_t now = now_boot_ms();

	if (on && !r->paused_at)
		r->paused_at = now;
	if (!on && r->paused_at) {
		r->shift -= now - r->paused_at;
		r->paused_at = 0;
	}
}

void scenario_skip(struct scenario_run *r)
{
	r->shift += STEP_MS;
}

void scenario_abort(struct scenario_run *r, const char *why)
{
	(void)why;
	r->aborted = true;
}

struct scenario_run *scenario_close(struct scenario_run *r)
{
	free(r);
	return NULL;
}

int report_list(struct deck *d, struct report_entry **out, size_t *n, struct err *e)
{
	struct report_entry *r = calloc(1, sizeof(*r));

	(void)d;
	(void)e;
	snprintf(r->path, sizeof(r->path), "/fake/report");
	snprintf(r->scenario, sizeof(r->scenario), "disk-full");
	snprintf(r->verdict, sizeof(r->verdict), "failed");
	r->began_unix_ms = 1790000000000;
	*out = r;
	*n = 1;
	return 0;
}

int report_text(const char *dir, struct buf *out, struct err *e)
{
	(void)dir;
	(void)e;
	return buf_str(out,
		       "disk-full: failed\n\nstep 2: fill the disk of db1\n  seen after 1.2 s\n");
}
