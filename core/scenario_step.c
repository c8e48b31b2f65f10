// SPDX-License-Identifier: GPL-2.0-or-later
/* The steps of a scenario, as their keys say them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenario_priv.h"

#define AT(field)     SCHEMA_AT(step_cfg, field)
#define DAY_MS        86400000
#define COMMAND_MS    60000
#define TIMEOUT_MS    3600000
#define REPEAT_MAX    SCENARIO_STEPS_MAX
#define STEPS_OF_LIST 200

static int read_label(struct schema *r, const config_setting_t *s, const char *path, void *dst)
{
	const char *v = schema_text(s);

	if (!v || !text_is_id(v) || strcmp(v, "all") == 0)
		return schema_expected(r, s, path,
				       "a name of 1 to 31 letters, digits, _ and -, and not all");
	*(char **)dst = schema_keep(r, v);
	return 0;
}

/* One text, or a list of them. */
static int read_texts(struct schema *r, const config_setting_t *s, const char *path, void *dst)
{
	char **list;

	if (!schema_text(s))
		return schema_strings(r, s, path, dst);
	list = calloc(2, sizeof(*list));
	r->oom |= !list;
	if (list)
		list[0] = schema_keep(r, schema_text(s));
	*(char ***)dst = list;
	return 0;
}

static int read_time(struct schema *r, const config_setting_t *s, const char *path, void *dst)
{
	return schema_duration(r, s, path, dst, DAY_MS);
}

static int read_timeout(struct schema *r, const config_setting_t *s, const char *path, void *dst)
{
	return schema_duration(r, s, path, dst, TIMEOUT_MS);
}

static int read_is(struct schema *r, const config_setting_t *s, const char *path, void *dst)
{
	const char *v = schema_text(s);

	for (enum probe_state p = PROBE_HOLDS; v && p <= PROBE_FAILED; p++)
		if (strcmp(v, probe_state_word(p)) == 0) {
			*(enum probe_state *)dst = p;
			return 0;
		}
	return schema_expected(r, s, path, "\"holds\" or \"failed\"");
}

/* A number; as a text too, since that can hold a variable. */
static int read_repeat(struct schema *r, const config_setting_t *s, const char *path, void *dst)
{
	const char *v = schema_text(s);
	char *end, what[60];
	long n = v ? strtol(v, &end, 10) : 0;

	if (!v)
		return schema_int(r, s, path, dst, REPEAT_MAX);
	snprintf(what, sizeof(what), "a number from 1 to %d", REPEAT_MAX);
	if (*end || n < 1 || n > REPEAT_MAX)
		return schema_expected(r, s, path, what);
	*(int *)dst = (int)n;
	return 0;
}

static const struct schema_key keys[] = {
	{ "as", read_label, AT(as) },
	{ "inject", schema_string, AT(inject) },
	{ "on", read_texts, AT(on) },
	{ "params", read_texts, AT(words) },
	{ "ttl", read_time, AT(ttl_ms) },
	{ "wait", read_time, AT(wait_ms) },
	{ "expect", schema_string, AT(expect) },
	{ "is", read_is, AT(is) },
	{ "within", read_time, AT(within_ms) },
	{ "for", read_time, AT(for_ms) },
	{ "since", schema_string, AT(since) },
	{ "restore", schema_string, AT(restore) },
	{ "command", schema_string, AT(command) },
	{ "node", schema_string, AT(node) },
	{ "timeout", read_timeout, AT(timeout_ms) },
	{ "steps", scenario_steps, AT(steps) },
	{ "repeat", read_repeat, AT(repeat) },
	{ "over", read_time, AT(over_ms) },
	{ "parallel", scenario_steps, AT(steps) },
	{ "choose", scenario_steps, AT(steps) },
	{ .name = NULL },
};

#define STEP_KIND_KEY(e, k) k,
static const char *const kind_keys[DO_KINDS] = { STEP_KINDS(STEP_KIND_KEY) };
#undef STEP_KIND_KEY

/* What goes with which kind; as goes with all. */
#define D(k) (1u << DO_##k)
static const struct {
	const char *key;
	unsigned kinds;
	bool required;
} parts[] = {
	{ "on", D(INJECT), true },        { "params", D(INJECT), false },
	{ "ttl", D(INJECT), false },      { "is", D(EXPECT), false },
	{ "for", D(EXPECT), false },      { "within", D(EXPECT) | D(RESTORE), false },
	{ "since", D(EXPECT), false },    { "node", D(COMMAND), true },
	{ "timeout", D(COMMAND), false }, { "repeat", D(STEPS), false },
	{ "over", D(STEPS), false },
};

/* The one kind that S is of: false where it is none, or several. */
static bool find_kind(struct schema *r, const config_setting_t *s, const char *prefix,
		      enum step_kind *kind)
{
	int n = 0;

	for (int k = 0; k < DO_KINDS; k++)
		if (config_setting_get_member(s, kind_keys[k])) {
			*kind = (enum step_kind)k;
			n++;
		}
	if (n != 1)
		schema_mistake(r, schema_line(s),
			       "%sinject: expected one of inject, wait, expect, restore, command, "
			       "steps, parallel, choose",
			       prefix);
	return n == 1;
}

static void check_parts(struct schema *r, const config_setting_t *s, const char *prefix,
			enum step_kind kind)
{
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		const config_setting_t *m = config_setting_get_member(s, parts[i].key);
		const bool mine = parts[i].kinds & 1u << kind;

		if (m && !mine)
			schema_mistake(r, schema_line(m), "%s%s: means nothing to %s", prefix,
				       parts[i].key, kind_keys[kind]);
		if (!m && mine && parts[i].required)
			schema_mistake(r, schema_line(s), "%s%s: is missing", prefix, parts[i].key);
	}
}

static void set_defaults(struct step_cfg *c)
{
	if (c->kind == DO_INJECT && !c->ttl_ms)
		c->ttl_ms = 60000;
	if (c->kind == DO_EXPECT && !c->within_ms)
		c->within_ms = WITHIN_MS;
	if (c->kind == DO_EXPECT && c->is == PROBE_UNKNOWN)
		c->is = PROBE_HOLDS;
	if (c->kind == DO_COMMAND && !c->timeout_ms)
		c->timeout_ms = COMMAND_MS;
}

static void read_step(struct schema *r, const config_setting_t *s, const char *prefix, void *base)
{
	struct step_cfg *c = base;

	c->line = schema_line(s);
	schema_group(r, s, prefix, keys, c);
	if (config_setting_type(s) != CONFIG_TYPE_GROUP || !find_kind(r, s, prefix, &c->kind))
		return;
	check_parts(r, s, prefix, c->kind);
	set_defaults(c);
	if (c->over_ms && !c->repeat)
		schema_mistake(r, c->line, "%sover: goes with repeat", prefix);
}

int scenario_steps(struct schema *r, const config_setting_t *s, const char *path, void *dst)
{
	struct step_cfg *of = (struct step_cfg *)((char *)dst - offsetof(struct step_cfg, steps));
	struct scenario_load *l = scenario_load_of(r);
	int ret;

	if (l->depth == SCENARIO_DEPTH_MAX)
		return schema_expected(r, s, path, "steps that are not so deep in others");
	if (of->steps) /* steps, parallel and choose at once: said already */
		return 0;
	l->depth++;
	ret = schema_list(r, s, path, STEPS_OF_LIST, sizeof(*of->steps), read_step, dst,
			  &of->nsteps);
	l->depth--;
	return ret;
}

void scenario_free_steps(struct step_cfg *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct step_cfg *c = &list[i];

		free(c->as);
		free(c->inject);
		schema_free_strings(c->on);
		schema_free_strings(c->words);
		free(c->targets);
		free(c->expect);
		free(c->since);
		free(c->restore);
		free(c->command);
		free(c->node);
		scenario_free_steps(c->steps, c->nsteps);
	}
	free(list);
}

void step_title(const struct step_cfg *c, char *dst, size_t n)
{
	const char *as = c->as ? c->as : "", *colon = c->as ? ": " : "";
	char t[32];

	switch (c->kind) {
	case DO_INJECT:
		snprintf(dst, n, "%s%s%s on %s%s", as, colon, c->inject, c->on[0],
			 c->on[1] ? " …" : "");
		break;
	case DO_WAIT:
		snprintf(dst, n, "%s%swait %s", as, colon,
			 text_duration_str(t, sizeof(t), c->wait_ms));
		break;
	case DO_EXPECT:
		snprintf(dst, n, "%s%s\"%s\" %s within %s", as, colon, c->expect,
			 probe_state_word(c->is), text_duration_str(t, sizeof(t), c->within_ms));
		break;
	case DO_RESTORE:
		snprintf(dst, n, "%s%srestore %s", as, colon, c->restore);
		break;
	case DO_COMMAND:
		if (c->as) /* the plan and the report have all of it */
			snprintf(dst, n, "%s on %s", as, c->node);
		else
			snprintf(dst, n, "%s: %.60s", c->node, c->command);
		break;
	default:
		snprintf(dst, n, "%s%s%s", as, colon, kind_keys[c->kind]);
	}
	text_clean(dst, n, dst);
}
