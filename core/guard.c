// SPDX-License-Identifier: GPL-2.0-or-later
/* DESIGN section 7: what may be injected at all. A refusal names the rule and its line. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "probe.h"

struct judge {
	struct deck *d;
	const struct snapshot *s;
	struct plan *p;
	struct plan *const *beside; /* what will be there too */
	size_t nbeside;
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

static bool plan_hits(const struct plan *p, const char *name)
{
	for (size_t i = 0; i < p->nitems; i++)
		if (strcmp(p->items[i].node->name, name) == 0)
			return true;
	return false;
}

static bool node_is_hit(const struct judge *j, const char *name)
{
	if (plan_hits(j->p, name))
		return true;
	for (size_t i = 0; i < j->nbeside; i++)
		if (plan_hits(j->beside[i], name))
			return true;
	for (size_t i = 0; i < j->s->ninjections; i++)
		if (!state_is_final(j->s->injections[i].state) &&
		    strcmp(j->s->injections[i].node, name) == 0)
			return true;
	return false;
}

static bool panic(struct judge *j)
{
	return j->s->panic && refuse(j, "new injections are blocked until the panic is lifted%s%s",
				     j->s->abort[0] ? ": " : "", j->s->abort);
}

static bool too_many(struct judge *j)
{
	const struct guard_cfg *g = &j->d->o.cfg->guard;
	size_t nodes = 0, injections = snapshot_active(j->s) + j->p->nitems;

	for (size_t i = 0; i < j->nbeside; i++)
		injections += j->beside[i]->nitems;
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

/* An agent that watches the storage may reboot the host for it: whoever lists the path says so. */
static const char *reboots(const struct judge *j, const struct plan_item *it)
{
	const struct node_view *v = snapshot_node(j->s, it->node->name);
	const struct item *i = v ? node_view_item(v, it->target.kind, it->target.name) : NULL;

	return i ? item_attr(i, "reboots") : NULL;
}

static bool would_reboot(struct judge *j, const struct plan_item *it)
{
	const char *why = reboots(j, it);

	if (!why || it->node->disposable)
		return false;
	return refuse(j, "%s: %s is not marked `disposable = true` (%s:%d)", why, it->node->name,
		      file(j), it->node->line);
}

/* ---- quorum ---- */

static bool has_role(const struct node_cfg *n, const char *role)
{
	for (char **r = n->roles; *r; r++)
		if (strcmp(*r, role) == 0)
			return true;
	return false;
}

struct role {
	const char *name;
	size_t members, hit, silent; /* silent: those among the hit that only do not answer */
};

/* A member that does not answer serves nobody either: it counts as hit. */
static void count_role(const struct judge *j, struct role *r)
{
	const struct config *cfg = j->d->o.cfg;

	for (size_t i = 0; i < cfg->nnodes; i++) {
		const struct node_view *v = snapshot_node(j->s, cfg->nodes[i].name);
		bool hit = node_is_hit(j, cfg->nodes[i].name);

		if (!has_role(&cfg->nodes[i], r->name))
			continue;
		r->members++;
		r->silent += !hit && (!v || v->state != NODE_UP);
		r->hit += hit || !v || v->state != NODE_UP;
	}
}

/* Of a role with two or more members never more than half. */
static bool breaks_quorum(struct judge *j, const char *role)
{
	struct role r = { .name = role };
	char silent[60] = "";

	count_role(j, &r);
	if (r.members < 2 || r.hit * 2 <= r.members)
		return false;
	if (r.silent)
		snprintf(silent, sizeof(silent), ", %zu of which only do%s not answer", r.silent,
			 r.silent == 1 ? "es" : "");
	return refuse(j,
		      "quorum (%s:%d): this would make it %zu of the %zu nodes with the role "
		      "%s%s; quorum=off allows it",
		      file(j), j->d->o.cfg->guard.quorum_line, r.hit, r.members, role, silent);
}

static bool no_majority_left(struct judge *j)
{
	if (!j->d->o.cfg->guard.quorum || j->p->no_quorum)
		return false;
	for (size_t i = 0; i < j->p->nitems; i++)
		for (char **r = j->p->items[i].node->roles; *r; r++)
			if (breaks_quorum(j, *r))
				return true;
	return false;
}

/* ---- hours ---- */

static bool wrong_time(struct judge *j)
{
	const struct guard_cfg *g = &j->d->o.cfg->guard;
	char now[32] = "", windows[120] = "";
	time_t at = time(NULL);
	struct tm tm;
	size_t len = 0;

	if (!g->nhours || !localtime_r(&at, &tm))
		return false;
	for (size_t i = 0; i < g->nhours; i++) {
		if (hours_hold(&g->hours[i], &tm))
			return false;
		if (len < sizeof(windows))
			len += (size_t)snprintf(windows + len, sizeof(windows) - len, "%s%s",
						i ? ", " : "", g->hours_text[i]);
	}
	strftime(now, sizeof(now), "%a %H:%M", &tm);
	return refuse(j, "hours = %s (%s:%d): it is %s here", windows, file(j), g->hours_line, now);
}

/* ---- abort probes ---- */

/* What could not be asked does not hold either: nobody would see what breaks. */
static bool blind(struct judge *j)
{
	const struct probe_view *p = probe_in_the_way(j->s);

	if (!p)
		return false;
	return refuse(j, "abort probe \"%s\" (%s:%d) does not hold: %s%s%s", p->name,
		      p->cfg->file ? p->cfg->file : file(j), p->cfg->line,
		      p->asked ? probe_state_word(p->state) : "not asked yet",
		      p->value[0] ? ": " : "", p->value);
}

/* ---- the verdict ---- */

static void add(struct plan *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void add(struct plan *p, const char *fmt, ...)
{
	size_t len = strlen(p->guard);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(p->guard + len, sizeof(p->guard) - len, fmt, ap);
	va_end(ap);
}

static void say_only(const struct judge *j, const struct node_cfg *n)
{
	for (char **r = n->roles; *r; r++) {
		struct role role = { .name = *r };

		count_role(j, &role);
		if (role.members == 1)
			add(j->p, "; %s is the only node with the role %s", n->name, *r);
	}
}

static void allow(struct judge *j)
{
	const struct config *cfg = j->d->o.cfg;
	struct plan *p = j->p;
	size_t nodes = 0;

	for (size_t i = 0; i < cfg->nnodes; i++)
		nodes += node_is_hit(j, cfg->nodes[i].name);
	p->guard[0] = '\0';
	add(p, "ok: %zu of %zu nodes, %s is %s", nodes, cfg->nnodes, p->items[0].node->name,
	    p->items[0].node->disposable ? "disposable" : "not disposable");
	if (cfg->guard.quorum && p->no_quorum)
		add(p, "; quorum=off");
	for (size_t i = 0; i < p->nitems && cfg->guard.quorum; i++)
		say_only(j, p->items[i].node);
	for (size_t i = 0; i < p->nitems; i++)
		if (reboots(j, &p->items[i]))
			add(p, "; %s: %s", p->items[i].node->name, reboots(j, &p->items[i]));
}

/*
 * What is stopped on purpose is no injection: limits of how many and how long, and the quorum,
 * which a stop of everything always breaks, are not for it.
 */
bool guard_refuses_stop(struct deck *d, const struct snapshot *s, const struct node_cfg *n,
			struct plan *p)
{
	static const struct fault none = { .name = "" };
	struct judge j = { .d = d, .s = s, .p = p };

	p->fault = &none;
	return panic(&j) || node_refused(&j, n) || blind(&j) || wrong_time(&j);
}

void guard_judge(struct deck *d, const struct snapshot *s, struct plan *p)
{
	guard_judge_beside(d, s, p, NULL, 0);
}

void guard_judge_beside(struct deck *d, const struct snapshot *s, struct plan *p,
			struct plan *const *beside, size_t n)
{
	struct judge j = { d, s, p, beside, n };

	p->refused = false;
	if (panic(&j))
		return;
	for (size_t i = 0; i < p->nitems; i++)
		if (node_refused(&j, p->items[i].node) || would_reboot(&j, &p->items[i]))
			return;
	if (blind(&j) || wrong_time(&j) || too_many(&j) || too_long(&j) || no_majority_left(&j))
		return;
	allow(&j);
}
