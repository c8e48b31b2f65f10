/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_DECK_PRIV_H
#define CORE_DECK_PRIV_H
/*
 * Inside the engine. One lock guards everything in struct deck and the queues of its actors; it is
 * never held over I/O. An actor's session, channels and texts belong to its thread, and to no lock.
 */
#include <pthread.h>

#include "deck.h"
#include "journal.h"

#define CONNECT_SLOTS       64 /* sessions that are set up at a time */
#define DECK_INJECTIONS_MAX 2000
#define DECK_LOG_MAX        2000
#define DECK_EVENTS_MAX     4000
#define TICK_TIMEOUT_MS     5000
#define SLOW_INTERVAL_MS    2000
#define ACT_TIMEOUT_MS      45000

struct actor;
struct probe;
struct probe_set;
struct scenario_run;
/* What waits in an actor's queue; runs with the session open, or with OPEN_ERR when it is not. */
struct job {
	void (*run)(struct actor *a, struct job *j, struct err *open_err);
	struct job *next;
	char id[ID_MAX];
	int64_t ttl_ms;
	unsigned flags;
	char *script; /* an injection's whole text */
	struct task *task;
};

struct actor {
	struct deck *deck;
	const struct node_cfg *cfg;
	/* under deck->lock */
	pthread_cond_t wake; /* its thread: something is due */
	struct job *head, **tail;
	bool started, busy;
	bool acting; /* a job runs in an open session */
	bool hurry;  /* ask again although the back-off is not over */
	int64_t due_ms;
	int backoff_ms;
	struct node_view *view;
	char accept[80];
	pthread_t thread;
	/* the thread's own */
	struct transport *transport;
	struct chan *fast, *slow, *probes;
	struct buf fast_text, slow_text, probe_text;
	char *slow_last;
	bool fast_asked, slow_asked;
	int64_t asked_ms; /* what the next answer of `fast` is to was sent then */
	int64_t slow_due_ms, setup_since;
};

struct task {
	struct deck *deck;
	struct actor *actor;
	const struct operation *op;
	struct buf out;
	struct err err;
	bool done;
	bool dropped; /* the owner went away first: the actor frees it */
};

/* An injection as the deck keeps it; shown through a snapshot. */
struct record {
	struct injection i;
	struct actor *actor; /* its node's; NULL: none of this cluster.cfg, or not asked */
	bool swept;          /* a restore-all of ours went over its node */
	bool seen;           /* the node has shown it */
	int pending; /* jobs that work on it: the node's answers do not change its state meanwhile
		      */
	bool journaled; /* ours or another console's of this operator */
};

struct connect_slot {
	const struct actor *who; /* NULL: free */
	int64_t since;
};

struct deck {
	struct deck_opts o;
	char dir[512]; /* of the journal, the locks of scenarios, and their reports */
	struct journal *journal;
	char owner[NAME_MAX_];
	int wake_fd;
	int cancel_fd; /* an eventfd, readable once the deck closes: no session waits any more */
	pthread_mutex_t lock;
	pthread_cond_t news; /* for deck_wait, task_wait and deck_stop */
	pthread_cond_t slot_free;
	pthread_cond_t closing; /* for the threads of probes: the deck stops */
	struct connect_slot slots[CONNECT_SLOTS];
	int64_t setup_ms; /* what a set-up that succeeds takes, about */
	bool stop, panic;
	char abort[240]; /* why, where a probe did it */
	struct actor *actors;
	size_t nactors;
	struct record *records;
	size_t nrecords;
	struct probe *probes;
	size_t nprobes, probes_max, probing; /* probing: threads that ask just now */
	uint64_t probe_number;
	struct probe_set *more;   /* whose probes are shown beside those of the files */
	struct scenario_run *run; /* the scenario that runs; NULL: none */
	struct snapshot *snap;    /* current one, NULL: must be made */
	uint64_t snap_seq;
	struct log_line *log;
	uint64_t log_end;
	struct event *events;
	uint64_t events_end;
};

/* All of these are called with the lock held unless it says otherwise. */
void deck_changed(struct deck *d); /* the snapshot is old: wake everybody */
struct record *deck_record(struct deck *d, const char *id);
struct record *deck_add_record(struct deck *d, const struct injection *i);
struct actor *deck_actor(struct deck *d, const char *node);
void actor_queue(struct actor *a, struct job *j, bool first);
void actor_hurry(struct actor *a);
/* The actor's view from now on; takes the reference. */
void actor_publish(struct actor *a, struct node_view *v);
/* The same for an answer: what it shows is compared with what the deck believes; unlocked. */
void reconcile(struct actor *a, struct node_view *v);
/* Asks the node now and takes its answer over; for a worker that has the actor and its session. */
int actor_tick(struct actor *a, struct err *e);
/* Waits until the collector's first answer is there, so that its shell takes a question. */
int actor_ready(struct actor *a, struct err *e);
/* Writes the record to the journal and takes over STATE; unlocked. */
int record_set(struct deck *d, const char *id, enum inj_state state, const char *reason,
	       struct err *e);

/* Until C is signalled, or BOOT_MS has passed (-ETIMEDOUT); M is held. */
int cond_until(pthread_cond_t *c, pthread_mutex_t *m, int64_t boot_ms);
/* One sweep a node, in front of everything that waits there. */
int queue_sweeps(struct deck *d, unsigned flags);
/* deck_log with the lock held. */
void log_locked(struct deck *d, const char *node, int code, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* unlocked, by the actor's thread */
void actor_refresh(struct actor *a);
void actor_run(struct actor *a, struct job *j);
void actor_lost(struct actor *a, const struct err *why);
/* Around the set-up of a session; the first waits while too many others are at it. */
void connect_slot_take(struct actor *a);
void connect_slot_drop(struct actor *a, bool done);
void actor_disconnect(struct actor *a);
/* Lets acts end (bounded), ends all threads; false when one is left behind in a machine. */
bool deck_stop(struct deck *d);
/* cmd that runs `sh -s` as root, through sudo -n where the login is another user; for root without
 * a fork. */
#define NODE_SHELL                                                                                 \
	"exec sh -c 'while read -r k u _; do [ \"$k\" != Uid: ] || break; done "                   \
	"</proc/self/status; if [ \"$u\" = 0 ] || ! sudo -n true 2>/dev/null; then exec sh -s; "   \
	"else exec sudo -n sh -s; fi'"

/* node texts (script.c); 0 or -ENOMEM */
int script_inject(struct buf *b, const struct plan *p, const struct plan_item *it,
		  const char *owner, int64_t started);
enum collector { COLLECT_FAST, COLLECT_SLOW };
int script_collector(struct buf *b, const struct deck_opts *o, enum collector which,
		     const struct node_cfg *node);
int script_probes(struct buf *b);
int script_operation(struct buf *b, const struct config *cfg, const struct node_cfg *node,
		     const char *script);
/* The settings of cluster.cfg as variables; backends.c saw to their names. */
void script_settings(struct buf *b, const struct config *cfg);
int script_sweep(struct buf *b, const struct backend *const *backends, bool force);
int script_undo(struct buf *b, const struct backend *const *backends, const char *id, bool force);
int script_renew(struct buf *b, const char *id, int64_t ttl_ms);

/* guard.c: fills p->guard and p->refused */
void guard_judge(struct deck *d, const struct snapshot *s, struct plan *p);
/* The same, when the N others are active as well. */
void guard_judge_beside(struct deck *d, const struct snapshot *s, struct plan *p,
			struct plan *const *beside, size_t n);
/* The same for an operation that takes N's services down; P is empty, but for what this fills. */
bool guard_refuses_stop(struct deck *d, const struct snapshot *s, const struct node_cfg *n,
			struct plan *p);

void job_inject(struct actor *a, struct job *j, struct err *open_err);
void job_restore(struct actor *a, struct job *j, struct err *open_err);
void job_renew(struct actor *a, struct job *j, struct err *open_err);
void job_sweep(struct actor *a, struct job *j, struct err *open_err);
void job_operate(struct actor *a, struct job *j, struct err *open_err);
void job_free(struct job *j);
void event_take(struct actor *a, const char *line);

#endif
