// SPDX-License-Identifier: GPL-2.0-or-later
/* Writing a scenario out, and asking on the way what can be done at each step. */
#include "program.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* splitmix64 */
uint64_t random_next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* Of what is active at a step: a lower bound of the time tells what has ended by its TTL. */
struct active {
	const struct step_cfg *cfg;
	struct plan *plan;
	int64_t end_ms;
	bool over; /* restored beside others: gone when those are joined */
};

struct writer {
	const struct planner *pl;
	struct scenario_program *p;
	struct planned_list *list;
	struct active *active;
	size_t nactive;
	struct plan **beside; /* scratch */
	int frozen;           /* in parallel: nothing is sure to be over yet */
	uint64_t random;
	struct err *e;
};

static int emit(struct writer *w, const struct step_cfg *c, enum step_kind kind, int lane)
{
	struct scenario_program *p = w->p;
	struct run_step *s;

	if (p->nsteps == p->cap) {
		size_t cap = p->cap ? p->cap * 2 : 64;
		void *grown = realloc(p->steps, cap * sizeof(*p->steps));

		if (!grown) {
			err_set(w->e, -ENOMEM, "out of memory");
			return -ENOMEM;
		}
		p->steps = grown;
		p->cap = cap;
	}
	s = &p->steps[p->nsteps++];
	*s = (struct run_step){ .cfg = c, .kind = kind, .lane = lane, .anchor = -1 };
	return 0;
}

/* ---- what is active ---- */

static size_t others(struct writer *w)
{
	for (size_t i = 0; i < w->nactive; i++)
		w->beside[i] = w->active[i].plan;
	return w->nactive;
}

static void expire(struct writer *w, int64_t now)
{
	size_t keep = 0;

	for (size_t i = 0; i < w->nactive && !w->frozen; i++)
		if (!w->active[i].over && w->active[i].end_ms > now)
			w->active[keep++] = w->active[i];
	if (!w->frozen)
		w->nactive = keep;
}

static void restored(struct writer *w, const char *name)
{
	const bool all = strcmp(name, "all") == 0;

	for (size_t i = 0; i < w->nactive; i++)
		if (all || (w->active[i].cfg->as && strcmp(w->active[i].cfg->as, name) == 0))
			w->active[i].over = true;
}

static int add_active(struct writer *w, const struct step_cfg *c, struct plan *plan, int64_t now)
{
	void *grown = realloc(w->active, (w->nactive + 1) * sizeof(*w->active));

	if (grown)
		w->active = grown;
	else
		return err_set(w->e, -ENOMEM, "out of memory");
	grown = realloc(w->beside, (w->nactive + 1) * sizeof(struct plan *));
	if (grown)
		w->beside = grown;
	else
		return err_set(w->e, -ENOMEM, "out of memory");
	w->active[w->nactive++] = (struct active){ c, plan, now + c->ttl_ms, false };
	return 0;
}

/* One entry for each step of the file, however often it is run. */
static int keep_plan(struct writer *w, const struct step_cfg *c, struct plan **plan)
{
	struct planned_list *l = w->list;
	void *grown;

	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].cfg == c) {
			l->v[i].times++;
			plan_free(*plan);
			*plan = l->v[i].plan;
			return 0;
		}
	grown = realloc(l->v, (l->n + 1) * sizeof(*l->v));
	if (!grown) {
		plan_free(*plan);
		return err_set(w->e, -ENOMEM, "out of memory");
	}
	l->v = grown;
	l->v[l->n++] = (struct planned){ c, *plan, 1 };
	return 0;
}

static int note_refusal(struct writer *w, const struct step_cfg *c, const struct plan *plan)
{
	char title[120];

	step_title(c, title, sizeof(title));
	if (plan->refused && !w->list->refused[0])
		snprintf(w->list->refused, sizeof(w->list->refused), "%s (line %d): %s", title,
			 c->line, plan->guard);
	return 0;
}

static int plan_inject(struct writer *w, const struct step_cfg *c, int64_t now)
{
	struct plan *plan = NULL;
	char title[120];
	int r;

	if (!w->pl)
		return 0;
	expire(w, now);
	r = w->pl->plan(w->pl->arg, c, w->beside, others(w), &plan, w->e);
	if (r) {
		struct err why = *w->e;

		step_title(c, title, sizeof(title));
		err_set(w->e, r, "%s (line %d): %s", title, c->line, why.msg);
		return why.hint[0] ? err_hint(w->e, "%s", why.hint) : r;
	}
	note_refusal(w, c, plan);
	r = keep_plan(w, c, &plan);
	return r ? r : add_active(w, c, plan, now);
}

/* ---- choices ---- */

/* Can all that it injects be injected now? */
static bool fits(struct writer *w, const struct step_cfg *c, int64_t now)
{
	struct plan *plan = NULL;
	bool ok = true;

	if (!w->pl)
		return true;
	expire(w, now);
	if (c->kind == DO_INJECT) {
		ok = !w->pl->plan(w->pl->arg, c, w->beside, others(w), &plan, NULL) &&
		     !plan->refused;
		plan_free(plan);
	}
	for (size_t i = 0; i < c->nsteps && ok; i++)
		ok = fits(w, &c->steps[i], now);
	return ok;
}

static int walk(struct writer *w, const struct step_cfg *c, int lane, int64_t *now);

static int choose(struct writer *w, const struct step_cfg *c, int lane, int64_t *now)
{
	size_t order[256], n = c->nsteps;
	int r;

	for (size_t i = 0; i < n; i++)
		order[i] = i;
	while (n) {
		const size_t k = random_next(&w->random) % n, pick = order[k];

		if (fits(w, &c->steps[pick], *now))
			return walk(w, &c->steps[pick], lane, now);
		order[k] = order[--n];
	}
	r = emit(w, c, DO_CHOOSE, lane);
	if (!r) {
		struct run_step *s = &w->p->steps[w->p->nsteps - 1];

		s->state = STEP_SKIPPED;
		snprintf(s->message, sizeof(s->message),
			 "nothing of it fits, or the guard "
			 "refuses all");
	}
	return r;
}

/* ---- composite ones ---- */

static int by_time(const void *a, const void *b)
{
	const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* The moments of C's repeats within `over`, in order. */
static int64_t *draw(struct writer *w, const struct step_cfg *c)
{
	int64_t *at = calloc((size_t)c->repeat + 1, sizeof(*at));

	for (int i = 0; at && i < c->repeat; i++)
		at[i] = (int64_t)(random_next(&w->random) % (uint64_t)c->over_ms);
	if (at)
		qsort(at, (size_t)c->repeat, sizeof(*at), by_time);
	return at;
}

static int wait_for(struct writer *w, const struct step_cfg *c, int lane, int anchor, int64_t at)
{
	int r = emit(w, c, DO_WAIT, lane);

	if (!r) {
		w->p->steps[w->p->nsteps - 1].anchor = anchor;
		w->p->steps[w->p->nsteps - 1].at_ms = at;
	}
	return r;
}

static int list(struct writer *w, const struct step_cfg *c, int lane, int64_t *now)
{
	int r = 0;

	for (size_t i = 0; i < c->nsteps && !r; i++)
		r = walk(w, &c->steps[i], lane, now);
	return r;
}

static int repeat(struct writer *w, const struct step_cfg *c, int lane, int64_t *now)
{
	const int n = c->repeat ? c->repeat : 1, anchor = (int)w->p->nsteps;
	const int64_t begun = *now;
	int64_t *at = c->over_ms ? draw(w, c) : NULL;
	int r = c->over_ms ? wait_for(w, c, lane, anchor, 0) : 0;

	if (c->over_ms && !at)
		r = err_set(w->e, -ENOMEM, "out of memory");
	for (int i = 0; i < n && !r; i++) {
		if (at) {
			r = wait_for(w, c, lane, anchor, at[i]);
			*now = begun + at[i] > *now ? begun + at[i] : *now;
		}
		if (!r)
			r = list(w, c, lane, now);
	}
	free(at);
	return r;
}

static int parallel(struct writer *w, const struct step_cfg *c, int lane, int64_t *now)
{
	const size_t self = w->p->nsteps;
	int64_t last = *now;
	int r = emit(w, c, DO_PARALLEL, lane), first = w->p->nlanes;

	if (r)
		return r;
	w->p->steps[self].first_lane = first;
	w->p->steps[self].nlanes = (int)c->nsteps;
	w->p->nlanes += (int)c->nsteps;
	w->frozen++;
	for (size_t i = 0; i < c->nsteps && !r; i++) {
		int64_t t = *now;

		r = walk(w, &c->steps[i], first + (int)i, &t);
		last = t > last ? t : last;
	}
	w->frozen--;
	*now = last;
	return r;
}

static int walk(struct writer *w, const struct step_cfg *c, int lane, int64_t *now)
{
	int64_t least, most;
	int r;

	switch (c->kind) {
	case DO_STEPS:
		return repeat(w, c, lane, now);
	case DO_PARALLEL:
		return parallel(w, c, lane, now);
	case DO_CHOOSE:
		return choose(w, c, lane, now);
	default:
		break;
	}
	r = emit(w, c, c->kind, lane);
	if (!r && c->kind == DO_INJECT)
		r = plan_inject(w, c, *now);
	if (c->kind == DO_RESTORE)
		restored(w, c->restore);
	step_times(c, &least, &most);
	*now += least;
	return r;
}

int program_make(const struct scenario *s, uint64_t seed, const struct planner *pl,
		 struct scenario_program **out, struct planned_list *planned, struct err *e)
{
	struct err own = { 0 };
	struct writer w = { .pl = pl, .list = planned, .random = seed, .e = e ? e : &own };
	int64_t now = 0;
	int r;

	w.p = calloc(1, sizeof(*w.p));
	if (!w.p)
		return err_set(e, -ENOMEM, "out of memory");
	w.p->nlanes = 1;
	r = walk(&w, &s->root, 0, &now);
	free(w.active);
	free(w.beside);
	if (r) {
		program_free(w.p);
		return r;
	}
	*out = w.p;
	return 0;
}

struct scenario_program *program_free(struct scenario_program *p)
{
	if (!p)
		return NULL;
	for (size_t i = 0; i < p->nsteps; i++)
		free(p->steps[i].ids);
	free(p->steps);
	free(p);
	return NULL;
}

void planned_free(struct planned_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		plan_free(l->v[i].plan);
	free(l->v);
	l->v = NULL;
	l->n = 0;
}

int program_next(const struct scenario_program *p, int i, int lane)
{
	for (int k = i + 1; (size_t)k < p->nsteps; k++)
		if (p->steps[k].lane == lane)
			return k;
	return -1;
}
