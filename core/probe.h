/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_PROBE_H
#define CORE_PROBE_H
/*
 * Probes of an open deck. What they found is under deck->lock; who asks is probe_ask.c: node actors
 * (commands, in a shell of their own beside the collector), a thread for each that is asked from
 * here, and nobody for metrics, which come with the node's answers.
 */
#include "deck_priv.h"

#define PROBE_TRIES 3 /* an abort probe that says nothing so often in a row has failed */

struct probe {
	struct probe_view v;
	struct actor *actor;      /* of its node; NULL: asked from here */
	struct target of;         /* of a metric, or the service that must be there */
	bool listed;              /* its node has what it asks about */
	int64_t due_ms, asked_ms; /* asked_ms: the answer is awaited since; 0: it is not */
	struct deck *deck;
	pthread_t thread;
	bool threaded;
};

/* All of these with the lock held unless it says otherwise. */
int probes_open(struct deck *d);
/* P was asked, and that is what came of it. */
void probe_said(struct deck *d, struct probe *p, enum probe_state s, const char *value);
/* A has a new answer: its metrics are compared. */
void probes_of_view(struct actor *a);
/* A does not answer: nothing is known of what is asked there. */
void probes_lost(struct actor *a, const char *why);
/* NULL, or the abort probe that does not hold. */
const struct probe_view *probe_in_the_way(const struct snapshot *s);
size_t probes_shown(struct deck *d, struct probe_view *out);

/* unlocked */
void probes_start(struct deck *d);
void probes_free(struct deck *d);
/* For the worker that has A and its session: takes answers, asks what is due; never waits. */
void probe_turn(struct actor *a);

#endif
