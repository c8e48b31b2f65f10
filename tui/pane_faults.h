/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TUI_PANE_FAULTS_H
#define TUI_PANE_FAULTS_H
#include "core/catalogue.h"

#include "pane.h"

struct faults {
	struct list list;
	size_t n;
	char (*why)[200]; /* of each fault: why it does not fit, "" it does */
	size_t *rows;     /* faults as shown: those that fit first within their backend */
	size_t nrows;
	char cur[64]; /* the name of the selected one */
	struct pane_filter filter;
};

/* The I-th fault's target for T: a fault for a VM that starts next takes it from its node. */
struct target fault_target(const struct fault *f, const struct target *t);
/* Selects the first fault of BACKEND. */
void faults_go_to(struct ui *u, const char *backend);
void faults_free(struct faults *f);

#endif
