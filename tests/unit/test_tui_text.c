// SPDX-License-Identifier: GPL-2.0-or-later
// sources: tui/chart.c tui/keys.c tui/term_draw.c tui/theme.c
/* The parts of the console that need no screen: columns of text, charts, the key table. */
#include <curses.h>
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/text.h"
#include "tui/chart.h"
#include "tui/keys.h"
#include "tui/term.h"
#include "tui/term_draw.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static int utf8(void **state)
{
	(void)state;
	assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
	setenv("TERM", "xterm", 1);
	draw_start();
	return 0;
}

static int ascii(void **state)
{
	(void)state;
	setlocale(LC_CTYPE, "C");
	draw_start();
	return 0;
}

/* ---- columns ---- */

static void test_columns(void **state)
{
	(void)state;
	assert_int_equal(text_cols(""), 0);
	assert_int_equal(text_cols("db1"), 3);
	assert_int_equal(text_cols("数据库"), 6);
	assert_int_equal(text_cols("cafe\xcc\x81"), 4);
	assert_int_equal(text_cols("\xc3"), 1); /* cut in two: one '?' */
	assert_int_equal(text_fit("数据库", 5), 6);
	assert_int_equal(text_fit("数据库", 6), 9);
	assert_int_equal(text_fit("abc", 0), 0);
	assert_int_equal(text_fit("cafe\xcc\x81s", 4), 6);
}

static void test_columns_ascii(void **state)
{
	(void)state;
	assert_int_equal(text_cols("数据库"), 3);
	assert_string_equal(mark_glyph(MARK_INJECTED), "!");
	assert_string_equal(glyph(GLYPH_HLINE), "-");
	assert_int_equal(draw_chart_style(), CHART_ASCII);
}

static void test_marks_differ(void **state)
{
	(void)state;
	for (int a = 0; a < MARK_COUNT; a++)
		for (int b = 0; b < a; b++) {
			assert_string_not_equal(mark_glyph(a), mark_glyph(b));
			assert_string_not_equal(mark_word(a), mark_word(b));
		}
}

static void test_wrap(void **state)
{
	(void)state;
	assert_int_equal(text_wrap("", 10), 0);
	assert_int_equal(text_wrap("short", 10), 5);
	assert_int_equal(text_wrap("two words", 5), 4);
	assert_int_equal(text_wrap("exactly fits here", 12), 13); /* the space goes too */
	assert_int_equal(text_wrap("aaaaaaaaaaaaaaaa", 5), 5);
	assert_int_equal(text_wrap("数据库", 2), 3);
	assert_true(text_wrap("x", 0) > 0);
}

/* Every text ends, at every width, and no piece is wider than it may be. */
static void test_wrap_ends(void **state)
{
	static const char *const texts[] = { "a b c",
					     "   ",
					     "数 据库数据库 x",
					     "one two  three ",
					     "aaaaaaaaaaaaaaaaaaaaaaaaa bbbb",
					     "e\xcc\x81 e\xcc\x81" };

	(void)state;
	for (size_t t = 0; t < COUNT(texts); t++)
		for (int w = 0; w < 20; w++) {
			const char *s = texts[t];

			for (size_t n; *s; s += n) {
				n = text_wrap(s, w);
				assert_true(n > 0 && n <= strlen(s));
			}
		}
}

/* ---- charts ---- */

static void test_chart_top(void **state)
{
	static const struct {
		float max;
		const char *unit;
		double top;
	} cases[] = { { 0, "", 1 },        { 1, "", 1 },         { 1.5f, "", 2 },
		      { 41, "%", 50 },     { 0.03f, "", 0.05 },  { 5001, "/s", 10000 },
		      { 1000, "B", 1024 }, { 1025, "B/s", 2048 } };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		float v[] = { NAN, cases[i].max, 0 };

		assert_true(fabs(chart_top(v, 3, cases[i].unit) - cases[i].top) < 1e-9);
	}
	assert_true(chart_top((const float[]){ NAN }, 1, "") == 1);
	assert_true(chart_top((const float[]){ INFINITY }, 1, "") == 1);
}

static void test_chart_gap_is_no_zero(void **state)
{
	const float v[] = { NAN, NAN, 0, 0, 8, 4, 2, NAN };
	char row[64];

	(void)state;
	chart_row(row, sizeof(row), v, 8, 8, 1, 0, CHART_BRAILLE);
	assert_string_equal(row, " ⣀⣧⡀");
	chart_row(row, sizeof(row), v, 8, 8, 1, 0, CHART_ASCII);
	assert_string_equal(row, " .#.");
	chart_row(row, sizeof(row), v, 8, 8, 1, 0, CHART_BLOCK);
	assert_string_equal(row, " ▁█▂");
	chart_row(row, sizeof(row), v, 8, 8, 2, 0, CHART_BRAILLE); /* the upper half */
	assert_string_equal(row, "  ⡇ ");
	chart_row(row, 5, v, 8, 8, 1, 0, CHART_BRAILLE); /* no room: cut, never over the end */
	assert_true(strlen(row) < 5);
}

static void test_values_have_units(void **state)
{
	static const struct {
		double v;
		const char *unit, *want;
	} cases[] = { { 41, "%", "41 %" },         { 0, "B/s", "0 B/s" },
		      { 1800, "/s", "1.8 k/s" },   { 512.0 * 1048576, "B", "512 MiB" },
		      { 1.5, "", "1.5" },          { 12345, "", "12 k" },
		      { 2500000, "/s", "2.5 M/s" } };
	char s[32];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_string_equal(chart_value(s, sizeof(s), cases[i].v, cases[i].unit),
				    cases[i].want);
}

/* ---- keys ---- */

static void test_keys(void **state)
{
	(void)state;
	assert_int_equal(keys_find(TERM_CODE | KEY_F(9), IN_TARGETS, false), CMD_PANIC);
	assert_int_equal(keys_find('x' & 0x1f, IN_DIALOG, true), CMD_PANIC);
	assert_int_equal(keys_find('X', IN_DIALOG, false), CMD_PANIC);
	assert_int_equal(keys_find('X', IN_DIALOG, true), CMD_NONE);
	assert_int_equal(keys_find('\r', IN_TARGETS, false), CMD_FAULTS);
	assert_int_equal(keys_find('\r', IN_FAULTS, false), CMD_INJECT);
	assert_int_equal(keys_find(27, IN_FILTER, true), CMD_CANCEL);
	assert_int_equal(keys_find('/', IN_FILTER, true), CMD_NONE);
	assert_int_equal(keys_find(0, IN_TARGETS, false), CMD_NONE);
}

/* In no place do two commands claim one key, and every key of the table is one that exists. */
static void test_keys_do_not_clash(void **state)
{
	(void)state;
	for (unsigned place = 1; place <= IN_FILTER; place <<= 1)
		for (int code = 1; code < TERM_CODE + KEY_MAX; code++) {
			enum cmd first;

			if (code == 256)
				code = TERM_CODE + KEY_MIN;
			first = keys_find(code, place, false);
			for (int c = (int)first + 1; first && c < CMD_COUNT; c++) {
				unsigned own = command((enum cmd)c)->where & place & IN_ALL;

				assert_false(own && keys_has((enum cmd)c, code));
			}
		}
}

static void test_every_command_can_be_reached(void **state)
{
	char name[32];

	(void)state;
	for (int c = 1; c < CMD_COUNT; c++) {
		bool found = false;

		assert_true(keys_name((enum cmd)c, 0, name, sizeof(name)));
		assert_true(*command((enum cmd)c)->help);
		for (int code = 1; code < TERM_CODE + KEY_MAX && !found; code++) {
			if (code == 256)
				code = TERM_CODE + KEY_MIN;
			found = keys_has((enum cmd)c, code);
		}
		assert_true(found);
	}
	assert_true(keys_name(CMD_PANIC, 1, name, sizeof(name)));
	assert_string_equal(name, "Ctrl-X");
	assert_true(keys_name(CMD_PREV, 0, name, sizeof(name)));
	assert_string_equal(name, "Shift-Tab");
	assert_false(keys_name(CMD_PREV, 1, name, sizeof(name)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_columns, utf8),
		cmocka_unit_test_setup(test_wrap, utf8),
		cmocka_unit_test_setup(test_wrap_ends, utf8),
		cmocka_unit_test_setup(test_marks_differ, utf8),
		cmocka_unit_test_setup(test_columns_ascii, ascii),
		cmocka_unit_test_setup(test_marks_differ, ascii),
		cmocka_unit_test(test_chart_top),
		cmocka_unit_test(test_chart_gap_is_no_zero),
		cmocka_unit_test(test_values_have_units),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_keys_do_not_clash),
		cmocka_unit_test(test_every_command_can_be_reached),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
