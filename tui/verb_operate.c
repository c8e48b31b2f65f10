// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verb.h"

#define SLICE_MS 250

/* WORD NULL: the operation that is the verb alone. */
static const struct operation *find_operation(struct batch *b, const char *verb, const char *word)
{
	const struct operation *op;

	for (size_t i = 0; (op = deck_operation(b->deck, i)); i++)
		if (strcmp(op->verb, verb) == 0 &&
		    (word ? op->word && strcmp(op->word, word) == 0 : !op->word))
			return op;
	return NULL;
}

static void show_text(struct batch *b, const char *node, const char *verb, const char *text)
{
	char line[1024];

	while (text && *text) {
		size_t n = strcspn(text, "\n");

		snprintf(line, sizeof(line), "%.*s", (int)(n < sizeof(line) ? n : sizeof(line) - 1),
			 text);
		text_clean(line, sizeof(line), line);
		emit_put(b->emit, record_output(node, verb, line));
		text += n + (text[n] == '\n');
	}
}

/*
 * In slices, so that a signal is seen. An operation whose own error is -ETIMEDOUT gives it at once,
 * not at the end of a slice.
 */
static int wait_task(struct batch *b, struct task *t, int limit_ms, const char **text,
		     struct err *e)
{
	int64_t end = now_boot_ms() + limit_ms + 10000;

	for (;;) {
		int64_t begun = now_boot_ms();
		int r;

		if (batch_interrupted(b))
			return err_set(e, -EINTR, "interrupted");
		r = task_wait(t, SLICE_MS, text, e);
		if (r != -ETIMEDOUT || now_boot_ms() - begun < SLICE_MS / 2 || now_boot_ms() > end)
			return r;
	}
}

/* One node's task: begun for all nodes first, then waited for one after the other. */
struct job {
	const char *node;
	struct task *task;
	int r;
	bool refused;
	struct err e;
};

static void finish(struct batch *b, const struct operation *op, struct job *j)
{
	struct err e = { .code = 0 };
	const char *text = NULL;

	if (!j->r)
		j->r = wait_task(b, j->task, op->timeout_ms, &text, &j->e);
	show_text(b, j->node, op->verb, text);
	if (!j->r) {
		b->tally.done++;
	} else {
		b->tally.failed++;
		err_set(&e, j->r, "%s: %s", j->node, j->e.msg);
		if (j->e.hint[0])
			err_hint(&e, "%s", j->e.hint);
		emit_error(b->emit, &e);
	}
	task_free(j->task);
	emit_flush(b->emit);
}

static bool has_up(const struct node_view *v, const char *component)
{
	for (size_t i = 0; i < v->nitems; i++) {
		const char *c = item_attr(&v->items[i], "component");

		if (c && strcmp(c, component) == 0 && strcmp(v->items[i].state, "up") == 0)
			return true;
	}
	return false;
}

static bool applies(const struct batch *b, const struct operation *op, const struct node_view *v)
{
	if (v->state != NODE_UP || !scope_has(b, v->cfg->name))
		return false;
	if (op->component)
		return has_up(v, op->component);
	return !op->attribute || (v->nitems && item_attr(&v->items[0], op->attribute));
}

/* How many of the nodes that it is for answer goes to *N. */
static struct job *begin_jobs(struct batch *b, const struct operation *op, size_t *n)
{
	const struct snapshot *s = deck_snapshot(b->deck);
	struct job *jobs = calloc(s->nnodes + 1, sizeof(*jobs));

	*n = 0;
	for (size_t i = 0; jobs && i < s->nnodes && !(op->component && *n); i++) {
		const struct node_view *v = s->nodes[i];
		struct job *j = &jobs[*n];

		if (!applies(b, op, v))
			continue;
		j->node = v->cfg->name;
		j->r = deck_operate(b->deck, j->node, op, &j->task, &j->e);
		j->refused = j->r == -EROFS || j->r == -EPERM;
		++*n;
	}
	snapshot_put(s);
	return jobs;
}

/* The operation behind OP, if it is its next step. */
static const struct operation *next_step(struct batch *b, const struct operation *op)
{
	const struct operation *next;
	size_t i = 0;

	while (deck_operation(b->deck, i) != op)
		i++;
	next = deck_operation(b->deck, i + 1);
	if (!next || !op->word || !next->word || strcmp(next->verb, op->verb) != 0)
		return NULL;
	return strcmp(next->word, op->word) == 0 ? next : NULL;
}

/* One step, on all nodes at once; *N of them. */
static int operate_step(struct batch *b, const struct operation *op, size_t *n)
{
	struct job *jobs = begin_jobs(b, op, n);
	int r = EXIT_DONE;

	for (size_t i = 0; i < *n && jobs; i++) {
		finish(b, op, &jobs[i]);
		if (jobs[i].r)
			r = exit_worst(r, jobs[i].refused ? EXIT_REFUSED : EXIT_FAILED);
	}
	free(jobs);
	return r;
}

/* A step that fails does not keep the others from being done; one that is refused does. */
static int operate(struct batch *b, const struct operation *op)
{
	const struct snapshot *s;
	size_t n = 0;
	int r = batch_contact(b, 1);

	if (r)
		return r;
	s = deck_snapshot(b->deck);
	batch_reach(b, s);
	snapshot_put(s);
	for (; op && r != EXIT_REFUSED && !batch_interrupted(b); op = next_step(b, op))
		r = exit_worst(r, operate_step(b, op, &n));
	if (batch_interrupted(b))
		return EXIT_SIGNAL;
	if (!n && b->tally.unreachable)
		return EXIT_UNREACHABLE;
	return r ? r : b->tally.unreachable ? EXIT_FAILED : EXIT_DONE;
}

static int scope_words(struct batch *b, char **nodes, int n)
{
	int r = EXIT_DONE;

	b->scope_all =
		n == 0 || (n == 1 && strcmp(nodes[0], "all") == 0 && !config_node(b->cfg, "all"));
	for (int i = 0; i < n && !r && !b->scope_all; i++)
		r = scope_add(b, nodes[i]);
	return r ? r : batch_open(b);
}

/* What the faults of backends need and NODE lacks, one line a thing. */
static void show_lacks(struct batch *b, const struct node_view *v)
{
	const char *lacks = v->nitems ? item_attr(&v->items[0], "lacks") : NULL;
	char copy[1024], line[200], *save = NULL;

	snprintf(copy, sizeof(copy), "%s", lacks ? lacks : "");
	for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
		const char *what = strchr(w, ':');

		snprintf(line, sizeof(line), "warn %s missing: faults of %.*s need it",
			 what ? what + 1 : w, what ? (int)(what - w) : 0, w);
		emit_put(b->emit, record_output(v->cfg->name, "check", line));
	}
}

static void show_all_lacks(struct batch *b)
{
	const struct snapshot *s = deck_snapshot(b->deck);

	for (size_t i = 0; i < s->nnodes; i++)
		if (s->nodes[i]->state == NODE_UP && scope_has(b, s->nodes[i]->cfg->name))
			show_lacks(b, s->nodes[i]);
	snapshot_put(s);
}

int verb_check(struct batch *b, char **words, int n)
{
	const struct operation *op;
	int r = scope_words(b, words + 1, n - 1);

	if (r)
		return r;
	op = find_operation(b, "check", NULL);
	if (!op)
		return batch_usage(b, "check: no backend checks anything");
	r = operate(b, op);
	show_all_lacks(b);
	return r;
}

/* The words that a backend has for VERB, for the message. */
static int no_word(struct batch *b, const char *verb, const char *word)
{
	const struct operation *op;
	char list[200] = "";
	size_t at = 0;

	for (size_t i = 0; (op = deck_operation(b->deck, i)) && at < sizeof(list); i++)
		if (strcmp(op->verb, verb) == 0 && op->word)
			at += (size_t)snprintf(list + at, sizeof(list) - at, " %s", op->word);
	return batch_usage(b, "%s %s: it is one of%s", verb, word, list);
}

/* GUARD NULL: it has no say. */
static int dry_run(struct batch *b, const struct operation *op, const char *guard)
{
	for (size_t i = 0; i < b->cfg->nnodes; i++) {
		if (!scope_has(b, b->cfg->nodes[i].name))
			continue;
		emit_put(b->emit, record_operation(b->cfg->nodes[i].name, op, guard));
		b->tally.done++;
	}
	return EXIT_DONE;
}

int verb_module(struct batch *b, char **words, int n)
{
	const struct operation *op;
	int r = scope_words(b, words + 2, n - 2);

	if (r)
		return r;
	op = find_operation(b, words[0], words[1]);
	if (!op)
		return no_word(b, words[0], words[1]);
	return b->args->opts & OPT_DRY_RUN ? dry_run(b, op, NULL) : operate(b, op);
}

int verb_points(struct batch *b, char **words, int n)
{
	const struct operation *op;
	int r = scope_words(b, words + 1, n - 1);

	if (r)
		return r;
	op = find_operation(b, "points", NULL);
	return op ? operate(b, op) : batch_usage(b, "list points: no backend lists any");
}

/* ---- operations of a backend ---- */

/* How many of WORDS are those of OP: all of them, or 0. */
static int op_words(const struct operation *op, char **words, int n)
{
	const char *want = op->word;
	int i = 0;

	for (; want && *want && i < n; i++) {
		size_t len = strcspn(want, " ");

		if (strlen(words[i]) != len || strncmp(words[i], want, len) != 0)
			return 0;
		want += len + (want[len] == ' ');
	}
	return want && !*want ? i : 0;
}

static const struct operation *op_of(const struct backend *be, char **words, int n)
{
	const struct operation *best = NULL;
	int most = 0;

	for (size_t i = 0; i < be->noperations; i++) {
		int k = op_words(&be->operations[i], words, n);

		if (k <= most)
			continue;
		most = k;
		best = &be->operations[i];
	}
	return best;
}

bool verb_has_operation(const struct backend *be, char **words, int n)
{
	return op_of(be, words, n) != NULL;
}

/* Of all nodes that OP is for, before the first is touched; why not goes to E. */
static int ask_guard(struct batch *b, const struct operation *op, struct err *e)
{
	const struct snapshot *s;
	int r = batch_contact(b, 1);

	if (!r)
		r = batch_contact_probes(b);
	if (r)
		return r;
	s = deck_snapshot(b->deck);
	for (size_t i = 0; i < s->nnodes && !r; i++)
		if (applies(b, op, s->nodes[i]))
			r = deck_may_operate(b->deck, s->nodes[i]->cfg->name, op, e);
	snapshot_put(s);
	return r ? EXIT_REFUSED : EXIT_DONE;
}

int verb_operation(struct batch *b, const struct backend *be, char **words, int n)
{
	const struct operation *op = op_of(be, words, n);
	struct err e = { .code = 0 };
	int r, done;

	if (op_words(op, words, n) != n)
		return batch_usage(b, "%s %s: one word too many: %s", be->name, op->word,
				   words[n - 1]);
	r = scope_words(b, NULL, 0);
	if (r)
		return r;
	if (op->takes_down)
		r = ask_guard(b, op, &e);
	if (r && r != EXIT_REFUSED)
		return r;
	if (b->args->opts & OPT_DRY_RUN)
		dry_run(b, op, !op->takes_down ? NULL : r ? e.msg : "ok");
	if (r)
		return batch_error(b, &e, r);
	if (b->args->opts & OPT_DRY_RUN)
		return EXIT_DONE;
	done = b->tally.done + b->tally.failed;
	r = operate(b, op);
	if (r == EXIT_SIGNAL || b->tally.done + b->tally.failed > done)
		return r;
	err_set(&e, -ENOENT, "%s %s: no node that answers is one for it", be->name, op->word);
	err_hint(&e, "faultdeck --batch %s list", be->name);
	return batch_error(b, &e, EXIT_UNREACHABLE);
}
