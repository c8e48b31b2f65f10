// SPDX-License-Identifier: GPL-2.0-or-later
/* What is selected: identity, reasons, charts, attributes; or the status of the whole cluster. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chart.h"
#include "console_ui.h"

#define LABEL_W  12
#define MAX_COLS 400
#define STEP_MS  1000

static void detail_title(const struct ui *u, char *dst, size_t n)
{
	char name[TARGET_MAX];

	if (u->status)
		snprintf(dst, n, "Status of %s", u->cfg->cluster);
	else if (u->targets.has_cur)
		snprintf(dst, n, "%s", target_str(name, &u->targets.cur));
	else
		snprintf(dst, n, "Detail");
}

/* ---- charts ---- */

struct chart {
	float v[MAX_COLS * CHART_DOTS];
	bool mark[MAX_COLS * CHART_DOTS];
	char text[MAX_COLS * 3 + 1];
	double top;
	size_t n;
};

static void fill_chart(const struct ui *u, struct chart *c, const struct item *i,
		       const struct sample *m, int cols)
{
	int64_t now = u->boot_ms - u->boot_ms % STEP_MS;
	char name[TARGET_MAX];

	c->n = (size_t)(cols < MAX_COLS ? cols : MAX_COLS) * CHART_DOTS;
	hist_fill(u->hist, u->targets.cur.node, i, m->metric->key, now, STEP_MS, c->v, c->n);
	hist_marks(u->hist, target_str(name, &u->targets.cur), now, STEP_MS, c->mark, c->n);
	c->top = chart_top(c->v, c->n, m->metric->unit);
}

static void draw_chart_row(struct chart *c, int y, int x, int w, int height, int row)
{
	chart_row(c->text, sizeof(c->text), c->v, c->n, c->top, height, row, draw_unicode());
	put(y, x, w, ROLE_CHART, c->text);
	for (size_t k = 0; row == height - 1 && k < c->n; k++)
		if (c->mark[k])
			put(y, x + (int)(k / CHART_DOTS), 1, ROLE_INJECTED,
			    mark_glyph(MARK_INJECTED));
}

/* One row: label, chart, value, scale. */
static void short_chart(struct ui *u, struct pen *p, const struct item *i, const struct sample *m)
{
	static struct chart c;
	char now[48], top[48];
	int y, cols = p->box.w - LABEL_W - 24;

	chart_value(now, sizeof(now), m->value, m->metric->unit);
	if (cols < 6) {
		pen_text(p, m->metric->label, LABEL_W, ROLE_TEXT, now);
		return;
	}
	fill_chart(u, &c, i, m, cols);
	if (!pen_row(p, &y))
		return;
	put(y, p->box.x, LABEL_W - 1, ROLE_DIM, m->metric->label);
	draw_chart_row(&c, y, p->box.x + LABEL_W, cols, 1, 0);
	put_right(y, p->box.x + LABEL_W + cols, 10, ROLE_TEXT, now);
	chart_value(top, sizeof(top), c.top, m->metric->unit);
	putf(y, p->box.x + LABEL_W + cols + 11, 13, ROLE_GREYED, "top %s", top);
}

/* A line of words, and HEIGHT rows of chart below it. */
static void tall_chart(struct ui *u, struct pen *p, const struct item *i, const struct sample *m,
		       int height)
{
	static struct chart c;
	char now[48], top[48], scale[128];
	int y, cols = p->box.w - 1;

	fill_chart(u, &c, i, m, cols);
	chart_value(now, sizeof(now), m->value, m->metric->unit);
	chart_value(top, sizeof(top), c.top, m->metric->unit);
	if (pen_row(p, &y)) {
		int used = putf(y, p->box.x, p->box.w, ROLE_DIM, "%-11s ", m->metric->label);

		used += put(y, p->box.x + used, p->box.w - used, ROLE_TEXT, now);
		snprintf(scale, sizeof(scale), "top %s, last %zu s", top, c.n * STEP_MS / 1000);
		put_right(y, p->box.x + used, cols - used, ROLE_GREYED, scale);
	}
	for (int row = 0; row < height; row++)
		if (pen_row(p, &y))
			draw_chart_row(&c, y, p->box.x, cols, height, row);
	if (height > 2)
		pen_text(p, "", 0, ROLE_TEXT, "");
}

static void draw_charts(struct ui *u, struct pen *p, const struct item *i)
{
	int room = p->box.h - p->row - (int)i->nattrs - 1, most = p->box.h * 6 / 10;
	int each = i->nsamples ? (room > most ? room : most) / (int)i->nsamples : 0;

	for (size_t m = 0; m < i->nsamples; m++)
		if (each >= 3)
			tall_chart(u, p, i, &i->samples[m],
				   each >= 6   ? 4
				   : each == 3 ? 2
					       : each - 2);
		else
			short_chart(u, p, i, &i->samples[m]);
	if (i->nsamples && each < 5)
		pen_text(p, "", 0, ROLE_TEXT, "");
}

/* ---- one thing ---- */

static void draw_reason(struct ui *u, struct pen *p, const struct node_view *v)
{
	char age[32], line[80];

	if (v->state == NODE_UP)
		return;
	if (v->state == NODE_CONNECTING && !v->reason.code) {
		pen_text(p, "", 0, ROLE_DIM, "connecting; nothing is known yet");
		return;
	}
	pen_text(p, "reason", LABEL_W, ROLE_ERROR, v->reason.msg);
	if (v->reason.hint[0])
		pen_text(p, "to do", LABEL_W, ROLE_TEXT, v->reason.hint);
	if (v->reason.code == -ENOKEY) {
		pen_text(p, "host key", LABEL_W, ROLE_WARN, v->fingerprint);
		pen_text(p, "", LABEL_W, ROLE_TEXT, "Enter: compare it, then accept it");
	}
	if (v->seen_boot_ms) {
		ui_left(age, sizeof(age), u->boot_ms - v->seen_boot_ms);
		snprintf(line, sizeof(line), "%s ago; figures are from then", age);
		pen_text(p, "last seen", LABEL_W, ROLE_STALE, line);
	}
	pen_text(p, "", 0, ROLE_TEXT, "");
}

static void draw_identity(struct ui *u, struct pen *p, const struct node_view *v,
			  const struct item *i)
{
	const struct item *thing = u->targets.cur.kind == KIND_NODE ? NULL : i;
	enum mark m = ui_mark(u, v, thing);
	char state[64], line[400];
	int y;

	ui_state(u, v, thing, state, sizeof(state));
	if (pen_row(p, &y)) {
		put(y, p->box.x, 1, mark_role(m), mark_glyph(m));
		if (m == MARK_INJECTED)
			snprintf(line, sizeof(line), "injected, %s", state);
		else
			snprintf(line, sizeof(line), "%s", state);
		putf(y, p->box.x + 2, p->box.w - 2, mark_role(m), "%s", line);
		if (thing && thing->pid)
			snprintf(line, sizeof(line), "%s %s, pid %d", kind_word(thing->kind),
				 thing->name, thing->pid);
		else
			snprintf(line, sizeof(line), "%s%s%s", v->cfg->host,
				 v->cfg->disposable ? ", disposable" : "",
				 v->cfg->local ? ", without SSH" : "");
		put_right(y, p->box.x + p->box.w / 2, p->box.w - p->box.w / 2 - 1, ROLE_DIM, line);
	}
	if (!thing && v->state == NODE_UP) {
		snprintf(line, sizeof(line), "answers in %d ms", v->rtt_ms);
		pen_text(p, "", 0, ROLE_DIM, line);
	}
	pen_text(p, "", 0, ROLE_TEXT, "");
}

static void draw_hits(struct ui *u, struct pen *p)
{
	char name[TARGET_MAX], line[1600], left[32], at[32];

	target_str(name, &u->targets.cur);
	for (size_t k = 0; k < u->snap->ninjections; k++) {
		const struct injection *j = &u->snap->injections[k];
		int64_t ms = ui_ttl_left(u, j);

		if (state_is_final(j->state) || strcmp(j->target, name) != 0)
			continue;
		snprintf(line, sizeof(line), "%s %s %s, %s%s%s%s%s", mark_glyph(injection_mark(j)),
			 j->fault, j->params, state_word(j->state), ms >= 0 ? ", ends in " : "",
			 ms >= 0 ? ui_left(left, sizeof(left), ms) : "", j->effect[0] ? ", " : "",
			 j->effect);
		pen_text(p, "injected", LABEL_W, ROLE_INJECTED, line);
		ui_clock(at, sizeof(at), j->started_unix_ms);
		snprintf(line, sizeof(line), "by %s since %s%s%s", j->owner, at,
			 j->purpose[0] ? ": " : "", j->purpose);
		pen_text(p, "", LABEL_W, ROLE_DIM, line);
	}
}

/* Those of NODE and those that are asked from here; NULL: all. */
static void draw_probes(struct ui *u, struct pen *p, const char *node)
{
	bool some = false;
	char at[32], line[400];
	int y;

	for (size_t k = 0; k < u->snap->nprobes; k++) {
		const struct probe_view *v = &u->snap->probes[k];
		enum mark m = v->state == PROBE_HOLDS    ? MARK_HOLDS
			      : v->state == PROBE_FAILED ? MARK_PROBE
							 : MARK_UNKNOWN;

		if (node && v->node[0] && strcmp(v->node, node) != 0)
			continue;
		if (!some)
			pen_text(p, "", 0, ROLE_TITLE, "probes");
		some = true;
		if (!pen_row(p, &y))
			continue;
		put(y, p->box.x + 1, 1, mark_role(m), mark_glyph(m));
		put(y, p->box.x + 3, p->box.w / 2 - 4, ROLE_TEXT, v->name);
		snprintf(line, sizeof(line), "%s%s%s%s%s%s%s", probe_state_word(v->state),
			 v->value[0] ? ": " : "", v->value, v->cfg->unit ? " " : "",
			 v->cfg->unit ? v->cfg->unit : "", v->asked ? ", since " : "",
			 v->asked ? ui_clock(at, sizeof(at), v->since_unix_ms) : "");
		put(y, p->box.x + p->box.w / 2, p->box.w - p->box.w / 2, mark_role(m), line);
	}
	if (some)
		pen_text(p, "", 0, ROLE_TEXT, "");
}

static void draw_thing(struct ui *u, struct pen *p)
{
	const struct node_view *v;
	const struct item *i;

	if (!u->targets.has_cur || !targets_find(u, &u->targets.cur, &v, &i)) {
		pen_text(p, "", 0, ROLE_DIM, "nothing is selected");
		return;
	}
	draw_identity(u, p, v, i);
	draw_reason(u, p, v);
	draw_hits(u, p);
	if (!i)
		return;
	draw_probes(u, p, v->cfg->name);
	draw_charts(u, p, i);
	for (size_t a = 0; a < i->nattrs; a++)
		pen_text(p, i->attrs[a].key, LABEL_W, ROLE_TEXT, i->attrs[a].value);
}

/* ---- the cluster ---- */

static void draw_status(struct ui *u, struct pen *p)
{
	size_t up = 0, vms = 0;
	char line[600], state[64], name[80];
	int y;

	for (size_t n = 0; n < u->snap->nnodes; n++) {
		up += u->snap->nodes[n]->state == NODE_UP;
		vms += ui_vms(u->snap->nodes[n]);
	}
	snprintf(line, sizeof(line), "%zu of %zu nodes up, %zu VMs, %zu active injections", up,
		 u->snap->nnodes, vms, snapshot_active(u->snap));
	pen_text(p, "", 0, ROLE_TEXT, line);
	pen_text(p, "", 0, ROLE_TEXT, "");
	for (size_t n = 0; n < u->snap->nnodes; n++) {
		const struct node_view *v = u->snap->nodes[n];
		enum mark m = ui_mark(u, v, NULL);

		ui_state(u, v, NULL, state, sizeof(state));
		if (!pen_row(p, &y))
			continue;
		snprintf(name, sizeof(name), "%s %s", mark_glyph(m), v->cfg->name);
		put(y, p->box.x, 14, mark_role(m), name);
		put(y, p->box.x + 15, 10, mark_role(m), state);
		put(y, p->box.x + 26, p->box.w - 26, ROLE_DIM,
		    v->state == NODE_UP ? v->cfg->host : v->reason.msg);
	}
	pen_text(p, "", 0, ROLE_TEXT, "");
	draw_probes(u, p, NULL);
}

static void detail_draw(struct ui *u, const struct box *b)
{
	struct pen pen = { .box = *b, .top = u->detail_top };

	pen.box.x++;
	pen.box.w--;
	if (u->status)
		draw_status(u, &pen);
	else
		draw_thing(u, &pen);
	if (pen_limit(&pen, u->detail_top) == u->detail_top)
		return;
	u->detail_top = pen_limit(&pen, u->detail_top); /* scrolled past the end: once more */
	put_blank(b, ROLE_TEXT);
	detail_draw(u, b);
}

static bool detail_act(struct ui *u, enum cmd c)
{
	const struct node_view *v;
	const struct item *i;

	if (page_move(&u->detail_top, c, 10))
		return true;
	if (c != CMD_ACCEPT)
		return false;
	if (!u->status && u->targets.has_cur && targets_find(u, &u->targets.cur, &v, &i) &&
	    v->state != NODE_UP && v->reason.code == -ENOKEY)
		ask_key(u, v->cfg->name);
	return true;
}

const struct pane_ops detail_pane = {
	.where = IN_DETAIL, .title = detail_title, .draw = detail_draw, .act = detail_act
};
