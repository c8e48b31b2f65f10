// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verb.h"

#define RESTORE_MS 90000 /* an undo, its check, and the recovery time of a service */

/* The injections that a restore waits for. */
struct wait {
	const char **ids;
	size_t n;
};

static const char *node_of(const struct snapshot *s, const char *id)
{
	const struct injection *i = snapshot_injection(s, id);

	return i && i->node[0] ? i->node : NULL;
}

static bool is_up(const struct snapshot *s, const char *node)
{
	const struct node_view *v = snapshot_node(s, node);

	return v && v->state == NODE_UP;
}

/*
 * Only the nodes that the journal names for these ids are talked to; one id that it does not know
 * means all nodes, as another operator may have injected it.
 */
static int scope_ids(struct batch *b, char **ids, int n)
{
	const struct snapshot *s;
	int r;

	b->scope_all = true;
	if (b->many)
		return EXIT_DONE;
	r = batch_open(b);
	if (r)
		return r;
	s = deck_snapshot(b->deck);
	b->scope_all = false;
	for (int i = 0; i < n && !r && !b->scope_all; i++) {
		const char *node = node_of(s, ids[i]);

		if (!node || !config_node(b->cfg, node))
			b->scope_all = true;
		else
			r = scope_add(b, node);
	}
	snapshot_put(s);
	batch_close(b);
	return r;
}

int verb_contact_ids(struct batch *b, char **words, int n)
{
	for (int i = 1; i < n; i++)
		if (!text_is_id(words[i]))
			return batch_usage(b, "%s: not an injection ID", words[i]);
	const struct snapshot *s;
	int r = scope_ids(b, words + 1, n - 1);

	if (!r)
		r = batch_contact(b, 1);
	if (r)
		return r;
	s = deck_snapshot(b->deck);
	batch_reach(b, s);
	snapshot_put(s);
	return EXIT_DONE;
}

/* Nobody knows ID; where a node of the scope does not answer, that one may. */
int verb_unknown_id(struct batch *b, const char *id)
{
	struct err e = { .code = 0 };

	if (b->tally.unreachable) {
		b->tally.unknown++;
		err_set(&e, -ENOENT, "%s: not known here; nodes that do not answer: %d", id,
			b->tally.unreachable);
		err_hint(&e, "its TTL ends it; try again when the nodes are back");
		return batch_error(b, &e, EXIT_INCOMPLETE);
	}
	b->tally.failed++;
	err_set(&e, -ENOENT, "no injection %s is known", id);
	err_hint(&e, "faultdeck --batch list injections shows them");
	return batch_error(b, &e, EXIT_USAGE);
}

static int failed_id(struct batch *b, const char *id, int r, const struct err *e)
{
	struct err named = { .code = 0 };

	if (r == -ENOENT)
		return verb_unknown_id(b, id);
	b->tally.failed++;
	err_set(&named, r, "%s: %s", id, e->msg);
	if (e->hint[0])
		err_hint(&named, "%s", e->hint);
	return batch_error(b, &named, exit_of(r) == EXIT_REFUSED ? EXIT_REFUSED : EXIT_INCOMPLETE);
}

/* ---- restore ID… ---- */
static bool all_settled(const struct snapshot *s, void *arg)
{
	const struct wait *w = arg;

	for (size_t n = 0; n < w->n; n++) {
		const struct injection *i = snapshot_injection(s, w->ids[n]);

		/* deck_restore has set this state, and its job sets the next one */
		if (i && i->state == STATE_RESTORING)
			return false;
	}
	return true;
}

/* It is off the list, and nobody has seen that it was undone: not to be overlooked. */
static void say_forced(struct batch *b, const struct injection *i)
{
	struct err e = { .code = 0 };

	if (!i->forced)
		return;
	err_set(&e, -EUCLEAN,
		"FORCED: %s (%s on %s) is off the list WITHOUT proof that it was undone", i->id,
		i->fault, i->target);
	err_hint(&e,
		 "look at %s yourself: what it changed may still be there, and nothing ends it "
		 "any more",
		 i->node);
	emit_error(b->emit, &e);
}

static int report_one(struct batch *b, const struct snapshot *s, const char *id)
{
	const struct injection *i = snapshot_injection(s, id);
	struct err e = { .code = 0 };

	if (!i) { /* taken off the list: only final ones are */
		b->tally.done++;
		return EXIT_DONE;
	}
	emit_put(b->emit, record_injection(i, now_boot_ms()));
	if (state_is_final(i->state)) {
		say_forced(b, i);
		b->tally.done++;
		return EXIT_DONE;
	}
	b->tally.unknown++;
	err_set(&e, is_up(s, i->node) ? -EINPROGRESS : -EHOSTUNREACH, "%s: not restored: %s", id,
		i->reason[0]        ? i->reason
		: is_up(s, i->node) ? "the node has not confirmed it"
				    : "its node does not answer");
	err_hint(&e, "%s",
		 is_up(s, i->node)
			 ? "try again; --force takes off the list what you have put right yourself"
			 : "its TTL ends it on the node; try again when the node is back");
	return batch_error(b, &e, is_up(s, i->node) ? EXIT_INCOMPLETE : EXIT_UNREACHABLE);
}

/* 4 only where no node of any of them answered. */
static int report(struct batch *b, const struct wait *w)
{
	const struct snapshot *s = deck_snapshot(b->deck);
	size_t unreachable = 0;
	int worst = EXIT_DONE;

	for (size_t i = 0; i < w->n; i++) {
		int r = report_one(b, s, w->ids[i]);

		unreachable += r == EXIT_UNREACHABLE;
		worst = exit_worst(worst, r == EXIT_UNREACHABLE ? EXIT_INCOMPLETE : r);
	}
	snapshot_put(s);
	return w->n && unreachable == w->n ? EXIT_UNREACHABLE : worst;
}

static int restore_list(struct batch *b, char *const *ids, size_t n, unsigned flags)
{
	struct wait w = { .ids = calloc(n + 1, sizeof(*w.ids)) };
	int worst = EXIT_DONE;

	for (size_t i = 0; i < n && w.ids; i++) {
		struct err e = { .code = 0 };
		int r = deck_restore(b->deck, ids[i], flags, &e);

		if (r && r != -EALREADY) /* a second restore of the same is no failure */
			worst = exit_worst(worst, failed_id(b, ids[i], r, &e));
		else
			w.ids[w.n++] = ids[i];
	}
	batch_wait(b, all_settled, &w, RESTORE_MS);
	if (w.n || !worst)
		worst = exit_worst(worst, report(b, &w));
	free(w.ids);
	return worst;
}

int verb_show_ids(struct batch *b, char *const *ids, size_t n)
{
	const struct snapshot *s = deck_snapshot(b->deck);
	int r = EXIT_DONE;

	for (size_t i = 0; i < n; i++) {
		const struct injection *inj = snapshot_injection(s, ids[i]);

		if (!inj) {
			r = exit_worst(r, verb_unknown_id(b, ids[i]));
			continue;
		}
		emit_put(b->emit, record_injection(inj, now_boot_ms()));
		b->tally.done++;
	}
	snapshot_put(s);
	return r;
}

/* ---- restore --all ---- */
struct sweep {
	const struct snapshot *before;
};

/* Old final ones are no part of this sweep. */
static bool concerns(const struct sweep *w, const struct injection *i)
{
	const struct injection *was = snapshot_injection(w->before, i->id);

	return !was || !state_is_final(was->state);
}

static bool node_swept(const struct node_view *v)
{
	return v->state != NODE_UP || v->sweep == SWEEP_DONE || v->sweep == SWEEP_FAILED;
}

static bool all_swept(const struct snapshot *s, void *arg)
{
	(void)arg;
	for (size_t i = 0; i < s->nnodes; i++)
		if (!node_swept(s->nodes[i]))
			return false;
	return true;
}

int verb_wait_swept(struct batch *b)
{
	return batch_wait(b, all_swept, NULL, RESTORE_MS);
}

static int report_sweep(struct batch *b, const struct node_view *v)
{
	struct err e = { .code = 0 };

	if (v->sweep == SWEEP_DONE) {
		b->tally.done += v->swept;
		if (v->sweep_msg[0])
			emit_put(b->emit, record_output(v->cfg->name, "restore", v->sweep_msg));
		return EXIT_DONE;
	}
	b->tally.failed++;
	err_set(&e, -EINPROGRESS, "%s: restore is incomplete: %s", v->cfg->name,
		v->sweep_msg[0] ? v->sweep_msg : "the node has not confirmed it");
	err_hint(&e, "try again; restore ID --force takes off the list what you have put right");
	return batch_error(b, &e, EXIT_INCOMPLETE);
}

static int report_injections(struct batch *b, const struct snapshot *s, const struct sweep *w)
{
	int worst = EXIT_DONE;

	for (size_t i = 0; i < s->ninjections; i++) {
		const struct injection *inj = &s->injections[i];

		if (!concerns(w, inj))
			continue;
		emit_put(b->emit, record_injection(inj, now_boot_ms()));
		say_forced(b, inj);
		if (state_is_final(inj->state))
			continue;
		b->tally.unknown++;
		worst = EXIT_INCOMPLETE;
	}
	return worst;
}

static int report_all(struct batch *b, const struct sweep *w)
{
	const struct snapshot *s = deck_snapshot(b->deck);
	int worst = report_injections(b, s, w);
	size_t up;

	for (size_t i = 0; i < s->nnodes; i++)
		if (s->nodes[i]->state == NODE_UP)
			worst = exit_worst(worst, report_sweep(b, s->nodes[i]));
	up = batch_reach(b, s);
	snapshot_put(s);
	/* nobody was asked: that is no restore, although nothing is known to be left */
	return !up && !worst && b->cfg->nnodes ? EXIT_UNREACHABLE : worst;
}

static int show_active(struct batch *b)
{
	const struct snapshot *s = deck_snapshot(b->deck);
	size_t up;

	for (size_t i = 0; i < s->ninjections; i++)
		if (!state_is_final(s->injections[i].state))
			emit_put(b->emit, record_injection(&s->injections[i], now_boot_ms()));
	b->tally.done = (int)snapshot_active(s);
	up = batch_reach(b, s);
	snapshot_put(s);
	return up || !b->cfg->nnodes ? EXIT_DONE : EXIT_UNREACHABLE;
}

static int sweep(struct batch *b, unsigned flags, struct sweep *w)
{
	struct err e = { .code = 0 };
	int r = deck_restore_all(b->deck, flags, &e);

	if (r)
		return batch_error(b, &e, r == -EROFS ? EXIT_REFUSED : EXIT_INCOMPLETE);
	verb_wait_swept(b);
	return report_all(b, w);
}

static int restore_all(struct batch *b, unsigned flags)
{
	struct sweep w = { .before = NULL };
	int r;

	b->scope_all = true;
	r = batch_open(b);
	if (r)
		return r;
	/* as the journal has it: what a node has ended since is told of, too */
	w.before = deck_snapshot(b->deck);
	r = batch_contact(b, 1);
	if (!r)
		r = b->args->opts & OPT_DRY_RUN ? show_active(b) : sweep(b, flags, &w);
	snapshot_put(w.before);
	return r;
}

int verb_restore(struct batch *b, char **words, int n)
{
	bool all = b->args->opts & OPT_ALL;
	unsigned flags = b->args->opts & OPT_FORCE ? RESTORE_FORCE : 0;
	int r;

	if (all == (n > 1))
		return batch_usage(b, "restore: either IDs or --all: %s",
				   verb_find("restore")->usage);
	if (all)
		return restore_all(b, flags);
	r = verb_contact_ids(b, words, n);
	if (r)
		return r;
	if (b->args->opts & OPT_DRY_RUN)
		return verb_show_ids(b, words + 1, (size_t)n - 1);
	return restore_list(b, words + 1, (size_t)n - 1, flags);
}

int verb_restore_run(struct batch *b)
{
	struct err e = { .code = 0 };
	char **ids;
	int r;

	b->signals++; /* the next one ends the wait */
	if (!b->nran || !b->deck)
		return EXIT_DONE;
	b->tally = (struct tally){ .done = 0 }; /* the last line tells of the restore */
	err_set(&e, -EINTR, "interrupted: restoring what this run injected");
	emit_error(b->emit, &e);
	ids = calloc(b->nran, sizeof(*ids));
	for (size_t i = 0; i < b->nran && ids; i++)
		ids[i] = b->ran[i];
	r = ids ? restore_list(b, ids, b->nran, 0) : EXIT_INCOMPLETE;
	free(ids);
	return r ? EXIT_INCOMPLETE : EXIT_DONE;
}
