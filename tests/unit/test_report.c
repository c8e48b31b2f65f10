// SPDX-License-Identifier: GPL-2.0-or-later
/* Reports: what is in them, hostile names in each form, and that nothing of a past one is lost. */
#include "fake_world.h"

#include "../../core/report_get.h"

/* Markup, quotes, control characters: in all that a file or a machine can name. */
#define EVIL "<script>alert(1)</script>\"'&]]>"

static int64_t bad_from = 3000, bad_to = 9000;
static void shop_fails(struct fake *f, struct run *r)
{
	struct probe_view *v = fake_probe(f, "shop");

	(void)r;
	v->state = f->now >= bad_from && f->now < bad_to ? PROBE_FAILED : PROBE_HOLDS;
	snprintf(v->value, sizeof(v->value), "%s", f->now < 5000 ? "17.5" : EVIL);
	for (size_t i = 0; i < f->ninj; i++)
		snprintf(f->inj[i].reason, sizeof(f->inj[i].reason), "%s", EVIL);
}

static json_t *results_of(const char *text, struct run **out, struct fake *f, struct scenario **s,
			  struct run_world *w)
{
	*s = fake_load_as("evil<b>.cfg", text, NULL, 0);
	f->each = shop_fails;
	*out = fake_run(f, *s, w);
	return report_results(*out, EVIL, EVIL);
}

static const char good[] =
	"description = \"" /* libconfig's own escapes */
	"<script>alert(1)</script>\\\"'&]]>\";\n"
	"variables = { v = \"<script>alert(1)</script>\\\"'&]]>\"; };\n"
	"steady = { before = ( \"shop\" ); };\n"
	"steps = ( { inject = \"test.hang\"; on = \"a<b>&@n1\"; ttl = \"50s\"; as = \"h\"; },\n"
	"{ expect = \"shop\"; is = \"failed\"; within = \"9s\"; since = \"h\"; },\n"
	"{ command = \"echo {{v}}\"; node = \"n1\"; },\n"
	"{ restore = \"h\"; }, { expect = \"shop\"; within = \"20s\"; } );\n"
	"finally = ( { command = \"echo {{v}}\"; node = \"n1\"; } );\n";

static void has_no(const char *text, const char *what)
{
	if (strstr(text, what))
		fail_msg("\"%s\" is in it: %.200s", what, strstr(text, what));
}

static void test_hostile(void **state)
{
	struct buf junit = BUF_INIT(1u << 20), html = BUF_INIT(1u << 20), text = BUF_INIT(1u << 20);
	struct fake *f = fake_new();
	struct scenario *s;
	struct run_world w;
	struct run *r;
	json_t *o = results_of(good, &r, f, &s, &w), *line;
	char *save = NULL;

	(void)state;
	assert_int_equal(r->verdict, VERDICT_PASSED);
	report_junit(o, &junit);
	report_html(o, &html);
	report_lines(o, &text);
	assert_false(junit.broken || html.broken || text.broken);
	has_no(buf_text(&junit), "<script");
	has_no(buf_text(&html), "<script");
	has_no(buf_text(&html), "<b>&");
	has_no(buf_text(&html), "http:"); /* nothing is asked from anywhere */
	has_no(buf_text(&html), "https:");
	has_no(buf_text(&html), " src=");
	has_no(buf_text(&html), "@import");
	assert_non_null(strstr(buf_text(&html),
			       "&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;]]&gt;"));
	assert_non_null(strstr(buf_text(&junit), "&lt;script&gt;"));
	/* each line of events.ndjson is one object of its own */
	for (char *l = strtok_r(f->events.data, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		line = json_loads(l, 0, NULL);
		assert_true(json_is_object(line));
		assert_true(json_is_string(json_object_get(line, "type")));
		assert_true(json_is_string(json_object_get(line, "time")));
		json_decref(line);
	}
	json_decref(o);
	buf_free(&junit);
	buf_free(&html);
	buf_free(&text);
	run_free(r);
	fake_free(f);
	scenario_free(s);
}

static void test_escapes(void **state)
{
	struct buf b = BUF_INIT(1000);

	(void)state;
	put_escaped(&b, "a<b>&\"'\x01\x7f\nz\xc3\xa9");
	assert_string_equal(buf_text(&b), "a&lt;b&gt;&amp;&quot;&#39;???z\xc3\xa9");
	buf_free(&b);
}

/* docs/results.md names each of these. */
static void test_schema(void **state)
{
	static const char *const keys[] = {
		"schema",  "scenario",  "description", "file",   "cluster",     "operator",
		"seed",    "variables", "began",       "ended",  "duration_ms", "verdict",
		"reason",  "exit",      "steps",       "faults", "probes",      "expectations",
		"finally", "residue",   "clocks",      "events", "events_seen",
	};
	static const char *const fault_keys[] = {
		"id",        "step",       "fault",  "target", "node",      "params",
		"ttl_ms",    "state",      "reason", "effect", "aftermath", "hits",
		"started",   "armed",      "active", "ended",  "detected",  "recovered",
		"detect_ms", "recover_ms", "do",     "undo",
	};
	struct fake *f = fake_new();
	struct scenario *s;
	struct run_world w;
	struct run *r;
	json_t *o = results_of(good, &r, f, &s, &w), *fault;

	(void)state;
	for (size_t i = 0; i < COUNT(keys); i++)
		assert_non_null(json_object_get(o, keys[i]));
	assert_int_equal(json_object_size(o), COUNT(keys));
	assert_true(get_is(o, "schema", REPORT_SCHEMA));
	fault = json_array_get(json_object_get(o, "faults"), 0);
	for (size_t i = 0; i < COUNT(fault_keys); i++)
		assert_non_null(json_object_get(fault, fault_keys[i]));
	assert_int_equal(json_object_size(fault), COUNT(fault_keys));
	/* active at 0.2 s, seen to fail in the answer after 3 s; whole after 9 s */
	assert_in_range(get_int(fault, "detect_ms", -1), 2700, 4000);
	assert_true(get_int(fault, "recover_ms", -1) > 0);
	assert_int_equal(get_time(fault, "detected") - get_time(fault, "active"),
			 get_int(fault, "detect_ms", -1));
	json_decref(o);
	run_free(r);
	fake_free(f);
	scenario_free(s);
}

static void test_junit_counts(void **state)
{
	struct buf junit = BUF_INIT(1u << 20);
	struct fake *f = fake_new();
	struct scenario *s;
	struct run_world w;
	struct run *r;
	json_t *o;

	(void)state;
	o = results_of(
		"description = \"d\"; steps = ( { inject = \"test.hang\"; on = \"n1\"; ttl = "
		"\"50s\"; },\n"
		"{ expect = \"shop\"; is = \"failed\"; within = \"1s\"; }, { wait = \"1h\"; } );\n",
		&r, f, &s, &w);
	assert_int_equal(r->verdict, VERDICT_FAILED);
	report_junit(o, &junit);
	assert_non_null(
		strstr(buf_text(&junit), "tests=\"5\" failures=\"1\" errors=\"0\" skipped=\"1\""));
	assert_non_null(strstr(buf_text(&junit),
			       "<failure message=\"it is holds: 17.5\" type=\"failure\"/>"));
	buf_free(&junit);
	json_decref(o);
	run_free(r);
	fake_free(f);
	scenario_free(s);
}

static void test_on_disk(void **state)
{
	struct fake *f = fake_new();
	struct buf text = BUF_INIT(1u << 20);
	struct scenario *s;
	struct run_world w;
	struct run *r;
	json_t *o = results_of(good, &r, f, &s, &w);
	struct report_entry *list;
	struct err e = { 0 };
	char dir[512], path[600], cmd[700];
	size_t n;

	(void)state;
	report_place(fake_dir, "evil", UNIX_BASE, dir, sizeof(dir));
	assert_int_equal(report_begin(dir, &e), 0);
	assert_int_equal(report_write(dir, o, &e), 0);
	assert_int_equal(report_begin(dir, &e), -EEXIST); /* never over another */
	assert_int_equal(report_text(dir, &text, &e), 0);
	assert_non_null(strstr(buf_text(&text), "FAULT i1 test.hang on a<b>&@n1"));
	/* one that was killed, and one that somebody wrote into */
	report_place(fake_dir, "killed", UNIX_BASE + 5000, path, sizeof(path));
	assert_int_equal(report_begin(path, &e), 0);
	assert_int_equal(report_list(fake_deck, &list, &n, &e), 0);
	assert_int_equal(n, 2);
	assert_string_equal(list[0].verdict, "unfinished");
	assert_string_equal(list[0].scenario, "killed");
	assert_string_equal(list[1].verdict, "passed");
	assert_int_equal(list[1].began_unix_ms, UNIX_BASE);
	free(list);
	snprintf(cmd, sizeof(cmd),
		 "echo '{\"steps\": 7, \"faults\": [3], \"verdict\": []}' >'%s/results.json'",
		 path);
	assert_int_equal(system(cmd), 0);
	buf_clear(&text);
	assert_int_equal(report_text(path, &text, &e), 0);
	snprintf(cmd, sizeof(cmd), "echo '[' >'%s/results.json'", path);
	assert_int_equal(system(cmd), 0);
	assert_int_equal(report_text(path, &text, &e), -EBADMSG);
	buf_free(&text);
	json_decref(o);
	run_free(r);
	fake_free(f);
	scenario_free(s);
}

/* However long it ran: what is kept of a probe is bounded, and still spans all of it. */
static void test_points_are_bounded(void **state)
{
	struct fake *f = fake_new();
	struct scenario *s = fake_load("description = \"d\"; steady = { during = ( \"shop\" ); }; "
				       "steps = ( { wait = \"20h\"; } );\n");
	struct run_world w;
	struct run *r;
	const struct run_probe *p;

	(void)state;
	f->step = 1000;
	fake_probe(f, "shop");
	r = fake_run(f, s, &w);
	p = watched(r, "shop");
	assert_in_range(p->npoints, RUN_POINTS_MAX / 4, RUN_POINTS_MAX);
	assert_true(p->points[0].unix_ms < UNIX_BASE + 60000);
	assert_true(p->points[p->npoints - 1].unix_ms > UNIX_BASE + 20 * 3600000ll - 120000);
	run_free(r);
	fake_free(f);
	scenario_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hostile), cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_schema),  cmocka_unit_test(test_junit_counts),
		cmocka_unit_test(test_on_disk), cmocka_unit_test(test_points_are_bounded),
	};

	return cmocka_run_group_tests(tests, fake_setup, fake_teardown);
}
