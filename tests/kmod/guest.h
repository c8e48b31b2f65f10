/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest of one vCPU with RAM from a memfd and a few instructions of its own, made with KVM alone.
 */
#ifndef GUEST_H
#define GUEST_H

#include <stddef.h>
#include <stdint.h>

#define GUEST_RAM   0x40000000UL
#define GUEST_BYTES 0x200000UL
#define GUEST_PAGE  4096UL
/* Pages of its RAM. 0 is the code, with vectors behind it. */
#define GUEST_SHOWN 16           /* the spinning program stores here what it has in its hands */
#define GUEST_READ  17           /* and loads from here */
#define GUEST_FREE  32           /* from here on nobody has been there */
#define GUEST_DOOR  0x09000000UL /* no RAM: a store here comes out as an MMIO exit */
#define GUEST_FAULT 0xfa11UL     /* shown by its exception vectors */
#define GUEST_X19   0xc0deUL

enum guest_program {
	GUEST_ORDERS, /* knocks at the door, stores X1 at X0, again */
	GUEST_SPIN /* shows its registers and what it reads, for ever, without an exit of its own */
};

/* 0 or an errno. flags: of the memory slot, KVM_MEM_LOG_DIRTY_PAGES. */
int guest_make(enum guest_program program, unsigned int flags);
/* A VM that keeps its dirty pages in rings, without a vCPU: 0, or an errno where there are none. */
int guest_ring(void);
/* Runs until it knocks or leaves otherwise: the address that it stored to, or -errno. */
long guest_run(void);
/* Orders a store of 8 bytes and runs until the next knock. */
long guest_store(uint64_t addr, uint64_t value);
/* The spinning program, in a thread; guest_shown is what it stores. Word 0: X19, 1: what it read,
 * 4: SP, 5: its flags. */
int guest_spin(void);
uint64_t guest_shown(int word);
long guest_get_reg(int reg, uint64_t *value); /* 0 to 30, 31 SP, 32 PC, 33 PSTATE */
long guest_set_reg(int reg, uint64_t value);
/* KVM_GET_DIRTY_LOG: 0 or an errno; 512 bits. */
int guest_dirty(uint64_t *bitmap);
/* Puts a page of another file under a page of its RAM; what the spinning program reads right then.
 */
uint64_t guest_replace(int page, uint64_t value);
uint64_t guest_replace_anon(int page, uint64_t value); /* the same, not of a file */
int guest_slot(uint64_t bytes);                        /* changes slot 1: 0 or an errno */
uint64_t *guest_page(int page);

#endif
