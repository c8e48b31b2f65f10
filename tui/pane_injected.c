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

	for (size_t k = 0; k < u->injected.nall; k++)
		n += u->injected.all[k].i->mine && !state_is_final(u->injected.all[k].i->state);
	return n;
}

const struct injection *injected_next(const struct ui *u)
{
	const struct injection *next = NULL;
	int64_t best = 0;

	for (size_t k = 0; k < u->injected.nall; k++) {
		const struct injection *i = u->injected.all[k].i;
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

	if (in->list.cur < in->n)
		snprintf(in->cur, ID_MAX, "%s", in->rows[in->list.cur].i->id);
}

const struct injected_row *injected_find(const struct ui *u, const char *id)
{
	for (size_t k = 0; k < u->injected.nall; k++)
		if (strcmp(u->injected.all[k].i->id, id) == 0)
			return &u->injected.all[k];
	return NULL;
}

/* ---- rows ---- */

static const char *column(const void *row, const char *key, char *buf, size_t n)
{
	const struct injected_row *r = row;
	const struct injection *i = r->i;

	if (!key) {
		snprintf(buf, n, "%s %s %s %s %s %s %s %s %s %s", i->id, i->fault, i->target,
			 i->params, state_word(i->state), i->owner, i->purpose, i->reason,
			 i->effect, r->cluster);
		return buf;
	}
	return strcmp(key, "state") == 0     ? state_word(i->state)
	       : strcmp(key, "node") == 0    ? i->node
	       : strcmp(key, "fault") == 0   ? i->fault
	       : strcmp(key, "target") == 0  ? i->target
	       : strcmp(key, "owner") == 0   ? i->owner
	       : strcmp(key, "id") == 0      ? i->id
	       : strcmp(key, "cluster") == 0 ? r->cluster
					     : NULL;
}

static bool make_room(struct injected *in, size_t n)
{
	struct injected_row *all = realloc(in->all, (n + 1) * sizeof(*all)), *rows;

	if (all)
		in->all = all;
	rows = realloc(in->rows, (n + 1) * sizeof(*rows));
	if (rows)
		in->rows = rows;
	return all && rows;
}

/* Those of the cluster that is shown last: they are where new ones come. */
static void make_rows(struct ui *u)
{
	struct injected *in = &u->injected;
	size_t most = 0;

	in->nall = in->n = 0;
	for (size_t c = 0; c < u->nclusters; c++)
		most += u->cluster[c].snap->ninjections;
	if (!make_room(in, most))
		return;
	for (size_t c = u->nclusters; c-- > 0;)
		for (size_t k = 0; k < u->cluster[c].snap->ninjections; k++)
			in->all[in->nall++] =
				(struct injected_row){ .deck = u->cluster[c].c.deck,
						       .snap = u->cluster[c].snap,
						       .i = &u->cluster[c].snap->injections[k],
						       .cluster = u->cluster[c].c.cfg->cluster,
						       .elsewhere = c > 0 };
	for (size_t k = 0; k < in->nall; k++)
		if (filter_passes(in->filter.filter, column, &in->all[k]))
			in->rows[in->n++] = in->all[k];
}

static void injected_update(struct ui *u)
{
	struct injected *in = &u->injected;

	make_rows(u);
	for (size_t k = in->nmarks; k-- > 0;)
		if (!injected_find(u, in->marks[k]))
			memmove(in->marks[k], in->marks[--in->nmarks], ID_MAX);
	for (size_t k = 0; k < in->n; k++)
		if (strcmp(in->rows[k].i->id, in->cur) == 0) {
			in->list.cur = k;
			return;
		}
	if (in->list.cur >= in->n)
		in->list.cur = in->n ? in->n - 1 : 0;
	select_row(u);
}

static struct pane_filter *injected_filter(struct ui *u)
{
	return &u->injected.filter;
}

static void injected_title(const struct ui *u, char *dst, size_t n)
{
	size_t active = ui_active(u), final = u->injected.nall - active, len;

	snprintf(dst, n, "Injected %zu", active);
	len = strlen(dst);
	if (final)
		snprintf(dst + len, n - len, ", %zu finished (a, A: off the list)", final);
	len = strlen(dst);
	if (u->injected.nmarks)
		snprintf(dst + len, n - len, ", %zu marked", u->injected.nmarks);
}

/* ---- drawing ---- */

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
static void injection_words(const struct injected_row *r, char *dst, size_t n)
{
	const struct injection *i = r->i;

	snprintf(dst, n, "%s%s%s%s%s%s%s%s%s%s%s%s", r->elsewhere ? r->cluster : "",
		 r->elsewhere ? ": " : "", state_word(i->state), i->reason[0] ? ": " : "",
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

static struct columns measure(const struct injected *in, size_t from, int rows, int w)
{
	struct columns c = { 0 };

	for (size_t k = from; k < in->n && k < from + (size_t)rows; k++) {
		const struct injection *i = in->rows[k].i;

		widen(&c.id, i->id, w >= 110 ? 14 : 7);
		widen(&c.fault, i->fault, w / 5);
		widen(&c.target, i->target, w / 5);
		if (w >= 110)
			widen(&c.params, i->params, w / 5);
	}
	return c;
}

static void draw_injection(struct ui *u, const struct injected_row *r, const struct columns *c,
			   const struct box *b)
{
	const struct injection *i = r->i;
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
	injection_words(r, s, sizeof(s));
	put(b->y, x, end - x, mark_role(m), s);
}

static void injected_draw(struct ui *u, const struct box *b)
{
	struct injected *in = &u->injected;
	struct columns cols;

	list_show(&in->list, in->n, b->h);
	cols = measure(in, in->list.top, b->h, b->w);
	for (int line = 0; line < b->h && in->list.top + (size_t)line < in->n; line++) {
		size_t at = in->list.top + (size_t)line;
		struct box row = { b->y + line, b->x, 1, b->w };

		if (at == in->list.cur && u->focus == PANE_INJECTED) {
			draw_base(ROLE_SELECTED);
			put_blank(&row, ROLE_TEXT);
		}
		draw_injection(u, &in->rows[at], &cols, &row);
		draw_base(ROLE_TEXT);
	}
	if (!in->n)
		put(b->y, b->x + 1, b->w - 1, ROLE_DIM,
		    in->filter.filter
			    ? "nothing matches; Esc drops the filter"
			    : "nothing is injected; choose a target, then a fault that fits it");
}

/* One restore; the message of the last one stays. */
static void restore_one(struct ui *u, const struct injected_row *r)
{
	const struct injection *i = r->i;
	const struct node_view *v = snapshot_node(r->snap, i->node);
	struct err e = { 0 };

	if (state_is_final(i->state))
		ui_say(u, false, "%s is %s already", i->id, state_word(i->state));
	else if (i->state == STATE_UNKNOWN && v && v->state == NODE_UP)
		ask_force(u, i);
	else if (deck_restore(r->deck, i->id, 0, &e))
		ui_say(u, true, "%s: %s%s%s", i->id, e.msg, e.hint[0] ? "; " : "", e.hint);
	else
		ui_say(u, false, "restoring %s on %s", i->fault, i->target);
}

/* Those that are on what is chosen in the tree. */
static void restore_on_targets(struct ui *u)
{
	const struct target *list;
	size_t n = targets_chosen(u, &list), found = 0;

	for (size_t k = 0; k < u->injected.nall; k++) {
		const struct injection *j = u->injected.all[k].i;
		bool on = false;

		for (size_t i = 0; i < n && !on; i++)
			on = target_covers(&list[i], j->target);
		if (!on || state_is_final(j->state) || u->injected.all[k].elsewhere)
			continue;
		restore_one(u, &u->injected.all[k]);
		found++;
	}
	if (!found)
		ui_say(u, false, "nothing is injected into what is %s here",
		       u->targets.nmarks ? "marked" : "selected");
}

void injected_restore(struct ui *u)
{
	struct injected *in = &u->injected;
	const struct injected_row *r;

	if (!ui_may_act(u, "restoring"))
		return;
	if (u->focus != PANE_INJECTED) {
		restore_on_targets(u);
		return;
	}
	for (size_t k = 0; k < in->nmarks; k++) {
		r = injected_find(u, in->marks[k]);
		if (r && !state_is_final(r->i->state))
			restore_one(u, r);
	}
	r = injected_find(u, in->cur);
	if (!in->nmarks && r)
		restore_one(u, r);
	in->nmarks = 0;
}

static void renew_one(struct ui *u, const char *id)
{
	const struct injected_row *r = injected_find(u, id);
	struct err e = { 0 };
	char ttl[32];

	if (!r || state_is_final(r->i->state))
		return;
	if (deck_renew(r->deck, id, r->i->ttl_ms, &e))
		ui_say(u, true, "%s: %s%s%s", id, e.msg, e.hint[0] ? "; " : "", e.hint);
	else
		ui_say(u, false, "renewing %s for %s", id,
		       text_duration_str(ttl, sizeof(ttl), r->i->ttl_ms));
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
	const struct injected_row *r = injected_find(u, u->injected.cur);

	if (r && state_is_final(r->i->state))
		deck_acknowledge(r->deck, r->i->id);
	else if (r)
		ui_say(u, false, "%s is %s; only finished ones leave the list", r->i->id,
		       state_word(r->i->state));
}

static void acknowledge_all(struct ui *u)
{
	for (size_t c = 0; c < u->nclusters; c++)
		deck_acknowledge(u->cluster[c].c.deck, NULL);
}

static void copy(struct ui *u)
{
	const struct injected_row *r = injected_find(u, u->injected.cur);

	if (r)
		ui_copy(u, r->i->id, "the id");
}

static void show_target(struct ui *u)
{
	const struct injected_row *r = injected_find(u, u->injected.cur);
	struct target t;

	if (!r || target_parse(r->i->target, &t, NULL))
		return;
	if (t.kind == KIND_VCPU)
		t.kind = KIND_VM;
	if (r->elsewhere)
		ui_say(u, false, "%s is in the cluster %s; 7 loads it", r->i->target, r->cluster);
	else if (targets_select(u, &t))
		ui_focus(u, PANE_TARGETS);
	else
		ui_say(u, false, "%s is not in the tree now", r->i->target);
}

static bool injected_act(struct ui *u, enum cmd c)
{
	struct injected *in = &u->injected;

	if (list_move(&in->list, c, in->n)) {
		select_row(u);
		return true;
	}
	switch (c) {
	case CMD_MARK:
		if (in->cur[0] && injected_find(u, in->cur))
			toggle_mark(in, in->cur);
		list_move(&in->list, CMD_DOWN, in->n);
		select_row(u);
		return true;
	case CMD_RENEW:
		renew(u);
		return true;
	case CMD_ACK:
		acknowledge(u);
		return true;
	case CMD_ACK_ALL:
		acknowledge_all(u);
		return true;
	case CMD_COPY:
		copy(u);
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
	free(in->all);
	free(in->rows);
	filter_free(in->filter.filter);
}

const struct pane_ops injected_pane = { .where = IN_INJECTED,
					.filter = injected_filter,
					.title = injected_title,
					.update = injected_update,
					.draw = injected_draw,
					.act = injected_act };
