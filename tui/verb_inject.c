// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "verb.h"

#define ACTIVE_MS    120000 /* until an injection is active, or has failed */
#define AFTER_TTL_MS 30000  /* for the node to say that a TTL has ended it */
#define DEFAULT_TTL  60000

/* What the words say; the fault is looked up when the deck is open. */
struct request {
	const char *fault;
	struct target targets[WORDS_MAX];
	size_t ntargets;
	const char *params[WORDS_MAX];
	size_t nparams;
	int64_t ttl_ms;
	const char *purpose;
	bool no_quorum;
};

/* name=value, where the name can be one of a parameter: not so in path:/a=b@node */
static bool is_param(const char *w)
{
	size_t n = strspn(w, "abcdefghijklmnopqrstuvwxyz0123456789_-");

	return n > 0 && w[n] == '=';
}

static int take_param(struct batch *b, struct request *q, const char *w)
{
	bool off = strcmp(w, "quorum=off") == 0;

	if (strncmp(w, "ttl=", 4) == 0) {
		if (text_duration(w + 4, &q->ttl_ms) || q->ttl_ms <= 0)
			return batch_usage(
				b, "%s: not a duration; write it as 30s, 2m, 1h or 500ms", w);
	} else if (strncmp(w, "reason=", 7) == 0) {
		q->purpose = w + 7;
	} else if (strncmp(w, "quorum=", 7) == 0) {
		if (!off && strcmp(w, "quorum=on") != 0)
			return batch_usage(b, "%s: it is on or off", w);
		q->no_quorum = off;
	} else {
		q->params[q->nparams++] = w;
	}
	return EXIT_DONE;
}

/* A target widens the scope: to its node, or to all of them where it names none. */
static int take_target(struct batch *b, struct request *q, const char *w)
{
	struct target *t = &q->targets[q->ntargets++];
	struct err e = { .code = 0 };

	if (target_parse(w, t, &e))
		return batch_error(b, &e, EXIT_USAGE);
	if (!*t->node || (strcmp(t->node, "all") == 0 && !config_node(b->cfg, "all"))) {
		b->scope_all = true;
		return EXIT_DONE;
	}
	return scope_add(b, t->node);
}

static int take_words(struct batch *b, struct request *q, char **words, int n)
{
	int r = n > WORDS_MAX ? batch_usage(b, "more than %d words", WORDS_MAX) : EXIT_DONE;

	q->fault = words[1];
	q->ttl_ms = b->args->ttl_ms;
	for (int i = 2; i < n && !r; i++)
		r = is_param(words[i]) ? take_param(b, q, words[i]) : take_target(b, q, words[i]);
	if (!r && !q->ntargets)
		r = batch_usage(b, "%s: a target is missing", words[1]);
	if (!q->ttl_ms)
		q->ttl_ms = DEFAULT_TTL;
	return r;
}

/* What can be said without a node: an unknown fault or a wrong value costs no connection. */
static int look_up(struct batch *b, const struct request *q, struct plan_req *p)
{
	struct err e = { .code = 0 };
	int r = batch_open(b);

	if (r)
		return r;
	p->fault = deck_find_fault(b->deck, q->fault, &e);
	if (!p->fault) {
		if (!e.hint[0])
			err_hint(&e, "faultdeck --batch list faults shows them");
		return batch_error(b, &e, EXIT_USAGE);
	}
	if (params_parse(p->fault, q->params, q->nparams, &p->params, &e))
		return batch_error(b, &e, EXIT_USAGE);
	p->ttl_ms = q->ttl_ms;
	p->purpose = q->purpose;
	p->no_quorum = q->no_quorum;
	return EXIT_DONE;
}

/* Targets on nodes that do not answer are left out: they are reported and counted already. */
static void drop_unreachable(const struct snapshot *s, struct target_list *l)
{
	size_t keep = 0;

	for (size_t i = 0; i < l->n; i++) {
		const struct node_view *v = snapshot_node(s, l->v[i].node);

		if (v && v->state == NODE_UP)
			l->v[keep++] = l->v[i];
	}
	l->n = keep;
}

static int make_plan(struct batch *b, const struct request *q, struct plan_req *p,
		     struct plan **out)
{
	const struct snapshot *s = deck_snapshot(b->deck);
	struct target_list l = { .n = 0 };
	struct err e = { .code = 0 };
	int r = batch_reach(b, s) ? EXIT_DONE : EXIT_UNREACHABLE;

	if (!r)
		r = verb_complete(b, p->fault, q->targets, q->ntargets, &l);
	if (!r)
		drop_unreachable(s, &l);
	if (!r && !l.n)
		r = EXIT_UNREACHABLE;
	p->targets = l.v;
	p->ntargets = l.n;
	if (!r) {
		r = deck_plan(b->deck, p, out, &e);
		r = r ? batch_error(b, &e, exit_of(r)) : EXIT_DONE;
	}
	p->targets = NULL;
	free(l.v);
	snapshot_put(s);
	return r;
}

static int refused(struct batch *b, const struct plan *p)
{
	struct err e = { .code = 0 };

	b->tally.failed += (int)p->nitems;
	err_set(&e, -EPERM, "the guard refuses: %s", p->guard);
	err_hint(&e, "the limits are in the group `guard` of cluster.cfg");
	return batch_error(b, &e, EXIT_REFUSED);
}

/* 0: go on and inject; else an exit status, or -1: it was a dry run that is done. */
static int show_plan(struct batch *b, const struct plan *p)
{
	struct err e = { .code = 0 };

	for (size_t i = 0; i < p->nitems; i++)
		emit_put(b->emit, record_plan(p, i));
	if (p->refused)
		return refused(b, p);
	if (b->args->opts & OPT_DRY_RUN) {
		b->tally.done = (int)p->nitems;
		return -1;
	}
	if (b->args->opts & OPT_YES)
		return EXIT_DONE;
	err_set(&e, -EINVAL, "nothing was injected: --yes is missing");
	err_hint(&e, "the plan above is what will be run with --yes");
	return batch_error(b, &e, EXIT_USAGE);
}

static bool left_planning(enum inj_state s)
{
	return s == STATE_ACTIVE || s == STATE_UNKNOWN || state_is_final(s);
}

static bool all_begun(const struct snapshot *s, void *arg)
{
	const struct plan *p = arg;

	for (size_t i = 0; i < p->nitems; i++) {
		const struct injection *inj = snapshot_injection(s, p->items[i].id);

		if (!inj || !left_planning(inj->state))
			return false;
	}
	return true;
}

static bool all_ended(const struct snapshot *s, void *arg)
{
	const struct plan *p = arg;

	for (size_t i = 0; i < p->nitems; i++) {
		const struct injection *inj = snapshot_injection(s, p->items[i].id);

		if (inj && !state_is_final(inj->state))
			return false;
	}
	return true;
}

/* An abort probe failed: the engine restores all. Reports which one. */
static bool aborted(struct batch *b)
{
	const struct snapshot *s = deck_snapshot(b->deck);
	struct err e = { .code = 0 };
	bool yes = s->abort[0];

	if (yes) {
		err_set(&e, -ECANCELED, "%s: everything is restored", s->abort);
		err_hint(&e, "new injections are refused until it holds again");
		emit_error(b->emit, &e);
		for (size_t i = 0; i < s->nprobes; i++)
			if (probe_aborts(&s->probes[i]))
				emit_put(b->emit, record_probe(&s->probes[i]));
	}
	snapshot_put(s);
	return yes;
}

/* Until the TTL has ended all of it. What is unknown meanwhile may still become known. */
static void stay(struct batch *b, struct plan *p)
{
	int64_t end = now_boot_ms() + p->ttl_ms + AFTER_TTL_MS;
	uint64_t cursor = 0;
	int r;

	do {
		r = batch_wait(b, all_ended, p, 300);
		verb_show_events(b, &cursor, b->ran, b->nran);
	} while (r == -ETIMEDOUT && now_boot_ms() < end);
}

static int count(struct batch *b, const struct injection *i, bool waited)
{
	switch (i->state) {
	case STATE_FAILED:
		b->tally.failed++;
		return EXIT_FAILED;
	case STATE_ACTIVE:
		if (waited)
			break;
		/* fall through */
	case STATE_RESTORED:
	case STATE_EXPIRED:
		b->tally.done++;
		return EXIT_DONE;
	default:
		break;
	}
	b->tally.unknown++;
	return EXIT_INCOMPLETE;
}

static int report(struct batch *b, const struct plan *p, bool waited)
{
	const struct snapshot *s = deck_snapshot(b->deck);
	int worst = b->tally.unreachable ? EXIT_FAILED : EXIT_DONE;

	for (size_t i = 0; i < p->nitems; i++) {
		const struct injection *inj = snapshot_injection(s, p->items[i].id);

		if (inj) {
			emit_put(b->emit, record_injection(inj, now_boot_ms()));
			worst = exit_worst(worst, count(b, inj, waited));
			continue;
		}
		b->tally.unknown++;
		worst = EXIT_INCOMPLETE;
	}
	snapshot_put(s);
	emit_flush(b->emit);
	return worst;
}

/* What the injections have become, at the end; an abort probe's restore is waited for. */
static int report_end(struct batch *b, struct plan *p, bool waited)
{
	bool stopped = aborted(b);
	int r;

	if (stopped && verb_wait_swept(b) == -EINTR)
		return EXIT_SIGNAL;
	r = report(b, p, waited || stopped);
	return stopped ? exit_worst(EXIT_PROBE, r) : r;
}

/* Until the faults are there; with --wait, until they are over. */
static int follow(struct batch *b, struct plan *p)
{
	struct tally before = b->tally;

	if (batch_wait(b, all_begun, p, ACTIVE_MS) == -EINTR)
		return EXIT_SIGNAL;
	if (!(b->args->opts & OPT_WAIT))
		return report_end(b, p, false);
	report(b, p, false);
	stay(b, p);
	if (batch_interrupted(b))
		return EXIT_SIGNAL;
	b->tally = before;
	return report_end(b, p, true);
}

/* What was queued before a later one was refused goes on: it is not forgotten. */
static size_t keep_queued(struct batch *b, struct plan *p)
{
	const struct snapshot *s = deck_snapshot(b->deck);
	size_t keep = 0;

	for (size_t i = 0; i < p->nitems; i++) {
		struct plan_item it = p->items[i];

		if (!snapshot_injection(s, it.id))
			continue;
		p->items[i] = p->items[keep];
		p->items[keep++] = it;
	}
	snapshot_put(s);
	b->tally.failed += (int)(p->nitems - keep);
	return keep;
}

/* Ids are remembered before: whatever happens from here on, Ctrl-C restores them. */
static int run_plan(struct batch *b, struct plan *p)
{
	struct err e = { .code = 0 };
	size_t all = p->nitems;
	int r = 0, status;

	for (size_t i = 0; i < all && !r; i++)
		r = batch_ran(b, p->items[i].id);
	if (r)
		return batch_error(b, &(struct err){ r, "out of memory", "" }, EXIT_FAILED);
	r = deck_inject(b->deck, p, &e);
	if (!r)
		return follow(b, p);
	status = batch_error(b, &e, exit_of(r));
	p->nitems = keep_queued(b, p);
	if (p->nitems)
		status = exit_worst(EXIT_FAILED, follow(b, p));
	p->nitems = all;
	return status;
}

/* Limits that count what is active anywhere. */
static bool guard_counts(const struct config *c)
{
	const struct guard_cfg *g = &c->guard;

	for (size_t i = 0; i < c->nprobes; i++)
		if (c->probes[i].abort) /* it restores all, everywhere */
			return true;
	return g->max_nodes || g->max_injections || g->quorum;
}

int verb_inject(struct batch *b, char **words, int n)
{
	struct request q = { .ntargets = 0 };
	struct plan_req p = { .fault = NULL };
	struct plan *plan = NULL;
	int r = take_words(b, &q, words, n);

	b->wide = guard_counts(b->cfg);
	if (!r)
		r = look_up(b, &q, &p);
	if (!r)
		r = batch_contact(b, 1);
	if (!r && b->wide)
		r = batch_contact_rest(b);
	if (!r)
		r = batch_contact_probes(b);
	if (!r)
		r = make_plan(b, &q, &p, &plan);
	if (!r)
		r = show_plan(b, plan);
	if (!r)
		r = run_plan(b, plan);
	plan_free(plan);
	return r < 0 ? EXIT_DONE : r;
}
