// SPDX-License-Identifier: GPL-2.0-or-later
/* What was really run, and what the module did: events are counted exactly, in few lines. */
#include "pane_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "console_ui.h"

static struct log_shown *add_line(struct log *l, int64_t unix_ms, const char *node)
{
	struct log_shown *s;

	if (!l->ring)
		l->ring = calloc(LOG_LINES, sizeof(*l->ring));
	if (!l->ring)
		return NULL;
	s = &l->ring[l->n++ % LOG_LINES];
	*s = (struct log_shown){ .unix_ms = unix_ms };
	snprintf(s->node, sizeof(s->node), "%s", node);
	if (l->back)
		l->back++; /* what is looked at stays in its place */
	return s;
}

/* Hits of one injection since the last other line are one line, that counts them. */
static struct log_shown *event_line(struct log *l, const struct event *e)
{
	struct log_shown *s;

	for (size_t k = 1; k <= l->n && k < LOG_LINES; k++) {
		s = &l->ring[(l->n - k) % LOG_LINES];
		if (!s->event)
			break;
		if (strcmp(s->id, e->id) == 0 && strcmp(s->node, e->node) == 0)
			return s;
	}
	s = add_line(l, e->unix_ms, e->node);
	if (s) {
		s->event = true;
		snprintf(s->id, sizeof(s->id), "%s", e->id);
	}
	return s;
}

static void take_event(struct log *l, const struct event *e)
{
	struct log_shown *s = event_line(l, e);

	if (!s)
		return;
	s->count++;
	s->unix_ms = e->unix_ms;
	snprintf(s->text, sizeof(s->text), "hit %s %s %s[%d/%d] cpu %d: %s %s %s", e->id, e->point,
		 e->comm, e->tgid, e->tid, e->cpu, e->from, glyph(GLYPH_TO), e->to);
}

static void say_lost(struct log *l, int64_t now, uint64_t lost, const char *what)
{
	struct log_shown *s = lost ? add_line(l, now, "") : NULL;

	if (s)
		snprintf(s->text, sizeof(s->text), "%llu %s came too fast to be kept",
			 (unsigned long long)lost, what);
}

void log_take(struct ui *u)
{
	struct log *l = &u->log;
	uint64_t lost = 0;
	struct log_line line;
	struct event e;

	while (deck_log_next(u->deck, &l->line_cursor, &line, &lost)) {
		struct log_shown *s = add_line(l, line.unix_ms, line.node);

		if (!s)
			continue;
		s->code = line.code;
		snprintf(s->text, sizeof(s->text), "%s", line.text);
	}
	say_lost(l, u->unix_ms, lost, "lines");
	lost = 0;
	while (deck_event_next(u->deck, &l->event_cursor, &e, &lost))
		take_event(l, &e);
	say_lost(l, u->unix_ms, lost, "events");
}

static void log_title(const struct ui *u, char *dst, size_t n)
{
	if (u->log.back)
		snprintf(dst, n, "Log, %zu lines back (End: newest)", u->log.back);
	else
		snprintf(dst, n, "Log");
}

static void draw_line(const struct log_shown *s, int y, int x, int w)
{
	time_t at = (time_t)(s->unix_ms / 1000);
	char clock[16] = "", end[64] = "";
	struct tm tm;
	int right;

	if (localtime_r(&at, &tm))
		strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
	put(y, x + 1, 8, ROLE_DIM, clock);
	put(y, x + 11, 9, ROLE_TEXT, s->node[0] ? s->node : "console");
	if (s->event)
		snprintf(end, sizeof(end), "%llu hit%s", (unsigned long long)s->count,
			 s->count == 1 ? "" : "s");
	else if (s->node[0])
		snprintf(end, sizeof(end), "%s", s->code ? "failed" : "ok");
	right = *end ? text_cols(end) + 2 : 0;
	put(y, x + 21, w - 22 - right,
	    s->code    ? ROLE_ERROR
	    : s->event ? ROLE_DIM
		       : ROLE_TEXT,
	    s->text);
	if (right && w > right + 24)
		put_right(y, x + w - right - 1, right, s->code ? ROLE_ERROR : ROLE_DIM, end);
}

static void log_draw(struct ui *u, const struct box *b)
{
	struct log *l = &u->log;
	size_t kept = l->n < LOG_LINES ? l->n : LOG_LINES;
	size_t h = b->h > 0 ? (size_t)b->h : 0;
	size_t most = kept > h ? kept - h : 0, first;

	l->page = b->h;
	if (l->back > most)
		l->back = most;
	first = l->n - l->back - (kept - l->back < h ? kept - l->back : h);
	for (size_t k = 0; k < h && first + k < l->n - l->back; k++)
		draw_line(&l->ring[(first + k) % LOG_LINES], b->y + (int)k, b->x, b->w);
}

static bool log_act(struct ui *u, enum cmd c)
{
	struct log *l = &u->log;
	int top = 1 << 20;

	if (c == CMD_END || c == CMD_HOME) {
		l->back = c == CMD_END ? 0 : LOG_LINES;
		return true;
	}
	if (!page_move(&top, c, l->page))
		return false;
	top -= 1 << 20;
	if (top > 0)
		l->back = l->back > (size_t)top ? l->back - (size_t)top : 0;
	else
		l->back += (size_t)-top;
	return true;
}

void log_free(struct log *l)
{
	free(l->ring);
}

const struct pane_ops log_pane = {
	.where = IN_LOG, .title = log_title, .draw = log_draw, .act = log_act
};

/* ---- of one target ---- */

static bool is_about(const struct ui *u, const struct log_shown *s, const struct target *t,
		     const char *name)
{
	if (s->node[0] && strcmp(s->node, t->node) != 0)
		return false;
	if (strstr(s->text, name) || (t->kind == KIND_NODE && s->node[0]))
		return true;
	for (size_t k = 0; k < u->snap->ninjections; k++) {
		const struct injection *i = &u->snap->injections[k];

		if (strcmp(i->target, name) == 0 &&
		    (s->event ? !strcmp(s->id, i->id) : strstr(s->text, i->id) != NULL))
			return true;
	}
	return false;
}

void log_of_target(const struct ui *u, const struct target *t,
		   bool (*each)(const struct log_shown *s, void *arg), void *arg)
{
	const struct log *l = &u->log;
	char name[TARGET_MAX];

	target_str(name, t);
	for (size_t k = 1; k <= l->n && k <= LOG_LINES; k++) {
		const struct log_shown *s = &l->ring[(l->n - k) % LOG_LINES];

		if (is_about(u, s, t, name) && !each(s, arg))
			return;
	}
}
