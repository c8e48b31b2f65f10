/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TUI_HIST_H
#define TUI_HIST_H
/*
 * What was measured in the last minutes, kept per thing and metric, and the moments at which
 * something was injected into it. Bounded: HIST_SAMPLES a series, the oldest go.
 */
#include "core/model.h"

#define HIST_SAMPLES 600

struct hist;
/* NULL when out of memory. */
struct hist *hist_new(void);
struct hist *hist_free(struct hist *h);
/* Takes the samples of the nodes that answered since the last time, and the new injections. */
void hist_take(struct hist *h, const struct snapshot *s);
/*
 * The values of the last N × STEP_MS before NOW_MS, oldest first, one a step; NAN where nothing was
 * measured. A value holds until the next one, but not for longer than a few of the usual intervals.
 */
void hist_fill(const struct hist *h, const char *node, const struct item *i, const char *key,
	       int64_t now_ms, int64_t step_ms, float *v, size_t n);
/* Sets MARK[i] where in step i something was injected into TARGET (written out). */
void hist_marks(const struct hist *h, const char *target, int64_t now_ms, int64_t step_ms,
		bool *mark, size_t n);

#endif
