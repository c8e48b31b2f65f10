// SPDX-License-Identifier: GPL-2.0-or-later
/* The frame: the line on top, the panes in their places, the line of keys at the foot. */
#include <curses.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "console_ui.h"

/* ---- words ---- */

char *ui_left(char *dst, size_t n, int64_t ms)
{
	long s = (long)((ms + 999) / 1000);

	if (s >= 3600)
		snprintf(dst, n, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
	else
		snprintf(dst, n, "%ld:%02ld", s / 60, s % 60);
	return dst;
}

char *ui_clock(char *dst, size_t n, int64_t unix_ms)
{
	time_t at = (time_t)(unix_ms / 1000);
	struct tm tm;

	*dst = '\0';
	if (localtime_r(&at, &tm))
		strftime(dst, n, "%H:%M:%S", &tm);
	return dst;
}

size_t ui_count(const struct node_view *v, enum kind k)
{
	size_t n = 0;

	for (size_t i = 1; v->items && i < v->nitems; i++)
		n += v->items[i].kind == k;
	return n;
}

size_t ui_vms(const struct node_view *v)
{
	return ui_count(v, KIND_VM);
}

static bool is_hit(const struct ui *u, const struct node_view *v, const struct item *i)
{
	const struct targets *t = &u->targets;
	bool all = !i && node_is_folded(t, v->cfg->name);

	for (size_t k = 0; k < t->nhit; k++) {
		const struct target *hit = &t->hit[k];
		bool of_vm = hit->kind == KIND_VM || hit->kind == KIND_VCPU;

		if (strcmp(hit->node, v->cfg->name) != 0)
			continue;
		if (all || (!i && !of_vm && hit->kind != KIND_SERVICE))
			return true;
		if (i && (of_vm ? KIND_VM : hit->kind) == i->kind && !strcmp(hit->name, i->name))
			return true;
	}
	return false;
}

enum mark ui_mark(const struct ui *u, const struct node_view *v, const struct item *i)
{
	static const enum mark of_node[] = { [NODE_CONNECTING] = MARK_UNKNOWN,
					     [NODE_UP] = MARK_UP,
					     [NODE_STALE] = MARK_STALE,
					     [NODE_DOWN] = MARK_DOWN };

	if (v->state != NODE_UP)
		return i ? MARK_STALE : of_node[v->state];
	if (is_hit(u, v, i))
		return MARK_INJECTED;
	if (!i)
		return MARK_UP;
	return i->bad ? MARK_DOWN : i->state[0] ? MARK_UP : MARK_UNKNOWN;
}

enum mark ui_probe_mark(enum probe_state s)
{
	return s == PROBE_HOLDS ? MARK_HOLDS : s == PROBE_FAILED ? MARK_PROBE : MARK_UNKNOWN;
}

void ui_state(const struct ui *u, const struct node_view *v, const struct item *i, char *dst,
	      size_t n)
{
	if (v->state == NODE_STALE && !i)
		snprintf(dst, n, "stale %lld s",
			 (long long)((u->boot_ms - v->seen_boot_ms) / 1000));
	else if (v->state != NODE_UP)
		snprintf(dst, n, "%s", node_state_word(i ? NODE_STALE : v->state));
	else if (i)
		snprintf(dst, n, "%s", i->state[0] ? i->state : "unknown");
	else
		snprintf(dst, n, "%s", ui_mark(u, v, i) == MARK_INJECTED ? "injected" : "up");
}

/* ---- top and foot ---- */

static void draw_clock(const struct ui *u, int w)
{
	time_t at = (time_t)(u->unix_ms / 1000);
	char s[32] = "";
	struct tm tm;

	if (localtime_r(&at, &tm))
		strftime(s, sizeof(s), "%H:%M:%S ", &tm);
	put_right(0, 0, w, ROLE_BAR, s);
}

static int draw_sign(const struct ui *u, int x, int w)
{
	size_t active = ui_active(u);
	const struct injection *next = injected_next(u);
	char left[32], ends[64];

	if (ui_panic(u))
		x += put(0, x, w - x, ROLE_PANIC, " NEW INJECTIONS BLOCKED ") + 1;
	if (scenarios_running(u))
		x += putf(0, x, w - x, ROLE_KEY, " %s: %s ", u->scenarios.view->name,
			  run_phase_word(u->scenarios.view->phase)) +
		     1;
	if (!active)
		return x;
	x += putf(0, x, w - x, ROLE_SIGN, " %s INJECTED %zu ", mark_glyph(MARK_INJECTED), active) +
	     1;
	if (!next)
		return x;
	ui_left(left, sizeof(left), ui_ttl_left(u, next));
	snprintf(ends, sizeof(ends), " next ends in %s", left);
	return x + put(0, x, w - x, ROLE_BAR, text_cols(ends) <= w - x ? ends : left) + 2;
}

static void draw_top(const struct ui *u)
{
	size_t up = 0, vms = 0, failed = 0;
	struct box line = { 0, 0, 1, COLS };
	int x, w = COLS - 10;

	for (size_t n = 0; n < u->snap->nnodes; n++) {
		const struct node_view *v = u->snap->nodes[n];

		up += v->state == NODE_UP;
		vms += ui_vms(v);
	}
	put_blank(&line, ROLE_BAR);
	draw_base(ROLE_BAR);
	x = putf(0, 0, COLS / 3, ROLE_BANNER, " %s ", u->cfg->cluster) + 1;
	x += put(0, x, 2, mark_role(up == u->snap->nnodes ? MARK_UP : MARK_DOWN),
		 mark_glyph(up == u->snap->nnodes ? MARK_UP : MARK_DOWN)) +
	     1;
	x += putf(0, x, w - x, ROLE_BAR, "%zu/%zu nodes  %zu VM%s ", up, u->snap->nnodes, vms,
		  vms == 1 ? "" : "s") +
	     1;
	for (size_t k = 0; k < u->snap->nprobes; k++)
		failed += u->snap->probes[k].state == PROBE_FAILED;
	if (failed)
		x += putf(0, x, w - x, mark_role(MARK_PROBE), "%s %zu probe%s failed ",
			  mark_glyph(MARK_PROBE), failed, failed == 1 ? "" : "s") +
		     1;
	x = draw_sign(u, x, w);
	if (u->readonly)
		put(0, x, w - x, ROLE_KEY, " READ-ONLY");
	draw_base(ROLE_TEXT);
	draw_clock(u, COLS);
}

/* The keys that matter here, as many as fit. */
static void draw_keys(const struct ui *u, int y)
{
	unsigned where = ui_where(u);
	bool typing = ui_typing(u);
	char key[24];
	int x = 1;

	for (int c = 1; c < CMD_COUNT && x < COLS; c++) {
		const struct command *cmd = command((enum cmd)c);
		bool grey = cmd->where & ACTS && u->readonly;
		unsigned i = 0;
		int need;

		if (!(cmd->where & where) || !*cmd->bar || !keys_name((enum cmd)c, 0, key, 24))
			continue;
		/* the letter is quicker than the F-key, where letters are keys */
		if (key[0] == 'F' && key[1] && !typing && keys_name((enum cmd)c, 1, key, 24))
			i = c == CMD_PANIC ? 0 : 1;
		keys_name((enum cmd)c, i, key, 24);
		need = text_cols(key) + text_cols(cmd->bar) + 3;
		if (x + need > COLS)
			continue;
		x += put(y, x, COLS - x, grey ? ROLE_BAR_DIM : ROLE_KEY, key) + 1;
		x += put(y, x, COLS - x, grey ? ROLE_BAR_DIM : ROLE_BAR, cmd->bar) + 2;
	}
}

static void draw_foot(const struct ui *u)
{
	int y = LINES - 1;
	struct box line = { y, 0, 1, COLS };

	put_blank(&line, ROLE_BAR);
	draw_base(ROLE_BAR);
	if (u->quit_when_clear)
		putf(y, 1, COLS - 2, ROLE_KEY,
		     "restoring, then quitting: %zu not restored yet   Esc stay   q other ways",
		     injected_mine(u));
	else if (u->say_until)
		put(y, 1, COLS - 2, u->say_bad ? ROLE_ERROR : ROLE_KEY, u->say);
	else
		draw_keys(u, y);
	draw_base(ROLE_TEXT);
}

/* ---- panes ---- */

/* How the screen is divided; 0: that pane has no place of its own. */
struct layout {
	int targets_w, faults_w; /* columns; detail has the rest */
	int upper_h, injected_h, log_h;
};

static struct layout layout(void)
{
	struct layout l = { .targets_w = COLS * 44 / 100, .injected_h = 4, .log_h = 3 };

	if (COLS >= 180)
		l.targets_w = 54, l.faults_w = 60;
	else if (COLS >= 110)
		l.targets_w = 38, l.faults_w = 34;
	if (LINES >= 45)
		l.injected_h = 9, l.log_h = 11;
	else if (LINES >= 34)
		l.injected_h = 6, l.log_h = 7;
	l.upper_h = LINES - 2 - l.injected_h - l.log_h;
	return l;
}

static void draw_column_line(int x, int h)
{
	put(1, x, 1, ROLE_FRAME, glyph(GLYPH_TTEE));
	for (int k = 1; k < h; k++)
		put(1 + k, x, 1, ROLE_FRAME, glyph(GLYPH_VLINE));
	put(1 + h, x, 1, ROLE_FRAME, glyph(GLYPH_BTEE));
}

/* The line above a pane; its title comes later, over the joints of the columns. */
static void draw_rule(const struct ui *u, enum pane_id p, const struct box *b)
{
	put_fill(b->y, b->x, b->w, u->focus == p ? ROLE_FRAME_FOCUS : ROLE_FRAME, GLYPH_HLINE);
}

/* The line that is typed, at the foot of B, which is less by it. */
static void draw_filter(const struct pane_filter *f, struct box *b)
{
	int y = b->y + --b->h;

	put(y, b->x, 1, ROLE_KEY, "/");
	edit_draw(&f->edit, y, b->x + 1, b->w - 2, ROLE_FIELD_FOCUS, true);
}

static void draw_pane(struct ui *u, enum pane_id p, const struct box *b)
{
	struct box body = { b->y + 1, b->x, b->h - 1, b->w };
	const struct pane_filter *f = ui_panes[p]->filter ? ui_panes[p]->filter(u) : NULL;
	bool typed = u->filtering && u->focus == p;
	char title[200], wanted[sizeof(f->edit.text) + 3];
	int w = b->w - 2;

	if (f && typed && body.h > 1) {
		draw_filter(f, &body);
	} else if (f && f->edit.text[0]) { /* said also where the title has to be cut for it */
		snprintf(wanted, sizeof(wanted), " /%s ", f->edit.text);
		w -= put_right(b->y, b->x + 1 + w / 2, w - w / 2, ROLE_KEY, wanted);
	}
	ui_panes[p]->title(u, title, sizeof(title));
	putf(b->y, b->x + 1, w, u->focus == p ? ROLE_TITLE_FOCUS : ROLE_TITLE, " %s ", title);
	ui_panes[p]->draw(u, &body);
}

/* Where each pane is; one that has no place gets no height. */
static void place_panes(const struct ui *u, struct box box[PANE_COUNT])
{
	struct layout l = layout();
	int x = l.targets_w + 1, below = 1 + l.upper_h;

	memset(box, 0, sizeof(*box) * PANE_COUNT);
	if (COLS < 80 || LINES < 24) {
		box[u->focus] = (struct box){ 1, 0, LINES - 2, COLS };
		return;
	}
	box[PANE_INJECTED] = (struct box){ below, 0, l.injected_h, COLS };
	box[PANE_LOG] = (struct box){ below + l.injected_h, 0, l.log_h, COLS };
	if (u->status && u->focus == PANE_DETAIL) { /* all of the cluster is one page */
		box[PANE_DETAIL] = (struct box){ 1, 0, l.upper_h, COLS };
		return;
	}
	box[PANE_TARGETS] = (struct box){ 1, 0, l.upper_h, l.targets_w };
	if (l.faults_w) {
		box[PANE_DETAIL] = (struct box){ 1, x, l.upper_h, COLS - x - l.faults_w - 1 };
		box[PANE_FAULTS] = (struct box){ 1, COLS - l.faults_w, l.upper_h, l.faults_w };
	} else {
		box[u->focus == PANE_FAULTS ? PANE_FAULTS : PANE_DETAIL] =
			(struct box){ 1, x, l.upper_h, COLS - x };
	}
}

static void draw_panes(struct ui *u)
{
	struct box box[PANE_COUNT];

	place_panes(u, box);
	for (int p = 0; p < PANE_COUNT; p++)
		if (box[p].h)
			draw_rule(u, (enum pane_id)p, &box[p]);
	for (int p = PANE_DETAIL; p <= PANE_FAULTS; p++)
		if (box[p].h && box[p].x)
			draw_column_line(box[p].x - 1, box[p].h);
	for (int p = 0; p < PANE_COUNT; p++)
		if (box[p].h)
			draw_pane(u, (enum pane_id)p, &box[p]);
}

/* Too small for a pane: what matters most, in as few letters as there are. */
static void draw_tiny(const struct ui *u)
{
	size_t active = ui_active(u);

	if (active)
		putf(0, 0, COLS, ROLE_SIGN, "%s INJECTED %zu", mark_glyph(MARK_INJECTED), active);
	else
		put(0, 0, COLS, ROLE_TEXT, "nothing injected");
	if (LINES > 1)
		putf(1, 0, COLS, ROLE_TEXT, "%dx%d is too small: 60x15 shows a pane", COLS, LINES);
	for (size_t k = 0; k < u->injected.n && (int)k + 3 < LINES; k++)
		putf((int)k + 3, 0, COLS, ROLE_TEXT, "%s %s %s", u->injected.rows[k].i->fault,
		     u->injected.rows[k].i->target, state_word(u->injected.rows[k].i->state));
	if (LINES > 2)
		put(2, 0, COLS, ROLE_KEY, "F9 restore all + stop  q quit");
}

void ui_draw(struct ui *u)
{
	frame_begin();
	if (COLS < 60 || LINES < 15) {
		draw_tiny(u);
	} else {
		draw_top(u);
		draw_panes(u);
		if (ui_panic(u))
			panic_draw(u);
		else if (u->dialog)
			u->dialog->ops->draw(u, u->dialog);
		draw_foot(u);
		if (u->command.typing)
			command_draw(u);
	}
	frame_end(u->redraw);
	u->redraw = false;
}
