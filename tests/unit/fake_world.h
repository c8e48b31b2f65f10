/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_FAKE_WORLD_H
#define TESTS_FAKE_WORLD_H
/* A world without machines, whose clock flies: for the tests of scenarios, their runner and
 * reports. */
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

#include "../../core/collect.h"
#include "../../core/report.h"

#define COUNT(a)  (sizeof(a) / sizeof(*(a)))
#define INJ_MAX   4096
#define UNIX_BASE 1700000000000ll
#define BOOT_BASE 1000000ll

__attribute__((unused)) static const char *no_unfit(const struct backend *b, const struct fault *f,
						    const struct target *t,
						    const struct node_view *v, char *buf, size_t n)
{
	(void)b;
	(void)f;
	(void)t;
	(void)v;
	(void)buf;
	(void)n;
	return NULL;
}

__attribute__((unused)) static int say_plan(const struct backend *b, const struct plan_in *in,
					    struct act *act, struct err *e)
{
	(void)b;
	(void)e;
	buf_fmt(&act->do_lines, "break %s\n", in->id);
	buf_fmt(&act->undo_lines, "mend %s\n", in->id);
	return buf_str(&act->script, "do_() { :; }\n");
}

static const struct param hang_params[] = {
	{ "depth", PARAM_INT, "1", NULL, 1, 9, "", "how deep", NULL },
};
static const struct fault fake_faults[] = {
	{ .name = "test.hang",
	  .summary = "",
	  .seen = "",
	  .undone = "",
	  .risk = "",
	  .targets = 1u << KIND_NODE | 1u << KIND_SERVICE,
	  .after_text = "",
	  .params = hang_params,
	  .nparams = 1 },
	{ .name = "test.burn",
	  .summary = "",
	  .seen = "",
	  .undone = "",
	  .risk = "",
	  .targets = 1u << KIND_VM,
	  .after_text = "" },
};
static const struct probe_cfg fake_probes[] = { { .name = (char *)"alive",
						  .command = (char *)"true" } };
static const struct backend fake_backend = { .name = "test",
					     .collect_sh = "",
					     .faults = fake_faults,
					     .nfaults = COUNT(fake_faults),
					     .probes = fake_probes,
					     .nprobes = 1,
					     .unfit = no_unfit,
					     .plan = say_plan };
static const struct backend *const fake_backends[] = { &fake_backend, NULL };

struct fake {
	int64_t now; /* ms since the run began */
	struct injection inj[INJ_MAX];
	int64_t due[INJ_MAX]; /* when it takes its next state */
	size_t ninj;
	struct probe_view probes[8];
	struct probe_cfg cfgs[8];
	size_t nprobes;
	int64_t interval; /* of the probes */
	int64_t step;     /* of the clock, where nothing is due before */
	struct node_view *nodes[2];
	struct node_view node[2];
	struct item items[2];
	bool panic;
	char abort[100];
	/* what goes wrong */
	int fail_inject; /* the n-th is refused by the guard */
	int die_inject;  /* the n-th becomes failed */
	bool node_gone;  /* from now on no state changes */
	bool restore_unknown;
	bool leaves_something;
	int command_state; /* enum probe_state */
	int commands, dropped, injected, restored;
	/* what the test wants to do at each look */
	void (*each)(struct fake *f, struct run *r);
	struct run *run;
	struct buf events;
};

static struct mistakes fake_mistakes;
static char fake_dir[] = "/tmp/fdrun.XXXXXX";
static struct config *fake_cfg;
static struct deck *fake_deck;

/* ---- the ops ---- */

__attribute__((unused)) static int64_t fake_boot(void *arg)
{
	return BOOT_BASE + ((struct fake *)arg)->now;
}

__attribute__((unused)) static int64_t fake_unix(void *arg)
{
	return UNIX_BASE + ((struct fake *)arg)->now;
}

__attribute__((unused)) static void fake_set(struct fake *f, size_t i, enum inj_state s)
{
	f->inj[i].state = s;
	f->inj[i].since_unix_ms = fake_unix(f);
}

/* Injections go on by themselves: active after 200 ms, expired at the TTL, restored after 300 ms.
 */
__attribute__((unused)) static void fake_states(struct fake *f)
{
	for (size_t i = 0; i < f->ninj && !f->node_gone; i++) {
		struct injection *j = &f->inj[i];

		if (f->now < f->due[i])
			continue;
		if (j->state == STATE_JOURNALED) {
			fake_set(f, i, f->die_inject == (int)i + 1 ? STATE_FAILED : STATE_ACTIVE);
			f->due[i] = f->now + j->ttl_ms;
		} else if (j->state == STATE_ACTIVE) {
			fake_set(f, i, STATE_EXPIRED);
		} else if (j->state == STATE_RESTORING) {
			fake_set(f, i, f->restore_unknown ? STATE_UNKNOWN : STATE_RESTORED);
		}
	}
}

__attribute__((unused)) static void fake_answers(struct fake *f)
{
	for (size_t i = 0; i < f->nprobes; i++) {
		struct probe_view *v = &f->probes[i];

		if (v->asked && fake_boot(f) < v->said_boot_ms + f->interval)
			continue;
		v->asked = true;
		v->asked_boot_ms = v->said_boot_ms = fake_boot(f);
	}
}

__attribute__((unused)) static const struct snapshot *fake_snapshot(void *arg)
{
	struct fake *f = arg;
	struct snapshot *s = calloc(1, sizeof(*s));

	fake_states(f);
	if (f->each)
		f->each(f, f->run);
	fake_answers(f);
	for (size_t i = 0; i < COUNT(f->node); i++) {
		f->node[i].seen_boot_ms = fake_boot(f);
		f->node[i].t_ms = (double)f->now + 5000; /* its clock */
		f->node[i].seq++;
		f->nodes[i] = &f->node[i];
	}
	s->nodes = f->nodes;
	s->nnodes = COUNT(f->node);
	s->injections = f->inj;
	s->ninjections = f->ninj;
	s->probes = f->probes;
	s->nprobes = f->nprobes;
	s->panic = f->panic;
	snprintf(s->abort, sizeof(s->abort), "%s", f->abort);
	return s;
}

__attribute__((unused)) static void fake_put(void *arg, const struct snapshot *s)
{
	(void)arg;
	free((void *)(uintptr_t)s);
}

__attribute__((unused)) static int fake_inject(void *arg, const struct step_cfg *c,
					       struct plan **out, struct err *e)
{
	struct fake *f = arg;
	struct plan *p = calloc(1, sizeof(*p));

	p->fault = c->fault;
	p->params = c->params;
	p->ttl_ms = c->ttl_ms;
	p->items = calloc(c->ntargets, sizeof(*p->items));
	*out = p;
	f->injected++;
	for (size_t i = 0; i < c->ntargets; i++) {
		struct plan_item *it = &p->items[p->nitems++];
		struct injection *j = &f->inj[f->ninj];

		snprintf(it->id, sizeof(it->id), "i%zu", f->ninj + 1);
		it->target = c->targets[i];
		it->node = config_node(fake_cfg, c->targets[i].node);
		it->act.do_lines.max = it->act.undo_lines.max = 1000;
		buf_fmt(&it->act.do_lines, "break <%s> & \"it\"", it->id);
		buf_fmt(&it->act.undo_lines, "mend %s", it->id);
		if (f->fail_inject == f->injected)
			return err_set(e, -EPERM, "the guard refuses: too many");
		memset(j, 0, sizeof(*j));
		snprintf(j->id, sizeof(j->id), "%s", it->id);
		snprintf(j->fault, sizeof(j->fault), "%s", c->fault->name);
		target_str(j->target, &it->target);
		snprintf(j->node, sizeof(j->node), "%s", it->target.node);
		j->ttl_ms = c->ttl_ms;
		j->hits = -1;
		j->started_unix_ms = fake_unix(f);
		/* by the node's clock, which the ledger has */
		j->deadline_node_ms = f->now + 5000 + c->ttl_ms;
		fake_set(f, f->ninj, STATE_JOURNALED);
		f->due[f->ninj++] = f->now + 200;
	}
	return 0;
}

__attribute__((unused)) static int fake_restore(void *arg, const char *id, struct err *e)
{
	struct fake *f = arg;

	for (size_t i = 0; i < f->ninj; i++) {
		if (strcmp(f->inj[i].id, id) != 0)
			continue;
		f->restored++;
		if (state_is_final(f->inj[i].state))
			return -EALREADY;
		fake_set(f, i, STATE_RESTORING);
		f->due[i] = f->now + 300;
		return 0;
	}
	return err_set(e, -ENOENT, "no injection %s is known", id);
}

__attribute__((unused)) static int fake_command(void *arg, size_t ask, void **handle, struct err *e)
{
	struct fake *f = arg;

	(void)ask;
	(void)e;
	f->commands++;
	*handle = f;
	return 0;
}

static bool fake_answered(void *arg, void *handle, enum probe_state *s, char *value)
{
	struct fake *f = arg;

	(void)handle;
	*s = (enum probe_state)f->command_state;
	snprintf(value, 160, "%s", *s == PROBE_HOLDS ? "said so" : "exit status 3");
	return f->command_state >= 0;
}

__attribute__((unused)) static void fake_drop(void *arg, void *handle)
{
	(void)handle;
	((struct fake *)arg)->dropped++;
}

__attribute__((unused)) static void fake_event(void *arg, json_t *o)
{
	struct fake *f = arg;
	char *s = json_dumps(o, JSON_COMPACT);

	buf_fmt(&f->events, "%s\n", s);
	free(s);
	json_decref(o);
}

static const struct run_world fake_ops = { NULL,          fake_boot,   fake_unix,    fake_snapshot,
					   fake_put,      fake_inject, fake_restore, fake_command,
					   fake_answered, fake_drop,   fake_event };

/* ---- a run ---- */

__attribute__((unused)) static void fake_file(const char *name, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", fake_dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

__attribute__((unused)) static struct scenario *fake_load_as(const char *name, const char *text,
							     const char *const *words, size_t n)
{
	struct scenario *s = NULL;
	struct err e = { 0 };
	char path[128];

	fake_file(name, text);
	snprintf(path, sizeof(path), "%s/%s", fake_dir, name);
	if (scenario_load(fake_deck, path, words, n, &s, &fake_mistakes, &e))
		fail_msg("%s: line %d: %s", e.msg, fake_mistakes.list[0].line,
			 fake_mistakes.n ? fake_mistakes.list[0].msg : "");
	return s;
}

__attribute__((unused)) static struct scenario *fake_load(const char *text)
{
	return fake_load_as("s.cfg", text, NULL, 0);
}

__attribute__((unused)) static struct probe_view *fake_probe(struct fake *f, const char *name)
{
	struct probe_view *v = &f->probes[f->nprobes];

	for (size_t i = 0; i < f->nprobes; i++)
		if (strcmp(f->probes[i].name, name) == 0)
			return &f->probes[i];
	snprintf(v->name, sizeof(v->name), "%s", name);
	v->cfg = &f->cfgs[f->nprobes++];
	v->state = PROBE_HOLDS;
	return v;
}

__attribute__((unused)) static struct fake *fake_new(void)
{
	struct fake *f = calloc(1, sizeof(*f));

	f->interval = 1000;
	f->step = 100;
	f->command_state = PROBE_HOLDS;
	f->events.max = 64u << 20;
	for (size_t i = 0; i < COUNT(f->node); i++) {
		f->node[i].cfg = &fake_cfg->nodes[i];
		f->node[i].state = NODE_UP;
		f->node[i].rtt_ms = 4;
		f->node[i].items = &f->items[i];
		f->node[i].nitems = 1;
	}
	return f;
}

/* Runs S to its end; the caller frees the run. */
__attribute__((unused)) static struct run *fake_run(struct fake *f, struct scenario *s,
						    struct run_world *w)
{
	struct scenario_program *p = NULL;
	struct err e = { 0 };
	int turns = 0;

	*w = fake_ops;
	w->arg = f;
	assert_int_equal(program_make(s, 7, NULL, &p, NULL, &e), 0);
	assert_int_equal(run_new(s, p, 7, w, &f->run, &e), 0);
	while (f->run->phase != RUN_OVER) {
		const int64_t next = run_turn(f->run) - BOOT_BASE;
		const int64_t step = f->now + f->step;

		assert_true(turns++ < 5000000);
		if (f->run->phase != RUN_OVER)
			f->now = next > f->now && next < step ? next : step;
	}
	return f->run;
}

__attribute__((unused)) static void fake_free(struct fake *f)
{
	buf_free(&f->events);
	free(f);
}

__attribute__((unused)) static int fake_setup(void **state)
{
	struct deck_opts o = { .backends = fake_backends, .state_dir = fake_dir };
	struct err e = { 0 };
	char path[128];

	(void)state;
	if (!mkdtemp(fake_dir))
		return -1;
	fake_file("cluster.cfg", "cluster = \"fake\";\n"
				 "nodes = ( { name = \"n1\"; host = \"192.0.2.1\"; },\n"
				 "{ name = \"n2\"; host = \"192.0.2.2\"; } );\n"
				 "guard = { max_ttl = \"1h\"; };\n"
				 "probes = ( { name = \"shop\"; tcp = \"192.0.2.1:80\"; } );\n");
	snprintf(path, sizeof(path), "%s/cluster.cfg", fake_dir);
	if (config_load(path, &fake_cfg, &fake_mistakes, &e))
		return -1;
	o.cfg = fake_cfg;
	return deck_open(&o, &fake_deck, &e);
}

__attribute__((unused)) static int fake_teardown(void **state)
{
	char cmd[100];

	(void)state;
	deck_close(fake_deck);
	config_free(fake_cfg);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", fake_dir);
	return system(cmd);
}

#endif
