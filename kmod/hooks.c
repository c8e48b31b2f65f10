// SPDX-License-Identifier: GPL-2.0-or-later
/* Hooks: registering kprobes, and the path that a hooked call takes. */
#include <linux/kallsyms.h>
#include <linux/overflow.h>
#include <linux/prandom.h>
#include <linux/random.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include "arch.h"
#include "events.h"
#include "hooks.h"
#include "rules.h"
#include "targets.h"

static struct fdk_hook hooks[FDK_POINTS_MAX];
static DEFINE_PER_CPU(struct rnd_state, fdk_rnd);

/* Handlers run with preemption off, and never one inside another. */
static unsigned int draw(void)
{
	return prandom_u32_state(this_cpu_ptr(&fdk_rnd));
}
NOKPROBE_SYMBOL(draw);

/* return:VALUE, for every point that has no function of its own. */
static int apply_return(struct fdk_rule *rule, struct pt_regs *regs, struct fdk_event *event)
{
	event->to = rule->spec.action.value;
	fdk_arch_return(regs, (unsigned long)event->to);
	return 1;
}
NOKPROBE_SYMBOL(apply_return);

static int inject(struct fdk_rule *rule, struct pt_regs *regs, const struct fdk_call *call)
{
	const struct fdk_point *point = rule->spec.point;
	struct fdk_event event = { .rule = rule, .call = *call };
	int moved = (point->apply ?: apply_return)(rule, regs, &event);

	this_cpu_inc(rule->counts->injected);
	fdk_events_put(&event);
	return moved;
}
NOKPROBE_SYMBOL(inject);

/* A call by a task that some rule may be for. */
static int visit(const struct fdk_hook *hook, const struct fdk_set *set, struct pt_regs *regs)
{
	struct fdk_call call = {};
	bool read = false;

	for (unsigned int i = 0; i < set->n; i++) {
		struct fdk_rule *rule = READ_ONCE(set->rule[i]);

		if (!rule || READ_ONCE(rule->over) || !fdk_rule_targets(rule, current))
			continue;
		if (!read)
			hook->from->get(regs, &call);
		read = true;
		if (call.write != hook->point->write)
			return 0;
		this_cpu_inc(rule->counts->calls);
		if (!hook->point->fits(&rule->spec, &call))
			continue;
		this_cpu_inc(rule->counts->matched);
		if (fdk_gate_pass(&rule->gate, call.size, draw))
			return inject(rule, regs, &call);
	}
	return 0;
}
NOKPROBE_SYMBOL(visit);

static int handler(struct kprobe *kp, struct pt_regs *regs)
{
	const struct fdk_hook *hook = container_of(kp, struct fdk_hook, kp);
	const struct fdk_set *set = rcu_dereference_sched(hook->set);

	if (likely(!(READ_ONCE(set->mask) >> (current->tgid & 63) & 1)))
		return 0;
	return visit(hook, set, regs);
}
NOKPROBE_SYMBOL(handler);

static int hook_register(struct fdk_hook *hook, unsigned int flags)
{
	memset(&hook->kp, 0, sizeof(hook->kp));
	hook->kp.symbol_name = hook->from->symbol;
	hook->kp.pre_handler = hook->handler;
	hook->kp.flags = flags;
	return register_kprobe(&hook->kp);
}

static const char *why_not(int rc)
{
	switch (rc) {
	case -ENOENT:
		return "is not in this kernel";
	case -EINVAL:
		return "must not be probed";
	case -ESRCH:
		return "is inlined into its callers";
	case -EOPNOTSUPP:
		return "cannot be probed: kprobes are switched off";
	default:
		return "cannot be probed";
	}
}

static const char off[] = "kprobes are switched off (kprobes/enabled in debugfs)";

bool fdk_hook_live(const struct fdk_hook *hook)
{
	return hook->armed && fdk_arch_armed(&hook->kp);
}

static int hook_arm(struct fdk_hook *hook)
{
	int rc = hook_register(hook, 0);

	if (rc || fdk_arch_armed(&hook->kp))
		return rc;
	unregister_kprobe(&hook->kp);
	return -EOPNOTSUPP;
}

static noinline void canary(void)
{
	barrier();
}

const char *fdk_hooks_off(void)
{
	struct kprobe kp = { .addr = (kprobe_opcode_t *)canary };
	int rc;

	if (fdk_arch_missing)
		return fdk_arch_missing;
	rc = register_kprobe(&kp);
	if (rc)
		return why_not(rc);
	rc = fdk_arch_armed(&kp);
	unregister_kprobe(&kp);
	return rc ? NULL : off;
}

/* Where a function is that may be probed. Registered but not armed: no text is touched. */
static int find_symbol(const char *symbol, const void **addr)
{
	struct kprobe kp = { .symbol_name = symbol, .flags = KPROBE_FLAG_DISABLED };
	int rc = register_kprobe(&kp);

	if (rc)
		return rc;
	*addr = kp.addr;
	unregister_kprobe(&kp);
	return 0;
}

/* "name+0x0/0xSIZE" is the only thing that says so to a module. */
static unsigned long size_of(const void *text)
{
	char name[KSYM_SYMBOL_LEN];
	unsigned long size = 0;
	const char *slash;

	sprint_symbol(name, (unsigned long)text);
	slash = strrchr(name, '/');
	return slash && !kstrtoul(slash + 1, 16, &size) ? size : 0;
}

static int try_candidate(const struct fdk_candidate *from)
{
	const void *callee, *caller;
	int rc = find_symbol(from->symbol, &callee);

	for (const char *const *c = from->callers; !rc && c && *c; c++) {
		if (!find_symbol(*c, &caller) && !fdk_arch_calls(caller, size_of(caller), callee))
			rc = -ESRCH;
	}
	return rc;
}

void fdk_hook_find(struct fdk_hook *hook, const struct fdk_candidate *candidates)
{
	struct fdk_text why = { hook->reason, sizeof(hook->reason), 0 };
	int rc;

	if (fdk_arch_missing) {
		fdk_text_add(&why, "%s", fdk_arch_missing);
		return;
	}
	for (hook->from = candidates; hook->from->symbol; hook->from++) {
		rc = try_candidate(hook->from);
		if (!rc)
			return;
		fdk_text_add(&why, "%s%s %s (%d)", why.len ? ", " : "", hook->from->symbol,
			     why_not(rc), rc);
	}
	hook->from = NULL;
}

static u64 set_mask(const struct fdk_set *set)
{
	u64 mask = 0;

	for (unsigned int i = 0; i < set->n; i++)
		mask |= set->rule[i] ? set->rule[i]->mask : 0;
	return mask;
}

/* The same rules without the holes, and one more. */
static struct fdk_set *set_with(const struct fdk_set *old, unsigned int armed,
				struct fdk_rule *rule)
{
	struct fdk_set *set = kzalloc(struct_size(set, rule, armed + 1), GFP_KERNEL);

	if (!set)
		return NULL;
	for (unsigned int i = 0; old && i < old->n; i++) {
		if (old->rule[i])
			set->rule[set->n++] = old->rule[i];
	}
	set->rule[set->n++] = rule;
	set->mask = set_mask(set);
	return set;
}

int fdk_hook_add(struct fdk_hook *hook, struct fdk_rule *rule)
{
	struct fdk_set *old = rcu_dereference_protected(hook->set, true);
	struct fdk_set *set = set_with(old, hook->armed, rule);
	int rc;

	if (!set)
		return -ENOMEM;
	rcu_assign_pointer(hook->set, set);
	rc = hook->armed ? 0 : hook_arm(hook);
	if (rc) {
		RCU_INIT_POINTER(hook->set, NULL);
		kfree(set);
		return rc;
	}
	hook->armed++;
	if (old)
		kfree_rcu(old, rcu);
	return 0;
}

void fdk_hook_del(struct fdk_hook *hook, const struct fdk_rule *rule)
{
	struct fdk_set *set = rcu_dereference_protected(hook->set, true);

	for (unsigned int i = 0; i < set->n; i++) {
		if (set->rule[i] == rule)
			WRITE_ONCE(set->rule[i], NULL);
	}
	WRITE_ONCE(set->mask, set_mask(set));
	hook->armed--;
}

void fdk_hook_settle(struct fdk_hook *hook)
{
	struct fdk_set *set = rcu_dereference_protected(hook->set, true);

	if (!set || hook->armed)
		return;
	unregister_kprobe(&hook->kp);
	RCU_INIT_POINTER(hook->set, NULL);
	kfree_rcu(set, rcu);
}

static void seed_draw(void)
{
	int cpu;

	for_each_possible_cpu(cpu) prandom_seed_state(per_cpu_ptr(&fdk_rnd, cpu), get_random_u64());
}

void fdk_hooks_find(void)
{
	BUILD_BUG_ON(BITS_PER_LONG != 64);
	seed_draw();
	for (unsigned int i = 0; i < fdk_points_n; i++) {
		hooks[i].point = &fdk_points[i];
		hooks[i].handler = handler;
		fdk_hook_find(&hooks[i], fdk_points[i].candidates);
	}
}

struct fdk_hook *fdk_hook_of(const struct fdk_point *point)
{
	return &hooks[point - fdk_points];
}

void fdk_hooks_settle(void)
{
	for (unsigned int i = 0; i < fdk_points_n; i++)
		fdk_hook_settle(&hooks[i]);
}
