// SPDX-License-Identifier: GPL-2.0-or-later
/* The guard: each rule, what it counts, and that a refusal names the rule and its line. */
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

#include "../../core/deck_priv.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static struct mistakes mistakes;

/* TEXT as cluster.cfg; NULL where it has mistakes. */
static struct config *load(const char *text)
{
	char path[] = "/tmp/fdguard.XXXXXX";
	int fd = mkstemp(path);
	struct config *c = NULL;
	struct err e;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	if (config_load(path, &c, &mistakes, &e))
		c = NULL;
	unlink(path);
	return c;
}

#define NODE(name, roles) "{ name = \"" name "\"; host = \"" name "\"; roles = ( " roles " ); }"
/* six lines; what follows is line 7 */
#define NODES                                                                                      \
	"nodes = (\n" NODE("a", "\"db\", \"web\"") ",\n" NODE("b", "\"db\"") ",\n" NODE(           \
		"c", "\"db\"") ",\n" NODE("d", "\"lone\"") ");\n\n"

static const struct fault plain = { .name = "t.plain" };
static const struct fault kernel = { .name = "t.kernel", .flags = FAULT_KERNEL };

/* A cluster with what is injected there: "b" by us, "!b" by another operator, "-b" does not answer.
 */
struct world {
	struct deck deck;
	struct snapshot snap;
	struct node_view view[8], *views[8];
	struct injection inj[8];
	struct config *cfg;
};

static void make_world(struct world *w, const char *guard, const char *const *active)
{
	char text[2000];

	memset(w, 0, sizeof(*w));
	snprintf(text, sizeof(text), "%s%s", NODES, guard);
	w->cfg = load(text);
	if (!w->cfg)
		print_message("%s\n", mistakes.list[0].msg);
	assert_non_null(w->cfg);
	w->deck.o.cfg = w->cfg;
	w->snap.nodes = w->views;
	w->snap.injections = w->inj;
	for (size_t i = 0; i < w->cfg->nnodes; i++) {
		w->view[i] = (struct node_view){ .cfg = &w->cfg->nodes[i], .state = NODE_UP };
		w->views[w->snap.nnodes++] = &w->view[i];
	}
	for (; active && *active; active++) {
		const char *name = *active + strspn(*active, "!-");
		struct injection *i = &w->inj[w->snap.ninjections];

		if (**active == '-') {
			w->view[*name - 'a'].state = NODE_DOWN;
			continue;
		}
		w->snap.ninjections++;
		snprintf(i->node, sizeof(i->node), "%s", name);
		i->state = STATE_ACTIVE;
		i->mine = **active != '!';
	}
}

/* The verdict on FAULT for TARGETS ("ab"). */
static void judge(struct world *w, const char *targets, struct plan *p)
{
	static struct plan_item items[8];

	p->nitems = 0;
	p->items = items;
	for (const char *t = targets; *t; t++) {
		items[p->nitems].node = config_node(w->cfg, (char[]){ *t, '\0' });
		assert_non_null(items[p->nitems++].node);
	}
	guard_judge(&w->deck, &w->snap, p);
}

struct verdict {
	const char *guard, *active[4], *targets;
	const char *says; /* begins with "ok", or a part of the refusal */
};

static void check(const struct verdict *t)
{
	struct plan p = { .fault = &plain, .ttl_ms = 60000 };
	bool ok = strncmp(t->says, "ok", 2) == 0;
	struct world w;

	p.no_quorum = ok && strstr(t->says, "quorum=off");
	make_world(&w, t->guard, t->active);
	judge(&w, t->targets, &p);
	if (p.refused == ok || !strstr(p.guard, t->says)) {
		print_message("%s on %s: %s\nexpected: %s\n", t->guard, t->targets, p.guard,
			      t->says);
		fail();
	}
	config_free(w.cfg);
}

static void test_counts(void **state)
{
	static const struct verdict t[] = {
		{ "", { NULL }, "abcd", "ok: 4 of 4 nodes" },
		{ "guard = { max_nodes = 2; };", { NULL }, "ab", "ok: 2 of 4 nodes" },
		{ "guard = { max_nodes = 2; };",
		  { NULL },
		  "abc",
		  ":7): this would make it 3 nodes" },
		{ "guard = { max_nodes = 2; };", { "a" }, "b", "ok" },
		{ "guard = { max_nodes = 2; };", { "a", "!b" }, "c", "max_nodes = 2" },
		{ "guard = { max_nodes = 2; };", { "a", "!b" }, "a", "ok" },
		{ "guard = {\n max_injections = 2; };",
		  { "a", "!b" },
		  "a",
		  ":8): this would make it 3" },
		{ "guard = { max_injections = 3; };", { "a", "!b" }, "a", "ok" },
		{ "guard = { protected = ( \"d\" ); };", { NULL }, "ad", "d is never a target" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++)
		check(&t[i]);
}

static void test_quorum(void **state)
{
	static const struct verdict t[] = {
		{ "guard = { quorum = false; };", { NULL }, "abc", "ok" },
		{ "guard = { quorum = true; };", { NULL }, "a", "ok" },
		{ "guard = { quorum = true; };", { NULL }, "ab", "quorum (/tmp/fdguard" },
		{ "guard = {\n\n quorum = true; };",
		  { NULL },
		  "ab",
		  ":9): this would make it 2 of the 3 nodes with the role db; quorum=off" },
		{ "guard = { quorum = true; };", { "a" }, "b", "2 of the 3 nodes" },
		{ "guard = { quorum = true; };", { "!a" }, "b", "2 of the 3 nodes" },
		{ "guard = { quorum = true; };", { "!a" }, "a", "ok" },
		{ "guard = { quorum = true; };", { "a", "b" }, "d", "ok" },
		{ "guard = { quorum = true; };", { "-c" }, "b", "1 of which only does not answer" },
		{ "guard = { quorum = true; };",
		  { NULL },
		  "ab",
		  "ok: 2 of 4 nodes, a is not disposable; quorum=off" },
		{ "guard = { quorum = true; };",
		  { NULL },
		  "d",
		  "ok: 1 of 4 nodes, d is not disposable; d is the only node with the role lone" },
		{ "guard = { quorum = true; };",
		  { NULL },
		  "a",
		  "ok: 1 of 4 nodes, a is not disposable; a is the only node with the role web" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++)
		check(&t[i]);
}

/* Two members: one may be hit, both may not. */
static void test_quorum_of_two(void **state)
{
	struct plan p = { .fault = &plain, .ttl_ms = 60000 };
	struct world w;

	(void)state;
	make_world(&w, "guard = { quorum = true; };", NULL);
	w.cfg->nodes[2].roles[0][0] = 'x'; /* c is no db any more */
	judge(&w, "a", &p);
	assert_false(p.refused);
	judge(&w, "ab", &p);
	assert_true(p.refused);
	assert_non_null(strstr(p.guard, "2 of the 2 nodes with the role db"));
	config_free(w.cfg);
}

static void test_ttl_kernel_panic(void **state)
{
	struct plan p = { .fault = &plain, .ttl_ms = 61000 };
	struct world w;

	(void)state;
	make_world(&w, "guard = { max_ttl = \"1m\"; };", NULL);
	judge(&w, "a", &p);
	assert_true(p.refused && strstr(p.guard, "max_ttl = 1m") && strstr(p.guard, ":7): 61s"));
	p.ttl_ms = 60000;
	judge(&w, "a", &p);
	assert_false(p.refused);
	p.fault = &kernel;
	judge(&w, "b", &p);
	assert_true(p.refused && strstr(p.guard, "disposable = true") && strstr(p.guard, ":3)"));
	p.fault = &plain;
	w.snap.panic = true;
	judge(&w, "a", &p);
	assert_true(p.refused && strstr(p.guard, "blocked"));
	config_free(w.cfg);
}

/* What the guard says of a stop of node NAME; "" nothing. */
static const char *stop(struct world *w, const char *name)
{
	static struct plan p;

	memset(&p, 0, sizeof(p));
	if (guard_refuses_stop(&w->deck, &w->snap, config_node(w->cfg, name), &p))
		assert_true(p.refused);
	return p.guard;
}

/* ---- hours ---- */

/* DAY 0 is a Sunday. */
static bool at(const char *window, int day, int hour, int minute)
{
	struct tm tm = { .tm_wday = day, .tm_hour = hour, .tm_min = minute };
	struct hours h;

	assert_int_equal(hours_parse(window, &h), 0);
	return hours_hold(&h, &tm);
}

static void test_hours(void **state)
{
	(void)state;
	assert_true(at("mon-fri 09:00-17:00", 1, 9, 0));
	assert_true(at("mon-fri 09:00-17:00", 5, 16, 59));
	assert_false(at("mon-fri 09:00-17:00", 5, 17, 0));
	assert_false(at("mon-fri 09:00-17:00", 1, 8, 59));
	assert_false(at("mon-fri 09:00-17:00", 6, 12, 0));
	assert_false(at("mon-fri 09:00-17:00", 0, 12, 0));
	assert_true(at("00:00-24:00", 3, 23, 59));
	/* over midnight: the window is of the day that it begins on */
	assert_true(at("fri 22:00-06:00", 5, 23, 0));
	assert_true(at("fri 22:00-06:00", 6, 5, 59));
	assert_false(at("fri 22:00-06:00", 6, 6, 0));
	assert_false(at("fri 22:00-06:00", 5, 5, 0));
	assert_true(at("sat 22:00-06:00", 0, 1, 0));
	assert_true(at("22:00-06:00", 2, 3, 0));
	/* days over the week's end, and lists of them */
	assert_true(at("fri-mon 10:00-11:00", 0, 10, 30));
	assert_false(at("fri-mon 10:00-11:00", 2, 10, 30));
	assert_true(at("mon,wed-thu 10:00-11:00", 4, 10, 0));
	assert_false(at("mon,wed-thu 10:00-11:00", 2, 10, 0));
}

static void test_hours_mistakes(void **state)
{
	static const char *const bad[] = { "",
					   "9-17",
					   "09:00-17:0",
					   "09:00-17:000",
					   "09:00-09:00",
					   "24:00-01:00",
					   "09:60-17:00",
					   "25:00-26:00",
					   "mo 09:00-17:00",
					   "mon- 09:00-17:00",
					   "mon09:00-17:00",
					   "mon, 09:00-17:00",
					   "09:00 - 17:00",
					   "mon-fri 09:00-17:00 " };
	struct hours h;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_int_equal(hours_parse(bad[i], &h), -EINVAL);
	assert_null(load(NODES "guard = {\n hours = ( \"09:00-17:00\", \"late\" ); };"));
	assert_int_equal(mistakes.n, 1);
	assert_int_equal(mistakes.list[0].line, 8);
	assert_non_null(
		strstr(mistakes.list[0].msg, "guard.hours: expected \"mon-fri 09:00-17:00\""));
	assert_null(load(NODES "guard = { hours = ( ); };"));
	assert_null(load(NODES "guard = { hours = 9; };"));
	assert_null(load(NODES "guard = { quorum = 1; };"));
	assert_non_null(strstr(mistakes.list[0].msg, "guard.quorum: expected true or false"));
}

/* A window that is now, and one that is not: whatever the clock says. */
static void test_hours_in_guard(void **state)
{
	static const char *const days[] = { "sun", "mon", "tue", "wed", "thu", "fri", "sat" };
	struct plan p = { .fault = &plain, .ttl_ms = 60000 };
	time_t now = time(NULL);
	char guard[100], says[40];
	struct world w;
	struct tm tm;

	(void)state;
	localtime_r(&now, &tm);
	/* neither today nor what began yesterday */
	snprintf(guard, sizeof(guard), "guard = { hours = \"%s 00:00-24:00\"; };",
		 days[(tm.tm_wday + 3) % 7]);
	make_world(&w, guard, NULL);
	assert_non_null(strstr(stop(&w, "a"), "hours = "));
	judge(&w, "a", &p);
	assert_true(p.refused);
	snprintf(says, sizeof(says), "hours = %s 00:00-24:00", days[(tm.tm_wday + 3) % 7]);
	assert_non_null(strstr(p.guard, says));
	assert_non_null(strstr(p.guard, ":7): it is "));
	config_free(w.cfg);
	snprintf(guard, sizeof(guard),
		 "guard = { hours = ( \"%s 00:00-24:00\", \"00:00-24:00\" ); };",
		 days[(tm.tm_wday + 3) % 7]);
	make_world(&w, guard, NULL);
	judge(&w, "a", &p);
	assert_false(p.refused);
	config_free(w.cfg);
}

/* ---- operations that take things down ---- */

static void test_stop(void **state)
{
	struct probe_cfg cfg = { .abort = true, .line = 9 };
	struct probe_view probe = { .cfg = &cfg, .name = "writes", .state = PROBE_HOLDS };
	struct world w;

	(void)state;
	make_world(&w, "guard = {\n protected = ( \"d\" ); };", NULL);
	assert_string_equal(stop(&w, "a"), "");
	assert_non_null(strstr(stop(&w, "d"), ":8): d is never a target"));
	w.snap.probes = &probe;
	w.snap.nprobes = 1;
	assert_string_equal(stop(&w, "a"), "");
	probe.state = PROBE_FAILED;
	assert_non_null(strstr(stop(&w, "a"), "abort probe \"writes\""));
	w.snap.panic = true;
	assert_non_null(strstr(stop(&w, "a"), "blocked"));
	config_free(w.cfg);
}

/* It is no injection, and is meant for all of a role. */
static void test_stop_is_not_counted(void **state)
{
	static const char *const active[] = { "a", "!b", NULL };
	struct world w;

	(void)state;
	make_world(
		&w,
		"guard = { quorum = true; max_nodes = 1; max_injections = 1; max_ttl = \"1s\"; };",
		active);
	assert_string_equal(stop(&w, "c"), "");
	config_free(w.cfg);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_quorum),
		cmocka_unit_test(test_quorum_of_two),
		cmocka_unit_test(test_ttl_kernel_panic),
		cmocka_unit_test(test_hours),
		cmocka_unit_test(test_hours_mistakes),
		cmocka_unit_test(test_hours_in_guard),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_stop_is_not_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
