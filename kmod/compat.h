/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What kernels 5.10 to 7.x call differently. */
#ifndef FAULTDECK_COMPAT_H
#define FAULTDECK_COMPAT_H

#include <linux/hrtimer.h>
#include <linux/kprobes.h>
#include <linux/version.h>

static inline void fdk_timer_setup(struct hrtimer *timer,
				   enum hrtimer_restart (*fn)(struct hrtimer *), clockid_t clock,
				   enum hrtimer_mode mode)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
	hrtimer_setup(timer, fn, clock, mode);
#else
	hrtimer_init(timer, clock, mode);
	timer->function = fn;
#endif
}

/* Of a call under way. */
static inline struct kretprobe *fdk_kretprobe_of(struct kretprobe_instance *ri)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 11, 0)
	return get_kretprobe(ri);
#else
	return ri->rp;
#endif
}

#endif
