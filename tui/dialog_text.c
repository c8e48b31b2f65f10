// SPDX-License-Identifier: GPL-2.0-or-later
/* A past report as lines of text, that are only read. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console_ui.h"
#include "core/text.h"

struct text {
	struct dialog dialog;
	char title[128];
	char *text;
	int top, page;
};

static void text_draw(struct ui *u, struct dialog *d)
{
	struct text *t = (struct text *)d;
	struct pen p = { .top = t->top };

	(void)u;
	p.box = dialog_frame(140, 200, t->title, ROLE_FRAME_FOCUS);
	t->page = p.box.h;
	pen_lines(&p, "", 0, t->text);
	if (pen_limit(&p, t->top) == t->top)
		return;
	t->top = pen_limit(&p, t->top); /* scrolled past the end: once more */
	text_draw(u, d);
}

static void text_key(struct ui *u, struct dialog *d, enum cmd c, int code)
{
	struct text *t = (struct text *)d;

	(void)code;
	if (c == CMD_CLOSE)
		dialog_close(u);
	else if (c == CMD_COPY)
		ui_copy(u, t->text, "the text");
	else
		page_move(&t->top, c, t->page);
}

static void text_free(struct dialog *d)
{
	free(((struct text *)d)->text);
	free(d);
}

static const struct dialog_ops text_ops = {
	.where = IN_PAGE, .draw = text_draw, .key = text_key, .free = text_free
};

static void show(struct ui *u, const char *title, const char *text)
{
	struct text *t = calloc(1, sizeof(*t));

	if (!t || !(t->text = strdup(text))) {
		free(t);
		ui_say(u, true, "out of memory");
		return;
	}
	t->dialog.ops = &text_ops;
	snprintf(t->title, sizeof(t->title), "%s", title);
	dialog_close(u);
	u->dialog = &t->dialog;
}

void dialog_report(struct ui *u, const char *title, const char *dir)
{
	struct buf text = BUF_INIT(1u << 20);
	struct err e = { 0 };

	if (report_text(dir, &text, &e))
		ui_say(u, true, "%s", e.msg);
	else
		show(u, title, buf_text(&text));
	buf_free(&text);
}
