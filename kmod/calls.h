/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a call is about: getters, one for each hooked function's signature, a filter over it, and
 * what the points do that do more than set a return value. */
#ifndef FAULTDECK_CALLS_H
#define FAULTDECK_CALLS_H

#include "points.h"

/* Is this call one that the rule is about? Plain C. */
bool fdk_fits(const struct fdk_spec *spec, const struct fdk_call *call);
/* The name of the call's file, valid until the next call on this CPU; NULL: it has none. The
 * kernel's own; a program that uses fdk_fits brings another. */
const char *fdk_call_path(const struct fdk_call *call);

int fdk_calls_start(void);
void fdk_calls_stop(void);

/* Getters; kernel only. */
void fdk_get_rw_verify_area(struct pt_regs *regs, struct fdk_call *call);
void fdk_get_file_permission(struct pt_regs *regs, struct fdk_call *call);
void fdk_get_vfs_read(struct pt_regs *regs, struct fdk_call *call);
void fdk_get_vfs_write(struct pt_regs *regs, struct fdk_call *call);
void fdk_get_file_ioctl(struct pt_regs *regs, struct fdk_call *call);
void fdk_get_mm_fault(struct pt_regs *regs, struct fdk_call *call);
void fdk_get_nothing(struct pt_regs *regs, struct fdk_call *call);
int fdk_apply_short(struct fdk_rule *rule, struct pt_regs *regs, struct fdk_event *event);
/* tasks.c: the new task of wake_up_new_task */
void fdk_get_new_task(struct pt_regs *regs, struct fdk_call *call);
int fdk_apply_new_task(struct fdk_rule *rule, struct pt_regs *regs, struct fdk_event *event);
const char *fdk_refuse_oom(const struct fdk_rule *rule);
/* vcpus.c */
void fdk_get_handle_exit(struct pt_regs *regs, struct fdk_call *call);
int fdk_apply_vcpu(struct fdk_rule *rule, struct pt_regs *regs, struct fdk_event *event);
void fdk_get_get_reg(struct pt_regs *regs, struct fdk_call *call);
int fdk_apply_get_reg(struct fdk_rule *rule, struct pt_regs *regs, struct fdk_event *event);
/* kvm_arm_set_reg: QEMU writes back what it was told, and must not change the vCPU by that. */
extern struct fdk_hook fdk_told_hook;
void fdk_told_find(void);
/* slots.c: memory slots and the dirty log */
void fdk_get_set_region(struct pt_regs *regs, struct fdk_call *call);
void fdk_get_memslot_gfn(struct pt_regs *regs, struct fdk_call *call);
void fdk_get_kvm_gfn(struct pt_regs *regs, struct fdk_call *call);
int fdk_apply_bad_hva(struct fdk_rule *rule, struct pt_regs *regs, struct fdk_event *event);
void fdk_get_dirty_log(struct pt_regs *regs, struct fdk_call *call);
bool fdk_leave_dirty_log(struct fdk_rule *rule, struct pt_regs *regs, struct fdk_event *event);
const char *fdk_refuse_dirty_ring(const struct fdk_rule *rule);
/* stale.c: flushes that are left out */
void fdk_get_clear_flush(struct pt_regs *regs, struct fdk_call *call);
int fdk_apply_clear_flush(struct fdk_rule *rule, struct pt_regs *regs, struct fdk_event *event);
void fdk_get_flush_ipa(struct pt_regs *regs, struct fdk_call *call);
void fdk_get_flush_range(struct pt_regs *regs, struct fdk_call *call);
int fdk_apply_flush_ipa(struct fdk_rule *rule, struct pt_regs *regs, struct fdk_event *event);
const char *fdk_unfit_flush_ipa(void);
const char *fdk_unfit_flush_range(void);
/* Flushes what the rule left out, and lets go of the pages. */
void fdk_stale_end(const struct fdk_rule *rule);

#endif
