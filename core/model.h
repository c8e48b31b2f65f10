/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_MODEL_H
#define CORE_MODEL_H
/*
 * The words of DESIGN section 2 as types: targets, items that a node reports, injections, and the
 * immutable snapshot that the screen and the batch verbs read. All text in here is clean already.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config.h"
#include "err.h"

#define ID_MAX      32  /* with the NUL */
#define NAME_MAX_   128 /* names of nodes, VMs, services … with the NUL */
#define TARGET_MAX  300 /* a target written out */
#define PURPOSE_MAX 120 /* the operator's own words for an injection */

/* KIND(enum, word): one list gives the enum and the names. The word is what targets and JSON use.
 */
#define KINDS(KIND)                                                                                \
	KIND(NODE, "node")                                                                         \
	KIND(SERVICE, "service")                                                                   \
	KIND(VM, "vm")                                                                             \
	KIND(VCPU, "vcpu")                                                                         \
	KIND(NEW_VM, "new-vm")                                                                     \
	KIND(PID, "pid")                                                                           \
	KIND(PATH, "path")                                                                         \
	KIND(LINK, "link")                                                                         \
	KIND(INJECTION, "injection")
#define KIND_ENUM(e, w) KIND_##e,
enum kind { KINDS(KIND_ENUM) KIND_COUNT };
#undef KIND_ENUM
const char *kind_word(enum kind k);

/*
 * NODE · nn@NODE · vm:NAME@NODE · vm:NAME/VCPU@NODE · new-vm@NODE · pid:N@NODE · path:P@NODE ·
 * link:DEV@NODE. node is "" where it was left out.
 */
struct target {
	enum kind kind;
	char node[64];
	char name[NAME_MAX_]; /* of a service, VM, path, link; decimal of a pid; "" for a node */
	int vcpu;             /* KIND_VCPU only */
};
int target_parse(const char *s, struct target *out, struct err *e);
/* DST needs TARGET_MAX bytes. Returns DST. */
char *target_str(char *dst, const struct target *t);
bool target_equal(const struct target *a, const struct target *b);
/* True if HIT (written out) is T or in it: a thing of the node T, a vCPU of the VM T. */
bool target_covers(const struct target *t, const char *hit);

/* A measured number that a backend declares once; samples point to it. */
struct metric {
	const char *key;   /* what the collector calls it, and the JSON key in figures */
	const char *label; /* on screen */
	const char *unit;  /* "/s", "%", "B", "B/s" … */
	enum kind kind;    /* of the items that have it */
	bool counter;      /* the node sends a running total: shown as a rate */
	double scale;      /* what is shown = (rate or value) × scale */
};
struct sample {
	const struct metric *metric;
	double value; /* what is shown */
	bool known;   /* false: a counter's first answer has no rate yet, value is NAN */
	double raw;   /* as the node sent it */
};
struct attr {
	char *key, *value;
};

/* One thing that a node reported: a VM, a service, the node itself. */
struct item {
	enum kind kind;
	char name[NAME_MAX_]; /* unique on its node within its kind */
	char state[32];       /* "running", "paused", "up" …; "" unknown */
	bool bad;             /* the state is one that somebody should look at */
	int pid;              /* 0: none */
	struct sample *samples;
	size_t nsamples;
	struct attr *attrs; /* everything else, in the order of arrival */
	size_t nattrs;
};
/* NULL where it has none; a sample that is not known yet is none. */
const char *item_attr(const struct item *i, const char *key);
const struct sample *item_sample(const struct item *i, const char *metric_key);

enum node_state {
	NODE_CONNECTING, /* nothing known yet */
	NODE_UP,
	NODE_STALE, /* known once, does not answer now: items are the last known ones */
	NODE_DOWN,  /* never answered; reason says why */
};
const char *node_state_word(enum node_state s);

/* What restore-all did on this node last. */
enum sweep_state { SWEEP_NONE, SWEEP_RUNNING, SWEEP_DONE, SWEEP_FAILED };

/* Immutable once published. */
struct node_view {
	const struct node_cfg *cfg;
	enum node_state state;
	int64_t seen_boot_ms; /* operator's CLOCK_BOOTTIME of the last answer, 0: never */
	uint64_t seq;         /* grows with every answer: a new seq is a new set of samples */
	int rtt_ms;
	struct err reason;    /* why it is not up; code -ENOKEY: fingerprint waits for a yes */
	char fingerprint[80]; /* of the unknown host key, else "" */
	struct item *items;   /* items[0] is the node itself, once nitems > 0 */
	size_t nitems;
	enum sweep_state sweep;
	int swept;
	char sweep_msg[200];
	/* core's own: */
	struct facts *facts; /* owns items; a stale view shares those of the last answer */
	double t_ms;         /* the node's CLOCK_BOOTTIME of this answer */
	int refs;
};
/* A service may be named by its unit, too. */
const struct item *node_view_item(const struct node_view *v, enum kind k, const char *name);

/* DESIGN section 2: only these words, everywhere. */
#define STATES(STATE)                                                                              \
	STATE(PLANNED, "planned")                                                                  \
	STATE(JOURNALED, "journaled")                                                              \
	STATE(PREPARED, "prepared")                                                                \
	STATE(ACTIVE, "active")                                                                    \
	STATE(RESTORING, "restoring")                                                              \
	STATE(RESTORED, "restored")                                                                \
	STATE(FAILED, "failed")                                                                    \
	STATE(EXPIRED, "expired")                                                                  \
	STATE(UNKNOWN, "unknown")
#define STATE_ENUM(e, w) STATE_##e,
enum inj_state { STATES(STATE_ENUM) STATE_COUNT };
#undef STATE_ENUM
const char *state_word(enum inj_state s);
/* -1 if W is none of them. */
int state_from_word(const char *w);
/* restored, failed, expired: nothing of it is left on the node. */
bool state_is_final(enum inj_state s);

struct injection {
	char id[ID_MAX];
	char fault[64];
	char target[TARGET_MAX];
	char node[64];
	char owner[NAME_MAX_];     /* user@operator's machine */
	char params[400];          /* "errno=ENOSPC times=10" */
	char purpose[PURPOSE_MAX]; /* what the operator gave as reason=; "" nothing */
	char reason[480];          /* why it failed, expired, is unknown; "" otherwise */
	char aftermath[16];        /* heals, paused, dead */
	char effect[200]; /* what was seen in the target: "paused (io-error)"; "" nothing yet */
	enum inj_state state;
	bool mine; /* injected by this program's journal */
	int64_t started_unix_ms;
	int64_t since_unix_ms; /* in this state: the time that its record in the journal has */
	int64_t ttl_ms;
	int64_t deadline_boot_ms; /* operator's CLOCK_BOOTTIME at which the TTL ends; 0: not known
				   */
	int64_t hits;             /* -1: not known */
	char boot[80];            /* boot of the node that has it; "" not known */
	int64_t deadline_node_ms; /* CLOCK_BOOTTIME of that boot at which the TTL ends; 0: not known
				   */
	bool lost;   /* its entry was deleted on the node: nobody can tell what became of it */
	bool forced; /* taken off the list without proof that it was undone */
};

enum probe_state { PROBE_UNKNOWN, PROBE_HOLDS, PROBE_FAILED };
const char *probe_state_word(enum probe_state s);
struct probe_view {
	const struct probe_cfg *cfg;
	char name[NAME_MAX_]; /* of a manifest's: "redis.ping@n1" */
	char node[64];        /* that it is asked on or about; "": asked from here */
	enum probe_state state;
	char value[160];       /* what it found, or why that is not known */
	int64_t since_unix_ms; /* in this state */
	/* operator's CLOCK_BOOTTIME: when the question of this answer was put, and the answer taken
	 */
	int64_t asked_boot_ms, said_boot_ms;
	int tries; /* in a row that told nothing */
	bool asked;
};
/* An abort probe that failed, or told nothing too often. */
bool probe_aborts(const struct probe_view *p);

struct snapshot {
	uint64_t seq;
	int64_t boot_ms;          /* when it was made */
	struct node_view **nodes; /* in the order of cluster.cfg */
	size_t nnodes;
	struct injection *injections; /* oldest first; final ones stay until acknowledged */
	size_t ninjections;
	struct probe_view *probes; /* in the order of their files */
	size_t nprobes;
	bool panic;             /* new injections are blocked */
	char abort[240];        /* the probe that did it; "": somebody did */
	struct probe_set *more; /* core's own: keeps what probes point to */
	int refs;
};
const struct node_view *snapshot_node(const struct snapshot *s, const char *name);
const struct injection *snapshot_injection(const struct snapshot *s, const char *id);
/* Injections that are not final. */
size_t snapshot_active(const struct snapshot *s);

#endif
