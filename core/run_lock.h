/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_RUN_LOCK_H
#define CORE_RUN_LOCK_H
/*
 * One scenario on a target at a time: a file for each that runs, below the state directory, which
 * its program holds a lock on. A program that dies leaves a file that nobody holds: it goes.
 */
#include "scenario.h"

struct run_lock {
	int fd; /* -1: not held */
	char path[600];
};
/* -EBUSY: E says which scenario hits what. */
int run_lock_take(const char *state_dir, const struct scenario_plan *p, struct run_lock *out,
		  struct err *e);
void run_lock_drop(struct run_lock *l);
/* Do they hit the same thing? A node is all that is on it. */
bool targets_overlap(const struct target *a, const struct target *b);

#endif
