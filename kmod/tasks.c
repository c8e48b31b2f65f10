// SPDX-License-Identifier: GPL-2.0-or-later
/* What is done to tasks: the registers of new ones, the end of page faults. */
#include <linux/build_bug.h>
#include <linux/compat.h>
#include <linux/kprobes.h>
#include <linux/mm_types.h>
#include <linux/sched.h>
#include <linux/sched/task_stack.h>
#include <linux/version.h>
#include <asm/ptrace.h>
#include "arch.h"
#include "calls.h"
#include "events.h"
#include "regs.h"
#include "rules.h"

#ifndef PF_USER_WORKER
#define PF_USER_WORKER 0 /* before 6.4 there are none */
#endif

/* Tasks that never run in user space have no registers there, those of 32 bits have others. */
static bool is_user(struct task_struct *task)
{
	return task->mm && !(task->flags & (PF_KTHREAD | PF_IO_WORKER | PF_USER_WORKER)) &&
	       !test_tsk_thread_flag(task, TIF_32BIT);
}
NOKPROBE_SYMBOL(is_user);

/* wake_up_new_task(struct task_struct *): the current task is the parent. */
void fdk_get_new_task(struct pt_regs *regs, struct fdk_call *call)
{
	struct task_struct *task = (struct task_struct *)fdk_arch_arg(regs, 0);

	call->obj = task;
	call->task = task->pid;
	call->cost = 1;
	if (!is_user(task))
		call->kind = FDK_KIND_NEVER;
}
NOKPROBE_SYMBOL(fdk_get_new_task);

static u64 *user_reg(struct pt_regs *regs, int reg)
{
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
NOKPROBE_SYMBOL(user_reg);

int fdk_apply_new_task(struct fdk_rule *rule, struct pt_regs *regs, struct fdk_event *event)
{
	struct task_struct *task = (struct task_struct *)fdk_arch_arg(regs, 0);
	u64 *reg = user_reg(task_pt_regs(task), rule->spec.action.reg);

	event->has_from = true;
	event->from = (long long)*reg;
	*reg = fdk_reg_apply(&rule->spec.action, *reg);
	event->to = (long long)*reg;
	return 0;
}
NOKPROBE_SYMBOL(fdk_apply_new_task);

/* Where the kernel still calls the OOM killer for it, that one would choose whom it likes. */
#define RETRIES                                                                                    \
	(LINUX_VERSION_CODE >= KERNEL_VERSION(5, 15, 3) ||                                         \
	 (LINUX_VERSION_CODE >= KERNEL_VERSION(5, 10, 80) &&                                       \
	  LINUX_VERSION_CODE < KERNEL_VERSION(5, 11, 0)))

const char *fdk_refuse_oom(const struct fdk_rule *rule)
{
	BUILD_BUG_ON(VM_FAULT_OOM != 0x1 || VM_FAULT_SIGBUS != 0x2 || VM_FAULT_SIGSEGV != 0x40);
	if (rule->spec.action.value == VM_FAULT_OOM && !RETRIES)
		return "this kernel would call the OOM killer, which chooses its victim itself";
	return NULL;
}
