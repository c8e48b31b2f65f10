/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BACKENDS_KVM_KVM_H
#define BACKENDS_KVM_KVM_H
/* KVM hosts and their guests, broken through faultdeck.ko (DESIGN section 5). */
#include "../../core/catalogue.h"

extern const struct backend kvm_backend;

/* faults.c: a fault of the module is a catalogue entry plus the point that serves it. */
struct kvm_fault {
	const char *point;
	bool has_files; /* takes files=regular|all */
	bool has_cmd;   /* takes cmd= */
};
#define KVM_FAULTS 3
extern const struct fault kvm_faults[KVM_FAULTS];
extern const struct kvm_fault kvm_points[KVM_FAULTS];

/* module.c */
#define KVM_OPERATIONS 6
extern const struct operation kvm_operations[KVM_OPERATIONS];

#endif
