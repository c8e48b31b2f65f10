/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BACKENDS_KVM_KVM_H
#define BACKENDS_KVM_KVM_H
/* KVM hosts and their guests, broken through faultdeck.ko (DESIGN section 5). */
#include "../../core/catalogue.h"

extern const struct backend kvm_backend;

/* How a fault's parameters become the action of a rule. */
enum kvm_action {
	KVM_ACT_RETURN, /* its first parameter: what the call answers */
	KVM_ACT_FILE,   /* how=fail|after|short, errno, bytes */
	KVM_ACT_REG,    /* reg, how, value */
	KVM_ACT_SHARE,  /* share */
	KVM_ACT_SKIP,
	KVM_ACT_BAD
};

/* faults.c: a fault of the module is a catalogue entry plus the point that serves it. */
struct kvm_fault {
	const char *point;
	enum kvm_action action;
	const char *other;    /* the point that serves it where … */
	const char *other_by; /* … this parameter … */
	const char *other_is; /* … does not have this value */
};
#define KVM_FAULTS 13
extern struct fault kvm_faults[KVM_FAULTS]; /* whole once main() runs */
extern const struct kvm_fault kvm_points[KVM_FAULTS];

/* arm.c: the point that serves the fault with these parameters, and the module's command for it. */
const char *kvm_point(const struct fault *f, const struct params *p);
void kvm_arm(struct buf *b, const struct fault *f, const struct target *t, const struct params *p,
	     const char *id, int pid, int64_t ttl_ms);

/* module.c */
#define KVM_OPERATIONS 6
extern const struct operation kvm_operations[KVM_OPERATIONS];

#endif
