/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The gate decides whether a call that fits a rule is hit. Its four numbers mean what they mean in
 * the kernel's fault-injection framework (should_fail). Plain C.
 */
#ifndef FAULTDECK_GATE_H
#define FAULTDECK_GATE_H

#include "shim.h"

struct fdk_gate_spec {
	long long probability; /* per cent of the calls that get this far */
	long long interval;    /* of those, every how many-th */
	long long times;       /* hits before it stops, FDK_TIMES_ENDLESS for no end */
	long long space;       /* this much passes first: bytes of I/O, else calls */
};

struct fdk_gate {
	struct fdk_gate_spec spec;
	fdk_counter times;
	fdk_counter space;
	fdk_counter count;
};

void fdk_gate_init(struct fdk_gate *gate, const struct fdk_gate_spec *spec);

/*
 * True when this call is hit. size is what the call takes off `space`. draw gives a random number
 * and is asked only when the outcome hangs on it. Any number of CPUs may ask at once: `times` is
 * never exceeded. Takes no lock.
 */
bool fdk_gate_pass(struct fdk_gate *gate, long long size, unsigned int (*draw)(void));

#endif
