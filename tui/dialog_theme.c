// SPDX-License-Identifier: GPL-2.0-or-later
/* Which theme is used: at the start, and chosen from a list that shows each at once. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console_ui.h"
#include "theme_file.h"

/* Loads NAME into T; false, with E saying why and all mistakes in the log, where it cannot. */
static bool load(struct ui *u, const char *name, struct theme *t, struct err *e)
{
	struct mistakes *m = calloc(1, sizeof(*m));
	int r = m ? theme_load(name, u->theme_dirs, t, m, e) : err_set(e, -ENOMEM, "out of memory");

	if (r)
		deck_log(u->deck, "", r, "theme %s: %s", name, e->msg);
	for (size_t k = 1; r && m && k < m->n; k++)
		deck_log(u->deck, "", r, "theme %s: line %d: %s", name, m->list[k].line,
			 m->list[k].msg);
	free(m);
	return !r;
}

void theme_open(struct ui *u, const struct console_opts *o)
{
	const char *usual = theme_colours() ? THEME_DEFAULT : THEME_MONO;
	const char *asked = o->theme ? o->theme : u->cfg->theme;
	struct err e = { 0 }, again = { 0 };

	u->theme_dirs = o->theme_dirs;
	if (!theme_colours() || !asked)
		asked = usual;
	if (!load(u, asked, &u->theme, &e)) {
		ui_say(u, true, "theme %s: %s; %s is used", asked, e.msg, usual);
		u->theme_dirs = NULL; /* one that is built in has no mistakes */
		load(u, usual, &u->theme, &again);
		u->theme_dirs = o->theme_dirs;
	}
	theme_start(&u->theme, u->cfg->banner);
}

/* ---- the list ---- */

struct choice {
	struct dialog dialog;
	struct list list;
	size_t n;
	char names[THEMES_MAX][64];
	struct theme before;
	struct err wrong; /* why the selected one cannot be shown */
};

static void show(struct ui *u, struct choice *c)
{
	struct theme t;

	c->wrong = (struct err){ 0 };
	if (load(u, c->names[c->list.cur], &t, &c->wrong))
		u->theme = t;
	else
		u->theme = c->before;
	theme_start(&u->theme, u->cfg->banner);
}

static void choice_draw(struct ui *u, struct dialog *d)
{
	struct choice *c = (struct choice *)d;
	struct box b = dialog_frame(72, (int)c->n + 7, "Theme", ROLE_FRAME_FOCUS);
	struct pen pen = { .box = { b.y + b.h - 4, b.x, 4, b.w } };
	int rows = b.h - 5;

	list_show(&c->list, c->n, rows);
	for (int k = 0; k < rows && c->list.top + (size_t)k < c->n; k++) {
		size_t at = c->list.top + (size_t)k;
		bool here = at == c->list.cur;
		struct box line = { b.y + k, b.x, 1, b.w };

		if (here)
			put_blank(&line, ROLE_SELECTED);
		put(line.y, b.x + 1, b.w - 2, here ? ROLE_SELECTED : ROLE_TEXT, c->names[at]);
	}
	if (!theme_colours())
		pen_text(&pen, "", 0, ROLE_WARN,
			 "This terminal shows no colours, or NO_COLOR is set: mono suits it.");
	if (c->wrong.code)
		pen_text(&pen, "", 0, ROLE_ERROR, c->wrong.msg);
	else
		pen_text(&pen, "", 0, ROLE_TEXT, u->theme.about);
	put(b.y + b.h - 1, b.x, b.w, ROLE_DIM,
	    "Enter keeps it for this session; theme = in cluster.cfg for good");
}

static void choice_key(struct ui *u, struct dialog *d, enum cmd cmd, int code)
{
	struct choice *c = (struct choice *)d;

	(void)code;
	if (list_move(&c->list, cmd, c->n)) {
		show(u, c);
		return;
	}
	if (cmd == CMD_CANCEL) {
		u->theme = c->before;
		theme_start(&u->theme, u->cfg->banner);
	}
	if (cmd == CMD_CANCEL || cmd == CMD_PRESS)
		dialog_close(u);
}

static void choice_free(struct dialog *d)
{
	free(d);
}

static const struct dialog_ops choice_ops = {
	.where = IN_DIALOG, .draw = choice_draw, .key = choice_key, .free = choice_free
};

void dialog_theme(struct ui *u)
{
	struct choice *c = calloc(1, sizeof(*c));

	if (!c) {
		ui_say(u, true, "out of memory");
		return;
	}
	c->dialog.ops = &choice_ops;
	c->before = u->theme;
	c->n = theme_names(u->theme_dirs, c->names);
	for (size_t k = 0; k < c->n; k++)
		if (strcmp(c->names[k], u->theme.name) == 0)
			c->list.cur = k;
	dialog_close(u);
	u->dialog = &c->dialog;
}
