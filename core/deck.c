// SPDX-License-Identifier: GPL-2.0-or-later
/* Opening and closing a deck. */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "collect.h"
#include "probe.h"

#define DIR_MAX 400

static void from_journal(const struct injection *i, void *arg)
{
	struct deck *d = arg;
	struct record *r = deck_add_record(d, i);

	if (r) {
		r->journaled = true;
		r->i.deadline_boot_ms =
			now_boot_ms() + i->started_unix_ms + i->ttl_ms - now_unix_ms();
	}
}

static void default_state_dir(char *dst, size_t n)
{
	const char *xdg = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	const struct passwd *pw = getpwuid(getuid());

	if (xdg && *xdg == '/')
		snprintf(dst, n, "%s/faultdeck", xdg);
	else
		snprintf(dst, n, "%s/.local/state/faultdeck",
			 home && *home ? home
			 : pw          ? pw->pw_dir
				       : "/");
}

static int open_journal(struct deck *d, struct err *e)
{
	size_t bad = 0;
	int r;

	if (d->o.state_dir)
		snprintf(d->dir, sizeof(d->dir), "%s", d->o.state_dir);
	else
		default_state_dir(d->dir, sizeof(d->dir));
	if (strlen(d->dir) > DIR_MAX)
		return err_set(e, -ENAMETOOLONG, "%.80s…: the state directory has too long a name",
			       d->dir);
	r = journal_open(d->dir, &d->journal, e);
	if (r == 0)
		r = journal_read(d->journal, from_journal, d, &bad, e);
	if (r == 0 && bad)
		deck_log(d, "", -EBADMSG, "%zu torn lines in the journal were passed over", bad);
	return r;
}

static bool wanted(const struct deck_opts *o, const char *name)
{
	for (const char *const *p = o->only; p && *p; p++)
		if (strcmp(*p, name) == 0)
			return true;
	return !o->only;
}

/* One whose time-outs a change of the wall clock does not bend. */
static void init_cond(pthread_cond_t *c)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(c, &attr);
	pthread_condattr_destroy(&attr);
}

static int open_actor(struct deck *d, const struct node_cfg *n)
{
	struct actor *a = &d->actors[d->nactors];

	a->view = calloc(1, sizeof(*a->view));
	if (!a->view)
		return -ENOMEM;
	a->deck = d;
	a->cfg = n;
	d->nactors++;
	a->tail = &a->head;
	init_cond(&a->wake);
	a->view->cfg = n;
	a->view->refs = 1;
	a->fast_text.max = a->slow_text.max = TRANSPORT_MAX_OUT;
	a->probe_text.max = 256u << 10;
	return 0;
}

static int open_actors(struct deck *d)
{
	int r = 0;

	d->actors = calloc(d->o.cfg->nnodes + 1, sizeof(*d->actors));
	d->records = calloc(DECK_INJECTIONS_MAX, sizeof(*d->records));
	d->log = calloc(DECK_LOG_MAX, sizeof(*d->log));
	d->events = calloc(DECK_EVENTS_MAX, sizeof(*d->events));
	if (!d->actors || !d->records || !d->log || !d->events)
		return -ENOMEM;
	for (size_t i = 0; i < d->o.cfg->nnodes && !r; i++)
		if (wanted(&d->o, d->o.cfg->nodes[i].name))
			r = open_actor(d, &d->o.cfg->nodes[i]);
	return r;
}

static void who_am_i(char *dst, size_t n)
{
	const struct passwd *pw = getpwuid(getuid());
	char host[64] = "?", owner[160];

	gethostname(host, sizeof(host) - 1);
	snprintf(owner, sizeof(owner), "%s@%s", pw ? pw->pw_name : "?", host);
	text_clean(dst, n, owner);
}

int deck_open(const struct deck_opts *o, struct deck **out, struct err *e)
{
	struct deck *d = calloc(1, sizeof(*d));
	int r;

	if (!d)
		return err_set(e, -ENOMEM, "out of memory");
	pthread_mutex_init(&d->lock, NULL);
	init_cond(&d->news);
	init_cond(&d->slot_free);
	init_cond(&d->closing);
	d->o = *o;
	if (!d->o.interval_ms)
		d->o.interval_ms = 1000;
	who_am_i(d->owner, sizeof(d->owner));
	d->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	d->cancel_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r = d->wake_fd < 0 || d->cancel_fd < 0 ? -errno : open_actors(d);
	if (!r)
		r = probes_open(d);
	if (r)
		err_set(e, r, "the engine cannot start: %s", strerror(-r));
	else
		r = open_journal(d, e);
	if (r) {
		deck_close(d);
		return r;
	}
	*out = d;
	return 0;
}

static void free_actor(struct actor *a)
{
	struct job *j;

	actor_disconnect(a);
	while ((j = a->head)) {
		a->head = j->next;
		job_free(j);
	}
	node_view_unref(a->view);
	pthread_cond_destroy(&a->wake);
	buf_free(&a->fast_text);
	buf_free(&a->slow_text);
	buf_free(&a->probe_text);
	free(a->slow_last);
}

struct deck *deck_close(struct deck *d)
{
	if (!d || !deck_stop(d))
		return NULL;
	if (d->snap)
		snapshot_put(d->snap);
	for (size_t i = 0; i < d->nactors; i++)
		free_actor(&d->actors[i]);
	probes_free(d);
	journal_close(d->journal);
	if (d->wake_fd >= 0)
		close(d->wake_fd);
	if (d->cancel_fd >= 0)
		close(d->cancel_fd);
	pthread_cond_destroy(&d->slot_free);
	pthread_cond_destroy(&d->closing);
	pthread_cond_destroy(&d->news);
	pthread_mutex_destroy(&d->lock);
	free(d->actors);
	free(d->records);
	free(d->log);
	free(d->events);
	free(d);
	return NULL;
}
