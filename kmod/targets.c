// SPDX-License-Identifier: GPL-2.0-or-later
/* Who a rule is for. */
#include <linux/ktime.h>
#include <linux/pid.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include "kin.h"
#include "rules.h"
#include "targets.h"

static const char *why_protected(struct task_struct *task, long long nr)
{
	if (nr == 1 || is_global_init(task))
		return "init is protected";
	if (task->flags & PF_KTHREAD)
		return "a kernel thread is protected";
	if (same_thread_group(task, current))
		return "the writer itself is protected";
	return NULL;
}

/* Under RCU. */
static int check_task(const struct fdk_rule *rule, struct task_struct *task, enum fdk_key key,
		      long long nr, struct fdk_err *e)
{
	unsigned int col = rule->spec.col[key];
	const char *why;

	if (!task)
		return fdk_refuse(e, ENOENT, col, "no such %s",
				  key == FDK_KEY_TGID ? "process" : "thread");
	why = why_protected(task, nr);
	if (why)
		return fdk_refuse(e, EPERM, col, "%s", why);
	if (rule->tgid && task_tgid(task) != rule->tgid)
		return fdk_refuse(e, ENOENT, col, "no such thread in this process");
	return 0;
}

static int pin(struct fdk_rule *rule, enum fdk_key key, long long nr, enum pid_type type,
	       struct pid **out, struct fdk_err *e)
{
	struct task_struct *task;
	int rc;

	if (!nr)
		return 0;
	*out = find_get_pid((pid_t)nr);
	rcu_read_lock();
	task = pid_task(*out, type);
	rc = check_task(rule, task, key, nr, e);
	if (!rc)
		rule->mask = 1ULL << (task->tgid & 63);
	rcu_read_unlock();
	return rc;
}

int fdk_targets_pin(struct fdk_rule *rule, struct fdk_err *e)
{
	const struct fdk_spec *spec = &rule->spec;
	int rc = pin(rule, FDK_KEY_TGID, spec->tgid, PIDTYPE_TGID, &rule->tgid, e);

	if (!rc)
		rc = pin(rule, FDK_KEY_TID, spec->tid, PIDTYPE_PID, &rule->tid, e);
	if (rc)
		return rc;
	if (!spec->tgid && !spec->tid)
		rule->born_after = ktime_get_ns();
	if (rule->born_after || rule->kin)
		rule->mask = ~0ULL;
	return 0;
}

void fdk_targets_unpin(struct fdk_rule *rule)
{
	put_pid(rule->tgid);
	put_pid(rule->tid);
}

const char *fdk_targets_state(const struct fdk_rule *rule, unsigned long long calls)
{
	bool alive;

	if (rule->born_after)
		return calls ? "seen" : "waiting";
	rcu_read_lock();
	alive = rule->tid ? pid_task(rule->tid, PIDTYPE_PID) : pid_task(rule->tgid, PIDTYPE_TGID);
	rcu_read_unlock();
	return alive ? "alive" : "gone";
}

/* The thread's own name or its process's; with comm= alone, of a process that is new. */
static bool is_named(const struct fdk_rule *rule, struct task_struct *task)
{
	const struct task_struct *leader = task->group_leader;

	if (rule->born_after &&
	    (leader->start_time < rule->born_after || (task->flags & PF_KTHREAD)))
		return false;
	return !strncmp(rule->spec.comm, task->comm, TASK_COMM_LEN) ||
	       !strncmp(rule->spec.comm, leader->comm, TASK_COMM_LEN);
}
NOKPROBE_SYMBOL(is_named);

bool fdk_rule_targets(const struct fdk_rule *rule, struct task_struct *task)
{
	if ((!rule->tgid || task_tgid(task) == rule->tgid) &&
	    (!rule->tid || task_pid(task) == rule->tid) &&
	    (!rule->spec.comm[0] || is_named(rule, task)))
		return true;
	return rule->kin && fdk_kin_has(rule->kin, task_tgid(task));
}
NOKPROBE_SYMBOL(fdk_rule_targets);
