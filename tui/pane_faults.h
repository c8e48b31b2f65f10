/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TUI_PANE_FAULTS_H
#define TUI_PANE_FAULTS_H
#include "core/catalogue.h"

#include "pane.h"

struct faults {
	struct list list;
	size_t n;
	char (*why)[200]; /* of each fault: why it does not fit, "" it does */
};

/* The I-th fault's target for T: a fault for a VM that starts next takes it from its node. */
struct target fault_target(const struct fault *f, const struct target *t);
void faults_free(struct faults *f);

#endif
