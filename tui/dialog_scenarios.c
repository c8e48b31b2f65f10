// SPDX-License-Identifier: GPL-2.0-or-later
/* The list of scenarios and, below them, of past reports. */
#include <curses.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "console_ui.h"
#include "places.h"

struct choice {
	struct dialog dialog;
	struct list list;
	struct scenario_entry *scenarios;
	struct report_entry *reports;
	size_t nscenarios, nreports;
	struct err why; /* one of the lists could not be read */
};

static const struct scenario_entry *cur_scenario(const struct choice *c)
{
	return c->list.cur < c->nscenarios ? &c->scenarios[c->list.cur] : NULL;
}

static const struct report_entry *cur_report(const struct choice *c)
{
	size_t k = c->list.cur - c->nscenarios;

	return c->list.cur >= c->nscenarios && k < c->nreports ? &c->reports[k] : NULL;
}

static void draw_entry(const struct choice *c, size_t at, int y, int x, int w)
{
	struct box line = { y, x, 1, w };
	bool here = at == c->list.cur;
	char when[40] = "";
	struct tm tm;
	time_t t;

	if (here) {
		draw_base(ROLE_SELECTED);
		put_blank(&line, ROLE_TEXT);
	}
	if (at < c->nscenarios) {
		const struct scenario_entry *s = &c->scenarios[at];

		put(y, x + 1, 26, s->broken[0] ? ROLE_GREYED : ROLE_TEXT, s->name);
		put(y, x + 28, w - 29, s->broken[0] ? ROLE_ERROR : ROLE_DIM,
		    s->broken[0] ? s->broken : s->description);
	} else {
		const struct report_entry *r = &c->reports[at - c->nscenarios];

		t = (time_t)(r->began_unix_ms / 1000);
		if (localtime_r(&t, &tm))
			strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &tm);
		put(y, x + 1, 26, ROLE_TEXT, r->scenario);
		putf(y, x + 28, w - 29, strcmp(r->verdict, "passed") ? ROLE_WARN : ROLE_DIM,
		     "report of %s: %s", when, r->verdict);
	}
	draw_base(ROLE_TEXT);
}

/* What the selected one is, in the rest of the box. */
static void draw_words(const struct choice *c, const struct box *b)
{
	const struct scenario_entry *s = cur_scenario(c);
	const struct report_entry *r = cur_report(c);
	struct pen p = { .box = *b };

	put_fill(b->y, b->x, b->w, ROLE_FRAME, GLYPH_HLINE);
	p.box.y++;
	p.box.h--;
	if (c->why.msg[0])
		pen_text(&p, "", 0, ROLE_ERROR, c->why.msg);
	if (s && s->broken[0]) {
		pen_text(&p, "cannot", 11, ROLE_ERROR, s->broken);
	} else if (s) {
		pen_text(&p, "", 0, ROLE_TEXT, s->description);
		pen_text(&p, "hits", 11, ROLE_WARN, s->touches);
		pen_text(&p, "variables", 11, ROLE_DIM, s->variables);
	} else if (r) {
		pen_text(&p, "report in", 11, ROLE_DIM, r->path);
	} else {
		pen_text(&p, "", 0, ROLE_DIM,
			 "There are no scenarios; docs/scenarios.md shows how one is written.");
	}
}

static void choice_draw(struct ui *u, struct dialog *d)
{
	struct choice *c = (struct choice *)d;
	size_t n = c->nscenarios + c->nreports;
	struct box b = dialog_frame(120, (int)n + 9, "Scenarios", ROLE_FRAME_FOCUS);
	int foot = b.h > 12 ? 6 : b.h > 6 ? 4 : 0;
	struct box words = { b.y + b.h - foot, b.x, foot, b.w };
	int rows = b.h - foot;

	(void)u;
	list_show(&c->list, n, rows);
	for (int k = 0; k < rows && c->list.top + (size_t)k < n; k++)
		draw_entry(c, c->list.top + (size_t)k, b.y + k, b.x, b.w);
	if (foot)
		draw_words(c, &words);
}

static void open_report(struct ui *u, const struct report_entry *r)
{
	char title[128];

	snprintf(title, sizeof(title), "Report of %s: %s", r->scenario, r->verdict);
	dialog_report(u, title, r->path);
}

static void open_entry(struct ui *u, const struct choice *c)
{
	const struct scenario_entry *s = cur_scenario(c);
	const struct report_entry *r = cur_report(c);
	struct scenario_entry copy;

	if (s && s->broken[0]) {
		ui_say(u, true, "%s cannot be run: %s", s->name, s->broken);
	} else if (s) {
		copy = *s; /* the list goes with this dialog */
		dialog_scenario(u, copy.name, copy.path, copy.variables);
	} else if (r) {
		open_report(u, r);
	}
}

static void choice_key(struct ui *u, struct dialog *d, enum cmd cmd, int code)
{
	struct choice *c = (struct choice *)d;

	(void)code;
	if (list_move(&c->list, cmd, c->nscenarios + c->nreports))
		return;
	if (cmd == CMD_CANCEL)
		dialog_close(u);
	else if (cmd == CMD_PRESS)
		open_entry(u, c);
}

static void choice_free(struct dialog *d)
{
	struct choice *c = (struct choice *)d;

	free(c->scenarios);
	free(c->reports);
	free(c);
}

static const struct dialog_ops choice_ops = {
	.where = IN_DIALOG, .draw = choice_draw, .key = choice_key, .free = choice_free
};

/* Those that this cluster cannot run come last. */
static int by_use(const void *a, const void *b)
{
	const struct scenario_entry *x = a, *y = b;

	if (!x->broken[0] != !y->broken[0])
		return x->broken[0] ? 1 : -1;
	return strcmp(x->name, y->name);
}

void dialog_scenarios(struct ui *u)
{
	struct choice *c;
	struct places p;

	if (scenarios_running(u)) {
		dialog_scenario_run(u);
		return;
	}
	c = calloc(1, sizeof(*c));
	if (!c) {
		ui_say(u, true, "out of memory");
		return;
	}
	c->dialog.ops = &choice_ops;
	places_scenarios(&p, u->cfg);
	scenario_list(u->deck, p.dirs, &c->scenarios, &c->nscenarios, &c->why);
	if (c->nscenarios)
		qsort(c->scenarios, c->nscenarios, sizeof(*c->scenarios), by_use);
	report_list(u->deck, &c->reports, &c->nreports, &c->why);
	dialog_close(u);
	u->dialog = &c->dialog;
}
