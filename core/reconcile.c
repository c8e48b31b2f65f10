// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a node shows against what the deck believes: an injection that the node does not show any
 * more has ended there, one that nobody here knew is somebody else's, and the rest gets its hits.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collect.h"
#include "probe.h"

static void take_attr(const struct item *i, const char *key, char *dst, size_t n)
{
	const char *v = item_attr(i, key);

	if (v)
		snprintf(dst, n, "%s", v);
}

static int64_t number(const struct item *i, const char *key, int64_t missing)
{
	const char *v = item_attr(i, key);

	return v ? strtoll(v, NULL, 10) : missing;
}

/* Another operator's, or this one's before: all of it is in the ledger. */
static struct record *adopt(struct actor *a, const struct item *it)
{
	struct injection i = { .hits = -1, .state = STATE_ACTIVE };

	snprintf(i.id, sizeof(i.id), "%s", it->name);
	snprintf(i.node, sizeof(i.node), "%s", a->cfg->name);
	snprintf(i.fault, sizeof(i.fault), "?");
	snprintf(i.target, sizeof(i.target), "%s", a->cfg->name);
	take_attr(it, "fault", i.fault, sizeof(i.fault));
	take_attr(it, "target", i.target, sizeof(i.target));
	take_attr(it, "owner", i.owner, sizeof(i.owner));
	take_attr(it, "params", i.params, sizeof(i.params));
	take_attr(it, "purpose", i.purpose, sizeof(i.purpose));
	take_attr(it, "aftermath", i.aftermath, sizeof(i.aftermath));
	i.started_unix_ms = number(it, "started", 0);
	i.ttl_ms = number(it, "ttl_ms", 0);
	if (!item_attr(it, "ledger"))
		take_attr(it, "rule", i.reason, sizeof(i.reason));
	return text_is_id(i.id) ? deck_add_record(a->deck, &i) : NULL;
}

/* What the injection did to a VM that it can stop. */
static void take_effect(struct actor *a, struct record *r)
{
	const struct item *vm;
	struct target t;

	r->i.effect[0] = '\0';
	if (target_parse(r->i.target, &t, NULL) || t.kind != KIND_VM)
		return;
	vm = node_view_item(a->view, KIND_VM, t.name);
	if (!vm)
		snprintf(r->i.effect, sizeof(r->i.effect), "the VM is gone");
	else if (vm->bad)
		snprintf(r->i.effect, sizeof(r->i.effect), "paused (%s)", vm->state);
}

static void take_clock(struct actor *a, struct record *r, const struct item *it)
{
	int64_t left = number(it, "left_ms", -1), deadline = number(it, "deadline", 0);

	if (deadline) {
		r->i.deadline_node_ms = deadline;
		left = deadline - (int64_t)a->view->t_ms;
	}
	if (left >= 0)
		r->i.deadline_boot_ms = a->view->seen_boot_ms + left;
	r->i.ttl_ms = number(it, "ttl_ms", r->i.ttl_ms);
}

/* The record, where the journal must learn that it began: its console may not live to say so. */
static const struct record *shown(struct actor *a, const struct item *it)
{
	struct record *r = deck_record(a->deck, it->name);
	bool began;
	int s;

	if (!r || (state_is_final(r->i.state) && !r->pending))
		r = adopt(a, it);
	if (!r || r->actor != a) /* an id of another node's: that one is asked, not this */
		return NULL;
	r->seen = true;
	take_attr(&a->view->items[0], "boot", r->i.boot, sizeof(r->i.boot));
	r->i.hits = number(it, "hits", r->i.hits);
	take_clock(a, r, it);
	take_effect(a, r);
	if (r->pending)
		return NULL;
	began = r->journaled && r->i.state == STATE_JOURNALED;
	s = it->state[0]              ? state_from_word(it->state)
	    : item_attr(it, "ledger") ? (int)STATE_JOURNALED /* its entry is just being made */
				      : (int)STATE_ACTIVE;
	if (s >= 0 && (enum inj_state)s != r->i.state) {
		r->i.state = (enum inj_state)s;
		r->i.since_unix_ms = now_unix_ms();
		if (r->i.state != STATE_UNKNOWN && item_attr(it, "ledger"))
			r->i.reason[0] = '\0';
	}
	return began && r->i.state != STATE_JOURNALED ? r : NULL;
}

/* ---- what the node does not show any more ---- */

static bool rebooted(const struct actor *a, const struct record *r)
{
	const char *boot = item_attr(&a->view->items[0], "boot");

	return r->i.boot[0] && boot && strcmp(boot, r->i.boot) != 0;
}

/* Of the TTL, by the node's own clock where that is known: the operator's may have been set
 * meanwhile. */
static int64_t left_ms(const struct actor *a, const struct record *r)
{
	return r->i.deadline_node_ms ? r->i.deadline_node_ms - (int64_t)a->view->t_ms
				     : r->i.deadline_boot_ms - now_boot_ms();
}

/* How it ended. The entry goes only after a check that nothing is left: by its TTL or a restore. */
static void set_ended(const struct actor *a, struct record *r)
{
	const struct deck *d = a->deck;
	bool began = r->i.state != STATE_JOURNALED || r->seen;
	const char *why = "restored on the node, not by this console";

	r->i.state = STATE_RESTORED;
	r->i.since_unix_ms = now_unix_ms();
	if (rebooted(a, r)) {
		why = "the node was rebooted: nothing of it is left";
	} else if (r->i.forced) {
		why = "forced: taken off the list without proof that it was undone";
	} else if (r->swept) {
		why = d->abort[0] ? d->abort : "restore all";
	} else if (left_ms(a, r) <= 1500) {
		r->i.state = STATE_EXPIRED;
		why = began ? "the TTL passed: the node restored it by itself"
			    : "the TTL passed: nothing of it is on the node, if it ever was";
	} else if (!began) {
		r->i.state = STATE_FAILED;
		why = "it is not on the node: it never got there, or was restored there";
	}
	snprintf(r->i.reason, sizeof(r->i.reason), "%s", why);
}

/*
 * Its clock runs and its entry is not there: somebody deleted that by hand, and with it all that is
 * needed to undo. Near its end it is the clock itself that has closed the entry.
 */
static bool is_lost(const struct actor *a, const struct record *r)
{
	const struct item *it = node_view_item(a->view, KIND_INJECTION, r->i.id);

	return it && item_attr(it, "lost") && !r->i.lost && left_ms(a, r) > 3000;
}

/* It may still be on its way there: by a console that lives, or in the network. */
static bool on_its_way(const struct actor *a, const struct record *r)
{
	return r->i.state == STATE_JOURNALED && !r->seen && !r->swept && !rebooted(a, r) &&
	       now_unix_ms() < r->i.started_unix_ms + ACT_TIMEOUT_MS;
}

static void set_lost(struct record *r)
{
	r->i.lost = true;
	r->i.state = STATE_UNKNOWN;
	r->i.since_unix_ms = now_unix_ms();
	snprintf(
		r->i.reason, sizeof(r->i.reason),
		"its entry in /run/faultdeck was deleted on the node: nobody can tell what is left "
		"of it");
}

static bool is_shown(const struct actor *a, const struct record *r)
{
	const struct item *it = node_view_item(a->view, KIND_INJECTION, r->i.id);

	return (it && !item_attr(it, "lost")) || (r->i.lost && !rebooted(a, r));
}

/* Ends what this node does not show any more; copies for the journal behind the K in OUT. */
static size_t end_missing(struct actor *a, struct injection *out, size_t k, size_t n)
{
	struct deck *d = a->deck;

	for (size_t i = 0; i < d->nrecords && k < n; i++) {
		struct record *r = &d->records[i];

		if (r->pending || state_is_final(r->i.state) || r->actor != a)
			continue;
		if (is_lost(a, r))
			set_lost(r);
		else if (!is_shown(a, r) && !on_its_way(a, r))
			set_ended(a, r);
		else
			continue;
		if (r->journaled)
			out[k++] = r->i;
	}
	return k;
}

/* A node whose module or ledger cannot be read has not said that nothing is there. */
static bool can_tell(const struct node_view *v)
{
	const char *root = item_attr(&v->items[0], "root");
	const char *module = item_attr(&v->items[0], "module");

	return root && strcmp(root, "yes") == 0 && !(module && strcmp(module, "unreadable") == 0);
}

void reconcile(struct actor *a, struct node_view *v)
{
	struct deck *d = a->deck;
	struct injection over[32];
	struct node_view *old;
	size_t n = 0;

	pthread_mutex_lock(&d->lock);
	old = a->view;
	a->view = v;
	for (size_t i = 0; i < v->nitems; i++)
		if (v->items[i].kind == KIND_INJECTION && !item_attr(&v->items[i], "lost")) {
			const struct record *r = shown(a, &v->items[i]);

			if (r && n < sizeof(over) / sizeof(*over))
				over[n++] = r->i;
		}
	probes_of_view(a);
	if (can_tell(v))
		n = end_missing(a, over, n, sizeof(over) / sizeof(*over));
	deck_changed(d);
	pthread_mutex_unlock(&d->lock);
	node_view_unref(old);
	for (size_t i = 0; i < n; i++)
		journal_write(d->journal, &over[i], NULL);
}
