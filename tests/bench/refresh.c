// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A refresh of all nodes of a cluster.cfg, warm: how long the whole takes, and what it costs this
 * program's CPU; beside an empty exchange on the same sessions; and how long restore-all takes.
 * Prints "WORD NUMBER" lines.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "backends/backends.h"
#include "core/deck.h"

#define ROUNDS 10

static double cpu_ms(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000 +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1000;
}

static double rss_kib(void)
{
	long size = 0, resident = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	if (!f || fscanf(f, "%ld %ld", &size, &resident) != 2)
		resident = 0;
	if (f)
		fclose(f);
	return (double)resident * (double)sysconf(_SC_PAGESIZE) / 1024;
}

/* All are up, and have answered *ARG times. */
static bool answered(const struct snapshot *s, void *arg)
{
	const uint64_t *seq = arg;

	for (size_t i = 0; i < s->nnodes; i++)
		if (s->nodes[i]->state != NODE_UP || s->nodes[i]->seq < *seq)
			return false;
	return true;
}

static int refresh(struct deck *d, double *ms, double *cpu)
{
	uint64_t seq = 1;
	int r = deck_wait(d, answered, &seq, 60000);

	*ms = (double)-now_boot_ms();
	*cpu = -cpu_ms();
	for (int i = 0; i < ROUNDS && !r; i++) {
		seq++;
		deck_refresh(d);
		r = deck_wait(d, answered, &seq, 60000);
	}
	*ms += (double)now_boot_ms();
	*cpu += cpu_ms();
	return r;
}

static int exchange(const struct op_ctx *c, struct err *e)
{
	struct buf b = BUF_INIT(4096);
	struct chan *ch = NULL;
	int r = chan_open(c->transport, "sh -s", &ch, e);

	for (int i = 0; i < ROUNDS && !r; i++) {
		r = chan_write(ch, "empty\n", 6, 10000, e);
		while (!r && (b.len < 2 || b.data[b.len - 1] != '\n'))
			r = chan_read(ch, &b, 10000, e);
		buf_clear(&b);
	}
	chan_close(ch);
	buf_free(&b);
	return r;
}

/* All nodes at once, as a refresh does. */
static int exchanges(struct deck *d, const struct config *cfg, double *ms, double *cpu)
{
	static const struct operation op = {
		.verb = "empty", .help = "", .timeout_ms = 60000, .run = exchange
	};
	struct task **tasks = calloc(cfg->nnodes, sizeof(struct task *));
	const char *text;
	struct err e;
	int r = tasks ? 0 : -1;

	*ms = (double)-now_boot_ms();
	*cpu = -cpu_ms();
	for (size_t i = 0; i < cfg->nnodes && !r; i++)
		r = deck_operate(d, cfg->nodes[i].name, &op, &tasks[i], &e);
	for (size_t i = 0; i < cfg->nnodes && !r; i++)
		r = task_wait(tasks[i], 60000, &text, &e);
	*ms += (double)now_boot_ms();
	*cpu += cpu_ms();
	for (size_t i = 0; i < cfg->nnodes && tasks; i++)
		task_free(tasks[i]);
	free(tasks);
	return r;
}

static bool swept(const struct snapshot *s, void *arg)
{
	(void)arg;
	for (size_t i = 0; i < s->nnodes; i++)
		if (s->nodes[i]->sweep != SWEEP_DONE)
			return false;
	return true;
}

static int restore(struct deck *d, double *ms)
{
	struct err e;
	int r;

	*ms = (double)-now_boot_ms();
	r = deck_restore_all(d, 0, &e);
	if (!r)
		r = deck_wait(d, swept, NULL, 60000);
	*ms += (double)now_boot_ms();
	return r;
}

static int measure(struct deck *d, const struct config *cfg)
{
	const double all = (double)cfg->nnodes * ROUNDS;
	double before = rss_kib(), ms = 0, cpu = 0;
	int r;

	deck_start(d);
	r = refresh(d, &ms, &cpu);
	printf("refresh_ms %.1f\nrefresh_cpu %.4f\nmemory %.1f\n", ms / ROUNDS, cpu / all,
	       (rss_kib() - before) / (double)cfg->nnodes);
	if (!r)
		r = exchanges(d, cfg, &ms, &cpu);
	printf("empty_ms %.1f\nempty_cpu %.4f\n", ms / ROUNDS, cpu / all);
	if (!r)
		r = restore(d, &ms);
	printf("restore_ms %.1f\n", ms);
	return r;
}

int main(int argc, char **argv)
{
	struct mistakes *m = calloc(1, sizeof(*m));
	struct backends backends;
	struct deck_opts o = { .backends = backends.list, .interval_ms = 3600000 };
	struct config *cfg = NULL;
	struct deck *d = NULL;
	struct err e = { 0 };
	int r;

	if (argc != 2 || !m || config_load(argv[1], &cfg, m, &e) ||
	    backends_open(&backends, cfg, m, &e))
		return 2;
	o.cfg = cfg;
	if (deck_open(&o, &d, &e)) {
		fprintf(stderr, "%s\n", e.msg);
		return 1;
	}
	r = measure(d, cfg);
	deck_close(d);
	backends_close(&backends);
	config_free(cfg);
	free(m);
	return r ? 1 : 0;
}
