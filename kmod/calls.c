// SPDX-License-Identifier: GPL-2.0-or-later
/* Getters: what a hooked function's arguments say. They run in a kprobe's handler. */
#include <linux/fs.h>
#include <linux/kprobes.h>
#include <linux/magic.h>
#include "arch.h"
#include "calls.h"

static void about_file(struct fdk_call *call, const struct file *file)
{
	const struct inode *inode = file_inode(file);

	call->kind = FDK_KIND_OTHER;
	if (S_ISREG(inode->i_mode) || S_ISBLK(inode->i_mode))
		call->kind = FDK_KIND_DISK;
	if (inode->i_sb->s_magic == DEBUGFS_MAGIC)
		call->kind = FDK_KIND_OWN;
	call->dev = S_ISBLK(inode->i_mode) ? inode->i_rdev : inode->i_sb->s_dev;
	call->ino = inode->i_ino;
	call->off = -1;
	call->size = 1;
}
NOKPROBE_SYMBOL(about_file);

/* rw_verify_area(int read_write, struct file *, const loff_t *ppos, size_t count) */
void fdk_get_rw_verify_area(struct pt_regs *regs, struct fdk_call *call)
{
	const loff_t *ppos = (const loff_t *)fdk_arch_arg(regs, 2);

	about_file(call, (const struct file *)fdk_arch_arg(regs, 1));
	call->write = (int)fdk_arch_arg(regs, 0) == WRITE;
	if (ppos)
		call->off = *ppos;
	call->size = (long long)fdk_arch_arg(regs, 3);
}
NOKPROBE_SYMBOL(fdk_get_rw_verify_area);

/* security_file_permission(struct file *, int mask) */
void fdk_get_file_permission(struct pt_regs *regs, struct fdk_call *call)
{
	about_file(call, (const struct file *)fdk_arch_arg(regs, 0));
	call->write = (fdk_arch_arg(regs, 1) & MAY_WRITE) != 0;
}
NOKPROBE_SYMBOL(fdk_get_file_permission);

/* An ioctl handler: (struct file *, unsigned int cmd, unsigned long arg) */
void fdk_get_file_ioctl(struct pt_regs *regs, struct fdk_call *call)
{
	call->cmd = (unsigned int)fdk_arch_arg(regs, 1);
	call->size = 1;
}
NOKPROBE_SYMBOL(fdk_get_file_ioctl);
