/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who a rule is for: pinned at arm, compared at each call. */
#ifndef FAULTDECK_TARGETS_H
#define FAULTDECK_TARGETS_H

#include "parse.h"

struct fdk_rule;
struct task_struct;

/* Finds and pins the rule's process and thread; refuses those that must not be hit. */
int fdk_targets_pin(struct fdk_rule *rule, struct fdk_err *e);
void fdk_targets_unpin(struct fdk_rule *rule);

/* alive, gone (nothing more will be hit); of a rule by comm: waiting, or seen once one came. */
const char *fdk_targets_state(const struct fdk_rule *rule, unsigned long long calls);

/* Is this task a target? In a kprobe's handler. */
bool fdk_rule_targets(const struct fdk_rule *rule, struct task_struct *task);

#endif
