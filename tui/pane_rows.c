// SPDX-License-Identifier: GPL-2.0-or-later
/* The rows of the tree: which things of the snapshot are shown, in which order. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console_ui.h"

struct target row_target(const struct ui *u, const struct row *r)
{
	const struct node_view *v = u->snap->nodes[r->node];
	struct target t = { .kind = KIND_NODE };

	snprintf(t.node, sizeof(t.node), "%s", v->cfg->name);
	if (r->item) {
		t.kind = v->items[r->item].kind;
		snprintf(t.name, sizeof(t.name), "%s", v->items[r->item].name);
	}
	return t;
}

bool targets_is_folded(const struct targets *t, const char *node)
{
	for (size_t i = 0; i < t->nfolded; i++)
		if (strcmp(t->folded[i], node) == 0)
			return true;
	return false;
}

static void add_text(char *dst, size_t n, const char *s)
{
	size_t len = strlen(dst);

	if (s && len + 1 < n)
		snprintf(dst + len, n - len, " %s", s);
}

/* What the filter looks at. */
static void row_text(const struct ui *u, const struct row *r, char *dst, size_t n)
{
	const struct node_view *v = u->snap->nodes[r->node];
	const struct item *i = r->item ? &v->items[r->item] : NULL;
	struct target t = row_target(u, r);
	char state[64], name[TARGET_MAX];

	*dst = '\0';
	add_text(dst, n, target_str(name, &t));
	ui_state(u, v, i, state, sizeof(state));
	add_text(dst, n, state);
	add_text(dst, n, mark_word(ui_mark(u, v, i)));
	for (char *const *role = v->cfg->roles; !i && role && *role; role++)
		add_text(dst, n, *role);
}

static bool row_wanted(const struct ui *u, const struct row *r)
{
	const char *want = u->targets.filter.text;
	bool inverse = want[0] == '!';
	char text[2048];

	if (!want[inverse])
		return true;
	row_text(u, r, text, sizeof(text));
	return (strcasestr(text, want + inverse) != NULL) != inverse;
}

static void add_row(struct targets *t, size_t node, size_t item)
{
	if (t->nrows == t->cap) {
		size_t cap = t->cap ? t->cap * 2 : 64;
		struct row *rows = realloc(t->rows, cap * sizeof(*rows));

		if (!rows)
			return;
		t->rows = rows;
		t->cap = cap;
	}
	t->rows[t->nrows++] = (struct row){ .node = node, .item = item };
}

static int by_name(const void *a, const void *b, void *arg)
{
	const struct node_view *v = arg;
	const struct item *x = &v->items[((const struct row *)a)->item];
	const struct item *y = &v->items[((const struct row *)b)->item];

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return strverscmp(x->name, y->name);
}

static void add_node(struct ui *u, size_t n)
{
	struct targets *t = &u->targets;
	struct node_view *v = u->snap->nodes[n];
	struct row self = { .node = n, .item = 0 };
	size_t first = t->nrows;
	bool wanted = row_wanted(u, &self);

	add_row(t, n, 0);
	if (targets_is_folded(t, v->cfg->name) && !t->filter.text[0]) {
		t->nrows = wanted ? t->nrows : first;
		return;
	}
	for (size_t i = 1; i < v->nitems; i++) {
		struct row r = { .node = n, .item = i };

		/* an injection is no target: it has a pane of its own */
		if (v->items[i].kind != KIND_INJECTION && row_wanted(u, &r))
			add_row(t, n, i);
	}
	if (t->nrows > first + 1)
		qsort_r(t->rows + first + 1, t->nrows - first - 1, sizeof(struct row), by_name, v);
	else if (!wanted)
		t->nrows = first;
}

void targets_rows(struct ui *u)
{
	u->targets.nrows = 0;
	for (size_t n = 0; n < u->snap->nnodes; n++)
		add_node(u, n);
}
