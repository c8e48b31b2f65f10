// SPDX-License-Identifier: GPL-2.0-or-later
#include "theme.h"

#include <curses.h>
#include <stdlib.h>
#include <string.h>

#define NONE (-1) /* the terminal's own */

struct look {
	short fg, bg;     /* of 256 colours */
	short fg16, bg16; /* of 16; 8 and up become bold where there are only 8 */
	attr_t attrs;
};

struct theme {
	const char *name;
	struct look look[ROLE_COUNT];
};

/* clang-format off */
static const struct theme themes[] = {
	{ "dark", {
		[ROLE_TEXT]          = { NONE, NONE, NONE, NONE, 0 },
		[ROLE_DIM]           = { 246, NONE, 7, NONE, 0 },
		[ROLE_GREYED]        = { 241, NONE, 8, NONE, 0 },
		[ROLE_TITLE]         = { 250, NONE, 7, NONE, 0 },
		[ROLE_TITLE_FOCUS]   = { 117, NONE, 14, NONE, A_BOLD },
		[ROLE_FRAME]         = { 239, NONE, 8, NONE, 0 },
		[ROLE_FRAME_FOCUS]   = { 74, NONE, 6, NONE, 0 },
		[ROLE_SELECTED]      = { 231, 24, 15, 4, A_BOLD },
		[ROLE_SELECTED_AWAY] = { NONE, 237, 15, NONE, A_BOLD },
		[ROLE_MARKED]        = { 221, NONE, 11, NONE, A_BOLD },
		[ROLE_UP]            = { 78, NONE, 2, NONE, 0 },
		[ROLE_INJECTED]      = { 214, NONE, 11, NONE, A_BOLD },
		[ROLE_DOWN]          = { 203, NONE, 9, NONE, A_BOLD },
		[ROLE_STALE]         = { 180, NONE, 3, NONE, 0 },
		[ROLE_UNKNOWN]       = { 177, NONE, 5, NONE, A_BOLD },
		[ROLE_WARN]          = { 221, NONE, 3, NONE, 0 },
		[ROLE_ERROR]         = { 210, NONE, 9, NONE, 0 },
		[ROLE_BAR]           = { 251, 235, 7, 0, 0 },
		[ROLE_BAR_DIM]       = { 242, 235, 8, 0, 0 },
		[ROLE_KEY]           = { 117, 235, 14, 0, A_BOLD },
		[ROLE_SIGN]          = { 16, 214, 0, 3, A_BOLD },
		[ROLE_PANIC]         = { 231, 160, 15, 1, A_BOLD },
		[ROLE_BANNER]        = { 16, NONE, 0, NONE, A_BOLD },
		[ROLE_BUTTON]        = { 252, 238, 7, 0, 0 },
		[ROLE_BUTTON_FOCUS]  = { 16, 117, 0, 6, A_BOLD },
		[ROLE_FIELD]         = { 252, 237, 7, 0, 0 },
		[ROLE_FIELD_FOCUS]   = { 231, 24, 15, 4, A_BOLD },
		[ROLE_FIELD_BAD]     = { 231, 88, 15, 1, 0 },
		[ROLE_CHART]         = { 73, NONE, 6, NONE, 0 },
	} },
	{ "mono", {
		[ROLE_TEXT]          = { NONE, NONE, NONE, NONE, 0 },
		[ROLE_DIM]           = { NONE, NONE, NONE, NONE, 0 },
		[ROLE_GREYED]        = { NONE, NONE, NONE, NONE, A_DIM },
		[ROLE_TITLE]         = { NONE, NONE, NONE, NONE, 0 },
		[ROLE_TITLE_FOCUS]   = { NONE, NONE, NONE, NONE, A_REVERSE | A_BOLD },
		[ROLE_FRAME]         = { NONE, NONE, NONE, NONE, 0 },
		[ROLE_FRAME_FOCUS]   = { NONE, NONE, NONE, NONE, A_BOLD },
		[ROLE_SELECTED]      = { NONE, NONE, NONE, NONE, A_REVERSE },
		[ROLE_SELECTED_AWAY] = { NONE, NONE, NONE, NONE, A_UNDERLINE },
		[ROLE_MARKED]        = { NONE, NONE, NONE, NONE, A_BOLD },
		[ROLE_UP]            = { NONE, NONE, NONE, NONE, 0 },
		[ROLE_INJECTED]      = { NONE, NONE, NONE, NONE, A_BOLD },
		[ROLE_DOWN]          = { NONE, NONE, NONE, NONE, A_BOLD },
		[ROLE_STALE]         = { NONE, NONE, NONE, NONE, A_DIM },
		[ROLE_UNKNOWN]       = { NONE, NONE, NONE, NONE, A_BOLD },
		[ROLE_WARN]          = { NONE, NONE, NONE, NONE, A_BOLD },
		[ROLE_ERROR]         = { NONE, NONE, NONE, NONE, A_BOLD },
		[ROLE_BAR]           = { NONE, NONE, NONE, NONE, 0 },
		[ROLE_BAR_DIM]       = { NONE, NONE, NONE, NONE, A_DIM },
		[ROLE_KEY]           = { NONE, NONE, NONE, NONE, A_BOLD },
		[ROLE_SIGN]          = { NONE, NONE, NONE, NONE, A_REVERSE | A_BOLD },
		[ROLE_PANIC]         = { NONE, NONE, NONE, NONE, A_REVERSE | A_BOLD },
		[ROLE_BANNER]        = { NONE, NONE, NONE, NONE, A_REVERSE | A_BOLD },
		[ROLE_BUTTON]        = { NONE, NONE, NONE, NONE, 0 },
		[ROLE_BUTTON_FOCUS]  = { NONE, NONE, NONE, NONE, A_REVERSE | A_BOLD },
		[ROLE_FIELD]         = { NONE, NONE, NONE, NONE, A_UNDERLINE },
		[ROLE_FIELD_FOCUS]   = { NONE, NONE, NONE, NONE, A_REVERSE },
		[ROLE_FIELD_BAD]     = { NONE, NONE, NONE, NONE, A_REVERSE | A_BOLD },
		[ROLE_CHART]         = { NONE, NONE, NONE, NONE, 0 },
	} },
};

static const struct { const char *name; short c256, c16; } banners[] = {
	{ "green", 78, 2 },  { "red", 203, 1 },      { "yellow", 221, 3 }, { "blue", 75, 4 },
	{ "orange", 208, 3 }, { "magenta", 177, 5 }, { "cyan", 80, 6 },    { "white", 252, 7 },
};
/* clang-format on */

static struct {
	const struct theme *theme;
	int colours; /* 0: none */
	short banner;
} the;

static const struct theme *theme_find(const char *name)
{
	for (size_t i = 0; name && i < sizeof(themes) / sizeof(*themes); i++)
		if (strcmp(themes[i].name, name) == 0)
			return &themes[i];
	return NULL;
}

static short banner_colour(const char *name)
{
	size_t pick = 0;

	for (size_t i = 0; name && i < sizeof(banners) / sizeof(*banners); i++)
		if (strcmp(banners[i].name, name) == 0)
			pick = i;
	return the.colours >= 256 ? banners[pick].c256 : banners[pick].c16;
}

void theme_banner(const char *banner)
{
	the.banner = banner_colour(banner);
}

bool theme_start(const char *name, const char *banner)
{
	const char *no_color = getenv("NO_COLOR");
	const struct theme *asked = theme_find(name);

	the.colours = 0;
	if (!(no_color && *no_color) && has_colors() && start_color() == OK) {
		the.colours = COLORS;
		use_default_colors();
	}
	the.theme = the.colours >= 8 ? (asked ? asked : &themes[0]) : &themes[1];
	if (strcmp(the.theme->name, "mono") == 0)
		the.colours = 0;
	the.banner = banner_colour(banner);
	return asked || !name;
}

/* 0–15 on a terminal that may have 8: the bright ones are bold in front, plain behind. */
static short fit_colour(short c, attr_t *attrs)
{
	if (c == 0 && attrs)
		*attrs &= ~A_BOLD; /* bold black is grey on many */
	if (c < 8 || the.colours > 8)
		return c;
	if (attrs)
		*attrs |= c == 8 ? A_DIM : A_BOLD;
	return (short)(c == 8 && attrs ? 7 : c - 8);
}

void theme_use(enum role role, enum role base)
{
	struct look l = the.theme->look[role], b = the.theme->look[base];
	attr_t attrs = l.attrs | b.attrs;
	int pair = 0;

	if (the.colours) {
		bool many = the.colours >= 256;
		short fg = many ? l.fg : fit_colour(l.fg16, &attrs);
		short bg = many ? l.bg : l.bg16;

		if (role == ROLE_BANNER)
			bg = the.banner;
		if (bg == NONE)
			bg = many ? b.bg : b.bg16;
		if (fg == NONE || (role == ROLE_DIM && base == ROLE_SELECTED))
			fg = many ? b.fg : fit_colour(b.fg16, &attrs);
		pair = fg == NONE && bg == NONE ? 0 : alloc_pair(fg, fit_colour(bg, NULL));
	}
	attr_set(attrs, (short)(pair > 0 ? pair : 0), NULL);
}
