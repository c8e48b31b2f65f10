/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What belongs to one architecture: arm64.c, or noarch.c, which says why nothing can be hooked. */
#ifndef FAULTDECK_ARCH_H
#define FAULTDECK_ARCH_H

#include <linux/types.h>

struct pt_regs;

extern const char fdk_arch_name[];
extern const char *const fdk_arch_missing; /* why no point works here; NULL: they do */

struct kprobe;

/* Is the probe really in the kernel's text? Not so where kprobes were switched off as a whole. */
bool fdk_arch_armed(const struct kprobe *kp);

/* Is there a call of callee in the size bytes of a function's text? */
bool fdk_arch_calls(const void *text, unsigned long size, const void *callee);

/* At the entry of a function: its n-th argument (0 to 7). */
unsigned long fdk_arch_arg(struct pt_regs *regs, unsigned int n);

void fdk_arch_set_arg(struct pt_regs *regs, unsigned int n, unsigned long value);

/* When a function returns: what it gives. */
unsigned long fdk_arch_result(struct pt_regs *regs);
void fdk_arch_set_result(struct pt_regs *regs, unsigned long value);

/* At the entry of a function: return to its caller at once, with this value. */
void fdk_arch_return(struct pt_regs *regs, unsigned long value);

#endif
