// SPDX-License-Identifier: GPL-2.0-or-later
/* faultdeck.ko: loading and unloading. Loading hooks nothing. */
#include <linux/module.h>
#include "abi.h"
#include "calls.h"
#include "debugfs.h"
#include "events.h"
#include "hooks.h"
#include "kin.h"
#include "rules.h"

static int __init fdk_init(void)
{
	int rc = fdk_events_start();

	if (rc)
		return rc;
	rc = fdk_calls_start();
	if (rc)
		goto out_events;
	rc = fdk_rules_start();
	if (rc)
		goto out_calls;
	fdk_hooks_find();
	fdk_kin_find();
#ifdef CONFIG_ARM64
	fdk_told_find();
#endif
	rc = fdk_debugfs_start();
	if (rc)
		goto out_rules;
	pr_info("faultdeck %s, abi %d: this kernel can be broken on purpose\n", FDK_VERSION,
		FDK_ABI);
	return 0;
out_rules:
	fdk_rules_stop();
out_calls:
	fdk_calls_stop();
out_events:
	fdk_events_stop();
	return rc;
}

static void __exit fdk_exit(void)
{
	fdk_debugfs_stop();
	fdk_rules_stop();
	fdk_calls_stop();
	fdk_events_stop();
}

module_init(fdk_init);
module_exit(fdk_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Breaks chosen tasks on purpose, for a time, and puts them back");
MODULE_VERSION(FDK_VERSION);
