// SPDX-License-Identifier: GPL-2.0-or-later
/* What was really run, and what the module did: events are counted exactly, in few lines. */
#include "pane_log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "console_ui.h"
#include "core/text.h"

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

static void take_from(struct ui *u, struct shown_cluster *c)
{
	struct log *l = &u->log;
	uint64_t lost = 0;
	struct log_line line;
	struct event e;

	while (deck_log_next(c->c.deck, &c->line_cursor, &line, &lost)) {
		struct log_shown *s = add_line(l, line.unix_ms, line.node);

		if (!s)
			continue;
		s->code = line.code;
		snprintf(s->text, sizeof(s->text), "%s", line.text);
	}
	say_lost(l, u->unix_ms, lost, "lines");
	lost = 0;
	while (deck_event_next(c->c.deck, &c->event_cursor, &e, &lost))
		take_event(l, &e);
	say_lost(l, u->unix_ms, lost, "events");
}

void log_take(struct ui *u)
{
	for (size_t k = u->nclusters; k-- > 0;)
		take_from(u, &u->cluster[k]);
}

/* ---- what is shown ---- */

static const char *log_who(const struct log_shown *s)
{
	return s->node[0] ? s->node : "console";
}

static const char *column(const void *row, const char *key, char *buf, size_t n)
{
	const struct log_shown *s = row;

	if (key)
		return strcmp(key, "node") == 0 ? log_who(s)
		       : strcmp(key, "id") == 0 ? s->id
						: NULL;
	snprintf(buf, n, "%s %s %s", log_who(s), s->text, s->code ? "failed" : "ok");
	return buf;
}

static void log_update(struct ui *u)
{
	struct log *l = &u->log;
	size_t first = l->n > LOG_LINES ? l->n - LOG_LINES : 0;

	l->nshown = 0;
	for (size_t k = first; k < l->n; k++)
		if (filter_passes(l->filter.filter, column, &l->ring[k % LOG_LINES]))
			l->shown[l->nshown++] = k;
	l->list.cur = l->nshown ? l->nshown - 1 : 0;
	while (l->away && l->list.cur && l->shown[l->list.cur] > l->cur)
		l->list.cur--;
}

static struct pane_filter *log_filter(struct ui *u)
{
	return &u->log.filter;
}

static void log_title(const struct ui *u, char *dst, size_t n)
{
	const struct log *l = &u->log;

	if (l->away && l->nshown)
		snprintf(dst, n, "Log, %zu lines back (End: newest)", l->nshown - 1 - l->list.cur);
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
	put(y, x + 11, 9, ROLE_TEXT, log_who(s));
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

	list_show(&l->list, l->nshown, b->h);
	for (int line = 0; line < b->h && l->list.top + (size_t)line < l->nshown; line++) {
		size_t at = l->list.top + (size_t)line;
		struct box row = { b->y + line, b->x, 1, b->w };

		if (at == l->list.cur && u->focus == PANE_LOG) {
			draw_base(ROLE_SELECTED);
			put_blank(&row, ROLE_TEXT);
		}
		draw_line(&l->ring[l->shown[at] % LOG_LINES], row.y, row.x, row.w);
		draw_base(ROLE_TEXT);
	}
	if (!l->nshown && l->filter.filter)
		put(b->y, b->x + 1, b->w - 1, ROLE_DIM, "nothing matches; Esc drops the filter");
}

/* ---- out of the screen ---- */

static void add_shown(const struct log *l, size_t at, struct buf *out)
{
	const struct log_shown *s = &l->ring[l->shown[at] % LOG_LINES];
	time_t when = (time_t)(s->unix_ms / 1000);
	char clock[32] = "";
	struct tm tm;

	if (localtime_r(&when, &tm))
		strftime(clock, sizeof(clock), "%Y-%m-%dT%H:%M:%S", &tm);
	buf_fmt(out, "%s.%03d\t%s\t%s", clock, (int)(s->unix_ms % 1000), log_who(s), s->text);
	if (s->event)
		buf_fmt(out, "\t%llu hits\n", (unsigned long long)s->count);
	else
		buf_fmt(out, "\t%s\n", s->code ? "failed" : "ok");
}

static void copy(struct ui *u, bool all)
{
	struct log *l = &u->log;
	struct buf out = BUF_INIT(LOG_LINES * 700);
	char what[64];

	for (size_t k = 0; k < l->nshown; k++)
		if (all || k == l->list.cur)
			add_shown(l, k, &out);
	snprintf(what, sizeof(what), all ? "%zu lines" : "the line", l->nshown);
	if (l->nshown)
		ui_copy(u, buf_text(&out), what);
	buf_free(&out);
}

/* All lines that are shown, to a new file where the console was started. */
static void export(struct ui *u)
{
	time_t now = (time_t)(u->unix_ms / 1000);
	struct buf out = BUF_INIT(LOG_LINES * 700);
	char name[64] = "";
	struct tm tm;
	FILE *f;

	if (localtime_r(&now, &tm))
		strftime(name, sizeof(name), "faultdeck-log-%Y%m%d-%H%M%S.txt", &tm);
	for (size_t k = 0; k < u->log.nshown; k++)
		add_shown(&u->log, k, &out);
	f = fopen(name, "wxe");
	if (!f || fputs(buf_text(&out), f) == EOF)
		ui_say(u, true, "%s cannot be written: %s", name, strerror(errno));
	else
		ui_say(u, false, "%zu lines are in %s", u->log.nshown, name);
	if (f && fclose(f))
		ui_say(u, true, "%s cannot be written: %s", name, strerror(errno));
	buf_free(&out);
}

static bool log_act(struct ui *u, enum cmd c)
{
	struct log *l = &u->log;

	if (list_move(&l->list, c, l->nshown)) {
		l->away = l->list.cur + 1 < l->nshown;
		l->cur = l->away ? l->shown[l->list.cur] : 0;
		return true;
	}
	if (c == CMD_COPY || c == CMD_COPY_ALL)
		copy(u, c == CMD_COPY_ALL);
	else if (c == CMD_EXPORT)
		export(u);
	else
		return false;
	return true;
}

void log_free(struct log *l)
{
	free(l->ring);
	filter_free(l->filter.filter);
}

/* ---- of one target ---- */

static bool is_about(const struct ui *u, const struct log_shown *s, const struct target *t,
		     const char *name)
{
	if (s->node[0] && strcmp(s->node, t->node) != 0)
		return false;
	if (strstr(s->text, name) || (t->kind == KIND_NODE && s->node[0]))
		return true;
	for (size_t k = 0; k < u->injected.nall; k++) {
		const struct injection *i = u->injected.all[k].i;

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

const struct pane_ops log_pane = { .where = IN_LOG,
				   .filter = log_filter,
				   .title = log_title,
				   .update = log_update,
				   .draw = log_draw,
				   .act = log_act };
