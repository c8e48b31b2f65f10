/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_DECK_H
#define CORE_DECK_H
/*
 * The engine as the faces see it: one deck is one open cluster.cfg. Nothing in here but deck_wait
 * waits for a machine: calls queue work on node actors and return; the results come back as
 * snapshots, log lines and events, announced on deck_wake_fd.
 */
#include "catalogue.h"
#include "model.h"

struct deck;

enum event_mode {
	EVENTS_NONE,
	EVENTS_NEW, /* those that come from now on */
	EVENTS_HELD /* first those that the modules still hold */
};

enum probe_mode {
	PROBES_NONE,
	PROBES_ABORT, /* those that an injection must not begin without */
	PROBES_ALL
};

struct deck_opts {
	const struct config *cfg;              /* outlives the deck */
	const struct backend *const *backends; /* NULL-terminated */
	const char *state_dir; /* NULL: $XDG_STATE_HOME/faultdeck, else ~/.local/state/faultdeck */
	const char *const *only; /* NULL-terminated names of nodes to talk to; NULL: all */
	bool accept_new;
	bool readonly;          /* plans, but never injects or restores */
	enum event_mode events; /* of the modules */
	enum probe_mode probes; /* that are asked */
	int interval_ms;        /* of the refresh; 0: 1000 */
	const char *needs_of;   /* the fault whose needs are asked; NULL: all of them; "": none */
	int rest_ms; /* who has answered twice is left in peace for so long; 0: for interval_ms */
};
/* Reads the journal; touches no network until deck_start. */
int deck_open(const struct deck_opts *o, struct deck **out, struct err *e);
void deck_start(struct deck *d);
/* Lets running acts end (bounded), then closes all sessions. Takes NULL, returns NULL. */
struct deck *deck_close(struct deck *d);

/* Takes a reference; never NULL. Give it back with snapshot_put. */
const struct snapshot *deck_snapshot(struct deck *d);
void snapshot_put(const struct snapshot *s);
/* An eventfd: readable when a snapshot, log line or event is new. Read 8 bytes to reset it. */
int deck_wake_fd(struct deck *d);

/* The catalogue: all faults of all backends; i from 0, NULL at the end. */
const struct fault *deck_fault(struct deck *d, size_t i);
/* By full name, or the part behind the dot where only one fits. */
const struct fault *deck_find_fault(struct deck *d, const char *name, struct err *e);
/* NULL if F fits T now, else why not. */
const char *deck_unfit(struct deck *d, const struct snapshot *s, const struct fault *f,
		       const struct target *t, char *buf, size_t n);

/* ---- plan: what --dry-run prints, the dialog shows, and deck_inject runs ---- */
struct plan_item {
	char id[ID_MAX];
	struct target target;
	const struct node_cfg *node;
	struct act act;
};
struct plan {
	const struct fault *fault;
	struct params params;
	int64_t ttl_ms;
	char purpose[PURPOSE_MAX];
	bool no_quorum;
	struct plan_item *items;
	size_t nitems;
	char guard[440]; /* "ok: 1 of 3 nodes, kvm1 is disposable", or the rule that refuses */
	bool refused;    /* the guard says no: deck_inject returns -EPERM with this text */
};
struct plan_req {
	const struct fault *fault;
	const struct target *targets;
	size_t ntargets;
	struct params params;
	int64_t ttl_ms;      /* 1 s … guard.max_ttl; 0: 60 s */
	const char *purpose; /* the operator's reason for it; NULL: none was given */
	bool no_quorum;      /* quorum=off: a role may lose its majority */
};
/* -ENOENT no such target now, -EOPNOTSUPP does not fit (msg: why), -EINVAL, -ERANGE. */
int deck_plan(struct deck *d, const struct plan_req *r, struct plan **out, struct err *e);
/* The guard's verdict again, for what is known now. */
void deck_judge(struct deck *d, struct plan *p);
struct plan *plan_free(struct plan *p);

/* ---- acts; all return at once ---- */
/*
 * Queues N independent injections; states follow in the snapshot. -EROFS readonly; -EPERM the
 * guard, which is asked again.
 */
int deck_inject(struct deck *d, struct plan *p, struct err *e);
enum restore_flags { RESTORE_FORCE = 1 };
/* -ENOENT no injection with this id is known, -EALREADY it has ended before. */
int deck_restore(struct deck *d, const char *id, unsigned flags, struct err *e);
/* Asks every node what is there (ledger and module rules) and ends it. */
int deck_restore_all(struct deck *d, unsigned flags, struct err *e);
int deck_renew(struct deck *d, const char *id, int64_t ttl_ms, struct err *e);
/*
 * On: blocks new injections and restores all, past every queue. Off: lifts the block. An abort
 * probe that fails while something of ours is injected does the same by itself; lifted, the guard
 * goes on to refuse until it holds again.
 */
void deck_panic(struct deck *d, bool on);
/* Takes final injections off the list; ID NULL: all of them. */
void deck_acknowledge(struct deck *d, const char *id);
/* The operator's yes to an unknown host key, for exactly this fingerprint. */
void deck_accept_key(struct deck *d, const char *node, const char *fingerprint);
/* Ask again now: skips back-off and the interval. */
void deck_refresh(struct deck *d);

/* ---- operations ("module load", "check"): text comes back ---- */
const struct operation *deck_operation(struct deck *d, size_t i);
/* 0; -EROFS readonly; -EPERM the guard, for one that takes things down. deck_operate asks it too.
 */
int deck_may_operate(struct deck *d, const char *node, const struct operation *op, struct err *e);
struct task; /* one operation on one node */
int deck_operate(struct deck *d, const char *node, const struct operation *op, struct task **out,
		 struct err *e);
/* Waits; 0 or the operation's error. TEXT is the task's own until task_free. */
int task_wait(struct task *t, int timeout_ms, const char **text, struct err *e);
struct task *task_free(struct task *t);

/* ---- waiting, for batch ---- */
/* Until PRED is true of a snapshot; 0 or -ETIMEDOUT. */
int deck_wait(struct deck *d, bool (*pred)(const struct snapshot *s, void *arg), void *arg,
	      int timeout_ms);

/* ---- log of what was really run, and events of the modules: bounded rings ---- */
struct log_line {
	int64_t unix_ms;
	char node[64]; /* "" the operator's side */
	char text[400];
	int code; /* 0 ok, negative errno */
};
struct event {
	int64_t unix_ms; /* operator's clock when it arrived */
	char node[64];
	char id[ID_MAX], point[48], comm[64], from[80], to[80];
	int cpu, tgid, tid;
	double node_s; /* the node's CLOCK_BOOTTIME, seconds */
};
/*
 * Copies the next line after *CURSOR (0: the oldest kept) and moves it; false: no more. Lines that
 * fell out of the ring meanwhile are added to *LOST (may be NULL).
 */
bool deck_log_next(struct deck *d, uint64_t *cursor, struct log_line *out, uint64_t *lost);
bool deck_event_next(struct deck *d, uint64_t *cursor, struct event *out, uint64_t *lost);
/* The operator's journal: every transition, oldest first, with its time; ends when FN is not 0. */
int deck_journal(struct deck *d, int (*fn)(const char *at, const struct injection *i, void *arg),
		 void *arg);
/* Adds a line of the face's own ("theme light: line 3: …"). */
void deck_log(struct deck *d, const char *node, int code, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

#endif
