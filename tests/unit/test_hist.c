// SPDX-License-Identifier: GPL-2.0-or-later
// sources: tui/hist.c
/* What the charts show: gaps stay gaps, no spike is lost at any zoom, an hour fits, marks stand
 * where it was. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/text.h"
#include "tui/hist.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static const struct metric cpu = { .key = "cpu", .label = "cpu", .unit = "%", .kind = KIND_VM };

struct world {
	struct hist *h;
	struct node_cfg cfg;
	struct sample sample;
	struct item item;
	struct node_view view;
	struct node_view *views[1];
	struct injection injection;
	struct snapshot s;
};

static struct world w;

static int make_world(void **state)
{
	(void)state;
	w = (struct world){ .h = hist_new(), .cfg = { .name = (char *)"kvm1" } };
	w.sample.metric = &cpu;
	w.item = (struct item){
		.kind = KIND_VM, .name = "db1", .samples = &w.sample, .nsamples = 1
	};
	w.view = (struct node_view){
		.cfg = &w.cfg, .state = NODE_UP, .items = &w.item, .nitems = 1
	};
	w.views[0] = &w.view;
	w.s = (struct snapshot){ .nodes = w.views, .nnodes = 1 };
	return w.h ? 0 : -1;
}

static int end_world(void **state)
{
	(void)state;
	hist_free(w.h);
	return 0;
}

static void take(int64_t ms, double v)
{
	w.view.seq++;
	w.view.seen_boot_ms = ms;
	w.sample.value = v;
	w.sample.known = true;
	hist_take(w.h, &w.s);
}

static void fill(int64_t now, int64_t step, float *v, size_t n)
{
	hist_fill(w.h, "kvm1", &w.item, "cpu", now, step, v, n);
}

static size_t count_of(const float *v, size_t n, float value)
{
	size_t found = 0;

	for (size_t k = 0; k < n; k++)
		found += v[k] == value;
	return found;
}

/* ---- values ---- */

static void test_gaps(void **state)
{
	float v[10];

	(void)state;
	for (int64_t t = 1000; t <= 4000; t += 1000)
		take(t, (double)t);
	hist_take(w.h, &w.s); /* the same answer again adds nothing */
	take(9000, 9);
	fill(9000, 1000, v, 10);
	assert_true(isnan(v[0]));
	assert_true(v[1] == 1000 && v[4] == 4000 && v[9] == 9);
	assert_true(v[6] == 4000 && isnan(v[7]) && isnan(v[8]));
	hist_fill(w.h, "kvm2", &w.item, "cpu", 9000, 1000, v, 10);
	assert_true(isnan(v[9]));
}

/* A node that is away for five minutes is a gap at every zoom. */
static void test_gaps_at_every_zoom(void **state)
{
	static const int64_t spans[] = { 900000, 3600000 };
	float v[120];

	(void)state;
	for (int64_t t = 1000; t <= 3600000; t += 1000)
		if (t < 3000000 || t >= 3300000)
			take(t, 1);
	for (size_t k = 0; k < COUNT(spans); k++) {
		int64_t step = spans[k] / 120;
		size_t from = (size_t)((3020000 - 3600000 + spans[k]) / step);
		size_t to = (size_t)((3290000 - 3600000 + spans[k]) / step);

		fill(3600000, step, v, 120);
		for (size_t d = from + 1; d < to; d++)
			assert_true(isnan(v[d]));
		assert_true(v[from - 6] == 1 && v[to + 6] == 1 && v[119] == 1);
	}
}

/* The dot of MS, or of the beginning of its ten seconds, is the spike. */
static bool shows(const float *v, size_t n, int64_t now, int64_t step, int64_t ms)
{
	int64_t a = (now - ms) / step, b = (now - ms / 10000 * 10000) / step;

	return (a < (int64_t)n && v[n - 1 - (size_t)a] == 99) ||
	       (b < (int64_t)n && v[n - 1 - (size_t)b] == 99);
}

/* One second in an hour is seen wherever it falls and however wide the chart is. */
static void test_no_spike_is_lost(void **state)
{
	static const int64_t spans[] = { 60000, 300000, 900000, 3600000 };
	static const int64_t spikes[] = { 3663000, 3437000, 2911000, 250000 };
	static const size_t widths[] = { 14, 77, 120, 800 };
	float v[800];

	(void)state;
	for (int64_t t = 1000; t <= 3700000; t += 1000)
		take(t,
		     t == spikes[0] || t == spikes[1] || t == spikes[2] || t == spikes[3] ? 99 : 1);
	for (size_t s = 0; s < COUNT(spans); s++)
		for (size_t n = 0; n < COUNT(widths); n++) {
			int64_t step = spans[s] / (int64_t)widths[n];
			int64_t now = 3700000 - 3700000 % step;

			fill(now, step, v, widths[n]);
			for (size_t k = 0; k < COUNT(spikes); k++)
				assert_true(now - spikes[k] >= step * (int64_t)widths[n] ||
					    shows(v, widths[n], now, step, spikes[k]));
			assert_int_equal(count_of(v, widths[n], 99) + count_of(v, widths[n], 1),
					 widths[n]);
			if (step >= 10000)
				assert_true(count_of(v, widths[n], 99) <= COUNT(spikes));
		}
}

static void test_an_hour_and_no_more(void **state)
{
	float v[400];

	(void)state;
	for (int64_t t = 1000; t <= 3 * 3600000; t += 1000)
		take(t, (double)(t / 1000));
	fill(3 * 3600000, 10000, v, 400);
	for (size_t k = 0; k < 360; k++) { /* the highest of each: coarse ones begin every 10 s */
		assert_true(v[399 - k] >= (float)(10800 - 10 * k));
		assert_true(v[399 - k] < (float)(10800 - 10 * k + 10));
	}
	assert_true(isnan(v[0]) && isnan(v[38]));
	fill(3 * 3600000, 1000, v, 300);
	for (size_t k = 0; k < 300; k++)
		assert_true(v[299 - k] == (float)(10800 - k));
}

/* A figure that comes every 30 s is a line, not dots. */
static void test_slow_figures_hold(void **state)
{
	float v[120];

	(void)state;
	for (int64_t t = 30000; t <= 3600000; t += 30000)
		take(t, 5);
	fill(3600000, 500, v, 120);
	assert_int_equal(count_of(v, 120, 5), 120);
	fill(3600000, 30000, v, 120);
	assert_int_equal(count_of(v, 120, 5), 120);
	fill(3660000, 500, v, 120);
	assert_int_equal(count_of(v, 120, 5), 120);
	fill(3700000, 500, v, 120);
	assert_true(isnan(v[119]));
}

static void test_many(void **state)
{
	float v[1];

	(void)state;
	for (int k = 0; k < 2000; k++) {
		snprintf(w.item.name, sizeof(w.item.name), "vm%d", k);
		take(1000 + k, k);
	}
	snprintf(w.item.name, sizeof(w.item.name), "vm1234");
	fill(3000, 1000, v, 1);
	assert_true(v[0] == 1234);
	assert_null(hist_free(NULL));
}

/* ---- injections ---- */

static void begin(const char *target, int64_t ago_ms)
{
	w.injection = (struct injection){ .id = "a1", .state = STATE_ACTIVE };
	snprintf(w.injection.target, sizeof(w.injection.target), "%s", target);
	w.injection.started_unix_ms = now_unix_ms() - ago_ms;
	w.s.injections = &w.injection;
	w.s.ninjections = 1;
	hist_take(w.h, &w.s);
}

static void marks_of(const char *target, int64_t now, unsigned char *mark, size_t n)
{
	struct target t;

	assert_int_equal(target_parse(target, &t, NULL), 0);
	hist_marks(w.h, &t, now, 1000, mark, n);
}

static void test_marks(void **state)
{
	int64_t now = now_boot_ms();
	unsigned char mark[10];

	(void)state;
	begin("vm:db1@kvm1", 3500);
	hist_take(w.h, &w.s); /* again: it is the same one */
	marks_of("vm:db1@kvm1", now, mark, 10);
	assert_int_equal(mark[5], 0);
	assert_int_equal(mark[6], HIST_BEGIN | HIST_DURING);
	assert_int_equal(mark[9], HIST_DURING);
	marks_of("vm:db1@kvm1", now, mark, 2); /* it began before */
	assert_int_equal(mark[0], HIST_DURING);
	marks_of("vm:web1@kvm1", now, mark, 10);
	assert_int_equal(mark[6], 0);
	w.injection.state = STATE_EXPIRED;
	hist_take(w.h, &w.s);
	w.s.ninjections = 0; /* taken off the list: its marks stay */
	hist_take(w.h, &w.s);
	marks_of("vm:db1@kvm1", now + 2000, mark, 10);
	assert_int_equal(mark[4], HIST_BEGIN | HIST_DURING);
	assert_int_equal(mark[7], HIST_END | HIST_DURING);
	assert_int_equal(mark[8], 0);
}

static void test_a_vcpu_is_of_its_vm(void **state)
{
	int64_t now = now_boot_ms();
	unsigned char mark[4];

	(void)state;
	begin("vm:db1/1@kvm1", 500);
	marks_of("vm:db1@kvm1", now, mark, 4);
	assert_true(mark[3] & HIST_BEGIN);
	marks_of("vm:db1/0@kvm1", now, mark, 4);
	assert_int_equal(mark[3], 0);
	marks_of("kvm1", now, mark, 4);
	assert_int_equal(mark[3], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_gaps, make_world, end_world),
		cmocka_unit_test_setup_teardown(test_gaps_at_every_zoom, make_world, end_world),
		cmocka_unit_test_setup_teardown(test_no_spike_is_lost, make_world, end_world),
		cmocka_unit_test_setup_teardown(test_an_hour_and_no_more, make_world, end_world),
		cmocka_unit_test_setup_teardown(test_slow_figures_hold, make_world, end_world),
		cmocka_unit_test_setup_teardown(test_many, make_world, end_world),
		cmocka_unit_test_setup_teardown(test_marks, make_world, end_world),
		cmocka_unit_test_setup_teardown(test_a_vcpu_is_of_its_vm, make_world, end_world),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
