// SPDX-License-Identifier: GPL-2.0-or-later
/* Scenarios: listed, planned, and run to their end. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "places.h"
#include "verb.h"

#define SLICE_MS 200

int verb_scenarios(struct batch *b)
{
	struct scenario_entry *list = NULL;
	struct err e = { .code = 0 };
	struct places p;
	size_t n = 0;
	int r = batch_open(b);

	if (r)
		return r;
	places_scenarios(&p, b->cfg);
	if (scenario_list(b->deck, p.dirs, &list, &n, &e))
		return batch_error(b, &e, EXIT_FAILED);
	for (size_t i = 0; i < n; i++)
		emit_put(b->emit, record_scenario(&list[i]));
	free(list);
	b->tally.done = (int)n;
	return EXIT_DONE;
}

/* ---- reading ---- */

struct words_of {
	const char *vars[WORDS_MAX];
	size_t nvars;
	uint64_t seed; /* 0: none was given */
};

static int take_words(struct batch *b, struct words_of *w, char **words, int n)
{
	char *end = NULL;

	for (int i = 2; i < n && i < WORDS_MAX; i++) {
		if (strncmp(words[i], "seed=", 5) != 0) {
			w->vars[w->nvars++] = words[i];
			continue;
		}
		errno = 0;
		w->seed = strtoull(words[i] + 5, &end, 10);
		if (errno || !w->seed || *end || words[i][5] == '-')
			return batch_usage(b, "%s: expected a number above 0", words[i]);
	}
	return EXIT_DONE;
}

static int load(struct batch *b, const char *name, const struct words_of *w, struct scenario **out)
{
	struct mistakes *m = calloc(1, sizeof(*m));
	struct err e = { .code = 0 };
	struct places p;
	char path[512];
	int r;

	if (!m)
		return batch_error(b, &(struct err){ -ENOMEM, "out of memory", "" }, EXIT_FAILED);
	places_scenarios(&p, b->cfg);
	r = scenario_find(p.dirs, name, path, sizeof(path), &e);
	if (!r)
		r = scenario_load(b->deck, path, w->vars, w->nvars, out, m, &e);
	if (r && m->n) {
		emit_mistakes(b->emit, path, m);
		r = EXIT_CONFIG;
	} else if (r) {
		r = batch_error(b, &e, exit_of(r));
	}
	free(m);
	return r;
}

/* ---- the plan ---- */

static void show_acts(struct batch *b, const struct scenario_plan *p)
{
	for (size_t i = 0; i < p->nacts; i++) {
		const struct scenario_act *a = &p->acts[i];

		if (!a->plan)
			emit_put(b->emit, record_act(a));
		for (size_t k = 0; a->plan && k < a->plan->nitems; k++)
			emit_put(b->emit, record_plan(a->plan, k));
	}
}

/* 0: go on and run; else an exit status, or -1: it was a dry run that is done. */
static int show_plan(struct batch *b, const struct scenario_plan *p)
{
	struct err e = { .code = 0 };

	show_acts(b, p);
	if (p->refused) {
		err_set(&e, -EPERM, "the guard refuses: %s", p->guard);
		err_hint(&e, "the limits are in the group `guard` of cluster.cfg");
		return batch_error(b, &e, EXIT_REFUSED);
	}
	if (b->args->opts & OPT_DRY_RUN) {
		b->tally.done = (int)p->nacts;
		return -1;
	}
	if (b->args->opts & OPT_YES)
		return EXIT_DONE;
	err_set(&e, -EINVAL, "nothing was injected: --yes is missing");
	err_hint(&e, "the plan above is what will be run with --yes seed=%llu",
		 (unsigned long long)p->seed);
	return batch_error(b, &e, EXIT_USAGE);
}

static int make_plan(struct batch *b, struct scenario *s, uint64_t seed, struct scenario_plan **out)
{
	const struct snapshot *snap = deck_snapshot(b->deck);
	struct err e = { .code = 0 };
	int r = batch_reach(b, snap) ? 0 : EXIT_UNREACHABLE;

	snapshot_put(snap);
	if (r)
		return r;
	r = scenario_plan(b->deck, s, seed, out, &e);
	return r ? batch_error(b, &e, exit_of(r)) : EXIT_DONE;
}

/* ---- the run ---- */

/* Each step when it has become another; SHOWN: what was told of each. */
static void show_steps(struct batch *b, const struct scenario_view *v, enum step_state *shown)
{
	for (size_t i = 0; i < v->nsteps; i++) {
		if (v->steps[i].state == shown[i])
			continue;
		shown[i] = v->steps[i].state;
		emit_put(b->emit, record_step(i + 1, &v->steps[i]));
	}
	emit_flush(b->emit);
}

static void count_steps(struct batch *b, const struct scenario_view *v)
{
	for (size_t i = 0; i < v->nsteps; i++) {
		b->tally.done += v->steps[i].state == STEP_DONE;
		b->tally.failed += v->steps[i].state == STEP_FAILED;
	}
	b->tally.unknown = v->verdict == VERDICT_INCOMPLETE;
}

/* Ctrl-C restores, and is waited for; a second one leaves the rest to the TTLs. */
static void heed_signals(struct batch *b, struct scenario_run *run)
{
	if (!batch_interrupted(b))
		return;
	b->signals++;
	scenario_abort(run, "interrupted by the operator");
}

static bool never(const struct snapshot *s, void *arg)
{
	(void)s;
	(void)arg;
	return false;
}

static int follow(struct batch *b, struct scenario_run *run)
{
	const struct scenario_view *v = scenario_look(run);
	enum step_state *shown = calloc(v->nsteps + 1, sizeof(*shown));
	const int before = b->signals;
	int r;

	while (shown && v->phase != RUN_OVER && b->signals < before + 2) {
		show_steps(b, v, shown);
		scenario_view_put(v);
		deck_wait(b->deck, never, NULL, SLICE_MS);
		heed_signals(b, run);
		v = scenario_look(run);
	}
	if (shown)
		show_steps(b, v, shown);
	free(shown);
	count_steps(b, v);
	r = v->exit;
	if (v->phase == RUN_OVER)
		emit_put(b->emit, record_result(v));
	else
		r = EXIT_SIGNAL;
	scenario_view_put(v);
	return r;
}

static int run(struct batch *b, struct scenario_plan *p)
{
	struct scenario_opts o = { .report = b->args->report };
	struct scenario_run *sr = NULL;
	struct err e = { .code = 0 };
	int r = scenario_start(b->deck, p, &o, &sr, &e);

	if (r) {
		scenario_plan_free(p);
		return batch_error(b, &e, r == -EBUSY || r == -EEXIST ? EXIT_REFUSED : exit_of(r));
	}
	r = follow(b, sr);
	scenario_close(sr);
	return r;
}

int verb_run_scenario(struct batch *b, char **words, int n)
{
	struct words_of *w = calloc(1, sizeof(*w));
	struct scenario_plan *p = NULL;
	struct scenario *s = NULL;
	int r = w ? take_words(b, w, words, n) : EXIT_FAILED;

	b->scope_all = true;
	if (!r)
		r = batch_open(b);
	if (!r)
		r = load(b, words[1], w, &s);
	if (!r)
		r = batch_contact(b, 1);
	if (!r)
		r = batch_contact_probes(b);
	if (!r)
		r = make_plan(b, s, w->seed, &p);
	if (!r) {
		s = NULL; /* the plan's */
		r = show_plan(b, p);
	}
	if (!r) {
		r = run(b, p);
		p = NULL;
	}
	scenario_plan_free(p);
	scenario_free(s);
	free(w);
	return r < 0 ? EXIT_DONE : r;
}
