// SPDX-License-Identifier: GPL-2.0-or-later
/* Getters: what a hooked function's arguments say. They run in a kprobe's handler. */
#include <linux/fs.h>
#include <linux/kprobes.h>
#include <linux/magic.h>
#include <linux/percpu.h>
#include "arch.h"
#include "calls.h"
#include "events.h"
#include "rules.h"

static void about_file(struct fdk_call *call, const struct file *file)
{
	const struct inode *inode = file_inode(file);

	call->kind = FDK_KIND_OTHER;
	if (S_ISREG(inode->i_mode) || S_ISBLK(inode->i_mode))
		call->kind = FDK_KIND_DISK;
	if (inode->i_sb->s_magic == DEBUGFS_MAGIC)
		call->kind = FDK_KIND_NEVER;
	call->dev = S_ISBLK(inode->i_mode) ? inode->i_rdev : inode->i_sb->s_dev;
	call->ino = inode->i_ino;
	call->obj = file;
	call->at = -1;
	call->cost = 1;
}
NOKPROBE_SYMBOL(about_file);

static void about_bytes(struct fdk_call *call, const loff_t *ppos, unsigned long count)
{
	if (ppos)
		call->at = *ppos;
	call->len = call->cost = (long long)count;
}
NOKPROBE_SYMBOL(about_bytes);

/* rw_verify_area(int read_write, struct file *, const loff_t *ppos, size_t count) */
void fdk_get_rw_verify_area(struct pt_regs *regs, struct fdk_call *call)
{
	about_file(call, (const struct file *)fdk_arch_arg(regs, 1));
	about_bytes(call, (const loff_t *)fdk_arch_arg(regs, 2), fdk_arch_arg(regs, 3));
	call->write = (int)fdk_arch_arg(regs, 0) == WRITE;
}
NOKPROBE_SYMBOL(fdk_get_rw_verify_area);

/* security_file_permission(struct file *, int mask) */
void fdk_get_file_permission(struct pt_regs *regs, struct fdk_call *call)
{
	about_file(call, (const struct file *)fdk_arch_arg(regs, 0));
	call->write = (fdk_arch_arg(regs, 1) & MAY_WRITE) != 0;
}
NOKPROBE_SYMBOL(fdk_get_file_permission);

/* vfs_read and vfs_write(struct file *, char __user *, size_t count, loff_t *ppos) */
void fdk_get_vfs_read(struct pt_regs *regs, struct fdk_call *call)
{
	about_file(call, (const struct file *)fdk_arch_arg(regs, 0));
	about_bytes(call, (const loff_t *)fdk_arch_arg(regs, 3), fdk_arch_arg(regs, 2));
}
NOKPROBE_SYMBOL(fdk_get_vfs_read);

void fdk_get_vfs_write(struct pt_regs *regs, struct fdk_call *call)
{
	fdk_get_vfs_read(regs, call);
	call->write = true;
}
NOKPROBE_SYMBOL(fdk_get_vfs_write);

int fdk_apply_short(struct fdk_rule *rule, struct pt_regs *regs, struct fdk_event *event)
{
	unsigned long long most = (unsigned long long)rule->spec.action.value;

	event->has_from = true;
	event->from = event->call.len;
	event->to = rule->spec.action.value;
	if (fdk_arch_arg(regs, 2) <= most)
		return -1;
	fdk_arch_set_arg(regs, 2, most);
	return 0;
}
NOKPROBE_SYMBOL(fdk_apply_short);

/* An ioctl handler: (struct file *, unsigned int cmd, unsigned long arg) */
void fdk_get_file_ioctl(struct pt_regs *regs, struct fdk_call *call)
{
	call->cmd = (unsigned int)fdk_arch_arg(regs, 1);
	call->ext = fdk_arch_arg(regs, 2);
	call->cost = 1;
}
NOKPROBE_SYMBOL(fdk_get_file_ioctl);

/* handle_mm_fault(struct vm_area_struct *, unsigned long address, …) */
void fdk_get_mm_fault(struct pt_regs *regs, struct fdk_call *call)
{
	call->at = (long long)fdk_arch_arg(regs, 1);
	call->len = call->cost = 1;
}
NOKPROBE_SYMBOL(fdk_get_mm_fault);

void fdk_get_nothing(struct pt_regs *regs, struct fdk_call *call)
{
	call->cost = 1;
}
NOKPROBE_SYMBOL(fdk_get_nothing);

static char __percpu *paths;

/* The functions that we hook may sleep, so nobody on this CPU holds what d_path takes. */
const char *fdk_call_path(const struct fdk_call *call)
{
	const struct file *file = call->obj;
	char *path = d_path(&file->f_path, this_cpu_ptr(paths), PATH_MAX);

	return IS_ERR(path) ? NULL : path;
}
NOKPROBE_SYMBOL(fdk_call_path);

int fdk_calls_start(void)
{
	paths = __alloc_percpu(PATH_MAX, 1);
	return paths ? 0 : -ENOMEM;
}

void fdk_calls_stop(void)
{
	free_percpu(paths);
}
