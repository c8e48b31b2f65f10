// SPDX-License-Identifier: GPL-2.0-or-later
#include "pane_faults.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console_ui.h"

#define FOOT 5 /* lines of plain words below the list, where there is room */

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

static void faults_update(struct ui *u)
{
	struct faults *f = &u->faults;
	const struct fault *one;

	if (!f->why) {
		while (deck_fault(u->deck, f->n))
			f->n++;
		f->why = calloc(f->n + 1, sizeof(*f->why));
	}
	for (size_t i = 0; f->why && i < f->n && (one = deck_fault(u->deck, i)); i++)
		find_why(u, one, f->why[i], sizeof(f->why[i]));
}

static void faults_title(const struct ui *u, char *dst, size_t n)
{
	const struct target *list;
	size_t count = targets_chosen(u, &list);
	char name[TARGET_MAX] = "nothing";

	if (count == 1)
		snprintf(dst, n, "Faults for %s", target_str(name, &list[0]));
	else
		snprintf(dst, n, "Faults for %zu marked", count);
}

/* True if the backend (the part before the dot) of fault I is another one than that of I - 1. */
static bool begins_group(struct ui *u, size_t i)
{
	const char *a = deck_fault(u->deck, i)->name;
	size_t n = strcspn(a, ".");

	return !i || strncmp(deck_fault(u->deck, i - 1)->name, a, n + 1) != 0;
}

static void draw_fault(struct ui *u, size_t i, int y, int x, int w)
{
	const struct fault *f = deck_fault(u->deck, i);
	const char *why = u->faults.why ? u->faults.why[i] : "";
	const char *dot = strchr(f->name, '.');
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
	const struct fault *f = deck_fault(u->deck, u->faults.list.cur);
	const char *why = u->faults.why ? u->faults.why[u->faults.list.cur] : "";
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

/* Lines that the list takes with the names of its groups, up to fault N. */
static size_t lines_to(struct ui *u, size_t n)
{
	size_t lines = n;

	for (size_t i = 0; i <= n && i < u->faults.n; i++)
		lines += begins_group(u, i);
	return lines;
}

static void faults_draw(struct ui *u, const struct box *b)
{
	struct faults *f = &u->faults;
	int foot = b->h >= 9 ? (b->h >= 20 ? FOOT + 3 : FOOT) : 0;
	struct box words = { b->y + b->h - foot, b->x, foot, b->w };
	struct list lines = { .cur = lines_to(u, f->list.cur), .top = f->list.top };
	int y = b->y, h = b->h - foot;

	list_show(&lines, lines_to(u, f->n), h);
	if (f->list.cur == 0)
		lines.top = 0;
	f->list.top = lines.top;
	f->list.page = h;
	for (size_t i = 0, line = 0; i < f->n && y < b->y + h; i++) {
		const char *name = deck_fault(u->deck, i)->name;
		struct box row = { y, b->x, 1, b->w };

		if (begins_group(u, i) && line++ >= lines.top)
			putf(y++, b->x + 1, b->w - 1, ROLE_TITLE, "%.*s", (int)strcspn(name, "."),
			     name);
		if (line++ < lines.top || y >= b->y + h)
			continue;
		row.y = y++;
		if (i == f->list.cur) {
			draw_base(u->focus == PANE_FAULTS ? ROLE_SELECTED : ROLE_SELECTED_AWAY);
			put_blank(&row, ROLE_TEXT);
		}
		draw_fault(u, i, row.y, row.x, row.w);
		draw_base(ROLE_TEXT);
	}
	if (foot)
		draw_words(u, &words);
}

static bool faults_act(struct ui *u, enum cmd c)
{
	struct faults *f = &u->faults;
	const struct fault *one = deck_fault(u->deck, f->list.cur);

	if (list_move(&f->list, c, f->n))
		return true;
	if (c != CMD_INJECT || !one)
		return false;
	if (f->why && f->why[f->list.cur][0])
		ui_say(u, true, "%s does not fit: %s", one->name, f->why[f->list.cur]);
	else
		dialog_inject(u, one);
	return true;
}

void faults_free(struct faults *f)
{
	free(f->why);
}

const struct pane_ops faults_pane = { .where = IN_FAULTS,
				      .title = faults_title,
				      .update = faults_update,
				      .draw = faults_draw,
				      .act = faults_act };
