// SPDX-License-Identifier: GPL-2.0-or-later
#include "dialog.h"

#include <curses.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console_ui.h"

void dialog_close(struct ui *u)
{
	if (u->dialog)
		u->dialog->ops->free(u->dialog);
	u->dialog = NULL;
}

struct box dialog_frame(int w, int h, const char *title, enum role frame)
{
	struct box b;

	b.w = w < COLS ? w : COLS;
	b.h = h < LINES - 2 ? h : LINES - 2;
	if (b.h < 3) /* no room for a frame */
		return (struct box){ 0, 0, LINES, COLS };
	b.x = (COLS - b.w) / 2;
	b.y = 1 + (LINES - 2 - b.h) / 2;
	put_blank(&b, ROLE_TEXT);
	put(b.y, b.x, 1, frame, glyph(GLYPH_ULCORNER));
	put_fill(b.y, b.x + 1, b.w - 2, frame, GLYPH_HLINE);
	put(b.y, b.x + b.w - 1, 1, frame, glyph(GLYPH_URCORNER));
	for (int y = b.y + 1; y < b.y + b.h - 1; y++) {
		put(y, b.x, 1, frame, glyph(GLYPH_VLINE));
		put(y, b.x + b.w - 1, 1, frame, glyph(GLYPH_VLINE));
	}
	put(b.y + b.h - 1, b.x, 1, frame, glyph(GLYPH_LLCORNER));
	put_fill(b.y + b.h - 1, b.x + 1, b.w - 2, frame, GLYPH_HLINE);
	put(b.y + b.h - 1, b.x + b.w - 1, 1, frame, glyph(GLYPH_LRCORNER));
	putf(b.y, b.x + 2, b.w - 4, frame == ROLE_PANIC ? frame : ROLE_TITLE_FOCUS, " %s ", title);
	return (struct box){ b.y + 1, b.x + 2, b.h - 2, b.w - 4 };
}

void buttons_draw(const struct box *b, int y, const struct button *list, size_t n, size_t cur,
		  bool focus)
{
	int w = 0, x;

	for (size_t i = 0; i < n; i++)
		w += text_cols(list[i].label) + 6;
	x = b->x + (w < b->w ? (b->w - w) / 2 : 0);
	for (size_t i = 0; i < n; i++) {
		bool here = focus && i == cur;

		x += putf(y, x, b->x + b->w - x, here ? ROLE_BUTTON_FOCUS : ROLE_BUTTON,
			  here ? "[>%s<]" : "[ %s ]", list[i].label) +
		     2;
	}
}

struct box dialog_page(int rows, int w, const char *title)
{
	struct box b = dialog_frame(w, rows + 5, title, ROLE_FRAME_FOCUS);

	b.h -= b.h > 3 ? 2 : 1;
	return b;
}

void dialog_page_foot(const struct box *b, int rows, int top, const struct button list[2],
		      size_t cur)
{
	if (rows > b->h)
		putf(b->y + b->h, b->x, b->w, ROLE_DIM, "%s%s PgUp PgDn: lines %d-%d of %d",
		     glyph(GLYPH_UP), glyph(GLYPH_DOWN), top + 1, top + b->h, rows);
	buttons_draw(b, b->y + b->h + (b->h > 1), list, 2, cur, true);
}

/* ---- ask ---- */

struct ask {
	struct dialog dialog;
	char title[80];
	char *text;
	char arg[200];
	struct button buttons[ASK_BUTTONS];
	size_t n, cur;
	int top, page;
};

static struct pen ask_text(const struct ask *a, const struct box *b, int top)
{
	struct pen pen = { .box = *b, .top = top };

	pen_lines(&pen, "", 0, a->text);
	return pen;
}

static void ask_draw(struct ui *u, struct dialog *d)
{
	struct ask *a = (struct ask *)d;
	struct box probe = { -1, 0, 0, COLS < 72 ? COLS - 4 : 68 }, b;
	struct pen pen = ask_text(a, &probe, 0);

	(void)u;
	b = dialog_frame(72, pen.row + 5, a->title, ROLE_FRAME_FOCUS);
	b.h -= 2;
	a->top = pen_limit(&(struct pen){ .box = b, .row = pen.row }, a->top);
	a->page = b.h;
	ask_text(a, &b, a->top);
	buttons_draw(&b, b.y + b.h + (b.h > 0), a->buttons, a->n, a->cur, true);
	if (pen.row > b.h && b.h > 0)
		putf(b.y + b.h, b.x, b.w, ROLE_DIM, "%s%s PgUp PgDn: more", glyph(GLYPH_UP),
		     glyph(GLYPH_DOWN));
}

static void ask_key_pressed(struct ui *u, struct dialog *d, enum cmd c, int code)
{
	struct ask *a = (struct ask *)d;
	void (*then)(struct ui *, const char *) = a->buttons[a->cur].then;
	char arg[sizeof(a->arg)];

	(void)code;
	switch (c) {
	case CMD_LEFT:
	case CMD_PREV:
		a->cur = (a->cur + a->n - 1) % a->n;
		break;
	case CMD_RIGHT:
	case CMD_NEXT:
		a->cur = (a->cur + 1) % a->n;
		break;
	case CMD_CANCEL:
		dialog_close(u);
		break;
	case CMD_PRESS:
		snprintf(arg, sizeof(arg), "%s", a->arg);
		dialog_close(u);
		if (then)
			then(u, arg);
		break;
	default:
		page_move(&a->top, c, a->page);
	}
}

static void ask_free(struct dialog *d)
{
	free(((struct ask *)d)->text);
	free(d);
}

static const struct dialog_ops ask_ops = {
	.where = IN_DIALOG, .draw = ask_draw, .key = ask_key_pressed, .free = ask_free
};

void dialog_ask(struct ui *u, const char *title, const char *text, const struct button *list,
		size_t n, const char *arg)
{
	struct ask *a = calloc(1, sizeof(*a));

	if (!a || !(a->text = strdup(text))) {
		free(a);
		ui_say(u, true, "out of memory");
		return;
	}
	a->dialog.ops = &ask_ops;
	snprintf(a->title, sizeof(a->title), "%s", title);
	snprintf(a->arg, sizeof(a->arg), "%s", arg ? arg : "");
	a->n = n < ASK_BUTTONS ? n : ASK_BUTTONS;
	memcpy(a->buttons, list, a->n * sizeof(*list));
	dialog_close(u);
	u->dialog = &a->dialog;
}

/* ---- help ---- */

struct help {
	struct dialog dialog;
	int top, page;
};

static void help_keys(struct pen *p, unsigned where, const char *title)
{
	char keys[80], one[24];

	pen_text(p, "", 0, ROLE_TITLE_FOCUS, title);
	for (int c = 1; c < CMD_COUNT; c++) {
		const struct command *cmd = command((enum cmd)c);
		unsigned in = cmd->where & IN_ALL;

		/* each command once, under the first title that covers all its places */
		if (where == IN_PANES ? (in & IN_PANES) != IN_PANES
				      : !(in & where) || (in & IN_PANES) == IN_PANES)
			continue;
		*keys = '\0';
		for (unsigned i = 0; keys_name((enum cmd)c, i, one, sizeof(one)); i++)
			snprintf(keys + strlen(keys), sizeof(keys) - strlen(keys), "%s%s",
				 i ? " " : "", one);
		pen_text(p, keys, 16, ROLE_TEXT, cmd->help);
	}
	pen_text(p, "", 0, ROLE_TEXT, "");
}

static void help_marks(struct pen *p)
{
	int y;

	pen_text(p, "", 0, ROLE_TITLE_FOCUS, "Marks");
	for (int m = 0; m < MARK_COUNT; m++)
		if (pen_row(p, &y)) {
			put(y, p->box.x, 1, mark_role((enum mark)m), mark_glyph((enum mark)m));
			put(y, p->box.x + 16, p->box.w - 16, mark_role((enum mark)m),
			    mark_word((enum mark)m));
		}
	pen_text(p, glyph(GLYPH_CHOSEN), 16, ROLE_TEXT, "marked: actions hit these");
	pen_text(p, glyph(GLYPH_UNDO), 16, ROLE_TEXT, "a fault that is undone on restore");
	pen_text(p, glyph(GLYPH_LASTING), 16, ROLE_TEXT,
		 "a fault that cannot be undone in the target");
	pen_text(p, "heals", 16, ROLE_TEXT, "the target is as before when the fault is gone");
	pen_text(p, "paused", 16, ROLE_TEXT, "the target stays paused, and the restore resumes it");
	pen_text(p, "dead", 16, ROLE_TEXT, "the target has to be started again");
	pen_text(p, "", 0, ROLE_TEXT, "");
}

static void help_draw(struct ui *u, struct dialog *d)
{
	struct help *h = (struct help *)d;
	struct pen pen = { .top = h->top };

	(void)u;
	pen.box = dialog_frame(100, 200, "Help", ROLE_FRAME_FOCUS);
	h->page = pen.box.h;
	help_keys(&pen, IN_PANES, "Everywhere");
	help_keys(&pen, IN_TARGETS, "Targets");
	help_keys(&pen, IN_DETAIL, "Detail");
	help_keys(&pen, IN_FAULTS, "Faults");
	help_keys(&pen, IN_INJECTED, "Injected");
	help_keys(&pen, IN_LOG, "Log");
	help_keys(&pen, IN_DIALOG, "Dialogs");
	help_keys(&pen, IN_FILTER | IN_COMMAND, "While a line is typed");
	help_keys(&pen, IN_RUN, "A scenario that runs");
	help_keys(&pen, IN_PANIC, "While the block stands");
	help_marks(&pen);
	if (pen_limit(&pen, h->top) != h->top) {
		h->top = pen_limit(&pen, h->top);
		help_draw(u, d);
		return;
	}
	if (pen.row > h->top + h->page)
		put_right(pen.box.y + h->page, pen.box.x, pen.box.w, ROLE_DIM,
			  " PgDn: more, Esc: close ");
}

static void help_key(struct ui *u, struct dialog *d, enum cmd c, int code)
{
	struct help *h = (struct help *)d;

	(void)code;
	if (c == CMD_CLOSE)
		dialog_close(u);
	else
		page_move(&h->top, c, h->page);
}

static void help_free(struct dialog *d)
{
	free(d);
}

static const struct dialog_ops help_ops = {
	.where = IN_PAGE, .draw = help_draw, .key = help_key, .free = help_free
};

void dialog_help(struct ui *u)
{
	struct help *h = calloc(1, sizeof(*h));

	if (!h)
		return;
	h->dialog.ops = &help_ops;
	dialog_close(u);
	u->dialog = &h->dialog;
}
