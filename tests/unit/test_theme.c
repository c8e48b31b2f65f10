// SPDX-License-Identifier: GPL-2.0-or-later
// sources: tui/theme.c tui/theme_file.c
/* The theme files that are shipped: complete, legible, and told apart by everybody. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tui/theme_file.h"

static const char *const shipped[] = { "themes", NULL };
static struct mistakes m;

static struct theme load(const char *name)
{
	struct theme t;
	struct err e = { 0 };

	if (theme_load(name, shipped, &t, &m, &e))
		fail_msg("%s", e.msg);
	return t;
}

/* ---- colours ---- */

struct rgb {
	double r, g, b; /* linear light, 0 to 1 */
};

static double linear(int v)
{
	double s = v / 255.0;

	return s <= 0.04045 ? s / 12.92 : pow((s + 0.055) / 1.055, 2.4);
}

/* Of xterm's 256; the first 16 are whatever the terminal says, and no theme here uses them. */
static struct rgb rgb_of(int c)
{
	static const int cube[] = { 0, 95, 135, 175, 215, 255 };

	assert_in_range(c, 16, 255);
	if (c >= 232) {
		double grey = linear(8 + 10 * (c - 232));

		return (struct rgb){ grey, grey, grey };
	}
	c -= 16;
	return (struct rgb){ linear(cube[c / 36]), linear(cube[c / 6 % 6]), linear(cube[c % 6]) };
}

static double luminance(struct rgb c)
{
	double l = 0.2126 * c.r + 0.7152 * c.g + 0.0722 * c.b;

	return l < 0 ? 0 : l > 1 ? 1 : l;
}

/* WCAG 2 */
static double contrast(int a, int b)
{
	double x = luminance(rgb_of(a)), y = luminance(rgb_of(b));

	return x > y ? (x + 0.05) / (y + 0.05) : (y + 0.05) / (x + 0.05);
}

static double lightness(struct rgb c) /* L* of CIE, 0 to 100 */
{
	double y = luminance(c);

	return y > 0.008856 ? 116 * cbrt(y) - 16 : 903.3 * y;
}

/* How others see it: Machado, Oliveira and Fernandes 2009, severity 1. */
static struct rgb seen(struct rgb c, const double k[9])
{
	return (struct rgb){ k[0] * c.r + k[1] * c.g + k[2] * c.b,
			     k[3] * c.r + k[4] * c.g + k[5] * c.b,
			     k[6] * c.r + k[7] * c.g + k[8] * c.b };
}

/* ---- tests ---- */

/* A role that is left out looks like text: nobody would see that it was forgotten. */
static void check_complete(const char *name)
{
	static const char *const words[] = {
#define ROLE_WORD(e, w) w,
		ROLES(ROLE_WORD)
#undef ROLE_WORD
	};
	char path[100], text[8192], row[40];
	FILE *f;

	snprintf(path, sizeof(path), "themes/%s.cfg", name);
	f = fopen(path, "r");
	assert_non_null(f);
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	for (int r = 0; r < ROLE_COUNT; r++) {
		snprintf(row, sizeof(row), "\n\t%s ", words[r]);
		if (!strstr(text, row))
			fail_msg("%s: no role %s", path, words[r]);
	}
}

static void test_all_load_and_are_complete(void **state)
{
	static const char *const want[] = { "16-colour", "colour-blind-safe",
					    "dark",      "high-contrast",
					    "light",     "mono" };
	char names[THEMES_MAX][64];
	size_t n = theme_names(shipped, names);

	(void)state;
	assert_int_equal(n, sizeof(want) / sizeof(*want));
	for (size_t k = 0; k < n; k++) {
		struct theme t = load(names[k]);

		assert_string_equal(names[k], want[k]);
		assert_string_equal(t.name, want[k]);
		assert_true(t.about[0]);
		check_complete(names[k]);
	}
}

/* A role without colours of its own stands on the text's, the bar's and the selected row's. */
static void check_role(const struct theme *t, enum role role, double least)
{
	const struct look *l = &t->look[role], *text = &t->look[ROLE_TEXT];
	/* where the terminal's own colours are behind it: black, and as dark as they come in use */
	int under[4] = { 16, 234, t->look[ROLE_BAR].bg, t->look[ROLE_SELECTED_AWAY].bg };
	int fg = l->fg >= 0 ? l->fg : text->fg >= 0 ? text->fg : 252;

	if (text->bg >= 0)
		under[0] = under[1] = text->bg;
	if (l->bg >= 0)
		for (int k = 0; k < 4; k++)
			under[k] = l->bg;
	for (int k = 0; k < 4; k++)
		if (under[k] >= 0 && contrast(fg, under[k]) < least)
			fail_msg("%s: role %d: %d on %d has a contrast of %.2f", t->name, role, fg,
				 under[k], contrast(fg, under[k]));
}

static void check_contrast(const char *name, double least)
{
	struct theme t = load(name);

	for (int r = 0; r < ROLE_COUNT; r++)
		if (r != ROLE_FRAME && r != ROLE_FRAME_FOCUS && r != ROLE_CHART && r != ROLE_BANNER)
			check_role(&t, (enum role)r, least);
}

static void test_contrast(void **state)
{
	(void)state;
	check_contrast("dark", 4.5);
	check_contrast("light", 4.5);
	check_contrast("colour-blind-safe", 4.5);
	check_contrast("high-contrast", 7);
}

static void test_states_differ_in_lightness_for_everybody(void **state)
{
	static const double eyes[][9] = {
		{ 1, 0, 0, 0, 1, 0, 0, 0, 1 },
		{ 0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116,
		  1.051998 }, /* protanopia */
		{ 0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.011820, 0.042940,
		  0.968881 }, /* deuteranopia */
	};
	static const enum role states[] = { ROLE_UP, ROLE_INJECTED, ROLE_DOWN, ROLE_STALE };
	struct theme t = load("colour-blind-safe");

	(void)state;
	for (int e = 0; e < 3; e++)
		for (int a = 0; a < 4; a++)
			for (int b = 0; b < a; b++) {
				double x = lightness(seen(rgb_of(t.look[states[a]].fg), eyes[e]));
				double y = lightness(seen(rgb_of(t.look[states[b]].fg), eyes[e]));

				if (fabs(x - y) < 7)
					fail_msg("eye %d: states %d and %d: L* %.0f and %.0f", e, a,
						 b, x, y);
			}
}

static void test_mono_has_no_colour_and_16_no_other(void **state)
{
	struct theme mono = load("mono"), few = load("16-colour");

	(void)state;
	for (int r = 0; r < ROLE_COUNT; r++) {
		const struct look *l = &mono.look[r];

		assert_true(l->fg < 0 && l->bg < 0 && l->fg16 < 0 && l->bg16 < 0);
		assert_true(few.look[r].fg < 0 && few.look[r].bg < 0);
	}
}

/* What the console falls back to needs no file. */
static void test_built_in(void **state)
{
	struct theme a, b = load("dark");
	struct err e = { 0 };

	(void)state;
	assert_int_equal(theme_load("dark", NULL, &a, &m, &e), 0);
	assert_memory_equal(a.look, b.look, sizeof(a.look));
	assert_int_equal(theme_load("mono", NULL, &a, &m, &e), 0);
	assert_int_equal(theme_load("light", NULL, &a, &m, &e), -ENOENT);
	assert_string_equal(e.msg, "there is no theme \"light\"");
	assert_int_equal(theme_load("../themes/light", shipped, &a, &m, &e), -ENOENT);
}

static void test_mistakes_have_their_lines(void **state)
{
	char dir[] = "/tmp/themeXXXXXX", path[64], want[400];
	const char *const dirs[] = { "", dir, NULL };
	struct theme t = { .name = "untouched" };
	struct err e = { 0 };
	FILE *f;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/own.cfg", dir);
	f = fopen(path, "w");
	fputs("about = \"own\";\nroles = {\n\tup = { fg = 256; };\n\tdwn = { fg = 1; };\n"
	      "\tdown = { bold = 1; bg16 = 16; };\n};\ncolour = 1;\n",
	      f);
	fclose(f);
	assert_int_equal(theme_load("own", dirs, &t, &m, &e), -EINVAL);
	snprintf(want, sizeof(want),
		 "%s:3: roles.up.fg: expected a colour from 0 to 255, found 256", path);
	assert_string_equal(e.msg, want);
	assert_string_equal(t.name, "untouched");
	assert_int_equal(m.n, 5);
	assert_string_equal(m.list[1].msg, "roles.dwn: unknown key, did you mean down?");
	assert_string_equal(m.list[2].msg, "roles.down.bold: expected true or false, found 1");
	assert_int_equal(m.list[4].line, 7);
	f = fopen(path, "w");
	fputs("roles = { up = { fg = 9; };\n\n", f);
	fclose(f);
	assert_int_equal(theme_load("own", dirs, &t, &m, &e), -EINVAL);
	assert_int_equal(m.n, 1);
	assert_true(m.list[0].line > 0);
	unlink(path);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_load_and_are_complete),
		cmocka_unit_test(test_contrast),
		cmocka_unit_test(test_states_differ_in_lightness_for_everybody),
		cmocka_unit_test(test_mono_has_no_colour_and_16_no_other),
		cmocka_unit_test(test_built_in),
		cmocka_unit_test(test_mistakes_have_their_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
