// SPDX-License-Identifier: GPL-2.0-or-later
#include "kvm.h"

#include "../../kmod/abi.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static const char kvm_collect[] =
#include "kvm/qmp.sh.inc"
#include "kvm/collect.sh.inc"
#include "kvm/live.sh.inc"
	;
static const char kvm_rule[] =
#include "kvm/qmp.sh.inc"
#include "kvm/rule.sh.inc"
	;

static const struct metric metrics[] = {
	{ "exits", "exits", "/s", KIND_VM, true, 1 },
	{ "cpu", "cpu", "%", KIND_VM, true, 0.1 }, /* the node counts milliseconds */
	{ "rss", "memory", "B", KIND_VM, false, 1 },
	{ "write", "write", "B/s", KIND_VM, true, 1 },
	{ "read", "read", "B/s", KIND_VM, true, 1 },
};

/* Why the module cannot serve this point on this node now; NULL: it can. */
static const char *module_unfit(const char *point, const struct item *node, char *buf, size_t n)
{
	const char *module = item_attr(node, "module"), *state;
	char key[64];

	if (!module || strcmp(module, "absent") == 0) {
		snprintf(buf, n, "the module is not loaded: faultdeck --batch module load NODE");
		return buf;
	}
	if (strcmp(module, "unreadable") == 0) {
		snprintf(buf, n,
			 "the module is loaded, but debugfs cannot be read: mount -t debugfs none "
			 "/sys/kernel/debug, unless the kernel is locked down (see check)");
		return buf;
	}
	snprintf(key, sizeof(key), "point:%s", point);
	state = item_attr(node, key);
	if (!state || strncmp(state, "ready", 5) == 0)
		return NULL;
	snprintf(buf, n, "point %s: %s", point, state);
	return buf;
}

static const char *kvm_unfit(const struct backend *b, const struct fault *f, const struct target *t,
			     const struct node_view *v, char *buf, size_t n)
{
	(void)b;
	if (t->kind == KIND_PID && strcmp(t->name, "1") == 0)
		return "pid 1 is protected";
	return module_unfit(kvm_points[f - kvm_faults].point, &v->items[0], buf, n);
}

static void assign(struct buf *b, const char *name, const char *value)
{
	buf_fmt(b, "%s=", name);
	buf_shell(b, value);
	buf_str(b, "\n");
}

static void undo_lines(struct act *act, const struct fault *f, const char *id, int64_t ttl_ms,
		       bool vm)
{
	char ttl[24];

	buf_fmt(&act->undo_lines, "disarm id=%s\n", id);
	if (vm)
		buf_str(&act->undo_lines,
			"cont, if QEMU paused the VM for an I/O error meanwhile\n");
	if (f->flags & FAULT_LASTING)
		buf_fmt(&act->undo_lines, "(%s)\n", f->after_text);
	buf_fmt(&act->undo_lines, "(also by itself after %s, on the node)\n",
		text_duration_str(ttl, sizeof(ttl), ttl_ms));
}

/* What the parameters mean together. */
static int check_params(const struct fault *f, const struct params *p, struct err *e)
{
	const char *how = params_get(f, p, "how"), *value = params_get(f, p, "value");

	if (how && value && strcmp(how, "flip") == 0 && strtoull(value, NULL, 0) > 63)
		return err_set(e, -ERANGE, "value: with how=flip it is the bit, from 0 to 63");
	return 0;
}

static int kvm_plan(const struct backend *b, const struct plan_in *in, struct act *act,
		    struct err *e)
{
	const struct target *t = in->target;
	bool of_vm = t->kind == KIND_VM || t->kind == KIND_VCPU;
	const struct item *vm = of_vm ? node_view_item(in->view, KIND_VM, t->name) : NULL;
	const char *libvirt = vm ? item_attr(vm, "libvirt") : NULL;
	int pid = vm ? vm->pid : (int)strtol(t->name, NULL, 10);
	struct buf arm = BUF_INIT(FDK_LINE_MAX);
	char number[16], why[400];

	(void)b;
	if (check_params(in->fault, in->params, e))
		return e->code;
	if (module_unfit(kvm_point(in->fault, in->params), &in->view->items[0], why, sizeof(why)))
		return err_set(e, -EOPNOTSUPP, "%s", why);
	kvm_arm(&arm, in->fault, t, in->params, in->id, pid, in->ttl_ms);
	buf_fmt(&act->do_lines, "%s\n", buf_text(&arm));
	undo_lines(act, in->fault, in->id, in->ttl_ms, vm);
	assign(&act->script, "KVM_ARM", buf_text(&arm));
	assign(&act->script, "KVM_QMP", vm && item_attr(vm, "qmp") ? item_attr(vm, "qmp") : "");
	assign(&act->script, "KVM_LIBVIRT", libvirt && *libvirt ? vm->name : "");
	snprintf(number, sizeof(number), "%d", pid);
	assign(&act->script, "KVM_PID", number);
	buf_str(&act->script, kvm_rule);
	act->script.broken |= arm.broken;
	buf_free(&arm);
	return act->script.broken ? err_set(e, -E2BIG, "the command is too long") : 0;
}

const struct backend kvm_backend = {
	.name = "kvm",
	.collect_sh = kvm_collect,
	.metrics = metrics,
	.nmetrics = COUNT(metrics),
	.faults = kvm_faults,
	.nfaults = KVM_FAULTS,
	.operations = kvm_operations,
	.noperations = KVM_OPERATIONS,
	.unfit = kvm_unfit,
	.plan = kvm_plan,
};
