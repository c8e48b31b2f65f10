// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of points; plain C. */
#include "points.h"
#include "calls.h"
#include "names.h"
#include "parse.h"

/* The candidates of a point, in order. */
#define FROM(fn, getter) .symbol = fn, .get = FDK_KERNEL_FN(getter)
#define CANDIDATES(name) static const struct fdk_candidate name[]

static const char *const file_callers[] = { "vfs_read", "vfs_write", NULL };

CANDIDATES(file_symbols) = {
	{ FROM("rw_verify_area", fdk_get_rw_verify_area), .callers = file_callers },
	{ FROM("security_file_permission", fdk_get_file_permission),
	  .lacks = FDK_BIT(FDK_KEY_RANGE) },
	{},
};
CANDIDATES(vfs_read_symbols) = { { FROM("vfs_read", fdk_get_vfs_read) }, {} };
CANDIDATES(vfs_write_symbols) = { { FROM("vfs_write", fdk_get_vfs_write) }, {} };
CANDIDATES(vm_ioctl_symbols) = { { FROM("kvm_vm_ioctl", fdk_get_file_ioctl) }, {} };
CANDIDATES(dev_ioctl_symbols) = { { FROM("kvm_dev_ioctl", fdk_get_file_ioctl) }, {} };
CANDIDATES(dirty_log_symbols) = { { FROM("kvm_vm_ioctl", fdk_get_dirty_log) }, {} };
CANDIDATES(new_task_symbols) = { { FROM("wake_up_new_task", fdk_get_new_task) }, {} };
CANDIDATES(handle_exit_symbols) = { { FROM("handle_exit", fdk_get_handle_exit) }, {} };
CANDIDATES(get_reg_symbols) = { { FROM("kvm_arm_get_reg", fdk_get_get_reg) }, {} };
CANDIDATES(mm_fault_symbols) = { { FROM("handle_mm_fault", fdk_get_mm_fault) }, {} };
CANDIDATES(clear_flush_symbols) = { { FROM("ptep_clear_flush", fdk_get_clear_flush) }, {} };
CANDIDATES(stage2_symbols) = {
	{ FROM("__kvm_tlb_flush_vmid_range", fdk_get_flush_range),
	  .unfit = FDK_KERNEL_FN(fdk_unfit_flush_range) },
	{ FROM("__kvm_tlb_flush_vmid_ipa", fdk_get_flush_ipa),
	  .unfit = FDK_KERNEL_FN(fdk_unfit_flush_ipa) },
	{},
};
static const char *const region_callers[] = { "kvm_vm_ioctl", NULL };

CANDIDATES(set_region_symbols) = {
	{ FROM("kvm_set_memory_region", fdk_get_set_region), .callers = region_callers },
	{ FROM("__kvm_set_memory_region", fdk_get_set_region) },
	{ FROM("kvm_arch_prepare_memory_region", fdk_get_nothing),
	  .lacks = FDK_BIT(FDK_KEY_RANGE) },
	{},
};
/* gfn_to_hva_many has its own in it, wherever it was not put into its callers. */
CANDIDATES(hva_symbols) = {
	{ FROM("gfn_to_hva_memslot_prot", fdk_get_memslot_gfn) },
	{ FROM("gfn_to_hva_memslot", fdk_get_memslot_gfn) },
	{ FROM("gfn_to_hva", fdk_get_kvm_gfn) },
	{},
};
CANDIDATES(reclaim_symbols) = {
	{ FROM("shrink_node", fdk_get_nothing) },
	{ FROM("shrink_lruvec", fdk_get_nothing) },
	{},
};

static const unsigned short read_errnos[] = { EIO,       EINTR,     EAGAIN,  ENXIO,   ENOMEM,
					      EACCES,    EPERM,     EBADF,   EINVAL,  ENODATA,
					      ESTALE,    ENODEV,    EBADMSG, EUCLEAN, ETIMEDOUT,
					      EREMOTEIO, ENOMEDIUM, 0 };

static const unsigned short write_errnos[] = { ENOSPC, EIO,     EROFS,     EDQUOT,    EFBIG,
					       EINTR,  EAGAIN,  ENXIO,     ENOMEM,    EACCES,
					       EPERM,  EBADF,   EINVAL,    EPIPE,     ESTALE,
					       ENODEV, EUCLEAN, ETIMEDOUT, EREMOTEIO, ENOMEDIUM,
					       0 };

static const unsigned short vm_errnos[] = { EPERM,  EACCES,     EINVAL, ENOMEM, EBUSY,  EEXIST,
					    EFAULT, ENOSPC,     ENOSYS, ENOTTY, ENXIO,  EIO,
					    EINTR,  EAGAIN,     E2BIG,  ENODEV, ENOENT, EMFILE,
					    ENFILE, EOPNOTSUPP, 0 };

static const unsigned short dev_errnos[] = { EPERM,  EACCES, EINVAL, ENOMEM, ENOSYS, ENOTTY, EIO,
					     ENODEV, ENXIO,  EBUSY,  EMFILE, ENFILE, 0 };

static const unsigned short region_errnos[] = { EINVAL, ENOMEM, EEXIST, EFAULT,
						ENOSPC, EPERM,  EIO,    0 };

#define RETURN FDK_BIT(FDK_ACT_RETURN)

const struct fdk_point fdk_points[] = {
	{
		.name = "file-read",
		.candidates = file_symbols,
		.result = FDK_RESULT_ERRNO,
		.actions = RETURN,
		.keys = FDK_BIT(FDK_KEY_FILES) | FDK_BIT(FDK_KEY_PATH) | FDK_BIT(FDK_KEY_RANGE),
		.errnos = read_errnos,
		.value = "errno of the read; nothing is read",
		.danger = "without path= every file of the process is meant, the libraries too "
			  "that a program reads when it starts",
	},
	{
		.name = "file-write",
		.candidates = file_symbols,
		.result = FDK_RESULT_ERRNO,
		.write = true,
		.actions = RETURN,
		.keys = FDK_BIT(FDK_KEY_FILES) | FDK_BIT(FDK_KEY_PATH) | FDK_BIT(FDK_KEY_RANGE),
		.errnos = write_errnos,
		.value = "errno of the write; nothing is written",
		.danger = "without path= every file of the process is meant, not only its disk; "
			  "QEMU pauses a guest that meets ENOSPC unless werror=report",
	},
	{
		.name = "vfs-read",
		.candidates = vfs_read_symbols,
		.result = FDK_RESULT_ERRNO,
		.leaves = true,
		.actions = FDK_BIT(FDK_ACT_AFTER) | FDK_BIT(FDK_ACT_SHORT),
		.keys = FDK_BIT(FDK_KEY_FILES) | FDK_BIT(FDK_KEY_PATH) | FDK_BIT(FDK_KEY_RANGE),
		.errnos = read_errnos,
		.value = "after: the read was done and says that it failed; short: it gives no "
			 "more bytes than that",
		.danger = "only read and pread come here, not vectors, AIO or io_uring",
		.apply = FDK_KERNEL_FN(fdk_apply_short),
	},
	{
		.name = "vfs-write",
		.candidates = vfs_write_symbols,
		.result = FDK_RESULT_ERRNO,
		.write = true,
		.leaves = true,
		.actions = FDK_BIT(FDK_ACT_AFTER) | FDK_BIT(FDK_ACT_SHORT),
		.keys = FDK_BIT(FDK_KEY_FILES) | FDK_BIT(FDK_KEY_PATH) | FDK_BIT(FDK_KEY_RANGE),
		.errnos = write_errnos,
		.value = "after: the write was done and says that it failed; short: it takes no "
			 "more bytes than that",
		.danger = "only write and pwrite come here, not vectors, AIO or io_uring",
		.apply = FDK_KERNEL_FN(fdk_apply_short),
	},
	{
		.name = "vm-ioctl",
		.candidates = vm_ioctl_symbols,
		.result = FDK_RESULT_ERRNO,
		.actions = RETURN,
		.keys = FDK_BIT(FDK_KEY_CMD),
		.errnos = vm_errnos,
		.cmds = fdk_vm_ioctls,
		.value = "errno of the ioctl; without cmd= of every ioctl on the VM",
		.danger = "most VM processes exit when an ioctl that they need fails",
	},
	{
		.name = "dev-ioctl",
		.candidates = dev_ioctl_symbols,
		.result = FDK_RESULT_NUMBER,
		.actions = RETURN,
		.keys = FDK_BIT(FDK_KEY_CMD) | FDK_BIT(FDK_KEY_EXT),
		.errnos = dev_errnos,
		.cmds = fdk_dev_ioctls,
		.value = "what an ioctl on /dev/kvm answers: an errno, or a number from 0 on; ext= "
			 "is "
			 "the extension that KVM_CHECK_EXTENSION asks for",
		.danger =
			"a VM process that starts asks here first, and exits when it does not like "
			"the answer",
	},
	{
		.name = "clone-regs",
		.candidates = new_task_symbols,
		.flags_only = true,
		.actions = FDK_ACTS_REG,
		.value = "user registers of each task that the target makes, before it first runs: "
			 "X0 "
			 "to X30, SP, PC, and N Z C V of PSTATE",
		.danger = "a new thread that faults takes its whole process with it; a new process "
			  "only itself",
		.apply = FDK_KERNEL_FN(fdk_apply_new_task),
	},
	{
		.name = "vcpu-regs",
		.candidates = handle_exit_symbols,
		.flags_only = true,
		.actions = FDK_ACTS_REG,
		.keys = FDK_BIT(FDK_KEY_VCPU),
		.value = "registers of a guest's vCPU, at an exit: X0 to X30, SP of the level that "
			 "it "
			 "runs at, PC, and N Z C V of PSTATE",
		.danger = "the guest computes on with it and may write wrong data to its disks; "
			  "without times= every exit changes it again",
		.apply = FDK_KERNEL_FN(fdk_apply_vcpu),
	},
	{
		.name = "get-reg",
		.candidates = get_reg_symbols,
		.actions = FDK_ACTS_REG | FDK_BIT(FDK_ACT_FREEZE),
		.keys = FDK_BIT(FDK_KEY_VCPU),
		.value =
			"what KVM_GET_ONE_REG tells of X0 to X30, SP, PC or PSTATE; the vCPU keeps "
			"its own",
		.danger =
			"a state that is saved or migrated meanwhile is saved wrong; a VM process "
			"that asked while its VM was stopped writes the false value back when it "
			"goes "
			"on after this has ended",
		.apply = FDK_KERNEL_FN(fdk_apply_get_reg),
		.beside = FDK_KERNEL_FN(&fdk_told_hook),
	},
	{
		.name = "mm-fault",
		.candidates = mm_fault_symbols,
		.result = FDK_RESULT_CODE,
		.actions = RETURN,
		.keys = FDK_BIT(FDK_KEY_RANGE),
		.codes = fdk_fault_codes,
		.value = "what a page fault ends with; nothing is mapped. range= are addresses",
		.danger =
			"SIGBUS and SIGSEGV kill the process as a rule; after OOM the kernel tries "
			"again: the target spins until this ends; without range= any new page is "
			"meant, its stack as well",
		.refuse = FDK_KERNEL_FN(fdk_refuse_oom),
	},
	{
		.name = "tlb-flush",
		.candidates = clear_flush_symbols,
		.actions = FDK_BIT(FDK_ACT_SKIP),
		.keys = FDK_BIT(FDK_KEY_RANGE),
		.value = "a page of a file that is mapped is replaced (copy on write), and other "
			 "CPUs "
			 "are not told: threads there read the old page. range= are addresses",
		.danger =
			"only pages of files (shared memory, memfd, images), never one that is "
			"being freed; what the target did with stale data cannot be undone in the "
			"target",
		.apply = FDK_KERNEL_FN(fdk_apply_clear_flush),
		.end = FDK_KERNEL_FN(fdk_stale_end),
	},
	{
		.name = "stage2-flush",
		.candidates = stage2_symbols,
		.actions = FDK_BIT(FDK_ACT_SKIP),
		.keys = FDK_BIT(FDK_KEY_RANGE),
		.value =
			"a page of a file that is guest memory is unmapped from the guest, and its "
			"CPUs are not told. range= are guest physical addresses",
		.danger = "only pages of files (memfd, images), never one that is being freed; "
			  "what the guest did with stale data cannot be undone in the target",
		.apply = FDK_KERNEL_FN(fdk_apply_flush_ipa),
		.end = FDK_KERNEL_FN(fdk_stale_end),
	},
	{
		.name = "memory-region",
		.candidates = set_region_symbols,
		.result = FDK_RESULT_ERRNO,
		.actions = RETURN,
		.keys = FDK_BIT(FDK_KEY_RANGE),
		.errnos = region_errnos,
		.value = "errno of adding, changing or removing guest memory. range= are guest "
			 "physical addresses",
		.danger = "QEMU aborts when this fails while its guest runs",
	},
	{
		.name = "memory-hva",
		.candidates = hva_symbols,
		.result = FDK_RESULT_CODE,
		.actions = RETURN,
		.keys = FDK_BIT(FDK_KEY_RANGE),
		.codes = fdk_hva_codes,
		.value = "BAD: guest memory that is not mapped yet seems to have none behind it: "
			 "data "
			 "goes through the VM process as if it were a device, an instruction is an "
			 "external abort. range= are guest physical addresses",
		.danger = "a guest kernel that meets an external abort panics, and a VM process "
			  "may stop at an access that it cannot emulate",
		.apply = FDK_KERNEL_FN(fdk_apply_bad_hva),
	},
	{
		.name = "dirty-log",
		.candidates = dirty_log_symbols,
		.leaves = true,
		.actions = FDK_BIT(FDK_ACT_HIDE),
		.keys = FDK_BIT(FDK_KEY_RANGE),
		.value =
			"KVM_GET_DIRTY_LOG does not tell of so many of the pages. range= are guest "
			"physical addresses",
		.danger = "a migration meanwhile gives a guest with old memory; pages that were "
			  "hidden "
			  "are told again when this ends, unless their log was stopped before",
		.leave = FDK_KERNEL_FN(fdk_leave_dirty_log),
		.refuse = FDK_KERNEL_FN(fdk_refuse_dirty_ring),
	},
	{
		.name = "reclaim",
		.candidates = reclaim_symbols,
		.actions = FDK_BIT(FDK_ACT_SKIP),
		.value = "the target frees nothing when it has to reclaim memory",
		.danger =
			"its memory cgroup meets the OOM killer, which may take another process of "
			"the group",
	},
};

const unsigned int fdk_points_n = ARRAY_SIZE(fdk_points);

const struct fdk_point *fdk_point_find(const char *name, size_t len)
{
	for (unsigned int i = 0; i < fdk_points_n; i++) {
		if (strlen(fdk_points[i].name) == len && !memcmp(fdk_points[i].name, name, len))
			return &fdk_points[i];
	}
	return NULL;
}

bool fdk_point_takes_errno(const struct fdk_point *point, unsigned int value)
{
	for (const unsigned short *e = point->errnos; e && *e; e++) {
		if (*e == value)
			return true;
	}
	return false;
}
