// SPDX-License-Identifier: GPL-2.0-or-later
/* An architecture that nobody has written down yet: the module loads, and says so in `points`. */
#include <linux/kprobes.h>
#include <linux/ptrace.h>
#include "arch.h"

#if defined(CONFIG_X86_64)
const char fdk_arch_name[] = "x86_64";
#else
const char fdk_arch_name[] = "other";
#endif
const char *const fdk_arch_missing = "this architecture has no hooks yet, arm64 has";

bool fdk_arch_armed(const struct kprobe *kp)
{
	return false;
}

bool fdk_arch_calls(const void *text, unsigned long size, const void *callee)
{
	return true;
}

unsigned long fdk_arch_arg(struct pt_regs *regs, unsigned int n)
{
	return 0;
}

void fdk_arch_set_arg(struct pt_regs *regs, unsigned int n, unsigned long value)
{
}

unsigned long fdk_arch_result(struct pt_regs *regs)
{
	return 0;
}

void fdk_arch_set_result(struct pt_regs *regs, unsigned long value)
{
}

void fdk_arch_return(struct pt_regs *regs, unsigned long value)
{
}
