// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "guest.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

static int vm = -1, vcpu = -1;
static struct kvm_run *run;
static char *ram;

/* x20 shown, x21 read, x22 door; vectors 0x800 behind the start. */
__asm__(".pushsection .rodata\n"
	".balign 2048\n"
	".globl guest_text_orders, guest_text_spin, guest_text_end\n"
	"guest_text_orders:\n"
	"1:	str	xzr, [x22]\n"
	"	str	x1, [x0]\n"
	"	b	1b\n"
	"guest_text_spin:\n"
	"	adr	x9, guest_vectors\n"
	"	msr	vbar_el1, x9\n"
	"	isb\n"
	"	mov	sp, x20\n"
	"	msr	nzcv, xzr\n"
	"2:	ldr	x1, [x21]\n"
	"	stp	x19, x1, [x20]\n"
	"	mov	x2, sp\n"
	"	mrs	x3, nzcv\n"
	"	stp	x2, x3, [x20, #32]\n"
	"	b	2b\n"
	".balign 2048\n"
	"guest_vectors:\n"
	".rept 16\n"
	"	mov	x1, #0xfa11\n"
	"	str	x1, [x20, #16]\n"
	"	b	.\n"
	".balign 128\n"
	".endr\n"
	"guest_text_end:\n"
	".popsection\n");
extern const char guest_text_orders[], guest_text_spin[], guest_text_end[];

uint64_t *guest_page(int page)
{
	return (uint64_t *)(ram + (size_t)page * GUEST_PAGE);
}

static uint64_t reg_id(int reg)
{
	return KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE | ((uint64_t)reg * 2);
}

long guest_get_reg(int reg, uint64_t *value)
{
	struct kvm_one_reg one = { .id = reg_id(reg), .addr = (uintptr_t)value };

	return ioctl(vcpu, KVM_GET_ONE_REG, &one) ? errno : 0;
}

long guest_set_reg(int reg, uint64_t value)
{
	struct kvm_one_reg one = { .id = reg_id(reg), .addr = (uintptr_t)&value };

	return ioctl(vcpu, KVM_SET_ONE_REG, &one) ? errno : 0;
}

static int set_slot(uint32_t slot, uint32_t flags, uint64_t gpa, uint64_t bytes, void *at)
{
	struct kvm_userspace_memory_region region = { .slot = slot,
						      .flags = flags,
						      .guest_phys_addr = gpa,
						      .memory_size = bytes,
						      .userspace_addr = (uintptr_t)at };

	return ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region) ? errno : 0;
}

int guest_ring(void)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	struct kvm_enable_cap cap = { .cap = 223 /* KVM_CAP_DIRTY_LOG_RING_ACQ_REL */,
				      .args = { 65536 } };

	vm = ioctl(kvm, KVM_CREATE_VM, 0UL);
	return ioctl(vm, KVM_ENABLE_CAP, &cap) ? errno : 0;
}

static int make_vcpu(int kvm, const char *start)
{
	struct kvm_vcpu_init init;
	uint64_t pc = GUEST_RAM + (uint64_t)(start - guest_text_orders);
	int size = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);

	vcpu = ioctl(vm, KVM_CREATE_VCPU, 0UL);
	if (vcpu < 0 || ioctl(vm, KVM_ARM_PREFERRED_TARGET, &init) ||
	    ioctl(vcpu, KVM_ARM_VCPU_INIT, &init))
		return errno;
	run = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
	guest_set_reg(19, GUEST_X19);
	guest_set_reg(20, GUEST_RAM + GUEST_SHOWN * GUEST_PAGE);
	guest_set_reg(21, GUEST_RAM + GUEST_READ * GUEST_PAGE);
	guest_set_reg(22, GUEST_DOOR);
	return (int)guest_set_reg(32, pc);
}

int guest_make(enum guest_program program, unsigned int flags)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	int fd = memfd_create("guest", MFD_CLOEXEC), err;

	if (kvm < 0 || fd < 0 || ftruncate(fd, GUEST_BYTES))
		return errno;
	vm = ioctl(kvm, KVM_CREATE_VM, 0UL);
	if (vm < 0)
		return errno;
	ram = mmap(NULL, GUEST_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	memcpy(ram, guest_text_orders, (size_t)(guest_text_end - guest_text_orders));
	err = set_slot(0, flags, GUEST_RAM, GUEST_BYTES, ram);
	return err ? err
		   : make_vcpu(kvm, program == GUEST_SPIN ? guest_text_spin : guest_text_orders);
}

long guest_run(void)
{
	if (ioctl(vcpu, KVM_RUN, 0))
		return -errno;
	return run->exit_reason == KVM_EXIT_MMIO ? (long)run->mmio.phys_addr
						 : -1000L - run->exit_reason;
}

long guest_store(uint64_t addr, uint64_t value)
{
	guest_set_reg(0, addr);
	guest_set_reg(1, value);
	return guest_run();
}

static void *spin(void *unused)
{
	(void)unused;
	for (;;) {
		long rc = guest_run();

		guest_page(GUEST_SHOWN)[3] = (uint64_t)rc;
		if (rc != -EINTR)
			return NULL;
	}
}

int guest_spin(void)
{
	pthread_t thread;

	return pthread_create(&thread, NULL, spin, NULL);
}

uint64_t guest_shown(int word)
{
	return ((volatile uint64_t *)guest_page(GUEST_SHOWN))[word];
}

int guest_dirty(uint64_t *bitmap)
{
	struct kvm_dirty_log log = { .slot = 0, .dirty_bitmap = bitmap };

	return ioctl(vm, KVM_GET_DIRTY_LOG, &log) ? errno : 0;
}

static uint64_t read_now(void)
{
	volatile uint64_t *sees = guest_page(GUEST_SHOWN) + 1;

	for (*sees = 0; !*sees;)
		;
	return *sees;
}

uint64_t guest_replace(int page, uint64_t value)
{
	int fd = memfd_create("other", MFD_CLOEXEC);

	if (ftruncate(fd, (off_t)GUEST_PAGE) || pwrite(fd, &value, sizeof(value), 0) < 0)
		return 0;
	mmap(guest_page(page), GUEST_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0);
	close(fd);
	return read_now();
}

uint64_t guest_replace_anon(int page, uint64_t value)
{
	uint64_t *fresh =
		mmap(NULL, GUEST_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	*fresh = value;
	mremap(fresh, GUEST_PAGE, GUEST_PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, guest_page(page));
	return read_now();
}

int guest_slot(uint64_t bytes)
{
	static void *at;

	if (!at)
		at = mmap(NULL, GUEST_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);
	return set_slot(1, 0, GUEST_RAM + GUEST_BYTES, bytes, at);
}
