// SPDX-License-Identifier: GPL-2.0-or-later
/* What the deck knows of injections, and the snapshots that the faces read. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "collect.h"
#include "probe.h"

#define AFTER_TTL_MS 2000 /* that a node has to end what it was to end */

/* ---- records ---- */

void deck_changed(struct deck *d)
{
	if (d->snap)
		snapshot_put(d->snap);
	d->snap = NULL;
	if (eventfd_write(d->wake_fd, 1)) {
		/* the counter is full: whoever reads it is woken all the same */
	}
	pthread_cond_broadcast(&d->news);
}

/* The newest of this id: an id that ended and is seen again is a new record. */
struct record *deck_record(struct deck *d, const char *id)
{
	for (size_t i = d->nrecords; i-- > 0;)
		if (strcmp(d->records[i].i.id, id) == 0)
			return &d->records[i];
	return NULL;
}

static void drop_record(struct deck *d, size_t i)
{
	memmove(&d->records[i], &d->records[i + 1], (d->nrecords - i - 1) * sizeof(*d->records));
	d->nrecords--;
}

struct record *deck_add_record(struct deck *d, const struct injection *i)
{
	if (d->nrecords == DECK_INJECTIONS_MAX) {
		size_t k = 0;

		while (k < d->nrecords && !state_is_final(d->records[k].i.state))
			k++;
		if (k == d->nrecords)
			return NULL;
		drop_record(d, k);
	}
	d->records[d->nrecords] = (struct record){ .i = *i, .actor = deck_actor(d, i->node) };
	deck_changed(d);
	return &d->records[d->nrecords++];
}

void deck_acknowledge(struct deck *d, const char *id)
{
	pthread_mutex_lock(&d->lock);
	for (size_t i = d->nrecords; i-- > 0;)
		if (state_is_final(d->records[i].i.state) && !d->records[i].pending &&
		    (!id || strcmp(d->records[i].i.id, id) == 0))
			drop_record(d, i);
	deck_changed(d);
	pthread_mutex_unlock(&d->lock);
}

int record_set(struct deck *d, const char *id, enum inj_state state, const char *reason,
	       struct err *e)
{
	struct injection copy;
	struct record *r;
	bool journaled = false;
	int ret = 0;

	pthread_mutex_lock(&d->lock);
	r = deck_record(d, id);
	if (r) {
		copy = r->i;
		journaled = r->journaled;
	}
	pthread_mutex_unlock(&d->lock);
	if (!r)
		return err_set(e, -ENOENT, "no injection %s", id);
	copy.state = state;
	copy.since_unix_ms = now_unix_ms();
	snprintf(copy.reason, sizeof(copy.reason), "%s", reason);
	if (journaled)
		ret = journal_write(d->journal, &copy, e);
	pthread_mutex_lock(&d->lock);
	r = deck_record(d, id);
	if (r) {
		/* a restore that waits behind this job goes on from here */
		r->i.state = r->pending > 1 ? STATE_RESTORING : state;
		r->i.since_unix_ms = copy.since_unix_ms;
		memcpy(r->i.reason, copy.reason, sizeof(copy.reason));
		deck_changed(d);
	}
	pthread_mutex_unlock(&d->lock);
	return ret;
}

struct actor *deck_actor(struct deck *d, const char *node)
{
	for (size_t i = 0; i < d->nactors; i++)
		if (strcmp(d->actors[i].cfg->name, node) == 0)
			return &d->actors[i];
	return NULL;
}

/* ---- snapshots ---- */

/*
 * An answer may be seconds old, and a TTL that has passed since ends what it said. From when it was
 * asked on the node's clock has gone as far as ours. A node that itself said so later has not ended
 * it.
 */
static void show_ttl_passed(const struct node_view *v, struct injection *out)
{
	int64_t said = (int64_t)v->t_ms - out->deadline_node_ms;

	if (out->state != STATE_ACTIVE || !out->deadline_node_ms)
		return;
	if (said > AFTER_TTL_MS) {
		snprintf(out->reason, sizeof(out->reason),
			 "its TTL passed %lld s ago, and the node has not ended it: restore it",
			 (long long)said / 1000);
	} else if (said + now_boot_ms() - (v->seen_boot_ms - v->rtt_ms) >= 0) {
		out->state = STATE_RESTORING;
		snprintf(out->reason, sizeof(out->reason),
			 "its TTL has passed: the node restores it by itself");
	}
}

/* What can be said of an injection now: a node that does not answer says nothing. */
static void show_record(struct deck *d, const struct record *r, struct injection *out)
{
	const struct node_view *v = r->actor ? r->actor->view : NULL;

	*out = r->i;
	if (state_is_final(r->i.state) || r->pending)
		return;
	if (v && v->state == NODE_UP) {
		show_ttl_passed(v, out);
		return;
	}
	out->state = STATE_UNKNOWN;
	snprintf(out->reason, sizeof(out->reason), "%s is %s%s%s: the TTL holds on the node",
		 r->i.node,
		 v                                  ? node_state_word(v->state)
		 : config_node(d->o.cfg, r->i.node) ? "not asked by this command"
						    : "not in this cluster.cfg",
		 v && v->reason.code ? ": " : "", v ? v->reason.msg : "");
}

static struct snapshot *make_snapshot(struct deck *d)
{
	struct snapshot *s = calloc(1, sizeof(*s));

	if (!s)
		abort();
	s->nodes = calloc(d->nactors + 1, sizeof(*s->nodes));
	s->injections = calloc(d->nrecords + 1, sizeof(*s->injections));
	s->probes = calloc(d->nprobes + 1, sizeof(*s->probes));
	if (!s->nodes || !s->injections || !s->probes)
		abort();
	s->seq = ++d->snap_seq;
	s->boot_ms = now_boot_ms();
	s->panic = d->panic;
	memcpy(s->abort, d->abort, sizeof(s->abort));
	s->refs = 1;
	for (size_t i = 0; i < d->nactors; i++)
		s->nodes[s->nnodes++] = node_view_ref(d->actors[i].view);
	for (size_t i = 0; i < d->nrecords; i++)
		show_record(d, &d->records[i], &s->injections[s->ninjections++]);
	s->nprobes = probes_shown(d, s->probes);
	s->more = probe_set_ref(d->more);
	return s;
}

const struct snapshot *deck_snapshot(struct deck *d)
{
	struct snapshot *s;

	pthread_mutex_lock(&d->lock);
	if (!d->snap)
		d->snap = make_snapshot(d);
	s = d->snap;
	__atomic_add_fetch(&s->refs, 1, __ATOMIC_ACQ_REL);
	pthread_mutex_unlock(&d->lock);
	return s;
}

void snapshot_put(const struct snapshot *cs)
{
	struct snapshot *s = (struct snapshot *)cs;

	if (!s || __atomic_sub_fetch(&s->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	for (size_t i = 0; i < s->nnodes; i++)
		node_view_unref(s->nodes[i]);
	free(s->nodes);
	free(s->injections);
	free(s->probes);
	probe_set_unref(s->more);
	free(s);
}

int deck_wake_fd(struct deck *d)
{
	return d->wake_fd;
}
