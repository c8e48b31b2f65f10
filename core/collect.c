// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What every node tells, whatever runs on it. */
static const struct metric node_metrics[] = {
	{ "load", "load", "", KIND_NODE, false, 1 },
	{ "mem_free", "memory free", "B", KIND_NODE, false, 1 },
	{ "mem_total", "memory", "B", KIND_NODE, false, 1 },
};

static const struct metric *find_metric(const struct metric *m, size_t n, enum kind k,
					const char *key)
{
	for (size_t i = 0; i < n; i++)
		if (m[i].kind == k && strcmp(m[i].key, key) == 0)
			return &m[i];
	return NULL;
}

const struct metric *collect_metric(const struct metric *list, size_t n, enum kind k,
				    const char *key)
{
	const struct metric *m = find_metric(list, n, k, key);

	return m ? m
		 : find_metric(node_metrics, sizeof(node_metrics) / sizeof(*node_metrics), k, key);
}

struct reader {
	const struct collect_in *in;
	struct node_view *v;
	struct facts *f;
	struct item *cur;
	bool augment; /* only add to items that are there already */
	int r;
};

static int kind_from_word(const char *w)
{
	for (int k = 0; k < KIND_COUNT; k++)
		if (strcmp(w, kind_word((enum kind)k)) == 0)
			return k;
	return -1;
}

static struct item *find_item(struct facts *v, enum kind k, const char *name)
{
	for (size_t i = v->nitems; i-- > 0;)
		if (v->items[i].kind == k && strcmp(v->items[i].name, name) == 0)
			return &v->items[i];
	return NULL;
}

/* Room grows by doubling: N is a power of two whenever the array is full. */
static void *grow(void *list, size_t n, size_t size)
{
	return n == 0 || (n & (n - 1)) == 0 ? realloc(list, (n ? n * 2 : 1) * size) : list;
}

static void open_item(struct reader *r, const char *word, const char *name)
{
	int k = kind_from_word(word);
	char clean[NAME_MAX_];
	struct facts *v = r->f;
	struct item *list;

	r->cur = NULL;
	if (k < 0)
		return;
	text_clean(clean, sizeof(clean), name);
	r->cur = find_item(v, (enum kind)k, clean);
	if (r->cur || r->augment || v->nitems >= COLLECT_MAX_ITEMS)
		return;
	list = grow(v->items, v->nitems, sizeof(*list));
	if (!list) {
		r->r = -ENOMEM;
		return;
	}
	v->items = list;
	r->cur = &list[v->nitems++];
	memset(r->cur, 0, sizeof(*r->cur));
	r->cur->kind = (enum kind)k;
	memcpy(r->cur->name, clean, sizeof(clean));
}

static void add_attr(struct reader *r, char *key, char *value)
{
	struct item *i = r->cur;
	struct attr *list;

	for (size_t k = 0; k < i->nattrs; k++) {
		if (strcmp(i->attrs[k].key, key) == 0) {
			i->attrs[k].value = value;
			return;
		}
	}
	if (i->nattrs >= COLLECT_MAX_ATTRS)
		return;
	list = grow(i->attrs, i->nattrs, sizeof(*list));
	if (!list) {
		r->r = -ENOMEM;
		return;
	}
	i->attrs = list;
	list[i->nattrs++] = (struct attr){ key, value };
}

static void take_line(struct reader *r, char *line)
{
	char *tab = strchr(line, '\t');

	if (line[0] == '!') {
		text_clean(line, strlen(line) + 1, line);
		if (r->in->event)
			r->in->event(line + 1, r->in->arg);
		return;
	}
	if (!tab)
		return;
	*tab = '\0';
	if (line[0] == ':') {
		open_item(r, line + 1, tab + 1);
		return;
	}
	text_clean(line, strlen(line) + 1, line);
	text_clean(tab + 1, strlen(tab + 1) + 1, tab + 1);
	if (strcmp(line, "t") == 0 && !r->cur && !r->augment)
		r->v->t_ms = strtod(tab + 1, NULL);
	else if (r->cur)
		add_attr(r, line, tab + 1);
}

static void take_text(struct reader *r, char *text)
{
	char *save = NULL;

	r->cur = NULL;
	for (char *l = strtok_r(text, "\n", &save); l && !r->r; l = strtok_r(NULL, "\n", &save))
		if (strlen(l) <= COLLECT_MAX_LINE)
			take_line(r, l);
}

/* Takes an attribute off the list: it is shown as something better. */
static char *steal_attr(struct item *i, const char *key)
{
	for (size_t k = 0; k < i->nattrs; k++) {
		char *v = i->attrs[k].value;

		if (strcmp(i->attrs[k].key, key) != 0)
			continue;
		memmove(&i->attrs[k], &i->attrs[k + 1], (i->nattrs - k - 1) * sizeof(*i->attrs));
		i->nattrs--;
		return v;
	}
	return NULL;
}

static const struct sample *prev_sample(const struct reader *r, const struct item *i,
					const struct metric *m)
{
	const struct node_view *prev = r->in->prev;
	const struct item *was = prev ? node_view_item(prev, i->kind, i->name) : NULL;

	/* another process of the same name is another thing */
	for (size_t k = 0; was && was->pid == i->pid && k < was->nsamples; k++)
		if (was->samples[k].metric == m)
			return &was->samples[k];
	return NULL;
}

static void measure(struct reader *r, struct item *i, const struct metric *m)
{
	const char *text = steal_attr(i, m->key);
	struct sample *list, s = { .metric = m };
	const struct sample *was;
	double dt;

	if (!text)
		return;
	list = realloc(i->samples, (i->nsamples + 1) * sizeof(*list));
	if (!list) {
		r->r = -ENOMEM;
		return;
	}
	i->samples = list;
	s.raw = strtod(text, NULL);
	s.value = m->counter ? NAN : s.raw * m->scale;
	s.known = !m->counter;
	was = m->counter ? prev_sample(r, i, m) : NULL;
	dt = was ? (r->v->t_ms - r->in->prev->t_ms) / 1000 : 0;
	if (was && dt > 0 && s.raw >= was->raw) {
		s.value = (s.raw - was->raw) / dt * m->scale;
		s.known = true;
	}
	list[i->nsamples++] = s;
}

static void measure_all(struct reader *r, struct item *i, const struct metric *m, size_t n)
{
	for (size_t k = 0; k < n && !r->r; k++)
		if (m[k].kind == i->kind)
			measure(r, i, &m[k]);
}

static void finish_item(struct reader *r, struct item *i)
{
	const char *pid = steal_attr(i, "pid"), *state = steal_attr(i, "state");
	const struct backend *const *b;

	i->pid = pid ? (int)strtol(pid, NULL, 10) : 0;
	text_clean(i->state, sizeof(i->state), state ? state : "");
	i->bad = state && ((i->kind == KIND_VM && strcmp(state, "running") != 0) ||
			   (i->kind == KIND_SERVICE && strcmp(state, "up") != 0) ||
			   (i->kind == KIND_LINK && strstr(state, "down")));
	measure_all(r, i, node_metrics, sizeof(node_metrics) / sizeof(*node_metrics));
	for (b = r->in->backends; b && *b; b++)
		measure_all(r, i, (*b)->metrics, (*b)->nmetrics);
}

/* The service that a backend knows by a name of its own, and which is that very unit. */
static struct item *named_after(struct facts *f, const struct item *unit)
{
	const char *name = item_attr(unit, "unit"), *other;

	if (unit->kind != KIND_SERVICE || !name || item_attr(unit, "component"))
		return NULL;
	for (size_t i = 0; i < f->nitems; i++) {
		if (f->items[i].kind != KIND_SERVICE || !item_attr(&f->items[i], "component"))
			continue;
		other = item_attr(&f->items[i], "unit");
		if (other && strcmp(other, name) == 0)
			return &f->items[i];
	}
	return NULL;
}

/* What UNIT tells goes to TO; where both tell it, TO's own counts. */
static void fold_unit(struct reader *r, struct item *unit, struct item *to)
{
	r->cur = to;
	for (size_t k = 0; k < unit->nattrs; k++)
		if (!item_attr(to, unit->attrs[k].key))
			add_attr(r, unit->attrs[k].key, unit->attrs[k].value);
	free(unit->attrs);
	unit->attrs = NULL;
	unit->nattrs = 0;
	unit->name[0] = '\0';
}

/* One row a server: its unit, which the node lists as well, is none beside it. */
static void fold_units(struct reader *r)
{
	struct facts *f = r->f;
	struct item *to;
	size_t kept = 0;

	for (size_t i = 0; i < f->nitems; i++)
		if ((to = named_after(f, &f->items[i])))
			fold_unit(r, &f->items[i], to);
	for (size_t i = 0; i < f->nitems; i++)
		if (f->items[i].kind != KIND_SERVICE || f->items[i].name[0])
			f->items[kept++] = f->items[i];
	f->nitems = kept;
}

static void facts_unref(struct facts *f)
{
	if (!f || __atomic_sub_fetch(&f->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	for (size_t i = 0; i < f->nitems; i++) {
		free(f->items[i].samples);
		free(f->items[i].attrs);
	}
	free(f->items);
	free(f->arena[0]);
	free(f->arena[1]);
	free(f);
}

static int read_facts(struct reader *r, struct err *e)
{
	struct facts *f = r->f;

	f->arena[0] = strdup(r->in->fast);
	f->arena[1] = strdup(r->in->slow);
	if (!f->arena[0] || !f->arena[1])
		return err_set(e, -ENOMEM, "out of memory");
	take_text(r, f->arena[0]);
	if (!r->r && (f->nitems == 0 || f->items[0].kind != KIND_NODE))
		return err_set(e, -EPROTO, "what the node answered is no answer of a collector");
	r->augment = true;
	take_text(r, f->arena[1]);
	fold_units(r);
	for (size_t i = 0; i < f->nitems && !r->r; i++)
		finish_item(r, &f->items[i]);
	return r->r ? err_set(e, r->r, "out of memory") : 0;
}

int collect_view(const struct collect_in *in, struct node_view *v, struct err *e)
{
	struct reader r = { .in = in, .v = v, .f = calloc(1, sizeof(struct facts)) };
	int ret;

	if (!r.f)
		return err_set(e, -ENOMEM, "out of memory");
	r.f->refs = 1;
	ret = read_facts(&r, e);
	if (ret) {
		facts_unref(r.f);
		return ret;
	}
	v->facts = r.f;
	v->items = r.f->items;
	v->nitems = r.f->nitems;
	return 0;
}

struct node_view *node_view_clone(const struct node_view *v)
{
	struct node_view *c = malloc(sizeof(*c));

	if (!c)
		return NULL;
	*c = *v;
	c->refs = 1;
	if (c->facts)
		__atomic_add_fetch(&c->facts->refs, 1, __ATOMIC_ACQ_REL);
	return c;
}

struct node_view *node_view_ref(struct node_view *v)
{
	__atomic_add_fetch(&v->refs, 1, __ATOMIC_ACQ_REL);
	return v;
}

struct node_view *node_view_unref(struct node_view *v)
{
	if (!v || __atomic_sub_fetch(&v->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return NULL;
	facts_unref(v->facts);
	free(v);
	return NULL;
}

bool collect_wants_slow(const char *fast)
{
	return strncmp(fast, "?\n", 2) == 0 || strstr(fast, "\n?\n");
}

long collect_block_end(const struct buf *b)
{
	if (b->len < 2 || strcmp(b->data + b->len - 2, ".\n") != 0)
		return -1;
	return b->len == 2 || b->data[b->len - 3] == '\n' ? (long)b->len - 2 : -1;
}
