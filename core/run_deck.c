// SPDX-License-Identifier: GPL-2.0-or-later
/* A run on a deck: the thread that has it, what it acts with, and what a face says to it. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report.h"
#include "run_lock.h"

#define LOOK_MS       1000  /* though nothing is announced */
#define PAUSE_US      20000 /* between two looks, however much is announced */
#define EVENTS_BYTES  (64ll << 20)
#define MODULE_EVENTS 1000 /* in results.json; all are in events.ndjson */

struct scenario_run {
	struct deck *d;
	struct scenario_plan *plan;
	struct run_world world;
	struct run *r; /* the thread's own */
	struct probe **probes;
	size_t nprobes;
	char dir[512];
	FILE *events;
	int64_t events_bytes;
	uint64_t log_at, event_at, seen;
	struct run_lock lock;
	pthread_t thread;
	/* under deck->lock */
	const struct scenario_view *view;
	bool pause, skip, abort;
	int aborts; /* how often that was said */
	char abort_why[200];
};

/* ---- the world ---- */

static int64_t world_boot(void *arg)
{
	(void)arg;
	return now_boot_ms();
}

static int64_t world_unix(void *arg)
{
	(void)arg;
	return now_unix_ms();
}

static const struct snapshot *world_snapshot(void *arg)
{
	struct scenario_run *sr = arg;
	const struct snapshot *s = deck_snapshot(sr->d);

	sr->seen = s->seq;
	return s;
}

static void world_put(void *arg, const struct snapshot *s)
{
	(void)arg;
	snapshot_put(s);
}

static int world_inject(void *arg, const struct step_cfg *c, struct plan **out, struct err *e)
{
	struct scenario_run *sr = arg;
	int r = plan_step(sr->d, scenario_name(sr->plan->scenario), c, out, e);

	return r ? r : deck_inject(sr->d, *out, e);
}

static int world_restore(void *arg, const char *id, struct err *e)
{
	struct scenario_run *sr = arg;

	return deck_restore(sr->d, id, 0, e);
}

static int world_command(void *arg, size_t ask, void **handle, struct err *e)
{
	struct scenario_run *sr = arg;

	return probe_add(sr->d, sr->plan->scenario->set, ask, true, (struct probe **)handle, e);
}

static bool world_answered(void *arg, void *handle, enum probe_state *s, char *value)
{
	(void)arg;
	return probe_result(handle, s, value);
}

static void world_drop(void *arg, void *handle)
{
	(void)arg;
	probe_drop(handle);
}

static void world_event(void *arg, json_t *o)
{
	struct scenario_run *sr = arg;
	char *line = o ? json_dumps(o, JSON_COMPACT) : NULL;

	json_decref(o);
	if (line && sr->events && sr->events_bytes < EVENTS_BYTES) {
		sr->events_bytes += (int64_t)strlen(line) + 1;
		fprintf(sr->events, "%s\n", line);
		fflush(sr->events); /* what was seen stays, whatever becomes of us */
	}
	free(line);
}

/* ---- what the deck says besides ---- */

static void take_log(struct scenario_run *sr)
{
	struct log_line l;

	while (deck_log_next(sr->d, &sr->log_at, &l, NULL)) {
		json_t *o = run_event(sr->r, "log", l.unix_ms);

		if (o) {
			json_object_set_new(o, "node", json_text_or_null(l.node));
			json_object_set_new(o, "text", json_string(l.text));
			json_object_set_new(o, "failed", json_boolean(l.code));
		}
		world_event(sr, o);
	}
}

/* Its time is the node's own, put into the operator's clock. */
static json_t *event_json(const struct scenario_run *sr, const struct event *ev)
{
	const int64_t at = run_node_time(sr->r, ev->node, ev->node_s * 1000);
	json_t *o = run_event(sr->r, "event", at ? at : ev->unix_ms);

	if (o) {
		json_object_set_new(o, "id", json_string(ev->id));
		json_object_set_new(o, "node", json_string(ev->node));
		json_object_set_new(o, "node_boottime", json_real(ev->node_s));
		json_object_set_new(o, "point", json_string(ev->point));
		json_object_set_new(o, "tgid", json_integer(ev->tgid));
		json_object_set_new(o, "comm", json_string(ev->comm));
		json_object_set_new(o, "from", json_text_or_null(ev->from));
		json_object_set_new(o, "to", json_text_or_null(ev->to));
	}
	return o;
}

static void take_events(struct scenario_run *sr)
{
	struct event ev;

	while (deck_event_next(sr->d, &sr->event_at, &ev, NULL)) {
		json_t *o = run_fault_of(sr->r, ev.id) ? event_json(sr, &ev) : NULL;

		if (!o)
			continue;
		if (sr->r->nevents++ < MODULE_EVENTS)
			json_array_append(sr->r->module_events, o);
		world_event(sr, o);
	}
}

/* ---- the thread ---- */

static void publish(struct scenario_run *sr)
{
	struct scenario_view *v = run_view(sr->r);
	const struct scenario_view *old;

	sr->r->dirty = false;
	if (!v)
		return;
	snprintf(v->report, sizeof(v->report), "%s", sr->dir);
	pthread_mutex_lock(&sr->d->lock);
	old = sr->view;
	sr->view = v;
	deck_changed(sr->d);
	pthread_mutex_unlock(&sr->d->lock);
	scenario_view_put(old);
}

static void take_words(struct scenario_run *sr)
{
	bool skip, abort, pause;
	int aborts;

	pthread_mutex_lock(&sr->d->lock);
	pause = sr->pause;
	skip = sr->skip;
	abort = sr->abort;
	aborts = sr->aborts;
	sr->skip = sr->abort = false;
	pthread_mutex_unlock(&sr->d->lock);
	run_pause(sr->r, pause);
	if (skip)
		run_skip(sr->r);
	if (abort && sr->r->phase < RUN_RESTORING)
		run_stop(sr->r, VERDICT_ABORTED, sr->abort_why);
	else if (abort && aborts > 1)
		run_hurry(sr->r);
}

static void wait_for_news(struct scenario_run *sr, int64_t next)
{
	const int64_t look = now_boot_ms() + LOOK_MS;
	struct deck *d = sr->d;

	usleep(PAUSE_US);
	pthread_mutex_lock(&d->lock);
	if (d->snap && d->snap->seq == sr->seen && !sr->skip && !sr->abort)
		cond_until(&d->news, &d->lock, next < look ? next : look);
	pthread_mutex_unlock(&d->lock);
}

/* Anew: the clocks of nodes are known best at the end. */
static void time_events(const struct scenario_run *sr)
{
	json_t *o;
	size_t i;

	json_array_foreach(sr->r->module_events, i, o)
	{
		const char *node = json_string_value(json_object_get(o, "node"));
		const double s = json_real_value(json_object_get(o, "node_boottime"));
		const int64_t at = run_node_time(sr->r, node, s * 1000);

		if (at)
			json_object_set_new(o, "time", json_time_or_null(at));
	}
}

static void write_report(struct scenario_run *sr)
{
	struct err e = { 0 };
	json_t *o;

	time_events(sr);
	o = report_results(sr->r, sr->d->o.cfg->cluster, sr->d->owner);

	if (!o || report_write(sr->dir, o, &e))
		deck_log(sr->d, "", -EIO, "the report in %s: %s", sr->dir,
			 o ? e.msg : "out of memory");
	json_decref(o);
}

static void drop_probes(struct scenario_run *sr)
{
	for (size_t i = 0; i < sr->nprobes; i++)
		probe_drop(sr->probes[i]);
	sr->nprobes = 0;
}

static void *run_thread(void *arg)
{
	struct scenario_run *sr = arg;
	int64_t next;

	publish(sr);
	for (;;) {
		take_words(sr);
		next = run_turn(sr->r);
		take_log(sr);
		take_events(sr);
		if (sr->r->phase == RUN_OVER)
			break;
		if (sr->r->dirty)
			publish(sr);
		wait_for_news(sr, next);
	}
	drop_probes(sr);
	write_report(sr);
	run_lock_drop(&sr->lock);
	publish(sr);
	return NULL;
}

/* ---- the face's side ---- */

static int add_probes(struct scenario_run *sr, struct err *e)
{
	const struct scenario *s = sr->plan->scenario;
	int r = 0;

	sr->probes = calloc(s->nprobes + 1, sizeof(struct probe *));
	if (!sr->probes)
		return err_set(e, -ENOMEM, "out of memory");
	probes_baseline(sr->d);
	for (size_t i = 0; i < s->nprobes && !r; i++) {
		r = probe_add(sr->d, s->set, i, false, &sr->probes[i], e);
		sr->nprobes += !r;
	}
	return r;
}

static int may_start(struct deck *d, const struct scenario_plan *p, struct err *e)
{
	if (d->o.readonly)
		return err_set(e, -EROFS, "--readonly: nothing is injected or restored from here");
	if (p->refused)
		return err_set(e, -EPERM, "the guard refuses: %s", p->guard);
	if (d->run)
		return err_set(e, -EBUSY, "a scenario runs here already: one at a time");
	return 0;
}

static int open_report(struct scenario_run *sr, const struct scenario_opts *o, struct err *e)
{
	char path[600];
	int fd, r;

	if (o->report)
		snprintf(sr->dir, sizeof(sr->dir), "%s", o->report);
	else
		report_place(sr->d->dir, scenario_name(sr->plan->scenario), now_unix_ms(), sr->dir,
			     sizeof(sr->dir));
	r = report_begin(sr->dir, e);
	if (r)
		return r;
	snprintf(path, sizeof(path), "%s/%s", sr->dir, report_files[REPORT_EVENTS]);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	sr->events = fd < 0 ? NULL : fdopen(fd, "w");
	return sr->events ? 0 : err_set(e, -errno, "%s: %s", path, strerror(errno));
}

static struct scenario_run *free_run(struct scenario_run *sr)
{
	struct deck *d = sr->d;

	drop_probes(sr);
	run_free(sr->r);
	run_lock_drop(&sr->lock);
	if (sr->events)
		fclose(sr->events);
	pthread_mutex_lock(&d->lock);
	if (d->run == sr)
		d->run = NULL;
	pthread_mutex_unlock(&d->lock);
	scenario_view_put(sr->view);
	free(sr->probes);
	free(sr);
	return NULL;
}

/* What was said before this run is not part of it. */
static void pass_over(struct scenario_run *sr)
{
	pthread_mutex_lock(&sr->d->lock);
	sr->log_at = sr->d->log_end;
	sr->event_at = sr->d->events_end;
	sr->d->run = sr;
	pthread_mutex_unlock(&sr->d->lock);
}

static int begin(struct scenario_run *sr, const struct scenario_opts *o, struct err *e)
{
	struct scenario_plan *p = sr->plan;
	struct scenario_program *program = p->program;
	int r = run_lock_take(sr->d->dir, p, &sr->lock, e);

	if (!r)
		r = open_report(sr, o, e);
	if (r)
		return r;
	pass_over(sr);
	p->program = NULL;
	r = run_new(p->scenario, program, p->seed, &sr->world, &sr->r, e);
	if (!r)
		r = add_probes(sr, e);
	if (!r) {
		publish(sr); /* there is one from the first moment on */
		r = sr->view ? -pthread_create(&sr->thread, NULL, run_thread, sr) : -ENOMEM;
		if (r)
			err_set(e, r, "no thread can be started: %s", strerror(-r));
	}
	return r;
}

int scenario_start(struct deck *d, struct scenario_plan *p, const struct scenario_opts *o,
		   struct scenario_run **out, struct err *e)
{
	struct scenario_run *sr;
	sigset_t all, was;
	int r = may_start(d, p, e);

	if (r)
		return r;
	sr = calloc(1, sizeof(*sr));
	if (!sr)
		return err_set(e, -ENOMEM, "out of memory");
	sr->d = d;
	sr->plan = p;
	sr->lock.fd = -1;
	sr->world = (struct run_world){ .arg = sr,
					.boot_ms = world_boot,
					.unix_ms = world_unix,
					.snapshot = world_snapshot,
					.put = world_put,
					.inject = world_inject,
					.restore = world_restore,
					.command = world_command,
					.answered = world_answered,
					.drop = world_drop,
					.event = world_event };
	sigfillset(&all); /* the threads that are begun here: signals are the face's */
	pthread_sigmask(SIG_BLOCK, &all, &was);
	r = begin(sr, o, e);
	pthread_sigmask(SIG_SETMASK, &was, NULL);
	if (r) {
		report_undo(sr->events ? sr->dir : NULL);
		free_run(sr);
		return r;
	}
	*out = sr;
	return 0;
}

const struct scenario_view *scenario_look(struct scenario_run *r)
{
	const struct scenario_view *v;

	pthread_mutex_lock(&r->d->lock);
	v = r->view;
	__atomic_add_fetch(&((struct scenario_view *)v)->refs, 1, __ATOMIC_ACQ_REL);
	pthread_mutex_unlock(&r->d->lock);
	return v;
}

void scenario_pause(struct scenario_run *r, bool on)
{
	pthread_mutex_lock(&r->d->lock);
	r->pause = on;
	deck_changed(r->d);
	pthread_mutex_unlock(&r->d->lock);
}

void scenario_skip(struct scenario_run *r)
{
	pthread_mutex_lock(&r->d->lock);
	r->skip = true;
	pthread_cond_broadcast(&r->d->news);
	pthread_mutex_unlock(&r->d->lock);
}

void scenario_abort(struct scenario_run *r, const char *why)
{
	pthread_mutex_lock(&r->d->lock);
	r->abort = true;
	r->aborts++;
	snprintf(r->abort_why, sizeof(r->abort_why), "%s", why);
	pthread_cond_broadcast(&r->d->news);
	pthread_mutex_unlock(&r->d->lock);
}

struct scenario_run *scenario_close(struct scenario_run *r)
{
	struct scenario_plan *p;

	if (!r)
		return NULL;
	if (!r->aborts) /* a second one would not wait for the restore */
		scenario_abort(r, "closed");
	pthread_join(r->thread, NULL);
	p = r->plan;
	free_run(r);
	scenario_plan_free(p);
	return NULL;
}
