/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_SCENARIO_H
#define CORE_SCENARIO_H
/*
 * Scenarios as the faces see them: a file of steps and probes (docs/scenarios.md) is loaded and
 * checked, planned, and run by a thread of its own. Nothing in here waits for a machine, but
 * scenario_close. A deck runs one scenario at a time.
 */
#include "deck.h"

#define SCENARIO_NAME_MAX  64
#define SCENARIO_STEPS_MAX 4000 /* written out: a repeated step counts as often as it is run */

/* ---- files ---- */
/* What a list shows; BROKEN: why it cannot be run, and all else but name and path is "". */
struct scenario_entry {
	char name[SCENARIO_NAME_MAX]; /* of the file, without .cfg */
	char path[512];
	char description[400];
	char touches[400];   /* "host.process-hang redis@n1, host.net-delay n2" */
	char variables[400]; /* "node=n1  hold=20s": with their defaults */
	char broken[400];
};
/*
 * All NAME.cfg of DIRS (NULL-terminated), by name; of two with one name the first directory's. D is
 * asked for its catalogue and its cluster.cfg only. *OUT is malloc'd, and may be NULL with *N = 0.
 */
int scenario_list(struct deck *d, const char *const *dirs, struct scenario_entry **out, size_t *n,
		  struct err *e);
/* NAME (a file of DIRS, or a path where it holds a '/') to PATH of N bytes; -ENOENT. */
int scenario_find(const char *const *dirs, const char *name, char *path, size_t n, struct err *e);

struct scenario;
/*
 * WORDS are variables, as var=value. 0 and *OUT; -EINVAL: the mistakes are in M, with their lines,
 * or none are and E says it; -ENOENT …: the file cannot be read. Touches no network.
 */
int scenario_load(struct deck *d, const char *path, const char *const *words, size_t nwords,
		  struct scenario **out, struct mistakes *m, struct err *e);
struct scenario *scenario_free(struct scenario *s);
const char *scenario_name(const struct scenario *s);
const char *scenario_description(const struct scenario *s);

/* ---- plan: what --dry-run prints and a dialog shows ---- */
struct scenario_act {
	char step[120];    /* "hang: host.process-hang on redis@n1" */
	int times;         /* that it is run */
	struct plan *plan; /* of an injection; NULL: a command */
	char *command;     /* NULL, or what is run */
	char node[64];     /* where; "local" */
};
struct scenario_program;
struct scenario_plan {
	struct scenario *scenario;        /* owned */
	struct scenario_program *program; /* core's own: the steps, written out */
	uint64_t seed;             /* what was chosen at random: the same seed, the same choice */
	struct scenario_act *acts; /* in the order of the steps */
	size_t nacts;
	int64_t least_ms, most_ms; /* without, and with all that may be waited for */
	bool refused;
	char guard[480]; /* "ok: …", or what refuses, and at which step */
};
/*
 * Of what the nodes show now: the deck is started, and its nodes have answered. SEED 0: a new one.
 * Takes S over when it succeeds. -ENOENT, -EOPNOTSUPP … a step that cannot be done, and why.
 */
int scenario_plan(struct deck *d, struct scenario *s, uint64_t seed, struct scenario_plan **out,
		  struct err *e);
struct scenario_plan *scenario_plan_free(struct scenario_plan *p);

/* ---- a run ---- */
/* STEP_ and RUN_: the words are those of the screen and of the reports. */
#define STEP_STATES(S)                                                                             \
	S(WAITING, "waiting")                                                                      \
	S(RUNNING, "running")                                                                      \
	S(DONE, "done")                                                                            \
	S(FAILED, "failed")                                                                        \
	S(SKIPPED, "skipped")
#define RUN_PHASES(P)                                                                              \
	P(BEFORE, "before") /* the steady state is looked for */                                   \
	P(STEPS, "running")                                                                        \
	P(RESTORING, "restoring") /* whatever happened */                                          \
	P(AFTER, "after")         /* the steady state is waited for again */                       \
	P(OVER, "over")
#define RUN_VERDICTS(V)                                                                            \
	V(NONE, "none") /* not over */                                                             \
	V(PASSED, "passed")                                                                        \
	V(FAILED, "failed")         /* an expectation, or the steady state */                      \
	V(BROKEN, "broken")         /* a step could not be done */                                 \
	V(ABORTED, "aborted")       /* by somebody */                                              \
	V(INCOMPLETE, "incomplete") /* not all is known to be restored */
#define STEP_ENUM(e, w)    STEP_##e,
#define PHASE_ENUM(e, w)   RUN_##e,
#define VERDICT_ENUM(e, w) VERDICT_##e,
enum step_state { STEP_STATES(STEP_ENUM) };
enum run_phase { RUN_PHASES(PHASE_ENUM) };
enum run_verdict { RUN_VERDICTS(VERDICT_ENUM) };
#undef STEP_ENUM
#undef PHASE_ENUM
#undef VERDICT_ENUM
const char *step_state_word(enum step_state s);
const char *run_phase_word(enum run_phase p);
const char *run_verdict_word(enum run_verdict v);

struct step_view {
	char name[120];
	char message[160]; /* what it waits for, or how it ended */
	enum step_state state;
	int64_t began_unix_ms, ended_unix_ms; /* 0: not yet */
	int lane;                             /* 0; more: beside others (parallel) */
};
/* Immutable, as a snapshot is. */
struct scenario_view {
	char name[SCENARIO_NAME_MAX];
	char report[512]; /* the directory of the report; written when the phase is RUN_OVER */
	uint64_t seed;
	enum run_phase phase;
	enum run_verdict verdict;
	char why[480]; /* of a verdict that is not passed; "" */
	int exit;      /* of a batch verb, once it is over */
	bool paused;
	int64_t began_unix_ms, ended_unix_ms;
	int64_t began_boot_ms; /* operator's clock */
	int64_t left_ms;       /* at most, from boot_ms on */
	int64_t boot_ms;       /* when it was made */
	struct step_view *steps;
	size_t nsteps;
	size_t current, next;      /* the first that runs, and that waits; nsteps: none */
	char (*probes)[NAME_MAX_]; /* those that it uses: their state is in the snapshot */
	size_t nprobes;
	int refs;
};

struct scenario_run;
struct scenario_opts {
	const char *report; /* a directory that is made; NULL: a new one among the reports */
};
/*
 * Takes P over when it succeeds. -EPERM the guard, -EROFS --readonly, -EBUSY another scenario runs
 * on the same targets or in this deck, -EEXIST there is a report already.
 */
int scenario_start(struct deck *d, struct scenario_plan *p, const struct scenario_opts *o,
		   struct scenario_run **out, struct err *e);
/* A reference, never NULL; a new one is announced on deck_wake_fd. Give it back. */
const struct scenario_view *scenario_look(struct scenario_run *r);
void scenario_view_put(const struct scenario_view *v);
/* No new step is begun; what is injected keeps its TTL, and limits go on. */
void scenario_pause(struct scenario_run *r, bool on);
/* What is waited for now counts as over: skipped. */
void scenario_skip(struct scenario_run *r);
/*
 * Restores all that it injected, then is over; WHY is for the report. Said again it gives up
 * waiting for the restore: what is not over then, the TTLs end.
 */
void scenario_abort(struct scenario_run *r, const char *why);
/*
 * Aborts what is not over, and waits until its restore is, and the report written (bounded, as a
 * restore is). Before deck_close. Takes NULL, returns NULL.
 */
struct scenario_run *scenario_close(struct scenario_run *r);

/* ---- past reports ---- */
struct report_entry {
	char path[512]; /* the directory */
	char scenario[SCENARIO_NAME_MAX];
	char verdict[16];
	int64_t began_unix_ms;
};
/* Those that were made without a directory of their own, the newest first. *OUT is malloc'd. */
int report_list(struct deck *d, struct report_entry **out, size_t *n, struct err *e);
/* The report in DIR as lines of text for a screen. */
int report_text(const char *dir, struct buf *out, struct err *e);

#endif
