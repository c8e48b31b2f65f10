// SPDX-License-Identifier: GPL-2.0-or-later
/* Loads another cluster.cfg without leaving; what is wrong with it stands below its name. */
#include <curses.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console_ui.h"

struct load {
	struct dialog dialog;
	struct edit path;
	struct mistakes *mistakes;
	char where[4096]; /* the file that they are in */
	struct err why;
	int top, page;
};

static struct pen draw_body(const struct load *l, const struct box *b, int top)
{
	struct pen p = { .box = *b, .top = top };
	char line[400];
	int y;

	if (pen_row(&p, &y)) {
		put(y, b->x, 6, ROLE_TITLE_FOCUS, "file");
		edit_draw(&l->path, y, b->x + 6, b->w - 6, ROLE_FIELD_FOCUS, true);
	}
	pen_text(&p, "", 0, ROLE_TEXT, "");
	if (!l->why.code)
		pen_text(&p, "", 0, ROLE_DIM,
			 "Enter loads it, Tab completes the name. What is injected in the cluster "
			 "that is shown now stays on the list until it is restored.");
	if (l->why.msg[0])
		pen_text(&p, "", 0, ROLE_ERROR, l->why.msg);
	if (l->why.hint[0])
		pen_text(&p, "to do", 8, ROLE_TEXT, l->why.hint);
	for (size_t k = 0; k < l->mistakes->n; k++) {
		snprintf(line, sizeof(line), "line %d", l->mistakes->list[k].line);
		pen_text(&p, l->mistakes->list[k].line ? line : "", 11, ROLE_WARN,
			 l->mistakes->list[k].msg);
	}
	if (l->mistakes->dropped) {
		snprintf(line, sizeof(line), "and %zu more", l->mistakes->dropped);
		pen_text(&p, "", 11, ROLE_WARN, line);
	}
	return p;
}

static void load_draw(struct ui *u, struct dialog *d)
{
	struct load *l = (struct load *)d;
	struct box probe = { 10000, 0, 0, (COLS < 100 ? COLS : 100) - 4 }, b;
	struct pen p = draw_body(l, &probe, 0);

	(void)u;
	b = dialog_frame(100, p.row + 3, "Load the configuration of a cluster", ROLE_FRAME_FOCUS);
	l->page = b.h;
	p.box = b;
	l->top = pen_limit(&p, l->top);
	draw_body(l, &b, l->top);
}

/* Tab: as far as all names agree. */
static void complete_path(struct load *l)
{
	char pattern[sizeof(l->path.text) + 2];
	glob_t g = { 0 };
	size_t n;

	snprintf(pattern, sizeof(pattern), "%s*", l->path.text);
	if (!glob(pattern, GLOB_MARK | GLOB_TILDE, NULL, &g) && g.gl_pathc) {
		n = strlen(g.gl_pathv[0]);
		for (size_t k = 1; k < g.gl_pathc; k++)
			for (size_t i = 0; i < n; i++)
				if (g.gl_pathv[0][i] != g.gl_pathv[k][i])
					n = i;
		g.gl_pathv[0][n] = '\0';
		edit_set(&l->path, g.gl_pathv[0]);
	}
	globfree(&g);
}

static void load(struct ui *u, struct load *l)
{
	struct cluster c = { .cfg = NULL };

	memset(&l->why, 0, sizeof(l->why));
	l->mistakes->n = l->mistakes->dropped = 0;
	if (u->nclusters == CLUSTERS_MAX) {
		err_set(&l->why, -1, "%d clusters that were loaded before have injections still",
			CLUSTERS_MAX - 1);
		err_hint(&l->why, "restore them (R in the list of what is injected), then load it");
		return;
	}
	if (scenarios_running(u)) {
		err_set(&l->why, -1, "a scenario runs in the cluster that is shown now");
		err_hint(&l->why, "4 shows it; a there aborts it");
		return;
	}
	scenarios_close(u);
	if (u->command.run && !command_done(u->command.run)) {
		err_set(&l->why, -1, "a command runs in the cluster that is shown now");
		err_hint(&l->why, "wait for it, or end it with Ctrl-C");
		return;
	}
	if (u->opts->open(u->opts, l->path.text, &c, l->mistakes, l->where, sizeof(l->where),
			  &l->why)) {
		if (l->mistakes->n)
			err_set(&l->why, -1, "%zu mistake%s in %.300s",
				l->mistakes->n + l->mistakes->dropped,
				l->mistakes->n == 1 ? "" : "s", l->where);
		return;
	}
	ui_say(u, false, "%s: %zu nodes", c.cfg->cluster, c.cfg->nnodes);
	dialog_close(u);
	ui_add_cluster(u, &c);
	deck_start(c.deck);
}

static void load_key(struct ui *u, struct dialog *d, enum cmd c, int code)
{
	struct load *l = (struct load *)d;

	if (c == CMD_CANCEL)
		dialog_close(u);
	else if (c == CMD_PRESS)
		load(u, l);
	else if (c == CMD_NEXT)
		complete_path(l);
	else if (!edit_key(&l->path, code))
		page_move(&l->top, c, l->page);
}

static bool load_typing(const struct dialog *d)
{
	(void)d;
	return true;
}

static void load_free(struct dialog *d)
{
	free(((struct load *)d)->mistakes);
	free(d);
}

static const struct dialog_ops load_ops = { .where = IN_DIALOG,
					    .draw = load_draw,
					    .key = load_key,
					    .typing = load_typing,
					    .free = load_free };

void dialog_load(struct ui *u)
{
	struct load *l = calloc(1, sizeof(*l));

	if (l)
		l->mistakes = calloc(1, sizeof(*l->mistakes));
	if (!l || !l->mistakes) {
		free(l);
		ui_say(u, true, "out of memory");
		return;
	}
	l->dialog.ops = &load_ops;
	edit_set(&l->path, u->cfg->path ? u->cfg->path : "");
	dialog_close(u);
	u->dialog = &l->dialog;
}
