// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of points; plain C. */
#include "points.h"
#include "calls.h"
#include "parse.h"

#define FROM(symbol, get, callers)                                                                 \
	{                                                                                          \
		symbol, FDK_KERNEL_FN(get), callers                                                \
	}

static const char *const file_callers[] = { "vfs_read", "vfs_write", NULL };

static const struct fdk_candidate file_symbols[] = {
	FROM("rw_verify_area", fdk_get_rw_verify_area, file_callers),
	FROM("security_file_permission", fdk_get_file_permission, NULL),
	FROM(NULL, NULL, NULL),
};

static const struct fdk_candidate vm_ioctl_symbols[] = {
	FROM("kvm_vm_ioctl", fdk_get_file_ioctl, NULL),
	FROM(NULL, NULL, NULL),
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

const struct fdk_point fdk_points[] = {
	{
		.name = "file-read",
		.candidates = file_symbols,
		.result = FDK_RESULT_ERRNO,
		.actions = FDK_BIT(FDK_ACT_RETURN),
		.keys = FDK_BIT(FDK_KEY_FILES),
		.errnos = read_errnos,
		.value = "errno of the read; nothing is read",
		.danger =
			"a program that starts while it is a target cannot read its own libraries",
		.fits = fdk_fits_file,
	},
	{
		.name = "file-write",
		.candidates = file_symbols,
		.result = FDK_RESULT_ERRNO,
		.write = true,
		.actions = FDK_BIT(FDK_ACT_RETURN),
		.keys = FDK_BIT(FDK_KEY_FILES),
		.errnos = write_errnos,
		.value = "errno of the write; nothing is written",
		.danger = "a guest that meets ENOSPC is paused by QEMU unless werror=report",
		.fits = fdk_fits_file,
	},
	{
		.name = "vm-ioctl",
		.candidates = vm_ioctl_symbols,
		.result = FDK_RESULT_ERRNO,
		.actions = FDK_BIT(FDK_ACT_RETURN),
		.keys = FDK_BIT(FDK_KEY_CMD),
		.errnos = vm_errnos,
		.value = "errno of the ioctl; without cmd= of every ioctl on the VM",
		.danger = "most VM processes exit when an ioctl that they need fails",
		.fits = fdk_fits_cmd,
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
