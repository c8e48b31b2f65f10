// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "clone.h"
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define STACK_BYTES 0x10000UL /* of which SP is in the middle: one flipped bit stays inside */
#define FLAGS       (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM)
#define PATTERN(n)  (0x1111000000000000UL * ((n) % 7) + 0x0101UL * (n))

static uint64_t child_sp;

/*
 * clone_raw(flags, sp): every register gets its pattern, both threads store all they have below
 * their own SP, with the flags; where SP was not what it should be, there. The child then stays in
 * exit.
 */
__asm__(".pushsection .text\n"
	".globl clone_raw\n"
	"clone_raw:\n"
	"	stp	x29, x30, [sp, #-96]!\n"
	"	stp	x19, x20, [sp, #16]\n"
	"	stp	x21, x22, [sp, #32]\n"
	"	stp	x23, x24, [sp, #48]\n"
	"	stp	x25, x26, [sp, #64]\n"
	"	stp	x27, x28, [sp, #80]\n"
	".irp n, 5,6,7,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30\n"
	"	mov	x\\n, #(0x0101 * \\n)\n"
	"	movk	x\\n, #(0x1111 * (\\n % 7)), lsl #48\n"
	".endr\n"
	"	mov	x2, #0\n"
	"	mov	x3, #0\n"
	"	mov	x4, #0\n"
	"	mov	x8, #220\n"
	"	msr	nzcv, xzr\n"
	"	svc	#0\n"
	"	stp	x0, x1, [sp, #-272]\n"
	"	stp	x2, x3, [sp, #-256]\n"
	"	stp	x4, x5, [sp, #-240]\n"
	"	stp	x6, x7, [sp, #-224]\n"
	"	stp	x8, x9, [sp, #-208]\n"
	"	stp	x10, x11, [sp, #-192]\n"
	"	stp	x12, x13, [sp, #-176]\n"
	"	stp	x14, x15, [sp, #-160]\n"
	"	stp	x16, x17, [sp, #-144]\n"
	"	stp	x18, x19, [sp, #-128]\n"
	"	stp	x20, x21, [sp, #-112]\n"
	"	stp	x22, x23, [sp, #-96]\n"
	"	stp	x24, x25, [sp, #-80]\n"
	"	stp	x26, x27, [sp, #-64]\n"
	"	stp	x28, x29, [sp, #-48]\n"
	"	mrs	x1, nzcv\n"
	"	str	x30, [sp, #-32]\n"
	"	str	x1, [sp, #-24]\n"
	"	mov	x2, #0xd0e\n"
	"	str	x2, [sp, #-16]\n" /* all of it is there */
	"	ldr	x3, [sp, #8]\n"
	"	mov	x4, #0x5afe\n"
	"	cmp	x3, x4\n"
	"	b.eq	1f\n"
	"	ldp	x19, x20, [sp, #16]\n"
	"	ldp	x21, x22, [sp, #32]\n"
	"	ldp	x23, x24, [sp, #48]\n"
	"	ldp	x25, x26, [sp, #64]\n"
	"	ldp	x27, x28, [sp, #80]\n"
	"	mov	x0, sp\n"
	"	ldp	x29, x30, [sp], #96\n"
	"	ret\n"
	"1:	mov	x0, #0\n"
	"	mov	x8, #93\n"
	"	svc	#0\n"
	".popsection\n");
char *clone_raw(unsigned long flags, char *sp);

uint64_t clone_expected(int reg)
{
	switch (reg) {
	case 0:
	case 2:
	case 3:
	case 4:
	case CLONE_FLAGS:
		return 0;
	case 1:
	case CLONE_SP:
		return child_sp;
	case 8:
		return SYS_clone;
	default:
		return PATTERN((uint64_t)reg);
	}
}

static void take(struct clone_regs *out, const char *sp)
{
	memcpy(out->reg, sp - 272, 31 * 8);
	memcpy(&out->reg[CLONE_FLAGS], sp - 24, 8);
	out->reg[CLONE_SP] = (uint64_t)sp;
}

/* The place below which a child stored its registers, or NULL: wherever one bit of SP may lead. */
static const char *find(const char *stack)
{
	for (size_t at = 512; at < STACK_BYTES; at += 16) {
		if (*(volatile const uint64_t *)(stack + at - 16) == 0xd0e)
			return stack + at;
	}
	return NULL;
}

int clone_see(struct clone_regs *child, struct clone_regs *parent)
{
	char *two = mmap(NULL, 2 * STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);
	char *stack = (char *)(((uintptr_t)two + STACK_BYTES - 1) & ~(STACK_BYTES - 1));
	char *sp = stack + STACK_BYTES / 2; /* its lower bits are none */
	const char *seen = NULL;

	/* the mark that says whose stack it is, wherever the child may look */
	for (size_t at = 8; at < STACK_BYTES; at += 16)
		*(uint64_t *)(stack + at) = 0x5afe;
	child_sp = (uint64_t)sp;
	take(parent, clone_raw(FLAGS, sp));
	for (int i = 0; i < 2000 && !seen; i++) {
		usleep(500);
		seen = find(stack);
	}
	if (!seen)
		return -1;
	take(child, seen);
	return 0; /* the stack stays: nobody says when the child has left it */
}

/* For a while it has one value in registers of each kind; 0: they kept it. */
static uint64_t keep(void)
{
	uint64_t different;

	__asm__ volatile("	mov	x9, #0xc0de\n"
			 "	mov	x17, x9\n"
			 "	mov	x19, x9\n"
			 "	mov	x28, x9\n"
			 "	mov	x11, x9\n"
			 "	mov	x13, #0\n"
			 "	mov	x10, #0x1000\n"
			 "	msr	nzcv, xzr\n"
			 "1:	eor	x12, x9, x11\n"
			 "	orr	x13, x13, x12\n"
			 "	eor	x12, x17, x11\n"
			 "	orr	x13, x13, x12\n"
			 "	eor	x12, x19, x11\n"
			 "	orr	x13, x13, x12\n"
			 "	eor	x12, x28, x11\n"
			 "	orr	x13, x13, x12\n"
			 "	mrs	x12, nzcv\n"
			 "	orr	x13, x13, x12\n"
			 "	sub	x10, x10, #1\n"
			 "	cbnz	x10, 1b\n"
			 "	mov	%0, x13\n"
			 : "=r"(different)
			 :
			 : "x9", "x10", "x11", "x12", "x13", "x17", "x19", "x28", "cc");
	return different;
}

static volatile uint64_t harm, turns;

static void *stand_by(void *unused)
{
	for (;;) {
		harm |= keep();
		turns++;
	}
	return unused;
}

int clone_bystander(void)
{
	pthread_t thread;

	return pthread_create(&thread, NULL, stand_by, NULL);
}

uint64_t clone_harm(void)
{
	for (uint64_t from = turns; turns - from < 2;)
		usleep(100);
	return harm;
}
