// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Flushes of a translation that are left out. The page that a stale translation still leads to is
 * held until the rule ends and all is flushed, so that nobody else can have got it meanwhile; a
 * flush for a page that only the mapping keeps alive (anonymous memory) is never left out.
 */
#include <linux/kprobes.h>
#include <linux/kvm_host.h>
#include <linux/mm.h>
#include <linux/pgtable.h>
#include <linux/spinlock.h>
#include <linux/version.h>
#include <asm/kvm_mmu.h>
#include <asm/tlbflush.h>
#include <asm/virt.h>
#include "arch.h"
#include "calls.h"
#include "events.h"
#include "rules.h"

static DEFINE_RAW_SPINLOCK(held_lock);
static struct held {
	u64 seq; /* of the rule */
	struct page *page;
} held[FDK_HELD_MAX];
static unsigned int held_n;

/* Takes over the caller's reference; false: no more can be held. */
static bool hold(const struct fdk_rule *rule, struct page *page)
{
	unsigned long flags;
	bool room;

	raw_spin_lock_irqsave(&held_lock, flags);
	room = held_n < FDK_HELD_MAX;
	if (room)
		held[held_n++] = (struct held){ rule->seq, page };
	raw_spin_unlock_irqrestore(&held_lock, flags);
	return room;
}
NOKPROBE_SYMBOL(hold);

/* One page that is held for the rule, or NULL. */
static struct page *let_go(const struct fdk_rule *rule)
{
	struct page *page = NULL;

	raw_spin_lock_irq(&held_lock);
	for (unsigned int i = 0; i < held_n && !page; i++) {
		if (held[i].seq != rule->seq)
			continue;
		page = held[i].page;
		held[i] = held[--held_n];
	}
	raw_spin_unlock_irq(&held_lock);
	return page;
}

/* Every translation of the host and of all guests. */
static void flush_all(void)
{
	flush_tlb_all();
	if (!is_kernel_in_hyp_mode())
		return;
	dsb(ishst);
	__tlbi(alle1is);
	dsb(ish);
	isb();
}

void fdk_stale_end(const struct fdk_rule *rule)
{
	struct page *page;

	flush_all();
	while ((page = let_go(rule)))
		put_page(page);
}

static bool is_of_file(struct page *page)
{
	return !PageAnon(page) && !PageReserved(page) && !PageSlab(page);
}
NOKPROBE_SYMBOL(is_of_file);

/* ptep_clear_flush(struct vm_area_struct *, unsigned long address, pte_t *): copy on write. */
void fdk_get_clear_flush(struct pt_regs *regs, struct fdk_call *call)
{
	const struct vm_area_struct *vma = (const struct vm_area_struct *)fdk_arch_arg(regs, 0);
	pte_t pte = READ_ONCE(*(pte_t *)fdk_arch_arg(regs, 2));

	call->at = (long long)fdk_arch_arg(regs, 1);
	call->len = PAGE_SIZE;
	call->cost = 1;
	if (!vma->vm_file || !pte_present(pte) || !pfn_valid(pte_pfn(pte)) ||
	    !is_of_file(pte_page(pte)))
		call->kind = FDK_KIND_NEVER;
}
NOKPROBE_SYMBOL(fdk_get_clear_flush);

/* The body without its flush. The page table's lock is held. */
int fdk_apply_clear_flush(struct fdk_rule *rule, struct pt_regs *regs, struct fdk_event *event)
{
	struct vm_area_struct *vma = (struct vm_area_struct *)fdk_arch_arg(regs, 0);
	pte_t *ptep = (pte_t *)fdk_arch_arg(regs, 2);
	struct page *page = pte_page(READ_ONCE(*ptep));
	pte_t pte;

	get_page(page);
	if (!hold(rule, page)) {
		put_page(page); /* the mapping has another */
		return -1;
	}
	pte = ptep_get_and_clear(vma->vm_mm, (unsigned long)event->call.at, ptep);
	fdk_arch_return(regs, pte_val(pte));
	return 1;
}
NOKPROBE_SYMBOL(fdk_apply_clear_flush);

const char *fdk_unfit_flush_ipa(void)
{
	return is_kernel_in_hyp_mode()
		       ? NULL
		       : "runs at EL2 of its own here (no VHE), where no probe reaches";
}

/* Kernels that have it unmap first and flush the range later, where the CPU helps them with both.
 */
const char *fdk_unfit_flush_range(void)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
	if (!cpus_have_cap(ARM64_HAS_STAGE2_FWB) || !cpus_have_cap(ARM64_HAS_TLB_RANGE))
		return "is not called on this CPU";
#endif
	return fdk_unfit_flush_ipa();
}

/* A flush of one page and no more. */
static void about_flush(struct fdk_call *call, struct pt_regs *regs, bool one_page)
{
	call->at = (long long)fdk_arch_arg(regs, 1);
	call->len = PAGE_SIZE;
	call->cost = 1;
	if (!one_page)
		call->kind = FDK_KIND_NEVER;
}
NOKPROBE_SYMBOL(about_flush);

/* __kvm_tlb_flush_vmid_ipa(struct kvm_s2_mmu *, phys_addr_t ipa, int level) */
void fdk_get_flush_ipa(struct pt_regs *regs, struct fdk_call *call)
{
	about_flush(call, regs, (int)fdk_arch_arg(regs, 2) == 3);
}
NOKPROBE_SYMBOL(fdk_get_flush_ipa);

/* __kvm_tlb_flush_vmid_range(struct kvm_s2_mmu *, phys_addr_t start, unsigned long pages) */
void fdk_get_flush_range(struct pt_regs *regs, struct fdk_call *call)
{
	about_flush(call, regs, fdk_arch_arg(regs, 2) == 1);
}
NOKPROBE_SYMBOL(fdk_get_flush_range);

static struct kvm *kvm_of(struct kvm_s2_mmu *mmu)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 14, 0)
	return kvm_s2_mmu_to_kvm(mmu);
#else
	return mmu->kvm;
#endif
}
NOKPROBE_SYMBOL(kvm_of);

/* The page behind a guest's address, with a reference; what unmaps it comes after this flush. */
static struct page *page_behind(struct kvm *kvm, gfn_t gfn)
{
	struct kvm_memory_slot *slot;
	struct page *page = NULL;
	int idx;

	if (kvm->mm != current->mm)
		return NULL;
	idx = srcu_read_lock(&kvm->srcu);
	slot = __gfn_to_memslot(kvm_memslots(kvm), gfn);
	if (slot && get_user_pages_fast_only(__gfn_to_hva_memslot(slot, gfn), 1, 0, &page) != 1)
		page = NULL;
	srcu_read_unlock(&kvm->srcu, idx);
	return page;
}
NOKPROBE_SYMBOL(page_behind);

int fdk_apply_flush_ipa(struct fdk_rule *rule, struct pt_regs *regs, struct fdk_event *event)
{
	struct kvm *kvm = kvm_of((struct kvm_s2_mmu *)fdk_arch_arg(regs, 0));
	struct page *page = page_behind(kvm, (gfn_t)event->call.at >> PAGE_SHIFT);

	if (!page)
		return -1;
	if (!is_of_file(page) || !hold(rule, page)) {
		put_page(page); /* the mapping has another */
		return -1;
	}
	fdk_arch_return(regs, 0);
	return 1;
}
NOKPROBE_SYMBOL(fdk_apply_flush_ipa);
