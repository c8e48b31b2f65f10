// SPDX-License-Identifier: GPL-2.0-or-later
/* DESIGN section 7: what may be injected at all. A refusal names the rule and its line. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "deck_priv.h"

struct judge {
	struct deck *d;
	const struct snapshot *s;
	struct plan *p;
};

static bool refuse(struct judge *j, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static bool refuse(struct judge *j, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(j->p->guard, sizeof(j->p->guard), fmt, ap);
	va_end(ap);
	j->p->refused = true;
	return true;
}

static const char *file(const struct judge *j)
{
	return j->d->o.cfg->path;
}

static bool node_is_hit(const struct judge *j, const char *name)
{
	for (size_t i = 0; i < j->p->nitems; i++)
		if (strcmp(j->p->items[i].node->name, name) == 0)
			return true;
	for (size_t i = 0; i < j->s->ninjections; i++)
		if (!state_is_final(j->s->injections[i].state) &&
		    strcmp(j->s->injections[i].node, name) == 0)
			return true;
	return false;
}

static bool too_many(struct judge *j)
{
	const struct guard_cfg *g = &j->d->o.cfg->guard;
	size_t nodes = 0, injections = snapshot_active(j->s) + j->p->nitems;

	for (size_t i = 0; i < j->d->o.cfg->nnodes; i++)
		nodes += node_is_hit(j, j->d->o.cfg->nodes[i].name);
	if (g->max_nodes && nodes > (size_t)g->max_nodes)
		return refuse(j, "max_nodes = %d (%s:%d): this would make it %zu nodes",
			      g->max_nodes, file(j), g->max_nodes_line, nodes);
	if (g->max_injections && injections > (size_t)g->max_injections)
		return refuse(j, "max_injections = %d (%s:%d): this would make it %zu",
			      g->max_injections, file(j), g->max_injections_line, injections);
	return false;
}

static bool too_long(struct judge *j)
{
	const struct guard_cfg *g = &j->d->o.cfg->guard;
	char max[24], asked[24];

	if (!g->max_ttl_ms || j->p->ttl_ms <= g->max_ttl_ms)
		return false;
	return refuse(j, "max_ttl = %s (%s:%d): %s was asked for",
		      text_duration_str(max, sizeof(max), g->max_ttl_ms), file(j), g->max_ttl_line,
		      text_duration_str(asked, sizeof(asked), j->p->ttl_ms));
}

static bool node_refused(struct judge *j, const struct node_cfg *n)
{
	const struct guard_cfg *g = &j->d->o.cfg->guard;

	for (char **p = g->protected_nodes; p && *p; p++)
		if (strcmp(*p, n->name) == 0)
			return refuse(j, "protected (%s:%d): %s is never a target", file(j),
				      g->protected_line, n->name);
	if ((j->p->fault->flags & FAULT_KERNEL) && !n->disposable)
		return refuse(j,
			      "kernel faults only on nodes marked `disposable = true`: %s is not "
			      "(%s:%d)",
			      n->name, file(j), n->line);
	return false;
}

void guard_judge(struct deck *d, const struct snapshot *s, struct plan *p)
{
	struct judge j = { d, s, p };
	size_t nodes = 0;

	p->refused = false;
	if (s->panic && refuse(&j, "new injections are blocked until the panic is lifted"))
		return;
	for (size_t i = 0; i < p->nitems; i++)
		if (node_refused(&j, p->items[i].node))
			return;
	if (too_many(&j) || too_long(&j))
		return;
	for (size_t i = 0; i < d->o.cfg->nnodes; i++)
		nodes += node_is_hit(&j, d->o.cfg->nodes[i].name);
	snprintf(p->guard, sizeof(p->guard), "ok: %zu of %zu nodes, %s is %s", nodes,
		 d->o.cfg->nnodes, p->items[0].node->name,
		 p->items[0].node->disposable ? "disposable" : "not disposable");
}
