// SPDX-License-Identifier: GPL-2.0-or-later
/* A run as a face sees it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run.h"

/* The time that step ST is over at the latest, when it begins at T, or has begun. */
static int64_t lane_end(const struct run *r, int i, int64_t t, int64_t *anchor);

static int64_t step_latest(const struct run *r, const struct run_step *st, int64_t t,
			   int64_t *anchor)
{
	const int64_t begun = st->began_ms ? st->began_ms : t;
	int64_t end = t, least, most;

	if (st->state != STEP_WAITING && st->state != STEP_RUNNING)
		return t;
	if (st->kind == DO_WAIT && st->anchor >= 0) {
		const int64_t from = r->p->steps[st->anchor].began_ms;

		if (st == &r->p->steps[st->anchor])
			*anchor = begun;
		end = (from ? from : *anchor) + st->at_ms;
	} else if (st->kind == DO_PARALLEL) {
		for (int k = 0; k < st->nlanes; k++) {
			const int lane = st->first_lane + k;
			const int at = st->state == STEP_RUNNING ? r->at[lane]
								 : program_next(r->p, -1, lane);
			const int64_t one = at < 0 ? t : lane_end(r, at, t, anchor);

			end = one > end ? one : end;
		}
	} else {
		step_times(st->cfg, &least, &most);
		end = begun + most;
	}
	return end > t ? end : t;
}

static int64_t lane_end(const struct run *r, int i, int64_t t, int64_t *anchor)
{
	for (; i >= 0; i = program_next(r->p, i, r->p->steps[i].lane))
		t = step_latest(r, &r->p->steps[i], t, anchor);
	return t;
}

static int64_t time_left(const struct run *r, int64_t now)
{
	const int64_t steady = r->s->steady.within_ms;
	int64_t anchor = now, first = r->phase == RUN_STEPS ? r->at[0] : program_next(r->p, -1, 0);

	switch (r->phase) {
	case RUN_BEFORE:
	case RUN_STEPS:
		return lane_end(r, (int)first, now, &anchor) - now + steady;
	case RUN_RESTORING:
		return steady;
	case RUN_AFTER:
		return r->phase_ms + steady > now ? r->phase_ms + steady - now : 0;
	case RUN_OVER:
		break;
	}
	return 0;
}

static void view_step(const struct run *r, const struct run_step *st, struct step_view *v)
{
	run_step_title(st, v->name, sizeof(v->name));
	memcpy(v->message, st->message, sizeof(v->message));
	v->state = st->state;
	v->lane = st->lane;
	v->began_unix_ms = st->began_ms ? boot_to_unix(r, st->began_ms) : 0;
	v->ended_unix_ms = st->ended_ms ? boot_to_unix(r, st->ended_ms) : 0;
}

static void view_steps(const struct run *r, struct scenario_view *v)
{
	v->nsteps = v->current = v->next = r->p->nsteps;
	for (size_t i = v->nsteps; i-- > 0;) {
		view_step(r, &r->p->steps[i], &v->steps[i]);
		if (v->steps[i].state == STEP_RUNNING && r->p->steps[i].kind != DO_PARALLEL)
			v->current = i;
		if (v->steps[i].state == STEP_WAITING)
			v->next = i;
	}
}

struct scenario_view *run_view(const struct run *r)
{
	struct scenario_view *v = calloc(1, sizeof(*v));

	if (v) {
		v->steps = calloc(r->p->nsteps + 1, sizeof(*v->steps));
		v->probes = calloc(r->nprobes + 1, sizeof(*v->probes));
	}
	if (!v || !v->steps || !v->probes) {
		scenario_view_put(v);
		return NULL;
	}
	v->refs = 1;
	snprintf(v->name, sizeof(v->name), "%s", r->s->name);
	v->seed = r->seed;
	v->phase = r->phase;
	v->verdict = r->verdict;
	memcpy(v->why, r->why, sizeof(v->why));
	v->exit = run_exit(r);
	v->paused = r->paused;
	v->began_unix_ms = r->began_unix_ms;
	v->ended_unix_ms = r->ended_unix_ms;
	v->began_boot_ms = r->began_ms;
	v->boot_ms = r->w->boot_ms(r->w->arg);
	v->left_ms = time_left(r, v->boot_ms);
	view_steps(r, v);
	for (size_t i = 0; i < r->nprobes; i++)
		memcpy(v->probes[v->nprobes++], r->probes[i].name, NAME_MAX_);
	return v;
}

void scenario_view_put(const struct scenario_view *cv)
{
	struct scenario_view *v = (struct scenario_view *)cv;

	if (!v || __atomic_sub_fetch(&v->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	free(v->steps);
	free(v->probes);
	free(v);
}
