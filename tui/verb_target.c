// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verb.h"

/* The item that a target of this kind must find on its node; false: none is asked for. */
static bool needs_item(const struct target *t, enum kind *k)
{
	*k = t->kind == KIND_VCPU ? KIND_VM : t->kind;
	return *k == KIND_VM || *k == KIND_SERVICE;
}

struct search {
	struct batch *b;
	const struct snapshot *snap;
	const struct fault *fault;
	char why[200]; /* why the last node that has it does not fit */
};

/* A path that a node lists as its own is not looked for on others. */
static bool is_elsewhere(const struct search *s, const struct node_view *v, const struct target *t)
{
	if (t->kind != KIND_PATH || node_view_item(v, t->kind, t->name))
		return false;
	for (size_t i = 0; i < s->snap->nnodes; i++)
		if (node_view_item(s->snap->nodes[i], t->kind, t->name))
			return true;
	return false;
}

static bool fits(struct search *s, const struct node_view *v, const struct target *t)
{
	char buf[200];
	const char *why;
	enum kind k;

	if (v->state != NODE_UP || !scope_has(s->b, v->cfg->name))
		return false;
	if (is_elsewhere(s, v, t) || (needs_item(t, &k) && !node_view_item(v, k, t->name)))
		return false;
	why = deck_unfit(s->b->deck, s->snap, s->fault, t, buf, sizeof(buf));
	if (why)
		snprintf(s->why, sizeof(s->why), "%s: %s", v->cfg->name, why);
	return !why;
}

static int add(struct batch *b, struct target_list *out, const struct target *t)
{
	struct target *grown;

	for (size_t i = 0; i < out->n; i++)
		if (target_equal(&out->v[i], t))
			return EXIT_DONE;
	grown = reallocarray(out->v, out->n + 1, sizeof(*grown));
	if (!grown)
		return batch_error(b, &(struct err){ -ENOMEM, "out of memory", "" }, EXIT_FAILED);
	out->v = grown;
	out->v[out->n++] = *t;
	return EXIT_DONE;
}

/* Nothing fits, or more than one does and the node was left out. */
static int not_one(struct search *s, const struct target *t, const struct target_list *fit)
{
	struct err e = { .code = 0 };
	char name[TARGET_MAX], list[300];
	size_t at = 0, end = strlen(target_str(name, t));

	if (end && name[end - 1] == '@') /* as it was written */
		name[end - 1] = '\0';
	if (!fit->n) {
		err_set(&e, -ENOENT, "%s: no node that answers has a target that fits %s", name,
			s->fault->name);
		err_hint(&e, "%s",
			 *s->why ? s->why : "faultdeck --batch status lists what is there");
		return batch_error(s->b, &e, EXIT_USAGE);
	}
	for (size_t i = 0; i < fit->n && at < sizeof(list); i++) {
		char one[TARGET_MAX];

		at += (size_t)snprintf(list + at, sizeof(list) - at, "%s%s", i ? ", " : "",
				       target_str(one, &fit->v[i]));
	}
	err_set(&e, -EINVAL, "%s: %zu fit; name one of them", name, fit->n);
	err_hint(&e, "%s", list);
	return batch_error(s->b, &e, EXIT_USAGE);
}

static int complete_one(struct search *s, const struct target *t, struct target_list *out)
{
	bool all = strcmp(t->node, "all") == 0 && !config_node(s->b->cfg, "all");
	struct target_list fit = { .n = 0 };
	int r = EXIT_DONE;

	if (*t->node && !all)
		return add(s->b, out, t);
	s->why[0] = '\0';
	for (size_t i = 0; i < s->snap->nnodes && !r; i++) {
		const struct node_view *v = s->snap->nodes[i];
		struct target full = *t;

		snprintf(full.node, sizeof(full.node), "%s", v->cfg->name);
		if (fits(s, v, &full))
			r = add(s->b, &fit, &full);
	}
	if (!r && (!fit.n || (fit.n > 1 && !all)))
		r = not_one(s, t, &fit);
	for (size_t i = 0; i < fit.n && !r; i++)
		r = add(s->b, out, &fit.v[i]);
	free(fit.v);
	return r;
}

int verb_complete(struct batch *b, const struct fault *f, const struct target *targets, size_t n,
		  struct target_list *out)
{
	struct search s = { .b = b, .snap = deck_snapshot(b->deck), .fault = f };
	int r = EXIT_DONE;

	for (size_t i = 0; i < n && !r; i++)
		r = complete_one(&s, &targets[i], out);
	snapshot_put(s.snap);
	return r;
}
