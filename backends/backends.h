/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BACKENDS_BACKENDS_H
#define BACKENDS_BACKENDS_H
/* What can be broken: each a folder below this one, all behind struct backend. */
#include <limits.h>

#include "../core/manifest.h"

#define BACKENDS_MAX 32

/* The texts of those that need no C. */
extern const struct manifest_file host_files[], hadoop_files[], cloudstack_files[];

struct backends {
	const struct backend *list[BACKENDS_MAX + 1]; /* NULL-terminated */
	struct backend *loaded[BACKENDS_MAX];         /* those that backends_close frees */
	size_t n, nloaded;
	char path[PATH_MAX]; /* of the manifest that the mistakes are in */
};
/*
 * The built-in ones and those that CFG names. 0, or a negative errno; -EINVAL with m->n: the
 * mistakes of b->path. backends_close is owed in any case.
 */
int backends_open(struct backends *b, const struct config *cfg, struct mistakes *m, struct err *e);
void backends_close(struct backends *b);

#endif
