// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Node actors. An actor has a queue, one session and the channels of the collector in it: a fast
 * one that answers every tick, and a slow one that is asked at its own interval and never waited
 * for. One thread has an actor (work.c), so nothing of a session needs a lock.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "collect.h"
#include "probe.h"

#define BACKOFF_MIN_MS 1000
#define BACKOFF_MAX_MS 15000
#define HELLO_MS       8000
#define GLANCES        2 /* answers that a glance needs: two make a rate */

void actor_disconnect(struct actor *a)
{
	a->fast = chan_close(a->fast);
	a->slow = chan_close(a->slow);
	a->probes = chan_close(a->probes);
	a->transport = transport_close(a->transport);
	buf_clear(&a->fast_text);
	buf_clear(&a->slow_text);
	buf_clear(&a->probe_text);
	a->fast_asked = a->slow_asked = false;
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

/* Starts a collector: its first answer comes unasked. */
static int open_collector(struct actor *a, enum collector which, struct chan **out, struct err *e)
{
	struct buf script = BUF_INIT(256u << 10);
	int r = script_collector(&script, &a->deck->o, which, a->cfg);

	if (r)
		err_set(e, r, "out of memory");
	if (!r)
		r = chan_open(a->transport, NODE_SHELL, out, e);
	if (!r)
		r = chan_write(*out, script.data, script.len, HELLO_MS, e);
	buf_free(&script);
	return r;
}

static int open_session(struct actor *a, struct err *e)
{
	struct transport_opts o = { .ssh_config = a->deck->o.cfg->ssh_config,
				    .accept_new = a->deck->o.accept_new,
				    .cancel_fd = a->deck->cancel_fd };
	char accept[sizeof(a->accept)];
	int r;

	pthread_mutex_lock(&a->deck->lock);
	memcpy(accept, a->accept, sizeof(accept));
	pthread_mutex_unlock(&a->deck->lock);
	o.accept_fingerprint = accept[0] ? accept : NULL;
	r = transport_open(a->cfg, &o, &a->transport, e);
	a->asked_ms = now_boot_ms();
	if (!r)
		r = open_collector(a, COLLECT_FAST, &a->fast, e);
	a->fast_asked = r == 0;
	return r;
}

static int connect_node(struct actor *a, struct err *e)
{
	int r;

	if (a->transport)
		return 0;
	connect_slot_take(a);
	r = open_session(a, e);
	connect_slot_drop(a, r == 0);
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

/*
 * Asks the slow collector when it is time, takes its answer when there is one. Only the first is
 * waited for: what the screen shows of a node is whole from the beginning.
 */
static int slow_turn(struct actor *a, struct err *e)
{
	int r = 0;

	if (!a->slow)
		r = open_collector(a, COLLECT_SLOW, &a->slow, e);
	else if (!a->slow_asked && now_boot_ms() >= a->slow_due_ms)
		r = chan_write(a->slow, "slow\n", 5, TICK_TIMEOUT_MS, e);
	else if (!a->slow_asked)
		return 0;
	a->slow_asked = r == 0;
	if (!r)
		r = read_block(a->slow, &a->slow_text, a->slow_last ? 0 : TICK_TIMEOUT_MS, e);
	if (r == -ETIMEDOUT) /* the next turn looks again */
		return err_set(e, 0, "%s", "");
	if (r)
		return r;
	free(a->slow_last);
	a->slow_last = take_block(&a->slow_text);
	a->slow_asked = false;
	a->slow_due_ms = now_boot_ms() + SLOW_INTERVAL_MS;
	return 0;
}

/*
 * An answer that is late makes the node stale at once; its session is given up only when a second
 * wait was in vain: a host that is slow needs longest of all for a new one.
 */
static int fast_turn(struct actor *a, char **text, struct err *e)
{
	const bool waited = a->fast_asked;
	const int limit = waited ? HELLO_MS : TICK_TIMEOUT_MS;
	int r = 0;

	if (!waited) {
		a->asked_ms = now_boot_ms();
		r = chan_write(a->fast, "fast\n", 5, limit, e);
	}
	a->fast_asked = false;
	if (r)
		return r;
	r = read_block(a->fast, &a->fast_text, limit, e);
	if (r == -ETIMEDOUT) {
		err_set(e, r, "no answer within %d s", limit / 1000);
		a->fast_asked = !waited;
	}
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

static int view_of(struct actor *a, const char *fast, struct err *e)
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
	v->rtt_ms = (int)(v->seen_boot_ms - a->asked_ms);
	v->seq = a->view->seq + 1;
	v->sweep = a->view->sweep;
	v->swept = a->view->swept;
	memcpy(v->sweep_msg, a->view->sweep_msg, sizeof(v->sweep_msg));
	reconcile(a, v);
	return 0;
}

int actor_tick(struct actor *a, struct err *e)
{
	char *text = NULL;
	int r = fast_turn(a, &text, e);

	if (!r && collect_wants_slow(text))
		r = slow_turn(a, e);
	if (!r)
		r = view_of(a, text, e);
	if (!r)
		probe_turn(a);
	free(text);
	return r;
}

int actor_ready(struct actor *a, struct err *e)
{
	return a->fast_asked ? read_block(a->fast, &a->fast_text, HELLO_MS, e) : 0;
}

/* What was known stays on the screen, as stale and with its reason. */
void actor_lost(struct actor *a, const struct err *why)
{
	struct node_view *v = new_view(a);
	struct deck *d = a->deck;

	if (!a->fast_asked)
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
	probes_lost(a, why->msg);
	a->backoff_ms = a->backoff_ms ? a->backoff_ms * 2 : BACKOFF_MIN_MS;
	if (a->backoff_ms > BACKOFF_MAX_MS)
		a->backoff_ms = BACKOFF_MAX_MS;
	a->due_ms = now_boot_ms() + (a->fast_asked ? 0 : a->backoff_ms);
	pthread_mutex_unlock(&d->lock);
}

void actor_refresh(struct actor *a)
{
	struct err e = { 0 };
	int r = connect_node(a, &e);

	if (!r)
		r = actor_tick(a, &e);
	if (r) {
		actor_lost(a, &e);
		return;
	}
	pthread_mutex_lock(&a->deck->lock);
	a->backoff_ms = 0;
	a->due_ms =
		now_boot_ms() + (a->deck->o.rest_ms && !a->deck->nprobes && a->view->seq >= GLANCES
					 ? a->deck->o.rest_ms
					 : a->deck->o.interval_ms);
	pthread_mutex_unlock(&a->deck->lock);
}

void actor_run(struct actor *a, struct job *j)
{
	struct err e = { 0 };

	if (connect_node(a, &e)) {
		actor_lost(a, &e);
	} else {
		pthread_mutex_lock(&a->deck->lock);
		a->acting = true;
		pthread_mutex_unlock(&a->deck->lock);
	}
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
