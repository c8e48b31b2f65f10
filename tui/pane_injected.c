// SPDX-License-Identifier: GPL-2.0-or-later
#include "pane_injected.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console_ui.h"
#include "core/text.h"

#define BAR 8

enum mark injection_mark(const struct injection *i)
{
	switch (i->state) {
	case STATE_UNKNOWN:
		return MARK_UNKNOWN;
	case STATE_FAILED:
		return MARK_DOWN;
	case STATE_RESTORED:
	case STATE_EXPIRED:
		return MARK_GONE;
	default:
		return MARK_INJECTED;
	}
}

int64_t ui_ttl_left(const struct ui *u, const struct injection *i)
{
	int64_t left = i->deadline_boot_ms - u->boot_ms;

	if (!i->deadline_boot_ms || state_is_final(i->state))
		return -1;
	return left > 0 ? left : 0;
}

size_t injected_mine(const struct ui *u)
{
	size_t n = 0;

	for (size_t k = 0; k < u->snap->ninjections; k++)
		n += u->snap->injections[k].mine && !state_is_final(u->snap->injections[k].state);
	return n;
}

const struct injection *injected_next(const struct ui *u)
{
	const struct injection *next = NULL;
	int64_t best = 0;

	for (size_t k = 0; k < u->snap->ninjections; k++) {
		const struct injection *i = &u->snap->injections[k];
		int64_t left = ui_ttl_left(u, i);

		if (left < 0 || (next && left >= best))
			continue;
		next = i;
		best = left;
	}
	return next;
}

static size_t find_mark(const struct injected *in, const char *id)
{
	size_t k = 0;

	while (k < in->nmarks && strcmp(in->marks[k], id) != 0)
		k++;
	return k;
}

static void toggle_mark(struct injected *in, const char *id)
{
	size_t k = find_mark(in, id);
	char(*marks)[ID_MAX];

	if (k < in->nmarks) {
		memmove(in->marks[k], in->marks[--in->nmarks], ID_MAX);
		return;
	}
	marks = realloc(in->marks, (in->nmarks + 1) * sizeof(*marks));
	if (!marks)
		return;
	in->marks = marks;
	snprintf(in->marks[in->nmarks++], ID_MAX, "%s", id);
}

static void select_row(struct ui *u)
{
	struct injected *in = &u->injected;

	if (in->list.cur < u->snap->ninjections)
		snprintf(in->cur, ID_MAX, "%s", u->snap->injections[in->list.cur].id);
}

static void injected_update(struct ui *u)
{
	struct injected *in = &u->injected;
	size_t n = u->snap->ninjections;

	for (size_t k = in->nmarks; k-- > 0;)
		if (!snapshot_injection(u->snap, in->marks[k]))
			memmove(in->marks[k], in->marks[--in->nmarks], ID_MAX);
	for (size_t k = 0; k < n; k++)
		if (strcmp(u->snap->injections[k].id, in->cur) == 0) {
			in->list.cur = k;
			return;
		}
	if (in->list.cur >= n)
		in->list.cur = n ? n - 1 : 0;
	select_row(u);
}

static void injected_title(const struct ui *u, char *dst, size_t n)
{
	size_t active = snapshot_active(u->snap), final = u->snap->ninjections - active;
	size_t len;

	snprintf(dst, n, "Injected %zu", active);
	len = strlen(dst);
	if (final)
		snprintf(dst + len, n - len, ", %zu finished (a, A: off the list)", final);
}

static void draw_bar(const struct ui *u, const struct injection *i, int y, int x)
{
	int64_t left = ui_ttl_left(u, i);
	int full = i->ttl_ms > 0 ? (int)((left * BAR + i->ttl_ms - 1) / i->ttl_ms) : 0;
	char s[48];

	if (left < 0)
		return;
	for (int k = 0; k < BAR; k++)
		put(y, x + k, 1, k < full ? ROLE_INJECTED : ROLE_DIM,
		    glyph(k < full ? GLYPH_BAR_FULL : GLYPH_BAR_EMPTY));
	put(y, x + BAR + 1, 7, ROLE_TEXT, ui_left(s, sizeof(s), left));
}

/* What there is to say of it, the most important first. */
static void injection_words(const struct injection *i, char *dst, size_t n)
{
	snprintf(dst, n, "%s%s%s%s%s%s%s%s%s%s", state_word(i->state), i->reason[0] ? ": " : "",
		 i->reason, i->effect[0] && !state_is_final(i->state) ? "; " : "",
		 state_is_final(i->state) ? "" : i->effect, i->purpose[0] ? "; \"" : "", i->purpose,
		 i->purpose[0] ? "\"" : "", i->mine ? "" : "; by ", i->mine ? "" : i->owner);
}

static void thousands(char *dst, size_t n, int64_t v)
{
	if (v < 0)
		snprintf(dst, n, "? hits");
	else if (v < 1000)
		snprintf(dst, n, "%d hits", (int)v);
	else if (v < 1000000)
		snprintf(dst, n, "%d,%03d hits", (int)(v / 1000), (int)(v % 1000));
	else
		snprintf(dst, n, "%.1f M hits", (double)v / 1e6);
}

/* What each column gets: as much as its longest text needs, up to a share of the width. */
struct columns {
	int id, fault, target, params;
};

static void widen(int *w, const char *text, int most)
{
	int need = text_cols(text) + 2;

	if (need > *w)
		*w = need < most ? need : most;
}

static struct columns measure(const struct snapshot *s, size_t from, int rows, int w)
{
	struct columns c = { 0 };

	for (size_t k = from; k < s->ninjections && k < from + (size_t)rows; k++) {
		const struct injection *i = &s->injections[k];

		widen(&c.id, i->id, w >= 110 ? 14 : 7);
		widen(&c.fault, i->fault, w / 5);
		widen(&c.target, i->target, w / 5);
		if (w >= 110)
			widen(&c.params, i->params, w / 5);
	}
	return c;
}

static void draw_injection(struct ui *u, const struct injection *i, const struct columns *c,
			   const struct box *b)
{
	enum mark m = injection_mark(i);
	int x = b->x + 3, end = b->x + b->w;
	char s[1200];

	if (find_mark(&u->injected, i->id) < u->injected.nmarks)
		put(b->y, b->x, 1, ROLE_MARKED, glyph(GLYPH_CHOSEN));
	put(b->y, b->x + 1, 1, mark_role(m), mark_glyph(m));
	put(b->y, x, c->id - 1, ROLE_DIM, i->id);
	x += c->id;
	put(b->y, x, c->fault - 1, ROLE_TEXT, i->fault);
	x += c->fault;
	put(b->y, x, c->target - 1, ROLE_TEXT, i->target);
	x += c->target;
	put(b->y, x, c->params - 1, ROLE_DIM, i->params);
	x += c->params;
	if (!state_is_final(i->state) && end - x > BAR + 30) {
		draw_bar(u, i, b->y, x);
		x += BAR + 6;
		thousands(s, sizeof(s), i->hits);
		put_right(b->y, x, 11, ROLE_TEXT, s);
		x += 13;
	}
	injection_words(i, s, sizeof(s));
	put(b->y, x, end - x, mark_role(m), s);
}

static void injected_draw(struct ui *u, const struct box *b)
{
	struct injected *in = &u->injected;
	size_t n = u->snap->ninjections;
	struct columns cols;

	list_show(&in->list, n, b->h);
	cols = measure(u->snap, in->list.top, b->h, b->w);
	for (int line = 0; line < b->h && in->list.top + (size_t)line < n; line++) {
		size_t at = in->list.top + (size_t)line;
		struct box row = { b->y + line, b->x, 1, b->w };

		if (at == in->list.cur && u->focus == PANE_INJECTED) {
			draw_base(ROLE_SELECTED);
			put_blank(&row, ROLE_TEXT);
		}
		draw_injection(u, &u->snap->injections[at], &cols, &row);
		draw_base(ROLE_TEXT);
	}
	if (!n)
		put(b->y, b->x + 1, b->w - 1, ROLE_DIM,
		    "nothing is injected; choose a target, then a fault that fits it");
}

/* One restore; the message of the last one stays. */
static void restore_one(struct ui *u, const struct injection *i)
{
	struct err e = { 0 };

	if (state_is_final(i->state))
		ui_say(u, false, "%s is %s already", i->id, state_word(i->state));
	else if (i->state == STATE_UNKNOWN && ui_is_up(u, i->node))
		ask_force(u, i);
	else if (deck_restore(u->deck, i->id, 0, &e))
		ui_say(u, true, "%s: %s%s%s", i->id, e.msg, e.hint[0] ? "; " : "", e.hint);
	else
		ui_say(u, false, "restoring %s on %s", i->fault, i->target);
}

/* True if J hits T, or anything on the node T. */
static bool is_on(const struct injection *j, const struct target *t)
{
	struct target hit;

	if (target_parse(j->target, &hit, NULL) || strcmp(hit.node, t->node) != 0)
		return false;
	return t->kind == KIND_NODE || target_equal(&hit, t) ||
	       (hit.kind == KIND_VCPU && strcmp(hit.name, t->name) == 0);
}

/* Those that are on what is chosen in the tree. */
static void restore_on_targets(struct ui *u)
{
	const struct target *list;
	size_t n = targets_chosen(u, &list), found = 0;

	for (size_t k = 0; k < u->snap->ninjections; k++) {
		const struct injection *j = &u->snap->injections[k];
		bool on = false;

		for (size_t i = 0; i < n && !on; i++)
			on = is_on(j, &list[i]);
		if (!on || state_is_final(j->state))
			continue;
		restore_one(u, j);
		found++;
	}
	if (!found)
		ui_say(u, false, "nothing is injected into what is %s here",
		       u->targets.nmarks ? "marked" : "selected");
}

void injected_restore(struct ui *u)
{
	struct injected *in = &u->injected;
	const struct injection *i;

	if (!ui_may_act(u, "restoring"))
		return;
	if (u->focus != PANE_INJECTED) {
		restore_on_targets(u);
		return;
	}
	for (size_t k = 0; k < in->nmarks; k++) {
		i = snapshot_injection(u->snap, in->marks[k]);
		if (i && !state_is_final(i->state))
			restore_one(u, i);
	}
	i = snapshot_injection(u->snap, in->cur);
	if (!in->nmarks && i)
		restore_one(u, i);
	in->nmarks = 0;
}

static void renew_one(struct ui *u, const char *id)
{
	const struct injection *i = snapshot_injection(u->snap, id);
	struct err e = { 0 };
	char ttl[32];

	if (!i || state_is_final(i->state))
		return;
	if (deck_renew(u->deck, id, i->ttl_ms, &e))
		ui_say(u, true, "%s: %s%s%s", id, e.msg, e.hint[0] ? "; " : "", e.hint);
	else
		ui_say(u, false, "renewing %s for %s", id,
		       text_duration_str(ttl, sizeof(ttl), i->ttl_ms));
}

static void renew(struct ui *u)
{
	struct injected *in = &u->injected;

	if (!ui_may_act(u, "renewing"))
		return;
	for (size_t k = 0; k < in->nmarks; k++)
		renew_one(u, in->marks[k]);
	if (!in->nmarks)
		renew_one(u, in->cur);
}

static void acknowledge(struct ui *u)
{
	const struct injection *i = snapshot_injection(u->snap, u->injected.cur);

	if (i && state_is_final(i->state))
		deck_acknowledge(u->deck, i->id);
	else if (i)
		ui_say(u, false, "%s is %s; only finished ones leave the list", i->id,
		       state_word(i->state));
}

static void show_target(struct ui *u)
{
	const struct injection *i = snapshot_injection(u->snap, u->injected.cur);
	struct target t;

	if (!i || target_parse(i->target, &t, NULL))
		return;
	if (t.kind == KIND_VCPU)
		t.kind = KIND_VM;
	if (targets_select(u, &t))
		ui_focus(u, PANE_TARGETS);
	else
		ui_say(u, false, "%s is not in the tree now", i->target);
}

static bool injected_act(struct ui *u, enum cmd c)
{
	struct injected *in = &u->injected;

	if (list_move(&in->list, c, u->snap->ninjections)) {
		select_row(u);
		return true;
	}
	switch (c) {
	case CMD_MARK:
		if (in->cur[0] && snapshot_injection(u->snap, in->cur))
			toggle_mark(in, in->cur);
		list_move(&in->list, CMD_DOWN, u->snap->ninjections);
		select_row(u);
		return true;
	case CMD_RENEW:
		renew(u);
		return true;
	case CMD_ACK:
		acknowledge(u);
		return true;
	case CMD_ACK_ALL:
		deck_acknowledge(u->deck, NULL);
		return true;
	case CMD_SHOW:
		show_target(u);
		return true;
	default:
		return false;
	}
}

void injected_free(struct injected *in)
{
	free(in->marks);
}

const struct pane_ops injected_pane = { .where = IN_INJECTED,
					.title = injected_title,
					.update = injected_update,
					.draw = injected_draw,
					.act = injected_act };
