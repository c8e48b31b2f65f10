/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core/text.c and core/err.c */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../../core/err.h"
#include "../../core/text.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void test_buf_grows_to_its_maximum(void **state)
{
	struct buf b = BUF_INIT(200);

	(void)state;
	assert_string_equal(buf_text(&b), "");
	for (int i = 0; i < 20; i++)
		assert_int_equal(buf_str(&b, "0123456789"), 0);
	assert_int_equal(b.len, 200);
	assert_false(b.broken);
	assert_int_equal(buf_add(&b, "", 0), 0);
	assert_int_equal(buf_add(&b, "x", 1), -ENOSPC);
	assert_true(b.broken);
	assert_int_equal(b.len, 200);
	assert_int_equal(strlen(buf_text(&b)), 200);
	buf_clear(&b);
	assert_false(b.broken);
	assert_string_equal(buf_text(&b), "");
	buf_free(&b);
	assert_null(b.data);
	assert_int_equal(buf_str(&b, "again"), 0);
	assert_string_equal(buf_text(&b), "again");
	buf_free(&b);
}

static void test_buf_has_no_hole_after_a_refusal(void **state)
{
	struct buf b = BUF_INIT(8);

	(void)state;
	assert_int_equal(buf_str(&b, "abc"), 0);
	assert_int_equal(buf_fmt(&b, "%d", 1234567), -ENOSPC);
	assert_int_equal(buf_str(&b, "d"), -ENOSPC);
	assert_string_equal(buf_text(&b), "abc");
	buf_free(&b);
	assert_int_equal(buf_add(&b, "x", SIZE_MAX), -ENOSPC);
	buf_free(&b);
}

static void test_buf_fmt(void **state)
{
	struct buf b = BUF_INIT(1000);

	(void)state;
	assert_int_equal(buf_fmt(&b, "%s=%d", "a", 1), 0);
	assert_int_equal(buf_fmt(&b, "%0500d", 7), 0);
	assert_int_equal(b.len, 503);
	assert_int_equal(b.data[502], '7');
	buf_free(&b);
}

static void test_buf_shell_quotes(void **state)
{
	static const struct {
		const char *in, *want;
	} cases[] = { { "", "''" },
		      { "a b", "'a b'" },
		      { "it's", "'it'\\''s'" },
		      { "'", "''\\'''" },
		      { "$(x)`y`\\\n", "'$(x)`y`\\\n'" } };
	struct buf b = BUF_INIT(100);

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		buf_clear(&b);
		assert_int_equal(buf_shell(&b, cases[i].in), 0);
		assert_string_equal(buf_text(&b), cases[i].want);
	}
	buf_free(&b);
	struct buf small = BUF_INIT(6);
	assert_int_equal(buf_str(&small, "ab"), 0);
	assert_int_equal(buf_shell(&small, "a'b"), -ENOSPC);
	assert_string_equal(buf_text(&small), "ab");
	buf_free(&small);
}

/* The quoting is right if the shell says so. */
static void test_buf_shell_through_sh(void **state)
{
	const char *word = "a'b\"c$HOME`id`\\ \t*?;&|<>(){}#~!\n'' end";
	struct buf b = BUF_INIT(1000);
	char got[200];

	(void)state;
	assert_int_equal(buf_str(&b, "printf %s "), 0);
	assert_int_equal(buf_shell(&b, word), 0);
	FILE *f = popen(buf_text(&b), "re");
	assert_non_null(f);
	got[fread(got, 1, sizeof(got) - 1, f)] = '\0';
	assert_int_equal(pclose(f), 0);
	assert_string_equal(got, word);
	buf_free(&b);
}

static void test_clean(void **state)
{
	static const struct {
		const char *in, *want;
	} cases[] = {
		{ "plain", "plain" },
		{ "\033[31mred\007\177", "?[31mred??" },
		{ "tab\tline\ncr\r", "tab line cr?" },
		{ "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80" },
		{ "\xc2\x9b"
		  "31m",
		  "?31m" }, /* C1 CSI */
		{ "a\xe2\x80\xae"
		  "b\xe2\x81\xa6"
		  "c",
		  "a?b?c" }, /* RLO, LRI */
		{ "a\xe2\x80\x8f"
		  "b",
		  "a?b" }, /* RLM */
		{ "\xff\xfe", "??" },
		{ "\xc0\xaf", "??" }, /* overlong / */
		{ "\xe0\x80\xaf", "???" },
		{ "\xed\xa0\x80", "???" },      /* surrogate */
		{ "\xf4\x90\x80\x80", "????" }, /* over U+10FFFF */
		{ "cut\xe2\x82", "cut??" },
		{ "\xc3", "?" },
	};
	char dst[64];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_ptr_equal(text_clean(dst, sizeof(dst), cases[i].in), dst);
		assert_string_equal(dst, cases[i].want);
		strcpy(dst, cases[i].in);
		assert_string_equal(text_clean(dst, sizeof(dst), dst), cases[i].want);
	}
}

static void test_clean_never_cuts_a_character(void **state)
{
	char dst[6];

	(void)state;
	assert_string_equal(text_clean(dst, sizeof(dst), "abc\xe2\x82\xac"), "abc");
	assert_string_equal(text_clean(dst, sizeof(dst),
				       "ab\xe2\x82\xac"
				       "c"),
			    "ab\xe2\x82\xac");
	assert_string_equal(text_clean(dst, 1, "abc"), "");
	dst[0] = 'x';
	text_clean(dst, 0, "abc");
	assert_int_equal(dst[0], 'x');
}

static void test_duration(void **state)
{
	static const struct {
		const char *in;
		int r;
		int64_t ms;
		const char *back;
	} cases[] = {
		{ "30s", 0, 30000, "30s" },
		{ "2m", 0, 120000, "2m" },
		{ "1h", 0, 3600000, "1h" },
		{ "500ms", 0, 500, "500ms" },
		{ "1500ms", 0, 1500, "1500ms" },
		{ "2000ms", 0, 2000, "2s" },
		{ "90", 0, 90000, "90s" },
		{ "60s", 0, 60000, "1m" },
		{ "0", 0, 0, "0s" },
		{ "576h", 0, 2073600000, "576h" },
		{ "577h", -ERANGE, -1, NULL },
		{ "2073600001ms", -ERANGE, -1, NULL },
		{ "99999999999999999999999", -ERANGE, -1, NULL },
		{ "18446744073709552s", -ERANGE, -1, NULL },
		{ "", -EINVAL, -1, NULL },
		{ "s", -EINVAL, -1, NULL },
		{ "-1s", -EINVAL, -1, NULL },
		{ "+1", -EINVAL, -1, NULL },
		{ " 1", -EINVAL, -1, NULL },
		{ "1 s", -EINVAL, -1, NULL },
		{ "1.5s", -EINVAL, -1, NULL },
		{ "0x10", -EINVAL, -1, NULL },
		{ "1d", -EINVAL, -1, NULL },
		{ "1S", -EINVAL, -1, NULL },
	};
	char dst[32];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t ms = -1;
		assert_int_equal(text_duration(cases[i].in, &ms), cases[i].r);
		assert_int_equal(ms, cases[i].ms);
		if (cases[i].back)
			assert_string_equal(text_duration_str(dst, sizeof(dst), ms), cases[i].back);
	}
}

static void test_time(void **state)
{
	char dst[25];

	(void)state;
	assert_string_equal(text_time(dst, sizeof(dst), 0), "1970-01-01T00:00:00.000Z");
	assert_string_equal(text_time(dst, sizeof(dst), -1), "1969-12-31T23:59:59.999Z");
	assert_string_equal(text_time(dst, sizeof(dst), 1795444267123), "2026-11-23T14:31:07.123Z");
	assert_string_equal(text_time(dst, sizeof(dst), INT64_MAX), "9999-12-31T23:59:59.999Z");
	const int64_t boot = now_boot_ms();
	assert_true(now_boot_ms() >= boot);
	assert_true(now_unix_ms() > 1700000000000);
}

static void test_id(void **state)
{
	(void)state;
	assert_true(text_is_id("a"));
	assert_true(text_is_id("A-z_09"));
	assert_true(text_is_id("0123456789012345678901234567890"));
	assert_false(text_is_id("01234567890123456789012345678901"));
	assert_false(text_is_id(""));
	assert_false(text_is_id("a b"));
	assert_false(text_is_id("../x"));
	assert_false(text_is_id("a\n"));
	assert_false(text_is_id("\xc3\xa4"));
}

static void test_err(void **state)
{
	struct err e = { .code = 0 };

	(void)state;
	assert_int_equal(err_set(&e, -ENOENT, "no %s\nhere", "\033[2J"), -ENOENT);
	assert_int_equal(e.code, -ENOENT);
	assert_string_equal(e.msg, "no ?[2J here");
	assert_int_equal(err_hint(&e, "try %d", 2), -ENOENT);
	assert_string_equal(e.hint, "try 2");
	err_set(&e, -EIO, "again: %s", e.msg);
	assert_string_equal(e.msg, "again: no ?[2J here");
	assert_string_equal(e.hint, "");
	err_set(&e, -EIO, "%0600d", 1);
	assert_int_equal(strlen(e.msg), sizeof(e.msg) - 1);
}

static void test_err_null_keeps_the_code(void **state)
{
	(void)state;
	assert_int_equal(err_set(NULL, -EACCES, "%s", "x"), -EACCES);
	assert_int_equal(err_hint(NULL, "%s", "y"), -EACCES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_buf_grows_to_its_maximum),
		cmocka_unit_test(test_buf_has_no_hole_after_a_refusal),
		cmocka_unit_test(test_buf_fmt),
		cmocka_unit_test(test_buf_shell_quotes),
		cmocka_unit_test(test_buf_shell_through_sh),
		cmocka_unit_test(test_clean),
		cmocka_unit_test(test_clean_never_cuts_a_character),
		cmocka_unit_test(test_duration),
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_id),
		cmocka_unit_test(test_err),
		cmocka_unit_test(test_err_null_keeps_the_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
