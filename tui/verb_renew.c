// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verb.h"

#define RENEW_MS    15000
#define DEFAULT_TTL 60000

struct renewal {
	struct batch *b;
	const char **ids;
	char (*why)[400]; /* what the log says of those that failed, else "" */
	size_t n;
	int64_t asked_ms;
	uint64_t cursor; /* of the log */
};

static int64_t ttl_of(const struct renewal *w, const struct injection *i)
{
	if (w->b->args->ttl_ms)
		return w->b->args->ttl_ms;
	return i && i->ttl_ms ? i->ttl_ms : DEFAULT_TTL;
}

/* The node's new deadline is the one asked for, but for the way there and back. */
static bool renewed(const struct renewal *w, const struct injection *i)
{
	int64_t off = i->deadline_boot_ms - (w->asked_ms + ttl_of(w, i));

	return !state_is_final(i->state) && off > -2500 && off < 10000;
}

static bool all_renewed(const struct snapshot *s, void *arg)
{
	const struct renewal *w = arg;

	for (size_t n = 0; n < w->n; n++) {
		const struct injection *i = snapshot_injection(s, w->ids[n]);

		if (i && !w->why[n][0] && !state_is_final(i->state) && !renewed(w, i))
			return false;
	}
	return true;
}

/* The engine tells of a renewal that failed in its log only: "renew ID: …". */
static void read_log(struct renewal *w)
{
	struct log_line l;

	while (deck_log_next(w->b->deck, &w->cursor, &l, NULL)) {
		for (size_t n = 0; n < w->n && l.code; n++) {
			size_t len = strlen(w->ids[n]);

			if (strncmp(l.text, "renew ", 6) == 0 &&
			    strncmp(l.text + 6, w->ids[n], len) == 0 && l.text[6 + len] == ':')
				snprintf(w->why[n], sizeof(w->why[n]), "%s", l.text);
		}
	}
}

static void wait_renewed(struct renewal *w)
{
	int64_t end = now_boot_ms() + RENEW_MS;
	int r;

	do {
		r = batch_wait(w->b, all_renewed, w, 300);
		read_log(w);
	} while (r == -ETIMEDOUT && now_boot_ms() < end);
}

static int not_renewed(struct renewal *w, size_t n, const struct injection *i)
{
	struct err e = { .code = 0 };

	w->b->tally.failed++;
	if (w->why[n][0])
		err_set(&e, -EIO, "%s", w->why[n]);
	else if (i && state_is_final(i->state))
		err_set(&e, -EALREADY, "%s: is over: %s", w->ids[n], state_word(i->state));
	else
		err_set(&e, -ETIMEDOUT, "%s: the node has not confirmed the new TTL", w->ids[n]);
	return batch_error(w->b, &e, EXIT_FAILED);
}

static int report(struct renewal *w)
{
	const struct snapshot *s = deck_snapshot(w->b->deck);
	int worst = EXIT_DONE;

	for (size_t n = 0; n < w->n; n++) {
		const struct injection *i = snapshot_injection(s, w->ids[n]);

		if (i)
			emit_put(w->b->emit, record_injection(i, now_boot_ms()));
		if (i && renewed(w, i))
			w->b->tally.done++;
		else
			worst = exit_worst(worst, not_renewed(w, n, i));
	}
	snapshot_put(s);
	return worst;
}

static int ask(struct renewal *w, const char *id)
{
	const struct snapshot *s = deck_snapshot(w->b->deck);
	struct err e = { .code = 0 };
	int r = deck_renew(w->b->deck, id, ttl_of(w, snapshot_injection(s, id)), &e);

	snapshot_put(s);
	if (!r) {
		w->ids[w->n++] = id;
		return EXIT_DONE;
	}
	if (r == -ENOENT)
		return verb_unknown_id(w->b, id);
	w->b->tally.failed++;
	return batch_error(w->b, &e, exit_of(r));
}

int verb_renew(struct batch *b, char **words, int n)
{
	struct renewal w = { .b = b };
	int r = verb_contact_ids(b, words, n);

	if (r)
		return r;
	if (b->args->opts & OPT_DRY_RUN)
		return verb_show_ids(b, words + 1, (size_t)n - 1);
	w.ids = calloc((size_t)n, sizeof(*w.ids));
	w.why = calloc((size_t)n, sizeof(*w.why));
	w.asked_ms = now_boot_ms();
	for (int i = 1; i < n && w.ids && w.why; i++)
		r = exit_worst(r, ask(&w, words[i]));
	wait_renewed(&w);
	r = exit_worst(r, w.ids && w.why ? report(&w) : EXIT_FAILED);
	free(w.ids);
	free(w.why);
	return r;
}
