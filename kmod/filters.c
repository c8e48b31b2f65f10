// SPDX-License-Identifier: GPL-2.0-or-later
/* Which calls a rule is about; plain C. */
#include "calls.h"
#include "parse.h"

static bool fits_cmd(const struct fdk_spec *spec, unsigned int cmd)
{
	for (unsigned int i = 0; i < spec->cmds; i++) {
		if (spec->cmd[i] == cmd)
			return true;
	}
	return !spec->cmds;
}
NOKPROBE_SYMBOL(fits_cmd);

/* Do the two have a byte in common? A call whose place is not known has none. */
static bool fits_range(const struct fdk_spec *spec, const struct fdk_call *call)
{
	unsigned long long at = (unsigned long long)call->at;

	return call->at >= 0 && call->len > 0 && at <= spec->hi &&
	       at + (unsigned long long)call->len - 1 >= spec->lo;
}
NOKPROBE_SYMBOL(fits_range);

static bool fits_path(const struct fdk_spec *spec, const struct fdk_call *call)
{
	const char *path = fdk_call_path(call);

	return path && !strncmp(path, spec->path, strlen(spec->path));
}
NOKPROBE_SYMBOL(fits_path);

static bool has(const struct fdk_spec *spec, enum fdk_key key)
{
	return spec->keys & FDK_BIT(key);
}
NOKPROBE_SYMBOL(has);

bool fdk_fits(const struct fdk_spec *spec, const struct fdk_call *call)
{
	if (call->kind == FDK_KIND_NEVER || (call->kind == FDK_KIND_OTHER && !spec->files_all))
		return false;
	if (call->reg && call->reg != spec->action.reg + 1)
		return false;
	if (has(spec, FDK_KEY_EXT) && call->ext != (unsigned long long)spec->ext)
		return false;
	if (has(spec, FDK_KEY_VCPU) && call->vcpu != (int)spec->vcpu)
		return false;
	if (has(spec, FDK_KEY_RANGE) && !fits_range(spec, call))
		return false;
	return fits_cmd(spec, call->cmd) && (!has(spec, FDK_KEY_PATH) || fits_path(spec, call));
}
NOKPROBE_SYMBOL(fdk_fits);
