/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TUI_PLACES_H
#define TUI_PLACES_H
/* Where files are looked for: the operator's own, the source tree's, what was installed. */
#include "../core/config.h"

/* NAME in the operator's own configuration; "" where that would be too long. */
void place_user(char *dst, size_t n, const char *name);

/* Directories of NAME ("themes"), in the order in which they count; NULL-terminated. */
struct places {
	const char *dirs[CONFIG_PLACES_MAX + 4];
	char own[4096], tree[4096], share[256];
};
void places_of(struct places *p, const char *name);
/* Those of cluster.cfg first. */
void places_scenarios(struct places *p, const struct config *cfg);

#endif
