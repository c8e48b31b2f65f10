// SPDX-License-Identifier: GPL-2.0-or-later
/* The catalogue of this backend. What a point may return, its registers and ioctls, and its danger
 * come from the module's own table (kmod/points.c), before main() runs. */
#include "kvm.h"

#include <string.h>

#include "../../kmod/names.h"
#include "../../kmod/points.h"
#include "../../kmod/regs.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))
#define VM       (1u << KIND_VM)
#define PID      (1u << KIND_PID)
#define NEW_VM   (1u << KIND_NEW_VM)
#define VCPU     (1u << KIND_VCPU)

static const char *const file_hows[] = { "fail", "after", "short", NULL };
static const char *const update_wheres[] = { "process", "guest", NULL };
static const char *const any[] = { "any", NULL };
static const char *const all[] = { "all", NULL };
static const char *const file_kinds[] = { "regular", "all", NULL };
static const char *const comms[] = {
	"qemu-system-aar", "qemu-kvm", "qemu-system-x86", "kvm", "lkvm", "firecracker",
	"cloud-hyperviso", NULL
};

/* What the kernel's own fault-injection framework calls these, every point has. */
#define INT(n, d, lo, hi, u, text)                                                                 \
	{                                                                                          \
		.name = n, .type = PARAM_INT, .def = d, .min = lo, .max = hi, .unit = u,           \
		.help = text                                                                       \
	}
#define CHOICE(n, d, list, text)                                                                   \
	{                                                                                          \
		.name = n, .type = PARAM_CHOICE, .def = d, .choices = list, .help = text           \
	}
#define GATE(times)                                                                                \
	INT("probability", "100", 1, 100, "%", "how likely a matching call is hit"),               \
		INT("interval", "1", 1, 1000000000, "", "hit every n-th matching call"),           \
		INT("times", times, -1, 1000000000, "",                                            \
		    "stop after so many hits; -1: no such limit"),                                 \
		INT("space", "0", 0, 1LL << 60, "",                                                \
		    "let so many calls pass first; of files, so many bytes")
#define FILES                                                                                      \
	CHOICE("files", "regular", file_kinds,                                                     \
	       "regular: files and block devices; all: also eventfds, pipes, consoles")
#define RANGE(text)                                                                                \
	{                                                                                          \
		.name = "range", .type = PARAM_RANGE, .def = "all", .choices = all, .help = text   \
	}
#define FILE_COMMON                                                                                \
	CHOICE("how", "fail", file_hows,                                                           \
	       "fail: nothing is done; after: it is done and told otherwise; short: part of it"),  \
		INT("bytes", "1", 0, 2147483647, "B", "of short: no more than that"), FILES,       \
		{ .name = "path",                                                                  \
		  .type = PARAM_TEXT,                                                              \
		  .def = "any",                                                                    \
		  .choices = any,                                                                  \
		  .help = "how the file's full path begins" },                                     \
		RANGE("bytes of the file, FIRST-LAST"), GATE("-1")
#define COMM                                                                                       \
	CHOICE("comm", "qemu-system-aar", comms,                                                   \
	       "new-vm only: the process name (15 bytes of it) to wait for")
/* The point's own choices, see take_param. */
#define TAKEN(n, d, text)                                                                          \
	{                                                                                          \
		.name = n, .type = PARAM_CHOICE, .def = d, .help = text                            \
	}
#define CMD(d, text)                                                                               \
	{                                                                                          \
		.name = "cmd", .type = PARAM_WORDS, .def = d, .min = 1, .max = 0xffffffff,         \
		.help = text                                                                       \
	}
#define VALUE                                                                                      \
	{                                                                                          \
		.name = "value", .type = PARAM_BITS, .def = "40",                                  \
		.help = "flip: the bit, 0 to 63; set: the value; else the mask; not for N Z C V"   \
	}
/* The original tool knows a flipped PC as fault type 1. */
#define REG(text)                                                                                  \
	{                                                                                          \
		.name = "reg", .alias = "type", .type = PARAM_CHOICE, .def = "PC", .help = text    \
	}
#define VCPU_PARAM INT("vcpu", "-1", -1, 4095, "", "of a whole VM, the one vCPU; -1: any")

static struct param read_params[] = { TAKEN("errno", "EIO", NULL), FILE_COMMON };
static struct param write_params[] = { TAKEN("errno", "ENOSPC", NULL), FILE_COMMON };
static struct param ioctl_params[] = {
	TAKEN("errno", "EPERM", NULL),
	CMD("KVM_CREATE_VCPU", "the VM ioctls that are denied, by name or number"), COMM, GATE("-1")
};
static struct param version_params[] = {
	{ .name = "answer",
	  .type = PARAM_TEXT,
	  .def = "11",
	  .help = "a number from 0 on, or an errno as EPERM" },
	CMD("KVM_GET_API_VERSION", "the questions to /dev/kvm that are answered so"),
	INT("ext", "-1", -1, 0x7fffffff, "", "of KVM_CHECK_EXTENSION: the one; -1: any"),
	COMM,
	GATE("-1")
};
static struct param cpu_params[] = {
	REG("of the new task, before it first runs"),
	TAKEN("how", "flip", "flip one bit, set to a value, or by a mask"), VALUE, GATE("1")
};
static struct param vcpu_params[] = { REG("of the guest's vCPU"),
				      TAKEN("how", "flip",
					    "flip one bit, set to a value, or by a mask"),
				      VALUE, VCPU_PARAM, GATE("1") };
static struct param query_params[] = { TAKEN("reg", "PC", "that is told wrong"),
				       TAKEN("how", "xor",
					     "freeze: what is asked for first is told ever after"),
				       VALUE, VCPU_PARAM, GATE("-1") };
static struct param load_params[] = { TAKEN("result", "SIGBUS", NULL),
				      RANGE("addresses in the process, FIRST-LAST"), GATE("-1") };
static struct param update_params[] = {
	CHOICE("where", "process", update_wheres,
	       "process: its own mappings; guest: those of the guest, behind its own back"),
	RANGE("addresses (guest: guest physical), FIRST-LAST"), GATE("-1")
};
static struct param region_params[] = { TAKEN("errno", "EINVAL", NULL),
					RANGE("guest physical addresses, FIRST-LAST"), COMM,
					GATE("-1") };
static struct param hva_params[] = { RANGE("guest physical addresses, FIRST-LAST"), COMM,
				     GATE("-1") };
static struct param dirty_params[] = { INT("share", "100", 1, 100, "%",
					   "of the pages, always the same ones"),
				       RANGE("guest physical addresses, FIRST-LAST"), GATE("-1") };
static struct param reclaim_params[] = { GATE("-1") };

#define PARAMS(p) .params = p, .nparams = COUNT(p)

struct fault kvm_faults[KVM_FAULTS] = {
	{ .name = "kvm.file-read",
	  .summary = "reads of files and disks by the VM's process fail",
	  .seen = "the guest's disk reads fail with I/O errors, or QEMU pauses it (rerror=stop)",
	  .undone =
		  "the rule is disarmed; the next read succeeds; a VM that QEMU paused is resumed",
	  .targets = VM | PID,
	  .flags = FAULT_KERNEL,
	  .aftermath = AFTER_HEALS,
	  .after_text =
		  "heals; a VM that QEMU paused for the error (rerror=stop) is resumed by cont",
	  .recovery_ms = 5000,
	  .way = "rule",
	  PARAMS(read_params) },
	{ .name = "kvm.file-write",
	  .summary = "writes of files and disks by the VM's process fail",
	  .seen = "the guest's disk writes fail; with QEMU's default werror=enospc ENOSPC pauses "
		  "the VM",
	  .undone =
		  "the rule is disarmed; the next write succeeds; a VM that QEMU paused is resumed",
	  .targets = VM | PID,
	  .flags = FAULT_KERNEL,
	  .aftermath = AFTER_PAUSED,
	  .after_text =
		  "a disk with werror=report heals; with werror=enospc (QEMU's default) ENOSPC "
		  "leaves the VM paused, and the restore resumes it by cont",
	  .recovery_ms = 5000,
	  .way = "rule",
	  PARAMS(write_params) },
	{ .name = "kvm.ioctl-deny",
	  .summary = "KVM refuses chosen VM ioctls of the process",
	  .seen = "a new VM fails to start with its own message; a running one when it next asks",
	  .undone = "the rule is disarmed; the next such ioctl succeeds",
	  .targets = VM | NEW_VM,
	  .flags = FAULT_KERNEL,
	  .aftermath = AFTER_HEALS,
	  .after_text = "heals; a VM that exited because of it has to be started again",
	  .recovery_ms = 2000,
	  .way = "rule",
	  PARAMS(ioctl_params) },
	{ .name = "kvm.cpu-fi",
	  .summary = "a register of the next thread or process that the target makes is wrong "
		     "before it first runs",
	  .seen = "the new task computes wrongly or crashes; its parent keeps its own registers",
	  .undone = "the rule is disarmed; the next new task is whole",
	  .targets = VM | PID,
	  .flags = FAULT_KERNEL | FAULT_LASTING,
	  .aftermath = AFTER_DEAD,
	  .after_text = "what the task did with the wrong register cannot be undone in the target; "
			"a VM that crashed has to be started again",
	  .recovery_ms = 2000,
	  .way = "rule",
	  PARAMS(cpu_params) },
	{ .name = "kvm.vcpu-regs",
	  .summary = "a register of the running guest's vCPU is changed",
	  .seen = "the guest computes wrongly, or meets a fault or a panic of its own",
	  .undone = "the rule is disarmed; the register stays what the guest made of it",
	  .targets = VM | VCPU,
	  .flags = FAULT_KERNEL | FAULT_LASTING,
	  .aftermath = AFTER_DEAD,
	  .after_text = "what the guest did with the wrong register cannot be undone in the "
			"target; a guest that panicked has to be started again",
	  .recovery_ms = 2000,
	  .way = "rule",
	  PARAMS(vcpu_params) },
	{ .name = "kvm.memory-load",
	  .summary = "page faults of the process end with an error, nothing is mapped",
	  .seen = "SIGBUS or SIGSEGV in the process, a guest's memory access that fails (QEMU "
		  "stops it); OOM: the process spins and gets nowhere",
	  .undone = "the rule is disarmed; the next page fault is served",
	  .targets = VM | PID,
	  .flags = FAULT_KERNEL | FAULT_LASTING,
	  .aftermath = AFTER_DEAD,
	  .after_text = "a process that the signal killed has to be started again; with OOM it "
			"heals: the kernel has tried again all the while",
	  .recovery_ms = 2000,
	  .way = "rule",
	  PARAMS(load_params) },
	{ .name = "kvm.memory-update",
	  .summary = "a changed mapping is not told to other CPUs: a stale translation is used",
	  .seen = "threads, or the guest, read an old page through a mapping that was changed",
	  .undone = "the rule is disarmed, all translations are flushed, the old pages are let go",
	  .targets = VM | PID,
	  .flags = FAULT_KERNEL | FAULT_LASTING,
	  .aftermath = AFTER_HEALS,
	  .after_text = "the next read is right again; what was done with stale data cannot be "
			"undone in the target",
	  .recovery_ms = 2000,
	  .way = "rule",
	  PARAMS(update_params) },
	{ .name = "kvm.memory-region",
	  .summary = "KVM refuses to add, change or remove guest memory",
	  .seen = "a new VM fails to start with its own message; a running QEMU aborts when it "
		  "next changes a slot",
	  .undone = "the rule is disarmed; the next change succeeds",
	  .targets = VM | NEW_VM,
	  .flags = FAULT_KERNEL | FAULT_LASTING,
	  .aftermath = AFTER_DEAD,
	  .after_text = "a VM whose process ended because of it has to be started again",
	  .recovery_ms = 2000,
	  .way = "rule",
	  PARAMS(region_params) },
	{ .name = "kvm.memory-hva",
	  .summary = "guest memory that is not mapped yet seems to have nothing behind it",
	  .seen = "the guest's data access goes through QEMU as if to a device; an instruction "
		  "fetch is an external abort in the guest; QEMU may stop at what it cannot "
		  "emulate",
	  .undone = "the rule is disarmed; the next access is mapped",
	  .targets = VM | NEW_VM,
	  .flags = FAULT_KERNEL | FAULT_LASTING,
	  .aftermath = AFTER_DEAD,
	  .after_text = "a guest that panicked or was stopped has to be started again; one that "
			"was only slow heals",
	  .recovery_ms = 2000,
	  .way = "rule",
	  PARAMS(hva_params) },
	{ .name = "kvm.state-query",
	  .summary = "whoever asks KVM for a vCPU's registers is told wrong",
	  .seen = "info registers, a dump or a monitor shows a false PC or PSTATE; the guest "
		  "itself "
		  "goes on unharmed",
	  .undone = "the rule is disarmed; the next answer is true",
	  .targets = VM | VCPU,
	  .flags = FAULT_KERNEL,
	  .aftermath = AFTER_HEALS,
	  .after_text = "heals",
	  .recovery_ms = 2000,
	  .way = "rule",
	  PARAMS(query_params) },
	{ .name = "kvm.version-query",
	  .summary = "/dev/kvm lies about its version or an extension",
	  .seen = "a new VM fails to start with its own message",
	  .undone = "the rule is disarmed; the next answer is true",
	  .targets = VM | PID | NEW_VM,
	  .flags = FAULT_KERNEL,
	  .aftermath = AFTER_HEALS,
	  .after_text = "heals; a VM that did not start has to be started again",
	  .recovery_ms = 2000,
	  .way = "rule",
	  PARAMS(version_params) },
	{ .name = "kvm.dirty-log",
	  .summary = "pages that the guest wrote are missing from KVM's dirty log",
	  .seen = "a migration meanwhile ends with memory that differs",
	  .undone = "the rule is disarmed; pages that were hidden are told again",
	  .targets = VM,
	  .flags = FAULT_KERNEL | FAULT_LASTING,
	  .aftermath = AFTER_HEALS,
	  .after_text = "a log that goes on heals; a guest that was migrated meanwhile is damaged "
			"and has to be started again",
	  .recovery_ms = 2000,
	  .way = "rule",
	  PARAMS(dirty_params) },
	{ .name = "kvm.reclaim",
	  .summary = "the process frees nothing when it has to reclaim memory",
	  .seen = "under memory pressure its cgroup meets the OOM killer instead of shrinking",
	  .undone = "the rule is disarmed; the next reclaim makes progress",
	  .targets = VM | PID,
	  .flags = FAULT_KERNEL | FAULT_LASTING,
	  .aftermath = AFTER_DEAD,
	  .after_text = "a process that the OOM killer took has to be started again",
	  .recovery_ms = 2000,
	  .way = "rule",
	  PARAMS(reclaim_params) },
};
const struct kvm_fault kvm_points[KVM_FAULTS] = {
	{ "file-read", KVM_ACT_FILE, "vfs-read", "how", "fail" },
	{ "file-write", KVM_ACT_FILE, "vfs-write", "how", "fail" },
	{ "vm-ioctl", KVM_ACT_RETURN, NULL, NULL, NULL },
	{ "clone-regs", KVM_ACT_REG, NULL, NULL, NULL },
	{ "vcpu-regs", KVM_ACT_REG, NULL, NULL, NULL },
	{ "mm-fault", KVM_ACT_RETURN, NULL, NULL, NULL },
	{ "tlb-flush", KVM_ACT_SKIP, "stage2-flush", "where", "process" },
	{ "memory-region", KVM_ACT_RETURN, NULL, NULL, NULL },
	{ "memory-hva", KVM_ACT_BAD, NULL, NULL, NULL },
	{ "get-reg", KVM_ACT_REG, NULL, NULL, NULL },
	{ "dev-ioctl", KVM_ACT_RETURN, NULL, NULL, NULL },
	{ "dirty-log", KVM_ACT_SHARE, NULL, NULL, NULL },
	{ "reclaim", KVM_ACT_SKIP, NULL, NULL, NULL },
};

/* Lists of names, each ended by NULL. */
static const char *pool[600];
static size_t pooled;

static void add(const char *name)
{
	if (pooled < COUNT(pool) - 1)
		pool[pooled++] = name;
}

static void add_names(const struct fdk_name *table)
{
	for (; table && table->name; table++)
		add(table->name);
}

static void add_values(const struct fdk_point *point)
{
	for (const unsigned short *e = point->errnos; e && *e; e++)
		add(fdk_name_of(fdk_errnos, *e)->name);
	add_names(point->codes);
}

#define ACTION_NAME(sym, name, form) [FDK_ACT_##sym] = name,
static void add_actions(const struct fdk_point *point)
{
	static const char *const names[] = { FDK_ACTIONS(ACTION_NAME) };

	for (int i = 0; i < FDK_ACT_N; i++)
		if (point->actions & FDK_BIT(i))
			add(names[i]);
}

/* Of PSTATE either the flags, by their letters, or all of it. */
static void add_regs(const struct fdk_point *point)
{
	static const char *const flags[] = { "N", "Z", "C", "V", "1" };
	static char names[FDK_REG_N][8];

	for (int i = 0; i < FDK_REG_N; i++) {
		fdk_reg_name(i, names[i]);
		if (i != FDK_REG_PSTATE || !point->flags_only)
			add(names[i]);
	}
	for (size_t i = 0; i < COUNT(flags) && point->flags_only; i++)
		add(flags[i]);
}

static void add_cmds(const struct fdk_point *point)
{
	add_names(point->cmds);
}

static void take_param(struct param *p, const struct fdk_point *point)
{
	static const struct {
		const char *name;
		void (*add)(const struct fdk_point *point);
	} takers[] = { { "errno", add_values },
		       { "result", add_values },
		       { "how", add_actions },
		       { "reg", add_regs },
		       { "cmd", add_cmds } };

	for (size_t i = 0; i < COUNT(takers) && !p->choices; i++) {
		if (strcmp(p->name, takers[i].name) != 0)
			continue;
		p->choices = pool + pooled;
		takers[i].add(point);
		pooled++;
		if (!p->help)
			p->help = point->value;
	}
}

__attribute__((constructor)) static void take_points(void)
{
	for (size_t i = 0; i < KVM_FAULTS; i++) {
		struct fault *f = &kvm_faults[i];
		const struct fdk_point *point =
			fdk_point_find(kvm_points[i].point, strlen(kvm_points[i].point));

		f->risk = point->danger;
		for (size_t k = 0; k < f->nparams; k++)
			take_param((struct param *)&f->params[k], point);
	}
}
