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
struct fdk_rule;
struct fdk_spec;
struct pt_regs;

/* What the hooked function returns, hence how the VALUE of return: and after: is written. */
enum fdk_result { FDK_RESULT_VOID, FDK_RESULT_ERRNO };

enum fdk_kind {
	FDK_KIND_NONE,  /* the call is not about a file */
	FDK_KIND_DISK,  /* a regular file or a block device */
	FDK_KIND_OTHER, /* pipe, socket, eventfd, character device … */
	FDK_KIND_OWN    /* debugfs, where our own control is: never hit */
};

/* One call of a hooked function, as its arguments tell it. Unused fields are zero. */
struct fdk_call {
	enum fdk_kind kind;
	bool write;
	unsigned int cmd;
	unsigned int dev;
	unsigned long long ino;
	long long off;  /* -1: the file has no position */
	long long size; /* bytes, or 1: what the call takes off `space` */
};

struct fdk_candidate {
	const char *symbol;
	void (*get)(struct pt_regs *regs, struct fdk_call *call); /* reads the arguments */
	/* Functions beside it whose calls matter: had the compiler put its body into one of them,
	 * the probe would be taken and never hit. NULL: nobody can inline it. Ended by NULL. */
	const char *const *callers;
};

struct fdk_point {
	const char *name;
	const struct fdk_candidate *candidates; /* in order; ended by one without a symbol */
	enum fdk_result result;
	bool write;                   /* of calls that go both ways, the one that is meant */
	unsigned int actions;         /* FDK_BIT(FDK_ACT_…) */
	unsigned int keys;            /* keys beyond those that every point takes */
	const unsigned short *errnos; /* that VALUE may be; ended by 0 */
	const char *value;            /* what the value means */
	const char *danger;           /* what the operator should know first */
	bool (*fits)(const struct fdk_spec *spec, const struct fdk_call *call);
	/* Does it, says in the event what changed; nonzero: pc was moved. NULL: by the action. */
	int (*apply)(struct fdk_rule *rule, struct pt_regs *regs, struct fdk_event *event);
};

#define FDK_POINTS_MAX 32

/* Keys that every point takes. */
#define FDK_KEYS_COMMON                                                                            \
	((FDK_BIT(FDK_KEY_N) - 1) & ~(FDK_BIT(FDK_KEY_CMD) | FDK_BIT(FDK_KEY_FILES)))

extern const struct fdk_point fdk_points[];
extern const unsigned int fdk_points_n;

const struct fdk_point *fdk_point_find(const char *name, size_t len);
bool fdk_point_takes_errno(const struct fdk_point *point, unsigned int value);

#endif
