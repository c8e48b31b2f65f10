// SPDX-License-Identifier: GPL-2.0-or-later
#include "theme.h"

#include <curses.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
static const struct { const char *name; short c256, c16; } banners[] = {
	{ "green", 78, 2 },  { "red", 203, 1 },      { "yellow", 221, 3 }, { "blue", 75, 4 },
	{ "orange", 208, 3 }, { "magenta", 177, 5 }, { "cyan", 80, 6 },    { "white", 252, 7 },
};
/* clang-format on */

static struct {
	const struct theme *theme;
	int colours;        /* of the terminal; 0: none, or they are not wanted */
	bool coloured;      /* the theme names at least one */
	const char *banner; /* its name */
} the;

static short banner_colour(void)
{
	size_t pick = 0;

	for (size_t i = 0; the.banner && i < sizeof(banners) / sizeof(*banners); i++)
		if (strcmp(banners[i].name, the.banner) == 0)
			pick = i;
	return the.colours >= 256 ? banners[pick].c256 : banners[pick].c16;
}

bool theme_colours(void)
{
	const char *no_color = getenv("NO_COLOR");

	return !(no_color && *no_color) && has_colors();
}

void theme_start(const struct theme *t, const char *banner)
{
	if (theme_colours() && !the.colours && start_color() == OK) {
		the.colours = COLORS;
		use_default_colors();
	}
	the.theme = t;
	the.banner = banner;
	the.coloured = false;
	for (int r = 0; r < ROLE_COUNT; r++) {
		const struct look *l = &t->look[r];

		the.coloured |= l->fg >= 0 || l->bg >= 0 || l->fg16 >= 0 || l->bg16 >= 0;
	}
}

enum chart_style theme_chart(void)
{
	return the.theme ? the.theme->chart : CHART_AUTO;
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

/* A theme that names only colours of 16 shows those on every terminal. */
static short fg_of(const struct look *l)
{
	return the.colours >= 256 && l->fg != COLOUR_NONE ? l->fg : l->fg16;
}

static short bg_of(const struct look *l)
{
	return the.colours >= 256 && l->bg != COLOUR_NONE ? l->bg : l->bg16;
}

static short first_of(short a, short b, short c)
{
	return a != COLOUR_NONE ? a : b != COLOUR_NONE ? b : c;
}

static attr_t attrs_of(const struct look *l)
{
	return (l->bold ? A_BOLD : 0) | (l->dim ? A_DIM : 0) | (l->underline ? A_UNDERLINE : 0) |
	       (l->reverse ? A_REVERSE : 0);
}

static int pair_of(short fg, short bg, attr_t *attrs)
{
	int pair;

	if (fg == COLOUR_NONE && bg == COLOUR_NONE)
		return 0;
	if (the.colours < 256) {
		fg = fit_colour(fg, attrs);
		bg = fit_colour(bg, NULL);
	}
	pair = alloc_pair(fg, bg);
	return pair > 0 ? pair : 0;
}

void theme_use(enum role role, enum role base)
{
	const struct look *text = &the.theme->look[ROLE_TEXT], *b = &the.theme->look[base];
	const struct look *l = role == ROLE_TEXT ? b : &the.theme->look[role];
	attr_t attrs = attrs_of(l) | attrs_of(b);
	int pair = 0;

	if (the.colours && the.coloured) {
		short own = role == ROLE_BANNER ? banner_colour() : bg_of(l);
		bool chosen = base == ROLE_SELECTED && own == COLOUR_NONE;
		short fg = first_of(chosen ? fg_of(b) : fg_of(l), chosen ? fg_of(l) : fg_of(b),
				    fg_of(text));

		pair = pair_of(fg, first_of(own, bg_of(b), bg_of(text)), &attrs);
	}
	attr_set(attrs, 0, &pair);
}

void theme_clear(void)
{
	const struct look *text = &the.theme->look[ROLE_TEXT];
	attr_t attrs = 0;
	cchar_t blank;
	int pair = 0;

	if (the.colours && the.coloured)
		pair = pair_of(fg_of(text), bg_of(text), &attrs);
	if (setcchar(&blank, L" ", 0, 0, &pair) == OK)
		bkgrndset(&blank);
}
