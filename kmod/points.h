/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one table of points: places in the kernel that can be hooked, and what may be done there.
 * The parser, the `points` file, the console's catalogue and the help come from it.
 * A new point is a row and, where it changes more than a return value, a function. Plain C; the
 * functions that a row names exist in the kernel only.
 */
#ifndef FAULTDECK_POINTS_H
#define FAULTDECK_POINTS_H

#include "abi.h"
#include "shim.h"

struct fdk_event;
struct fdk_hook;
struct fdk_name;
struct fdk_rule;
struct fdk_spec;
struct pt_regs;

/* What the hooked function returns, hence how the VALUE of return: and after: is written. */
enum fdk_result {
	FDK_RESULT_VOID,   /* nothing that an action could set */
	FDK_RESULT_ERRNO,  /* an errno of the point's list */
	FDK_RESULT_NUMBER, /* the same, or a number from 0 on */
	FDK_RESULT_CODE    /* one of the point's codes */
};

enum fdk_kind {
	FDK_KIND_NONE,  /* the call is not about a file */
	FDK_KIND_DISK,  /* a regular file or a block device */
	FDK_KIND_OTHER, /* pipe, socket, eventfd, character device … */
	FDK_KIND_NEVER  /* a call that must not be hit, whatever a rule says: debugfs, where our own
			 * control is; a flush for a page that may be freed */
};

/* One call of a hooked function, as its arguments tell it. Unused fields are zero. */
struct fdk_call {
	enum fdk_kind kind;
	bool write;
	unsigned int cmd;
	unsigned long long ext; /* what KVM_CHECK_EXTENSION asks for */
	unsigned int dev;
	unsigned long long ino;
	long long at;    /* first byte, address or guest address; -1: it is not known */
	long long len;   /* of what is at at */
	long long cost;  /* what the call takes off `space`: bytes, or 1 */
	int vcpu;        /* index */
	int reg;         /* the one register that the call is about, plus 1; 0: any */
	int task;        /* tid of another task that it is about */
	const void *obj; /* file, vcpu, page …: what the point's functions know it by */
};

struct fdk_candidate {
	const char *symbol;
	void (*get)(struct pt_regs *regs, struct fdk_call *call); /* reads the arguments */
	/* Functions beside it whose calls matter: had the compiler put its body into one of them,
	 * the probe would be taken and never hit. NULL: nobody can inline it. Ended by NULL. */
	const char *const *callers;
	unsigned int lacks;         /* keys of the point that its arguments do not tell */
	const char *(*unfit)(void); /* why it would not do on this machine; NULL: it will */
};

struct fdk_point {
	const char *name;
	const struct fdk_candidate *candidates; /* in order; ended by one without a symbol */
	enum fdk_result result;
	bool write;                   /* of calls that go both ways, the one that is meant */
	bool leaves;                  /* acts when the body has run */
	bool flags_only;              /* of PSTATE nothing but N Z C V */
	unsigned int actions;         /* FDK_BIT(FDK_ACT_…) */
	unsigned int keys;            /* keys beyond those that every point takes */
	const unsigned short *errnos; /* that VALUE may be; ended by 0 */
	const struct fdk_name *codes; /* that VALUE may be */
	const struct fdk_name *cmds;  /* names that cmd= takes */
	const char *value;            /* what the value means */
	const char *danger;           /* what the operator should know first */
	struct fdk_hook *beside;      /* another hook that its rules need */
	/* Does it, says in the event what changed. 1: pc was moved, 0: it was not, -1: it was not
	 * done, the call goes its way. NULL: by the action. */
	int (*apply)(struct fdk_rule *rule, struct pt_regs *regs, struct fdk_event *event);
	/* The same when the body has run; false: nothing was changed. */
	bool (*leave)(struct fdk_rule *rule, struct pt_regs *regs, struct fdk_event *event);
	/* The rule is gone, no handler runs for it: puts back what apply could not leave. */
	void (*end)(const struct fdk_rule *rule);
	/* Why this rule would not do what it says; NULL: it will. May sleep. */
	const char *(*refuse)(const struct fdk_rule *rule);
};

#define FDK_POINTS_MAX 32

/* Keys that a point has to declare. */
#define FDK_KEYS_SPECIAL                                                                           \
	(FDK_BIT(FDK_KEY_CMD) | FDK_BIT(FDK_KEY_EXT) | FDK_BIT(FDK_KEY_FILES) |                    \
	 FDK_BIT(FDK_KEY_PATH) | FDK_BIT(FDK_KEY_RANGE) | FDK_BIT(FDK_KEY_VCPU))
#define FDK_KEYS_COMMON ((FDK_BIT(FDK_KEY_N) - 1) & ~FDK_KEYS_SPECIAL)

/* Actions on a register. */
#define FDK_ACTS_REG                                                                               \
	(FDK_BIT(FDK_ACT_FLIP) | FDK_BIT(FDK_ACT_SET) | FDK_BIT(FDK_ACT_XOR) |                     \
	 FDK_BIT(FDK_ACT_OR) | FDK_BIT(FDK_ACT_CLEAR))

extern const struct fdk_point fdk_points[];
extern const unsigned int fdk_points_n;

const struct fdk_point *fdk_point_find(const char *name, size_t len);
bool fdk_point_takes_errno(const struct fdk_point *point, unsigned int value);

#endif
