/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a call is about: getters, one for each hooked function's signature, and filters over it. */
#ifndef FAULTDECK_CALLS_H
#define FAULTDECK_CALLS_H

#include "points.h"

/* Filters; plain C. */
bool fdk_fits_file(const struct fdk_spec *spec, const struct fdk_call *call);
bool fdk_fits_cmd(const struct fdk_spec *spec, const struct fdk_call *call);

/* Getters; kernel only. */
void fdk_get_rw_verify_area(struct pt_regs *regs, struct fdk_call *call);
void fdk_get_file_permission(struct pt_regs *regs, struct fdk_call *call);
void fdk_get_file_ioctl(struct pt_regs *regs, struct fdk_call *call);

#endif
