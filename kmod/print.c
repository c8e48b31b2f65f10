// SPDX-License-Identifier: GPL-2.0-or-later
/* A rule's spec as the words of an arm command; plain C. */
#include "parse.h"
#include "names.h"

void fdk_action_print(const struct fdk_action *action, struct fdk_text *t)
{
	const struct fdk_name *row;

	fdk_text_add(t, "%s", fdk_action_names[action->kind]);
	if (action->kind != FDK_ACT_RETURN && action->kind != FDK_ACT_AFTER)
		return;
	row = fdk_name_of(fdk_errnos, (unsigned int)-action->value);
	if (row)
		fdk_text_add(t, ":%s", row->name);
	else
		fdk_text_add(t, ":%lld", action->value);
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

void fdk_cmd_print(unsigned int cmd, struct fdk_text *t)
{
	const struct fdk_name *row = fdk_name_of(fdk_vm_ioctls, cmd);

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
		fdk_cmd_print(spec->cmd[i], t);
	}
}

void fdk_spec_print(const struct fdk_spec *spec, struct fdk_text *t)
{
	fdk_text_add(t, "id=%s point=%s", spec->id, spec->point->name);
	print_target(spec, t);
	print_filters(spec, t);
	fdk_text_add(t, " action=");
	fdk_action_print(&spec->action, t);
	fdk_text_add(t, " probability=%lld interval=%lld times=%lld space=%lld ttl_ms=%lld",
		     spec->gate.probability, spec->gate.interval, spec->gate.times,
		     spec->gate.space, spec->ttl_ms);
}
