// SPDX-License-Identifier: GPL-2.0-or-later
// sources: tui/filter.c
/* What is typed behind `/`. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tui/filter.h"

/* A row is "key=value;key=value"; all of it is one text as well. */
static const char *column(const void *row, const char *key, char *buf, size_t n)
{
	const char *s = row;
	size_t len = key ? strlen(key) : 0;

	if (!key) {
		snprintf(buf, n, "%s", s);
		return buf;
	}
	for (; s; s = strchr(s, ';') ? strchr(s, ';') + 1 : NULL)
		if (strncmp(s, key, len) == 0 && s[len] == '=') {
			snprintf(buf, n, "%.*s", (int)strcspn(s + len + 1, ";"), s + len + 1);
			return buf;
		}
	return NULL;
}

static const char row[] = "name=db1;state=Paused;node=kvm1";

static bool passes(const char *text)
{
	char bad[80];
	struct filter *f = filter_new(text, bad, sizeof(bad));
	bool yes = filter_passes(f, column, row);

	filter_free(f);
	return yes;
}

static void test_words(void **state)
{
	(void)state;
	assert_true(passes(""));
	assert_true(passes("   "));
	assert_true(passes("db1"));
	assert_true(passes("PAUSED"));
	assert_true(passes("db1 paused kvm"));
	assert_false(passes("db1 running"));
	assert_true(passes("!running"));
	assert_false(passes("!db1"));
	assert_true(passes("!")); /* is being typed */
}

static void test_columns(void **state)
{
	(void)state;
	assert_true(passes("state:paused"));
	assert_false(passes("name:paused"));
	assert_true(passes("!name:paused"));
	assert_false(passes("disk:x")); /* there is no such column */
	assert_true(passes("!disk:x"));
	assert_false(passes("state:")); /* no column yet: those letters */
}

static void test_expressions(void **state)
{
	char bad[80];
	struct filter *f;

	(void)state;
	assert_true(passes("~^name=(db|web)[0-9];"));
	assert_false(passes("state:~^used$"));
	assert_true(passes("state:~^pa.*d$ !name:~web"));
	f = filter_new("~db(", bad, sizeof(bad));
	assert_string_not_equal(bad, "");
	assert_false(filter_passes(f, column, row)); /* as plain text */
	filter_free(f);
}

static void test_limits(void **state)
{
	char text[5000];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_false(passes(text));
	for (size_t i = 1; i < sizeof(text) - 1; i += 2)
		text[i] = ' ';
	assert_false(passes(text));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_columns),
		cmocka_unit_test(test_expressions),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
