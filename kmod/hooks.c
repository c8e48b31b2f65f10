// SPDX-License-Identifier: GPL-2.0-or-later
/* Hooks: registering kprobes, and the path that a hooked call takes. */
#include <linux/kallsyms.h>
#include <linux/module.h>
#include <linux/overflow.h>
#include <linux/prandom.h>
#include <linux/random.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include "arch.h"
#include "calls.h"
#include "compat.h"
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

/* Nonzero: pc was moved. */
static int inject(struct fdk_rule *rule, struct pt_regs *regs, const struct fdk_call *call)
{
	const struct fdk_point *point = rule->spec.point;
	struct fdk_event event = { .rule = rule, .call = *call };
	int rc = (point->apply ?: apply_return)(rule, regs, &event);

	if (rc < 0) {
		this_cpu_inc(rule->counts->declined);
		return 0;
	}
	this_cpu_inc(rule->counts->injected);
	fdk_events_put(&event);
	return rc;
}
NOKPROBE_SYMBOL(inject);

/* Of a call by a task that some rule may be for: the rule that hits it, or NULL. */
static struct fdk_rule *visit(const struct fdk_hook *hook, const struct fdk_set *set,
			      struct pt_regs *regs, struct fdk_call *call)
{
	bool read = false;

	for (unsigned int i = 0; i < set->n; i++) {
		struct fdk_rule *rule = READ_ONCE(set->rule[i]);

		if (!rule || READ_ONCE(rule->over) || !fdk_rule_targets(rule, current))
			continue;
		if (!read)
			hook->from->get(regs, call);
		read = true;
		if (call->write != hook->point->write)
			return NULL;
		this_cpu_inc(rule->counts->calls);
		if (!fdk_fits(&rule->spec, call))
			continue;
		this_cpu_inc(rule->counts->matched);
		if (fdk_gate_pass(&rule->gate, call->cost, draw))
			return rule;
	}
	return NULL;
}
NOKPROBE_SYMBOL(visit);

static bool is_target(const struct fdk_set *set)
{
	return READ_ONCE(set->mask) >> (current->tgid & 63) & 1;
}
NOKPROBE_SYMBOL(is_target);

static int handler(struct kprobe *kp, struct pt_regs *regs)
{
	const struct fdk_hook *hook = container_of(kp, struct fdk_hook, rp.kp);
	const struct fdk_set *set = rcu_dereference_sched(hook->set);
	struct fdk_call call;
	struct fdk_rule *rule;

	if (likely(!is_target(set)))
		return 0;
	memset(&call, 0, sizeof(call));
	rule = visit(hook, set, regs, &call);
	return rule ? inject(rule, regs, &call) : 0;
}
NOKPROBE_SYMBOL(handler);

/* A call that is under way: its rule may be gone before it returns. */
struct pending {
	u64 seq; /* of the rule */
	struct fdk_call call;
};

/* 0: tell us when it returns. */
static int enter(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	const struct fdk_hook *hook = container_of(fdk_kretprobe_of(ri), struct fdk_hook, rp);
	const struct fdk_set *set = rcu_dereference_sched(hook->set);
	struct pending *pending = (struct pending *)ri->data;
	struct fdk_rule *rule;

	if (likely(!is_target(set)))
		return 1;
	memset(pending, 0, sizeof(*pending));
	rule = visit(hook, set, regs, &pending->call);
	if (!rule)
		return 1;
	if (rule->spec.action.kind == FDK_ACT_SHORT) {
		inject(rule, regs, &pending->call);
		return 1;
	}
	pending->seq = rule->seq;
	return 0;
}
NOKPROBE_SYMBOL(enter);

static bool leave_with(struct fdk_rule *rule, struct pt_regs *regs, struct fdk_event *event)
{
	event->has_from = true;
	event->from = (long long)fdk_arch_result(regs);
	event->to = rule->spec.action.value;
	fdk_arch_set_result(regs, (unsigned long)event->to);
	return true;
}
NOKPROBE_SYMBOL(leave_with);

static struct fdk_rule *rule_of(const struct fdk_set *set, u64 seq)
{
	for (unsigned int i = 0; set && i < set->n; i++) {
		struct fdk_rule *rule = READ_ONCE(set->rule[i]);

		if (rule && rule->seq == seq && !READ_ONCE(rule->over))
			return rule;
	}
	return NULL;
}
NOKPROBE_SYMBOL(rule_of);

static int leave(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	const struct fdk_hook *hook = container_of(fdk_kretprobe_of(ri), struct fdk_hook, rp);
	const struct pending *pending = (const struct pending *)ri->data;
	struct fdk_rule *rule = rule_of(rcu_dereference_sched(hook->set), pending->seq);
	struct fdk_event event = { .rule = rule, .call = pending->call };

	if (!rule)
		return 0;
	if (!(hook->point->leave ?: leave_with)(rule, regs, &event)) {
		this_cpu_inc(rule->counts->declined);
		return 0;
	}
	this_cpu_inc(rule->counts->injected);
	fdk_events_put(&event);
	return 0;
}
NOKPROBE_SYMBOL(leave);

static bool acts_at_return(const struct fdk_hook *hook)
{
	return hook->point && hook->point->leaves;
}

/* Calls under way at a time; one more is missed, and counted. */
#define ACTIVE_MAX max(64U, 2 * num_possible_cpus())

static int hook_register(struct fdk_hook *hook, unsigned int flags)
{
	struct kretprobe *rp = &hook->rp;

	memset(rp, 0, sizeof(*rp));
	rp->kp.symbol_name = hook->from->symbol;
	rp->kp.flags = flags;
	if (acts_at_return(hook)) {
		rp->entry_handler = enter;
		rp->handler = leave;
		rp->data_size = sizeof(struct pending);
		rp->maxactive = (int)ACTIVE_MAX;
		return register_kretprobe(rp);
	}
	rp->kp.pre_handler = hook->handler;
	return register_kprobe(&rp->kp);
}

static void hook_unregister(struct fdk_hook *hook)
{
	if (acts_at_return(hook))
		unregister_kretprobe(&hook->rp);
	else
		unregister_kprobe(&hook->rp.kp);
}

unsigned long fdk_hook_missed(const struct fdk_hook *hook)
{
	return hook->rp.kp.nmissed + (acts_at_return(hook) ? (unsigned long)hook->rp.nmissed : 0);
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
	return hook->armed && fdk_arch_armed(&hook->rp.kp);
}

static int hook_arm(struct fdk_hook *hook)
{
	int rc = hook_register(hook, 0);

	if (rc || fdk_arch_armed(&hook->rp.kp))
		return rc;
	hook_unregister(hook);
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

static int try_candidate(const struct fdk_candidate *from, const char **why)
{
	const void *callee, *caller;
	int rc = find_symbol(from->symbol, &callee);

	for (const char *const *c = from->callers; !rc && c && *c; c++) {
		if (!find_symbol(*c, &caller) && !fdk_arch_calls(caller, size_of(caller), callee))
			rc = -ESRCH;
	}
	*why = rc ? why_not(rc) : from->unfit ? from->unfit() : NULL;
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
		const char *bad;

		rc = try_candidate(hook->from, &bad);
		if (!bad)
			return;
		fdk_text_add(&why, "%s%s %s", why.len ? ", " : "", hook->from->symbol, bad);
		if (rc)
			fdk_text_add(&why, " (%d)", rc);
	}
	hook->from = NULL;
}

/* "point:symbol,…": what the operator knows better than the table. The arguments must be those of
 * the table's first candidate. */
static char *symbols;
module_param(symbols, charp, 0400);
MODULE_PARM_DESC(symbols, "point:function,… to be hooked instead of what the table says");

static const char *named_symbol(const struct fdk_point *point, size_t *len)
{
	size_t name = strlen(point->name);

	for (const char *at = symbols; at; at = strchr(at, ',')) {
		at += *at == ',';
		if (!strncmp(at, point->name, name) && at[name] == ':') {
			*len = strcspn(at + name + 1, ",");
			return at + name + 1;
		}
	}
	return NULL;
}

/* The candidates of a point: the one that was named, or the table's. */
static const struct fdk_candidate *candidates_of(struct fdk_hook *hook)
{
	size_t len = 0;
	const char *name = named_symbol(hook->point, &len);
	const struct fdk_candidate *from;

	if (!name || !len || len >= sizeof(hook->symbol))
		return hook->point->candidates;
	memcpy(hook->symbol, name, len);
	from = hook->point->candidates;
	while (from->symbol && strcmp(from->symbol, hook->symbol))
		from++;
	hook->named[0] = from->symbol ? *from : hook->point->candidates[0];
	hook->named[0].symbol = hook->symbol;
	if (!from->symbol)
		hook->named[0].callers = NULL; /* who knows who calls it */
	return hook->named;
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
	hook_unregister(hook);
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
		fdk_hook_find(&hooks[i], candidates_of(&hooks[i]));
	}
}

struct fdk_hook *fdk_hook_of(const struct fdk_point *point)
{
	return &hooks[point - fdk_points];
}
