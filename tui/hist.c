// SPDX-License-Identifier: GPL-2.0-or-later
#include "hist.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"

#define MOMENTS    256
#define MAX_SERIES 65536

struct point {
	int64_t ms;
	float v;
};

struct series {
	char *key; /* "node kind name metric", apart by 0x1f */
	uint64_t hash;
	struct point *ring;
	size_t cap, n, next; /* the ring grows up to HIST_SAMPLES, then turns */
	int64_t usual_ms;    /* the interval between samples */
};

struct moment {
	char id[ID_MAX];
	char target[TARGET_MAX];
	int64_t ms;
};

struct hist {
	struct series **table; /* open addressing, a power of two */
	size_t size, used;
	uint64_t *seq; /* of each node, as last taken */
	size_t nseq;
	struct moment moments[MOMENTS];
	size_t nmoments; /* all ever; the ring holds the last */
};

struct hist *hist_new(void)
{
	struct hist *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	h->size = 256;
	h->table = calloc(h->size, sizeof(struct series *));
	return h->table ? h : hist_free(h);
}

struct hist *hist_free(struct hist *h)
{
	if (!h)
		return NULL;
	for (size_t i = 0; h->table && i < h->size; i++) {
		if (!h->table[i])
			continue;
		free(h->table[i]->ring);
		free(h->table[i]->key);
		free(h->table[i]);
	}
	free(h->table);
	free(h->seq);
	free(h);
	return NULL;
}

static uint64_t hash_of(const char *s)
{
	uint64_t h = 1469598103934665603u;

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 1099511628211u;
	return h;
}

static struct series **slot(struct series **table, size_t size, const char *key, uint64_t hash)
{
	size_t i = hash & (size - 1);

	while (table[i] && (table[i]->hash != hash || strcmp(table[i]->key, key) != 0))
		i = (i + 1) & (size - 1);
	return &table[i];
}

static bool grow(struct hist *h)
{
	size_t size = h->size * 2;
	struct series **table = calloc(size, sizeof(struct series *));

	if (!table)
		return false;
	for (size_t i = 0; i < h->size; i++)
		if (h->table[i])
			*slot(table, size, h->table[i]->key, h->table[i]->hash) = h->table[i];
	free(h->table);
	h->table = table;
	h->size = size;
	return true;
}

static void key_of(char *dst, size_t n, const char *node, const struct item *i, const char *metric)
{
	snprintf(dst, n, "%s\x1f%s\x1f%s\x1f%s", node, kind_word(i->kind), i->name, metric);
}

static struct series *series_new(struct hist *h, const char *key, uint64_t hash)
{
	struct series *s;

	if (h->used >= MAX_SERIES || (h->used * 2 >= h->size && !grow(h)))
		return NULL;
	s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	s->key = strdup(key);
	if (!s->key) {
		free(s);
		return NULL;
	}
	s->hash = hash;
	*slot(h->table, h->size, key, hash) = s;
	h->used++;
	return s;
}

/* How many are kept now; 0 when out of memory. */
static size_t series_room(struct series *s)
{
	size_t cap = s->cap ? s->cap * 2 : 32;
	struct point *ring;

	if (s->n < s->cap || s->cap == HIST_SAMPLES)
		return s->cap;
	cap = cap < HIST_SAMPLES ? cap : HIST_SAMPLES;
	ring = realloc(s->ring, cap * sizeof(*ring));
	if (!ring)
		return s->cap;
	s->ring = ring;
	s->cap = cap;
	s->next = s->n;
	return cap;
}

static void series_add(struct series *s, int64_t ms, double v)
{
	if (s->n) {
		int64_t last = s->ring[(s->next + s->cap - 1) % s->cap].ms;
		int64_t gap = ms - last;

		if (gap <= 0)
			return;
		/* An outage is no interval: only slowly believed. */
		if (!s->usual_ms || gap < s->usual_ms)
			s->usual_ms = gap;
		else
			s->usual_ms +=
				(gap < 2 * s->usual_ms ? gap - s->usual_ms : s->usual_ms) / 8;
	}
	if (!series_room(s))
		return;
	s->ring[s->next % s->cap] = (struct point){ .ms = ms, .v = (float)v };
	s->next = (s->next + 1) % s->cap;
	if (s->n < s->cap)
		s->n++;
}

static void take_item(struct hist *h, const struct node_view *v, const struct item *i)
{
	char key[512];

	for (size_t m = 0; m < i->nsamples; m++) {
		struct series *s;
		uint64_t hash;

		if (!i->samples[m].known)
			continue;
		key_of(key, sizeof(key), v->cfg->name, i, i->samples[m].metric->key);
		hash = hash_of(key);
		s = *slot(h->table, h->size, key, hash);
		if (!s)
			s = series_new(h, key, hash);
		if (s)
			series_add(s, v->seen_boot_ms, i->samples[m].value);
	}
}

static void take_moment(struct hist *h, const struct injection *i)
{
	struct moment *m;

	if (!i->started_unix_ms)
		return;
	for (size_t k = 0; k < h->nmoments && k < MOMENTS; k++)
		if (strcmp(h->moments[k].id, i->id) == 0)
			return;
	m = &h->moments[h->nmoments++ % MOMENTS];
	snprintf(m->id, sizeof(m->id), "%s", i->id);
	snprintf(m->target, sizeof(m->target), "%s", i->target);
	m->ms = i->started_unix_ms - now_unix_ms() + now_boot_ms();
}

void hist_take(struct hist *h, const struct snapshot *s)
{
	if (s->nnodes > h->nseq) {
		uint64_t *seq = realloc(h->seq, s->nnodes * sizeof(*seq));

		if (!seq)
			return;
		memset(seq + h->nseq, 0, (s->nnodes - h->nseq) * sizeof(*seq));
		h->seq = seq;
		h->nseq = s->nnodes;
	}
	for (size_t n = 0; n < s->nnodes; n++) {
		const struct node_view *v = s->nodes[n];

		if (v->seq == h->seq[n] || v->state != NODE_UP)
			continue;
		h->seq[n] = v->seq;
		for (size_t i = 0; i < v->nitems; i++)
			take_item(h, v, &v->items[i]);
	}
	for (size_t i = 0; i < s->ninjections; i++)
		take_moment(h, &s->injections[i]);
}

void hist_fill(const struct hist *h, const char *node, const struct item *i, const char *key,
	       int64_t now_ms, int64_t step_ms, float *v, size_t n)
{
	char full[512];
	const struct series *s;
	size_t left;
	int64_t hold;

	for (size_t k = 0; k < n; k++)
		v[k] = NAN;
	key_of(full, sizeof(full), node, i, key);
	s = *slot(h->table, h->size, full, hash_of(full));
	if (!s || !s->n)
		return;
	hold = s->usual_ms * 5 / 2 > 2500 ? s->usual_ms * 5 / 2 : 2500;
	left = s->n; /* newest first, both */
	for (size_t k = n; k-- > 0;) {
		int64_t end = now_ms - (int64_t)(n - 1 - k) * step_ms;
		const struct point *p;

		while (left && s->ring[(s->next + s->cap - s->n + left - 1) % s->cap].ms > end)
			left--;
		if (!left)
			return;
		p = &s->ring[(s->next + s->cap - s->n + left - 1) % s->cap];
		if (end - p->ms <= hold)
			v[k] = p->v;
	}
}

void hist_marks(const struct hist *h, const char *target, int64_t now_ms, int64_t step_ms,
		bool *mark, size_t n)
{
	memset(mark, 0, n * sizeof(*mark));
	for (size_t k = 0; k < h->nmoments && k < MOMENTS; k++) {
		int64_t ago = (now_ms - h->moments[k].ms) / step_ms;

		if (ago >= 0 && ago < (int64_t)n && strcmp(h->moments[k].target, target) == 0)
			mark[n - 1 - (size_t)ago] = true;
	}
}
