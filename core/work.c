// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Threads: one an actor, so that a node that hangs holds nobody up but its own queue, whatever it
 * hangs in and however many do. What is bounded is how many sessions are being set up at a time,
 * since that is what costs both sides CPU.
 */
#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>

#include "probe.h"

#define PATIENCE_MS   500
#define STACK_BYTES   (512u << 10)
#define FILES_A_NODE  4 /* a socket, or a proxy's pipes, or those of local channels */
#define FILES_BESIDE  256
#define CLOSE_ACTS_MS 10000
#define CLOSE_MS      1000

int cond_until(pthread_cond_t *c, pthread_mutex_t *m, int64_t boot_ms)
{
	int64_t ms = boot_ms - now_boot_ms();
	struct timespec t;

	if (ms <= 0)
		return -ETIMEDOUT;
	if (ms > 60000)
		ms = 60000;
	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += ms / 1000;
	t.tv_nsec += ms % 1000 * 1000000;
	t.tv_sec += t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	return pthread_cond_timedwait(c, m, &t) == ETIMEDOUT && now_boot_ms() >= boot_ms
		       ? -ETIMEDOUT
		       : 0;
}

/* ---- sessions that are being set up ---- */

/*
 * A set-up that takes much longer than those that succeed hangs, and no longer counts. Those that
 * succeed take long where a machine is short of CPU: more of them at a time would only all be late.
 */
static int64_t patience(const struct deck *d)
{
	return 4 * d->setup_ms > PATIENCE_MS ? 4 * d->setup_ms : PATIENCE_MS;
}

/* A slot that nobody has, or the oldest one when its set-up hangs; else NULL, until NEXT. */
static struct connect_slot *free_slot(struct deck *d, int64_t *next)
{
	struct connect_slot *oldest = &d->slots[0];

	for (size_t i = 0; i < CONNECT_SLOTS; i++) {
		if (!d->slots[i].who)
			return &d->slots[i];
		if (d->slots[i].since < oldest->since)
			oldest = &d->slots[i];
	}
	*next = oldest->since + patience(d);
	return *next <= now_boot_ms() ? oldest : NULL;
}

void connect_slot_take(struct actor *a)
{
	struct deck *d = a->deck;
	struct connect_slot *s = NULL;
	int64_t next = 0;

	pthread_mutex_lock(&d->lock);
	while (!d->stop && !(s = free_slot(d, &next)))
		cond_until(&d->slot_free, &d->lock, next);
	a->setup_since = now_boot_ms();
	if (s)
		*s = (struct connect_slot){ a, a->setup_since };
	pthread_mutex_unlock(&d->lock);
}

void connect_slot_drop(struct actor *a, bool done)
{
	struct deck *d = a->deck;

	pthread_mutex_lock(&d->lock);
	if (done)
		d->setup_ms = (7 * d->setup_ms + now_boot_ms() - a->setup_since) / 8;
	for (size_t i = 0; i < CONNECT_SLOTS; i++)
		if (d->slots[i].who == a)
			d->slots[i].who = NULL;
	pthread_cond_signal(&d->slot_free);
	pthread_mutex_unlock(&d->lock);
}

/* ---- an actor's thread ---- */

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
	pthread_cond_signal(&a->wake);
}

void actor_hurry(struct actor *a)
{
	a->hurry = true;
	pthread_cond_signal(&a->wake);
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
		actor_run(a, j);
	else
		actor_refresh(a);
	pthread_mutex_lock(&d->lock);
	a->busy = a->acting = false;
	pthread_cond_broadcast(&d->news);
}

static void *actor_thread(void *arg)
{
	struct actor *a = arg;
	struct deck *d = a->deck;

	pthread_mutex_lock(&d->lock);
	while (!d->stop) {
		if (a->head || a->hurry || a->due_ms <= now_boot_ms())
			turn(d, a);
		else
			cond_until(&a->wake, &d->lock, a->due_ms);
	}
	pthread_mutex_unlock(&d->lock);
	return NULL;
}

/* ---- all of them ---- */

static void raise_file_limit(struct deck *d)
{
	const rlim_t want = d->nactors * FILES_A_NODE + FILES_BESIDE;
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) || l.rlim_cur >= want)
		return;
	l.rlim_cur = want < l.rlim_max ? want : l.rlim_max;
	setrlimit(RLIMIT_NOFILE, &l);
	if (l.rlim_cur < want)
		deck_log(d, "", -EMFILE,
			 "only %llu files may be open: too few for %zu nodes, see ulimit -Hn",
			 (unsigned long long)l.rlim_cur, d->nactors);
}

static void start_one(struct actor *a, const pthread_attr_t *attr)
{
	const int r = pthread_create(&a->thread, attr, actor_thread, a);
	struct err e = { 0 };

	a->started = r == 0;
	if (a->started)
		return;
	err_set(&e, -r, "no thread can be started for it: %s", strerror(r));
	err_hint(&e, "see ulimit -u, and pids.max of its cgroup");
	actor_lost(a, &e);
}

void deck_start(struct deck *d)
{
	pthread_attr_t attr;

	raise_file_limit(d);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	for (size_t i = 0; i < d->nactors; i++)
		start_one(&d->actors[i], &attr);
	pthread_attr_destroy(&attr);
	probes_start(d);
}

/* An act that runs, or one that waits on a node that answers: those are let to their end. */
static bool any_act(const struct deck *d)
{
	for (size_t i = 0; i < d->nactors; i++) {
		const struct actor *a = &d->actors[i];

		if (a->started && (a->acting || (a->head && a->view->state == NODE_UP)))
			return true;
	}
	return false;
}

static bool any_busy(const struct deck *d)
{
	for (size_t i = 0; i < d->nactors; i++)
		if (d->actors[i].busy)
			return true;
	return d->probing;
}

bool deck_stop(struct deck *d)
{
	int64_t end = now_boot_ms() + CLOSE_ACTS_MS;
	bool idle;

	pthread_mutex_lock(&d->lock);
	while (any_act(d) && !cond_until(&d->news, &d->lock, end))
		;
	d->stop = true;
	eventfd_write(d->cancel_fd, 1);
	pthread_cond_broadcast(&d->slot_free);
	pthread_cond_broadcast(&d->closing);
	for (size_t i = 0; i < d->nactors; i++)
		pthread_cond_signal(&d->actors[i].wake);
	end = now_boot_ms() + CLOSE_MS;
	while (any_busy(d) && !cond_until(&d->news, &d->lock, end))
		;
	idle = !any_busy(d);
	pthread_mutex_unlock(&d->lock);
	for (size_t i = 0; i < d->nactors && idle; i++)
		if (d->actors[i].started)
			pthread_join(d->actors[i].thread, NULL);
	for (size_t i = 0; i < d->nprobes && idle; i++)
		if (d->probes[i].threaded)
			pthread_join(d->probes[i].thread, NULL);
	return idle;
}
