/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of errnos and of KVM's ioctls, in tables that a program can walk for completion and help.
 * Plain C. The ioctl numbers are arm64's, whatever machine this is compiled for.
 */
#ifndef FAULTDECK_NAMES_H
#define FAULTDECK_NAMES_H

#include "shim.h"

struct fdk_name {
	const char *name;
	unsigned int value;
};

/* Ended by a row without a name. */
extern const struct fdk_name fdk_errnos[];
extern const struct fdk_name fdk_vm_ioctls[];
extern const struct fdk_name fdk_dev_ioctls[];
extern const struct fdk_name fdk_fault_codes[]; /* enum vm_fault_reason */
extern const struct fdk_name fdk_hva_codes[];

/* The row with this name (len bytes, not terminated) or this value; NULL where there is none. */
const struct fdk_name *fdk_name_find(const struct fdk_name *table, const char *name, size_t len);
const struct fdk_name *fdk_name_of(const struct fdk_name *table, unsigned int value);

#endif
