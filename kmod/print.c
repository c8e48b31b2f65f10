// SPDX-License-Identifier: GPL-2.0-or-later
/* A rule's spec as the words of an arm command; plain C. */
#include "parse.h"
#include "names.h"
#include "regs.h"

void fdk_result_print(const struct fdk_point *point, long long value, struct fdk_text *t)
{
	const struct fdk_name *row =
		point->codes ? fdk_name_of(point->codes, (unsigned int)value) : NULL;

	if (row)
		fdk_text_add(t, "%s", row->name);
	else if (value < 0 && (row = fdk_name_of(fdk_errnos, (unsigned int)-value)))
		fdk_text_add(t, "%s", row->name);
	else
		fdk_text_add(t, "%lld", value);
}

void fdk_action_print(const struct fdk_spec *spec, struct fdk_text *t)
{
	const struct fdk_action *action = &spec->action;
	char reg[8];

	fdk_reg_name(action->reg, reg);
	fdk_text_add(t, "%s", fdk_action_names[action->kind]);
	switch (action->kind) {
	case FDK_ACT_RETURN:
	case FDK_ACT_AFTER:
		fdk_text_add(t, ":");
		fdk_result_print(spec->point, action->value, t);
		break;
	case FDK_ACT_SKIP:
		break;
	case FDK_ACT_SHORT:
		fdk_text_add(t, ":%lld", action->value);
		break;
	case FDK_ACT_HIDE:
		fdk_text_add(t, ":share=%lld", action->value);
		break;
	case FDK_ACT_FREEZE:
		fdk_text_add(t, ":%s", reg);
		break;
	case FDK_ACT_FLIP:
		fdk_text_add(t, ":%s:%lld", reg, action->value);
		break;
	default:
		fdk_text_add(t, ":%s:0x%llx", reg, (unsigned long long)action->value);
	}
}

static void print_target(const struct fdk_spec *spec, struct fdk_text *t)
{
	if (spec->tgid)
		fdk_text_add(t, " tgid=%lld", spec->tgid);
	if (spec->tid)
		fdk_text_add(t, " tid=%lld", spec->tid);
	if (spec->comm[0]) {
		fdk_text_add(t, " comm=");
		fdk_text_word(t, spec->comm, strlen(spec->comm));
	}
	if (spec->inherit)
		fdk_text_add(t, " inherit=1");
}

void fdk_cmd_print(const struct fdk_point *point, unsigned int cmd, struct fdk_text *t)
{
	const struct fdk_name *row = fdk_name_of(point->cmds, cmd);

	if (row)
		fdk_text_add(t, "%s", row->name);
	else
		fdk_text_add(t, "0x%x", cmd);
}

static void print_filters(const struct fdk_spec *spec, struct fdk_text *t)
{
	if (spec->point->keys & FDK_BIT(FDK_KEY_FILES))
		fdk_text_add(t, " files=%s", spec->files_all ? "all" : "regular");
	for (unsigned int i = 0; i < spec->cmds; i++) {
		fdk_text_add(t, "%s", i ? "," : " cmd=");
		fdk_cmd_print(spec->point, spec->cmd[i], t);
	}
	if (spec->keys & FDK_BIT(FDK_KEY_EXT))
		fdk_text_add(t, " ext=%lld", spec->ext);
	if (spec->path[0]) {
		fdk_text_add(t, " path=");
		fdk_text_word(t, spec->path, strlen(spec->path));
	}
	if (spec->keys & FDK_BIT(FDK_KEY_RANGE))
		fdk_text_add(t, " range=0x%llx-0x%llx", spec->lo, spec->hi);
	if (spec->keys & FDK_BIT(FDK_KEY_VCPU))
		fdk_text_add(t, " vcpu=%lld", spec->vcpu);
}

void fdk_spec_print(const struct fdk_spec *spec, struct fdk_text *t)
{
	fdk_text_add(t, "id=%s point=%s", spec->id, spec->point->name);
	print_target(spec, t);
	print_filters(spec, t);
	fdk_text_add(t, " action=");
	fdk_action_print(spec, t);
	fdk_text_add(t, " probability=%lld interval=%lld times=%lld space=%lld ttl_ms=%lld",
		     spec->gate.probability, spec->gate.interval, spec->gate.times,
		     spec->gate.space, spec->ttl_ms);
}
