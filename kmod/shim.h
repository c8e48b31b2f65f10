/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the plain C of the module needs from its surroundings, in the kernel and in a program:
 * strings, formatted printing, and three operations on a counter that CPUs share.
 */
#ifndef FAULTDECK_SHIM_H
#define FAULTDECK_SHIM_H

#ifdef __KERNEL__

#include <linux/atomic.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/string.h>
#include <linux/types.h>

/* A function that only the kernel has, where points work at all; NULL in a row elsewhere. */
#ifdef CONFIG_ARM64
#define FDK_KERNEL_FN(f) (f)
#else
#define FDK_KERNEL_FN(f) NULL
#endif

typedef atomic64_t fdk_counter;
#define fdk_counter_set(c, v)     atomic64_set(c, v)
#define fdk_counter_read(c)       ((long long)atomic64_read(c))
#define fdk_counter_sub(c, v)     atomic64_sub(v, c)
#define fdk_counter_inc(c)        ((long long)atomic64_inc_return(c))
#define fdk_counter_take(c)       (atomic64_dec_if_positive(c) >= 0)
#define FDK_PRINTF(fmt, args)     __printf(fmt, args)
#define fdk_vsnprintf(b, n, f, a) vsnprintf(b, n, f, a)

#else

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define FDK_KERNEL_FN(f) NULL
#define NOKPROBE_SYMBOL(f)
#define ARRAY_SIZE(a)             (sizeof(a) / sizeof((a)[0]))

typedef struct {
	long long v;
} fdk_counter;
#define fdk_counter_set(c, x)     __atomic_store_n(&(c)->v, x, __ATOMIC_RELAXED)
#define fdk_counter_read(c)       __atomic_load_n(&(c)->v, __ATOMIC_RELAXED)
#define fdk_counter_sub(c, x)     __atomic_sub_fetch(&(c)->v, x, __ATOMIC_RELAXED)
#define fdk_counter_inc(c)        __atomic_add_fetch(&(c)->v, 1, __ATOMIC_RELAXED)
#define FDK_PRINTF(fmt, args)     __attribute__((format(printf, fmt, args)))
#define fdk_vsnprintf(b, n, f, a) vsnprintf(b, n, f, a)

/* Takes one from a counter that is above zero; false, and nothing taken, where it is not. */
static inline bool fdk_counter_take(fdk_counter *c)
{
	long long v = fdk_counter_read(c);

	while (v > 0) {
		if (__atomic_compare_exchange_n(&c->v, &v, v - 1, false, __ATOMIC_RELAXED,
						__ATOMIC_RELAXED))
			return true;
	}
	return false;
}

#endif
#endif
