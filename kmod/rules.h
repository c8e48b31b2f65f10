/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Armed rules: the list, who a rule is for, its end. */
#ifndef FAULTDECK_RULES_H
#define FAULTDECK_RULES_H

#include <linux/hrtimer.h>
#include <linux/list.h>
#include <linux/percpu.h>
#include "gate.h"
#include "parse.h"

struct fdk_kin;
struct pid;

struct fdk_counts {
	u64 calls;    /* of the point, by a target */
	u64 matched;  /* of those, the ones that fit cmd=, files= … */
	u64 injected; /* of those, the ones that the gate let hit and that were hit */
	u64 declined; /* of those, the ones that could not be hit after all */
};

#define FDK_TOLD_MAX 512 /* vCPUs of a VM */
struct fdk_told {
	bool known;
	u64 value; /* of the rule's register; the ioctls of one vCPU come one at a time */
};

struct fdk_rule {
	struct list_head list;
	struct fdk_spec spec;
	u64 seq; /* no two rules had the same */
	struct fdk_gate gate;
	struct fdk_counts __percpu *counts;
	struct pid *tgid;      /* pinned: the process itself, not its number; NULL without tgid= */
	struct pid *tid;       /* the same for a thread */
	u64 born_after;        /* with comm= alone: only processes that start later, ns */
	struct fdk_kin *kin;   /* with inherit=1: children that began while the rule was armed */
	struct fdk_told *told; /* of a point that tells of vCPUs: by index, what it last told */
	u64 mask;              /* of tgid & 63 of whoever this rule may be for */
	unsigned long missed0; /* the point's missed count when the rule was armed */
	bool over;             /* ended; its timer or a disarm says so */
	ktime_t expires;       /* CLOCK_BOOTTIME: goes on in suspend, cannot be set */
	struct hrtimer timer;
};

/* Does one command, wholly or not at all. 0, or a negative errno and *e. */
int fdk_rules_command(const struct fdk_spec *spec, struct fdk_err *e);

/* For `rules`: between the two, the list stands still. */
struct list_head *fdk_rules_lock(void);
void fdk_rules_unlock(void);
struct fdk_counts fdk_rule_counts(const struct fdk_rule *rule);
long long fdk_rule_left_ms(const struct fdk_rule *rule);

int fdk_rules_start(void);
void fdk_rules_stop(void); /* disarms all and waits for it */

#endif
