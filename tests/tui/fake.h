/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_TUI_FAKE_H
#define TESTS_TUI_FAKE_H
/* The stand-in for the engine: fake_world.c makes snapshots, fake_deck.c plays, fake_main.c opens
 * it. */
#include <pthread.h>

#include "core/config.h"
#include "core/deck.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof(*(a)))
#define MAX_INJECTED  64
#define RING          256

struct deck {
	pthread_mutex_t lock;
	pthread_mutex_t out; /* what the console takes: it never waits for the play */
	pthread_t thread;
	bool started, stop, panic, readonly, storm, mixed, known, changed;
	int wake;
	const struct config *cfg;
	struct snapshot *snap;
	struct injection inj[MAX_INJECTED];
	int64_t since[MAX_INJECTED]; /* in its present state */
	size_t ninj, hang;
	uint64_t seq, nlog, nevent;
	unsigned next_id;
	int64_t panic_at;
	struct log_line log[RING];
	struct event event[RING];
};

/* D's snapshot from now on, made anew; with the lock held. */
void fake_publish(struct deck *d);

#endif
