// SPDX-License-Identifier: GPL-2.0-or-later
/* Registers and calls of arm64. */
#include <linux/kprobes.h>
#include <linux/ptrace.h>
#include "arch.h"

const char fdk_arch_name[] = "aarch64";
const char *const fdk_arch_missing;

/* Any BRK will do: another probe on the same function may have put it there. */
bool fdk_arch_armed(const struct kprobe *kp)
{
	return (le32_to_cpup((const __le32 *)kp->addr) & 0xffe0001f) == 0xd4200000;
}

/* B and BL hold the distance in words, in their low 26 bits. */
bool fdk_arch_calls(const void *text, unsigned long size, const void *callee)
{
	const __le32 *at = text;

	for (; size >= 4; size -= 4, at++) {
		u32 insn = le32_to_cpup(at);
		long words = sign_extend32(insn, 25);

		if ((insn & 0x7c000000) == 0x14000000 && at + words == callee)
			return true;
	}
	return false;
}

unsigned long fdk_arch_arg(struct pt_regs *regs, unsigned int n)
{
	return n < 8 ? regs->regs[n] : 0;
}
NOKPROBE_SYMBOL(fdk_arch_arg);

void fdk_arch_set_arg(struct pt_regs *regs, unsigned int n, unsigned long value)
{
	regs->regs[n] = value;
}
NOKPROBE_SYMBOL(fdk_arch_set_arg);

unsigned long fdk_arch_result(struct pt_regs *regs)
{
	return regs->regs[0];
}
NOKPROBE_SYMBOL(fdk_arch_result);

void fdk_arch_set_result(struct pt_regs *regs, unsigned long value)
{
	regs->regs[0] = value;
}
NOKPROBE_SYMBOL(fdk_arch_set_result);

/*
 * At a function's first instruction the link register is not yet signed. PSTATE.BTYPE says that we
 * came by an indirect call where a function pointer was used; left in place, it makes the
 * instruction after the call a branch target exception on a kernel with BTI.
 */
void fdk_arch_return(struct pt_regs *regs, unsigned long value)
{
	regs->regs[0] = value;
	regs->pc = regs->regs[30];
	regs->pstate &= ~PSR_BTYPE_MASK;
}
NOKPROBE_SYMBOL(fdk_arch_return);
