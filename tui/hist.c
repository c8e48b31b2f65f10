// SPDX-License-Identifier: GPL-2.0-or-later
#include "hist.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"

#define MOMENTS    256
#define MAX_SERIES 65536

/* The newest slots of one length, as many as were needed up to a bound. */
struct ring {
	float *v; /* the slot of index k is at k % cap; NAN: nothing was measured */
	uint16_t cap;
	int64_t first, last; /* indexes kept: time / length */
};

struct series {
	char *key; /* "node kind name metric", each with its NUL */
	uint64_t hash;
	struct ring fine, coarse;
	int64_t last_ms, usual_ms; /* the last sample, and the interval between samples */
};

struct moment {
	char id[ID_MAX];
	struct target target;
	int64_t began_ms, ended_ms; /* ended: 0 not yet */
};

struct hist {
	struct series **table; /* open addressing, a power of two */
	size_t size, used;
	uint64_t *seq; /* of each node, as last taken */
	size_t nseq;
	struct moment moments[MOMENTS];
	size_t nmoments; /* all ever; the ring holds the last */
};

static const struct {
	int64_t ms;
	uint16_t max;
} fine = { 1000, HIST_FINE }, coarse = { 10000, HIST_COARSE };

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
		free(h->table[i]->fine.v);
		free(h->table[i]->coarse.v);
		free(h->table[i]->key);
		free(h->table[i]);
	}
	free(h->table);
	free(h->seq);
	free(h);
	return NULL;
}

/* ---- rings ---- */

/* More room, as far as MAX allows; false when out of memory. */
static bool ring_grow(struct ring *r, uint16_t max)
{
	uint16_t cap = r->cap ? (uint16_t)(r->cap * 2 < max ? r->cap * 2 : max) : 16;
	float *v = malloc(cap * sizeof(*v));

	if (!v)
		return false;
	for (int64_t k = r->first; r->cap && k <= r->last; k++)
		v[k % cap] = r->v[k % r->cap];
	free(r->v);
	r->v = v;
	r->cap = cap;
	return true;
}

/* Values come in the order of time. */
static void ring_add(struct ring *r, int64_t slot, float v, uint16_t max)
{
	if (r->cap && slot <= r->last) {
		float *old = &r->v[r->last % r->cap];

		*old = *old > v ? *old : v;
		return;
	}
	if (!r->cap || slot - r->last > max) { /* all that there was is too old */
		r->first = slot;
		r->last = slot - 1;
	}
	while (slot - r->first >= r->cap && r->cap < max && ring_grow(r, max))
		;
	if (!r->cap)
		return;
	while (++r->last < slot)
		r->v[r->last % r->cap] = NAN;
	r->v[slot % r->cap] = v;
	if (slot - r->first >= r->cap)
		r->first = slot - r->cap + 1;
}

static float ring_at(const struct ring *r, int64_t slot)
{
	return r->cap && slot >= r->first && slot <= r->last ? r->v[slot % r->cap] : NAN;
}

/* ---- the table of series ---- */

/* What a series belongs to: the parts of its key. */
struct parts {
	const char *text[4];
	size_t len[4];
};

static void take_part(struct parts *p, int k, const char *s)
{
	p->text[k] = s;
	p->len[k] = strlen(s) + 1;
}

static struct parts parts_of(const char *node, const struct item *i)
{
	struct parts p;

	take_part(&p, 0, node);
	take_part(&p, 1, kind_word(i->kind));
	take_part(&p, 2, i->name);
	take_part(&p, 3, "");
	return p;
}

static uint64_t hash_on(uint64_t h, const struct parts *p, int from, int to)
{
	for (int k = from; k < to; k++)
		for (size_t c = 0; c < p->len[k]; c++)
			h = (h ^ (unsigned char)p->text[k][c]) * 1099511628211u;
	return h;
}

static uint64_t hash_of(const struct parts *p, int parts)
{
	return hash_on(1469598103934665603u, p, 0, parts);
}

static bool is_key(const char *key, const struct parts *p)
{
	for (int k = 0; k < 4; k++) {
		if (strcmp(key, p->text[k]) != 0)
			return false;
		key += p->len[k];
	}
	return true;
}

static struct series **slot_of(const struct hist *h, const struct parts *p, uint64_t hash)
{
	size_t i = hash & (h->size - 1);

	while (h->table[i] && (h->table[i]->hash != hash || !is_key(h->table[i]->key, p)))
		i = (i + 1) & (h->size - 1);
	return &h->table[i];
}

static bool table_grow(struct hist *h)
{
	size_t size = h->size * 2;
	struct series **table = calloc(size, sizeof(struct series *));

	if (!table)
		return false;
	for (size_t i = 0; i < h->size; i++) {
		size_t at = h->table[i] ? h->table[i]->hash & (size - 1) : 0;

		while (h->table[i] && table[at])
			at = (at + 1) & (size - 1);
		if (h->table[i])
			table[at] = h->table[i];
	}
	free(h->table);
	h->table = table;
	h->size = size;
	return true;
}

static struct series *series_new(struct hist *h, const struct parts *p, uint64_t hash)
{
	size_t len = p->len[0] + p->len[1] + p->len[2] + p->len[3];
	struct series *s;
	char *to;

	if (h->used >= MAX_SERIES || (h->used * 2 >= h->size && !table_grow(h)))
		return NULL;
	s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	s->key = to = malloc(len);
	if (!to) {
		free(s);
		return NULL;
	}
	for (int k = 0; k < 4; to += p->len[k++])
		memcpy(to, p->text[k], p->len[k]);
	s->hash = hash;
	*slot_of(h, p, hash) = s;
	h->used++;
	return s;
}

/* ---- taking ---- */

static void series_add(struct series *s, int64_t ms, double v)
{
	int64_t gap = ms - s->last_ms;

	if (s->last_ms) {
		if (gap <= 0)
			return;
		/* An outage is no interval: only slowly believed. */
		if (!s->usual_ms || gap < s->usual_ms)
			s->usual_ms = gap;
		else
			s->usual_ms +=
				(gap < 2 * s->usual_ms ? gap - s->usual_ms : s->usual_ms) / 8;
	}
	s->last_ms = ms;
	ring_add(&s->fine, ms / fine.ms, (float)v, fine.max);
	ring_add(&s->coarse, ms / coarse.ms, (float)v, coarse.max);
}

static void take_item(struct hist *h, const struct node_view *v, const struct item *i)
{
	struct parts p = parts_of(v->cfg->name, i);
	uint64_t base = hash_of(&p, 3);

	for (size_t m = 0; m < i->nsamples; m++) {
		struct series *s;
		uint64_t hash;

		if (!i->samples[m].known)
			continue;
		take_part(&p, 3, i->samples[m].metric->key);
		hash = hash_on(base, &p, 3, 4);
		s = *slot_of(h, &p, hash);
		if (!s)
			s = series_new(h, &p, hash);
		if (s)
			series_add(s, v->seen_boot_ms, i->samples[m].value);
	}
}

static struct moment *moment_of(struct hist *h, const struct injection *i)
{
	struct moment *m;

	for (size_t k = 0; k < h->nmoments && k < MOMENTS; k++)
		if (strcmp(h->moments[k].id, i->id) == 0)
			return &h->moments[k];
	m = &h->moments[h->nmoments % MOMENTS];
	*m = (struct moment){ .began_ms = i->started_unix_ms - now_unix_ms() + now_boot_ms() };
	if (target_parse(i->target, &m->target, NULL))
		return NULL;
	snprintf(m->id, sizeof(m->id), "%s", i->id);
	h->nmoments++;
	return m;
}

/* The end is when it was first seen to be over: nobody writes down the moment itself. */
static void take_moment(struct hist *h, const struct injection *i, int64_t now_ms)
{
	struct moment *m = i->started_unix_ms ? moment_of(h, i) : NULL;

	if (m && !m->ended_ms && state_is_final(i->state))
		m->ended_ms = now_ms;
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
		take_moment(h, &s->injections[i], now_boot_ms());
}

/* ---- reading ---- */

/* The highest of the slots from LO to HI; where there is none, the last one before, for HOLD. */
static float highest(const struct ring *r, int64_t lo, int64_t hi, int64_t hold)
{
	float best = NAN;

	if (lo > hi) /* steps are shorter than slots */
		lo = hi;
	for (int64_t k = lo; k <= hi; k++) {
		float v = ring_at(r, k);

		best = best > v || isnan(v) ? best : v;
	}
	for (int64_t k = lo - 1; isnan(best) && k >= hi - hold; k--)
		best = ring_at(r, k);
	return best;
}

/* Slots belong to the step in which they begin, so that each is in exactly one. */
static int64_t first_slot(int64_t end_ms, int64_t step_ms, int64_t slot_ms)
{
	return (end_ms - step_ms) / slot_ms + 1;
}

void hist_fill(const struct hist *h, const char *node, const struct item *i, const char *key,
	       int64_t now_ms, int64_t step_ms, float *v, size_t n)
{
	struct parts p = parts_of(node, i);
	const struct series *s;
	int64_t hold;
	bool young;

	take_part(&p, 3, key);
	s = *slot_of(h, &p, hash_of(&p, 4));
	/* all that was ever measured is in the fine slots still */
	young = s && s->fine.first * fine.ms / coarse.ms == s->coarse.first;
	hold = s && s->usual_ms * 5 / 2 > 2500 ? s->usual_ms * 5 / 2 : 2500;
	for (size_t k = 0; k < n; k++) {
		int64_t end = now_ms - (int64_t)(n - 1 - k) * step_ms;
		int64_t lo = first_slot(end, step_ms, fine.ms);

		if (!s || end < 0)
			v[k] = NAN;
		else if (young || lo >= s->fine.first)
			v[k] = highest(&s->fine, lo, end / fine.ms, hold / fine.ms);
		else
			v[k] = highest(&s->coarse, first_slot(end, step_ms, coarse.ms),
				       end / coarse.ms, hold / coarse.ms);
	}
}

static bool is_of(const struct target *hit, const struct target *t)
{
	bool vcpu = hit->kind == KIND_VCPU && t->kind == KIND_VM;

	return (hit->kind == t->kind || vcpu) && strcmp(hit->node, t->node) == 0 &&
	       strcmp(hit->name, t->name) == 0 && (t->kind != KIND_VCPU || hit->vcpu == t->vcpu);
}

/* The step of MS; -1: before the first, N: after the last. */
static int64_t step_of(int64_t ms, int64_t now_ms, int64_t step_ms, size_t n)
{
	int64_t ago = ms > now_ms ? -1 : (now_ms - ms) / step_ms;

	return ago < (int64_t)n ? (int64_t)n - 1 - ago : -1;
}

void hist_marks(const struct hist *h, const struct target *t, int64_t now_ms, int64_t step_ms,
		unsigned char *mark, size_t n)
{
	memset(mark, 0, n);
	for (size_t k = 0; k < h->nmoments && k < MOMENTS; k++) {
		const struct moment *m = &h->moments[k];
		int64_t from = step_of(m->began_ms, now_ms, step_ms, n);
		int64_t to =
			m->ended_ms ? step_of(m->ended_ms, now_ms, step_ms, n) : (int64_t)n - 1;

		if (!is_of(&m->target, t))
			continue;
		for (int64_t s = from < 0 ? 0 : from; s <= to && s < (int64_t)n; s++)
			mark[s] |= HIST_DURING;
		if (from >= 0 && from < (int64_t)n)
			mark[from] |= HIST_BEGIN;
		if (m->ended_ms && to >= 0 && to < (int64_t)n)
			mark[to] |= HIST_END;
	}
}
