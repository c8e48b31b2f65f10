// SPDX-License-Identifier: GPL-2.0-or-later
#include "places.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef FAULTDECK_SHARE
#define FAULTDECK_SHARE "/usr/local/share/faultdeck"
#endif

void place_user(char *dst, size_t n, const char *name)
{
	const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	int len;

	if (xdg && *xdg)
		len = snprintf(dst, n, "%s/faultdeck/%s", xdg, name);
	else
		len = snprintf(dst, n, "%s/.config/faultdeck/%s", home ? home : "", name);
	if (len < 0 || (size_t)len >= n)
		*dst = '\0';
}

/* NAME of the tree that this binary was built in. */
static void of_tree(char *dst, size_t n, const char *name)
{
	const size_t tail = strlen(name) + 2;
	ssize_t len = readlink("/proc/self/exe", dst, n - tail);
	char *slash;

	dst[len > 0 ? len : 0] = '\0';
	slash = strrchr(dst, '/');
	if (!slash)
		return;
	*slash = '\0'; /* of the program, then of the directory that it is in */
	slash = strrchr(dst, '/');
	if (slash)
		snprintf(slash, tail, "/%s", name);
}

static void add(struct places *p, const char *dir)
{
	size_t n = 0;

	while (p->dirs[n])
		n++;
	p->dirs[n] = dir;
	p->dirs[n + 1] = NULL;
}

static void add_usual(struct places *p, const char *name)
{
	place_user(p->own, sizeof(p->own), name);
	of_tree(p->tree, sizeof(p->tree), name);
	snprintf(p->share, sizeof(p->share), "%s/%s", FAULTDECK_SHARE, name);
	add(p, p->own);
	add(p, p->tree);
	add(p, p->share);
}

void places_of(struct places *p, const char *name)
{
	p->dirs[0] = NULL;
	add_usual(p, name);
}

void places_scenarios(struct places *p, const struct config *cfg)
{
	p->dirs[0] = NULL;
	for (size_t i = 0; cfg->scenarios && cfg->scenarios[i] && i < CONFIG_PLACES_MAX; i++)
		add(p, cfg->scenarios[i]);
	add_usual(p, "scenarios");
}
