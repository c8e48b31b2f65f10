// SPDX-License-Identifier: GPL-2.0-or-later
#include "journal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dirs.h"
#include "text.h"

#define JOURNAL_MAX      (64u << 20) /* bytes that are read back */
#define JOURNAL_MAX_OPEN 10000u      /* ids that are kept while reading */

struct journal {
	pthread_mutex_t lock; /* between threads; flock is between programs */
	int fd;
	char path[PATH_MAX];
};

int journal_open(const char *dir, struct journal **out, struct err *e)
{
	struct journal *j = calloc(1, sizeof(*j));
	int r;

	if (!j)
		return err_set(e, -ENOMEM, "out of memory");
	r = make_dirs(dir);
	if (r == 0 && snprintf(j->path, sizeof(j->path), "%s/journal", dir) >= (int)sizeof(j->path))
		r = -ENAMETOOLONG;
	if (r == 0) {
		j->fd = open(j->path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
		r = j->fd < 0 ? -errno : 0;
	}
	if (r) {
		free(j);
		err_set(e, r, "the journal in %s cannot be opened: %s", dir, strerror(-r));
		return err_hint(e, "nothing is injected without a journal: set XDG_STATE_HOME to a "
				   "directory that you may write to");
	}
	pthread_mutex_init(&j->lock, NULL);
	*out = j;
	return 0;
}

struct journal *journal_close(struct journal *j)
{
	if (!j)
		return NULL;
	close(j->fd);
	pthread_mutex_destroy(&j->lock);
	free(j);
	return NULL;
}

static char *encode(const struct injection *i)
{
	char at[32];
	json_t *o = json_pack(
		"{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:s, s:I, s:b}",
		"time",
		text_time(at, sizeof(at), i->since_unix_ms ? i->since_unix_ms : now_unix_ms()),
		"id", i->id, "state", state_word(i->state), "fault", i->fault, "target", i->target,
		"node", i->node, "owner", i->owner, "params", i->params, "purpose", i->purpose,
		"reason", i->reason, "aftermath", i->aftermath, "started",
		(json_int_t)i->started_unix_ms, "ttl_ms", (json_int_t)i->ttl_ms, "boot", i->boot,
		"deadline_node", (json_int_t)i->deadline_node_ms, "lost", i->lost);
	char *s = o ? json_dumps(o, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;

	json_decref(o);
	return s;
}

/* A record that was torn by a crash must not swallow this one. */
static bool ends_torn(int fd)
{
	off_t end = lseek(fd, 0, SEEK_END);
	char last;

	return end > 0 && pread(fd, &last, 1, end - 1) == 1 && last != '\n';
}

static int append(int fd, const char *line)
{
	struct buf b = BUF_INIT(8192);
	ssize_t n;
	int r;

	if (ends_torn(fd))
		buf_str(&b, "\n");
	buf_fmt(&b, "%s\n", line);
	if (b.broken) {
		buf_free(&b);
		return -ENOMEM;
	}
	n = write(fd, b.data, b.len);
	r = n < 0 ? -errno : (size_t)n < b.len ? -ENOSPC : 0;
	buf_free(&b);
	return r ? r : fsync(fd) ? -errno : 0;
}

int journal_write(struct journal *j, const struct injection *i, struct err *e)
{
	char *line = encode(i);
	int r = line ? 0 : -ENOMEM;

	pthread_mutex_lock(&j->lock);
	if (r == 0 && flock(j->fd, LOCK_EX))
		r = -errno;
	if (r == 0) {
		r = append(j->fd, line);
		flock(j->fd, LOCK_UN);
	}
	pthread_mutex_unlock(&j->lock);
	free(line);
	if (r == 0)
		return 0;
	err_set(e, r, "%s: %s", j->path, strerror(-r));
	return err_hint(e, "nothing is injected unless the journal holds it first");
}

static void copy_str(char *dst, size_t n, const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	text_clean(dst, n, s ? s : "");
}

struct entry {
	char at[32];
	struct injection i;
};

static bool decode(const char *line, size_t len, struct entry *out)
{
	json_t *o = json_loadb(line, len, 0, NULL);
	struct injection *i = &out->i;
	char state[16];
	int s;

	memset(i, 0, sizeof(*i));
	copy_str(out->at, sizeof(out->at), o, "time");
	copy_str(i->id, sizeof(i->id), o, "id");
	copy_str(state, sizeof(state), o, "state");
	copy_str(i->fault, sizeof(i->fault), o, "fault");
	copy_str(i->target, sizeof(i->target), o, "target");
	copy_str(i->node, sizeof(i->node), o, "node");
	copy_str(i->owner, sizeof(i->owner), o, "owner");
	copy_str(i->params, sizeof(i->params), o, "params");
	copy_str(i->purpose, sizeof(i->purpose), o, "purpose");
	copy_str(i->reason, sizeof(i->reason), o, "reason");
	copy_str(i->aftermath, sizeof(i->aftermath), o, "aftermath");
	i->started_unix_ms = json_integer_value(json_object_get(o, "started"));
	i->ttl_ms = json_integer_value(json_object_get(o, "ttl_ms"));
	copy_str(i->boot, sizeof(i->boot), o, "boot");
	i->deadline_node_ms = json_integer_value(json_object_get(o, "deadline_node"));
	i->lost = json_is_true(json_object_get(o, "lost"));
	i->hits = -1;
	i->mine = true;
	json_decref(o);
	s = state_from_word(state);
	if (s >= 0)
		i->state = (enum inj_state)s;
	return s >= 0 && text_is_id(i->id);
}

struct last {
	struct injection *list;
	size_t n, cap;
};

static int keep(struct last *l, const struct injection *i)
{
	for (size_t k = l->n; k-- > 0;) {
		if (strcmp(l->list[k].id, i->id) == 0) {
			l->list[k] = *i;
			return 0;
		}
	}
	if (l->n == l->cap) {
		size_t cap = l->cap ? l->cap * 2 : 64;
		struct injection *p =
			l->n < JOURNAL_MAX_OPEN ? realloc(l->list, cap * sizeof(*p)) : NULL;

		if (!p)
			return -ENOMEM;
		l->list = p;
		l->cap = cap;
	}
	l->list[l->n++] = *i;
	return 0;
}

/* Ended injections are of no use any more: drop them while reading, so that a long file is cheap.
 */
static void drop_final(struct last *l)
{
	size_t n = 0;

	for (size_t k = 0; k < l->n; k++)
		if (!state_is_final(l->list[k].state))
			l->list[n++] = l->list[k];
	l->n = n;
}

static int read_all(int fd, struct buf *b)
{
	char chunk[65536];
	off_t at = 0;
	ssize_t n;

	while ((n = pread(fd, chunk, sizeof(chunk), at)) > 0) {
		at += n;
		if (buf_add(b, chunk, (size_t)n))
			return -EFBIG;
	}
	return n < 0 ? -errno : 0;
}

/* Calls FN with every record of B until it returns an error; counts what is none. */
static int each_record(const struct buf *b, int (*fn)(const struct entry *r, void *arg), void *arg,
		       size_t *bad)
{
	const char *p = b->data, *end = b->data + b->len;
	struct entry i;
	int r = 0;

	while (r == 0 && p && p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		const char *stop = nl ? nl : end;

		if (decode(p, (size_t)(stop - p), &i))
			r = fn(&i, arg);
		else
			*bad += stop > p;
		p = stop + 1;
	}
	return r;
}

static int keep_record(const struct entry *e, void *arg)
{
	struct last *l = arg;
	int r = keep(l, &e->i);

	if (l->n > 256 && state_is_final(e->i.state))
		drop_final(l);
	return r;
}

int journal_read(struct journal *j, void (*fn)(const struct injection *i, void *arg), void *arg,
		 size_t *bad, struct err *e)
{
	struct buf b = BUF_INIT(JOURNAL_MAX);
	struct last l = { 0 };
	int r = read_all(j->fd, &b);

	*bad = 0;
	if (r == 0)
		r = each_record(&b, keep_record, &l, bad);
	drop_final(&l);
	for (size_t k = 0; r == 0 && k < l.n; k++)
		fn(&l.list[k], arg);
	free(l.list);
	buf_free(&b);
	return r ? err_set(e, r, "%s cannot be read back: %s", j->path, strerror(-r)) : 0;
}

struct find {
	const char *id;
	struct injection *out;
	bool found;
};

static int find_record(const struct entry *e, void *arg)
{
	struct find *f = arg;

	if (strcmp(e->i.id, f->id) == 0) {
		*f->out = e->i;
		f->found = true;
	}
	return 0;
}

bool journal_find(struct journal *j, const char *id, struct injection *out)
{
	struct buf b = BUF_INIT(JOURNAL_MAX);
	struct find f = { .id = id, .out = out };
	size_t bad = 0;

	if (read_all(j->fd, &b) == 0)
		each_record(&b, find_record, &f, &bad);
	buf_free(&b);
	return f.found;
}

struct each {
	int (*fn)(const char *at, const struct injection *i, void *arg);
	void *arg;
};

static int call_each(const struct entry *e, void *arg)
{
	struct each *c = arg;

	return c->fn(e->at, &e->i, c->arg);
}

int journal_each(struct journal *j, int (*fn)(const char *at, const struct injection *i, void *arg),
		 void *arg)
{
	struct buf b = BUF_INIT(JOURNAL_MAX);
	struct each c = { .fn = fn, .arg = arg };
	size_t bad = 0;
	int r = read_all(j->fd, &b);

	if (r == 0)
		r = each_record(&b, call_each, &c, &bad);
	buf_free(&b);
	return r;
}
