// SPDX-License-Identifier: GPL-2.0-or-later
/* The scenario that runs: its steps, its probes, and what can be done about it. */
#include <curses.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console_ui.h"
#include "core/text.h"

struct live {
	struct dialog dialog;
	int top, page;
	bool away; /* the operator looks elsewhere than at the current step */
};

void scenarios_take(struct ui *u)
{
	struct scenarios *s = &u->scenarios;

	if (!s->run)
		return;
	if (s->view)
		scenario_view_put(s->view);
	s->view = scenario_look(s->run);
}

bool scenarios_running(const struct ui *u)
{
	return u->scenarios.view && u->scenarios.view->phase != RUN_OVER;
}

void scenarios_close(struct ui *u)
{
	struct scenarios *s = &u->scenarios;

	if (s->view)
		scenario_view_put(s->view);
	s->view = NULL;
	s->run = scenario_close(s->run);
}

/* ---- drawing ---- */

static enum mark step_mark(enum step_state s)
{
	return s == STEP_RUNNING   ? MARK_INJECTED
	       : s == STEP_DONE    ? MARK_HOLDS
	       : s == STEP_FAILED  ? MARK_PROBE
	       : s == STEP_WAITING ? MARK_GONE
				   : MARK_STALE;
}

static void draw_step(const struct ui *u, const struct step_view *s, struct pen *p)
{
	enum mark m = step_mark(s->state);
	int64_t end = s->ended_unix_ms ? s->ended_unix_ms : u->unix_ms;
	char took[32] = "";
	int y, x = p->box.x, name_w = p->box.w * 4 / 10;

	if (!pen_row(p, &y))
		return;
	put(y, x, 1, mark_role(m), mark_glyph(m));
	put(y, x + 2 + 2 * s->lane, name_w - 3 - 2 * s->lane,
	    s->state == STEP_RUNNING ? ROLE_TITLE_FOCUS : ROLE_TEXT, s->name);
	put(y, x + name_w, 8, mark_role(m), step_state_word(s->state));
	if (s->began_unix_ms)
		put_right(y, x + name_w + 8, 8, ROLE_DIM,
			  ui_left(took, sizeof(took), end - s->began_unix_ms));
	put(y, x + name_w + 18, p->box.w - name_w - 18, ROLE_DIM, s->message);
}

static const struct probe_view *find_probe(const struct ui *u, const char *name)
{
	for (size_t k = 0; k < u->snap->nprobes; k++)
		if (strcmp(u->snap->probes[k].name, name) == 0)
			return &u->snap->probes[k];
	return NULL;
}

static void draw_probes(const struct ui *u, const struct scenario_view *v, struct pen *p)
{
	char line[400];
	int y;

	for (size_t k = 0; k < v->nprobes; k++) {
		const struct probe_view *b = find_probe(u, v->probes[k]);
		enum mark m = ui_probe_mark(b ? b->state : PROBE_UNKNOWN);

		if (!pen_row(p, &y))
			continue;
		snprintf(line, sizeof(line), "%s %s: %s%s%s", mark_glyph(m), v->probes[k],
			 probe_state_word(b ? b->state : PROBE_UNKNOWN),
			 b && b->value[0] ? ", " : "", b ? b->value : "");
		put(y, p->box.x, p->box.w, mark_role(m), line);
	}
	if (v->nprobes)
		pen_text(p, "", 0, ROLE_TEXT, "");
}

static void draw_head(const struct ui *u, const struct scenario_view *v, struct pen *p)
{
	char ran[32], left[32], line[900];
	int64_t rest = v->left_ms - (u->boot_ms - v->boot_ms);

	if (v->phase == RUN_OVER) {
		snprintf(line, sizeof(line), "%s%s%s", run_verdict_word(v->verdict),
			 v->why[0] ? ": " : "", v->why);
		pen_text(p, "", 0, v->verdict == VERDICT_PASSED ? ROLE_UP : ROLE_ERROR, line);
		pen_text(p, "report", 8, ROLE_DIM, v->report);
	} else {
		snprintf(line, sizeof(line), "%s%s for %s, at most %s more; seed %llu",
			 run_phase_word(v->phase), v->paused ? ", PAUSED," : "",
			 ui_left(ran, sizeof(ran), u->boot_ms - v->began_boot_ms),
			 ui_left(left, sizeof(left), rest > 0 ? rest : 0),
			 (unsigned long long)v->seed);
		pen_text(p, "", 0, v->paused ? ROLE_WARN : ROLE_TEXT, line);
		if (v->next < v->nsteps)
			pen_text(p, "next", 8, ROLE_DIM, v->steps[v->next].name);
	}
	pen_text(p, "", 0, ROLE_TEXT, "");
	draw_probes(u, v, p);
}

static void live_draw(struct ui *u, struct dialog *d)
{
	struct live *l = (struct live *)d;
	const struct scenario_view *v = u->scenarios.view;
	struct box b;
	struct pen p;
	char title[120];
	int at;

	if (!v)
		return;
	snprintf(title, sizeof(title), "Scenario %s", v->name);
	b = dialog_frame(140, (int)(v->nsteps + v->nprobes) + 9, title, ROLE_FRAME_FOCUS);
	p = (struct pen){ .box = b };
	draw_head(u, v, &p);
	p = (struct pen){ .box = { b.y + p.row, b.x, b.h - p.row, b.w } };
	l->page = p.box.h;
	p.row = (int)v->nsteps;
	at = v->current < v->nsteps ? (int)v->current : (int)v->nsteps;
	l->top = pen_limit(&p, l->away ? l->top : at - l->page / 2);
	p.row = 0;
	p.top = l->top;
	for (size_t k = 0; k < v->nsteps; k++)
		draw_step(u, &v->steps[k], &p);
}

/* ---- keys ---- */

static void abort_run(struct ui *u, const char *arg)
{
	(void)arg;
	if (!u->scenarios.run)
		return;
	scenario_abort(u->scenarios.run, "aborted by the operator, in the console");
	dialog_scenario_run(u);
}

static void go_back(struct ui *u, const char *arg)
{
	(void)arg;
	dialog_scenario_run(u);
}

static void ask_abort(struct ui *u)
{
	static const struct button buttons[] = { { "Go on", go_back },
						 { "Abort and restore", abort_run } };

	dialog_ask(u, "Abort the scenario?",
		   "Everything that it injected is restored, and the report is written.", buttons,
		   2, "");
}

static void show_report(struct ui *u, const struct scenario_view *v)
{
	if (v->phase != RUN_OVER)
		ui_say(u, false, "the report is written when the scenario is over");
	else
		dialog_report(u, "Report", v->report);
}

static void live_key(struct ui *u, struct dialog *d, enum cmd c, int code)
{
	struct live *l = (struct live *)d;
	const struct scenario_view *v = u->scenarios.view;

	(void)code;
	if (c == CMD_CLOSE)
		dialog_close(u);
	else if (c == CMD_PAUSE)
		scenario_pause(u->scenarios.run, !v->paused);
	else if (c == CMD_SKIP)
		scenario_skip(u->scenarios.run);
	else if (c == CMD_ABORT && v->phase != RUN_OVER)
		ask_abort(u);
	else if (c == CMD_REPORT)
		show_report(u, v);
	else if (page_move(&l->top, c, l->page))
		l->away = true;
}

static void live_free(struct dialog *d)
{
	free(d);
}

static const struct dialog_ops live_ops = {
	.where = IN_RUN, .draw = live_draw, .key = live_key, .free = live_free
};

void dialog_scenario_run(struct ui *u)
{
	struct live *l = calloc(1, sizeof(*l));

	if (!l)
		return;
	l->dialog.ops = &live_ops;
	dialog_close(u);
	u->dialog = &l->dialog;
}
