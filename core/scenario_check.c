// SPDX-License-Identifier: GPL-2.0-or-later
/* What a scenario means in this cluster: faults, targets, probes, and whether times fit. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenario_priv.h"
#include "probe_read.h"

static const struct config *cfg_of(const struct scenario_load *l)
{
	return l->d->o.cfg;
}

static void each_step(struct scenario_load *l, struct step_cfg *c,
		      void (*fn)(struct scenario_load *l, struct step_cfg *c))
{
	for (size_t i = 0; i < c->nsteps; i++) {
		fn(l, &c->steps[i]);
		each_step(l, &c->steps[i], fn);
	}
}

const struct step_cfg *step_named(const struct step_cfg *c, const char *name)
{
	for (size_t i = 0; i < c->nsteps; i++) {
		const struct step_cfg *s = &c->steps[i], *in = step_named(s, name);

		if (s->kind == DO_INJECT && s->as && strcmp(s->as, name) == 0)
			return s;
		if (in)
			return in;
	}
	return NULL;
}

/* ---- one injection ---- */

static void check_target(struct scenario_load *l, struct step_cfg *c, const char *word)
{
	struct target *t = &c->targets[c->ntargets];
	struct err e = { 0 };

	if (target_parse(word, t, &e))
		schema_mistake(&l->schema, c->line, "on: %s", e.msg);
	else if (!t->node[0] || strcmp(t->node, "all") == 0)
		schema_mistake(&l->schema, c->line, "on: \"%s\": say on which node, as in %s@NODE",
			       word, word);
	else if (!config_node(cfg_of(l), t->node))
		schema_mistake(&l->schema, c->line, "on: there is no node \"%s\"", t->node);
	else if (c->fault && !(c->fault->targets & 1u << t->kind))
		schema_mistake(&l->schema, c->line, "on: %s does not hit a %s", c->fault->name,
			       kind_word(t->kind));
	else
		c->ntargets++;
}

static size_t count(char *const *list)
{
	size_t n = 0;

	while (list && list[n])
		n++;
	return n;
}

static void check_ttl(struct scenario_load *l, const struct step_cfg *c)
{
	const struct guard_cfg *g = &cfg_of(l)->guard;
	char max[24];

	if (g->max_ttl_ms && c->ttl_ms > g->max_ttl_ms)
		schema_mistake(&l->schema, c->line, "ttl: the guard's max_ttl is %s (%s:%d)",
			       text_duration_str(max, sizeof(max), g->max_ttl_ms), cfg_of(l)->path,
			       g->max_ttl_line);
}

static void check_inject(struct scenario_load *l, struct step_cfg *c)
{
	struct err e = { 0 };

	if (c->kind != DO_INJECT || !c->on)
		return;
	c->fault = deck_find_fault(l->d, c->inject, &e);
	if (!c->fault ||
	    params_parse(c->fault, (const char *const *)c->words, count(c->words), &c->params, &e))
		schema_mistake(&l->schema, c->line, "%s: %s", c->fault ? "params" : "inject",
			       e.msg);
	c->targets = calloc(count(c->on) + 1, sizeof(*c->targets));
	l->schema.oom |= !c->targets;
	if (!count(c->on))
		schema_mistake(&l->schema, c->line, "on: expected at least one target");
	for (char **w = c->on; c->targets && *w; w++)
		check_target(l, c, *w);
	check_ttl(l, c);
}

/* ---- names ---- */

static void check_label(struct scenario_load *l, struct step_cfg *c)
{
	const struct step_cfg *first = c->as ? step_named(&l->s->root, c->as) : NULL;

	if (first && first != c)
		schema_mistake(&l->schema, c->line,
			       "as: \"%s\" is the name of the step in line %d "
			       "too",
			       c->as, first->line);
}

/* What restore and since mean must have been injected before. */
static void check_refers(struct scenario_load *l, struct step_cfg *c)
{
	const char *name = c->restore && strcmp(c->restore, "all") != 0 ? c->restore : c->since;
	const struct step_cfg *of = name ? step_named(&l->s->root, name) : NULL;

	if (name && (!of || of->line > c->line))
		schema_mistake(&l->schema, c->line, "%s: there is no injection \"%s\" before it",
			       c->restore ? "restore" : "since", name);
}

/* "redis.answers@n1": a backend's, on a node that may have the component. */
static bool is_manifests(const struct scenario_load *l, const char *name)
{
	const char *at = strchr(name, '@');

	if (!at || !config_node(cfg_of(l), at + 1))
		return false;
	for (const struct backend *const *b = l->d->o.backends; *b; b++)
		for (size_t i = 0; i < (*b)->nprobes; i++) {
			char full[NAME_MAX_];

			snprintf(full, sizeof(full), "%s.%s", (*b)->name, (*b)->probes[i].name);
			if (strlen(full) == (size_t)(at - name) &&
			    strncmp(full, name, strlen(full)) == 0)
				return true;
		}
	return false;
}

static bool in_list(const struct probe_cfg *list, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].name && strcmp(list[i].name, name) == 0)
			return true;
	return false;
}

static void check_probe(struct scenario_load *l, int line, const char *key, const char *name)
{
	if (!in_list(l->probes, l->s->nprobes, name) &&
	    !in_list(cfg_of(l)->probes, cfg_of(l)->nprobes, name) && !is_manifests(l, name))
		schema_mistake(&l->schema, line, "%s: there is no probe \"%s\"", key, name);
}

static void check_expect(struct scenario_load *l, struct step_cfg *c)
{
	if (c->kind == DO_EXPECT && c->expect)
		check_probe(l, c->line, "expect", c->expect);
}

/* One of ours of the same name would hide the other. */
static void check_own_probes(struct scenario_load *l)
{
	const struct config *c = cfg_of(l);

	probe_cfg_check_list(&l->schema, c, l->probes, l->s->nprobes);
	for (size_t i = 0; i < l->s->nprobes; i++)
		if (l->probes[i].name && in_list(c->probes, c->nprobes, l->probes[i].name))
			schema_mistake(&l->schema, l->probes[i].line,
				       "probes[%zu].name: \"%s\" is a probe of %s already", i,
				       l->probes[i].name, c->path);
}

static void check_steady(struct scenario_load *l, char *const *names, int line, const char *key)
{
	for (; names && *names; names++)
		check_probe(l, line, key, *names);
}

/* ---- times ---- */

#define TIME_MAX (366 * 86400000ll)

static void times_of_list(const struct step_cfg *c, int64_t *least, int64_t *most)
{
	for (size_t i = 0; i < c->nsteps; i++) {
		int64_t a, b;

		step_times(&c->steps[i], &a, &b);
		if (c->kind == DO_STEPS) {
			*least += a;
			*most += b;
			continue;
		}
		if (b > *most)
			*most = b;
		/* of parallel ones the longest counts, of a choice the shortest */
		if (!i || (c->kind == DO_PARALLEL ? a > *least : a < *least))
			*least = a;
	}
}

/* Longer than anybody waits is long enough. */
static int64_t times(int64_t ms, int n)
{
	return ms > TIME_MAX / n ? TIME_MAX : ms * n;
}

void step_times(const struct step_cfg *c, int64_t *least, int64_t *most)
{
	const int n = c->repeat ? c->repeat : 1;

	*least = *most = 0;
	if (c->kind == DO_WAIT)
		*least = *most = c->wait_ms;
	if (c->kind == DO_EXPECT) {
		*least = c->for_ms;
		*most = c->within_ms + c->for_ms;
	}
	if (c->kind == DO_COMMAND)
		*most = c->timeout_ms;
	times_of_list(c, least, most);
	*least = times(*least, n);
	*most = times(*most, n) + c->over_ms;
}

static bool restores(const struct step_cfg *c, const char *as)
{
	if (c->kind == DO_RESTORE && c->restore)
		return strcmp(c->restore, "all") == 0 || (as && strcmp(c->restore, as) == 0);
	for (size_t i = 0; i < c->nsteps; i++)
		if (restores(&c->steps[i], as))
			return true;
	return false;
}

/* The first restore behind the step AT of LIST: is the TTL sure to be over before? */
static void check_reach(struct scenario_load *l, const struct step_cfg *list, size_t at)
{
	const struct step_cfg *c = &list->steps[at];
	int64_t passed = 0, least, most;
	char ttl[24], after[24];

	for (size_t i = at + 1; i < list->nsteps; i++) {
		if (restores(&list->steps[i], c->as)) {
			if (c->as && passed > c->ttl_ms)
				schema_mistake(
					&l->schema, c->line,
					"ttl: %s is over before line %d restores \"%s\", %s later "
					"at the earliest",
					text_duration_str(ttl, sizeof(ttl), c->ttl_ms),
					list->steps[i].line, c->as,
					text_duration_str(after, sizeof(after), passed));
			return;
		}
		step_times(&list->steps[i], &least, &most);
		passed += least;
	}
}

static void check_reaches(struct scenario_load *l, struct step_cfg *c)
{
	for (size_t i = 0; c->kind == DO_STEPS && i < c->nsteps; i++)
		if (c->steps[i].kind == DO_INJECT)
			check_reach(l, c, i);
}

static int64_t written_out(const struct step_cfg *c)
{
	int64_t n = 0;

	if (!c->nsteps)
		return 1;
	for (size_t i = 0; i < c->nsteps && n <= SCENARIO_STEPS_MAX; i++)
		n += written_out(&c->steps[i]);
	n += c->kind == DO_PARALLEL;
	if (c->repeat)
		n = (n + (c->over_ms > 0)) * c->repeat + (c->over_ms > 0);
	return n < SCENARIO_STEPS_MAX ? n : SCENARIO_STEPS_MAX + 1;
}

/* ---- commands ---- */

static void check_command(struct scenario_load *l, struct step_cfg *c)
{
	if (c->kind == DO_COMMAND && c->node && strcmp(c->node, "local") != 0 &&
	    !config_node(cfg_of(l), c->node))
		schema_mistake(&l->schema, c->line, "node: there is no node \"%s\"", c->node);
}

static void count_command(struct scenario_load *l, struct step_cfg *c)
{
	if (c->kind == DO_COMMAND)
		c->ask = l->s->set->n++;
}

static void keep_command(struct scenario_load *l, struct step_cfg *c)
{
	struct probe_cfg *p;
	char title[64];

	if (c->kind != DO_COMMAND || !c->command || !c->node)
		return;
	p = &l->s->set->list[c->ask];
	step_title(c, title, sizeof(title));
	p->name = schema_keep(&l->schema, c->as ? c->as : title);
	p->command = schema_keep(&l->schema, c->command);
	p->node = schema_keep(&l->schema, c->node);
	p->timeout_ms = c->timeout_ms;
	p->line = c->line;
}

/* What it asks, in one list that lives as long as anybody shows it. */
static void make_set(struct scenario_load *l)
{
	struct probe_set *set = calloc(1, sizeof(*set));
	void *grown;

	l->s->set = set;
	l->schema.oom |= !set;
	if (!set)
		return;
	set->refs = 1;
	set->n = l->s->nprobes;
	each_step(l, &l->s->root, count_command);
	each_step(l, &l->s->finally, count_command);
	grown = realloc(l->probes, (set->n + 1) * sizeof(*set->list));
	if (grown)
		l->probes = grown;
	else
		set->n = l->s->nprobes;
	set->list = l->probes;
	l->schema.oom |= !grown;
	if (!grown)
		return;
	for (size_t i = 0; i < l->s->nprobes; i++)
		set->list[i].file = schema_keep(&l->schema, l->s->path);
	memset(&set->list[l->s->nprobes], 0, (set->n - l->s->nprobes) * sizeof(*set->list));
	each_step(l, &l->s->root, keep_command);
	each_step(l, &l->s->finally, keep_command);
}

static void check_finally(struct scenario_load *l)
{
	for (size_t i = 0; i < l->s->finally.nsteps; i++)
		if (l->s->finally.steps[i].kind != DO_COMMAND)
			schema_mistake(&l->schema, l->s->finally.steps[i].line,
				       "finally[%zu]: expected a command: all else is restored by "
				       "itself",
				       i);
}

void scenario_check(struct scenario_load *l)
{
	struct scenario *s = l->s;
	const struct steady_cfg *st = &s->steady;

	each_step(l, &s->root, check_inject);
	each_step(l, &s->root, check_label);
	each_step(l, &s->root, check_refers);
	each_step(l, &s->root, check_expect);
	each_step(l, &s->root, check_command);
	each_step(l, &s->finally, check_command);
	check_finally(l);
	check_own_probes(l);
	check_steady(l, st->before, st->before_line, "steady.before");
	check_steady(l, st->during, st->during_line, "steady.during");
	check_steady(l, st->after, st->after_line, "steady.after");
	check_reaches(l, &s->root);
	each_step(l, &s->root, check_reaches);
	if (written_out(&s->root) > SCENARIO_STEPS_MAX)
		schema_mistake(&l->schema, 0, "steps: at most %d, each as often as it is repeated",
			       SCENARIO_STEPS_MAX);
	make_set(l);
}
