// SPDX-License-Identifier: GPL-2.0-or-later
/* What is said to a run from outside: abort, panic, skip, pause; and what it says of its time. */
#include "fake_world.h"

static void aborts_at_7s(struct fake *f, struct run *r)
{
	fake_probe(f, "shop")->state = f->now >= 6000 ? PROBE_FAILED : PROBE_HOLDS;
	if (f->now >= 7000 && r->phase == RUN_STEPS)
		run_stop(r, VERDICT_ABORTED, "interrupted by the operator");
}

static void test_abort(void **state)
{
	struct fake *f = fake_new();
	struct scenario *s;
	struct run_world w;
	struct run *r;

	(void)state;
	f->each = aborts_at_7s;
	fake_probe(f, "shop");
	r = ends(f,
		 "description = \"d\"; steady = { before = ( \"shop\" ); };\n"
		 "steps = ( " HANG "{ wait = \"40s\"; }, { wait = \"1h\"; } );\n",
		 &s, &w, &(struct end){ VERDICT_ABORTED, 130, "interrupted" });
	assert_int_equal(f->inj[0].state, STATE_RESTORED);
	assert_in_range(f->now, 7000, 10000);
	assert_string_equal(r->p->steps[1].message, "cut short");
	assert_string_equal(r->p->steps[2].message, "not begun");
	done(r, f, s);
}

static void panics_at_5s(struct fake *f, struct run *r)
{
	(void)r;
	if (f->now >= 5000)
		f->panic = true;
}

static void test_panic(void **state)
{
	struct fake *f = fake_new();
	struct scenario *s;
	struct run_world w;
	struct run *r;

	(void)state;
	f->each = panics_at_5s;
	snprintf(f->abort, sizeof(f->abort), "abort probe \"db\" failed");
	r = ends(f, "description = \"d\"; steps = ( " HANG "{ wait = \"40s\"; } );\n", &s, &w,
		 &(struct end){ VERDICT_FAILED, 7, "abort probe \"db\" failed" });
	assert_int_equal(f->inj[0].state, STATE_RESTORED);
	done(r, f, s);
}

static void skips_once(struct fake *f, struct run *r)
{
	if (f->now >= 5000 && f->now < 5100)
		run_skip(r);
}

static void test_skip(void **state)
{
	struct fake *f = fake_new();
	struct scenario *s;
	struct run_world w;
	struct run *r;

	(void)state;
	f->each = skips_once;
	r = ends(f,
		 "description = \"d\"; steps = ( { wait = \"1h\"; }, " HANG
		 " { wait = \"3s\"; } );\n",
		 &s, &w, &(struct end){ VERDICT_PASSED, 0, "" });
	assert_int_equal(state_of(r, 0), STEP_SKIPPED);
	assert_int_equal(state_of(r, 1), STEP_DONE);
	assert_in_range(f->now, 8000, 12000);
	done(r, f, s);
}

static void pauses(struct fake *f, struct run *r)
{
	run_pause(r, f->now >= 2000 && f->now < 60000);
}

static void test_pause(void **state)
{
	struct fake *f = fake_new();
	struct scenario *s;
	struct run_world w;
	struct run *r;

	(void)state;
	f->each = pauses;
	r = ends(f,
		 "description = \"d\"; steps = ( { wait = \"5s\"; }, " HANG
		 " { wait = \"3s\"; } );\n",
		 &s, &w, &(struct end){ VERDICT_PASSED, 0, "" });
	assert_in_range(r->p->steps[0].ended_ms - BOOT_BASE, 5000, 5200); /* what runs goes on */
	assert_in_range(r->p->steps[1].began_ms - BOOT_BASE, 60000, 60200);
	done(r, f, s);
}

static int64_t left_at_1s, left_at_61s;
static void looks(struct fake *f, struct run *r)
{
	struct scenario_view *v;

	if (r->phase != RUN_STEPS || (f->now != 1000 && f->now != 61000))
		return;
	v = run_view(r);
	*(f->now == 1000 ? &left_at_1s : &left_at_61s) = v->left_ms;
	assert_int_equal(v->current, f->now == 1000 ? 0 : 2);
	assert_int_equal(v->next, f->now == 1000 ? 1 : 4);
	scenario_view_put(v);
}

static void test_time_left(void **state)
{
	struct fake *f = fake_new();
	struct scenario *s;
	struct run_world w;
	struct run *r;

	(void)state;
	f->each = looks;
	/* 60 s, then lanes of 30 and 100 s at most, then up to 10 s, and the steady state's 60 */
	fake_probe(f, "shop");
	r = ends(f,
		 "description = \"d\"; steps = ( { wait = \"60s\"; }, { parallel = ( { wait = "
		 "\"30s\"; }, "
		 "{ wait = \"100s\"; } ); }, { expect = \"shop\"; within = \"10s\"; } );\n",
		 &s, &w, &(struct end){ VERDICT_PASSED, 0, "" });
	assert_in_range(left_at_1s, 228000, 230000);
	done(r, f, s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_abort),     cmocka_unit_test(test_panic),
		cmocka_unit_test(test_skip),      cmocka_unit_test(test_pause),
		cmocka_unit_test(test_time_left),
	};

	return cmocka_run_group_tests(tests, fake_setup, fake_teardown);
}
