// SPDX-License-Identifier: GPL-2.0-or-later
#include "pane_faults.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console_ui.h"

#define FOOT 10 /* lines of plain words below the list at most, where there is room */

struct target fault_target(const struct fault *f, const struct target *t)
{
	struct target to = *t;

	if (t->kind == KIND_NODE && !(f->targets & 1u << KIND_NODE) &&
	    f->targets & 1u << KIND_NEW_VM)
		to.kind = KIND_NEW_VM;
	return to;
}

/* Why F does not fit all that is chosen; "" when it does. */
static void find_why(struct ui *u, const struct fault *f, char *dst, size_t n)
{
	const struct target *list;
	size_t count = targets_chosen(u, &list);
	char buf[160], name[TARGET_MAX];

	*dst = '\0';
	if (!count)
		snprintf(dst, n, "no target is selected");
	for (size_t i = 0; i < count; i++) {
		struct target t = fault_target(f, &list[i]);
		const char *why = deck_unfit(u->deck, u->snap, f, &t, buf, sizeof(buf));
		size_t len = strlen(f->name);

		if (!why)
			continue;
		if (strncmp(why, f->name, len) == 0 && why[len] == ' ')
			why += len + 1; /* the row has the name already */
		if (count > 1)
			snprintf(dst, n, "%s: %s", target_str(name, &t), why);
		else
			snprintf(dst, n, "%s", why);
		return;
	}
}

static size_t backend_len(const struct fault *f)
{
	return strcspn(f->name, ".");
}

static bool same_backend(const struct fault *a, const struct fault *b)
{
	return strncmp(a->name, b->name, backend_len(a) + 1) == 0;
}

static bool count_faults(struct ui *u)
{
	struct faults *f = &u->faults;

	if (f->why)
		return true;
	f->n = 0;
	while (deck_fault(u->deck, f->n))
		f->n++;
	f->why = calloc(f->n + 1, sizeof(*f->why));
	f->rows = calloc(f->n + 1, sizeof(*f->rows));
	return f->why && f->rows;
}

struct seen {
	const struct fault *fault;
	const char *why;
};

static const char *column(const void *row, const char *key, char *buf, size_t n)
{
	const struct seen *s = row;

	if (key)
		return strcmp(key, "fits") == 0 ? (*s->why ? "no" : "yes") : NULL;
	snprintf(buf, n, "%s %s %s %s %s", s->fault->name, s->fault->summary, s->fault->seen,
		 aftermath_word(s->fault->aftermath), s->why);
	return buf;
}

/* Of the backend whose faults begin at FROM, those that fit or not. */
static void add_rows(struct ui *u, size_t from, bool fit)
{
	struct faults *f = &u->faults;
	const struct fault *first = deck_fault(u->deck, from);

	for (size_t i = from; i < f->n; i++) {
		struct seen s = { deck_fault(u->deck, i), f->why[i] };

		if (!same_backend(first, s.fault))
			break;
		if (!*s.why == fit && filter_passes(f->filter.filter, column, &s))
			f->rows[f->nrows++] = i;
	}
}

static void find_cur(struct ui *u)
{
	struct faults *f = &u->faults;

	for (size_t r = 0; r < f->nrows; r++)
		if (strcmp(deck_fault(u->deck, f->rows[r])->name, f->cur) == 0) {
			f->list.cur = r;
			return;
		}
	if (f->list.cur >= f->nrows)
		f->list.cur = f->nrows ? f->nrows - 1 : 0;
}

/* The selected thing's own backend comes first, then those that have something that fits. */
static int rank_of(struct ui *u, size_t from)
{
	const struct fault *first = deck_fault(u->deck, from), *f;
	const struct node_view *v;
	const struct item *i;
	char name[64];

	snprintf(name, sizeof(name), "%.*s", (int)backend_len(first), first->name);
	if (u->targets.has_cur && targets_find(u, &u->targets.cur, &v, &i) && i &&
	    item_is_of(i, name))
		return 0;
	for (size_t k = from; (f = deck_fault(u->deck, k)) && same_backend(first, f); k++)
		if (!u->faults.why[k][0])
			return 1;
	return 2;
}

static void faults_update(struct ui *u)
{
	struct faults *f = &u->faults;

	f->nrows = 0;
	if (!count_faults(u))
		return;
	for (size_t i = 0; i < f->n; i++)
		find_why(u, deck_fault(u->deck, i), f->why[i], sizeof(f->why[i]));
	for (int rank = 0; rank < 3; rank++)
		for (size_t i = 0; i < f->n; i++) {
			if (i && same_backend(deck_fault(u->deck, i - 1), deck_fault(u->deck, i)))
				continue;
			if (rank_of(u, i) != rank)
				continue;
			add_rows(u, i, true);
			add_rows(u, i, false);
		}
	find_cur(u);
}

/* The fault of row R; NULL if there is none. */
static const struct fault *row_fault(const struct ui *u, size_t r)
{
	return r < u->faults.nrows ? deck_fault(u->deck, u->faults.rows[r]) : NULL;
}

static const char *row_why(const struct ui *u, size_t r)
{
	return u->faults.why[u->faults.rows[r]];
}

static void select_row(struct ui *u)
{
	const struct fault *f = row_fault(u, u->faults.list.cur);

	snprintf(u->faults.cur, sizeof(u->faults.cur), "%s", f ? f->name : "");
}

void faults_go_to(struct ui *u, const char *backend)
{
	size_t n = strlen(backend);
	const struct fault *f;

	pane_filter_drop(&u->faults.filter);
	for (size_t i = 0; (f = deck_fault(u->deck, i)); i++)
		if (strncmp(f->name, backend, n) == 0 && f->name[n] == '.') {
			snprintf(u->faults.cur, sizeof(u->faults.cur), "%s", f->name);
			return;
		}
}

static struct pane_filter *faults_filter(struct ui *u)
{
	return &u->faults.filter;
}

static void faults_title(const struct ui *u, char *dst, size_t n)
{
	const struct target *list;
	size_t count = targets_chosen(u, &list);
	char name[TARGET_MAX] = "nothing";

	if (!count)
		snprintf(dst, n, "Faults");
	else if (count == 1)
		snprintf(dst, n, "Faults for %s", target_str(name, &list[0]));
	else
		snprintf(dst, n, "Faults for %zu marked", count);
}

static bool begins_group(struct ui *u, size_t r)
{
	return !r || !same_backend(row_fault(u, r - 1), row_fault(u, r));
}

static void draw_fault(struct ui *u, size_t r, int y, int x, int w)
{
	const struct fault *f = row_fault(u, r);
	const char *why = row_why(u, r), *dot = strchr(f->name, '.');
	bool lasting = f->flags & FAULT_LASTING;
	int name_w = w > 40 ? 18 : 15;

	put(y, x + 1, 1,
	    *why      ? ROLE_GREYED
	    : lasting ? ROLE_DOWN
		      : ROLE_UP,
	    glyph(lasting ? GLYPH_LASTING : GLYPH_UNDO));
	put(y, x + 3, name_w, *why ? ROLE_GREYED : ROLE_TEXT, dot ? dot + 1 : f->name);
	x += name_w + 4;
	w -= name_w + 4;
	if (*why)
		put(y, x, w, ROLE_GREYED, why);
	else
		putf(y, x, w, f->aftermath == AFTER_HEALS ? ROLE_DIM : ROLE_WARN, "%s%s",
		     aftermath_word(f->aftermath), f->flags & FAULT_KERNEL ? ", kernel" : "");
}

static void draw_words(struct ui *u, const struct box *b)
{
	const struct fault *f = row_fault(u, u->faults.list.cur);
	const char *why = f ? row_why(u, u->faults.list.cur) : "";
	struct pen pen = { .box = { b->y + 1, b->x + 1, b->h - 1, b->w - 1 } };

	if (!f)
		return;
	put_fill(b->y, b->x, b->w, ROLE_FRAME, GLYPH_HLINE);
	if (*why)
		pen_text(&pen, "", 0, ROLE_WARN, why);
	pen_text(&pen, "", 0, ROLE_TEXT, f->summary);
	pen_text(&pen, "seen", 7, ROLE_DIM, f->seen);
	pen_text(&pen, "undone", 7, ROLE_DIM, f->undone);
}

/* Lines that the list takes with the names of its groups, up to row N. */
static size_t lines_to(struct ui *u, size_t n)
{
	size_t lines = n;

	for (size_t r = 0; r <= n && r < u->faults.nrows; r++)
		lines += begins_group(u, r);
	return lines;
}

static void draw_list(struct ui *u, const struct box *b)
{
	struct faults *f = &u->faults;
	int y = b->y;

	for (size_t r = 0, line = 0; r < f->nrows && y < b->y + b->h; r++) {
		const struct fault *one = row_fault(u, r);
		struct box row = { y, b->x, 1, b->w };

		if (begins_group(u, r) && line++ >= f->list.top)
			putf(y++, b->x + 1, b->w - 1, ROLE_TITLE, "%.*s", (int)backend_len(one),
			     one->name);
		if (line++ < f->list.top || y >= b->y + b->h)
			continue;
		row.y = y++;
		if (r == f->list.cur) {
			draw_base(u->focus == PANE_FAULTS ? ROLE_SELECTED : ROLE_SELECTED_AWAY);
			put_blank(&row, ROLE_TEXT);
		}
		draw_fault(u, r, row.y, row.x, row.w);
		draw_base(ROLE_TEXT);
	}
	if (!f->nrows)
		put(y, b->x + 1, b->w - 1, ROLE_DIM, "nothing matches; Esc drops the filter");
}

static void faults_draw(struct ui *u, const struct box *b)
{
	struct faults *f = &u->faults;
	int foot = b->h < 9 ? 0 : b->h / 2 < FOOT ? b->h / 2 : FOOT;
	struct box list = { b->y, b->x, b->h - foot, b->w };
	struct box words = { b->y + b->h - foot, b->x, foot, b->w };
	struct list lines = { .cur = lines_to(u, f->list.cur), .top = f->list.top };

	list_show(&lines, lines_to(u, f->nrows), list.h);
	f->list.top = f->list.cur ? lines.top : 0;
	f->list.page = list.h;
	draw_list(u, &list);
	if (foot)
		draw_words(u, &words);
}

static bool faults_act(struct ui *u, enum cmd c)
{
	struct faults *f = &u->faults;
	const struct fault *one = row_fault(u, f->list.cur);

	if (list_move(&f->list, c, f->nrows)) {
		select_row(u);
		return true;
	}
	if (c != CMD_INJECT || !one)
		return false;
	if (row_why(u, f->list.cur)[0])
		ui_say(u, true, "%s does not fit: %s", one->name, row_why(u, f->list.cur));
	else
		dialog_inject(u, one);
	return true;
}

void faults_free(struct faults *f)
{
	free(f->why);
	free(f->rows);
	filter_free(f->filter.filter);
}

const struct pane_ops faults_pane = { .where = IN_FAULTS,
				      .filter = faults_filter,
				      .title = faults_title,
				      .update = faults_update,
				      .draw = faults_draw,
				      .act = faults_act };
