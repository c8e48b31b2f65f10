// SPDX-License-Identifier: GPL-2.0-or-later
/* results.json as JUnit XML, for CI: a test case for the steady state, each step, and the residue.
 */
#include <stdio.h>
#include <string.h>

#include "report_get.h"

struct tally {
	int tests, failures, errors, skipped;
};

static void attr(struct buf *b, const char *name, const char *value)
{
	buf_fmt(b, " %s=\"", name);
	put_escaped(b, value);
	buf_str(b, "\"");
}

/* TAG NULL: it passed. */
static void testcase(struct buf *b, const char *scenario, const char *name, int64_t ms,
		     const char *tag, const char *message)
{
	buf_str(b, "    <testcase");
	attr(b, "name", name);
	attr(b, "classname", scenario);
	buf_fmt(b, " time=\"%.3f\"", ms > 0 ? (double)ms / 1000 : 0);
	if (!tag) {
		buf_str(b, "/>\n");
		return;
	}
	if (strcmp(tag, "skipped") == 0) {
		buf_str(b, "><skipped/></testcase>\n");
		return;
	}
	buf_fmt(b, "><%s", tag);
	attr(b, "message", message);
	attr(b, "type", tag);
	buf_fmt(b, "/></testcase>\n");
}

/* An expectation that does not come is a failure; what could not be done, an error. */
static const char *tag_of(const json_t *step, struct tally *t)
{
	if (get_is(step, "state", "done"))
		return NULL;
	if (!get_is(step, "state", "failed")) {
		t->skipped++;
		return "skipped";
	}
	if (get_is(step, "kind", "expect")) {
		t->failures++;
		return "failure";
	}
	t->errors++;
	return "error";
}

static void steps(const json_t *results, struct buf *b, struct tally *t)
{
	const json_t *list = get_list(results, "steps"), *step;
	size_t i;

	json_array_foreach(list, i, step)
	{
		const int64_t from = get_time(step, "began"), to = get_time(step, "ended");
		char name[200];

		t->tests++;
		snprintf(name, sizeof(name), "%lld %s", (long long)get_int(step, "step", 0),
			 get_text(step, "name"));
		testcase(b, get_text(results, "scenario"), name, from && to ? to - from : 0,
			 tag_of(step, t), get_text(step, "message"));
	}
}

/* Did a step say already what the verdict is about? */
static bool said(const json_t *results)
{
	const json_t *list = get_list(results, "steps"), *step;
	size_t i;

	json_array_foreach(list, i, step) if (get_is(step, "state", "failed")) return true;
	return false;
}

/* The run as a whole: what no step of it can say. */
static void whole(const json_t *results, struct buf *b, struct tally *t)
{
	const char *name = get_text(results, "scenario"), *tag = NULL;

	t->tests++;
	if (get_is(results, "verdict", "failed") && !said(results)) {
		tag = "failure";
		t->failures++;
	} else if (!get_is(results, "verdict", "passed") && !get_is(results, "verdict", "failed") &&
		   !(get_is(results, "verdict", "broken") && said(results))) {
		tag = "error";
		t->errors++;
	}
	testcase(b, name, "steady state and restore", 0, tag, get_text(results, "reason"));
}

static void residue(const json_t *results, struct buf *b, struct tally *t)
{
	const json_t *list = get_list(results, "residue"), *one;
	size_t i;

	json_array_foreach(list, i, one)
	{
		const bool clean = get_is(one, "state", "clean");
		char name[120], why[300];

		t->tests++;
		t->errors += !clean;
		snprintf(name, sizeof(name), "nothing is left on %s", get_text(one, "node"));
		snprintf(why, sizeof(why), "%s: %s", get_text(one, "state"), get_text(one, "left"));
		testcase(b, get_text(results, "scenario"), name, 0, clean ? NULL : "error", why);
	}
}

static void property(struct buf *b, const char *name, const char *value)
{
	buf_str(b, "      <property");
	attr(b, "name", name);
	attr(b, "value", value);
	buf_str(b, "/>\n");
}

static void properties(const json_t *results, struct buf *b)
{
	json_t *vars = json_object_get(results, "variables"), *v;
	const char *key;

	buf_str(b, "    <properties>\n");
	property(b, "seed", get_text(results, "seed"));
	property(b, "cluster", get_text(results, "cluster"));
	property(b, "verdict", get_text(results, "verdict"));
	json_object_foreach(vars, key, v) if (json_string_length(v) && *key)
		property(b, key, json_string_value(v));
	buf_str(b, "    </properties>\n");
}

void report_junit(const json_t *results, struct buf *out)
{
	struct buf cases = BUF_INIT(out->max);
	struct tally t = { 0 };
	char when[32];

	steps(results, &cases, &t);
	whole(results, &cases, &t);
	residue(results, &cases, &t);
	snprintf(when, sizeof(when), "%.19s", get_text(results, "began"));
	buf_str(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite");
	attr(out, "name", get_text(results, "scenario"));
	attr(out, "package", "faultdeck");
	attr(out, "hostname", *get_text(results, "cluster") ? get_text(results, "cluster") : "-");
	attr(out, "timestamp", when);
	buf_fmt(out,
		" id=\"0\" tests=\"%d\" failures=\"%d\" errors=\"%d\" skipped=\"%d\" "
		"time=\"%.3f\">\n",
		t.tests, t.failures, t.errors, t.skipped,
		(double)get_int(results, "duration_ms", 0) / 1000);
	properties(results, out);
	buf_str(out, buf_text(&cases));
	buf_str(out, "    <system-out>");
	put_escaped(out, get_text(results, "description"));
	buf_str(out, "</system-out>\n    <system-err>");
	put_escaped(out, get_text(results, "reason"));
	buf_str(out, "</system-err>\n  </testsuite>\n</testsuites>\n");
	out->broken |= cases.broken;
	buf_free(&cases);
}
