// SPDX-License-Identifier: GPL-2.0-or-later
/* One scenario before it runs: its variables, and every act and its undo. */
#include <curses.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "batch.h"
#include "console_ui.h"
#include "core/text.h"
#include "term.h"

#define LABEL_W 11

enum place { AT_CANCEL, AT_RUN, AT_VARIABLES, PLACES };

struct before {
	struct dialog dialog;
	char name[SCENARIO_NAME_MAX], path[512];
	struct edit variables;
	enum place at;
	struct scenario_plan *plan; /* NULL: `why`, or the mistakes of the file */
	struct mistakes *mistakes;
	struct err why;
	uint64_t seed; /* chosen once, so that the plan stays what it is */
	int top, page;
};

static int load(struct ui *u, struct before *b, struct scenario **out)
{
	struct words w;
	int r = words_split(b->variables.text, &w, &b->why);

	if (r)
		return r;
	r = scenario_load(u->deck, b->path, (const char *const *)&w.v[1], (size_t)w.n - 1, out,
			  b->mistakes, &b->why);
	words_free(&w);
	return r;
}

static void plan_again(struct ui *u, struct before *b)
{
	struct scenario *s = NULL;

	b->plan = scenario_plan_free(b->plan);
	memset(&b->why, 0, sizeof(b->why));
	b->mistakes->n = b->mistakes->dropped = 0;
	if (load(u, b, &s))
		return;
	if (scenario_plan(u->deck, s, b->seed, &b->plan, &b->why))
		scenario_free(s);
	else
		b->seed = b->plan->seed;
}

static const char *forbidden(const struct ui *u, const struct before *b)
{
	if (u->readonly)
		return "this console was started with --readonly: it plans, but does not run";
	if (!b->plan)
		return b->why.msg[0] ? b->why.msg : "the scenario has mistakes";
	return b->plan->refused ? b->plan->guard : NULL;
}

/* ---- drawing ---- */

static void draw_act(struct pen *p, const struct scenario_act *a)
{
	char line[200];

	pen_text(p, "", 0, ROLE_TEXT, "");
	snprintf(line, sizeof(line), a->times > 1 ? "%s, %d times" : "%s", a->step, a->times);
	pen_text(p, "step", LABEL_W, ROLE_TITLE, line);
	if (a->command) {
		snprintf(line, sizeof(line), "on %s", a->node);
		pen_text(p, "command", LABEL_W, ROLE_TEXT, a->command);
		pen_text(p, "", LABEL_W, ROLE_DIM, line);
	}
	for (size_t k = 0; a->plan && k < a->plan->nitems; k++) {
		pen_lines(p, "do", LABEL_W, buf_text(&a->plan->items[k].act.do_lines));
		pen_lines(p, "undo", LABEL_W, buf_text(&a->plan->items[k].act.undo_lines));
	}
}

static void draw_plan(const struct before *b, struct pen *p)
{
	char least[32], most[32], line[200];

	pen_text(p, "guard", LABEL_W, b->plan->refused ? ROLE_ERROR : ROLE_UP, b->plan->guard);
	snprintf(line, sizeof(line), "%s, at most %s with all that may be waited for; seed %llu",
		 ui_left(least, sizeof(least), b->plan->least_ms),
		 ui_left(most, sizeof(most), b->plan->most_ms), (unsigned long long)b->plan->seed);
	pen_text(p, "takes", LABEL_W, ROLE_TEXT, line);
	for (size_t k = 0; k < b->plan->nacts; k++)
		draw_act(p, &b->plan->acts[k]);
}

static struct pen draw_body(const struct ui *u, const struct before *b, const struct box *box)
{
	struct pen p = { .box = *box, .top = b->top };
	bool here = b->at == AT_VARIABLES;
	char line[40];
	int y;

	pen_text(&p, "", 0, ROLE_TEXT, b->plan ? scenario_description(b->plan->scenario) : "");
	if (pen_row(&p, &y)) {
		put(y, box->x, LABEL_W - 1, here ? ROLE_TITLE_FOCUS : ROLE_DIM, "variables");
		edit_draw(&b->variables, y, box->x + LABEL_W, box->w - LABEL_W,
			  here ? ROLE_FIELD_FOCUS : ROLE_FIELD, here);
	}
	if (b->why.msg[0])
		pen_text(&p, "cannot", LABEL_W, ROLE_ERROR, b->why.msg);
	if (b->why.hint[0])
		pen_text(&p, "to do", LABEL_W, ROLE_TEXT, b->why.hint);
	for (size_t k = 0; k < b->mistakes->n; k++) {
		snprintf(line, sizeof(line), "line %d", b->mistakes->list[k].line);
		pen_text(&p, line, LABEL_W, ROLE_WARN, b->mistakes->list[k].msg);
	}
	if (u->readonly)
		pen_text(&p, "cannot", LABEL_W, ROLE_ERROR, forbidden(u, b));
	if (b->plan)
		draw_plan(b, &p);
	return p;
}

static void before_draw(struct ui *u, struct dialog *d)
{
	struct before *b = (struct before *)d;
	const struct button buttons[] = { { "Cancel", NULL },
					  { forbidden(u, b) ? "cannot run" : "Run", NULL } };
	struct box probe = { 10000, 0, 0, (COLS < 116 ? COLS : 116) - 4 }, box;
	struct pen p = draw_body(u, b, &probe);
	char title[100];

	snprintf(title, sizeof(title), "Run %s", b->name);
	box = dialog_page(p.row, 116, title);
	p.box = box;
	b->page = box.h;
	b->top = pen_limit(&p, b->top);
	draw_body(u, b, &box);
	dialog_page_foot(&box, p.row, b->top, buttons, b->at == AT_VARIABLES ? 9 : (size_t)b->at);
}

/* ---- keys ---- */

static void run_now(struct ui *u, struct before *b)
{
	const char *no = forbidden(u, b);
	struct err e = { 0 };

	if (no) {
		ui_say(u, true, "%s", no);
		return;
	}
	scenarios_close(u); /* that is over: two are not run at once */
	if (scenario_start(u->deck, b->plan, &(struct scenario_opts){ NULL }, &u->scenarios.run,
			   &e)) {
		ui_say(u, true, "%s%s%s", e.msg, e.hint[0] ? "; " : "", e.hint);
		return;
	}
	b->plan = NULL;
	scenarios_take(u);
	dialog_scenario_run(u);
}

static void before_key(struct ui *u, struct dialog *d, enum cmd c, int code)
{
	struct before *b = (struct before *)d;

	if (b->at == AT_VARIABLES && c != CMD_PRESS && edit_key(&b->variables, code)) {
		plan_again(u, b);
		return;
	}
	switch (c) {
	case CMD_CANCEL:
		dialog_close(u);
		break;
	case CMD_PRESS:
		if (b->at == AT_CANCEL)
			dialog_close(u);
		else if (b->at == AT_RUN)
			run_now(u, b);
		else
			b->at = AT_CANCEL;
		break;
	case CMD_NEXT:
	case CMD_RIGHT:
		b->at = (b->at + 1) % PLACES;
		break;
	case CMD_PREV:
	case CMD_LEFT:
		b->at = (b->at + PLACES - 1) % PLACES;
		break;
	default:
		page_move(&b->top, c, b->page);
	}
}

static bool before_typing(const struct dialog *d)
{
	return ((const struct before *)d)->at == AT_VARIABLES;
}

static void before_free(struct dialog *d)
{
	struct before *b = (struct before *)d;

	scenario_plan_free(b->plan);
	free(b->mistakes);
	free(b);
}

static const struct dialog_ops before_ops = { .where = IN_DIALOG,
					      .draw = before_draw,
					      .key = before_key,
					      .typing = before_typing,
					      .free = before_free };

void dialog_scenario(struct ui *u, const char *name, const char *path, const char *variables)
{
	struct before *b = calloc(1, sizeof(*b));

	if (b)
		b->mistakes = calloc(1, sizeof(*b->mistakes));
	if (!b || !b->mistakes) {
		free(b);
		ui_say(u, true, "out of memory");
		return;
	}
	b->dialog.ops = &before_ops;
	snprintf(b->name, sizeof(b->name), "%s", name);
	snprintf(b->path, sizeof(b->path), "%s", path);
	edit_set(&b->variables, variables);
	plan_again(u, b);
	dialog_close(u);
	u->dialog = &b->dialog;
}
