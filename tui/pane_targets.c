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

static void set_folded(struct targets *t, const char *node, bool on)
{
	char(*folded)[64];

	if (targets_is_folded(t, node) == on)
		return;
	for (size_t i = 0; !on && i < t->nfolded; i++)
		if (strcmp(t->folded[i], node) == 0) {
			memmove(t->folded[i], t->folded[--t->nfolded], sizeof(*t->folded));
			return;
		}
	folded = realloc(t->folded, (t->nfolded + 1) * sizeof(*folded));
	if (!folded)
		return;
	t->folded = folded;
	snprintf(t->folded[t->nfolded++], sizeof(*folded), "%s", node);
}

/* Takes the row under the cursor as what is selected. */
static void select_row(struct ui *u)
{
	struct targets *t = &u->targets;

	t->has_cur = t->list.cur < t->nrows;
	if (t->has_cur)
		t->cur = row_target(u, &t->rows[t->list.cur]);
}

static bool find_cur(struct ui *u)
{
	struct targets *t = &u->targets;

	for (size_t i = 0; t->has_cur && i < t->nrows; i++) {
		struct target at = row_target(u, &t->rows[i]);

		if (target_equal(&at, &t->cur)) {
			t->list.cur = i;
			return true;
		}
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
	select_row(u);
}

bool targets_select(struct ui *u, const struct target *what)
{
	struct targets *t = &u->targets;
	struct target keep = t->cur;

	set_folded(t, what->node, false);
	edit_set(&t->filter, "");
	t->cur = *what;
	t->has_cur = true;
	targets_rows(u);
	if (find_cur(u))
		return true;
	t->cur = keep;
	ui_update(u);
	return false;
}

static void targets_title(const struct ui *u, char *dst, size_t n)
{
	const struct targets *t = &u->targets;
	size_t len;

	snprintf(dst, n, "Targets %zu", t->nrows);
	len = strlen(dst);
	if (t->nmarks)
		snprintf(dst + len, n - len, ", %zu marked", t->nmarks);
	len = strlen(dst);
	if (t->filter.text[0] && !u->filtering)
		snprintf(dst + len, n - len, " /%s", t->filter.text);
}

static void drop_spaces(char *s)
{
	char *to = s;

	for (; *s; s++)
		if (*s != ' ')
			*to++ = *s;
	*to = '\0';
}

static void draw_figures(const struct item *i, int y, int x, int w)
{
	char s[64];
	int slots = w >= 18 ? w / 9 : 1;

	for (int k = 0; i && k < slots && (size_t)k < i->nsamples; k++) {
		const struct sample *m = &i->samples[k];

		chart_value(s, sizeof(s), m->value, m->metric->unit);
		drop_spaces(s);
		if (slots > 1)
			put_right(y, x + k * (w / slots), w / slots, ROLE_DIM, s);
		else if (text_cols(s) <= w)
			put_right(y, x, w, ROLE_DIM, s);
	}
}

static void draw_vms(const struct node_view *v, int y, int x, int w)
{
	char s[64];
	size_t vms = ui_vms(v);

	snprintf(s, sizeof(s), "%zu VM%s", vms, vms == 1 ? "" : "s");
	if (v->nitems && w >= text_cols(s))
		put_right(y, x, w, ROLE_DIM, s);
}

static void draw_row(struct ui *u, const struct row *r, int y, int x, int w)
{
	const struct node_view *v = u->snap->nodes[r->node];
	const struct item *i = r->item ? &v->items[r->item] : NULL;
	struct target t = row_target(u, r);
	enum mark m = ui_mark(u, v, i);
	int indent = i ? 4 : 2, name_w = w > 44 ? 20 : w * 45 / 100;
	char state[64];
	int used;

	ui_state(u, v, i, state, sizeof(state));
	if (targets_marked(&u->targets, &t))
		put(y, x, 1, ROLE_MARKED, glyph(GLYPH_CHOSEN));
	if (!i && v->nitems > 1)
		put(y, x + 1, 1, ROLE_DIM,
		    glyph(targets_is_folded(&u->targets, v->cfg->name) ? GLYPH_FOLDED
								       : GLYPH_UNFOLDED));
	put(y, x + indent + 1, 1, mark_role(m), mark_glyph(m));
	used = indent + 3;
	put(y, x + used, name_w - used + 2, ROLE_TEXT, i ? i->name : v->cfg->name);
	used = name_w + 3;
	used += put(y, x + used, w - used, m == MARK_UP ? ROLE_DIM : mark_role(m), state) + 1;
	if (used < name_w + 13)
		used = name_w + 13;
	if (i)
		draw_figures(i, y, x + used, w - used - 1);
	else
		draw_vms(v, y, x + used, w - used - 1);
}

static void targets_draw(struct ui *u, const struct box *b)
{
	struct targets *t = &u->targets;
	struct box body = *b;

	if (u->filtering) {
		body.h--;
		put(b->y + body.h, b->x, b->w, ROLE_KEY, "/");
		edit_draw(&t->filter, b->y + body.h, b->x + 1, b->w - 2, ROLE_FIELD_FOCUS, true);
	}
	list_show(&t->list, t->nrows, body.h);
	for (int line = 0; line < body.h && t->list.top + (size_t)line < t->nrows; line++) {
		size_t at = t->list.top + (size_t)line;
		struct box row = { body.y + line, body.x, 1, body.w };

		if (at == t->list.cur) {
			draw_base(u->focus == PANE_TARGETS ? ROLE_SELECTED : ROLE_SELECTED_AWAY);
			put_blank(&row, ROLE_TEXT);
		}
		draw_row(u, &t->rows[at], row.y, row.x, row.w);
		draw_base(ROLE_TEXT);
	}
	if (!t->nrows)
		putf(body.y, body.x + 1, body.w - 1, ROLE_DIM, "%s",
		     t->filter.text[0] ? "nothing matches; Esc drops the filter" : "no nodes");
}

static void fold(struct ui *u, bool on)
{
	struct targets *t = &u->targets;

	if (!t->has_cur)
		return;
	set_folded(t, t->cur.node, on);
	if (on) {
		t->cur.kind = KIND_NODE;
		t->cur.name[0] = '\0';
	}
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
		if (t->has_cur)
			toggle_mark(t, &t->cur);
		list_move(&t->list, CMD_DOWN, t->nrows);
		select_row(u);
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
	free(t->folded);
	free(t->hit);
	free(t->rows);
}

const struct pane_ops targets_pane = { .where = IN_TARGETS,
				       .title = targets_title,
				       .update = targets_update,
				       .draw = targets_draw,
				       .act = targets_act };
