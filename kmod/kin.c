// SPDX-License-Identifier: GPL-2.0-or-later
/* Children of targets: a small table of pinned processes a rule, filled by a probe. */
#include <linux/hash.h>
#include <linux/pid.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include "arch.h"
#include "hooks.h"
#include "kin.h"
#include "rules.h"
#include "targets.h"

#define BUCKETS    (FDK_KIN_MAX / PER_BUCKET)
#define PER_BUCKET 16

struct fdk_kin {
	raw_spinlock_t lock; /* of those who fill it; who looks compares pointers only */
	unsigned long lost;
	struct pid *slot[BUCKETS][PER_BUCKET];
};

struct fdk_hook fdk_kin_hook;

struct fdk_kin *fdk_kin_new(void)
{
	struct fdk_kin *kin = kzalloc(sizeof(*kin), GFP_KERNEL);

	if (kin)
		raw_spin_lock_init(&kin->lock);
	return kin;
}

void fdk_kin_free(struct fdk_kin *kin)
{
	if (!kin)
		return;
	for (int i = 0; i < FDK_KIN_MAX; i++)
		put_pid(kin->slot[i / PER_BUCKET][i % PER_BUCKET]);
	kfree(kin);
}

static unsigned int bucket_of(const struct pid *tgid)
{
	return hash_ptr((void *)tgid, ilog2(BUCKETS));
}
NOKPROBE_SYMBOL(bucket_of);

/* Compares pointers only: a slot that is being given away cannot be mistaken for this process. */
bool fdk_kin_has(const struct fdk_kin *kin, const struct pid *tgid)
{
	struct pid *const *slot = kin->slot[bucket_of(tgid)];

	for (int i = 0; i < PER_BUCKET; i++) {
		if (READ_ONCE(slot[i]) == tgid)
			return true;
	}
	return false;
}
NOKPROBE_SYMBOL(fdk_kin_has);

unsigned long fdk_kin_lost(const struct fdk_kin *kin)
{
	return READ_ONCE(kin->lost);
}

static struct pid **free_slot(struct fdk_kin *kin, const struct pid *tgid)
{
	struct pid **slot = kin->slot[bucket_of(tgid)];

	for (int i = 0; i < PER_BUCKET; i++) {
		if (!slot[i] || !pid_task(slot[i], PIDTYPE_TGID))
			return &slot[i];
	}
	return NULL;
}
NOKPROBE_SYMBOL(free_slot);

/* Takes a slot that is free or whose process is gone. Only a target that forks gets here. */
static void kin_add(struct fdk_kin *kin, struct pid *tgid)
{
	struct pid *old = NULL;
	struct pid **slot;
	unsigned long flags;

	rcu_read_lock(); /* pid_task asks for it by name */
	raw_spin_lock_irqsave(&kin->lock, flags);
	slot = free_slot(kin, tgid);
	if (slot) {
		old = *slot;
		WRITE_ONCE(*slot, get_pid(tgid));
	} else {
		kin->lost++;
	}
	raw_spin_unlock_irqrestore(&kin->lock, flags);
	rcu_read_unlock();
	put_pid(old);
}
NOKPROBE_SYMBOL(kin_add);

/* wake_up_new_task(struct task_struct *child): the current task is the parent. */
static int kin_handler(struct kprobe *kp, struct pt_regs *regs)
{
	const struct fdk_set *set = rcu_dereference_sched(fdk_kin_hook.set);
	struct task_struct *child;

	if (likely(!(READ_ONCE(set->mask) >> (current->tgid & 63) & 1)))
		return 0;
	child = (struct task_struct *)fdk_arch_arg(regs, 0);
	if (!thread_group_leader(child))
		return 0;
	for (unsigned int i = 0; i < set->n; i++) {
		struct fdk_rule *rule = READ_ONCE(set->rule[i]);

		if (rule && !READ_ONCE(rule->over) && fdk_rule_targets(rule, current))
			kin_add(rule->kin, task_tgid(child));
	}
	return 0;
}
NOKPROBE_SYMBOL(kin_handler);

void fdk_kin_find(void)
{
	static const struct fdk_candidate symbols[] = { { .symbol = "wake_up_new_task" }, {} };

	fdk_kin_hook.handler = kin_handler;
	fdk_hook_find(&fdk_kin_hook, symbols);
}
