// SPDX-License-Identifier: GPL-2.0-or-later
/* The floor of tests/bench/icount: a kprobe whose handler does nothing, on the function that it is
 * told. */
#include <linux/kprobes.h>
#include <linux/module.h>

static char *symbol = "rw_verify_area";
module_param(symbol, charp, 0400);

static int handler(struct kprobe *kp, struct pt_regs *regs)
{
	return 0;
}

static struct kprobe kp = { .pre_handler = handler };

static int __init empty_init(void)
{
	kp.symbol_name = symbol;
	return register_kprobe(&kp);
}

static void __exit empty_exit(void)
{
	unregister_kprobe(&kp);
}

module_init(empty_init);
module_exit(empty_exit);
MODULE_LICENSE("GPL");
