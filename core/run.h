/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_RUN_H
#define CORE_RUN_H
/*
 * A scenario while it runs: a machine that never waits. run_turn looks at the world, does what is
 * due and says when it wants to look again; who calls it (run_deck.c: a thread; the unit tests: a
 * clock that flies) does the waiting. Nothing in here is locked: one thread has it.
 */
#include <jansson.h>

#include "json_text.h"
#include "program.h"

#define RUN_RESTORE_MS  90000  /* an undo, its check, and the recovery of a service */
#define RUN_ACTIVE_MS   120000 /* until an injection is active, or has failed */
#define RUN_RETRY_MS    15000  /* a restore that told nothing is asked for again */
#define RUN_SETTLE_MS   10000  /* for each node to show once more what is on it */
#define RUN_FAULTS_MAX  4000
#define RUN_POINTS_MAX  4000 /* of one probe: half of them go when it is full */
#define RUN_CLOCK_TRIES 64

/* What a run acts on. Times are CLOCK_BOOTTIME, and wall clock, of the operator. */
struct run_world {
	void *arg;
	int64_t (*boot_ms)(void *arg);
	int64_t (*unix_ms)(void *arg);
	const struct snapshot *(*snapshot)(void *arg);
	void (*put)(void *arg, const struct snapshot *s);
	/* plans and injects; *OUT is the caller's */
	int (*inject)(void *arg, const struct step_cfg *c, struct plan **out, struct err *e);
	int (*restore)(void *arg, const char *id, struct err *e);
	/* the command at ASK of the scenario's set; VALUE has 160 bytes */
	int (*command)(void *arg, size_t ask, void **handle, struct err *e);
	bool (*answered)(void *arg, void *handle, enum probe_state *s, char *value);
	void (*drop)(void *arg, void *handle);
	/* one line of events.ndjson; takes the reference */
	void (*event)(void *arg, json_t *o);
};

/* One injection, as the report has it. Times are the operator's wall clock; 0: not known. */
struct run_fault {
	size_t step;
	struct injection i; /* as seen last */
	char *do_lines, *undo_lines;
	int64_t active_ms, ended_ms;
	int64_t detected_ms, recovered_ms;
	size_t detected_by; /* the probe */
	int64_t armed_ms;   /* by the node's own clock, put into ours */
	int64_t asked_ms;   /* CLOCK_BOOTTIME: the restore was asked for; 0: not */
};

struct run_point {
	int64_t unix_ms;
	enum probe_state state;
	double value; /* NAN: it is no number */
};
struct run_probe {
	char name[NAME_MAX_], unit[32], node[64], value[160];
	bool before, during, after, seen;
	bool abort; /* nothing is injected before it was asked, and holds */
	enum probe_state state;
	int64_t asked_ms, said_ms;             /* CLOCK_BOOTTIME, of the last answer */
	int64_t since_asked_ms, since_said_ms; /* of the first one in this state */
	struct run_point *points;
	size_t npoints, stride, skipped;
};

/* What a node's CLOCK_BOOTTIME has to be added, to be the operator's. */
struct run_clock {
	char node[64];
	uint64_t seq;
	double sample[RUN_CLOCK_TRIES];
	size_t n;
	double offset_ms;
	int rtt_ms; /* of the quickest answer */
};

enum residue { RESIDUE_UNKNOWN, RESIDUE_CLEAN, RESIDUE_LEFT };

struct run {
	const struct scenario *s;
	struct scenario_program *p;
	const struct run_world *w;
	uint64_t seed;
	int *at; /* of each lane: the step it is at; -1: over, or not begun */
	enum run_phase phase;
	enum run_verdict verdict;
	char why[480];
	int code; /* of the error that broke it; -EPERM: the guard */
	bool paused, dirty;
	bool hurry;       /* nothing is waited for any more: the TTLs do the rest */
	int64_t phase_ms; /* this phase began, CLOCK_BOOTTIME */
	int64_t began_unix_ms, ended_unix_ms; /* 0: not yet */
	int64_t began_ms;
	size_t finally; /* the command that is next */
	void *finally_asks;
	struct run_fault *faults;
	size_t nfaults, faults_cap;
	struct run_probe *probes;
	size_t nprobes;
	struct run_clock *clocks;
	size_t nclocks;
	struct {
		char node[64];
		enum residue state;
		char left[200];
	} * residue;
	size_t nresidue;
	char (*finally_said)[200];
	json_t *module_events; /* what the modules changed: an array that is bounded */
	uint64_t nevents;
};

/* P is taken over, also on failure. */
int run_new(const struct scenario *s, struct scenario_program *p, uint64_t seed,
	    const struct run_world *w, struct run **out, struct err *e);
struct run *run_free(struct run *r);
/* Does what is due; returns the CLOCK_BOOTTIME of the next time that something is, whatever
 * happens. */
int64_t run_turn(struct run *r);
void run_pause(struct run *r, bool on);
void run_skip(struct run *r);
void run_stop(struct run *r, enum run_verdict v, const char *why);
void run_hurry(struct run *r);
/* For a face; NULL: out of memory. */
struct scenario_view *run_view(const struct run *r);
/* 0 passed, 7 failed … as a batch verb exits. */
int run_exit(const struct run *r);
/* The operator's wall clock at a node's CLOCK_BOOTTIME; 0: nothing is known of that node. */
int64_t run_node_time(const struct run *r, const char *node, double node_ms);

/* run_step.c */
/* What the screen and the reports call it. */
void run_step_title(const struct run_step *st, char *dst, size_t n);
/* The injection of this run with that id, or NULL. */
struct run_fault *run_fault_of(struct run *r, const char *id);
void step_begin(struct run *r, const struct snapshot *s, struct run_step *st);
void step_poll(struct run *r, const struct snapshot *s, struct run_step *st);
int64_t step_due(const struct run *r, const struct run_step *st);
void step_end(struct run *r, struct run_step *st, enum step_state state, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* Asks for the restore of what is not over; true when all is. */
bool restore_faults(struct run *r, const char *as);
/* run_watch.c */
void watch(struct run *r, const struct snapshot *s);
void watch_finish(struct run *r, const struct snapshot *s);
struct run_probe *watched(struct run *r, const char *name);
int64_t boot_to_unix(const struct run *r, int64_t boot_ms);
int64_t unix_to_boot(const struct run *r, int64_t unix_ms);
/* run.c: an event with its type and time; NULL: out of memory */
json_t *run_event(const struct run *r, const char *type, int64_t unix_ms);

/* scenario_plan.c */
int plan_step(struct deck *d, const char *scenario, const struct step_cfg *c, struct plan **out,
	      struct err *e);

#endif
