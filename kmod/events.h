/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The stream of injections: the last FDK_EVENTS_MAX of them, and any number of readers, each at a
 * place of its own. One that does not keep up loses the oldest and is told how many.
 */
#ifndef FAULTDECK_EVENTS_H
#define FAULTDECK_EVENTS_H

#include <linux/fs.h>
#include "points.h"

struct fdk_rule;

/* What a handler says of an injection. */
struct fdk_event {
	const struct fdk_rule *rule;
	struct fdk_call call;
	bool has_from; /* false: the body did not run, there is nothing that was changed */
	long long from;
	long long to;
};

/* From a kprobe's handler, in the task that was hit. */
void fdk_events_put(const struct fdk_event *event);

int fdk_events_start(void);
void fdk_events_stop(void);

extern const struct file_operations fdk_events_fops;

#endif
