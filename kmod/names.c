// SPDX-License-Identifier: GPL-2.0-or-later
/* Tables of names; plain C. */
#include "names.h"

#define E(e)                                                                                       \
	{                                                                                          \
#e, e                                                                              \
	}

const struct fdk_name fdk_errnos[] = {
	E(EPERM),     E(ENOENT),  E(EINTR),      E(EIO),       E(ENXIO),       E(E2BIG),
	E(EBADF),     E(EAGAIN),  E(ENOMEM),     E(EACCES),    E(EFAULT),      E(EBUSY),
	E(EEXIST),    E(EXDEV),   E(ENODEV),     E(EINVAL),    E(ENFILE),      E(EMFILE),
	E(ENOTTY),    E(EFBIG),   E(ENOSPC),     E(ESPIPE),    E(EROFS),       E(EPIPE),
	E(ERANGE),    E(EDEADLK), E(ENOSYS),     E(ENODATA),   E(ETIME),       E(EREMOTEIO),
	E(EDQUOT),    E(ESTALE),  E(EOPNOTSUPP), E(ETIMEDOUT), E(EUCLEAN),     E(EBADMSG),
	E(EOVERFLOW), E(EILSEQ),  E(ECANCELED),  E(ENOMEDIUM), E(EMEDIUMTYPE), { NULL, 0 }
};

/* An ioctl's number, with the size of its argument on arm64 given, not taken from a header. */
#define IO_NR(dir, nr, size) ((unsigned int)(dir) << 30 | (size) << 16 | 0xae00u | (nr))
#define NONE                 0
#define W                    1
#define R                    2
#define IOCTL(name, dir, nr, size)                                                                 \
	{                                                                                          \
#name, IO_NR(dir, nr, size)                                                        \
	}

const struct fdk_name fdk_vm_ioctls[] = {
	IOCTL(KVM_CHECK_EXTENSION, NONE, 0x03, 0),
	IOCTL(KVM_CREATE_VCPU, NONE, 0x41, 0),
	IOCTL(KVM_GET_DIRTY_LOG, W, 0x42, 16),
	IOCTL(KVM_SET_USER_MEMORY_REGION, W, 0x46, 32),
	IOCTL(KVM_SET_USER_MEMORY_REGION2, W, 0x49, 160),
	IOCTL(KVM_CREATE_IRQCHIP, NONE, 0x60, 0),
	IOCTL(KVM_IRQ_LINE, W, 0x61, 8),
	IOCTL(KVM_IRQ_LINE_STATUS, R | W, 0x67, 8),
	IOCTL(KVM_REGISTER_COALESCED_MMIO, W, 0x67, 16),
	IOCTL(KVM_UNREGISTER_COALESCED_MMIO, W, 0x68, 16),
	IOCTL(KVM_SET_GSI_ROUTING, W, 0x6a, 8),
	IOCTL(KVM_IRQFD, W, 0x76, 32),
	IOCTL(KVM_SET_BOOT_CPU_ID, NONE, 0x78, 0),
	IOCTL(KVM_IOEVENTFD, W, 0x79, 64),
	IOCTL(KVM_ENABLE_CAP, W, 0xa3, 104),
	IOCTL(KVM_SIGNAL_MSI, W, 0xa5, 32),
	IOCTL(KVM_ARM_SET_DEVICE_ADDR, W, 0xab, 16),
	IOCTL(KVM_ARM_PREFERRED_TARGET, R, 0xaf, 32),
	IOCTL(KVM_ARM_MTE_COPY_TAGS, R, 0xb4, 48),
	IOCTL(KVM_ARM_SET_COUNTER_OFFSET, W, 0xb5, 16),
	IOCTL(KVM_ARM_GET_REG_WRITABLE_MASKS, R, 0xb6, 64),
	IOCTL(KVM_CLEAR_DIRTY_LOG, R | W, 0xc0, 24),
	IOCTL(KVM_RESET_DIRTY_RINGS, NONE, 0xc7, 0),
	IOCTL(KVM_GET_STATS_FD, NONE, 0xce, 0),
	IOCTL(KVM_SET_MEMORY_ATTRIBUTES, W, 0xd2, 32),
	IOCTL(KVM_CREATE_GUEST_MEMFD, R | W, 0xd4, 64),
	IOCTL(KVM_CREATE_DEVICE, R | W, 0xe0, 12),
	IOCTL(KVM_SET_DEVICE_ATTR, W, 0xe1, 24),
	IOCTL(KVM_GET_DEVICE_ATTR, W, 0xe2, 24),
	IOCTL(KVM_HAS_DEVICE_ATTR, W, 0xe3, 24),
	{ NULL, 0 },
};

const struct fdk_name fdk_dev_ioctls[] = {
	IOCTL(KVM_GET_API_VERSION, NONE, 0x00, 0),
	IOCTL(KVM_CREATE_VM, NONE, 0x01, 0),
	IOCTL(KVM_CHECK_EXTENSION, NONE, 0x03, 0),
	IOCTL(KVM_GET_VCPU_MMAP_SIZE, NONE, 0x04, 0),
	{ NULL, 0 },
};

const struct fdk_name fdk_fault_codes[] = {
	{ "SIGBUS", 0x2 },
	{ "SIGSEGV", 0x40 },
	{ "OOM", 0x1 },
	{ NULL, 0 },
};

const struct fdk_name fdk_hva_codes[] = {
	{ "BAD", 1 },
	{ NULL, 0 },
};

const struct fdk_name *fdk_name_find(const struct fdk_name *table, const char *name, size_t len)
{
	for (; table->name; table++) {
		if (strlen(table->name) == len && !memcmp(table->name, name, len))
			return table;
	}
	return NULL;
}

const struct fdk_name *fdk_name_of(const struct fdk_name *table, unsigned int value)
{
	for (; table->name; table++) {
		if (table->value == value)
			return table;
	}
	return NULL;
}
