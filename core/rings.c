// SPDX-License-Identifier: GPL-2.0-or-later
/* The log of what was really run and the modules' events: bounded rings with a cursor a reader. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "deck_priv.h"

static void add_line(struct deck *d, const char *node, int code, const char *fmt, va_list ap)
{
	struct log_line *l = &d->log[d->log_end++ % DECK_LOG_MAX];

	*l = (struct log_line){ .unix_ms = now_unix_ms(), .code = code };
	snprintf(l->node, sizeof(l->node), "%s", node);
	vsnprintf(l->text, sizeof(l->text), fmt, ap);
	text_clean(l->text, sizeof(l->text), l->text);
	eventfd_write(d->wake_fd, 1);
}

void log_locked(struct deck *d, const char *node, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_line(d, node, code, fmt, ap);
	va_end(ap);
}

void deck_log(struct deck *d, const char *node, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	pthread_mutex_lock(&d->lock);
	add_line(d, node, code, fmt, ap);
	pthread_mutex_unlock(&d->lock);
	va_end(ap);
}

/* Moves *CURSOR to the next entry that is still kept, and says whether there is one. */
static bool next(uint64_t *cursor, uint64_t end, uint64_t max, uint64_t *lost)
{
	uint64_t oldest = end > max ? end - max : 0;

	if (*cursor < oldest) {
		if (lost)
			*lost += oldest - *cursor;
		*cursor = oldest;
	}
	return *cursor < end;
}

bool deck_log_next(struct deck *d, uint64_t *cursor, struct log_line *out, uint64_t *lost)
{
	bool some;

	pthread_mutex_lock(&d->lock);
	some = next(cursor, d->log_end, DECK_LOG_MAX, lost);
	if (some)
		*out = d->log[(*cursor)++ % DECK_LOG_MAX];
	pthread_mutex_unlock(&d->lock);
	return some;
}

bool deck_event_next(struct deck *d, uint64_t *cursor, struct event *out, uint64_t *lost)
{
	bool some;

	pthread_mutex_lock(&d->lock);
	some = next(cursor, d->events_end, DECK_EVENTS_MAX, lost);
	if (some)
		*out = d->events[(*cursor)++ % DECK_EVENTS_MAX];
	pthread_mutex_unlock(&d->lock);
	return some;
}

static void copy_field(char *dst, size_t n, const char *value)
{
	snprintf(dst, n, "%s", value);
}

static void take_field(struct event *ev, const char *key, const char *value)
{
	if (strcmp(key, "time") == 0)
		ev->node_s = strtod(value, NULL);
	else if (strcmp(key, "id") == 0)
		copy_field(ev->id, sizeof(ev->id), value);
	else if (strcmp(key, "point") == 0)
		copy_field(ev->point, sizeof(ev->point), value);
	else if (strcmp(key, "comm") == 0)
		copy_field(ev->comm, sizeof(ev->comm), value);
	else if (strcmp(key, "from") == 0)
		copy_field(ev->from, sizeof(ev->from), value);
	else if (strcmp(key, "to") == 0)
		copy_field(ev->to, sizeof(ev->to), value);
	else if (strcmp(key, "cpu") == 0)
		ev->cpu = (int)strtol(value, NULL, 10);
	else if (strcmp(key, "tgid") == 0)
		ev->tgid = (int)strtol(value, NULL, 10);
	else if (strcmp(key, "tid") == 0)
		ev->tid = (int)strtol(value, NULL, 10);
}

/* KEY=VALUE words, as the module's `events` has them; comment lines begin with '#'. */
void event_take(struct actor *a, const char *line)
{
	struct event ev = { .unix_ms = now_unix_ms() };
	char copy[512], *save = NULL;

	if (line[0] == '#')
		return;
	snprintf(ev.node, sizeof(ev.node), "%s", a->cfg->name);
	snprintf(copy, sizeof(copy), "%s", line);
	for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
		char *eq = strchr(w, '=');

		if (!eq)
			continue;
		*eq = '\0';
		take_field(&ev, w, eq + 1);
	}
	if (!ev.id[0])
		return;
	pthread_mutex_lock(&a->deck->lock);
	a->deck->events[a->deck->events_end++ % DECK_EVENTS_MAX] = ev;
	deck_changed(a->deck);
	pthread_mutex_unlock(&a->deck->lock);
}

int deck_journal(struct deck *d, int (*fn)(const char *at, const struct injection *i, void *arg),
		 void *arg)
{
	return journal_each(d->journal, fn, arg);
}
