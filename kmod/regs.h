/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registers of arm64 by name, and what an action makes of one. Plain C. */
#ifndef FAULTDECK_REGS_H
#define FAULTDECK_REGS_H

#include "shim.h"

struct fdk_action;

/* X0 to X30 are their own numbers. */
enum fdk_reg { FDK_REG_SP = 31, FDK_REG_PC, FDK_REG_PSTATE, FDK_REG_N };

/* N Z C V. The other bits of PSTATE say at which exception level and how a task runs. */
#define FDK_PSTATE_FLAGS 0xf0000000ULL

/* The register of this name (len bytes, capitals), or -1. */
int fdk_reg_find(const char *name, size_t len);
/* Its name goes to out, which holds 8 bytes. */
void fdk_reg_name(int reg, char *out);

/* What the action makes of this value; of freeze, the value itself. */
unsigned long long fdk_reg_apply(const struct fdk_action *action, unsigned long long value);
/* Could the action change bits that are not in mask? */
bool fdk_reg_exceeds(const struct fdk_action *action, unsigned long long mask);

#endif
