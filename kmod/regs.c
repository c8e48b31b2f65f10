// SPDX-License-Identifier: GPL-2.0-or-later
/* Registers by name; plain C. */
#include "regs.h"
#include "parse.h"

static const char *const named[] = { "SP", "PC", "PSTATE" };

int fdk_reg_find(const char *name, size_t len)
{
	char have[8];

	for (int reg = 0; reg < FDK_REG_N; reg++) {
		fdk_reg_name(reg, have);
		if (strlen(have) == len && !memcmp(have, name, len))
			return reg;
	}
	return -1;
}

void fdk_reg_name(int reg, char *out)
{
	struct fdk_text t = { out, 8, 0 };

	if (reg < FDK_REG_SP)
		fdk_text_add(&t, "X%d", reg);
	else
		fdk_text_add(&t, "%s", named[reg - FDK_REG_SP]);
}

/* set: on PSTATE leaves alone what is no flag where the point allows nothing else. */
unsigned long long fdk_reg_apply(const struct fdk_action *action, unsigned long long value)
{
	unsigned long long v = (unsigned long long)action->value;

	switch (action->kind) {
	case FDK_ACT_FLIP:
		return value ^ 1ULL << v;
	case FDK_ACT_XOR:
		return value ^ v;
	case FDK_ACT_OR:
		return value | v;
	case FDK_ACT_CLEAR:
		return value & ~v;
	case FDK_ACT_SET:
		return (value & ~action->mask) | v;
	default:
		return value;
	}
}
NOKPROBE_SYMBOL(fdk_reg_apply);

bool fdk_reg_exceeds(const struct fdk_action *action, unsigned long long mask)
{
	unsigned long long v = (unsigned long long)action->value;

	if (action->kind == FDK_ACT_FLIP)
		v = 1ULL << v;
	return (v & ~mask) != 0;
}
