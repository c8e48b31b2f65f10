// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "batch.h"
#include "verb.h"

#define CONTACT_MS 25000 /* connecting takes up to 8 s, then the first answers */
#define REST_MS    3000
#define SLICE_MS   100 /* how soon a signal is seen */
#define GLANCE_MS  300 /* between the two answers that make a rate */
#define GLANCED_MS 5000

static volatile sig_atomic_t signals;

static void on_signal(int sig)
{
	(void)sig;
	signals = signals + 1;
	/* the first restores what this run injected, the second gives that up, the third all */
	if (signals > 2)
		_exit(EXIT_SIGNAL);
}

static void catch_signals(void)
{
	static const int sigs[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction sa = { .sa_handler = on_signal }; /* no SA_RESTART: a read must end */

	for (size_t i = 0; i < sizeof(sigs) / sizeof(*sigs); i++)
		sigaction(sigs[i], &sa, NULL);
	sa.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &sa, NULL);
}

/* The engine's threads are started with these blocked, so that this one gets them. */
static void block_signals(bool on)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	pthread_sigmask(on ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

bool batch_interrupted(const struct batch *b)
{
	return signals + __atomic_load_n(&b->cancels, __ATOMIC_ACQUIRE) > b->signals;
}

int batch_error(struct batch *b, const struct err *e, int status)
{
	emit_error(b->emit, e);
	return status;
}

int batch_usage(struct batch *b, const char *fmt, ...)
{
	struct err e = { .code = 0 };
	char msg[sizeof(e.msg)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	err_set(&e, -EINVAL, "%s", msg);
	err_hint(&e, "faultdeck --help shows how it is written");
	return batch_error(b, &e, EXIT_USAGE);
}

/* ---- scope ---- */
static void list_nodes(const struct config *cfg, char *dst, size_t n)
{
	size_t at = 0;

	*dst = '\0';
	for (size_t i = 0; i < cfg->nnodes && at < n; i++)
		at += (size_t)snprintf(dst + at, n - at, "%s%s", i ? ", " : "", cfg->nodes[i].name);
}

int scope_add(struct batch *b, const char *node)
{
	const struct node_cfg *n = config_node(b->cfg, node);
	struct err e = { .code = 0 };
	char names[240];
	const char **grown;

	if (n && scope_has(b, n->name) && !b->scope_all)
		return EXIT_DONE;
	if (!n) {
		list_nodes(b->cfg, names, sizeof(names));
		err_set(&e, -ENOENT, "%s: cluster.cfg has no such node", node);
		err_hint(&e, "it has: %s", names);
		return batch_error(b, &e, EXIT_USAGE);
	}
	grown = reallocarray(b->scope, b->nscope + 2, sizeof(*grown));
	if (!grown)
		return batch_error(b, &(struct err){ -ENOMEM, "out of memory", "" }, EXIT_FAILED);
	b->scope = grown;
	b->scope[b->nscope++] = n->name;
	b->scope[b->nscope] = NULL;
	return EXIT_DONE;
}

bool scope_has(const struct batch *b, const char *node)
{
	for (size_t i = 0; i < b->nscope; i++)
		if (strcmp(b->scope[i], node) == 0)
			return true;
	return b->scope_all;
}

static void scope_clear(struct batch *b)
{
	free(b->scope);
	b->scope = NULL;
	b->nscope = 0;
	b->scope_all = b->wide = false;
}

/* ---- deck ---- */
static bool is_look(const struct batch *b)
{
	char *const *w = b->args->words;

	return !b->many && (strcmp(w[0], "status") == 0 ||
			    (strcmp(w[0], "list") == 0 && strcmp(w[1], "faults") != 0));
}

/* How much of the nodes the verb has to know. */
static void choose_depth(const struct batch *b, struct deck_opts *o)
{
	char *const *w = b->args->words;
	const unsigned flags = b->many ? 0 : verb_find(w[0])->flags;

	if (is_look(b)) {
		o->interval_ms = GLANCE_MS;
		o->rest_ms = GLANCED_MS;
		o->needs_of = "";
	} else if (flags & VERB_RESTORES) {
		o->needs_of = "";
	} else if (!b->many && strcmp(w[0], "inject") == 0) {
		o->needs_of = w[1];
	}
	if (b->many || strcmp(w[0], "status") == 0 || strcmp(w[0], "run") == 0)
		o->probes = PROBES_ALL;
	else if (flags & VERB_INJECTS)
		o->probes = PROBES_ABORT;
	if (strcmp(w[0], "events") == 0)
		o->events = EVENTS_HELD;
	else if (b->many || (b->args->opts & (OPT_WAIT | OPT_FOLLOW)) || strcmp(w[0], "run") == 0)
		o->events = EVENTS_NEW;
}

int batch_open(struct batch *b)
{
	static const char *const none[] = { NULL };
	struct deck_opts o = { .cfg = b->cfg, .backends = b->backends, .interval_ms = 500 };
	struct err e = { .code = 0 };
	int r;

	if (b->deck)
		return EXIT_DONE;
	if (!b->scope_all && !b->many && !b->wide)
		o.only = b->scope ? b->scope : none;
	o.accept_new = b->args->accept_new;
	o.readonly = b->args->readonly;
	choose_depth(b, &o);
	block_signals(true);
	r = deck_open(&o, &b->deck, &e);
	block_signals(false);
	return r ? batch_error(b, &e, EXIT_FAILED) : EXIT_DONE;
}

void batch_close(struct batch *b)
{
	b->deck = b->deck ? deck_close(b->deck) : NULL;
	b->started = false;
}

int batch_wait(struct batch *b, bool (*pred)(const struct snapshot *s, void *arg), void *arg,
	       int limit_ms)
{
	int64_t end = now_boot_ms() + limit_ms;

	for (;;) {
		int64_t left = end - now_boot_ms();
		int r;

		if (batch_interrupted(b))
			return -EINTR;
		r = deck_wait(b->deck, pred, arg,
			      left < SLICE_MS ? (int)(left > 0 ? left : 0) : SLICE_MS);
		if (r != -ETIMEDOUT || left <= 0)
			return r;
	}
}

struct contact {
	const struct batch *b;
	uint64_t min_seq;
};

static bool contacted(const struct snapshot *s, void *arg)
{
	const struct contact *c = arg;

	for (size_t i = 0; i < s->nnodes; i++) {
		const struct node_view *v = s->nodes[i];

		if (!scope_has(c->b, v->cfg->name))
			continue;
		if (v->state == NODE_CONNECTING || (v->state == NODE_UP && v->seq < c->min_seq))
			return false;
	}
	return true;
}

int batch_contact(struct batch *b, uint64_t min_seq)
{
	struct contact c = { .b = b, .min_seq = min_seq };
	int r = batch_open(b);

	if (r)
		return r;
	if (!b->started) {
		block_signals(true);
		deck_start(b->deck);
		block_signals(false);
		b->started = true;
	}
	/* a node that is not settled at the limit is reported as one that does not answer */
	return batch_wait(b, contacted, &c, CONTACT_MS) == -EINTR ? EXIT_SIGNAL : EXIT_DONE;
}

static size_t settled(const struct snapshot *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->nnodes; i++)
		n += s->nodes[i]->state != NODE_CONNECTING;
	return n;
}

static bool more_settled(const struct snapshot *s, void *arg)
{
	const size_t *before = arg;

	return settled(s) > *before || settled(s) == s->nnodes;
}

int batch_contact_rest(struct batch *b)
{
	size_t before = 0, now = 0, all;
	int r;

	do {
		const struct snapshot *s;

		before = now;
		r = batch_wait(b, more_settled, &before, REST_MS);
		s = deck_snapshot(b->deck);
		now = settled(s);
		all = s->nnodes;
		snapshot_put(s);
	} while (!r && now < all);
	return r == -EINTR ? EXIT_SIGNAL : EXIT_DONE;
}

/* A rate is known with the second answer. */
static bool probe_known(const struct snapshot *s, const struct probe_view *p)
{
	const struct node_view *v = p->node[0] ? snapshot_node(s, p->node) : NULL;

	if (p->state != PROBE_UNKNOWN || (v && v->state != NODE_UP))
		return true;
	return p->tries >= (p->cfg->kind == PROBE_METRIC || p->cfg->kind == PROBE_VM ? 2 : 1);
}

static bool probes_known(const struct snapshot *s, void *arg)
{
	(void)arg;
	for (size_t i = 0; i < s->nprobes; i++)
		if (!probe_known(s, &s->probes[i]))
			return false;
	return true;
}

int batch_contact_probes(struct batch *b)
{
	const struct snapshot *s = deck_snapshot(b->deck);
	int64_t limit = 0;

	for (size_t i = 0; i < s->nprobes; i++)
		if (s->probes[i].cfg->timeout_ms > limit)
			limit = s->probes[i].cfg->timeout_ms;
	snapshot_put(s);
	if (!limit)
		return EXIT_DONE;
	return batch_wait(b, probes_known, NULL, (int)limit + REST_MS) == -EINTR ? EXIT_SIGNAL
										 : EXIT_DONE;
}

static void report_unreachable(struct batch *b, const struct node_view *v)
{
	struct err e = { .code = 0 };
	const char *name = v->cfg->name;

	err_set(&e, v->reason.code ? v->reason.code : -ETIMEDOUT, "%s: %s", name,
		v->reason.msg[0] ? v->reason.msg : "no answer yet");
	if (v->reason.hint[0])
		err_hint(&e, "%s", v->reason.hint);
	emit_error(b->emit, &e);
	b->tally.unreachable++;
}

size_t batch_reach(struct batch *b, const struct snapshot *s)
{
	size_t up = 0;

	for (size_t i = 0; i < s->nnodes; i++) {
		if (!scope_has(b, s->nodes[i]->cfg->name))
			continue;
		if (s->nodes[i]->state == NODE_UP)
			up++;
		else
			report_unreachable(b, s->nodes[i]);
	}
	return up;
}

int batch_ran(struct batch *b, const char *id)
{
	void *grown = reallocarray(b->ran, b->nran + 1, sizeof(*b->ran));

	if (!grown)
		return -ENOMEM;
	b->ran = grown;
	snprintf(b->ran[b->nran++], ID_MAX, "%s", id);
	return 0;
}

/* ---- runs ---- */
static void add_tally(struct batch *b, int status)
{
	const struct tally *t = &b->tally;

	/* a verb that was not even begun has failed, and says so in the last line */
	if (status && !t->done && !t->failed && !t->unknown && !t->unreachable)
		b->tally.failed = 1;
	emit_put(b->emit, record_summary(&b->tally));
}

static int run_one(struct batch *b, const struct args *a)
{
	int r;

	b->args = a;
	b->tally = (struct tally){ .done = 0 };
	scope_clear(b);
	r = verb_run(b, a->words, a->nwords);
	if (batch_interrupted(b)) {
		r = EXIT_SIGNAL;
		if (verb_restore_run(b))
			r = EXIT_INCOMPLETE;
	}
	add_tally(b, r);
	emit_flush(b->emit);
	return r;
}

static int bad_line(struct batch *b, const struct err *e)
{
	b->tally = (struct tally){ .done = 0 };
	batch_error(b, e, EXIT_USAGE);
	add_tally(b, EXIT_USAGE);
	return EXIT_USAGE;
}

static int run_line(struct batch *b, const struct args *outer, const char *line, size_t len)
{
	struct words w;
	struct args a;
	struct err e = { .code = 0 };
	int r = 0;

	if (strlen(line) != len)
		err_set(&e, -EINVAL, "the line holds a NUL byte");
	if (e.code || words_split(line, &w, &e))
		return bad_line(b, &e);
	if (args_parse_line(w.n, w.v, outer, &a, &e))
		r = bad_line(b, &e);
	else if (a.nwords)
		r = run_one(b, &a);
	words_free(&w);
	return r;
}

int batch_line(struct batch *b, const struct args *outer, const char *line)
{
	return run_line(b, outer, line, strlen(line));
}

void batch_free(struct batch *b)
{
	scope_clear(b);
	free(b->ran);
	b->ran = NULL;
}

/* Verbs from standard input; a line that fails does not end the run. */
static int run_many(struct batch *b, const struct args *outer)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;
	int worst = EXIT_DONE;

	b->many = true;
	while (!batch_interrupted(b) && (n = getline(&line, &cap, stdin)) >= 0)
		worst = exit_worst(worst, run_line(b, outer, line, (size_t)n));
	free(line);
	if (batch_interrupted(b)) { /* between two lines */
		b->args = outer;
		worst = exit_worst(worst, verb_restore_run(b) ? EXIT_INCOMPLETE : EXIT_SIGNAL);
	}
	return worst;
}

int batch_main(const struct args *a, const struct config *cfg,
	       const struct backend *const *backends, struct emit *emit)
{
	struct batch b = { .cfg = cfg, .backends = backends, .emit = emit, .args = a };
	bool many = a->nwords == 1 && strcmp(a->words[0], "-") == 0;
	int r;

	catch_signals();
	emit->backends = backends;
	r = many ? run_many(&b, a) : run_one(&b, a);
	batch_close(&b);
	batch_free(&b);
	return r;
}
