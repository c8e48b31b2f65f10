// SPDX-License-Identifier: GPL-2.0-or-later
/* A guest's vCPUs: their registers, and what is told of them. */
#include <linux/kprobes.h>
#include <linux/kvm_host.h>
#include <linux/uaccess.h>
#include <asm/kvm_emulate.h>
#include <asm/virt.h>
#include "arch.h"
#include "calls.h"
#include "events.h"
#include "hooks.h"
#include "regs.h"
#include "rules.h"
#include "targets.h"

static void about_vcpu(struct fdk_call *call, const struct kvm_vcpu *vcpu)
{
	call->obj = vcpu;
	call->vcpu = vcpu->vcpu_id;
	call->cost = 1;
}
NOKPROBE_SYMBOL(about_vcpu);

/* handle_exit(struct kvm_vcpu *, int): the guest's general registers are in memory. */
void fdk_get_handle_exit(struct pt_regs *regs, struct fdk_call *call)
{
	about_vcpu(call, (const struct kvm_vcpu *)fdk_arch_arg(regs, 0));
}
NOKPROBE_SYMBOL(fdk_get_handle_exit);

/* At EL1 with a stack pointer of its own? */
static bool uses_sp_el1(struct kvm_vcpu *vcpu)
{
	return (vcpu_gp_regs(vcpu)->pstate & PSR_MODE_MASK) == PSR_MODE_EL1h;
}
NOKPROBE_SYMBOL(uses_sp_el1);

/* With VHE, SP_EL1 stays in the CPU while its vCPU is loaded there; without, each exit saves it. */
static u64 sp_el1(struct kvm_vcpu *vcpu)
{
	return is_kernel_in_hyp_mode() ? read_sysreg(sp_el1)
				       : ctxt_sys_reg(&vcpu->arch.ctxt, SP_EL1);
}
NOKPROBE_SYMBOL(sp_el1);

static void set_sp_el1(struct kvm_vcpu *vcpu, u64 value)
{
	if (is_kernel_in_hyp_mode())
		write_sysreg(value, sp_el1);
	else
		ctxt_sys_reg(&vcpu->arch.ctxt, SP_EL1) = value;
}
NOKPROBE_SYMBOL(set_sp_el1);

static __u64 *guest_reg(struct kvm_vcpu *vcpu, int reg)
{
	struct user_pt_regs *regs = vcpu_gp_regs(vcpu);

	switch (reg) {
	case FDK_REG_SP:
		return &regs->sp;
	case FDK_REG_PC:
		return &regs->pc;
	case FDK_REG_PSTATE:
		return &regs->pstate;
	default:
		return &regs->regs[reg];
	}
}
NOKPROBE_SYMBOL(guest_reg);

int fdk_apply_vcpu(struct fdk_rule *rule, struct pt_regs *regs, struct fdk_event *event)
{
	struct kvm_vcpu *vcpu = (struct kvm_vcpu *)fdk_arch_arg(regs, 0);
	const struct fdk_action *action = &rule->spec.action;
	bool other_sp = action->reg == FDK_REG_SP && uses_sp_el1(vcpu);
	__u64 *reg = guest_reg(vcpu, action->reg);
	u64 from = other_sp ? sp_el1(vcpu) : *reg, to = fdk_reg_apply(action, from);

	if (other_sp)
		set_sp_el1(vcpu, to);
	else
		*reg = to;
	event->has_from = true;
	event->from = (long long)from;
	event->to = (long long)to;
	return 0;
}
NOKPROBE_SYMBOL(fdk_apply_vcpu);

/* Which of our registers KVM_GET_ONE_REG means, or -1. Indices are in words of 32 bits. */
static int core_reg(u64 id)
{
	const u64 core = KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE;
	u64 at = (id & ~core) / 2;

	BUILD_BUG_ON(offsetof(struct kvm_regs, regs.sp) != FDK_REG_SP * 8);
	BUILD_BUG_ON(offsetof(struct kvm_regs, regs.pstate) != FDK_REG_PSTATE * 8);
	return (id & core) == core && !(id & 1) && at < FDK_REG_N ? (int)at : -1;
}
NOKPROBE_SYMBOL(core_reg);

/* kvm_arm_get_reg(struct kvm_vcpu *, const struct kvm_one_reg *) */
void fdk_get_get_reg(struct pt_regs *regs, struct fdk_call *call)
{
	const struct kvm_one_reg *one = (const struct kvm_one_reg *)fdk_arch_arg(regs, 1);
	int reg = core_reg(one->id);

	about_vcpu(call, (const struct kvm_vcpu *)fdk_arch_arg(regs, 0));
	if (reg < 0)
		call->kind = FDK_KIND_NEVER;
	call->reg = reg + 1;
}
NOKPROBE_SYMBOL(fdk_get_get_reg);

static u64 told(struct fdk_rule *rule, int vcpu, u64 value)
{
	struct fdk_told *last = &rule->told[vcpu];

	if (rule->spec.action.kind != FDK_ACT_FREEZE)
		last->value = fdk_reg_apply(&rule->spec.action, value);
	else if (!last->known)
		last->value = value;
	last->known = true;
	return last->value;
}
NOKPROBE_SYMBOL(told);

/* Answers in the body's place, so that nothing of the vCPU is ever touched. */
int fdk_apply_get_reg(struct fdk_rule *rule, struct pt_regs *regs, struct fdk_event *event)
{
	struct kvm_vcpu *vcpu = (struct kvm_vcpu *)fdk_arch_arg(regs, 0);
	const struct kvm_one_reg *one = (const struct kvm_one_reg *)fdk_arch_arg(regs, 1);
	u64 from = *guest_reg(vcpu, event->call.reg - 1), to;

	if (vcpu->vcpu_id >= FDK_TOLD_MAX)
		return -1;
	to = told(rule, vcpu->vcpu_id, from);

	if (copy_to_user_nofault((void __user *)(unsigned long)one->addr, &to, sizeof(to)))
		return -1;
	event->has_from = true;
	event->from = (long long)from;
	event->to = (long long)to;
	fdk_arch_return(regs, 0);
	return 1;
}
NOKPROBE_SYMBOL(fdk_apply_get_reg);

struct fdk_hook fdk_told_hook;

/* Does it write what this rule told? */
static bool was_told(const struct fdk_rule *rule, const struct fdk_call *call, u64 value)
{
	const struct fdk_told *last = &rule->told[call->vcpu];

	return fdk_rule_targets(rule, current) && fdk_fits(&rule->spec, call) && last->known &&
	       last->value == value;
}
NOKPROBE_SYMBOL(was_told);

/* kvm_arm_set_reg(struct kvm_vcpu *, const struct kvm_one_reg *) */
static int told_handler(struct kprobe *kp, struct pt_regs *regs)
{
	const struct fdk_set *set = rcu_dereference_sched(fdk_told_hook.set);
	const struct kvm_one_reg *one;
	struct fdk_call call = {};
	u64 value;

	if (likely(!(READ_ONCE(set->mask) >> (current->tgid & 63) & 1)))
		return 0;
	fdk_get_get_reg(regs, &call);
	one = (const struct kvm_one_reg *)fdk_arch_arg(regs, 1);
	if (call.kind == FDK_KIND_NEVER || call.vcpu >= FDK_TOLD_MAX ||
	    copy_from_user_nofault(&value, (void __user *)(unsigned long)one->addr, sizeof(value)))
		return 0;
	for (unsigned int i = 0; i < set->n; i++) {
		const struct fdk_rule *rule = READ_ONCE(set->rule[i]);

		if (rule && !READ_ONCE(rule->over) && was_told(rule, &call, value)) {
			fdk_arch_return(regs, 0);
			return 1;
		}
	}
	return 0;
}
NOKPROBE_SYMBOL(told_handler);

void fdk_told_find(void)
{
	static const struct fdk_candidate symbols[] = { { .symbol = "kvm_arm_set_reg" }, {} };

	fdk_told_hook.handler = told_handler;
	fdk_hook_find(&fdk_told_hook, symbols);
}
