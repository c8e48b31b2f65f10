// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Node actors and the workers that drive them. An actor has a queue, one session and two channels
 * of the collector in it: a fast one that answers every tick, and a slow one that is asked at its
 * own interval and never waited for. One worker at a time has an actor, so nothing of a node needs
 * a lock, and a node that hangs costs one worker.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "collect.h"
#include "deck_priv.h"

#define BACKOFF_MIN_MS 1000
#define BACKOFF_MAX_MS 15000
#define HELLO_MS       8000

void actor_disconnect(struct actor *a)
{
	a->fast = chan_close(a->fast);
	a->slow = chan_close(a->slow);
	a->transport = transport_close(a->transport);
	buf_clear(&a->fast_text);
	buf_clear(&a->slow_text);
	a->slow_asked = false;
	a->slow_due_ms = 0;
}

/* Reads one block of C into B; -ETIMEDOUT when LIMIT_MS are over. */
static int read_block(struct chan *c, struct buf *b, int limit_ms, struct err *e)
{
	int64_t end = now_boot_ms() + limit_ms, left;
	int r;

	while (collect_block_end(b) < 0) {
		left = end - now_boot_ms();
		if (left < 0)
			left = 0;
		r = chan_read(c, b, (int)left, e);
		if (r)
			return r;
	}
	return 0;
}

/* Starts a collector; its greeting is read by greet. */
static int open_collector(struct actor *a, struct chan **out, enum event_mode events, struct err *e)
{
	struct buf script = BUF_INIT(256u << 10);
	int r = script_collector(&script, a->deck->o.backends, a->cfg, events);

	if (r)
		err_set(e, r, "out of memory");
	if (!r)
		r = chan_open(a->transport, NODE_SHELL, out, e);
	if (!r)
		r = chan_write(*out, script.data, script.len, HELLO_MS, e);
	buf_free(&script);
	return r;
}

static int greet(struct chan *c, struct err *e)
{
	struct buf hello = BUF_INIT(4096);
	int r = read_block(c, &hello, HELLO_MS, e);

	buf_free(&hello);
	return r;
}

static int connect_node(struct actor *a, struct err *e)
{
	struct transport_opts o = { .ssh_config = a->deck->o.cfg->ssh_config,
				    .accept_new = a->deck->o.accept_new };
	char accept[sizeof(a->accept)];
	int r;

	if (a->transport)
		return 0;
	pthread_mutex_lock(&a->deck->lock);
	memcpy(accept, a->accept, sizeof(accept));
	pthread_mutex_unlock(&a->deck->lock);
	o.accept_fingerprint = accept[0] ? accept : NULL;
	r = transport_open(a->cfg, &o, &a->transport, e);
	if (!r)
		r = open_collector(a, &a->fast, a->deck->o.events, e);
	if (!r)
		r = open_collector(a, &a->slow, EVENTS_NONE, e);
	if (!r)
		r = greet(a->fast, e);
	if (!r)
		r = greet(a->slow, e);
	if (r)
		actor_disconnect(a);
	return r;
}

/* Takes the finished block out of B, as a string of its own. */
static char *take_block(struct buf *b)
{
	long n = collect_block_end(b);
	char *s = n < 0 ? NULL : strndup(b->data, (size_t)n);

	if (s)
		buf_clear(b);
	return s;
}

/* Asks the slow collector when it is time, takes its answer when there is one; waits only LIMIT_MS.
 */
static int slow_turn(struct actor *a, int limit_ms, struct err *e)
{
	int r = 0;

	if (!a->slow_asked && now_boot_ms() >= a->slow_due_ms) {
		r = chan_write(a->slow, "slow\n", 5, TICK_TIMEOUT_MS, e);
		a->slow_asked = r == 0;
	}
	if (r || !a->slow_asked)
		return r;
	r = read_block(a->slow, &a->slow_text, limit_ms, e);
	if (r == -ETIMEDOUT) /* it is never waited for: the next turn asks again */
		return err_set(e, 0, "%s", "");
	if (r)
		return r;
	free(a->slow_last);
	a->slow_last = take_block(&a->slow_text);
	a->slow_asked = false;
	a->slow_due_ms = now_boot_ms() + SLOW_INTERVAL_MS;
	return 0;
}

static int fast_turn(struct actor *a, char **text, struct err *e)
{
	int r = chan_write(a->fast, "fast\n", 5, TICK_TIMEOUT_MS, e);

	if (!r)
		r = read_block(a->fast, &a->fast_text, TICK_TIMEOUT_MS, e);
	if (r == -ETIMEDOUT)
		err_set(e, r, "no answer within %d s", TICK_TIMEOUT_MS / 1000);
	if (r)
		return r;
	*text = take_block(&a->fast_text);
	return *text ? 0 : err_set(e, -ENOMEM, "out of memory");
}

static void take_event(const char *line, void *arg)
{
	event_take(arg, line);
}

static struct node_view *new_view(struct actor *a)
{
	struct node_view *v = node_view_clone(a->view);

	if (v) {
		v->refs = 1;
		memset(&v->reason, 0, sizeof(v->reason));
		v->fingerprint[0] = '\0';
	}
	return v;
}

static int view_of(struct actor *a, const char *fast, int64_t asked, struct err *e)
{
	struct collect_in in = { .fast = fast,
				 .slow = a->slow_last ? a->slow_last : "",
				 .prev = a->view,
				 .backends = a->deck->o.backends,
				 .event = take_event,
				 .arg = a };
	struct node_view *v = calloc(1, sizeof(*v));
	int r;

	if (!v)
		return err_set(e, -ENOMEM, "out of memory");
	v->refs = 1;
	v->cfg = a->cfg;
	r = collect_view(&in, v, e);
	if (r) {
		free(v);
		return r;
	}
	v->state = NODE_UP;
	v->seen_boot_ms = now_boot_ms();
	v->rtt_ms = (int)(v->seen_boot_ms - asked);
	v->seq = a->view->seq + 1;
	v->sweep = a->view->sweep;
	v->swept = a->view->swept;
	memcpy(v->sweep_msg, a->view->sweep_msg, sizeof(v->sweep_msg));
	reconcile(a, v);
	return 0;
}

int actor_tick(struct actor *a, struct err *e)
{
	int64_t asked = now_boot_ms();
	char *text = NULL;
	int r = slow_turn(a, a->slow_last ? 0 : TICK_TIMEOUT_MS, e);

	if (!r) {
		asked = now_boot_ms();
		r = fast_turn(a, &text, e);
	}
	if (!r)
		r = view_of(a, text, asked, e);
	free(text);
	return r;
}

/* The node does not answer: what was known stays on the screen, as stale and with its reason. */
static void lost(struct actor *a, const struct err *why)
{
	struct node_view *v = new_view(a);
	struct deck *d = a->deck;

	actor_disconnect(a);
	if (v) {
		v->state = v->seen_boot_ms ? NODE_STALE : NODE_DOWN;
		v->reason = *why;
		if (why->code == -ENOKEY)
			transport_fingerprint(why, v->fingerprint, sizeof(v->fingerprint));
		if (a->view->state != v->state)
			deck_log(d, a->cfg->name, why->code, "%s", why->msg);
		actor_publish(a, v);
	}
	pthread_mutex_lock(&d->lock);
	a->backoff_ms = a->backoff_ms ? a->backoff_ms * 2 : BACKOFF_MIN_MS;
	if (a->backoff_ms > BACKOFF_MAX_MS)
		a->backoff_ms = BACKOFF_MAX_MS;
	a->due_ms = now_boot_ms() + a->backoff_ms;
	pthread_mutex_unlock(&d->lock);
}

static void refresh(struct actor *a)
{
	struct err e = { 0 };
	int r = connect_node(a, &e);

	if (!r)
		r = actor_tick(a, &e);
	if (r) {
		lost(a, &e);
		return;
	}
	pthread_mutex_lock(&a->deck->lock);
	a->backoff_ms = 0;
	a->due_ms = now_boot_ms() + a->deck->o.interval_ms;
	pthread_mutex_unlock(&a->deck->lock);
}

static void run_job(struct actor *a, struct job *j)
{
	struct err e = { 0 };

	if (connect_node(a, &e))
		lost(a, &e);
	j->run(a, j, &e);
	job_free(j);
}

void actor_publish(struct actor *a, struct node_view *v)
{
	struct node_view *old;

	pthread_mutex_lock(&a->deck->lock);
	old = a->view;
	a->view = v;
	deck_changed(a->deck);
	pthread_mutex_unlock(&a->deck->lock);
	node_view_unref(old);
}

void actor_queue(struct actor *a, struct job *j, bool first)
{
	j->next = first ? a->head : NULL;
	if (first) {
		a->head = j;
		if (!j->next)
			a->tail = &j->next;
	} else {
		*a->tail = j;
		a->tail = &j->next;
	}
	pthread_cond_broadcast(&a->deck->work);
}

/* The next actor that has something to do, or when the earliest will have. */
static struct actor *next_actor(struct deck *d, int64_t *wait_until)
{
	int64_t now = now_boot_ms();
	struct actor *due = NULL;

	*wait_until = now + 60000;
	for (size_t i = 0; i < d->nactors; i++) {
		struct actor *a = &d->actors[i];

		if (a->busy)
			continue;
		if (a->head)
			return a;
		if (a->hurry || a->due_ms <= now) {
			if (!due || a->due_ms < due->due_ms)
				due = a;
		} else if (a->due_ms < *wait_until) {
			*wait_until = a->due_ms;
		}
	}
	return due;
}

static void wait_until(struct deck *d, int64_t boot_ms)
{
	int64_t ms = boot_ms - now_boot_ms();
	struct timespec t;

	if (ms < 1)
		ms = 1;
	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += ms / 1000;
	t.tv_nsec += ms % 1000 * 1000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_sec++;
		t.tv_nsec -= 1000000000;
	}
	pthread_cond_timedwait(&d->work, &d->lock, &t);
}

/* One turn of A, without the lock. */
static void turn(struct deck *d, struct actor *a)
{
	struct job *j = a->head;

	a->busy = true;
	if (j) {
		a->head = j->next;
		if (!a->head)
			a->tail = &a->head;
	} else {
		a->hurry = false;
	}
	pthread_mutex_unlock(&d->lock);
	if (j)
		run_job(a, j);
	else
		refresh(a);
	pthread_mutex_lock(&d->lock);
	a->busy = false;
	pthread_cond_broadcast(&d->work);
	pthread_cond_broadcast(&d->news);
}

void *actor_worker(void *arg)
{
	struct deck *d = arg;
	struct actor *a;
	int64_t until;

	pthread_mutex_lock(&d->lock);
	while (!d->stop) {
		a = next_actor(d, &until);
		if (a)
			turn(d, a);
		else
			wait_until(d, until);
	}
	pthread_mutex_unlock(&d->lock);
	return NULL;
}
