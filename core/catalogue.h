/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_CATALOGUE_H
#define CORE_CATALOGUE_H
/*
 * What can be broken and how: faults and their parameters as data, declared by the backends behind
 * one const ops struct each. Danger is data too: an attribute here, never an `if` in a handler.
 */
#include "model.h"
#include "text.h"
#include "transport.h"

enum param_type {
	PARAM_CHOICE, /* one of choices */
	PARAM_INT,    /* min … max */
	PARAM_WORDS, /* comma-separated, each one of choices or a number (0x… too) in min … max */
	PARAM_BITS,  /* 64 bits: decimal or 0x… */
	PARAM_RANGE, /* FIRST-LAST, numbers below 2^63, or one of choices */
	PARAM_TEXT,  /* any printable bytes, or one of choices */
	PARAM_PEERS, /* comma-separated: nodes, role:NAME, addresses, or all; see peers_expand */
	PARAM_TYPES
};
extern const char *const param_type_words[PARAM_TYPES];

struct param {
	const char *name;
	enum param_type type;
	const char *def;            /* NULL: required */
	const char *const *choices; /* NULL-terminated, or NULL */
	int64_t min, max;
	const char *unit;  /* "%", "" … */
	const char *help;  /* one line */
	const char *alias; /* another name that is understood; NULL: none */
};

enum fault_flags {
	FAULT_KERNEL = 1 << 0, /* only on nodes marked disposable */
	FAULT_LASTING = 1 << 1 /* cannot be undone in the target */
};
/* aftermath: what is left in the target when the fault is gone. */
enum aftermath { AFTER_HEALS, AFTER_PAUSED, AFTER_DEAD };
const char *aftermath_word(enum aftermath a);

struct fault {
	const char *name;    /* "kvm.file-write" */
	const char *summary; /* what it does */
	const char *seen;    /* what will be seen */
	const char *undone;  /* what the restore puts back */
	const char *risk;    /* what else it may hit */
	unsigned targets;    /* 1u << enum kind, or-ed */
	unsigned flags;
	enum aftermath aftermath;
	const char *after_text; /* in words, and how a paused target is resumed */
	int recovery_ms;        /* after the change is gone, healthy within this */
	const char *way;        /* of undoing it, in a word that such faults share; NULL: its own */
	const struct param *params;
	size_t nparams;
	/* What the node must have, NULL-terminated or NULL: a command, or what the backend's
	 * NAME_has_WORD says; asked once by the collector. */
	const char *const *needs;
};

/* NAME is the fault's, or the part of it behind the dot. */
bool fault_is(const struct fault *f, const char *name);

/* Values in the order of fault->params, "" never: the default stands where nothing was given. */
#define PARAMS_MAX 16
struct params {
	char value[PARAMS_MAX][120];
};
/* Fills defaults, checks names and ranges of the k=v words. */
int params_parse(const struct fault *f, const char *const *words, size_t n, struct params *out,
		 struct err *e);
/* One value at its field; E says the range. */
int param_check(const struct param *p, const char *value, struct err *e);
const char *params_get(const struct fault *f, const struct params *p, const char *name);
/* "errno=ENOSPC times=10": what differs from the defaults, and what is required. */
void params_str(const struct fault *f, const struct params *p, char *dst, size_t n);
/*
 * The addresses that the words of a PARAM_PEERS mean as seen from SELF, blank-separated, or "all":
 * a node stands for its address, a role for all its nodes but SELF. Names are left to the node.
 */
int peers_expand(const struct config *cfg, const struct node_cfg *self, const char *value,
		 struct buf *out, struct err *e);

/*
 * What will run, for one target. SCRIPT is a POSIX sh text that defines do_, undo_, verify_ (0: the
 * fault is active) and gone_ (0: nothing of it is left), and is sent behind core's prelude. The
 * do/undo lines are what it does in words that the operator can check: the plan shows them.
 */
struct act {
	struct buf script;
	struct buf do_lines, undo_lines;
};

struct op_ctx {
	const struct operation *op;
	const struct config *cfg;
	const struct node_cfg *node;
	struct transport *transport;
	struct buf *out; /* lines for the operator */
};
/* An operation: has no TTL, is no injection ("module load"). */
struct operation {
	const char *verb; /* "module" */
	const char *word; /* "load"; NULL: the verb alone ("check") */
	const char *help;
	int timeout_ms;
	bool changes;    /* something on the node: refused by --readonly */
	bool takes_down; /* what ran does not afterwards: the guard is asked; of steps the first one
			  */
	int (*run)(const struct op_ctx *c, struct err *e);
	const char *component; /* "hadoop.nn": only the first node where that is up; NULL: all */
	const char *attribute; /* all nodes that have it; NULL: those that are named */
	const void *data;      /* the backend's own */
	/* One with the same words right behind it is its next step: begun when all nodes have done
	 * this one. */
};

/* For run of an operation: SCRIPT, then CALL, through `sh -s` as root. Lines error<TAB>ERRNO WHY
 * and hint<TAB>TEXT become E, everything else goes to C->out. */
int operate_script(const struct op_ctx *c, const char *script, const char *call, int timeout_ms,
		   struct err *e);
/* The same with any command. */
int operate_cmd(const struct op_ctx *c, const struct transport_cmd *cmd, struct err *e);
int operate_lines(char *text, struct buf *out, struct err *e);
/* CMD as root where sudo lets us; else as who we are, and the script says what that means. */
#define OPERATE_AS_ROOT(cmd)                                                                       \
	"exec sh -c 'if [ \"$(id -u)\" = 0 ] || ! sudo -n true 2>/dev/null; then exec " cmd        \
	"; else exec sudo -n " cmd "; fi'"

/* One target of a plan. */
struct plan_in {
	const struct config *cfg;
	const struct fault *fault;
	const struct target *target;
	const struct node_view *view;
	const struct params *params;
	const char *id;
	int64_t ttl_ms;
};

/* `BACKEND WORDS …` for `inject FAULT TARGET …`, or for the restore of what that injected. */
struct shortcut {
	const char *words;     /* "hdfs-safe enter" */
	const char *fault;     /* "hadoop.hdfs-safe" */
	const char *component; /* the target where none is named; NULL: one has to be */
	/* NULL, or: an address is named. The node that has it is the target, else all nodes with
	 * this parameter set to it */
	const char *address;
	/* NULL, or: the value of this parameter is named; the target is all, or component */
	const char *value;
	bool path; /* a path is named: path:PATH */
	bool restores;
};

struct backend {
	const char *name; /* "kvm" */
	/* sh text defining NAME_fast and NAME_slow, which print items for the collector, and
	 * NAME_sweep, which ends everything of ours that has no ledger entry; see core/node/ */
	const char *collect_sh;
	const struct metric *metrics;
	size_t nmetrics;
	const struct fault *faults;
	size_t nfaults;
	const struct probe_cfg *probes;
	size_t nprobes;
	const struct operation *operations;
	size_t noperations;
	const struct shortcut *shortcuts;
	size_t nshortcuts;
	char *const *settings; /* "user": NAME_user in the settings of cluster.cfg; NULL: none */
	/* NULL if F fits T as V shows it now, else the reason in plain words (static or in BUF). */
	const char *(*unfit)(const struct backend *b, const struct fault *f, const struct target *t,
			     const struct node_view *v, char *buf, size_t n);
	/* Fills ACT; also checks what parameters mean together. */
	int (*plan)(const struct backend *b, const struct plan_in *in, struct act *act,
		    struct err *e);
	const void *data; /* the backend's own */
};

#endif
