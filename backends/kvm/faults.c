// SPDX-License-Identifier: GPL-2.0-or-later
/* The catalogue of this backend. What the errnos may be is kmod/points.c's word: a test compares.
 */
#include "kvm.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))
#define VM       (1u << KIND_VM)
#define PID      (1u << KIND_PID)
#define NEW_VM   (1u << KIND_NEW_VM)

static const char *const read_errnos[] = { "EIO",     "EINTR",  "EAGAIN",    "ENXIO",
					   "ENOMEM",  "EACCES", "ESTALE",    "EBADMSG",
					   "EUCLEAN", "ENODEV", "ETIMEDOUT", NULL };
static const char *const write_errnos[] = { "ENOSPC", "EROFS",  "EIO",       "EDQUOT",
					    "EFBIG",  "EINTR",  "EAGAIN",    "ENOMEM",
					    "EACCES", "ESTALE", "ETIMEDOUT", NULL };
static const char *const ioctl_errnos[] = { "EPERM", "EACCES", "EINVAL", "ENOMEM",
					    "EBUSY", "EFAULT", "ENOSPC", "ENOTTY",
					    "EIO",   "EINTR",  NULL };
static const char *const file_kinds[] = { "regular", "all", NULL };
static const char *const ioctls[] = { "KVM_CREATE_VCPU",
				      "KVM_SET_USER_MEMORY_REGION",
				      "KVM_GET_DIRTY_LOG",
				      "KVM_CLEAR_DIRTY_LOG",
				      "KVM_CREATE_IRQCHIP",
				      "KVM_IRQ_LINE",
				      "KVM_IRQFD",
				      "KVM_IOEVENTFD",
				      "KVM_SET_GSI_ROUTING",
				      "KVM_SIGNAL_MSI",
				      "KVM_CREATE_DEVICE",
				      "KVM_CHECK_EXTENSION",
				      "KVM_ENABLE_CAP",
				      "KVM_ARM_PREFERRED_TARGET",
				      NULL };
static const char *const comms[] = {
	"qemu-system-aar", "qemu-kvm", "qemu-system-x86", "kvm", "lkvm", "firecracker",
	"cloud-hyperviso", NULL
};

/* What the kernel's own fault-injection framework calls these, every point has. */
#define GATE                                                                                       \
	{ .name = "probability",                                                                   \
	  .type = PARAM_INT,                                                                       \
	  .def = "100",                                                                            \
	  .min = 1,                                                                                \
	  .max = 100,                                                                              \
	  .unit = "%",                                                                             \
	  .help = "how likely a matching call is hit" },                                           \
		{ .name = "interval",                                                              \
		  .type = PARAM_INT,                                                               \
		  .def = "1",                                                                      \
		  .min = 1,                                                                        \
		  .max = 1000000000,                                                               \
		  .help = "hit every n-th matching call" },                                        \
		{ .name = "times",                                                                 \
		  .type = PARAM_INT,                                                               \
		  .def = "-1",                                                                     \
		  .min = -1,                                                                       \
		  .max = 1000000000,                                                               \
		  .help = "stop after so many hits; -1: no such limit" },                          \
	{                                                                                          \
		.name = "space", .type = PARAM_INT, .def = "0", .min = 0, .max = 1LL << 60,        \
		.help = "let so many bytes (ioctls: calls) pass first"                             \
	}

#define ERRNO_PARAM(first, list, text)                                                             \
	{                                                                                          \
		.name = "errno", .type = PARAM_CHOICE, .def = first, .choices = list, .help = text \
	}
#define FILES_PARAM                                                                                \
	{                                                                                          \
		.name = "files", .type = PARAM_CHOICE, .def = "regular", .choices = file_kinds,    \
		.help = "regular: files and block devices; all: also eventfds, pipes, consoles"    \
	}

static const struct param read_params[] = {
	ERRNO_PARAM("EIO", read_errnos, "what the read returns"), FILES_PARAM, GATE
};
static const struct param write_params[] = {
	ERRNO_PARAM("ENOSPC", write_errnos, "what the write returns"), FILES_PARAM, GATE
};
static const struct param ioctl_params[] = {
	ERRNO_PARAM("EPERM", ioctl_errnos, "what the ioctl returns"),
	{ .name = "cmd",
	  .type = PARAM_WORDS,
	  .def = "KVM_CREATE_VCPU",
	  .choices = ioctls,
	  .min = 1,
	  .max = 0xffffffff,
	  .help = "the VM ioctls that are denied, by name or number" },
	{ .name = "comm",
	  .type = PARAM_CHOICE,
	  .def = "qemu-system-aar",
	  .choices = comms,
	  .help = "new-vm only: the process name (15 bytes of it) to wait for" },
	GATE
};

const struct fault kvm_faults[KVM_FAULTS] = {
	{ .name = "kvm.file-read",
	  .summary = "reads of files and disks by the VM's process fail",
	  .seen = "the guest's disk reads fail with I/O errors, or QEMU pauses it (rerror=stop)",
	  .undone =
		  "the rule is disarmed; the next read succeeds; a VM that QEMU paused is resumed",
	  .risk = "every file of this process is meant, not only its disk",
	  .targets = VM | PID,
	  .flags = FAULT_KERNEL,
	  .aftermath = AFTER_HEALS,
	  .after_text =
		  "heals; a VM that QEMU paused for the error (rerror=stop) is resumed by cont",
	  .recovery_ms = 5000,
	  .params = read_params,
	  .nparams = COUNT(read_params) },
	{ .name = "kvm.file-write",
	  .summary = "writes of files and disks by the VM's process fail",
	  .seen = "the guest's disk writes fail; with QEMU's default werror=enospc ENOSPC pauses "
		  "the VM",
	  .undone =
		  "the rule is disarmed; the next write succeeds; a VM that QEMU paused is resumed",
	  .risk = "every file of this process is meant, not only its disk",
	  .targets = VM | PID,
	  .flags = FAULT_KERNEL,
	  .aftermath = AFTER_PAUSED,
	  .after_text =
		  "a disk with werror=report heals; with werror=enospc (QEMU's default) ENOSPC "
		  "leaves the VM paused, and the restore resumes it by cont",
	  .recovery_ms = 5000,
	  .params = write_params,
	  .nparams = COUNT(write_params) },
	{ .name = "kvm.ioctl-deny",
	  .summary = "KVM refuses chosen VM ioctls of the process",
	  .seen = "a new VM fails to start with its own message; a running one when it next asks",
	  .undone = "the rule is disarmed; the next such ioctl succeeds",
	  .risk = "most VM processes exit when an ioctl that they need fails",
	  .targets = VM | NEW_VM,
	  .flags = FAULT_KERNEL,
	  .aftermath = AFTER_HEALS,
	  .after_text = "heals; a VM that exited because of it has to be started again",
	  .recovery_ms = 2000,
	  .params = ioctl_params,
	  .nparams = COUNT(ioctl_params) },
};
const struct kvm_fault kvm_points[KVM_FAULTS] = {
	{ .point = "file-read", .has_files = true },
	{ .point = "file-write", .has_files = true },
	{ .point = "vm-ioctl", .has_cmd = true },
};
