/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_DECK_PRIV_H
#define CORE_DECK_PRIV_H
/*
 * Inside the engine. One lock guards everything in struct deck and the queues of its actors; it is
 * never held over I/O. An actor's session, channels and texts belong to the worker that has it
 * (busy), and to no lock.
 */
#include <pthread.h>

#include "deck.h"
#include "journal.h"

#define DECK_WORKERS_MAX    64
#define DECK_INJECTIONS_MAX 2000
#define DECK_LOG_MAX        2000
#define DECK_EVENTS_MAX     4000
#define TICK_TIMEOUT_MS     5000
#define SLOW_INTERVAL_MS    2000

struct actor;
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
	struct job *head, **tail;
	bool busy, hurry; /* hurry: ask again although the back-off is not over */
	int64_t due_ms;
	int backoff_ms;
	struct node_view *view;
	char accept[80];
	/* the worker's own */
	struct transport *transport;
	struct chan *fast, *slow;
	struct buf fast_text, slow_text;
	char *slow_last;
	bool slow_asked;
	int64_t slow_due_ms;
};

struct task {
	struct deck *deck;
	struct actor *actor;
	const struct operation *op;
	struct buf out;
	struct err err;
	bool done;
	bool dropped; /* the owner went away first: the worker frees it */
};

/* An injection as the deck keeps it; shown through a snapshot. */
struct record {
	struct injection i;
	char boot[40];  /* boot id of the node when it was last seen there */
	bool swept;     /* a restore-all of ours went over its node */
	bool seen;      /* the node has shown it */
	bool pending;   /* a job works on it: the node's answers do not change its state */
	bool journaled; /* ours or another console's of this operator */
};

struct deck {
	struct deck_opts o;
	struct journal *journal;
	char owner[NAME_MAX_];
	int wake_fd;
	pthread_mutex_t lock;
	pthread_cond_t work; /* for workers: something is due */
	pthread_cond_t news; /* for deck_wait and task_wait */
	bool stop, panic;
	struct actor *actors;
	size_t nactors;
	pthread_t threads[DECK_WORKERS_MAX];
	size_t nthreads;
	struct record *records;
	size_t nrecords;
	struct snapshot *snap; /* current one, NULL: must be made */
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
/* The actor's view from now on; takes the reference. */
void actor_publish(struct actor *a, struct node_view *v);
/* The same for an answer: what it shows is compared with what the deck believes; unlocked. */
void reconcile(struct actor *a, struct node_view *v);
/* Asks the node now and takes its answer over; for a worker that has the actor and its session. */
int actor_tick(struct actor *a, struct err *e);
/* Writes the record to the journal and takes over STATE; unlocked. */
int record_set(struct deck *d, const char *id, enum inj_state state, const char *reason,
	       struct err *e);

/* Until somebody says deck_changed or END has passed (-ETIMEDOUT); with the lock held. */
int wait_news(struct deck *d, int64_t end_boot_ms);

/* unlocked */
void *actor_worker(void *deck);
void actor_disconnect(struct actor *a);
/* cmd that runs `sh -s` as root, through sudo -n where the login is another user. */
#define NODE_SHELL                                                                                 \
	"exec sh -c 'if [ \"$(id -u)\" = 0 ] || ! sudo -n true 2>/dev/null; then exec sh -s; "     \
	"else exec sudo -n sh -s; fi'"

/* node texts (script.c); 0 or -ENOMEM */
int script_inject(struct buf *b, const struct plan *p, const struct plan_item *it,
		  const char *owner, int64_t started);
int script_collector(struct buf *b, const struct backend *const *backends,
		     const struct node_cfg *node, enum event_mode events);
int script_sweep(struct buf *b, const struct backend *const *backends, bool force);
int script_undo(struct buf *b, const struct backend *const *backends, const char *id, bool force);
int script_renew(struct buf *b, const char *id, int64_t ttl_ms);

/* guard.c: fills p->guard and p->refused */
void guard_judge(struct deck *d, const struct snapshot *s, struct plan *p);

void job_inject(struct actor *a, struct job *j, struct err *open_err);
void job_restore(struct actor *a, struct job *j, struct err *open_err);
void job_renew(struct actor *a, struct job *j, struct err *open_err);
void job_sweep(struct actor *a, struct job *j, struct err *open_err);
void job_operate(struct actor *a, struct job *j, struct err *open_err);
void job_free(struct job *j);
void event_take(struct actor *a, const char *line);

#endif
