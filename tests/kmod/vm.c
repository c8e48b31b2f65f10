// SPDX-License-Identifier: GPL-2.0-or-later
/* Points of KVM, each before / injected / restored, as a guest or its VM process sees it. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include "guest.h"
#include "selftest.h"
#include "subject.h"

#define REG_PC     32
#define REG_PSTATE 33
#define WORD_SP    4
#define WORD_FLAGS 5

static long make_orders(long flags)
{
	int err = guest_make(GUEST_ORDERS, (unsigned int)flags);

	return err ? err : guest_run() == (long)GUEST_DOOR ? 0 : -1;
}

static long make_spin(long unused)
{
	int err = guest_make(GUEST_SPIN, 0);

	(void)unused;
	return err ? err : guest_spin();
}

static long shown(long word)
{
	return (long)guest_shown((int)word);
}

/* Until the guest shows it, or what it shows after a second. */
static long shown_until(struct subject *s, int word, long want)
{
	long end = now_ms() + 3000, value;

	do {
		value = subject_call(s, shown, word);
	} while (value != want && now_ms() < end);
	return value;
}

static long get_reg(long reg)
{
	uint64_t value = 0;
	long err = guest_get_reg((int)reg, &value);

	return err ? -err : (long)value;
}

static long set_x5(long value)
{
	return guest_set_reg(5, (uint64_t)value);
}

static long store_at(long addr)
{
	return guest_store((uint64_t)addr, 0xabcd);
}

static long word_at(long addr)
{
	return (long)*guest_page((int)((addr - (long)GUEST_RAM) / (long)GUEST_PAGE));
}

/* One action, once: what the guest has in its hands then, and goes on with when it is over. */
static void vcpu_action(struct subject *s, const char *action, int word, long want)
{
	long seen;

	EXPECT(ctl("arm id=v point=vcpu-regs tgid=%d times=1 action=%s ttl_ms=90000", s->pid,
		   action),
	       0);
	seen = shown_until(s, word, want);
	CHECK(seen == want, "%s: the guest has 0x%lx, not 0x%lx", action, seen, want);
	EXPECT(ctl("disarm id=v"), 0);
	EXPECT(subject_call(s, shown, word), want);
}

static void each_vcpu_action(struct subject *s)
{
	const long sp = (long)(GUEST_RAM + GUEST_SHOWN * GUEST_PAGE);

	vcpu_action(s, "or:X19:0x21", 0, (GUEST_X19 ^ 16) | 0x21);
	vcpu_action(s, "clear:X19:0xff", 0, GUEST_X19 & 0xff00);
	vcpu_action(s, "xor:X19:0xffff", 0, (GUEST_X19 & 0xff00) ^ 0xffff);
	vcpu_action(s, "set:X19:7", 0, 7);
	/* it runs at EL1: SP_EL1, which VHE leaves in the CPU */
	vcpu_action(s, "flip:SP:12", WORD_SP, sp ^ 0x1000);
	vcpu_action(s, "set:SP:0x1230", WORD_SP, 0x1230);
	vcpu_action(s, "or:PSTATE:0xa0000000", WORD_FLAGS, 0xa0000000);
	vcpu_action(s, "flip:PSTATE:30", WORD_FLAGS, 0xe0000000);
	vcpu_action(s, "clear:PSTATE:0xf0000000", WORD_FLAGS, 0);
	vcpu_action(s, "set:PSTATE:0x10000000", WORD_FLAGS, 0x10000000);
	EXPECT(ctl("arm id=v point=vcpu-regs tgid=%d action=flip:PSTATE:3 ttl_ms=9", s->pid),
	       ERANGE);
}

/* A register of the guest, once; the VM process lives, another guest keeps its own. */
void test_vcpu_regs(void)
{
	struct subject s = subject_start("vmm"), other = subject_start("vmm");

	EXPECT(subject_call(&s, make_spin, 0), 0);
	EXPECT(subject_call(&other, make_spin, 0), 0);
	EXPECT(shown_until(&s, 0, GUEST_X19), GUEST_X19);
	EXPECT(shown_until(&other, 0, GUEST_X19), GUEST_X19);
	EXPECT(ctl("arm id=v point=vcpu-regs tgid=%d vcpu=0 times=1 action=flip:X19:4 ttl_ms=90000",
		   s.pid),
	       0);
	EXPECT(shown_until(&s, 0, GUEST_X19 ^ 16), GUEST_X19 ^ 16);
	EXPECT(subject_call(&other, shown, 0), GUEST_X19);
	CHECK(strstr(slurp("events"), " what=flip from=0xc0de to=0xc0ce vcpu=0 reg=X19\n"), "%s",
	      slurp("events"));
	EXPECT(ctl("disarm id=v"), 0);
	EXPECT(ctl("arm id=v point=vcpu-regs tgid=%d vcpu=1 action=set:X19:7 ttl_ms=90000", s.pid),
	       0);
	usleep(100000);
	EXPECT(rule_value("v", "injected"), 0);
	EXPECT(ctl("disarm id=v"), 0);
	each_vcpu_action(&s);
	EXPECT(subject_call(&other, shown, WORD_SP), GUEST_RAM + GUEST_SHOWN * GUEST_PAGE);
	EXPECT(subject_call(&other, shown, WORD_FLAGS), 0);
	EXPECT(subject_call(&s, shown, 2), 0);
	EXPECT(subject_call(&s, shown, 3), 0);
	subject_end(&s);
	subject_end(&other);
}

/* The guest takes an exception of its own; its process goes on. */
void test_vcpu_pc(void)
{
	struct subject s = subject_start("vmm");

	EXPECT(subject_call(&s, make_spin, 0), 0);
	EXPECT(shown_until(&s, 0, GUEST_X19), GUEST_X19);
	EXPECT(subject_call(&s, shown, 2), 0);
	EXPECT(ctl("arm id=v point=vcpu-regs tgid=%d times=1 action=flip:PC:62 ttl_ms=90000",
		   s.pid),
	       0);
	EXPECT(shown_until(&s, 2, GUEST_FAULT), GUEST_FAULT);
	EXPECT(subject_call(&s, shown, 3), 0);
	subject_end(&s);
}

void test_state_query(void)
{
	struct subject s = subject_start("vmm"), other = subject_start("vmm");
	long pc, pstate;

	EXPECT(subject_call(&s, make_orders, 0), 0);
	EXPECT(subject_call(&other, make_orders, 0), 0);
	pc = subject_call(&s, get_reg, REG_PC);
	pstate = subject_call(&s, get_reg, REG_PSTATE);
	EXPECT(pc & ~0xfffL, GUEST_RAM);
	EXPECT(ctl("arm id=p point=get-reg tgid=%d action=xor:PC:0xfff000 ttl_ms=90000", s.pid), 0);
	EXPECT(ctl("arm id=q point=get-reg tgid=%d action=set:PSTATE:0x3c0 ttl_ms=90000", s.pid),
	       EBUSY);
	EXPECT(subject_call(&s, get_reg, REG_PC), pc ^ 0xfff000);
	EXPECT(subject_call(&s, get_reg, REG_PSTATE), pstate);
	EXPECT(subject_call(&other, get_reg, REG_PC), pc);
	/* the vCPU itself goes on where it was */
	EXPECT(subject_call(&s, store_at, GUEST_RAM + 40 * GUEST_PAGE), GUEST_DOOR);
	EXPECT(subject_call(&s, word_at, GUEST_RAM + 40 * GUEST_PAGE), 0xabcd);
	EXPECT(ctl("disarm id=p"), 0);
	EXPECT(subject_call(&s, get_reg, REG_PC), pc);
	EXPECT(ctl("arm id=q point=get-reg tgid=%d action=set:PSTATE:0x3c0 ttl_ms=90000", s.pid),
	       0);
	EXPECT(subject_call(&s, get_reg, REG_PSTATE), 0x3c0);
	/* it runs on where it was, with all that it had */
	EXPECT(subject_call(&s, store_at, GUEST_RAM + 41 * GUEST_PAGE), GUEST_DOOR);
	EXPECT(subject_call(&s, word_at, GUEST_RAM + 41 * GUEST_PAGE), 0xabcd);
	EXPECT(ctl("disarm id=q"), 0);
	EXPECT(subject_call(&s, get_reg, REG_PSTATE), pstate);
	subject_end(&s);
	subject_end(&other);
}

/* Frozen; and what was told is written back, as QEMU does, without a change of the vCPU. */
void test_state_frozen(void)
{
	struct subject s = subject_start("vmm");

	EXPECT(subject_call(&s, make_orders, 0), 0);
	EXPECT(ctl("arm id=f point=get-reg tgid=%d vcpu=0 action=freeze:X5 ttl_ms=90000", s.pid),
	       0);
	EXPECT(subject_call(&s, set_x5, 111), 0);
	EXPECT(subject_call(&s, get_reg, 5), 111);
	EXPECT(subject_call(&s, set_x5, 222), 0);
	EXPECT(subject_call(&s, get_reg, 5), 111);
	EXPECT(subject_call(&s, set_x5, 111), 0);
	EXPECT(ctl("disarm id=f"), 0);
	EXPECT(subject_call(&s, get_reg, 5), 222);
	EXPECT(ctl("arm id=f point=get-reg tgid=%d action=xor:X5:0xff ttl_ms=90000", s.pid), 0);
	EXPECT(subject_call(&s, get_reg, 5), 222 ^ 0xff);
	EXPECT(subject_call(&s, set_x5, 222 ^ 0xff), 0);
	EXPECT(subject_call(&s, get_reg, 5), 222 ^ 0xff);
	EXPECT(ctl("disarm id=f"), 0);
	EXPECT(subject_call(&s, get_reg, 5), 222);
	subject_end(&s);
}

static long dev_ioctl(long cmd)
{
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	int rc = ioctl(fd, cmd, cmd == (long)KVM_CHECK_EXTENSION ? KVM_CAP_USER_MEMORY : 0);
	int err = errno;

	close(fd);
	return rc < 0 ? -err : rc;
}

void test_version_query(void)
{
	struct subject s = subject_start("vmm"), other = subject_start("vmm");

	EXPECT(subject_call(&s, dev_ioctl, KVM_GET_API_VERSION), 12);
	EXPECT(subject_call(&s, dev_ioctl, KVM_CHECK_EXTENSION), 1);
	EXPECT(ctl("arm id=v point=dev-ioctl tgid=%d cmd=KVM_GET_API_VERSION action=return:11"
		   " ttl_ms=90000",
		   s.pid),
	       0);
	EXPECT(ctl("arm id=e point=dev-ioctl tgid=%d cmd=KVM_CHECK_EXTENSION ext=%d"
		   " action=return:0 ttl_ms=90000",
		   s.pid, KVM_CAP_USER_MEMORY),
	       0);
	EXPECT(subject_call(&s, dev_ioctl, KVM_GET_API_VERSION), 11);
	EXPECT(subject_call(&s, dev_ioctl, KVM_CHECK_EXTENSION), 0);
	EXPECT(subject_call(&other, dev_ioctl, KVM_GET_API_VERSION), 12);
	EXPECT(subject_call(&s, make_orders, 0), 0);
	EXPECT(ctl("disarm all"), 0);
	EXPECT(ctl("arm id=v point=dev-ioctl tgid=%d cmd=KVM_GET_API_VERSION action=return:-EPERM"
		   " ttl_ms=90000",
		   s.pid),
	       0);
	EXPECT(subject_call(&s, dev_ioctl, KVM_GET_API_VERSION), -EPERM);
	EXPECT(ctl("disarm id=v"), 0);
	EXPECT(subject_call(&s, dev_ioctl, KVM_GET_API_VERSION), 12);
	subject_end(&s);
	subject_end(&other);
}

static long change_slot(long bytes)
{
	return guest_slot((uint64_t)bytes);
}

void test_memory_region(void)
{
	struct subject s = subject_start("vmm"), other = subject_start("vmm");

	EXPECT(subject_call(&s, make_orders, 0), 0);
	EXPECT(subject_call(&s, change_slot, GUEST_BYTES), 0);
	EXPECT(subject_call(&s, change_slot, 0), 0);
	EXPECT(ctl("arm id=m point=memory-region tgid=%d range=0x%lx-0x%lx action=return:ENOMEM"
		   " ttl_ms=90000",
		   s.pid, GUEST_RAM + GUEST_BYTES, GUEST_RAM + GUEST_BYTES),
	       0);
	EXPECT(subject_call(&s, change_slot, GUEST_BYTES), ENOMEM);
	EXPECT(subject_call(&other, make_orders, 0), 0);
	EXPECT(ctl("disarm id=m"), 0);
	EXPECT(subject_call(&s, change_slot, GUEST_BYTES), 0);
	EXPECT(ctl("arm id=m point=memory-region tgid=%d range=0-0x1000 action=return:EINVAL"
		   " ttl_ms=90000",
		   s.pid),
	       0);
	EXPECT(subject_call(&s, change_slot, GUEST_BYTES / 2), EINVAL); /* KVM's own refusal */
	EXPECT(rule_value("m", "matched"), 0);
	subject_end(&s);
	subject_end(&other);
}

/* The same where the function does not tell the addresses. */
void test_region_heir(void)
{
	struct subject s = subject_start("vmm");

	EXPECT(subject_call(&s, make_orders, 0), 0);
	EXPECT(ctl("arm id=m point=memory-region tgid=%d action=return:ENOMEM ttl_ms=90000", s.pid),
	       0);
	EXPECT(subject_call(&s, change_slot, GUEST_BYTES), ENOMEM);
	EXPECT(ctl("disarm id=m"), 0);
	EXPECT(subject_call(&s, change_slot, GUEST_BYTES), 0);
	subject_end(&s);
}

/* Memory that the guest meets for the first time looks like a device. */
void test_memory_hva(void)
{
	struct subject s = subject_start("vmm");
	long page = GUEST_RAM + GUEST_FREE * GUEST_PAGE;

	EXPECT(subject_call(&s, make_orders, KVM_MEM_LOG_DIRTY_PAGES), 0);
	EXPECT(subject_call(&s, store_at, page), GUEST_DOOR);
	EXPECT(subject_call(&s, word_at, page), 0xabcd);
	page += GUEST_PAGE;
	EXPECT(ctl("arm id=h point=memory-hva tgid=%d range=0x%lx-0x%lx action=return:BAD"
		   " ttl_ms=90000",
		   s.pid, page, page + 0xfff),
	       0);
	EXPECT(subject_call(&s, store_at, page), page);
	EXPECT(subject_call(&s, word_at, page), 0);
	EXPECT(ctl("disarm id=h"), 0);
	EXPECT(subject_call(&s, store_at, page), GUEST_DOOR);
	EXPECT(subject_call(&s, store_at, page), GUEST_DOOR);
	EXPECT(subject_call(&s, word_at, page), 0xabcd);
	subject_end(&s);
}

static uint64_t bitmap[GUEST_BYTES / GUEST_PAGE / 64];

/* Which pages the last log had, as one number. */
static long which_pages(long unused)
{
	uint64_t sum = (uint64_t)unused;

	for (size_t i = 0; i < sizeof(bitmap) / sizeof(bitmap[0]); i++)
		sum = sum * 1000003 + bitmap[i];
	return (long)(sum >> 1);
}

/* Stores to the pages from GUEST_FREE on, and how many of them the log then has. */
static long dirty_pages(long n)
{
	long have = 0;
	int err;

	memset(bitmap, 0, sizeof(bitmap));

	for (long i = 0; i < n; i++) {
		if (guest_store(GUEST_RAM + (GUEST_FREE + (uint64_t)i) * GUEST_PAGE, 1) !=
		    (long)GUEST_DOOR)
			return -1;
	}
	err = guest_dirty(bitmap);
	for (size_t i = 0; i < sizeof(bitmap) / sizeof(bitmap[0]); i++)
		have += __builtin_popcountl(bitmap[i]);
	return err ? -err : have;
}

void test_dirty_log(void)
{
	struct subject s = subject_start("vmm"), other = subject_start("vmm");
	long some, which;

	EXPECT(subject_call(&s, make_orders, KVM_MEM_LOG_DIRTY_PAGES), 0);
	EXPECT(subject_call(&other, make_orders, KVM_MEM_LOG_DIRTY_PAGES), 0);
	subject_call(&s, dirty_pages, 0);
	subject_call(&other, dirty_pages, 0);
	EXPECT(subject_call(&s, dirty_pages, 100), 100);
	EXPECT(subject_call(&s, dirty_pages, 0), 0);
	EXPECT(ctl("arm id=d point=dirty-log tgid=%d action=clear:share=50 ttl_ms=90000", s.pid),
	       0);
	some = subject_call(&s, dirty_pages, 100);
	CHECK(some > 20 && some < 80, "%ld of 100 pages with share=50", some);
	which = subject_call(&s, which_pages, 0);
	EXPECT(subject_call(&s, dirty_pages, 0), 0);
	EXPECT(subject_call(&s, dirty_pages, 100), some);
	EXPECT(subject_call(&s, which_pages, 0), which); /* always the same ones */
	EXPECT(subject_call(&other, dirty_pages, 100), 100);
	EXPECT(ctl("disarm id=d"), 0);
	/* what was hidden is told now */
	EXPECT(subject_call(&s, dirty_pages, 0), 100 - some);
	EXPECT(ctl("arm id=d point=dirty-log tgid=%d action=clear:share=100 ttl_ms=90000", s.pid),
	       0);
	EXPECT(subject_call(&s, dirty_pages, 100), 0);
	EXPECT(ctl("disarm id=d"), 0);
	EXPECT(subject_call(&s, dirty_pages, 0), 100);
	EXPECT(ctl("arm id=d point=dirty-log tgid=%d range=0x%lx-0x%lx action=clear:share=100"
		   " ttl_ms=90000",
		   s.pid, GUEST_RAM + GUEST_FREE * GUEST_PAGE,
		   GUEST_RAM + (GUEST_FREE + 10) * GUEST_PAGE - 1),
	       0);
	EXPECT(subject_call(&s, dirty_pages, 100), 90);
	EXPECT(ctl("disarm id=d"), 0);
	EXPECT(subject_call(&s, dirty_pages, 0), 10);
	EXPECT(subject_call(&s, dirty_pages, 100), 100);
	subject_end(&s);
	subject_end(&other);
}

static long make_ring(long unused)
{
	(void)unused;
	return guest_ring();
}

/* Who keeps dirty pages in rings is told that there is no log to hide them from. */
void test_dirty_ring(void)
{
	struct subject s = subject_start("vmm");
	bool has = subject_call(&s, make_ring, 0) == 0;

	EXPECT(ctl("arm id=d point=dirty-log tgid=%d action=clear:share=50 ttl_ms=90000", s.pid),
	       has ? EOPNOTSUPP : 0);
	CHECK(!has || strstr(slurp("error"), "keeps dirty pages in rings"), "%s", slurp("error"));
	subject_end(&s);
}

static long replace(long value)
{
	return (long)guest_replace(GUEST_READ, (uint64_t)value);
}

static long replace_anon(long value)
{
	return (long)guest_replace_anon(GUEST_READ, (uint64_t)value);
}

static long sees(long unused)
{
	return shown(unused + 1);
}

/* The page behind a guest's address is replaced: the guest reads on from the old one. Under
 * emulation its next exit flushes, so it may miss that now and then. */
void test_stage2_flush(void)
{
	struct subject s = subject_start("vmm");
	long value, seen;

	EXPECT(subject_call(&s, make_spin, 0), 0);
	EXPECT(shown_until(&s, 0, GUEST_X19), GUEST_X19);
	for (value = 1; value <= 5; value++)
		EXPECT(subject_call(&s, replace, value), value);
	value--;
	if (strstr(slurp("points"), "no VHE")) {
		EXPECT(ctl("arm id=t point=stage2-flush tgid=%d action=skip ttl_ms=90000", s.pid),
		       ENOENT);
		subject_end(&s);
		return;
	}
	EXPECT(ctl("arm id=t point=stage2-flush tgid=%d action=skip ttl_ms=90000", s.pid), 0);
	do {
		/* no more than FDK_HELD_MAX pages are held at a time */
		if (value % 200 == 0) {
			EXPECT(ctl("disarm id=t"), 0);
			EXPECT(ctl("arm id=t point=stage2-flush tgid=%d action=skip ttl_ms=90000",
				   s.pid),
			       0);
		}
		seen = subject_call(&s, replace, ++value);
	} while (seen == value && value < 1000);
	CHECK(seen == value - 1, "the guest never reads an old page: %s", slurp("rules"));
	CHECK(rule_value("t", "injected") > 0, "%s", slurp("rules"));
	EXPECT(ctl("disarm id=t"), 0);
	EXPECT(subject_call(&s, sees, 0), value);
	EXPECT(subject_call(&s, replace, 99), 99);
	/* a page that its mapping alone keeps is freed at once: never that one */
	EXPECT(subject_call(&s, replace_anon, 2000), 2000);
	EXPECT(ctl("arm id=t point=stage2-flush tgid=%d action=skip ttl_ms=90000", s.pid), 0);
	for (value = 2001; value <= 2040; value++)
		EXPECT(subject_call(&s, replace_anon, value), value);
	EXPECT(rule_value("t", "injected"), 0);
	CHECK(rule_value("t", "calls") > 0, "%s", slurp("rules"));
	subject_end(&s);
}

/* A VM process that does all that it can, for the storms. */
long vm_busy(long unused)
{
	if (make_orders(KVM_MEM_LOG_DIRTY_PAGES))
		return -1;
	for (long i = 0;; i++) {
		dirty_pages(8);
		dev_ioctl(KVM_GET_API_VERSION);
		get_reg(REG_PC);
		set_x5(i);
		guest_slot(i % 2 ? GUEST_BYTES : 0);
		madvise(guest_page(GUEST_FREE), GUEST_PAGE, MADV_DONTNEED);
	}
	return unused;
}
