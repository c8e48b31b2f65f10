// SPDX-License-Identifier: GPL-2.0-or-later
/* What a scenario would do here and now: each act, its undo, and the guard's verdict. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "program.h"
#include "run.h"

int plan_step(struct deck *d, const char *scenario, const struct step_cfg *c, struct plan **out,
	      struct err *e)
{
	char purpose[PURPOSE_MAX];
	struct plan_req q = { .fault = c->fault,
			      .targets = c->targets,
			      .ntargets = c->ntargets,
			      .params = c->params,
			      .ttl_ms = c->ttl_ms,
			      .purpose = purpose };

	snprintf(purpose, sizeof(purpose), "scenario %s", scenario);
	return deck_plan(d, &q, out, e);
}

struct asking {
	struct deck *d;
	const struct scenario *s;
};

static int plan_beside(void *arg, const struct step_cfg *c, struct plan *const *beside, size_t n,
		       struct plan **out, struct err *e)
{
	const struct asking *a = arg;
	const struct snapshot *s;
	int r = plan_step(a->d, a->s->name, c, out, e);

	if (r)
		return r;
	s = deck_snapshot(a->d);
	guard_judge_beside(a->d, s, *out, beside, n);
	snapshot_put(s);
	return 0;
}

static size_t count_commands(const struct step_cfg *c)
{
	size_t n = c->kind == DO_COMMAND;

	for (size_t i = 0; i < c->nsteps; i++)
		n += count_commands(&c->steps[i]);
	return n;
}

static void add_command(struct scenario_plan *p, const struct step_cfg *c, int times)
{
	struct scenario_act *a = &p->acts[p->nacts++];

	step_title(c, a->step, sizeof(a->step));
	a->times = times;
	a->command = strdup(c->command);
	snprintf(a->node, sizeof(a->node), "%s", c->node);
}

/* How often a step of the file is in the program. */
static int times_of(const struct scenario_program *g, const struct step_cfg *c)
{
	int n = 0;

	for (size_t i = 0; i < g->nsteps; i++)
		n += g->steps[i].cfg == c && g->steps[i].kind == c->kind;
	return n;
}

static bool is_first(const struct scenario_program *g, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (g->steps[k].cfg == g->steps[i].cfg)
			return false;
	return true;
}

static void take_acts(struct scenario_plan *p, struct planned_list *l)
{
	const struct scenario_program *g = p->program;
	size_t next = 0;

	for (size_t i = 0; i < g->nsteps; i++) {
		const struct step_cfg *c = g->steps[i].cfg;
		struct scenario_act *a;

		if ((c->kind != DO_INJECT && c->kind != DO_COMMAND) || !is_first(g, i))
			continue;
		if (c->kind == DO_COMMAND) {
			add_command(p, c, times_of(g, c));
			continue;
		}
		a = &p->acts[p->nacts++];
		step_title(c, a->step, sizeof(a->step));
		a->times = l->v[next].times;
		a->plan = l->v[next].plan;
		l->v[next++].plan = NULL;
	}
	for (size_t i = 0; i < p->scenario->finally.nsteps; i++)
		add_command(p, &p->scenario->finally.steps[i], 1);
}

static void set_verdict(struct scenario_plan *p, const struct planned_list *l)
{
	p->refused = l->refused[0];
	if (p->refused)
		snprintf(p->guard, sizeof(p->guard), "%s", l->refused);
	else
		snprintf(p->guard, sizeof(p->guard), "ok: %zu different act%s, at each step",
			 p->nacts, p->nacts == 1 ? "" : "s");
	step_times(&p->scenario->root, &p->least_ms, &p->most_ms);
	p->most_ms += 2 * p->scenario->steady.within_ms;
}

static int make_acts(struct scenario_plan *p, size_t n)
{
	p->acts = calloc(n + 1, sizeof(*p->acts));
	return p->acts ? 0 : -ENOMEM;
}

int scenario_plan(struct deck *d, struct scenario *s, uint64_t seed, struct scenario_plan **out,
		  struct err *e)
{
	struct asking a = { d, s };
	const struct planner pl = { plan_beside, &a };
	struct scenario_plan *p = calloc(1, sizeof(*p));
	struct planned_list l = { .v = NULL };
	int r;

	if (!p) {
		err_set(e, -ENOMEM, "out of memory");
		return -ENOMEM;
	}
	/* a seed is typed again: not longer than it has to be */
	while (!seed)
		if (getrandom(&seed, 3, 0) != 3)
			seed = (uint64_t)now_boot_ms();
	r = program_make(s, seed, &pl, &p->program, &l, e);
	if (!r)
		r = make_acts(p, l.n + count_commands(&s->root) + s->finally.nsteps);
	if (r == -ENOMEM)
		err_set(e, r, "out of memory");
	if (!r) {
		p->scenario = s;
		p->seed = seed;
		take_acts(p, &l);
		set_verdict(p, &l);
		*out = p;
	} else {
		scenario_plan_free(p);
	}
	planned_free(&l);
	return r;
}

struct scenario_plan *scenario_plan_free(struct scenario_plan *p)
{
	if (!p)
		return NULL;
	for (size_t i = 0; p->acts && i < p->nacts; i++) {
		plan_free(p->acts[i].plan);
		free(p->acts[i].command);
	}
	free(p->acts);
	program_free(p->program);
	scenario_free(p->scenario);
	free(p);
	return NULL;
}
