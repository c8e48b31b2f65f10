// SPDX-License-Identifier: GPL-2.0-or-later
/* Scenario files: their mistakes with lines, variables, what is listed, and which may run at once.
 */
#include "fake_world.h"

#include <fcntl.h>
#include <sys/wait.h>

#include "../../core/run_lock.h"

static void test_mistakes(void **state)
{
	static const struct {
		const char *text;
		int line;
		const char *says;
	} t[] = {
		{ "steps = ( { wait = 1; } );", 0, "description: is missing" },
		{ "description = \"d\";", 0, "steps: is missing" },
		{ "description = \"d\"; steps = ( { } );", 1, "steps[0].inject: expected one of" },
		{ "description = \"d\"; steps = (\n{ wait = 1; restore = \"all\"; } );", 2,
		  "expected one of" },
		{ "description = \"d\"; steps = (\n{ inject = \"test.hang\"; } );", 2,
		  "steps[0].on: is missing" },
		{ "description = \"d\"; steps = (\n{ inject = \"test.hnag\"; on = \"n1\"; } );", 2,
		  "inject: there is no fault 'test.hnag'" },
		{ "description = \"d\"; steps = (\n{ inject = \"test.hang\"; on = \"n9\"; } );", 2,
		  "on: there is no node \"n9\"" },
		{ "description = \"d\"; steps = (\n{ inject = \"test.hang\"; on = \"web@all\"; } "
		  ");",
		  2, "say on which node" },
		{ "description = \"d\"; steps = (\n{ inject = \"test.burn\"; on = \"n1\"; } );", 2,
		  "test.burn does not hit a node" },
		{ "description = \"d\"; steps = (\n{ inject = \"test.hang\"; on = \"n1\"; params = "
		  "( \"depth=10\" ); } );",
		  2, "params: " },
		{ "description = \"d\"; steps = (\n{ inject = \"test.hang\"; on = \"n1\"; ttl = "
		  "\"2h\"; } );",
		  2, "ttl: the guard's max_ttl is 1h" },
		{ "description = \"d\"; steps = (\n{ inject = \"test.hang\"; on = \"n1\"; is = "
		  "\"holds\"; } );",
		  2, "steps[0].is: means nothing to inject" },
		{ "description = \"d\"; steps = (\n{ expect = \"shp\"; } );", 2,
		  "there is no probe \"shp\"" },
		{ "description = \"d\"; steps = (\n{ expect = \"shop\"; is = \"up\"; } );", 2,
		  "expected \"holds\" or \"failed\"" },
		{ "description = \"d\"; steps = (\n{ expect = \"shop\"; since = \"x\"; } );", 2,
		  "since: there is no injection \"x\" before it" },
		{ "description = \"d\"; steps = (\n{ restore = \"a\"; },\n{ inject = "
		  "\"test.hang\"; on = \"n1\"; as = \"a\"; } );",
		  2, "restore: there is no injection \"a\" before it" },
		{ "description = \"d\"; steps = (\n{ inject = \"test.hang\"; on = \"n1\"; as = "
		  "\"a\"; },\n"
		  "{ inject = \"test.hang\"; on = \"n2\"; as = \"a\"; } );",
		  3, "as: \"a\" is the name of the step in line 2 too" },
		{ "description = \"d\"; steps = (\n{ inject = \"test.hang\"; on = \"n1\"; as = "
		  "\"a\"; ttl = \"30s\"; },\n"
		  "{ wait = \"31s\"; }, { restore = \"a\"; } );",
		  2, "ttl: 30s is over before line 3 restores \"a\", 31s later at the earliest" },
		{ "description = \"d\"; steps = (\n{ wait = \"0s\"; } );", 2,
		  "wait: expected a time from 1s" },
		{ "description = \"d\"; steps = (\n{ repeat = 0; steps = ( { wait = 1; } ); } );",
		  2, "repeat: expected a number" },
		{ "description = \"d\"; steps = (\n{ over = \"1h\"; steps = ( { wait = 1; } ); } "
		  ");",
		  2, "over: goes with repeat" },
		{ "description = \"d\"; steps = ( { repeat = 4000; steps = ( { repeat = 4000; "
		  "steps = ( { wait = 1; } "
		  "); } ); } );",
		  0, "steps: at most 4000" },
		{ "description = \"d\"; steps = (\n{ command = \"x\"; } );", 2,
		  "node: is missing" },
		{ "description = \"d\"; steps = (\n{ command = \"x\"; node = \"n9\"; } );", 2,
		  "there is no node \"n9\"" },
		{ "description = \"d\"; steps = ( { wait = 1; } );\nfinally = ( { wait = 1; } );",
		  2, "finally[0]: expected a command" },
		{ "description = \"d\"; steps = (\n{ wait = \"{{hold}}\"; } );", 2,
		  "there is no variable \"hold\"" },
		{ "description = \"d\";\nvariables = { seed = 1; };\nsteps = ( { wait = 1; } );", 2,
		  "variables.seed: expected a name" },
		{ "description = \"d\";\nvariables = { x = true; };\nsteps = ( { wait = 1; } );", 2,
		  "variables.x: expected a number, or a text" },
		{ "description = \"d\"; steady = {\nbefore = ( \"shp\" ); };\nsteps = ( { wait = "
		  "1; } );",
		  2, "steady.before: there is no probe \"shp\"" },
		{ "description = \"d\"; probes = (\n{ name = \"shop\"; tcp = \"h:1\"; } );\nsteps "
		  "= ( { wait = 1; } );",
		  2, "\"shop\" is a probe of" },
		{ "description = \"d\"; probes = (\n{ name = \"p\"; command = \"x\"; node = "
		  "\"n9\"; } );\nsteps = ( { "
		  "wait = 1; } );",
		  2, "there is no node \"n9\"" },
		{ "description = \"d\"; stepz = ( );\nsteps = ( { wait = 1; } );", 1,
		  "stepz: unknown key, did you mean steps?" },
		{ "description = \"d\"; steps = (\n{ waite = 1; } );", 2,
		  "unknown key, did you mean wait?" },
	};
	struct err e;
	char path[128];

	(void)state;
	snprintf(path, sizeof(path), "%s/bad.cfg", fake_dir);
	for (size_t i = 0; i < COUNT(t); i++) {
		struct scenario *s = NULL;
		bool found = false;

		fake_file("bad.cfg", t[i].text);
		assert_int_equal(scenario_load(fake_deck, path, NULL, 0, &s, &fake_mistakes, &e),
				 -EINVAL);
		for (size_t k = 0; k < fake_mistakes.n; k++)
			found |= fake_mistakes.list[k].line == t[i].line &&
				 strstr(fake_mistakes.list[k].msg, t[i].says);
		if (!found)
			fail_msg("%s\nexpected %d: %s\nfound %d: %s", t[i].text, t[i].line,
				 t[i].says, fake_mistakes.list[0].line, fake_mistakes.list[0].msg);
	}
}

/* All of them at once. */
static void test_all_at_once(void **state)
{
	struct scenario *s = NULL;
	struct err e = { 0 };
	char path[128];

	(void)state;
	snprintf(path, sizeof(path), "%s/bad.cfg", fake_dir);
	fake_file("bad.cfg",
		  "description = \"d\";\nsteps = (\n{ inject = \"x.y\"; on = \"n9\"; },\n"
		  "{ expect = \"no\"; },\n{ restore = \"b\"; } );\n");
	assert_int_equal(scenario_load(fake_deck, path, NULL, 0, &s, &fake_mistakes, &e), -EINVAL);
	assert_int_equal(fake_mistakes.n, 4);
	assert_int_equal(fake_mistakes.list[0].line, 3);
	assert_int_equal(fake_mistakes.list[3].line, 5);
}

static void test_variables(void **state)
{
	static const char text[] = "description = \"breaks {{node}}\";\nvariables = { node = "
				   "\"n1\"; n = 3; say = \"it's\"; };\n"
				   "steps = ( { repeat = \"{{n}}\"; steps = ( { inject = "
				   "\"test.hang\"; on = \"{{node}}\"; }, "
				   "{ wait = \"{{n}}s\"; },\n{ command = \"echo {{say}} {{ {{x "
				   "y}}\"; node = \"{{node}}\"; } ); } );\n";
	const char *const words[] = { "node=n2", "say=a'; rm -rf $HOME" }, *bad[] = { "nod=n2" };
	struct scenario *s = fake_load_as("v.cfg", text, words, 2), *none = NULL;
	struct err e = { 0 };
	char path[128];

	(void)state;
	assert_string_equal(s->description, "breaks n2");
	assert_int_equal(s->root.steps[0].repeat, 3);
	assert_string_equal(s->root.steps[0].steps[0].targets[0].node, "n2");
	assert_int_equal(s->root.steps[0].steps[1].wait_ms, 3000);
	/* one word of the shell, whatever it holds; what is no reference stays */
	assert_string_equal(s->root.steps[0].steps[2].command,
			    "echo 'a'\\''; rm -rf $HOME' {{ {{x y}}");
	scenario_free(s);
	snprintf(path, sizeof(path), "%s/v.cfg", fake_dir);
	assert_int_equal(scenario_load(fake_deck, path, bad, 1, &none, &fake_mistakes, &e),
			 -EINVAL);
	assert_int_equal(fake_mistakes.n, 0);
	assert_string_equal(e.msg, "nod=n2: it is no variable of this scenario, as NAME=VALUE");
	assert_string_equal(e.hint, "it has: node, n, say");
}

static void test_times_do_not_overflow(void **state)
{
	struct scenario *s = NULL;
	struct err e = { 0 };
	struct buf b = BUF_INIT(16384);
	char path[128];

	(void)state;
	buf_str(&b, "description = \"d\"; steps = ( ");
	for (int i = 0; i < 6; i++)
		buf_str(&b, "{ repeat = 4000; steps = ( ");
	buf_str(&b, "{ wait = \"24h\"; }");
	for (int i = 0; i < 6; i++)
		buf_str(&b, " ); }");
	buf_str(&b, " );\n");
	fake_file("deep.cfg", buf_text(&b));
	snprintf(path, sizeof(path), "%s/deep.cfg", fake_dir);
	assert_int_equal(scenario_load(fake_deck, path, NULL, 0, &s, &fake_mistakes, &e), -EINVAL);
	buf_free(&b);
}

static void test_list(void **state)
{
	char sub[128], path[512], cmd[160];
	const char *const dirs[] = { fake_dir, sub, NULL };
	struct scenario_entry *list;
	struct err e = { 0 };
	size_t n, good = 0;

	(void)state;
	snprintf(sub, sizeof(sub), "%s/sub", fake_dir);
	snprintf(cmd, sizeof(cmd), "rm -f %s/*.cfg.bak; mkdir -p %s", fake_dir, sub);
	assert_int_equal(system(cmd), 0);
	scenario_free(fake_load_as(
		"good.cfg",
		"description = \"says \\u\\\"hello\\\"\"; variables = { a = 1; b = \"x y\"; };\n"
		"steps = ( { inject = \"test.hang\"; on = ( \"n1\", \"n2\" ); },\n"
		"{ parallel = ( { inject = \"test.hang\"; on = \"web@n2\"; } ); } );\n",
		NULL, 0));
	fake_file("sub/good.cfg", "nonsense");
	fake_file("sub/other.cfg", "nonsense");
	assert_int_equal(scenario_list(fake_deck, dirs, &list, &n, &e), 0);
	for (size_t i = 0; i < n; i++) {
		if (strcmp(list[i].name, "good") == 0) {
			good++;
			assert_string_equal(list[i].touches, "test.hang n1 …, test.hang web@n2");
			assert_string_equal(list[i].variables, "a=1  b=x y");
			assert_string_equal(list[i].broken, "");
		}
		if (strcmp(list[i].name, "other") == 0)
			assert_non_null(strstr(list[i].broken, "line 1: syntax error"));
		if (i)
			assert_true(strcmp(list[i - 1].name, list[i].name) < 0);
	}
	assert_int_equal(good, 1); /* the first directory's */
	free(list);
	assert_int_equal(scenario_find(dirs, "other", path, sizeof(path), &e), 0);
	assert_int_equal(scenario_find(dirs, "nobody", path, sizeof(path), &e), -ENOENT);
	assert_int_equal(scenario_find(dirs, "./x.cfg", path, sizeof(path), &e), 0);
	assert_string_equal(path, "./x.cfg");
}

/* ---- planning: what the guard refuses is not chosen ---- */

static int refuses_n1(void *arg, const struct step_cfg *c, struct plan *const *beside, size_t n,
		      struct plan **out, struct err *e)
{
	struct plan *p = calloc(1, sizeof(*p));
	size_t *most = arg;

	(void)e;
	(void)beside;
	*most = n > *most ? n : *most;
	p->fault = c->fault;
	p->refused = strcmp(c->targets[0].node, "n1") == 0;
	snprintf(p->guard, sizeof(p->guard), "protected");
	*out = p;
	return 0;
}

static struct scenario_program *planned(const char *text, struct scenario **s,
					struct planned_list *l, size_t *most)
{
	const struct planner pl = { refuses_n1, most };
	struct scenario_program *p = NULL;
	struct err e = { 0 };

	*s = fake_load(text);
	*most = 0;
	assert_int_equal(program_make(*s, 1, &pl, &p, l, &e), 0);
	return p;
}

static void test_planning(void **state)
{
	struct planned_list l = { .v = NULL };
	struct scenario_program *p;
	struct scenario *s;
	size_t most;

	(void)state;
	p = planned("description = \"d\"; steps = ( { repeat = 30; steps = ( { choose = (\n"
		    "{ inject = \"test.hang\"; on = \"n1\"; }, { inject = \"test.hang\"; on = "
		    "\"n2\"; as = \"b\"; } ); },\n"
		    "{ restore = \"b\"; } ); } );",
		    &s, &l, &most);
	for (size_t i = 0; i < p->nsteps; i += 2)
		assert_string_equal(p->steps[i].cfg->targets[0].node, "n2");
	assert_string_equal(l.refused, "");
	assert_int_equal(most, 0); /* each was restored before the next */
	assert_int_equal(l.n, 1);
	assert_int_equal(l.v[0].times, 30);
	program_free(p);
	planned_free(&l);
	scenario_free(s);
	p = planned("description = \"d\"; steps = ( { choose = ( { inject = \"test.hang\"; on = "
		    "\"n1\"; } ); },\n"
		    "{ wait = \"5s\"; } );",
		    &s, &l, &most);
	assert_int_equal(p->steps[0].state, STEP_SKIPPED); /* nothing of it fits */
	program_free(p);
	planned_free(&l);
	scenario_free(s);
	p = planned(
		"description = \"d\"; steps = ( { inject = \"test.hang\"; on = \"n2\"; ttl = "
		"\"20s\"; },\n"
		"{ wait = \"10s\"; }, { inject = \"test.hang\"; on = \"n2\"; ttl = \"20s\"; },\n"
		"{ inject = \"test.hang\"; on = \"n1\"; }, { wait = \"30s\"; }, { inject = "
		"\"test.hang\"; on = \"n2\"; } );",
		&s, &l, &most);
	assert_non_null(strstr(l.refused, "test.hang on n1 (line 3): protected"));
	assert_int_equal(most, 2); /* the last one is alone: their TTLs are over */
	program_free(p);
	planned_free(&l);
	scenario_free(s);
}

/* ---- one at a time ---- */

static void test_overlap(void **state)
{
	static const struct {
		const char *a, *b;
		bool overlap;
	} t[] = {
		{ "n1", "n1", true },
		{ "n1", "n2", false },
		{ "n1", "web@n1", true },
		{ "path:/a@n1", "n1", true },
		{ "web@n1", "db@n1", false },
		{ "web@n1", "web@n2", false },
		{ "vm:a@n1", "vm:a/0@n1", true },
		{ "vm:a/1@n1", "vm:a/0@n1", true },
		{ "vm:a@n1", "vm:b@n1", false },
	};
	struct target a, b;

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		assert_int_equal(target_parse(t[i].a, &a, NULL), 0);
		assert_int_equal(target_parse(t[i].b, &b, NULL), 0);
		assert_int_equal(targets_overlap(&a, &b), t[i].overlap);
		assert_int_equal(targets_overlap(&b, &a), t[i].overlap);
	}
}

static struct scenario_plan *plan_on(const char *target)
{
	struct scenario_plan *p = calloc(1, sizeof(*p));

	p->scenario = fake_load("description = \"d\"; steps = ( { wait = 1; } );");
	p->acts = calloc(1, sizeof(*p->acts));
	p->nacts = 1;
	p->acts[0].plan = calloc(1, sizeof(struct plan));
	p->acts[0].plan->items = calloc(1, sizeof(struct plan_item));
	p->acts[0].plan->nitems = 1;
	target_parse(target, &p->acts[0].plan->items[0].target, NULL);
	return p;
}

static void test_one_at_a_time(void **state)
{
	struct scenario_plan *a = plan_on("n1"), *b = plan_on("web@n1"), *c = plan_on("n2");
	struct run_lock first, second, third;
	struct err e = { 0 };
	pid_t child;
	int status = 0, pipes[2];
	char byte = 0;

	(void)state;
	assert_int_equal(run_lock_take(fake_dir, a, &first, &e), 0);
	assert_int_equal(run_lock_take(fake_dir, b, &second, &e), -EBUSY);
	assert_non_null(strstr(e.msg, "the scenario s (process "));
	assert_non_null(strstr(e.msg, ") runs on n1"));
	assert_int_equal(run_lock_take(fake_dir, c, &third, &e), 0);
	run_lock_drop(&first);
	assert_int_equal(run_lock_take(fake_dir, b, &second, &e), 0);
	run_lock_drop(&second);
	run_lock_drop(&third);
	/* one that was killed is in nobody's way */
	assert_int_equal(pipe(pipes), 0);
	child = fork();
	if (!child) {
		byte = run_lock_take(fake_dir, a, &first, NULL) == 0;
		if (write(pipes[1], &byte, 1) == 1)
			pause();
		_exit(1);
	}
	assert_int_equal(read(pipes[0], &byte, 1), 1);
	assert_int_equal(byte, 1);
	assert_int_equal(run_lock_take(fake_dir, b, &second, &e), -EBUSY);
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(run_lock_take(fake_dir, b, &second, &e), 0);
	run_lock_drop(&second);
	close(pipes[0]);
	close(pipes[1]);
	scenario_plan_free(a);
	scenario_plan_free(b);
	scenario_plan_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mistakes),  cmocka_unit_test(test_all_at_once),
		cmocka_unit_test(test_variables), cmocka_unit_test(test_times_do_not_overflow),
		cmocka_unit_test(test_list),      cmocka_unit_test(test_planning),
		cmocka_unit_test(test_overlap),   cmocka_unit_test(test_one_at_a_time),
	};

	return cmocka_run_group_tests(tests, fake_setup, fake_teardown);
}
