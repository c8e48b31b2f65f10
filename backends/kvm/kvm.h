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
extern const struct fault kvm_faults[];
extern const struct kvm_fault kvm_points[];
extern const size_t kvm_nfaults;

/* module.c */
extern const struct operation kvm_operations[];
extern const size_t kvm_noperations;

#endif
