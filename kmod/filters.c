// SPDX-License-Identifier: GPL-2.0-or-later
/* Which calls a rule is about; plain C. */
#include "calls.h"
#include "parse.h"

bool fdk_fits_file(const struct fdk_spec *spec, const struct fdk_call *call)
{
	if (call->kind == FDK_KIND_OWN)
		return false;
	return spec->files_all || call->kind == FDK_KIND_DISK;
}
NOKPROBE_SYMBOL(fdk_fits_file);

bool fdk_fits_cmd(const struct fdk_spec *spec, const struct fdk_call *call)
{
	for (unsigned int i = 0; i < spec->cmds; i++) {
		if (spec->cmd[i] == call->cmd)
			return true;
	}
	return !spec->cmds;
}
NOKPROBE_SYMBOL(fdk_fits_cmd);
