// SPDX-License-Identifier: GPL-2.0-or-later
/* The status of the whole cluster on one page: what batch's `status` says, in the same order. */
#include <stdio.h>
#include <string.h>

#include "chart.h"
#include "pane_detail.h"

/* Columns: name, kind, state; what comes behind them has the rest. */
struct columns {
	int name, kind, state, rest;
};

/* A link is news here where something is wrong with it; all of them are in the tree. */
static bool is_shown(const struct ui *u, const struct node_view *v, const struct item *i)
{
	if (i->kind == KIND_LINK)
		return i->bad || ui_mark(u, v, i) == MARK_INJECTED;
	return i->kind != KIND_INJECTION;
}

static struct columns columns_of(const struct ui *u, int w)
{
	struct columns c = { .name = 8, .state = 11 };

	for (size_t n = 0; n < u->snap->nnodes && n < 200; n++) {
		const struct node_view *v = u->snap->nodes[n];
		int cols = text_cols(v->cfg->name) + 2;

		c.name = cols > c.name ? cols : c.name;
		for (size_t i = 1; i < v->nitems; i++) {
			if (!is_shown(u, v, &v->items[i]))
				continue;
			cols = text_cols(v->items[i].name) + 4;
			c.name = cols > c.name ? cols : c.name;
		}
	}
	c.name = c.name + 2 < w / 2 ? c.name + 2 : w / 2;
	c.kind = w >= 70 ? 9 : 0;
	c.rest = w - c.name - c.kind - c.state;
	return c;
}

static void draw_row(const struct columns *c, int y, int x, enum mark m, int indent,
		     const char *name, const char *kind, const char *state, enum role role,
		     const char *rest)
{
	put(y, x + indent, 1, mark_role(m), mark_glyph(m));
	put(y, x + indent + 2, c->name - indent - 3, ROLE_TEXT, name);
	if (c->kind)
		put(y, x + c->name, c->kind - 1, ROLE_DIM, kind);
	put(y, x + c->name + c->kind, c->state - 1, mark_role(m), state);
	put(y, x + c->name + c->kind + c->state, c->rest, role, rest);
}

/* What it says of itself, then its figures. */
static void figures_of(const struct item *i, char *dst, size_t n)
{
	const char *health = item_attr(i, "health");
	size_t len = (size_t)snprintf(dst, n, "%s", health ? health : "");
	char value[40];

	for (size_t m = 0; m < i->nsamples && len < n; m++) {
		const struct sample *s = &i->samples[m];

		if (s->known)
			len += (size_t)snprintf(
				dst + len, n - len, "%s%s %s", len ? "  " : "", s->metric->label,
				chart_value(value, sizeof(value), s->value, s->metric->unit));
	}
}

static void draw_node(struct ui *u, struct pen *p, const struct columns *c,
		      const struct node_view *v)
{
	const char *kernel = v->nitems ? item_attr(&v->items[0], "kernel") : NULL;
	const char *module = v->nitems ? item_attr(&v->items[0], "module") : NULL;
	bool up = v->state == NODE_UP;
	char state[64], line[700];
	int y;

	if (!pen_row(p, &y))
		return;
	ui_state(u, v, NULL, state, sizeof(state));
	if (up)
		snprintf(line, sizeof(line), "answers in %d ms%s%s%s%s", v->rtt_ms,
			 kernel ? "  kernel " : "", kernel ? kernel : "", module ? "  module " : "",
			 module ? module : "");
	else
		snprintf(line, sizeof(line), "%s", v->reason.msg);
	draw_row(c, y, p->box.x, ui_mark(u, v, NULL), 0, v->cfg->name, kind_word(KIND_NODE), state,
		 up ? ROLE_DIM : ROLE_ERROR, line);
}

static void draw_item(struct ui *u, struct pen *p, const struct columns *c,
		      const struct node_view *v, const struct item *i)
{
	char state[64], line[700];
	int y;

	if (!pen_row(p, &y))
		return;
	ui_state(u, v, i, state, sizeof(state));
	figures_of(i, line, sizeof(line));
	draw_row(c, y, p->box.x, ui_mark(u, v, i), 2, i->name, kind_word(i->kind), state, ROLE_TEXT,
		 line);
}

static void draw_totals(struct ui *u, struct pen *p)
{
	size_t up = 0, vms = 0, services = 0, failed = 0, active = snapshot_active(u->snap);
	char line[300];

	for (size_t n = 0; n < u->snap->nnodes; n++) {
		const struct node_view *v = u->snap->nodes[n];

		up += v->state == NODE_UP;
		vms += ui_vms(v);
		for (size_t i = 1; i < v->nitems; i++)
			services += v->items[i].kind == KIND_SERVICE;
	}
	for (size_t k = 0; k < u->snap->nprobes; k++)
		failed += u->snap->probes[k].state == PROBE_FAILED;
	snprintf(line, sizeof(line),
		 "%zu of %zu nodes up, %zu VM%s, %zu service%s, %zu probe%s (%zu failed), %zu "
		 "active "
		 "injection%s",
		 up, u->snap->nnodes, vms, vms == 1 ? "" : "s", services, services == 1 ? "" : "s",
		 u->snap->nprobes, u->snap->nprobes == 1 ? "" : "s", failed, active,
		 active == 1 ? "" : "s");
	pen_text(p, "", 0, ROLE_TEXT, line);
	pen_text(p, "", 0, ROLE_TEXT, "");
}

void detail_probes(struct ui *u, struct pen *p, const char *node)
{
	int name_w = p->box.w * 4 / 10, y;
	bool some = false;
	char at[32], line[400];

	for (size_t k = 0; k < u->snap->nprobes; k++) {
		const struct probe_view *v = &u->snap->probes[k];
		enum mark m = ui_probe_mark(v->state);

		if (node && v->node[0] && strcmp(v->node, node) != 0)
			continue;
		if (!some)
			pen_text(p, "", 0, ROLE_TITLE, "probes");
		some = true;
		if (!pen_row(p, &y))
			continue;
		put(y, p->box.x + 1, 1, mark_role(m), mark_glyph(m));
		put(y, p->box.x + 3, name_w - 4, ROLE_TEXT, v->name);
		snprintf(line, sizeof(line), "%s%s%s%s%s%s%s", probe_state_word(v->state),
			 v->value[0] ? ": " : "", v->value, v->cfg->unit ? " " : "",
			 v->cfg->unit ? v->cfg->unit : "", v->asked ? ", since " : "",
			 v->asked ? ui_clock(at, sizeof(at), v->since_unix_ms) : "");
		put(y, p->box.x + name_w, p->box.w - name_w, mark_role(m), line);
	}
	if (some)
		pen_text(p, "", 0, ROLE_TEXT, "");
}

void detail_status(struct ui *u, struct pen *p, const char *group)
{
	struct columns c = columns_of(u, p->box.w);

	if (!group)
		draw_totals(u, p);
	for (size_t n = 0; n < u->snap->nnodes; n++) {
		const struct node_view *v = u->snap->nodes[n];
		struct row r = { .kind = ROW_NODE, .node = n };

		if (group && strcmp(row_group(u, &r), group) != 0)
			continue;
		draw_node(u, p, &c, v);
		for (size_t i = 1; i < v->nitems; i++)
			if (is_shown(u, v, &v->items[i]))
				draw_item(u, p, &c, v, &v->items[i]);
	}
	if (group)
		return;
	pen_text(p, "", 0, ROLE_TEXT, "");
	detail_probes(u, p, NULL);
}
