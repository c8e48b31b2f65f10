/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inherit=1: children of a rule's targets, and theirs, that begin while the rule is armed. They
 * stay with the rule when a parent exits. One kprobe where new tasks first wake serves all rules.
 */
#ifndef FAULTDECK_KIN_H
#define FAULTDECK_KIN_H

#include <linux/types.h>

struct fdk_hook;
struct fdk_kin;
struct pid;

struct fdk_kin *fdk_kin_new(void);
void fdk_kin_free(struct fdk_kin *kin); /* no handler may see it any more; NULL is fine */
bool fdk_kin_has(const struct fdk_kin *kin, const struct pid *tgid);
unsigned long fdk_kin_lost(const struct fdk_kin *kin); /* children beyond FDK_KIN_MAX */

/* The hook that finds children; its rules are those with kin. */
extern struct fdk_hook fdk_kin_hook;
void fdk_kin_find(void);

#endif
