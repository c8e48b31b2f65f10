/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TUI_HIST_H
#define TUI_HIST_H
/*
 * What was measured in the last hour, kept per thing and metric, and when something was injected
 * into it and ended. Bounded: each series has HIST_FINE slots of a second and HIST_COARSE of ten,
 * and a slot keeps the highest value that fell into it.
 */
#include "core/model.h"

/* Five minutes and an hour; one more, since the newest is only just begun. */
#define HIST_FINE   301
#define HIST_COARSE 361

struct hist;
/* NULL when out of memory. */
struct hist *hist_new(void);
struct hist *hist_free(struct hist *h);
/* Takes the samples of the nodes that answered since the last time, and the new injections. */
void hist_take(struct hist *h, const struct snapshot *s);
/*
 * The last N × STEP_MS before NOW_MS, oldest first, one value a step: the highest that was measured
 * in it, so that none is lost, NAN where nothing was. A value holds until the next one, but not for
 * longer than a few of the usual intervals.
 */
void hist_fill(const struct hist *h, const char *node, const struct item *i, const char *key,
	       int64_t now_ms, int64_t step_ms, float *v, size_t n);

enum hist_mark {
	HIST_DURING = 1 << 0, /* something was injected */
	HIST_BEGIN = 1 << 1,
	HIST_END = 1 << 2 /* restored, failed or expired */
};
/* What was injected into T (for a VM: or into a vCPU of it), as hist_mark or-ed in each step. */
void hist_marks(const struct hist *h, const struct target *t, int64_t now_ms, int64_t step_ms,
		unsigned char *mark, size_t n);

#endif
