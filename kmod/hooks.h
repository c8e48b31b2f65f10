/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hooks: one kprobe or kretprobe a point, registered while a rule of the point is armed, serving
 * all of them. All but the handlers runs under the rules' mutex.
 */
#ifndef FAULTDECK_HOOKS_H
#define FAULTDECK_HOOKS_H

#include <linux/kprobes.h>
#include "points.h"

struct fdk_rule;

/* The rules of a hook, as its handler sees them: replaced whole, emptied in place. */
struct fdk_set {
	struct rcu_head rcu;
	u64 mask; /* no bit for a task's tgid & 63: it is no target of any rule */
	unsigned int n;
	struct fdk_rule *rule[];
};

struct fdk_hook {
	const struct fdk_candidate *from; /* the one that this kernel has; NULL: none */
	char reason[240];                 /* why not */
	char symbol[64]; /* named by the operator, with the candidate that it makes */
	struct fdk_candidate named[2];
	kprobe_pre_handler_t handler; /* of an entry; not where the point acts at the return */
	const struct fdk_point *point;
	struct kretprobe rp; /* only its kp where nothing happens at the return */
	struct fdk_set __rcu *set;
	unsigned int armed; /* rules; 0: nothing is hooked */
};

/* Finds what this kernel can hook, one candidate after the other; leaves nothing hooked. */
void fdk_hook_find(struct fdk_hook *hook, const struct fdk_candidate *candidates);

/* Adds a rule; the first one hooks. Undone by del, then settle. */
int fdk_hook_add(struct fdk_hook *hook, struct fdk_rule *rule);
/* Takes a rule out, without allocating. Handlers may still see it until settle. */
void fdk_hook_del(struct fdk_hook *hook, const struct fdk_rule *rule);
/* Unhooks where no rule is left. */
void fdk_hook_settle(struct fdk_hook *hook);

/* Why not even our own function can be hooked now; NULL: it can. */
const char *fdk_hooks_off(void);
/* Is the hook of an armed rule really in place? */
bool fdk_hook_live(const struct fdk_hook *hook);
/* Calls that the kernel did not hand to us. */
unsigned long fdk_hook_missed(const struct fdk_hook *hook);

/* The hooks of the points. */
void fdk_hooks_find(void);
struct fdk_hook *fdk_hook_of(const struct fdk_point *point);

#endif
