// SPDX-License-Identifier: GPL-2.0-or-later
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "chart.h"
#include "pane_detail.h"

#define MAX_COLS 400
#define VALUE_W  10 /* " 2.2 KiB/s" */
#define SCALE_W  14 /* " top 1023 MiB" */

static const struct {
	int64_t ms;
	const char *word;
} spans[] = { { 60000, "1 min" }, { 300000, "5 min" }, { 900000, "15 min" }, { 3600000, "1 h" } };
#define NSPANS ((int)(sizeof(spans) / sizeof(*spans)))

bool detail_zoom(struct ui *u, enum cmd c)
{
	if (c == CMD_ZOOM_IN)
		u->zoom -= u->zoom > 0;
	else if (c == CMD_ZOOM_OUT)
		u->zoom += u->zoom < NSPANS - 1;
	else
		return false;
	ui_say(u, false, "charts show the last %s", spans[u->zoom].word);
	return true;
}

struct chart {
	float v[MAX_COLS * CHART_DOTS];
	unsigned char mark[MAX_COLS]; /* of each column */
	char text[MAX_COLS * 3 + 1];
	double top;
	size_t cols;
};

static void fill_chart(const struct ui *u, struct chart *c, const struct item *i,
		       const struct sample *m, int cols)
{
	size_t n = (size_t)(cols < MAX_COLS ? cols : MAX_COLS) * CHART_DOTS;
	unsigned char mark[MAX_COLS * CHART_DOTS];
	int64_t step = spans[u->zoom].ms / (int64_t)n;
	int64_t now = u->boot_ms - u->boot_ms % step;

	c->cols = n / CHART_DOTS;
	hist_fill(u->hist, u->targets.cur.node, i, m->metric->key, now, step, c->v, n);
	hist_marks(u->hist, &u->targets.cur, u->boot_ms, step, mark, n);
	for (size_t k = 0; k < c->cols; k++)
		c->mark[k] = mark[k * CHART_DOTS] | mark[k * CHART_DOTS + 1];
	c->top = chart_top(c->v, n, m->metric->unit);
}

/* What was measured while something was injected has its own colour; begin and end their signs. */
static void draw_chart_row(struct chart *c, int y, int x, int height, int row)
{
	for (size_t k = 0, next; k < c->cols; k = next) {
		int during = c->mark[k] & HIST_DURING;

		for (next = k; next < c->cols && (c->mark[next] & HIST_DURING) == during; next++)
			;
		chart_row(c->text, sizeof(c->text), c->v + k * CHART_DOTS, (next - k) * CHART_DOTS,
			  c->top, height, row, draw_chart_style());
		put(y, x + (int)k, (int)(next - k), during ? ROLE_INJECTED : ROLE_CHART, c->text);
	}
	for (size_t k = 0; row == height - 1 && k < c->cols; k++) {
		if (c->mark[k] & HIST_END)
			put(y, x + (int)k, 1, ROLE_TEXT, mark_glyph(MARK_GONE));
		if (c->mark[k] & HIST_BEGIN)
			put(y, x + (int)k, 1, ROLE_INJECTED, mark_glyph(MARK_INJECTED));
	}
}

static void scale_str(char *dst, size_t n, const struct chart *c, const struct sample *m)
{
	char top[40];

	snprintf(dst, n, "top %s", chart_value(top, sizeof(top), c->top, m->metric->unit));
}

/* One row: label, chart, value, scale. */
static void short_chart(struct ui *u, struct pen *p, const struct item *i, const struct sample *m,
			int label_w)
{
	static struct chart c;
	char now[48], scale[48];
	int y, cols = p->box.w - label_w - VALUE_W - SCALE_W - 1;

	chart_value(now, sizeof(now), m->known ? m->value : NAN, m->metric->unit);
	if (cols < 6) {
		pen_text(p, m->metric->label, label_w, ROLE_TEXT, now);
		return;
	}
	if (!pen_row(p, &y))
		return;
	fill_chart(u, &c, i, m, cols);
	scale_str(scale, sizeof(scale), &c, m);
	put(y, p->box.x, label_w - 1, ROLE_DIM, m->metric->label);
	draw_chart_row(&c, y, p->box.x + label_w, 1, 0);
	put_right(y, p->box.x + label_w + cols, VALUE_W, ROLE_TEXT, now);
	put_right(y, p->box.x + label_w + cols + VALUE_W, SCALE_W, ROLE_GREYED, scale);
}

/* A line of words, and HEIGHT rows of chart below it. */
static void tall_chart(struct ui *u, struct pen *p, const struct item *i, const struct sample *m,
		       int height)
{
	static struct chart c;
	char now[48], scale[48];
	int y, cols = p->box.w - 1;

	fill_chart(u, &c, i, m, cols);
	chart_value(now, sizeof(now), m->known ? m->value : NAN, m->metric->unit);
	scale_str(scale, sizeof(scale), &c, m);
	if (pen_row(p, &y)) {
		int used = putf(y, p->box.x, p->box.w, ROLE_DIM, "%-11s ", m->metric->label);

		used += put(y, p->box.x + used, p->box.w - used, ROLE_TEXT, now);
		put_right(y, p->box.x + used, cols - used, ROLE_GREYED, scale);
	}
	for (int row = 0; row < height; row++)
		if (pen_row(p, &y))
			draw_chart_row(&c, y, p->box.x, height, row);
}

/* What the charts have alike: their time, and what their signs mean. */
static void draw_legend(struct ui *u, struct pen *p)
{
	unsigned char mark[MAX_COLS];
	unsigned seen = 0;
	char line[120];
	int y;

	hist_marks(u->hist, &u->targets.cur, u->boot_ms, spans[u->zoom].ms / MAX_COLS, mark,
		   MAX_COLS);
	for (size_t k = 0; k < MAX_COLS; k++)
		seen |= mark[k];
	if (!pen_row(p, &y))
		return;
	snprintf(line, sizeof(line), "last %s (z Z)", spans[u->zoom].word);
	put(y, p->box.x, p->box.w, ROLE_DIM, line);
	snprintf(line, sizeof(line), "%s%s%s%s", seen & HIST_BEGIN ? mark_glyph(MARK_INJECTED) : "",
		 seen & HIST_BEGIN ? " injected  " : "",
		 seen & HIST_END ? mark_glyph(MARK_GONE) : "", seen & HIST_END ? " ended" : "");
	put_right(y, p->box.x + text_cols("last 15 min (z Z)  "),
		  p->box.w - text_cols("last 15 min (z Z)  ") - 1, ROLE_DIM, line);
}

static int label_width(const struct item *i)
{
	int w = 0;

	for (size_t m = 0; m < i->nsamples; m++) {
		int cols = text_cols(i->samples[m].metric->label) + 1;

		w = cols > w ? cols : w;
	}
	return w < LABEL_W ? w : LABEL_W;
}

void detail_charts(struct ui *u, struct pen *p, const struct item *i)
{
	int n = (int)i->nsamples, most = p->box.h * 6 / 10;
	int room = p->box.h - p->row - 8; /* some lines are left for what is below */
	int each = n ? (room > most ? room : most) / n : 0;

	if (!n)
		return;
	draw_legend(u, p);
	for (int m = 0; m < n; m++)
		if (each >= 3)
			tall_chart(u, p, i, &i->samples[m], each >= 6 ? 4 : each - 1);
		else
			short_chart(u, p, i, &i->samples[m], label_width(i));
	pen_text(p, "", 0, ROLE_TEXT, "");
}
