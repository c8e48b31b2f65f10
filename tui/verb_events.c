// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "verb.h"

#define QUIET_MS 1500 /* without --follow: as long as events keep coming, at most LIMIT_MS */
#define LIMIT_MS 10000

static bool wanted(const struct event *ev, char (*ids)[ID_MAX], size_t n)
{
	for (size_t i = 0; ids && i < n; i++)
		if (strcmp(ids[i], ev->id) == 0)
			return true;
	return !ids;
}

void verb_show_events(struct batch *b, uint64_t *cursor, char (*ids)[ID_MAX], size_t n)
{
	struct err e = { .code = 0 };
	struct event ev;
	uint64_t lost = 0;

	while (deck_event_next(b->deck, cursor, &ev, &lost)) {
		if (!wanted(&ev, ids, n))
			continue;
		emit_put(b->emit, record_event(&ev));
		b->tally.done++;
	}
	if (lost) {
		err_set(&e, -EOVERFLOW, "%llu events came faster than they were read, and are lost",
			(unsigned long long)lost);
		emit_error(b->emit, &e);
	}
	emit_flush(b->emit);
}

static bool never(const struct snapshot *s, void *arg)
{
	(void)s;
	(void)arg;
	return false;
}

static void gather(struct batch *b, bool follow)
{
	uint64_t cursor = 0, seen = 0;
	int64_t begun = now_boot_ms(), last = begun;

	while (!b->emit->lost && batch_wait(b, never, NULL, 200) == -ETIMEDOUT) {
		verb_show_events(b, &cursor, NULL, 0);
		if (cursor != seen)
			last = now_boot_ms();
		seen = cursor;
		if (!follow &&
		    (now_boot_ms() - last > QUIET_MS || now_boot_ms() - begun > LIMIT_MS))
			return;
	}
}

int verb_events(struct batch *b, char **words, int n)
{
	const struct snapshot *s;
	size_t up;
	int r;

	(void)words;
	(void)n;
	b->scope_all = true;
	r = batch_contact(b, 1);
	if (r)
		return r;
	s = deck_snapshot(b->deck);
	up = batch_reach(b, s);
	snapshot_put(s);
	if (!up && !(b->args->opts & OPT_FOLLOW))
		return EXIT_UNREACHABLE;
	gather(b, b->args->opts & OPT_FOLLOW);
	return EXIT_DONE;
}
