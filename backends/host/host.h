/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BACKENDS_HOST_HOST_H
#define BACKENDS_HOST_HOST_H
/* Faults that every node can have: host.cfg and the sh files beside it. */
#include "../../core/manifest.h"

extern const struct manifest_file host_files[];

#endif
