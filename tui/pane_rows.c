// SPDX-License-Identifier: GPL-2.0-or-later
/* The rows of the tree: which things of the snapshot are shown, in which order. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console_ui.h"

#define OTHERS    "other nodes"
#define VCPUS_MAX 512

static const struct node_view *row_node(const struct ui *u, const struct row *r)
{
	return u->snap->nodes[r->node];
}

static const struct item *row_item(const struct ui *u, const struct row *r)
{
	return r->item ? &row_node(u, r)->items[r->item] : NULL;
}

struct target row_target(const struct ui *u, const struct row *r)
{
	const struct item *i = row_item(u, r);
	struct target t = { .kind = KIND_NODE };

	snprintf(t.node, sizeof(t.node), "%s", row_node(u, r)->cfg->name);
	if (!i)
		return t;
	t.kind = r->kind == ROW_VCPU ? KIND_VCPU : i->kind;
	t.vcpu = r->kind == ROW_VCPU ? r->vcpu : 0;
	snprintf(t.name, sizeof(t.name), "%s", i->name);
	return t;
}

const char *row_group(const struct ui *u, const struct row *r)
{
	return u->targets.group[u->targets.group_of[r->node]];
}

static long vcpus_of(const struct item *i)
{
	const char *n = i->kind == KIND_VM ? item_attr(i, "vcpus") : NULL;
	long count = n ? strtol(n, NULL, 10) : 0;

	return count < 0 ? 0 : count < VCPUS_MAX ? count : VCPUS_MAX;
}

bool row_has_children(const struct ui *u, const struct row *r)
{
	const struct item *i = row_item(u, r);

	if (r->kind == ROW_ITEM)
		return vcpus_of(i) > 0;
	return r->kind == ROW_GROUP || (r->kind == ROW_NODE && row_node(u, r)->nitems > 1);
}

/* ---- folding ---- */

static void fold_name(const struct ui *u, const struct row *r, char *dst)
{
	struct target t;

	if (r->kind == ROW_GROUP) {
		snprintf(dst, TARGET_MAX, "group %s", row_group(u, r));
		return;
	}
	t = row_target(u, r);
	target_str(dst, &t);
}

static size_t find_toggled(const struct targets *t, const char *name)
{
	size_t k = 0;

	while (k < t->ntoggled && strcmp(t->toggled[k], name) != 0)
		k++;
	return k;
}

bool row_is_folded(const struct ui *u, const struct row *r)
{
	const struct targets *t = &u->targets;
	char name[TARGET_MAX];

	if (!t->ntoggled)
		return r->kind == ROW_ITEM;
	fold_name(u, r, name);
	return (find_toggled(t, name) < t->ntoggled) != (r->kind == ROW_ITEM);
}

bool node_is_folded(const struct targets *t, const char *node)
{
	return find_toggled(t, node) < t->ntoggled;
}

void row_fold(struct ui *u, const struct row *r, bool on)
{
	struct targets *t = &u->targets;
	char name[TARGET_MAX], (*grown)[TARGET_MAX];
	size_t k;

	if (row_is_folded(u, r) == on)
		return;
	fold_name(u, r, name);
	k = find_toggled(t, name);
	t->rows_seq = 0;
	if (k < t->ntoggled) {
		memmove(t->toggled[k], t->toggled[--t->ntoggled], TARGET_MAX);
		return;
	}
	grown = realloc(t->toggled, (t->ntoggled + 1) * sizeof(*grown));
	if (!grown)
		return;
	t->toggled = grown;
	memcpy(t->toggled[t->ntoggled++], name, TARGET_MAX);
}

/* ---- what the filter looks at ---- */

struct seen {
	const struct ui *u;
	const struct row *row;
};

static void add_text(char *dst, size_t n, const char *s)
{
	size_t len = strlen(dst);

	if (s && len + 1 < n)
		snprintf(dst + len, n - len, "%s%s", len ? " " : "", s);
}

static const char *roles_of(const struct node_view *v, char *buf, size_t n)
{
	*buf = '\0';
	for (char *const *role = v->cfg->roles; role && *role; role++)
		add_text(buf, n, *role);
	return buf;
}

static const char *whole_row(const struct ui *u, const struct row *r, char *buf, size_t n)
{
	const struct node_view *v = row_node(u, r);
	const struct item *i = row_item(u, r);
	struct target t = row_target(u, r);
	char state[64], name[TARGET_MAX];

	*buf = '\0';
	add_text(buf, n, target_str(name, &t));
	ui_state(u, v, i, state, sizeof(state));
	add_text(buf, n, state);
	add_text(buf, n, mark_word(ui_mark(u, v, i)));
	if (!i)
		add_text(buf, n, roles_of(v, name, sizeof(name)));
	for (size_t a = 0; i && a < i->nattrs; a++)
		add_text(buf, n, i->attrs[a].value);
	return buf;
}

static const char *column(const void *row, const char *key, char *buf, size_t n)
{
	const struct seen *s = row;
	const struct node_view *v = row_node(s->u, s->row);
	const struct item *i = row_item(s->u, s->row);
	struct target t = row_target(s->u, s->row);

	if (!key)
		return whole_row(s->u, s->row, buf, n);
	if (strcmp(key, "state") == 0) {
		ui_state(s->u, v, i, buf, n);
		add_text(buf, n, mark_word(ui_mark(s->u, v, i)));
		return buf;
	}
	if (strcmp(key, "name") == 0)
		return i ? i->name : v->cfg->name;
	if (strcmp(key, "node") == 0)
		return v->cfg->name;
	if (strcmp(key, "kind") == 0)
		return kind_word(t.kind);
	if (strcmp(key, "role") == 0)
		return roles_of(v, buf, n);
	if (strcmp(key, "group") == 0)
		return row_group(s->u, s->row);
	if (strcmp(key, kind_word(t.kind)) == 0) { /* vm:db1, as targets are written */
		*buf = '\0';
		add_text(buf, n, i ? i->name : "");
		add_text(buf, n, v->cfg->name);
		return buf;
	}
	return i || v->nitems ? item_attr(i ? i : &v->items[0], key) : NULL;
}

static bool row_wanted(const struct ui *u, const struct row *r)
{
	struct seen s = { u, r };

	return filter_passes(u->targets.filter.filter, column, &s);
}

/* ---- groups: by what the nodes are for ---- */

bool item_is_of(const struct item *i, const char *backend)
{
	const char *c = i->kind == KIND_VM ? "kvm." : item_attr(i, "component");
	size_t n = strlen(backend);

	return c && strncmp(c, backend, n) == 0 && c[n] == '.';
}

/* The backend that one of V's things belongs to, as a string of N bytes; false: none is known. */
static bool home_of(const struct node_view *v, char *dst, size_t n)
{
	for (size_t i = 1; i < v->nitems; i++) {
		const char *c = item_attr(&v->items[i], "component");

		if (v->items[i].kind == KIND_VM)
			c = "kvm.";
		if (!c || !strchr(c, '.') || strncmp(c, "host.", 5) == 0)
			continue;
		snprintf(dst, n, "%.*s", (int)strcspn(c, "."), c);
		return true;
	}
	return false;
}

static bool share_role(const struct node_cfg *a, const struct node_cfg *b)
{
	for (char *const *x = a->roles; *x; x++)
		for (char *const *y = b->roles; *y; y++)
			if (strcmp(*x, *y) == 0)
				return true;
	return false;
}

/* Of one that shows nothing of its own: that of a node of the same role, else its first role. */
static void home_by_role(const struct ui *u, size_t node, char *dst, size_t n)
{
	const struct node_cfg *cfg = u->snap->nodes[node]->cfg;

	snprintf(dst, n, "%s", cfg->roles[0] ? cfg->roles[0] : OTHERS);
	for (size_t k = 0; cfg->roles[0] && k < u->snap->nnodes && k < 64; k++)
		if (share_role(cfg, u->snap->nodes[k]->cfg) && home_of(u->snap->nodes[k], dst, n))
			return;
}

static unsigned char find_group(struct targets *t, const char *name)
{
	size_t g = 0;

	while (g < t->ngroups && strcmp(t->group[g], name) != 0)
		g++;
	if (g == GROUPS_MAX)
		return GROUPS_MAX - 1;
	if (g == t->ngroups)
		snprintf(t->group[t->ngroups++], GROUP_NAME, "%s", name);
	return (unsigned char)g;
}

static bool make_groups(struct ui *u)
{
	struct targets *t = &u->targets;
	unsigned char *of = realloc(t->group_of, u->snap->nnodes + 1);
	char name[GROUP_NAME];

	if (!of)
		return false;
	t->group_of = of;
	t->ngroups = 0;
	for (size_t n = 0; n < u->snap->nnodes; n++) {
		if (!home_of(u->snap->nodes[n], name, sizeof(name)))
			home_by_role(u, n, name, sizeof(name));
		of[n] = find_group(t, name);
	}
	return true;
}

/* ---- order ---- */

static int rank_of(const struct ui *u, const struct row *r)
{
	static const int rank[MARK_COUNT] = {
		[MARK_DOWN] = 0,  [MARK_PROBE] = 0, [MARK_INJECTED] = 1, [MARK_UNKNOWN] = 2,
		[MARK_STALE] = 3, [MARK_UP] = 4,    [MARK_HOLDS] = 4,    [MARK_GONE] = 4
	};

	return rank[ui_mark(u, row_node(u, r), row_item(u, r))];
}

static double figure_of(const struct ui *u, const struct row *r)
{
	const struct node_view *v = row_node(u, r);
	const struct item *i = r->item ? row_item(u, r) : v->nitems ? &v->items[0] : NULL;

	return i && i->nsamples && i->samples[0].known ? i->samples[0].value : -INFINITY;
}

static int by_order(const void *pa, const void *pb, void *arg)
{
	const struct ui *u = arg;
	const struct row *a = pa, *b = pb;
	const struct item *x = row_item(u, a), *y = row_item(u, b);
	int ra, rb;

	if (u->targets.sort == SORT_STATE && (ra = rank_of(u, a)) != (rb = rank_of(u, b)))
		return ra - rb;
	if (u->targets.sort == SORT_FIGURE && figure_of(u, a) != figure_of(u, b))
		return figure_of(u, a) > figure_of(u, b) ? -1 : 1;
	if (!x || !y) /* nodes: as in cluster.cfg */
		return a->node < b->node ? -1 : a->node > b->node;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return strverscmp(x->name, y->name);
}

static void sort_rows(struct ui *u, struct row *from, size_t n)
{
	if (n > 1)
		qsort_r(from, n, sizeof(*from), by_order, u);
}

/* ---- rows ---- */

static bool add_row(struct targets *t, struct row r)
{
	if (t->nrows == t->cap) {
		size_t cap = t->cap ? t->cap * 2 : 64;
		struct row *rows = realloc(t->rows, cap * sizeof(*rows));

		if (!rows)
			return false;
		t->rows = rows;
		t->cap = cap;
	}
	t->rows[t->nrows++] = r;
	return true;
}

/* The vCPUs of the VMs of a node's rows, behind each; from the last VM to the first. */
static void add_vcpus(struct ui *u, const struct row *vm)
{
	struct row r = *vm;
	long n = vcpus_of(row_item(u, vm));

	r.kind = ROW_VCPU;
	for (r.vcpu = 0; r.vcpu < n; r.vcpu++)
		add_row(&u->targets, r);
}

/* The items of node N that are wanted, in order, with their vCPUs where those are unfolded. */
static void add_items(struct ui *u, size_t n, struct row **sorted, size_t *cap)
{
	const struct node_view *v = u->snap->nodes[n];
	size_t count = 0;

	if (v->nitems > *cap) {
		struct row *grown = realloc(*sorted, v->nitems * sizeof(**sorted));

		if (!grown)
			return;
		*sorted = grown;
		*cap = v->nitems;
	}
	for (size_t i = 1; i < v->nitems; i++) {
		struct row r = { .kind = ROW_ITEM, .node = n, .item = i };

		/* an injection is no target: it has a pane of its own */
		if (v->items[i].kind != KIND_INJECTION && row_wanted(u, &r))
			(*sorted)[count++] = r;
	}
	sort_rows(u, *sorted, count);
	for (size_t k = 0; k < count; k++) {
		add_row(&u->targets, (*sorted)[k]);
		if (vcpus_of(row_item(u, &(*sorted)[k])) && !row_is_folded(u, &(*sorted)[k]))
			add_vcpus(u, &(*sorted)[k]);
	}
}

struct scratch {
	struct row *nodes, *items;
	size_t cap;
};

static void add_node(struct ui *u, const struct row *self, struct scratch *s)
{
	struct targets *t = &u->targets;
	size_t first = t->nrows;
	bool wanted = row_wanted(u, self);

	add_row(t, *self);
	if (t->filter.filter || !row_is_folded(u, self))
		add_items(u, self->node, &s->items, &s->cap);
	if (!wanted && t->nrows == first + 1)
		t->nrows = first;
}

static void add_group(struct ui *u, size_t g, struct scratch *s)
{
	struct targets *t = &u->targets;
	size_t count = 0, first = t->nrows;

	for (size_t n = 0; n < u->snap->nnodes; n++)
		if (t->group_of[n] == g)
			s->nodes[count++] = (struct row){ .kind = ROW_NODE, .node = n };
	if (!count)
		return;
	if (t->ngroups > 1) {
		struct row head = { .kind = ROW_GROUP, .node = s->nodes[0].node };

		add_row(t, head);
		if (!t->filter.filter && row_is_folded(u, &head))
			return;
	}
	sort_rows(u, s->nodes, count);
	for (size_t k = 0; k < count; k++)
		add_node(u, &s->nodes[k], s);
	if (t->ngroups > 1 && t->nrows == first + 1)
		t->nrows = first;
}

void targets_rows_again(struct ui *u)
{
	struct scratch s = { .nodes = calloc(u->snap->nnodes + 1, sizeof(struct row)) };

	u->targets.nrows = 0;
	u->targets.rows_seq = u->snap->seq;
	if (s.nodes && make_groups(u))
		for (size_t g = 0; g < u->targets.ngroups; g++)
			add_group(u, g, &s);
	free(s.nodes);
	free(s.items);
}

void targets_rows(struct ui *u)
{
	if (u->targets.rows_seq != u->snap->seq)
		targets_rows_again(u);
}
