// SPDX-License-Identifier: GPL-2.0-or-later
/* The parts of a manifest: words, metrics, components and parameters. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "manifest_priv.h"

/* ---- words and names ---- */

static bool is_word(const char *s, const char *also)
{
	size_t n = strlen(s);

	if (!n || n > 31 || !islower((unsigned char)s[0]))
		return false;
	for (; *s; s++)
		if (!islower((unsigned char)*s) && !isdigit((unsigned char)*s) && !strchr(also, *s))
			return false;
	return true;
}

bool manifest_is_name(const char *s)
{
	return is_word(s, "_");
}

static int read_word(struct schema *r, const config_setting_t *s, const char *path, void *dst,
		     const char *also)
{
	const char *v = schema_text(s);
	char what[100];

	snprintf(what, sizeof(what), "a name of a-z, 0-9 and %s, at most 31 of them",
		 *also == '-' ? "-" : "_");
	if (!v || !is_word(v, also))
		return schema_expected(r, s, path, what);
	*(char **)dst = schema_keep(r, v);
	return 0;
}

int manifest_dashed(struct schema *r, const config_setting_t *s, const char *path, void *dst)
{
	return read_word(r, s, path, dst, "-");
}

/* What becomes a shell variable. */
static int read_variable(struct schema *r, const config_setting_t *s, const char *path, void *dst)
{
	return read_word(r, s, path, dst, "_");
}

int manifest_variables(struct schema *r, const config_setting_t *s, const char *path, void *dst)
{
	int ret = schema_strings(r, s, path, dst);

	for (char **w = *(char ***)dst; !ret && *w; w++)
		if (!is_word(*w, "_")) {
			schema_mistake(r, schema_line(s), "%s: '%s' is no name of a-z, 0-9 and _",
				       path, *w);
			ret = -EINVAL;
		}
	return ret;
}

/* WORD in a NULL-terminated list: its index, or -1 with the mistake told. */
static int one_of(struct schema *r, const config_setting_t *s, const char *path, const char *word,
		  const char *const *list, size_t n)
{
	char all[200];
	size_t len = 0;

	for (size_t i = 0; i < n; i++)
		if (word && strcmp(word, list[i]) == 0)
			return (int)i;
	for (size_t i = 0; i < n && len < sizeof(all); i++)
		len += (size_t)snprintf(all + len, sizeof(all) - len, "%s%s",
					!i          ? ""
					: i < n - 1 ? ", "
						    : " or ",
					list[i]);
	if (word)
		schema_mistake(r, schema_line(s), "%s: expected %s, found \"%s\"", path, all, word);
	else
		schema_expected(r, s, path, all);
	return -1;
}

/* ---- values with a list of words ---- */

static const char *const kinds[] = { "node", "service", "pid", "path", "link" };
static const enum kind kind_of[] = { KIND_NODE, KIND_SERVICE, KIND_PID, KIND_PATH, KIND_LINK };
#define KINDS_N (sizeof(kinds) / sizeof(*kinds))

static int read_kind(struct schema *r, const config_setting_t *s, const char *path, void *dst)
{
	int i = one_of(r, s, path, schema_text(s), kinds, KINDS_N);

	if (i < 0)
		return -EINVAL;
	*(enum kind *)dst = kind_of[i];
	return 0;
}

/* A list of words that become bits, by BIT. */
static int read_bits(struct schema *r, const config_setting_t *s, const char *path,
		     const char *const *list, size_t n, unsigned (*bit)(int i), unsigned *out)
{
	char **words = NULL;
	int ret = schema_strings(r, s, path, &words);

	for (char **w = words; !ret && *w; w++) {
		int i = one_of(r, s, path, *w, list, n);

		if (i < 0)
			ret = -EINVAL;
		else
			*out |= bit(i);
	}
	schema_free_strings(words);
	return ret;
}

static unsigned kind_bit(int i)
{
	return 1u << kind_of[i];
}

int manifest_targets(struct schema *r, const config_setting_t *s, const char *path, void *dst)
{
	return read_bits(r, s, path, kinds, KINDS_N, kind_bit, dst);
}

static unsigned flag_bit(int i)
{
	return i ? FAULT_LASTING : FAULT_KERNEL;
}

int manifest_flags(struct schema *r, const config_setting_t *s, const char *path, void *dst)
{
	static const char *const flags[] = { "kernel", "lasting" };

	return read_bits(r, s, path, flags, 2, flag_bit, dst);
}

int manifest_aftermath(struct schema *r, const config_setting_t *s, const char *path, void *dst)
{
	static const char *const words[] = { "heals", "paused", "dead" };
	int i = one_of(r, s, path, schema_text(s), words, 3);

	if (i < 0)
		return -EINVAL;
	*(enum aftermath *)dst = (enum aftermath)i;
	return 0;
}

static int read_type(struct schema *r, const config_setting_t *s, const char *path, void *dst)
{
	int i = one_of(r, s, path, schema_text(s), param_type_words, PARAM_TYPES);

	/* one mistake is enough: a text has no further rules */
	*(enum param_type *)dst = i < 0 ? PARAM_TEXT : (enum param_type)i;
	return i < 0 ? -EINVAL : 0;
}

int manifest_recovery(struct schema *r, const config_setting_t *s, const char *path, void *dst)
{
	const char *v = schema_text(s);
	int64_t ms;

	if (!v || text_duration(v, &ms) || ms > 3600000)
		return schema_expected(r, s, path, "a time up to 1h (\"500ms\", \"5s\")");
	*(int *)dst = (int)ms;
	return 0;
}

static int read_number(struct schema *r, const config_setting_t *s, const char *path, void *dst)
{
	int t = config_setting_type(s);

	if (t != CONFIG_TYPE_INT && t != CONFIG_TYPE_INT64)
		return schema_expected(r, s, path, "a number");
	*(int64_t *)dst = config_setting_get_int64(s);
	return 0;
}

static int read_scale(struct schema *r, const config_setting_t *s, const char *path, void *dst)
{
	int t = config_setting_type(s);

	if (t != CONFIG_TYPE_FLOAT && t != CONFIG_TYPE_INT)
		return schema_expected(r, s, path, "a number");
	*(double *)dst =
		t == CONFIG_TYPE_INT ? config_setting_get_int(s) : config_setting_get_float(s);
	return 0;
}

/* ---- groups ---- */

#define AT SCHEMA_AT

static const struct schema_key metric_keys[] = {
	{ "key", read_variable, AT(metric, key), .required = true },
	{ "label", schema_string, AT(metric, label), .required = true },
	{ "unit", schema_string, AT(metric, unit) },
	{ "kind", read_kind, AT(metric, kind) },
	{ "counter", schema_bool, AT(metric, counter) },
	{ "scale", read_scale, AT(metric, scale) },
	{ .name = NULL },
};

static void read_metric(struct schema *r, const config_setting_t *s, const char *prefix, void *base)
{
	struct metric *m = base;

	m->kind = KIND_SERVICE;
	m->scale = 1;
	schema_group(r, s, prefix, metric_keys, m);
	if (!m->unit)
		m->unit = schema_keep(r, "");
}

int manifest_metrics(struct schema *r, const config_setting_t *s, const char *path, void *dst)
{
	return schema_list(r, s, path, 100, sizeof(struct metric), read_metric, dst,
			   &load_of(r)->m->backend.nmetrics);
}

static const struct schema_key component_keys[] = {
	{ "name", manifest_dashed, AT(component, name), .required = true },
	{ "unit", schema_name, AT(component, unit) },
	{ "comm", schema_name, AT(component, comm) },
	{ .name = NULL },
};

static void read_component(struct schema *r, const config_setting_t *s, const char *prefix,
			   void *base)
{
	schema_group(r, s, prefix, component_keys, base);
}

int manifest_components(struct schema *r, const config_setting_t *s, const char *path, void *dst)
{
	return schema_list(r, s, path, 50, sizeof(struct component), read_component, dst,
			   &load_of(r)->m->ncomponents);
}

static const struct schema_key shortcut_keys[] = {
	{ "words", schema_string, AT(shortcut, words), .required = true },
	{ "fault", manifest_dashed, AT(shortcut, fault), .required = true },
	{ "component", manifest_dashed, AT(shortcut, component) },
	{ "address", read_variable, AT(shortcut, address) },
	{ "value", read_variable, AT(shortcut, value) },
	{ "path", schema_bool, AT(shortcut, path) },
	{ "restores", schema_bool, AT(shortcut, restores) },
	{ .name = NULL },
};

static void read_shortcut(struct schema *r, const config_setting_t *s, const char *prefix,
			  void *base)
{
	struct shortcut *c = base;
	char full[80];

	schema_group(r, s, prefix, shortcut_keys, base);
	if (!c->fault)
		return;
	snprintf(full, sizeof(full), "%s.%s", load_of(r)->m->name, c->fault);
	free((char *)c->fault);
	c->fault = schema_keep(r, full);
}

int manifest_shortcuts(struct schema *r, const config_setting_t *s, const char *path, void *dst)
{
	return schema_list(r, s, path, 100, sizeof(struct shortcut), read_shortcut, dst,
			   &load_of(r)->m->backend.nshortcuts);
}

static const struct schema_key param_keys[] = {
	{ "name", read_variable, AT(param, name), .required = true },
	{ "type", read_type, AT(param, type), .required = true },
	{ "def", schema_string, AT(param, def) },
	{ "choices", schema_strings, AT(param, choices) },
	{ "min", read_number, AT(param, min) },
	{ "max", read_number, AT(param, max) },
	{ "unit", schema_string, AT(param, unit) },
	{ "help", schema_string, AT(param, help), .required = true },
	{ .name = NULL },
};

static void check_param(struct schema *r, int line, const char *prefix, const struct param *p)
{
	static const char *const words[] = { "ttl", "reason", "quorum" };
	struct err e = { .code = 0 };

	if (!p->name)
		return;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strcmp(p->name, words[i]) == 0)
			schema_mistake(r, line, "%sname: \"%s\" is a word of inject itself", prefix,
				       p->name);
	if (p->type == PARAM_CHOICE && !p->choices)
		schema_mistake(r, line, "%schoices: is missing", prefix);
	else if (p->type == PARAM_INT && p->min >= p->max)
		schema_mistake(r, line, "%smin: expected less than max, found %lld and %lld",
			       prefix, (long long)p->min, (long long)p->max);
	else if (p->def && (strlen(p->def) >= sizeof(((struct params *)0)->value[0]) ||
			    param_check(p, p->def, &e)))
		schema_mistake(r, line, "%sdef: %s", prefix, e.code ? e.msg : "too long");
}

static void read_param(struct schema *r, const config_setting_t *s, const char *prefix, void *base)
{
	schema_group(r, s, prefix, param_keys, base);
	check_param(r, schema_line(s), prefix, base);
}

int manifest_params(struct schema *r, const config_setting_t *s, const char *path, void *dst)
{
	struct fault *f = (struct fault *)((char *)dst - offsetof(struct fault, params));
	int ret = schema_list(r, s, path, PARAMS_MAX, sizeof(struct param), read_param, dst,
			      &f->nparams);

	for (size_t i = 0; i < f->nparams; i++)
		for (size_t k = 0; k < i; k++)
			if (f->params[i].name && f->params[k].name &&
			    strcmp(f->params[i].name, f->params[k].name) == 0)
				schema_mistake(r, schema_line(s),
					       "%s[%zu].name: \"%s\" is there twice", path, i,
					       f->params[i].name);
	return ret;
}
