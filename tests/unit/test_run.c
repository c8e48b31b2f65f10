// SPDX-License-Identifier: GPL-2.0-or-later
/* The runner in a world whose clock flies: phases, steps, and all that can go wrong in them. */
#include "fake_world.h"

static void all_over(const struct fake *f)
{
	for (size_t i = 0; i < f->ninj; i++)
		assert_true(state_is_final(f->inj[i].state));
}

/* Fails between two moments of the run. */
static int64_t bad_from, bad_to;
static void shop_fails(struct fake *f, struct run *r)
{
	struct probe_view *v = fake_probe(f, "shop");

	(void)r;
	v->state = f->now >= bad_from && f->now < bad_to ? PROBE_FAILED : PROBE_HOLDS;
}

/* ---- the ordinary way ---- */

static void test_passes(void **state)
{
	struct scenario *s =
		fake_load("description = \"d\"; steady = { before = ( \"shop\" ); };\n"
			  "steps = ( { wait = \"5s\"; },\n" HANG
			  "{ expect = \"shop\"; is = \"failed\"; within = \"10s\"; },\n"
			  "{ restore = \"hang\"; },\n"
			  "{ expect = \"shop\"; within = \"20s\"; for = \"3s\"; } );\n");
	struct fake *f = fake_new();
	struct run_world w;
	struct run *r;

	(void)state;
	f->each = shop_fails;
	bad_from = 8000;
	bad_to = 15000;
	r = fake_run(f, s, &w);
	assert_int_equal(r->verdict, VERDICT_PASSED);
	assert_int_equal(run_exit(r), 0);
	for (size_t i = 0; i < r->p->nsteps; i++)
		assert_int_equal(state_of(r, i), STEP_DONE);
	assert_int_equal(r->nfaults, 1);
	/* active 200 ms after 5 s; the probe is asked each second; restored when it was seen */
	assert_in_range(r->faults[0].active_ms - UNIX_BASE, 5200, 5500);
	assert_in_range(r->faults[0].detected_ms - UNIX_BASE, 8000, 9100);
	assert_in_range(r->faults[0].recovered_ms - UNIX_BASE, 15000, 16200);
	assert_int_equal(r->faults[0].i.state, STATE_RESTORED);
	/* the node's clock is 5 s ahead of the run's: what it wrote there is put into ours */
	assert_in_range(r->faults[0].armed_ms - UNIX_BASE, 4990, 5250);
	assert_int_equal(r->residue[0].state, RESIDUE_CLEAN);
	run_free(r);
	fake_free(f);
	scenario_free(s);
}

static void test_a_day(void **state)
{
	struct scenario *s = fake_load(
		"description = \"d\"; steps = ( { repeat = 288; steps = (\n"
		"{ inject = \"test.hang\"; on = \"n1\"; ttl = \"30s\"; as = \"h\"; },\n"
		"{ wait = \"2m\"; }, { inject = \"test.hang\"; on = \"n2\"; ttl = \"30s\"; as = "
		"\"i\"; },\n"
		"{ wait = \"20s\"; }, { restore = \"i\"; }, { wait = \"160s\"; } ); } );\n");
	struct fake *f = fake_new();
	struct scenario_view *v;
	struct run_world w;
	struct run *r;

	(void)state;
	f->step = 1000;
	fake_probe(f, "shop");
	r = fake_run(f, s, &w);
	assert_int_equal(r->verdict, VERDICT_PASSED);
	assert_int_equal(r->nfaults, 576);
	assert_in_range(f->now, 86400000, 86400000 + 900000);
	all_over(f);
	for (size_t i = 0; i < f->ninj; i++)
		assert_int_equal(f->inj[i].state, i % 2 ? STATE_RESTORED : STATE_EXPIRED);
	v = run_view(r);
	assert_int_equal(v->nsteps, 288 * 6);
	assert_int_equal(v->left_ms, 0);
	scenario_view_put(v);
	run_free(r);
	fake_free(f);
	scenario_free(s);
}

static void test_at_random(void **state)
{
	struct scenario *s =
		fake_load("description = \"d\"; steps = ( { repeat = 50; over = \"1h\"; steps = (\n"
			  "{ inject = \"test.hang\"; on = \"n1\"; ttl = \"5s\"; } ); } );\n");
	struct fake *f = fake_new();
	int64_t first_half = 0;
	struct run_world w;
	struct run *r;

	(void)state;
	f->step = 500;
	r = fake_run(f, s, &w);
	assert_int_equal(r->nfaults, 50);
	for (size_t i = 0; i < r->nfaults; i++) {
		const int64_t at = r->faults[i].i.started_unix_ms - UNIX_BASE;

		assert_in_range(at, 0, 3600000 + 20000);
		assert_true(!i || at >= r->faults[i - 1].i.started_unix_ms - UNIX_BASE);
		first_half += at < 1800000;
	}
	assert_in_range(first_half, 12, 38); /* they are spread */
	run_free(r);
	fake_free(f);
	scenario_free(s);
}

static void test_beside(void **state)
{
	struct scenario *s = fake_load("description = \"d\"; steps = ( { parallel = (\n"
				       "{ steps = ( { wait = \"10s\"; }, { inject = \"test.hang\"; "
				       "on = \"n1\"; as = \"a\"; ttl = \"40s\"; } ); },\n"
				       "{ steps = ( { inject = \"test.hang\"; on = \"n2\"; ttl = "
				       "\"40s\"; }, { wait = \"30s\"; } ); }\n"
				       "); }, { wait = \"1s\"; } );\n");
	struct fake *f = fake_new();
	struct run_world w;
	struct run *r = fake_run(f, s, &w);

	(void)state;
	assert_int_equal(r->verdict, VERDICT_PASSED);
	assert_int_equal(r->p->nlanes, 3);
	/* n2's first, although it stands behind; the last step when both lanes are over */
	assert_in_range(f->inj[0].started_unix_ms - UNIX_BASE, 0, 200);
	assert_in_range(f->inj[1].started_unix_ms - UNIX_BASE, 10000, 10300);
	assert_in_range(r->p->steps[5].began_ms - BOOT_BASE, 30000, 31000);
	all_over(f);
	run_free(r);
	fake_free(f);
	scenario_free(s);
}

static void test_choice_is_the_seeds(void **state)
{
	struct scenario *s =
		fake_load("description = \"d\"; steps = ( { repeat = 20; steps = ( { choose = (\n"
			  "{ inject = \"test.hang\"; on = \"n1\"; }, { inject = \"test.hang\"; on "
			  "= \"n2\"; },\n"
			  "{ inject = \"test.hang\"; on = \"web@n1\"; } ); } ); } );\n");
	struct scenario_program *p[3] = { NULL };
	static const uint64_t seeds[] = { 42, 42, 43 };
	size_t same = 0, other = 0, kinds = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(p); i++)
		assert_int_equal(program_make(s, seeds[i], NULL, &p[i], NULL, NULL), 0);
	for (size_t i = 0; i < p[0]->nsteps; i++) {
		same += p[0]->steps[i].cfg == p[1]->steps[i].cfg;
		other += p[0]->steps[i].cfg != p[2]->steps[i].cfg;
		kinds |= 1u << (p[0]->steps[i].cfg - s->root.steps[0].steps[0].steps);
	}
	assert_int_equal(same, 20);
	assert_true(other > 5);
	assert_int_equal(kinds, 7);
	for (size_t i = 0; i < COUNT(p); i++)
		program_free(p[i]);
	scenario_free(s);
}

/* ---- what goes wrong ---- */

static void test_not_steady_touches_nothing(void **state)
{
	struct fake *f = fake_new();
	struct scenario *s;
	struct run_world w;
	struct run *r;

	(void)state;
	fake_probe(f, "shop")->state = PROBE_FAILED;
	r = ends(f,
		 "description = \"d\"; steady = { before = ( \"shop\" ); within = \"9s\"; };\n"
		 "steps = ( " HANG " { wait = \"1s\"; } );\n",
		 &s, &w,
		 &(struct end){ VERDICT_FAILED, 7, "does not hold before: \"shop\" failed" });
	assert_int_equal(f->injected, 0);
	assert_int_equal(state_of(r, 0), STEP_SKIPPED);
	done(r, f, s);
}

static void test_expectation_fails(void **state)
{
	struct fake *f = fake_new();
	struct scenario *s;
	struct run_world w;
	struct run *r;

	(void)state;
	fake_probe(f, "shop");
	r = ends(
		f,
		"description = \"d\"; steps = ( " HANG
		"{ expect = \"shop\"; is = \"failed\"; within = \"5s\"; }, { wait = \"1h\"; } );\n",
		&s, &w,
		&(struct end){ VERDICT_FAILED, 7,
			       "step 2, line 2: \"shop\" failed within 5s: it is holds" });
	assert_int_equal(f->inj[0].state, STATE_RESTORED);
	assert_int_equal(state_of(r, 1), STEP_FAILED);
	assert_int_equal(state_of(r, 2), STEP_SKIPPED);
	done(r, f, s);
}

/* An answer to a question that was put before the fault says nothing of it. */
static void test_old_answers_do_not_count(void **state)
{
	struct fake *f = fake_new();
	struct scenario *s;
	struct run_world w;
	struct run *r;

	(void)state;
	f->interval = 8000;
	fake_probe(f, "shop");
	r = ends(f,
		 "description = \"d\"; steps = ( { wait = \"2s\"; }, { expect = \"shop\"; within = "
		 "\"3s\"; } );\n",
		 &s, &w, &(struct end){ VERDICT_FAILED, 7, "it is not answered" });
	done(r, f, s);
}

static void test_does_not_stay(void **state)
{
	struct fake *f = fake_new();
	struct scenario *s;
	struct run_world w;
	struct run *r;

	(void)state;
	f->each = shop_fails;
	bad_from = 6000;
	bad_to = 7500;
	r = ends(f,
		 "description = \"d\"; steps = ( { expect = \"shop\"; within = \"5s\"; for = "
		 "\"20s\"; } );\n",
		 &s, &w, &(struct end){ VERDICT_FAILED, 7, "did not stay so: failed" });
	done(r, f, s);
}

/* Its limit counts from the moment that the fault was active. */
static void test_since(void **state)
{
	static const struct end ok = { VERDICT_PASSED, 0, "" },
				late = { VERDICT_FAILED, 7, "it is failed" };
	struct fake *f;
	struct scenario *s;
	struct run_world w;
	struct run *r;

	(void)state;
	for (int i = 0; i < 2; i++) {
		f = fake_new();
		f->each = shop_fails;
		bad_from = 1000;
		bad_to = 14000;
		r = ends(f,
			 i ? "description = \"d\"; steps = ( " HANG "{ wait = \"10s\"; },\n"
			     "{ expect = \"shop\"; since = \"hang\"; within = \"12s\"; } );\n"
			   : "description = \"d\"; steps = ( " HANG "{ wait = \"10s\"; },\n"
			     "{ expect = \"shop\"; since = \"hang\"; within = \"16s\"; } );\n",
			 &s, &w, i ? &late : &ok);
		done(r, f, s);
	}
}

static void test_during(void **state)
{
	struct fake *f = fake_new();
	struct scenario *s;
	struct run_world w;
	struct run *r;

	(void)state;
	f->each = shop_fails;
	bad_from = 9000;
	bad_to = 12000;
	r = ends(f,
		 "description = \"d\"; steady = { during = ( \"shop\" ); };\n"
		 "steps = ( " HANG "{ wait = \"45s\"; } );\n",
		 &s, &w, &(struct end){ VERDICT_FAILED, 7, "must hold during the run" });
	assert_int_equal(f->inj[0].state, STATE_RESTORED);
	assert_in_range(f->now, 9000, 12000);
	done(r, f, s);
}

static void test_not_steady_again(void **state)
{
	struct fake *f = fake_new();
	struct scenario *s;
	struct run_world w;
	struct run *r;

	(void)state;
	f->each = shop_fails;
	bad_from = 3000;
	bad_to = 9000000;
	r = ends(f,
		 "description = \"d\"; steady = { before = ( \"shop\" ); within = \"20s\"; };\n"
		 "steps = ( " HANG "{ wait = \"5s\"; }, { restore = \"hang\"; } );\n",
		 &s, &w, &(struct end){ VERDICT_FAILED, 7, "does not hold again afterwards" });
	assert_int_equal(r->faults[0].recovered_ms, 0);
	done(r, f, s);
}

static void holds_from_7s(struct fake *f, struct run *r)
{
	(void)r;
	fake_probe(f, "mine")->state = f->now < 7000 ? PROBE_FAILED : PROBE_HOLDS;
}

/* The guard refuses what an abort probe that does not hold, or was not asked yet, could not see. */
static void test_abort_probe_holds_before(void **state)
{
	struct fake *f = fake_new();
	struct scenario *s;
	struct run_world w;
	struct run *r;

	(void)state;
	f->each = holds_from_7s;
	r = ends(
		f,
		"description = \"d\"; probes = ( { name = \"mine\"; abort = true; command = \"x\"; "
		"node = \"n1\"; } );\nsteps = ( " HANG "{ wait = \"1s\"; } );\n",
		&s, &w, &(struct end){ VERDICT_PASSED, 0, "" });
	assert_in_range(f->inj[0].started_unix_ms - UNIX_BASE, 7000, 9000);
	done(r, f, s);
}

static void test_half_way(void **state)
{
	static const char text[] =
		"description = \"d\"; steps = ( { inject = \"test.hang\"; on = ( \"n1\", "
		"\"web@n1\" ); ttl = \"50s\"; },\n"
		"{ inject = \"test.hang\"; on = \"n2\"; ttl = \"50s\"; }, { wait = \"20s\"; } );\n";
	struct fake *f = fake_new();
	struct scenario *s;
	struct run_world w;
	struct run *r;

	(void)state;
	f->die_inject = 3;
	r = ends(f, text, &s, &w,
		 &(struct end){ VERDICT_BROKEN, 1, "step 2, line 2: test.hang on n2: n2: failed" });
	assert_int_equal(f->inj[0].state, STATE_RESTORED);
	assert_int_equal(f->inj[1].state, STATE_RESTORED);
	done(r, f, s);
	f = fake_new();
	f->fail_inject = 2;
	r = ends(f, text, &s, &w, &(struct end){ VERDICT_BROKEN, 5, "the guard refuses" });
	assert_int_equal(f->inj[0].state, STATE_RESTORED);
	assert_int_equal(f->inj[1].state, STATE_RESTORED);
	done(r, f, s);
}

static void gone_at_3s(struct fake *f, struct run *r)
{
	(void)r;
	f->node_gone = f->now >= 3000;
}

static void test_node_gone(void **state)
{
	struct fake *f = fake_new();
	struct scenario *s;
	struct run_world w;
	struct run *r;

	(void)state;
	f->each = gone_at_3s;
	r = ends(f,
		 "description = \"d\"; steps = ( " HANG
		 "{ wait = \"5s\"; }, { restore = \"hang\"; within = \"5s\"; } );\n",
		 &s, &w,
		 &(struct end){ VERDICT_INCOMPLETE, 6,
				"1 not known to be restored: test.hang on web@n1" });
	done(r, f, s);
	f = fake_new();
	f->restore_unknown = true;
	r = ends(f, "description = \"d\"; steps = ( " HANG "{ wait = \"5s\"; } );\n", &s, &w,
		 &(struct end){ VERDICT_INCOMPLETE, 6, "not known to be restored" });
	assert_true(f->restored > 3); /* it was asked for again and again */
	done(r, f, s);
}

static void left_over(struct fake *f, struct run *r)
{
	static struct item two[2];

	(void)r;
	two[1].kind = KIND_INJECTION;
	snprintf(two[1].name, sizeof(two[1].name), "i1");
	f->node[0].items = two;
	f->node[0].nitems = 2;
}

static void test_residue(void **state)
{
	struct fake *f = fake_new();
	struct scenario *s;
	struct run_world w;
	struct run *r;

	(void)state;
	f->each = left_over;
	r = ends(f, "description = \"d\"; steps = ( " HANG "{ wait = \"5s\"; } );\n", &s, &w,
		 &(struct end){ VERDICT_INCOMPLETE, 6, "something of it is left" });
	assert_int_equal(r->residue[0].state, RESIDUE_LEFT);
	assert_string_equal(r->residue[0].left, "i1");
	done(r, f, s);
}

static void test_commands(void **state)
{
	static const char text[] = "description = \"d\"; steps = ( " HANG
				   "{ command = \"x\"; node = \"n1\"; }, { wait = \"3s\"; } );\n"
				   "finally = ( { command = \"y\"; node = \"local\"; }, { command "
				   "= \"z\"; node = \"n2\"; } );\n";
	struct fake *f = fake_new();
	struct scenario *s;
	struct run_world w;
	struct run *r;

	(void)state;
	r = ends(f, text, &s, &w, &(struct end){ VERDICT_PASSED, 0, "" });
	assert_string_equal(r->p->steps[1].message, "said so");
	assert_int_equal(f->commands, 3);
	assert_int_equal(f->dropped, 3);
	assert_string_equal(r->finally_said[1], "done: said so");
	done(r, f, s);
	f = fake_new();
	f->command_state = PROBE_FAILED;
	r = ends(f, text, &s, &w,
		 &(struct end){ VERDICT_BROKEN, 1, "step 2, line 2: n1: x: exit status 3" });
	assert_int_equal(f->commands, 3); /* those of finally, too */
	assert_int_equal(f->inj[0].state, STATE_RESTORED);
	done(r, f, s);
}

/* What was not begun needs no putting right. */
static void test_nothing_begun_runs_nothing(void **state)
{
	struct fake *f = fake_new();
	struct scenario *s;
	struct run_world w;
	struct run *r;

	(void)state;
	fake_probe(f, "shop")->state = PROBE_FAILED;
	r = ends(f,
		 "description = \"d\"; steady = { before = ( \"shop\" ); within = \"9s\"; };\n"
		 "steps = ( { command = \"x\"; node = \"n1\"; } );\n"
		 "finally = ( { command = \"y\"; node = \"n1\"; } );\n",
		 &s, &w, &(struct end){ VERDICT_FAILED, 7, "does not hold before" });
	assert_int_equal(f->commands, 0);
	done(r, f, s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_passes),
		cmocka_unit_test(test_a_day),
		cmocka_unit_test(test_at_random),
		cmocka_unit_test(test_beside),
		cmocka_unit_test(test_choice_is_the_seeds),
		cmocka_unit_test(test_not_steady_touches_nothing),
		cmocka_unit_test(test_expectation_fails),
		cmocka_unit_test(test_old_answers_do_not_count),
		cmocka_unit_test(test_does_not_stay),
		cmocka_unit_test(test_since),
		cmocka_unit_test(test_during),
		cmocka_unit_test(test_not_steady_again),
		cmocka_unit_test(test_abort_probe_holds_before),
		cmocka_unit_test(test_half_way),
		cmocka_unit_test(test_node_gone),
		cmocka_unit_test(test_residue),
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_nothing_begun_runs_nothing),
	};

	return cmocka_run_group_tests(tests, fake_setup, fake_teardown);
}
