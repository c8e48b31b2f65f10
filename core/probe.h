/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_PROBE_H
#define CORE_PROBE_H
/*
 * Probes of an open deck. What they found is under deck->lock; who asks is probe_ask.c: node actors
 * (commands, in a shell of their own beside the collector), a thread for each that is asked from
 * here, and nobody for metrics, which come with the node's answers.
 */
#include "deck_priv.h"

/* Beside those of the files: those of a scenario, and its commands. */
#define PROBES_EXTRA 128

#define PROBE_TRIES 3 /* an abort probe that says nothing so often in a row has failed */

struct probe {
	struct probe_view v;
	struct actor *actor;      /* of its node; NULL: asked from here */
	struct target of;         /* of a metric, or the service that must be there */
	bool listed;              /* its node has what it asks about */
	int64_t due_ms, asked_ms; /* asked_ms: the answer is awaited since; 0: it is not */
	uint64_t number;          /* of its questions: of no other probe before or after it */
	struct deck *deck;
	pthread_t thread;
	bool threaded;
	struct probe_set *set; /* that its cfg is of; NULL: a file's */
	bool once;             /* a command that is run one time, and not shown */
	bool gone;             /* taken out; the slot is free when no thread has it */
	bool alive;            /* its thread is */
	double baseline;
	bool has_baseline;
};

/* What a scenario asks, kept as long as anybody may look at it. */
struct probe_set {
	struct probe_cfg *list;
	size_t n;
	int refs;
};
struct probe_set *probe_set_ref(struct probe_set *s);
struct probe_set *probe_set_unref(struct probe_set *s);

/* unlocked: puts one of SET into a deck that is started; -EHOSTUNREACH: its node is not of this
 * deck, -ENOSPC. */
int probe_add(struct deck *d, struct probe_set *set, size_t i, bool once, struct probe **out,
	      struct err *e);
void probe_drop(struct probe *p);
/* unlocked: true when it was answered. VALUE has 160 bytes. */
bool probe_result(struct probe *p, enum probe_state *s, char *value);
/* unlocked: what is found next is what `% of baseline` means from here on. */
void probes_baseline(struct deck *d);

/* All of these with the lock held unless it says otherwise. */
int probes_open(struct deck *d);
void probe_init(struct probe *p, struct deck *d, const struct probe_cfg *c, struct actor *a);
/* The node that C is about, and the thing there: false where that is none of this deck. */
bool probe_about(struct deck *d, const struct probe_cfg *c, struct target *of, struct actor **a);
/* P was asked, and that is what came of it. */
void probe_said(struct deck *d, struct probe *p, enum probe_state s, const char *value);
/* Is VALUE what its cfg expects? */
enum probe_state probe_judge(struct probe *p, const char *value);
bool probe_value_number(const char *value, double *out);
/* A has a new answer: its metrics are compared. */
void probes_of_view(struct actor *a);
/* A does not answer: nothing is known of what is asked there. */
void probes_lost(struct actor *a, const char *why);
/* NULL, or the abort probe that does not hold. */
const struct probe_view *probe_in_the_way(const struct snapshot *s);
size_t probes_shown(struct deck *d, struct probe_view *out);

/* unlocked */
void probes_start(struct deck *d);
/* with the lock held: its thread, where it is asked from here */
void probe_thread(struct probe *p);
void probes_free(struct deck *d);
/* For the worker that has A and its session: takes answers, asks what is due; never waits. */
void probe_turn(struct actor *a);

#endif
