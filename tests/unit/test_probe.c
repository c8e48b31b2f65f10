// SPDX-License-Identifier: GPL-2.0-or-later
/* Probes: how they are written, how they are asked, and what one that aborts does. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../core/probe.h"
#include "../../core/probe_read.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))
#define NODES    "nodes = ( { name = \"n1\"; host = \"local\"; } );\n" /* line 1 */

static struct mistakes mistakes;
static char dir[] = "/tmp/fdprobe.XXXXXX";

static struct config *load(const char *text)
{
	char path[80];
	struct config *c = NULL;
	struct err e;
	FILE *f;

	snprintf(path, sizeof(path), "%s/c.cfg", dir);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	return config_load(path, &c, &mistakes, &e) ? NULL : c;
}

static int setup(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
	char cmd[80];

	(void)state;
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	return system(cmd);
}

/* ---- words ---- */

static void test_mistakes(void **state)
{
	static const struct {
		const char *probe, *says;
	} t[] = {
		{ "", "probes[0].name: is missing" },
		{ "name = \"a\";", "expected one of command, tcp, metric, http, sql, vm" },
		{ "name = \"a\"; tcp = \"h:1\"; command = \"x\"; node = \"n1\";",
		  "expected one of command, tcp, metric" },
		{ "name = \"a\"; command = \"true\";", "probes[0].node: is missing" },
		{ "name = \"a\"; command = \"true\"; node = \"n2\";", "there is no node \"n2\"" },
		{ "name = \"a\"; tcp = \"h\";", "probes[0].tcp: expected" },
		{ "name = \"a\"; tcp = \"h:0\";", "probes[0].tcp: expected" },
		{ "name = \"a\"; tcp = \"::1:22\";", "probes[0].tcp: expected" },
		{ "name = \"a\"; tcp = \"h:1\"; node = \"n1\";",
		  "probes[0].node: goes with command, http and sql" },
		{ "name = \"a\"; tcp = \"h:1\"; expect = \"< 5\";", "expect: goes with metric," },
		{ "name = \"a\"; tcp = \"h:1\"; of = \"n1\";", "of: goes with metric" },
		{ "name = \"a\"; metric = \"load\"; of = \"n1\";", "probes[0].expect: is missing" },
		{ "name = \"a\"; metric = \"load\"; expect = \"< 5\";",
		  "probes[0].of: is missing" },
		{ "name = \"a\"; metric = \"load\"; of = \"n2\"; expect = \"< 5\";",
		  "probes[0].of: there is no node \"n2\"" },
		{ "name = \"a\"; metric = \"load\"; of = \"pid:1@n1\"; expect = \"< 5\";",
		  "probes[0].of: expected NODE" },
		{ "name = \"a\"; metric = \"load\"; of = \"n1\"; expect = \"5\";",
		  "probes[0].expect: expected <" },
		{ "name = \"a\"; metric = \"load\"; of = \"n1\"; expect = \"=> 5\";",
		  "probes[0].expect: expected <" },
		{ "name = \"a\"; metric = \"load\"; of = \"n1\"; expect = \"< 5x\";",
		  "probes[0].expect: expected <" },
		{ "name = \"a\"; metric = \"load\"; of = \"n1\"; expect = \"< 5\"; timeout = 1;",
		  "probes[0].timeout: a metric comes with" },
		{ "name = \"a\"; tcp = \"h:1\"; timeout = \"2m\";",
		  "probes[0].timeout: expected a time from 1s to 1m" },
		{ "name = \"a\"; tcp = \"h:1\"; interval = \"2h\";", "from 1s to 1h" },
		{ "name = \"a\"; tcp = \"h:1\"; abort = 1;", "probes[0].abort: expected true" },
		{ "name = \"a\"; http = \"ftp://h/\";", "http: expected \"http://" },
		{ "name = \"a\"; http = \"http://h/\"; json = \"a.b\";",
		  "json: expected a JSON pointer" },
		{ "name = \"a\"; http = \"http://h/\"; status = 1000;",
		  "status: expected a number" },
		{ "name = \"a\"; http = \"http://h/\"; of = \"n1\";", "of: goes with metric" },
		{ "name = \"a\"; command = \"x\"; node = \"n1\"; body = \"x\";",
		  "body: goes with http" },
		{ "name = \"a\"; tcp = \"h:1\"; json = \"/x\";", "json: goes with http" },
		{ "name = \"a\"; tcp = \"h:1\"; status = 200;", "status: goes with http" },
		{ "name = \"a\"; sql = \"SELECT 1\";", "probes[0].node: is missing" },
		{ "name = \"a\"; sql = \"SELECT 1\"; node = \"n2\";", "there is no node" },
		{ "name = \"a\"; vm = \"web1@n1\";", "vm: expected vm:NAME@NODE" },
		{ "name = \"a\"; vm = \"vm:web1@n2\";", "vm: there is no node" },
		{ "name = \"a\"; vm = \"vm:web1@n1\"; timeout = 3;",
		  "timeout: a metric comes with" },
		{ "name = \"a\"; http = \"http://h/\"; expect = \"< fast\";",
		  "expect: expected <" },
		{ "name = \"a\"; http = \"http://h/\"; expect = \"5..1\";", "expect: expected <" },
		{ "name = \"a\"; http = \"http://h/\"; expect = \"< 5% of it\";",
		  "expect: expected <" },
		{ "name = \"a\"; http = \"http://h/\"; expect = \"==\";", "expect: expected <" },
		{ "name = \"a\"; tcp = \"h:1\"; }, { name = \"a\"; tcp = \"h:2\";",
		  "probes[1].name: \"a\" is the name of the probe in line 3 too" },
	};
	char text[600];

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		snprintf(text, sizeof(text), NODES "probes = (\n{ %s } );\n", t[i].probe);
		assert_null(load(text));
		if (mistakes.list[0].line != 3 || !strstr(mistakes.list[0].msg, t[i].says)) {
			print_message("%s\n%d: %s\nexpected in line 3: %s\n", t[i].probe,
				      mistakes.list[0].line, mistakes.list[0].msg, t[i].says);
			fail();
		}
	}
}

static void test_host_port(void **state)
{
	char host[64];
	unsigned port;

	(void)state;
	assert_true(probe_host_port("db.example.org:5432", host, sizeof(host), &port));
	assert_string_equal(host, "db.example.org");
	assert_int_equal(port, 5432);
	assert_true(probe_host_port("[2001:db8::1]:22", host, sizeof(host), &port));
	assert_string_equal(host, "2001:db8::1");
	assert_false(probe_host_port(":22", host, sizeof(host), &port));
	assert_false(probe_host_port("h:65536", host, sizeof(host), &port));
	assert_false(probe_host_port("h:2 2", host, sizeof(host), &port));
	assert_false(probe_host_port("[]:22", host, sizeof(host), &port));
}

/* ---- asked ---- */

static const struct backend *const no_backends[] = { NULL };
static const char *const no_nodes[] = { NULL };

static struct deck *open_deck(const struct config *c, const char *const *only)
{
	struct deck_opts o = { .cfg = c,
			       .backends = no_backends,
			       .state_dir = dir,
			       .only = only,
			       .probes = PROBES_ALL };
	struct deck *d = NULL;

	assert_int_equal(deck_open(&o, &d, NULL), 0);
	deck_start(d);
	return d;
}

static bool all_asked(const struct snapshot *s, void *arg)
{
	(void)arg;
	for (size_t i = 0; i < s->nprobes; i++)
		if (!s->probes[i].asked)
			return false;
	return true;
}

static void is(const struct snapshot *s, size_t i, enum probe_state want, const char *value)
{
	if (s->probes[i].state == want && strstr(s->probes[i].value, value))
		return;
	print_message("%s: %s: %s, expected %s: %s\n", s->probes[i].name,
		      probe_state_word(s->probes[i].state), s->probes[i].value,
		      probe_state_word(want), value);
	fail();
}

/* On the node (host = "local") and from here alike. */
static void test_commands(void **state)
{
	struct config *c = load(
		NODES "probes = (\n"
		      "{ name = \"1\"; node = \"n1\"; command = \"echo \\\"it's\\\" $((6 * 7)); "
		      "echo x\"; },\n"
		      "{ name = \"2\"; node = \"n1\"; command = \"echo no; exit 3\"; },\n"
		      "{ name = \"3\"; node = \"n1\"; command = \"exit 4\"; },\n"
		      "{ name = \"4\"; node = \"n1\"; command = \"sleep 30\"; timeout = 1; },\n"
		      "{ name = \"5\"; node = \"n1\"; command = \"no-such-command-here\"; },\n"
		      "{ name = \"6\"; node = \"n1\"; command = \"yes\"; timeout = 1; },\n"
		      "{ name = \"7\"; node = \"n1\"; command = \"read x; echo $x.\"; },\n"
		      "{ name = \"8\"; node = \"local\"; command = \"echo here\"; },\n"
		      "{ name = \"9\"; node = \"local\"; command = \"sleep 30\"; timeout = 1; },\n"
		      "{ name = \"10\"; tcp = \"127.0.0.1:1\"; timeout = 1; } );\n");
	struct deck *d;
	const struct snapshot *s;

	(void)state;
	assert_non_null(c);
	d = open_deck(c, NULL);
	assert_int_equal(deck_wait(d, all_asked, NULL, 30000), 0);
	s = deck_snapshot(d);
	assert_int_equal(s->nprobes, 10);
	is(s, 0, PROBE_HOLDS, "it's 42");
	is(s, 1, PROBE_FAILED, "no");
	is(s, 2, PROBE_FAILED, "exit status 4");
	is(s, 3, PROBE_FAILED, "no answer in time");
	is(s, 4, PROBE_UNKNOWN, "not found");
	is(s, 5, PROBE_UNKNOWN, "more than is read");
	is(s, 6, PROBE_HOLDS, "."); /* there is nothing to read */
	is(s, 7, PROBE_HOLDS, "here");
	is(s, 8, PROBE_FAILED, "no answer in time");
	is(s, 9, PROBE_FAILED, "refused");
	snapshot_put(s);
	deck_close(d);
	config_free(c);
}

/* ---- abort ---- */

static void put_active(void)
{
	struct injection i = { .state = STATE_ACTIVE, .ttl_ms = 60000, .mine = true };
	struct journal *j;

	snprintf(i.id, sizeof(i.id), "a1");
	snprintf(i.node, sizeof(i.node), "n1");
	i.started_unix_ms = now_unix_ms();
	assert_int_equal(journal_open(dir, &j, NULL), 0);
	assert_int_equal(journal_write(j, &i, NULL), 0);
	journal_close(j);
}

static bool holds(const struct snapshot *s, void *arg)
{
	(void)arg;
	return s->probes[0].state == PROBE_HOLDS;
}

static bool failed(const struct snapshot *s, void *arg)
{
	(void)arg;
	return s->probes[0].state == PROBE_FAILED;
}

static bool panics(const struct snapshot *s, void *arg)
{
	(void)arg;
	return s->panic;
}

/* The flag file is what is probed. */
static void flag(bool there)
{
	char cmd[80];

	snprintf(cmd, sizeof(cmd), "%s %s/flag", there ? "touch" : "rm -f", dir);
	assert_int_equal(system(cmd), 0);
}

static struct config *flag_config(void)
{
	char text[300];

	snprintf(text, sizeof(text),
		 NODES
		 "probes = ( { name = \"flag\"; node = \"local\"; interval = 1; abort = true;\n"
		 "command = \"ls %s/flag\"; } );\n",
		 dir);
	return load(text);
}

static void test_abort(void **state)
{
	static const struct fault fault = { .name = "t.t" };
	struct config *c = flag_config();
	struct plan_item item = { .node = &c->nodes[0] };
	struct plan p = { .fault = &fault, .items = &item, .nitems = 1 };
	const struct snapshot *s;
	struct deck *d;

	(void)state;
	flag(true);
	d = open_deck(c, no_nodes);
	deck_judge(d, &p); /* nothing begins before it was asked */
	if (p.refused)
		assert_non_null(strstr(p.guard, "c.cfg:2) does not hold: not asked yet"));
	assert_int_equal(deck_wait(d, holds, NULL, 10000), 0);
	deck_judge(d, &p);
	assert_false(p.refused);
	flag(false); /* fails, but nothing of ours is injected: no panic */
	assert_int_equal(deck_wait(d, failed, NULL, 10000), 0);
	s = deck_snapshot(d);
	assert_false(s->panic);
	snapshot_put(s);
	deck_judge(d, &p);
	assert_true(p.refused);
	assert_non_null(strstr(p.guard, "abort probe \"flag\""));
	deck_close(d);

	put_active();
	d = open_deck(c, no_nodes);
	assert_int_equal(deck_wait(d, panics, NULL, 10000), 0);
	s = deck_snapshot(d);
	assert_non_null(strstr(s->abort, "abort probe \"flag\" failed: ls: "));
	snapshot_put(s);
	flag(true);
	assert_int_equal(deck_wait(d, holds, NULL, 10000), 0);
	deck_judge(d, &p); /* it holds again, and the block stays until it is lifted */
	assert_true(p.refused && strstr(p.guard, "until the panic is lifted: abort probe"));
	deck_panic(d, false);
	deck_judge(d, &p);
	assert_false(p.refused);
	deck_close(d);
	config_free(c);
}

/* What tells nothing counts as failed at the third time in a row. */
static void test_three_tries(void **state)
{
	struct probe_cfg c = { .abort = true };
	struct probe_view v = { .cfg = &c, .state = PROBE_UNKNOWN };

	(void)state;
	for (v.tries = 0; v.tries < PROBE_TRIES; v.tries++)
		assert_false(probe_aborts(&v));
	assert_true(probe_aborts(&v));
	v.state = PROBE_FAILED;
	v.tries = 0;
	assert_true(probe_aborts(&v));
	c.abort = false;
	assert_false(probe_aborts(&v));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mistakes),    cmocka_unit_test(test_host_port),
		cmocka_unit_test(test_commands),    cmocka_unit_test(test_abort),
		cmocka_unit_test(test_three_tries),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
