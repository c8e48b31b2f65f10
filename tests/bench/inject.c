// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * inject → verified active, and restore → read back, each over one warm exec of `true` in the same
 * SSH session to the same host. Prints medians in milliseconds: "exec MS", "inject MS", "restore
 * MS".
 *
 *   inject CLUSTER.CFG FAULT TARGET [PARAM=VALUE]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "backends/backends.h"
#include "core/deck.h"

#define ROUNDS   9
#define PAUSE_US 300000 /* for the look behind an act, which the next one does not wait for */

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1000 + (double)t.tv_nsec / 1e6;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *v)
{
	qsort(v, ROUNDS, sizeof(*v), by_value);
	return v[ROUNDS / 2];
}

static int run_true(const struct op_ctx *c, struct err *e)
{
	struct transport_cmd cmd = { .cmd = "true" };
	double took[ROUNDS], from;
	int status, r = 0;

	for (int i = 0; i < ROUNDS && !r; i++) {
		from = now_ms();
		r = transport_run(c->transport, &cmd, NULL, NULL, &status, e);
		took[i] = now_ms() - from;
	}
	if (!r)
		buf_fmt(c->out, "%.1f", median(took));
	return r;
}

static bool is_up(const struct snapshot *s, void *arg)
{
	const struct node_view *v = snapshot_node(s, arg);

	return v && v->state == NODE_UP;
}

struct wanted {
	const char *id;
	enum inj_state state;
};

static bool has_state(const struct snapshot *s, void *arg)
{
	const struct wanted *w = arg;
	const struct injection *i = snapshot_injection(s, w->id);

	return i && (i->state == w->state || state_is_final(i->state));
}

static int round_trip(struct deck *d, const struct plan_req *r, double *inject, double *restore)
{
	struct plan *p;
	struct err e = { 0 };
	struct wanted w = { .state = STATE_ACTIVE };
	double from;
	int ret;

	usleep(PAUSE_US);
	from = now_ms();
	ret = deck_plan(d, r, &p, &e);
	if (ret || deck_inject(d, p, &e)) {
		fprintf(stderr, "%s\n", e.msg);
		return -1;
	}
	w.id = p->items[0].id;
	ret = deck_wait(d, has_state, &w, 20000);
	*inject = now_ms() - from;
	usleep(PAUSE_US);
	from = now_ms();
	w.state = STATE_RESTORED;
	if (!ret)
		ret = deck_restore(d, w.id, 0, &e) ? -1 : deck_wait(d, has_state, &w, 20000);
	*restore = now_ms() - from;
	plan_free(p);
	return ret;
}

static int measure(struct deck *d, char **argv)
{
	static const struct operation op = {
		.verb = "true", .help = "", .timeout_ms = 20000, .run = run_true
	};
	double inject[ROUNDS], restore[ROUNDS];
	struct plan_req r = { .ntargets = 1 };
	const char *word = argv[3], *text;
	struct target t;
	struct task *task;
	struct err e;

	r.fault = deck_find_fault(d, argv[1], &e);
	r.targets = &t;
	if (!r.fault || target_parse(argv[2], &t, &e) ||
	    params_parse(r.fault, &word, word ? 1 : 0, &r.params, &e) ||
	    deck_wait(d, is_up, t.node, 30000) || deck_operate(d, t.node, &op, &task, &e) ||
	    task_wait(task, 20000, &text, &e))
		return -1;
	printf("exec %s\n", text);
	task_free(task);
	for (int i = 0; i < ROUNDS; i++)
		if (round_trip(d, &r, &inject[i], &restore[i]))
			return -1;
	printf("inject %.1f\nrestore %.1f\n", median(inject), median(restore));
	return 0;
}

int main(int argc, char **argv)
{
	struct mistakes *m = calloc(1, sizeof(*m));
	struct backends backends;
	struct deck_opts o = { .backends = backends.list };
	struct config *cfg = NULL;
	struct deck *d = NULL;
	const char *only[2] = { NULL, NULL };
	struct err e = { 0 };
	int r;

	if (argc < 4 || !m || config_load(argv[1], &cfg, m, &e) ||
	    backends_open(&backends, cfg, m, &e))
		return 2;
	o.cfg = cfg;
	if (strchr(argv[3], '@'))
		only[0] = strchr(argv[3], '@') + 1;
	else
		only[0] = argv[3];
	o.only = only;
	if (deck_open(&o, &d, &e)) {
		fprintf(stderr, "%s\n", e.msg);
		return 1;
	}
	deck_start(d);
	r = measure(d, argv + 1);
	deck_close(d);
	backends_close(&backends);
	config_free(cfg);
	free(m);
	return r ? 1 : 0;
}
