/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TUI_THEME_FILE_H
#define TUI_THEME_FILE_H
/* Theme files: themes/NAME.cfg in several directories, and the two that are built in. */
#include "core/config.h"
#include "theme.h"

#define THEME_DEFAULT "dark"
#define THEME_MONO    "mono" /* for terminals without colours */
#define THEMES_MAX    64

/*
 * NAME.cfg of the first of DIRS that has it (NULL-terminated, or NULL), else the one that is built
 * in. -ENOENT, -EACCES … or -EINVAL: *OUT is untouched, M has the mistakes, and E says the first of
 * them as FILE:LINE.
 */
int theme_load(const char *name, const char *const *dirs, struct theme *out, struct mistakes *m,
	       struct err *e);
/* The names of all that DIRS have and that are built in, sorted, each once; returns how many. */
size_t theme_names(const char *const *dirs, char names[THEMES_MAX][64]);

#endif
