/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_PROGRAM_H
#define CORE_PROGRAM_H
/*
 * A scenario written out: repeats as often as they run, choices as the seed made them. A step is in
 * a lane, and the steps of a lane follow one another; PARALLEL begins lanes, and waits for them.
 */
#include "scenario_priv.h"

struct run_step {
	const struct step_cfg *cfg;
	enum step_kind kind; /* a leaf's, or DO_PARALLEL; DO_WAIT also for `over` */
	int lane;
	int first_lane, nlanes; /* of DO_PARALLEL */
	int anchor;             /* the step from whose begin at_ms counts; -1: none */
	int64_t at_ms;
	/* while it runs */
	enum step_state state;
	int64_t began_ms, ended_ms; /* CLOCK_BOOTTIME; 0: not yet */
	char message[160];
	char (*ids)[ID_MAX]; /* of what it injected */
	size_t nids;
	int64_t held_ms; /* an expectation holds since; 0: it does not */
	void *command;   /* that it waits for */
};

struct scenario_program {
	struct run_step *steps;
	size_t nsteps, cap;
	int nlanes;
};

/* What is asked while it is written out. NULL: all fits, and nothing is refused. */
struct planner {
	/* The plan of an injection, beside the N others; an error: it cannot be done now. */
	int (*plan)(void *arg, const struct step_cfg *c, struct plan *const *beside, size_t n,
		    struct plan **out, struct err *e);
	void *arg;
};
struct planned {
	const struct step_cfg *cfg;
	struct plan *plan;
	int times;
};
struct planned_list {
	struct planned *v;
	size_t n;
	char refused[480]; /* by the guard, and at which step; "" not */
};
/* LIST may be NULL where PL is. */
int program_make(const struct scenario *s, uint64_t seed, const struct planner *pl,
		 struct scenario_program **out, struct planned_list *list, struct err *e);
struct scenario_program *program_free(struct scenario_program *p);
void planned_free(struct planned_list *l);
/* The next step of LANE behind I (-1: the first); -1: none. */
int program_next(const struct scenario_program *p, int i, int lane);
/* The same number for the same seed, everywhere. */
uint64_t random_next(uint64_t *state);

#endif
