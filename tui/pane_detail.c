// SPDX-License-Identifier: GPL-2.0-or-later
/* What is selected: identity, reasons, then its parts; or the status of the whole cluster. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "pane_detail.h"

static void detail_title(const struct ui *u, char *dst, size_t n)
{
	char name[TARGET_MAX];

	if (u->status)
		snprintf(dst, n, "Status of %s", u->cfg->cluster);
	else if (u->targets.cur_group[0])
		snprintf(dst, n, "All of %s", u->targets.cur_group);
	else if (u->targets.has_cur)
		snprintf(dst, n, "%s", target_str(name, &u->targets.cur));
	else
		snprintf(dst, n, "Detail");
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
		else if (thing)
			snprintf(line, sizeof(line), "%s %s", kind_word(thing->kind), thing->name);
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

/* A service's own words about itself. */
static void draw_health(struct pen *p, const struct item *i)
{
	const char *health = item_attr(i, "health");

	if (!health)
		return;
	pen_text(p, "health", LABEL_W, i->bad ? ROLE_ERROR : ROLE_TEXT, health);
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
	draw_health(p, i);
	detail_charts(u, p, i);
	detail_facts(u, p, v, i);
	detail_probes(u, p, v->cfg->name);
	detail_events(u, p, &u->targets.cur);
}

static void detail_draw(struct ui *u, const struct box *b)
{
	struct pen pen = { .box = *b, .top = u->detail_top };

	pen.box.x++;
	pen.box.w--;
	if (u->status)
		detail_status(u, &pen, NULL);
	else if (u->targets.cur_group[0])
		detail_status(u, &pen, u->targets.cur_group);
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
