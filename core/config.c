// SPDX-License-Identifier: GPL-2.0-or-later
/* cluster.cfg: its keys, and what they mean together. */
#include "config.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probe_read.h"
#include "schema.h"
#include "text.h"

static int read_port(struct schema *r, const config_setting_t *s, const char *path, void *dst)
{
	return schema_int(r, s, path, dst, 65535);
}

static int read_count(struct schema *r, const config_setting_t *s, const char *path, void *dst)
{
	return schema_int(r, s, path, dst, 100000);
}

static int read_ttl(struct schema *r, const config_setting_t *s, const char *path, void *dst)
{
	return schema_duration(r, s, path, dst, 86400000);
}

/* One text, or a list of them. */
static int texts(struct schema *r, const config_setting_t *s, const char *path, char ***dst)
{
	if (!schema_text(s))
		return schema_strings(r, s, path, dst);
	*dst = calloc(2, sizeof(**dst));
	r->oom |= !*dst;
	if (*dst)
		(*dst)[0] = schema_keep(r, schema_text(s));
	return 0;
}

static int read_hours(struct schema *r, const config_setting_t *s, const char *path, void *dst)
{
	struct guard_cfg *g = (struct guard_cfg *)((char *)dst - offsetof(struct guard_cfg, hours));
	int ret = texts(r, s, path, &g->hours_text);
	size_t n = 0;

	while (!ret && !r->oom && g->hours_text[n])
		n++;
	g->hours = calloc(n + 1, sizeof(*g->hours));
	r->oom |= !g->hours;
	for (; g->nhours < n && g->hours; g->nhours++) {
		if (!hours_parse(g->hours_text[g->nhours], &g->hours[g->nhours]))
			continue;
		schema_mistake(r, schema_line(s),
			       "%s: expected \"mon-fri 09:00-17:00\", \"sat,sun 10:00-12:00\" or "
			       "\"22:00-06:00\", found \"%s\"",
			       path, g->hours_text[g->nhours]);
		return -EINVAL;
	}
	if (!ret && !n)
		return schema_expected(r, s, path, "at least one window");
	return ret;
}

static int read_symbols(struct schema *r, const config_setting_t *s, const char *path, void *dst)
{
	struct node_cfg *node =
		(struct node_cfg *)((char *)dst - offsetof(struct node_cfg, symbols));
	int n = config_setting_length(s);
	char sub[300];

	if (config_setting_type(s) != CONFIG_TYPE_GROUP)
		return schema_expected(r, s, path, "a group { point = \"function\"; }");
	node->symbols = calloc((size_t)n + 1, sizeof(*node->symbols));
	for (int i = 0; i < n && node->symbols; i++) {
		const config_setting_t *e = config_setting_get_elem(s, (unsigned)i);

		snprintf(sub, sizeof(sub), "%s.%s", path, config_setting_name(e));
		node->symbols[node->nsymbols].point = schema_keep(r, config_setting_name(e));
		if (schema_string(r, e, sub, &node->symbols[node->nsymbols].function) == 0)
			node->nsymbols++;
		else
			free(node->symbols[node->nsymbols].point);
	}
	r->oom |= !node->symbols;
	return 0;
}

static int read_settings(struct schema *r, const config_setting_t *s, const char *path, void *dst)
{
	struct config *c = (struct config *)((char *)dst - offsetof(struct config, settings));
	int n = config_setting_length(s);
	char sub[300];

	if (config_setting_type(s) != CONFIG_TYPE_GROUP)
		return schema_expected(r, s, path, "a group { name = \"value\"; }");
	c->settings = calloc((size_t)n + 1, sizeof(*c->settings));
	for (int i = 0; i < n && c->settings; i++) {
		const config_setting_t *e = config_setting_get_elem(s, (unsigned)i);
		struct setting_cfg *to = &c->settings[c->nsettings];

		snprintf(sub, sizeof(sub), "%s.%s", path, config_setting_name(e));
		if (schema_string(r, e, sub, &to->value))
			continue;
		to->name = schema_keep(r, config_setting_name(e));
		to->line = schema_line(e);
		c->nsettings++;
	}
	r->oom |= !c->settings;
	return 0;
}

static int read_places(struct schema *r, const config_setting_t *s, const char *path, void *dst)
{
	int ret = schema_paths(r, s, path, dst);

	if (ret || config_setting_length(s) <= CONFIG_PLACES_MAX)
		return ret;
	return schema_expected(r, s, path, "at most 8 directories");
}

#define AT(type, field) SCHEMA_AT(type, field)

static const struct schema_key node_keys[] = {
	{ "name", schema_name, AT(node_cfg, name), .required = true },
	{ "host", schema_string, AT(node_cfg, host), .required = true },
	{ "port", read_port, AT(node_cfg, port) },
	{ "address", schema_string, AT(node_cfg, address) },
	{ "user", schema_string, AT(node_cfg, user) },
	{ "identity", schema_path, AT(node_cfg, identity) },
	{ "jump", schema_string, AT(node_cfg, jump) },
	{ "roles", schema_strings, AT(node_cfg, roles) },
	{ "disposable", schema_bool, AT(node_cfg, disposable) },
	{ "symbols", read_symbols, AT(node_cfg, symbols) },
	{ .name = NULL },
};

#define LINE(field) .line = offsetof(struct guard_cfg, field)
static const struct schema_key guard_keys[] = {
	{ "max_nodes", read_count, AT(guard_cfg, max_nodes), LINE(max_nodes_line) },
	{ "max_injections", read_count, AT(guard_cfg, max_injections), LINE(max_injections_line) },
	{ "max_ttl", read_ttl, AT(guard_cfg, max_ttl_ms), LINE(max_ttl_line) },
	{ "protected", schema_strings, AT(guard_cfg, protected_nodes), LINE(protected_line) },
	{ "quorum", schema_bool, AT(guard_cfg, quorum), LINE(quorum_line) },
	{ "hours", read_hours, AT(guard_cfg, hours), LINE(hours_line) },
	{ .name = NULL },
};

static int read_guard(struct schema *r, const config_setting_t *s, const char *path, void *dst)
{
	(void)path;
	schema_group(r, s, "guard.", guard_keys, dst);
	return 0;
}

/* By name; of one name in the order of the file. */
static int by_name(const void *a, const void *b)
{
	const struct node_cfg *x = *(const struct node_cfg *const *)a;
	const struct node_cfg *y = *(const struct node_cfg *const *)b;
	int r = strcmp(x->name, y->name);

	return r ? r : x < y ? -1 : x > y;
}

static void check_twice(struct schema *r, const struct config *c)
{
	const struct node_cfg **list = calloc(c->nnodes + 1, sizeof(*list));
	size_t n = 0;

	r->oom |= !list;
	for (size_t i = 0; list && i < c->nnodes; i++)
		if (c->nodes[i].name)
			list[n++] = &c->nodes[i];
	if (n)
		qsort(list, n, sizeof(*list), by_name);
	for (size_t i = 1; i < n; i++)
		if (strcmp(list[i - 1]->name, list[i]->name) == 0)
			schema_mistake(
				r, list[i]->line,
				"nodes[%zu].name: \"%s\" is the name of the node in line %d too",
				(size_t)(list[i] - c->nodes), list[i]->name, list[i - 1]->line);
	free(list);
}

static void read_node(struct schema *r, const config_setting_t *s, const char *prefix, void *base)
{
	struct node_cfg *n = base;

	n->line = schema_line(s);
	n->roles = calloc(1, sizeof(*n->roles));
	r->oom |= !n->roles;
	schema_group(r, s, prefix, node_keys, n);
	n->local = n->host && strcmp(n->host, "local") == 0;
}

static int read_nodes(struct schema *r, const config_setting_t *s, const char *path, void *dst)
{
	struct config *c = (struct config *)((char *)dst - offsetof(struct config, nodes));
	int ret = schema_list(r, s, path, CONFIG_MAX_NODES, sizeof(*c->nodes), read_node, dst,
			      &c->nnodes);

	check_twice(r, c);
	return ret;
}

static const struct schema_key top_keys[] = {
	{ "cluster", schema_name, AT(config, cluster) },
	{ "banner", schema_string, AT(config, banner) },
	{ "theme", schema_string, AT(config, theme) },
	{ "ssh_config", schema_path, AT(config, ssh_config) },
	{ "nodes", read_nodes, AT(config, nodes), .required = true },
	{ "guard", read_guard, AT(config, guard) },
	{ "probes", probe_cfg_read, AT(config, probes) },
	{ "backends", schema_paths, AT(config, backends) },
	{ "scenarios", read_places, AT(config, scenarios) },
	{ "settings", read_settings, AT(config, settings) },
	{ .name = NULL },
};

static void check_protected(struct schema *r, const struct config *c)
{
	for (char **p = c->guard.protected_nodes; p && *p; p++)
		if (!config_node(c, *p))
			schema_mistake(r, c->guard.protected_line,
				       "guard.protected: there is no node \"%s\"", *p);
}

/* ---- the file ---- */

static void set_defaults(struct schema *r, struct config *c)
{
	const char *slash = strrchr(c->path, '/');
	const char *name = slash ? slash + 1 : c->path;
	size_t len = strlen(name);

	if (len > 4 && strcmp(name + len - 4, ".cfg") == 0)
		len -= 4;
	if (!c->cluster)
		c->cluster = strndup(name, len);
	if (!c->banner)
		c->banner = schema_keep(r, "green");
	r->oom |= !c->cluster;
}

static void read_config(struct schema *r, config_setting_t *root, void *arg)
{
	schema_group(r, root, "", top_keys, arg);
	check_protected(r, arg);
	probe_cfg_check(r, arg);
	set_defaults(r, arg);
}

static int parse(struct config *c, const char *path, const char *text, struct mistakes *m,
		 struct err *e)
{
	struct schema r = { .m = m };
	int ret;

	c->path = schema_keep(&r, path);
	schema_set_dir(&r, path);
	ret = c->path ? schema_parse(&r, text, read_config, c) : -ENOMEM;
	if (ret == -EINVAL)
		err_set(e, ret, "%s: %zu mistake%s", path, m->n + m->dropped, m->n == 1 ? "" : "s");
	return ret == -ENOMEM ? err_set(e, ret, "out of memory") : ret;
}

int config_load(const char *path, struct config **out, struct mistakes *m, struct err *e)
{
	struct buf text = BUF_INIT(SCHEMA_FILE_MAX);
	struct config *c = calloc(1, sizeof(*c));
	int ret = schema_file(path, &text, e);

	m->n = m->dropped = 0;
	if (ret == -ENOENT)
		err_hint(e, "name the configuration with -c; cluster.cfg in the source tree shows "
			    "every key");
	if (!ret)
		ret = c ? parse(c, path, buf_text(&text), m, e)
			: err_set(e, -ENOMEM, "out of memory");
	buf_free(&text);
	if (ret) {
		config_free(c);
		return ret;
	}
	*out = c;
	return 0;
}

static void free_node(struct node_cfg *n)
{
	free(n->name);
	free(n->host);
	free(n->address);
	free(n->user);
	free(n->identity);
	free(n->jump);
	schema_free_strings(n->roles);
	for (size_t i = 0; i < n->nsymbols; i++) {
		free(n->symbols[i].point);
		free(n->symbols[i].function);
	}
	free(n->symbols);
}

struct config *config_free(struct config *c)
{
	if (!c)
		return NULL;
	for (size_t i = 0; i < c->nnodes; i++)
		free_node(&c->nodes[i]);
	free(c->nodes);
	schema_free_strings(c->guard.protected_nodes);
	schema_free_strings(c->guard.hours_text);
	free(c->guard.hours);
	probe_cfg_free(c->probes, c->nprobes);
	schema_free_strings(c->backends);
	schema_free_strings(c->scenarios);
	for (size_t i = 0; i < c->nsettings; i++) {
		free(c->settings[i].name);
		free(c->settings[i].value);
	}
	free(c->settings);
	free(c->path);
	free(c->cluster);
	free(c->banner);
	free(c->theme);
	free(c->ssh_config);
	free(c);
	return NULL;
}

const struct node_cfg *config_node(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->nnodes; i++)
		if (c->nodes[i].name && strcmp(c->nodes[i].name, name) == 0)
			return &c->nodes[i];
	return NULL;
}
