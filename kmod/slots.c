// SPDX-License-Identifier: GPL-2.0-or-later
/* A guest's memory slots: made, looked up, and their dirty log. */
#include <linux/fdtable.h>
#include <linux/hash.h>
#include <linux/kprobes.h>
#include <linux/kvm_host.h>
#include <linux/pid.h>
#include <linux/sched/task.h>
#include <linux/srcu.h>
#include <linux/uaccess.h>
#include "arch.h"
#include "calls.h"
#include "events.h"
#include "rules.h"

/* kvm_set_memory_region(struct kvm *, const struct kvm_userspace_memory_region *): the newer
 * structure begins as the older one. */
void fdk_get_set_region(struct pt_regs *regs, struct fdk_call *call)
{
	const struct kvm_userspace_memory_region *mem =
		(const struct kvm_userspace_memory_region *)fdk_arch_arg(regs, 1);

	call->at = (long long)mem->guest_phys_addr;
	call->len = (long long)mem->memory_size;
	call->cost = 1;
}
NOKPROBE_SYMBOL(fdk_get_set_region);

static void about_gfn(struct fdk_call *call, gfn_t gfn)
{
	call->at = (long long)(gfn << PAGE_SHIFT);
	call->len = PAGE_SIZE;
	call->cost = 1;
}
NOKPROBE_SYMBOL(about_gfn);

/* gfn_to_hva_memslot[_prot](struct kvm_memory_slot *, gfn_t, …) */
void fdk_get_memslot_gfn(struct pt_regs *regs, struct fdk_call *call)
{
	about_gfn(call, fdk_arch_arg(regs, 1));
}
NOKPROBE_SYMBOL(fdk_get_memslot_gfn);

/* gfn_to_hva(struct kvm *, gfn_t) */
void fdk_get_kvm_gfn(struct pt_regs *regs, struct fdk_call *call)
{
	about_gfn(call, fdk_arch_arg(regs, 1));
}
NOKPROBE_SYMBOL(fdk_get_kvm_gfn);

int fdk_apply_bad_hva(struct fdk_rule *rule, struct pt_regs *regs, struct fdk_event *event)
{
	event->to = rule->spec.action.value;
	fdk_arch_return(regs, KVM_HVA_ERR_BAD);
	return 1;
}
NOKPROBE_SYMBOL(fdk_apply_bad_hva);

/* kvm_vm_ioctl(struct file *, unsigned int, unsigned long): of KVM_GET_DIRTY_LOG only. */
void fdk_get_dirty_log(struct pt_regs *regs, struct fdk_call *call)
{
	const struct file *file = (const struct file *)fdk_arch_arg(regs, 0);

	if ((unsigned int)fdk_arch_arg(regs, 1) != KVM_GET_DIRTY_LOG)
		call->kind = FDK_KIND_NEVER;
	call->obj = file->private_data;
	call->ext = fdk_arch_arg(regs, 2);
	call->len = 1LL << 62; /* the range is compared page by page */
	call->cost = 1;
}
NOKPROBE_SYMBOL(fdk_get_dirty_log);

/* Always the same pages, so that asking again does not show them. */
static bool is_hidden(const struct fdk_spec *spec, gfn_t gfn)
{
	u64 at = gfn << PAGE_SHIFT;

	if (spec->keys & FDK_BIT(FDK_KEY_RANGE) && (at > spec->hi || at + PAGE_SIZE - 1 < spec->lo))
		return false;
	return hash_64(gfn, 32) % 100 < (u64)spec->action.value;
}
NOKPROBE_SYMBOL(is_hidden);

/* One word of the bitmap that was told: without the hidden ones, which go back into KVM's own. */
static unsigned long hide_bits(const struct fdk_spec *spec, struct kvm_memory_slot *slot,
			       unsigned long word, unsigned long bits)
{
	unsigned long hidden = 0;

	for (unsigned long left = bits; left; left &= left - 1) {
		unsigned long page = word * BITS_PER_LONG + __ffs(left);

		if (page >= slot->npages || !is_hidden(spec, slot->base_gfn + page))
			continue;
		hidden |= left & -left;
		set_bit(page, slot->dirty_bitmap);
	}
	return bits & ~hidden;
}
NOKPROBE_SYMBOL(hide_bits);

/* False: a page of the caller's bitmap was not there any more. */
static bool hide_pages(const struct fdk_spec *spec, struct kvm_memory_slot *slot,
		       unsigned long __user *told, struct fdk_event *event)
{
	for (unsigned long word = 0; word < BITS_TO_LONGS(slot->npages); word++) {
		unsigned long bits, left;

		if (copy_from_user_nofault(&bits, told + word, sizeof(bits)))
			return false;
		if (!bits)
			continue;
		left = hide_bits(spec, slot, word, bits);
		if (left != bits && copy_to_user_nofault(told + word, &left, sizeof(left)))
			return false;
		event->from += hweight_long(bits);
		event->to += hweight_long(left);
	}
	return true;
}
NOKPROBE_SYMBOL(hide_pages);

/* The caller has its bitmap. A slot lives as long as its reader: the same SRCU that KVM uses. */
bool fdk_leave_dirty_log(struct fdk_rule *rule, struct pt_regs *regs, struct fdk_event *event)
{
	struct kvm *kvm = (struct kvm *)event->call.obj;
	const void __user *arg = (const void __user *)(unsigned long)event->call.ext;
	struct kvm_memory_slot *slot;
	struct kvm_dirty_log log;
	bool done = false;
	int idx;

	if (fdk_arch_result(regs) || copy_from_user_nofault(&log, arg, sizeof(log)))
		return false;
	event->has_from = true;
	idx = srcu_read_lock(&kvm->srcu);
	slot = id_to_memslot(kvm_memslots(kvm), (u16)log.slot);
	if (slot && slot->dirty_bitmap)
		done = hide_pages(&rule->spec, slot, log.dirty_bitmap, event);
	srcu_read_unlock(&kvm->srcu, idx);
	return done && event->from != event->to;
}
NOKPROBE_SYMBOL(fdk_leave_dirty_log);

#ifdef CONFIG_HAVE_KVM_DIRTY_RING
static int has_ring(const void *unused, struct file *file, unsigned int fd)
{
	const struct kvm *kvm = file->private_data;

	return !strcmp(file->f_path.dentry->d_iname, "kvm-vm") && kvm->dirty_ring_size;
}

const char *fdk_refuse_dirty_ring(const struct fdk_rule *rule)
{
	struct task_struct *task = rule->tgid ? get_pid_task(rule->tgid, PIDTYPE_TGID) : NULL;
	int ring = 0;

	if (!task)
		return NULL;
	task_lock(task);
	if (task->files)
		ring = iterate_fd(task->files, 0, has_ring, NULL);
	task_unlock(task);
	put_task_struct(task);
	return ring ? "its VM keeps dirty pages in rings, there is no log to hide them from" : NULL;
}
#else
const char *fdk_refuse_dirty_ring(const struct fdk_rule *rule)
{
	return NULL; /* this kernel has none */
}
#endif
