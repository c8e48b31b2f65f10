/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A new thread that stores all its registers before it does anything else. */
#ifndef CLONE_H
#define CLONE_H

#include <stdint.h>

/* X0 to X30 are their own numbers. */
enum { CLONE_SP = 31, CLONE_FLAGS, CLONE_REGS_N };

struct clone_regs {
	uint64_t reg[CLONE_REGS_N];
};

/* Clones once; the registers of the new thread and of this one, right after. 0 or -1. */
int clone_see(struct clone_regs *child, struct clone_regs *parent);

/* What a register holds in a thread that nobody meddled with. */
uint64_t clone_expected(int reg);

/* Another thread of this process that uses its registers all the time; what of them was changed
 * since, once it has been through with all of them. */
int clone_bystander(void);
uint64_t clone_harm(void);

#endif
