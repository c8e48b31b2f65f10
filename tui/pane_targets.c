// SPDX-License-Identifier: GPL-2.0-or-later
#include "pane_targets.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chart.h"
#include "console_ui.h"

bool targets_marked(const struct targets *t, const struct target *what)
{
	for (size_t i = 0; i < t->nmarks; i++)
		if (target_equal(&t->marks[i], what))
			return true;
	return false;
}

size_t targets_chosen(const struct ui *u, const struct target **out)
{
	const struct targets *t = &u->targets;

	*out = t->nmarks ? t->marks : &t->cur;
	return t->nmarks ? t->nmarks : t->has_cur;
}

bool targets_find(const struct ui *u, const struct target *t, const struct node_view **v,
		  const struct item **i)
{
	*v = snapshot_node(u->snap, t->node);
	*i = NULL;
	if (!*v)
		return false;
	if (t->kind == KIND_NODE)
		*i = (*v)->nitems ? &(*v)->items[0] : NULL;
	else
		*i = node_view_item(*v, t->kind, t->name);
	return *i || t->kind == KIND_NODE;
}

static void toggle_mark(struct targets *t, const struct target *what)
{
	struct target *marks;

	for (size_t i = 0; i < t->nmarks; i++)
		if (target_equal(&t->marks[i], what)) {
			t->marks[i] = t->marks[--t->nmarks];
			return;
		}
	marks = realloc(t->marks, (t->nmarks + 1) * sizeof(*marks));
	if (!marks)
		return;
	t->marks = marks;
	t->marks[t->nmarks++] = *what;
}

/* Takes the row under the cursor as what is selected. */
static void select_row(struct ui *u)
{
	struct targets *t = &u->targets;
	const struct row *r = t->list.cur < t->nrows ? &t->rows[t->list.cur] : NULL;

	t->has_cur = r && r->kind != ROW_GROUP;
	t->cur_group[0] = '\0';
	if (t->has_cur)
		t->cur = row_target(u, r);
	else if (r)
		snprintf(t->cur_group, sizeof(t->cur_group), "%s", row_group(u, r));
}

static bool is_cur(const struct ui *u, const struct row *r)
{
	const struct targets *t = &u->targets;
	struct target at;

	if (r->kind == ROW_GROUP)
		return !strcmp(t->cur_group, row_group(u, r));
	if (!t->has_cur || strcmp(u->snap->nodes[r->node]->cfg->name, t->cur.node) != 0)
		return false;
	at = row_target(u, r);
	return target_equal(&at, &t->cur);
}

static bool find_cur(struct ui *u)
{
	struct targets *t = &u->targets;

	if (t->list.cur < t->nrows && is_cur(u, &t->rows[t->list.cur]))
		return true;
	for (size_t i = 0; i < t->nrows; i++)
		if (is_cur(u, &t->rows[i])) {
			t->list.cur = i;
			return true;
		}
	return false;
}

static void take_hits(struct ui *u)
{
	struct targets *t = &u->targets;

	t->nhit = 0;
	free(t->hit);
	t->hit = calloc(u->snap->ninjections + 1, sizeof(*t->hit));
	for (size_t i = 0; t->hit && i < u->snap->ninjections; i++) {
		const struct injection *j = &u->snap->injections[i];

		if (!state_is_final(j->state) && !target_parse(j->target, &t->hit[t->nhit], NULL))
			t->nhit++;
	}
}

static void targets_update(struct ui *u)
{
	struct targets *t = &u->targets;

	take_hits(u);
	targets_rows(u);
	if (find_cur(u))
		return;
	if (t->list.cur >= t->nrows)
		t->list.cur = t->nrows ? t->nrows - 1 : 0;
	if (!t->cur.node[0] && t->nrows > 1 && t->rows[0].kind == ROW_GROUP)
		t->list.cur = 1; /* a heading is nothing to begin with */
	select_row(u);
}

bool targets_select(struct ui *u, const struct target *what)
{
	struct targets *t = &u->targets;
	struct target keep = t->cur;
	struct row r = { .kind = ROW_NODE };

	pane_filter_drop(&t->filter);
	for (size_t n = 0; n < u->snap->nnodes; n++)
		if (strcmp(u->snap->nodes[n]->cfg->name, what->node) == 0)
			r.node = n;
	row_fold(u, &r, false);
	r.kind = ROW_GROUP;
	row_fold(u, &r, false);
	t->cur = *what;
	t->has_cur = true;
	t->cur_group[0] = '\0';
	targets_rows_again(u);
	if (find_cur(u))
		return true;
	t->cur = keep;
	ui_update(u);
	return false;
}

static struct pane_filter *targets_filter(struct ui *u)
{
	return &u->targets.filter;
}

static void targets_title(const struct ui *u, char *dst, size_t n)
{
	static const char *const orders[SORT_COUNT] = { "", ", worst first", ", busiest first" };
	const struct targets *t = &u->targets;
	size_t len, groups = 0;

	for (size_t k = 0; k < t->nrows; k++)
		groups += t->rows[k].kind == ROW_GROUP;
	snprintf(dst, n, "Targets %zu%s", t->nrows - groups, orders[t->sort]);
	len = strlen(dst);
	if (t->nmarks)
		snprintf(dst + len, n - len, ", %zu marked", t->nmarks);
}

/* "39 KiB/s" as "39K/s": a row has little room. */
static void shorten(char *s)
{
	char *to = s;

	for (; *s; s++) {
		if (s[0] == 'i' && s[1] == 'B')
			s++;
		else if (*s != ' ')
			*to++ = *s;
	}
	*to = '\0';
}

static void draw_figures(const struct item *i, int y, int x, int w)
{
	char s[64];
	int slots = w >= 18 ? w / 9 : 1;

	for (int k = 0; i && k < slots && (size_t)k < i->nsamples; k++) {
		const struct sample *m = &i->samples[k];

		chart_value(s, sizeof(s), m->value, m->metric->unit);
		shorten(s);
		if (slots > 1)
			put_right(y, x + k * (w / slots), w / slots, ROLE_DIM, s);
		else if (text_cols(s) <= w)
			put_right(y, x, w, ROLE_DIM, s);
	}
}

/* What is on a node, in few words. */
static void draw_children(const struct node_view *v, int y, int x, int w)
{
	size_t vms = ui_vms(v), services = ui_count(v, KIND_SERVICE);
	char s[64];

	if (vms)
		snprintf(s, sizeof(s), "%zu VM%s", vms, vms == 1 ? "" : "s");
	else if (services)
		snprintf(s, sizeof(s), "%zu service%s", services, services == 1 ? "" : "s");
	else
		return;
	if (w >= text_cols(s))
		put_right(y, x, w, ROLE_DIM, s);
}

static void draw_fold(const struct ui *u, const struct row *r, int y, int x)
{
	bool open = !row_is_folded(u, r) || (u->targets.filter.filter && r->kind != ROW_ITEM);

	if (row_has_children(u, r))
		put(y, x, 1, ROLE_DIM, glyph(open ? GLYPH_UNFOLDED : GLYPH_FOLDED));
}

static void draw_group(const struct ui *u, const struct row *r, int y, int x, int w)
{
	const char *name = row_group(u, r);
	size_t count = 0, up = 0;
	char s[64];
	int used;

	for (size_t n = 0; n < u->snap->nnodes; n++) {
		if (u->targets.group_of[n] != u->targets.group_of[r->node])
			continue;
		count++;
		up += u->snap->nodes[n]->state == NODE_UP;
	}
	draw_fold(u, r, y, x + 1);
	used = put(y, x + 3, w - 3, ROLE_TITLE, name) + 4;
	snprintf(s, sizeof(s), "%zu of %zu up", up, count);
	if (w - used > text_cols(s))
		put_right(y, x + used, w - used - 1, up == count ? ROLE_DIM : ROLE_WARN, s);
}

static void row_name(const struct ui *u, const struct row *r, char *dst, size_t n)
{
	const struct node_view *v = u->snap->nodes[r->node];

	if (r->kind == ROW_VCPU)
		snprintf(dst, n, "vcpu%d", r->vcpu);
	else
		snprintf(dst, n, "%s", r->item ? v->items[r->item].name : v->cfg->name);
}

static void draw_row(struct ui *u, const struct row *r, int y, int x, int w)
{
	const struct node_view *v = u->snap->nodes[r->node];
	const struct item *i = r->item ? &v->items[r->item] : NULL;
	struct target t = row_target(u, r);
	enum mark m = ui_mark(u, v, i);
	int indent = 2 * (int)r->kind - (u->targets.ngroups > 1 ? 1 : 2);
	int name_w = w > 44 ? 20 : w * 45 / 100, used = indent + 4;
	char name[NAME_MAX_], state[64];

	row_name(u, r, name, sizeof(name));
	ui_state(u, v, i, state, sizeof(state));
	if (targets_marked(&u->targets, &t))
		put(y, x, 1, ROLE_MARKED, glyph(GLYPH_CHOSEN));
	draw_fold(u, r, y, x + indent + 1);
	if (r->kind != ROW_VCPU)
		put(y, x + indent + 3, 1, mark_role(m), mark_glyph(m));
	put(y, x + used + 1, name_w - used + 2, ROLE_TEXT, name);
	if (r->kind == ROW_VCPU)
		return;
	used = name_w + 4;
	used += put(y, x + used, w - used, m == MARK_UP ? ROLE_DIM : mark_role(m), state) + 1;
	if (used < name_w + 14)
		used = name_w + 14;
	if (i)
		draw_figures(i, y, x + used, w - used - 1);
	else
		draw_children(v, y, x + used, w - used - 1);
}

static void targets_draw(struct ui *u, const struct box *b)
{
	struct targets *t = &u->targets;

	list_show(&t->list, t->nrows, b->h);
	for (int line = 0; line < b->h && t->list.top + (size_t)line < t->nrows; line++) {
		size_t at = t->list.top + (size_t)line;
		struct box row = { b->y + line, b->x, 1, b->w };

		if (at == t->list.cur) {
			draw_base(u->focus == PANE_TARGETS ? ROLE_SELECTED : ROLE_SELECTED_AWAY);
			put_blank(&row, ROLE_TEXT);
		}
		if (t->rows[at].kind == ROW_GROUP)
			draw_group(u, &t->rows[at], row.y, row.x, row.w);
		else
			draw_row(u, &t->rows[at], row.y, row.x, row.w);
		draw_base(ROLE_TEXT);
	}
	if (!t->nrows)
		putf(b->y, b->x + 1, b->w - 1, ROLE_DIM, "%s",
		     t->filter.filter ? "nothing matches; Esc drops the filter" : "no nodes");
}

/* The row that R is in; R itself where it is in none. */
static size_t parent_of(const struct targets *t, size_t r)
{
	size_t k = r;

	while (k && t->rows[k].kind >= t->rows[r].kind)
		k--;
	return t->rows[k].kind < t->rows[r].kind ? k : r;
}

/* Left folds what is unfolded, then goes up; Right unfolds. */
static void fold(struct ui *u, bool on)
{
	struct targets *t = &u->targets;
	const struct row *r;

	if (t->list.cur >= t->nrows)
		return;
	r = &t->rows[t->list.cur];
	if (on && (row_is_folded(u, r) || !row_has_children(u, r)))
		t->list.cur = parent_of(t, t->list.cur);
	else if (row_has_children(u, r))
		row_fold(u, r, on);
	select_row(u);
}

/* A heading stands for all nodes below it. */
static void mark(struct ui *u)
{
	struct targets *t = &u->targets;
	struct row r = { .kind = ROW_NODE };

	if (t->has_cur)
		toggle_mark(t, &t->cur);
	for (; t->cur_group[0] && r.node < u->snap->nnodes; r.node++) {
		struct target of = row_target(u, &r);

		if (strcmp(row_group(u, &r), t->cur_group) == 0)
			toggle_mark(t, &of);
	}
	list_move(&t->list, CMD_DOWN, t->nrows);
	select_row(u);
}

static void sort(struct ui *u)
{
	static const char *const words[SORT_COUNT] = { "by name; nodes as in cluster.cfg",
						       "what needs a look first",
						       "by the first figure, the highest first" };

	u->targets.sort = (u->targets.sort + 1) % SORT_COUNT;
	u->targets.rows_seq = 0;
	ui_say(u, false, "sorted %s", words[u->targets.sort]);
}

static void enter(struct ui *u)
{
	const struct node_view *v;
	const struct item *i;

	if (!u->targets.has_cur || !targets_find(u, &u->targets.cur, &v, &i))
		return;
	if (v->state != NODE_UP && v->reason.code == -ENOKEY)
		ask_key(u, v->cfg->name);
	else
		ui_focus(u, PANE_FAULTS);
}

static bool targets_act(struct ui *u, enum cmd c)
{
	struct targets *t = &u->targets;

	if (list_move(&t->list, c, t->nrows)) {
		select_row(u);
		u->status = false;
		u->detail_top = 0;
		return true;
	}
	switch (c) {
	case CMD_MARK:
		mark(u);
		return true;
	case CMD_SORT:
		sort(u);
		return true;
	case CMD_LEFT:
	case CMD_RIGHT:
		fold(u, c == CMD_LEFT);
		return true;
	case CMD_FAULTS:
		enter(u);
		return true;
	default:
		return false;
	}
}

void targets_free(struct targets *t)
{
	free(t->marks);
	free(t->toggled);
	free(t->group_of);
	free(t->hit);
	filter_free(t->filter.filter);
	free(t->rows);
}

const struct pane_ops targets_pane = { .where = IN_TARGETS,
				       .filter = targets_filter,
				       .title = targets_title,
				       .update = targets_update,
				       .draw = targets_draw,
				       .act = targets_act };
