// SPDX-License-Identifier: GPL-2.0-or-later
/* Armed rules: arm, renew, disarm, and their end by themselves. */
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/workqueue.h>
#include "compat.h"
#include "hooks.h"
#include "kin.h"
#include "rules.h"
#include "targets.h"

static DEFINE_MUTEX(lock);
static LIST_HEAD(rules);
static unsigned int rules_n;
static u64 last_seq;
static struct workqueue_struct *reaper;

static struct fdk_rule *find(const char *id)
{
	struct fdk_rule *rule;

	list_for_each_entry(rule, &rules, list)
	{
		if (!strcmp(rule->spec.id, id))
			return rule;
	}
	return NULL;
}

static void rule_free(struct fdk_rule *rule)
{
	hrtimer_cancel(&rule->timer);
	fdk_targets_unpin(rule);
	fdk_kin_free(rule->kin);
	kvfree(rule->told);
	free_percpu(rule->counts);
	kfree(rule);
}

/* A rule's hooks, by number; NULL: it needs this one not. */
enum { HOOK_KIN, HOOK_BESIDE, HOOK_POINT, HOOK_N };
static struct fdk_hook *hook_no(const struct fdk_rule *rule, int i)
{
	struct fdk_hook *const hooks[HOOK_N] = {
		[HOOK_KIN] = rule->kin ? &fdk_kin_hook : NULL,
		[HOOK_BESIDE] = rule->spec.point->beside,
		[HOOK_POINT] = fdk_hook_of(rule->spec.point),
	};

	return hooks[i];
}

/* Takes the rule out of the first n of its hooks, and unhooks those that have no other. */
static void hooks_del(const struct fdk_rule *rule, int n)
{
	while (n--) {
		if (hook_no(rule, n))
			fdk_hook_del(hook_no(rule, n), rule);
	}
}

static void hooks_settle(const struct fdk_rule *rule)
{
	for (int i = 0; i < HOOK_N; i++) {
		if (hook_no(rule, i))
			fdk_hook_settle(hook_no(rule, i));
	}
}

/* Unhooks rules that were taken off the list; none is seen by a handler when this returns. */
static void drop(struct list_head *victims)
{
	struct fdk_rule *rule, *next;

	if (list_empty(victims))
		return;
	list_for_each_entry(rule, victims, list)
	{
		WRITE_ONCE(rule->over, true);
		hooks_del(rule, HOOK_N);
		rules_n--;
	}
	list_for_each_entry(rule, victims, list) hooks_settle(rule);
	synchronize_rcu_expedited();
	list_for_each_entry_safe(rule, next, victims, list)
	{
		if (rule->spec.point->end)
			rule->spec.point->end(rule);
		rule_free(rule);
	}
}

static void reap(struct work_struct *work)
{
	struct fdk_rule *rule, *next;
	LIST_HEAD(victims);

	mutex_lock(&lock);
	list_for_each_entry_safe(rule, next, &rules, list)
	{
		if (READ_ONCE(rule->over))
			list_move_tail(&rule->list, &victims);
	}
	drop(&victims);
	mutex_unlock(&lock);
}
static DECLARE_WORK(reap_work, reap);

/* The TTL: from here on the rule hits nothing; a worker takes it away. */
static enum hrtimer_restart expire(struct hrtimer *timer)
{
	struct fdk_rule *rule = container_of(timer, struct fdk_rule, timer);

	WRITE_ONCE(rule->over, true);
	queue_work(reaper, &reap_work);
	return HRTIMER_NORESTART;
}

static void start_timer(struct fdk_rule *rule, long long ttl_ms)
{
	rule->spec.ttl_ms = ttl_ms;
	rule->expires = ktime_add_ms(ktime_get_boottime(), ttl_ms);
	hrtimer_start(&rule->timer, rule->expires, HRTIMER_MODE_ABS);
}

static struct fdk_rule *rule_new(const struct fdk_spec *spec)
{
	struct fdk_rule *rule = kzalloc(sizeof(*rule), GFP_KERNEL);

	if (!rule)
		return NULL;
	rule->spec = *spec;
	fdk_gate_init(&rule->gate, &spec->gate);
	fdk_timer_setup(&rule->timer, expire, CLOCK_BOOTTIME, HRTIMER_MODE_ABS);
	rule->counts = alloc_percpu(struct fdk_counts);
	rule->kin = spec->inherit ? fdk_kin_new() : NULL;
	if (spec->point->beside)
		rule->told = kvcalloc(FDK_TOLD_MAX, sizeof(*rule->told), GFP_KERNEL);
	if (rule->counts && (rule->kin || !spec->inherit) && (rule->told || !spec->point->beside))
		return rule;
	rule_free(rule);
	return NULL;
}

static bool both(const struct fdk_spec *a, const struct fdk_spec *b, enum fdk_key key)
{
	return a->keys & b->keys & FDK_BIT(key);
}

/* Could a call be one that both are about? */
static bool same_calls(const struct fdk_spec *a, const struct fdk_spec *b)
{
	if (both(a, b, FDK_KEY_VCPU) && a->vcpu != b->vcpu)
		return false;
	if (both(a, b, FDK_KEY_EXT) && a->ext != b->ext)
		return false;
	if (both(a, b, FDK_KEY_RANGE) && (a->hi < b->lo || b->hi < a->lo))
		return false;
	if (!a->cmds || !b->cmds)
		return true;
	for (unsigned int i = 0; i < a->cmds; i++) {
		for (unsigned int k = 0; k < b->cmds; k++) {
			if (a->cmd[i] == b->cmd[k])
				return true;
		}
	}
	return false;
}

/* Two rules that would do something to the same calls of the same target: which one would win? */
static int check_conflict(const struct fdk_rule *rule, struct fdk_err *e)
{
	const struct fdk_rule *other;

	list_for_each_entry(other, &rules, list)
	{
		if (other->spec.point == rule->spec.point && other->tgid == rule->tgid &&
		    other->tid == rule->tid && !strcmp(other->spec.comm, rule->spec.comm) &&
		    same_calls(&other->spec, &rule->spec))
			return fdk_refuse(e, EBUSY, rule->spec.col[FDK_KEY_POINT],
					  "rule %s is armed here for the same target",
					  other->spec.id);
	}
	return 0;
}

/* What can be said before anything is made. */
static int check_arm(const struct fdk_spec *spec, struct fdk_err *e)
{
	const struct fdk_hook *hook = fdk_hook_of(spec->point);

	if (find(spec->id))
		return fdk_refuse(e, EEXIST, spec->col[FDK_KEY_ID], "a rule with this id is armed");
	if (rules_n >= FDK_RULES_MAX)
		return fdk_refuse(e, EBUSY, 0, "%d rules are armed, the most", FDK_RULES_MAX);
	if (!hook->from)
		return fdk_refuse(e, ENOENT, spec->col[FDK_KEY_POINT], "unavailable: %s",
				  hook->reason);
	for (int k = 0; k < FDK_KEY_N; k++) {
		if (FDK_BIT(k) & spec->keys & hook->from->lacks)
			return fdk_refuse(e, ENOENT, spec->col[k],
					  "%s does not tell what %s= needs", hook->from->symbol,
					  fdk_key_names[k]);
	}
	if (spec->point->beside && !spec->point->beside->from)
		return fdk_refuse(e, ENOENT, spec->col[FDK_KEY_POINT], "unavailable: %s",
				  spec->point->beside->reason);
	if (spec->inherit && !fdk_kin_hook.from)
		return fdk_refuse(e, ENOENT, spec->col[FDK_KEY_INHERIT], "unavailable: %s",
				  fdk_kin_hook.reason);
	return 0;
}

static int check_point(const struct fdk_rule *rule, struct fdk_err *e)
{
	const struct fdk_point *point = rule->spec.point;
	const char *why = point->refuse ? point->refuse(rule) : NULL;

	return why ? fdk_refuse(e, EOPNOTSUPP, rule->spec.col[FDK_KEY_ACTION], "%s", why) : 0;
}

static int hook_rule(struct fdk_rule *rule)
{
	int rc = 0, n;

	for (n = 0; n < HOOK_N && !rc; n++) {
		if (hook_no(rule, n))
			rc = fdk_hook_add(hook_no(rule, n), rule);
	}
	if (rc) {
		hooks_del(rule, n - 1);
		hooks_settle(rule);
		synchronize_rcu_expedited();
		return rc;
	}
	rule->missed0 = fdk_hook_missed(fdk_hook_of(rule->spec.point));
	return 0;
}

static int arm(const struct fdk_spec *spec, struct fdk_err *e)
{
	struct fdk_rule *rule;
	int rc = check_arm(spec, e);

	if (rc)
		return rc;
	rule = rule_new(spec);
	if (!rule)
		return fdk_refuse(e, ENOMEM, 0, "out of memory");
	rc = fdk_targets_pin(rule, e);
	if (!rc)
		rc = check_conflict(rule, e);
	if (!rc)
		rc = check_point(rule, e);
	if (rc)
		goto out_free;
	rule->seq = ++last_seq;
	start_timer(rule, spec->ttl_ms);
	rc = hook_rule(rule);
	if (rc) {
		fdk_refuse(e, rc == -EOPNOTSUPP ? ENOENT : -rc, spec->col[FDK_KEY_POINT],
			   "unavailable: %s", fdk_hooks_off() ?: "the kernel refused the probe");
		rc = -e->err;
		goto out_free;
	}
	list_add_tail(&rule->list, &rules);
	rules_n++;
	/* Its time may have come before it was on the list. */
	if (READ_ONCE(rule->over))
		queue_work(reaper, &reap_work);
	return 0;
out_free:
	rule_free(rule);
	return rc;
}

static int refuse_id(const struct fdk_spec *spec, struct fdk_err *e)
{
	return fdk_refuse(e, ENOENT, spec->col[FDK_KEY_ID], "no rule with this id is armed");
}

static int renew(const struct fdk_spec *spec, struct fdk_err *e)
{
	struct fdk_rule *rule = find(spec->id);

	if (!rule)
		return refuse_id(spec, e);
	hrtimer_cancel(&rule->timer);
	if (READ_ONCE(rule->over))
		return refuse_id(spec, e);
	start_timer(rule, spec->ttl_ms);
	return 0;
}

static int disarm(const struct fdk_spec *spec, struct fdk_err *e)
{
	struct fdk_rule *rule;
	LIST_HEAD(victims);

	if (spec->all) {
		list_splice_init(&rules, &victims);
	} else {
		rule = find(spec->id);
		if (!rule)
			return refuse_id(spec, e);
		list_move(&rule->list, &victims);
	}
	drop(&victims);
	return 0;
}

int fdk_rules_command(const struct fdk_spec *spec, struct fdk_err *e)
{
	static int (*const verbs[])(const struct fdk_spec *, struct fdk_err *) = {
		[FDK_VERB_ARM] = arm,
		[FDK_VERB_RENEW] = renew,
		[FDK_VERB_DISARM] = disarm,
	};
	int rc;

	mutex_lock(&lock);
	rc = verbs[spec->verb](spec, e);
	mutex_unlock(&lock);
	return rc;
}

struct list_head *fdk_rules_lock(void)
{
	mutex_lock(&lock);
	return &rules;
}

void fdk_rules_unlock(void)
{
	mutex_unlock(&lock);
}

struct fdk_counts fdk_rule_counts(const struct fdk_rule *rule)
{
	struct fdk_counts sum = {};
	int cpu;

	for_each_possible_cpu(cpu)
	{
		const struct fdk_counts *c = per_cpu_ptr(rule->counts, cpu);

		sum.calls += READ_ONCE(c->calls);
		sum.matched += READ_ONCE(c->matched);
		sum.injected += READ_ONCE(c->injected);
		sum.declined += READ_ONCE(c->declined);
	}
	return sum;
}

long long fdk_rule_left_ms(const struct fdk_rule *rule)
{
	return max_t(long long, 0, ktime_ms_delta(rule->expires, ktime_get_boottime()));
}

int fdk_rules_start(void)
{
	reaper = alloc_workqueue("faultdeck", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	return reaper ? 0 : -ENOMEM;
}

void fdk_rules_stop(void)
{
	LIST_HEAD(victims);

	mutex_lock(&lock);
	list_splice_init(&rules, &victims);
	drop(&victims);
	mutex_unlock(&lock);
	destroy_workqueue(reaper);
}
