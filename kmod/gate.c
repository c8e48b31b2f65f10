// SPDX-License-Identifier: GPL-2.0-or-later
/* Whether a call that fits a rule is hit; plain C, the semantic of should_fail(). */
#include "gate.h"
#include "abi.h"

void fdk_gate_init(struct fdk_gate *gate, const struct fdk_gate_spec *spec)
{
	gate->spec = *spec;
	fdk_counter_set(&gate->times, spec->times);
	fdk_counter_set(&gate->space, spec->space);
	fdk_counter_set(&gate->count, 0);
}

bool fdk_gate_pass(struct fdk_gate *gate, long long size, unsigned int (*draw)(void))
{
	const struct fdk_gate_spec *spec = &gate->spec;

	if (spec->times != FDK_TIMES_ENDLESS && fdk_counter_read(&gate->times) <= 0)
		return false;
	if (spec->space && fdk_counter_read(&gate->space) > size) {
		fdk_counter_sub(&gate->space, size);
		return false;
	}
	if (spec->interval > 1 && fdk_counter_inc(&gate->count) % spec->interval)
		return false;
	if (spec->probability < 100 && spec->probability <= (long long)(draw() % 100))
		return false;
	return spec->times == FDK_TIMES_ENDLESS || fdk_counter_take(&gate->times);
}
NOKPROBE_SYMBOL(fdk_gate_pass);
