// SPDX-License-Identifier: GPL-2.0-or-later
/* The group `probes` of cluster.cfg and of manifests. */
#include "probe_cfg.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "manifest_priv.h"
#include "probe_read.h"

#define AT(field)      SCHEMA_AT(probe_cfg, field)
#define DEFAULT_MS     5000
#define INTERVAL_MAX   3600000
#define TIMEOUT_MAX_MS 60000

static int read_label(struct schema *r, const config_setting_t *s, const char *path, void *dst)
{
	const char *v = schema_text(s);
	char clean[64];

	if (!v || strlen(v) >= sizeof(clean) || strcmp(text_clean(clean, sizeof(clean), v), v) != 0)
		return schema_expected(r, s, path, "a name of at most 63 printable bytes");
	*(char **)dst = schema_keep(r, v);
	return 0;
}

static int read_interval(struct schema *r, const config_setting_t *s, const char *path, void *dst)
{
	return schema_duration(r, s, path, dst, INTERVAL_MAX);
}

static int read_timeout(struct schema *r, const config_setting_t *s, const char *path, void *dst)
{
	return schema_duration(r, s, path, dst, TIMEOUT_MAX_MS);
}

static int read_expect(struct schema *r, const config_setting_t *s, const char *path, void *dst)
{
	struct probe_cfg *p =
		(struct probe_cfg *)((char *)dst - offsetof(struct probe_cfg, expect));
	const char *v = schema_text(s);

	if (!v || !probe_expect_parse(v, &p->want))
		return schema_expected(
			r, s, path,
			"<, <=, >, >=, == or != and a number, as in \"< 5\", a range \"10..20\", "
			"\"== TEXT\", or percents as in \"<= 150% of baseline\"");
	p->expect = schema_keep(r, v);
	return 0;
}

static int read_status(struct schema *r, const config_setting_t *s, const char *path, void *dst)
{
	return schema_int(r, s, path, dst, 599);
}

static int read_pointer(struct schema *r, const config_setting_t *s, const char *path, void *dst)
{
	const char *v = schema_text(s);

	if (!v || *v != '/')
		return schema_expected(r, s, path,
				       "a JSON pointer, as in \"/beans/0/NumLiveDataNodes\"");
	return schema_string(r, s, path, dst);
}

#define COMMON                                                                                     \
	{ "command", schema_string, AT(command) }, { "metric", schema_string, AT(metric) },        \
		{ "http", schema_string, AT(http) }, { "status", read_status, AT(status) },        \
		{ "body", schema_string, AT(body) }, { "json", read_pointer, AT(json) },           \
		{ "sql", schema_string, AT(sql) }, { "expect", read_expect, AT(expect) },          \
		{ "unit", schema_string, AT(unit) },                                               \
		{ "interval", read_interval, AT(interval_ms) },                                    \
		{ "timeout", read_timeout, AT(timeout_ms) },                                       \
	{                                                                                          \
		"abort", schema_bool, AT(abort)                                                    \
	}

static const struct schema_key cluster_keys[] = {
	{ "name", read_label, AT(name), .required = true },
	{ "node", schema_string, AT(node) },
	{ "tcp", schema_string, AT(tcp) },
	{ "vm", schema_string, AT(vm) },
	{ "of", schema_string, AT(of) },
	COMMON,
	{ .name = NULL },
};

static const struct schema_key manifest_keys[] = {
	{ "name", manifest_dashed, AT(name), .required = true },
	{ "component", schema_string, AT(component) },
	COMMON,
	{ .name = NULL },
};

bool probe_host_port(const char *s, char *host, size_t n, unsigned *port)
{
	const char *colon = strrchr(s, ':');
	bool bracket = *s == '[' && colon && colon > s + 2 && colon[-1] == ']';
	size_t len = colon ? (size_t)(colon - s) - (bracket ? 2 : 0) : 0;
	char *end;
	unsigned long p;

	if (!len || len >= n || (!bracket && (*s == '[' || strchr(s, ':') != colon)) || !colon[1] ||
	    strspn(colon + 1, "0123456789") != strlen(colon + 1))
		return false;
	p = strtoul(colon + 1, &end, 10);
	if (p < 1 || p > 65535)
		return false;
	snprintf(host, n, "%.*s", (int)len, s + bracket);
	*port = (unsigned)p;
	return true;
}

/* The key of each kind, what goes with it, and whether that is a manifest's too. */
#define K(k) (1u << PROBE_##k)
static const struct kind_key {
	const char *key;
	size_t offset;
	bool manifest;
} kind_keys[PROBE_KINDS] = {
	[PROBE_COMMAND] = { "command", offsetof(struct probe_cfg, command), true },
	[PROBE_TCP] = { "tcp", offsetof(struct probe_cfg, tcp), false },
	[PROBE_METRIC] = { "metric", offsetof(struct probe_cfg, metric), true },
	[PROBE_HTTP] = { "http", offsetof(struct probe_cfg, http), true },
	[PROBE_SQL] = { "sql", offsetof(struct probe_cfg, sql), true },
	[PROBE_VM] = { "vm", offsetof(struct probe_cfg, vm), false },
};
static const struct {
	const char *key;
	size_t offset;
	unsigned kinds;
	const char *goes_with;
} parts[] = {
	{ "of", offsetof(struct probe_cfg, of), K(METRIC), "metric" },
	{ "node", offsetof(struct probe_cfg, node), K(COMMAND) | K(HTTP) | K(SQL),
	  "command, http and sql" },
	{ "body", offsetof(struct probe_cfg, body), K(HTTP), "http" },
	{ "json", offsetof(struct probe_cfg, json), K(HTTP), "http" },
	{ "expect", offsetof(struct probe_cfg, expect), K(METRIC) | K(COMMAND) | K(HTTP) | K(SQL),
	  "metric, command, http and sql" },
};

static const char *text_at(const struct probe_cfg *p, size_t offset)
{
	return *(char *const *)((const char *)p + offset);
}

static bool find_kind(struct schema *r, const char *prefix, struct probe_cfg *p)
{
	char names[80] = "";
	size_t n = 0, len = 0;

	for (size_t k = 0; k < PROBE_KINDS; k++) {
		if (p->file && !kind_keys[k].manifest)
			continue;
		len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%s", len ? ", " : "",
					kind_keys[k].key);
		if (!text_at(p, kind_keys[k].offset))
			continue;
		p->kind = (enum probe_kind)k;
		n++;
	}
	if (n != 1)
		schema_mistake(r, p->line, "%scommand: expected one of %s", prefix, names);
	return n == 1;
}

static void check_address(struct schema *r, const char *prefix, const struct probe_cfg *p)
{
	char host[256];
	unsigned port;

	if (p->tcp && !probe_host_port(p->tcp, host, sizeof(host), &port))
		schema_mistake(r, p->line,
			       "%stcp: expected \"HOST:PORT\" or \"[ADDRESS]:PORT\", found \"%s\"",
			       prefix, p->tcp);
	if (p->http && strncmp(p->http, "http://", 7) != 0 && strncmp(p->http, "https://", 8) != 0)
		schema_mistake(r, p->line, "%shttp: expected \"http://…\" or \"https://…\"",
			       prefix);
}

/* What each kind needs, and what means nothing to it. */
static void check_kind(struct schema *r, const char *prefix, struct probe_cfg *p)
{
	if (!find_kind(r, prefix, p))
		return;
	check_address(r, prefix, p);
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		if (text_at(p, parts[i].offset) && !(parts[i].kinds & 1u << p->kind))
			schema_mistake(r, p->line, "%s%s: goes with %s", prefix, parts[i].key,
				       parts[i].goes_with);
	if (p->status && p->kind != PROBE_HTTP)
		schema_mistake(r, p->line, "%sstatus: goes with http", prefix);
	if (p->metric && !p->expect)
		schema_mistake(r, p->line, "%sexpect: is missing", prefix);
	if ((p->metric || p->vm) && p->timeout_ms)
		schema_mistake(r, p->line,
			       "%stimeout: a metric comes with the node's answers, and has none",
			       prefix);
}

static void read_probe(struct schema *r, const config_setting_t *s, const char *prefix,
		       struct probe_cfg *p, const struct schema_key *keys)
{
	p->line = schema_line(s);
	schema_group(r, s, prefix, keys, p);
	check_kind(r, prefix, p);
	if (p->kind != PROBE_METRIC && p->kind != PROBE_VM && !p->interval_ms)
		p->interval_ms = DEFAULT_MS;
	if (!p->timeout_ms)
		p->timeout_ms = DEFAULT_MS;
	if (p->http && !p->json && !p->unit)
		p->unit = schema_keep(r, "ms");
}

static void read_own(struct schema *r, const config_setting_t *s, const char *prefix, void *base)
{
	struct probe_cfg *p = base;

	read_probe(r, s, prefix, p, cluster_keys);
	if ((p->command || p->sql) && !p->node)
		schema_mistake(r, p->line, "%snode: is missing: a node, or \"local\"", prefix);
	if (p->metric && !p->of)
		schema_mistake(r, p->line, "%sof: is missing: NODE, SERVICE@NODE or vm:NAME@NODE",
			       prefix);
}

static void read_manifests(struct schema *r, const config_setting_t *s, const char *prefix,
			   void *base)
{
	struct probe_cfg *p = base;
	char file[80];

	snprintf(file, sizeof(file), "%.70s.cfg", load_of(r)->m->name);
	p->file = schema_keep(r, file);
	read_probe(r, s, prefix, p, manifest_keys);
}

static void check_names(struct schema *r, const struct probe_cfg *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < i; k++)
			if (list[i].name && list[k].name && !strcmp(list[i].name, list[k].name))
				schema_mistake(
					r, list[i].line,
					"probes[%zu].name: \"%s\" is the name of the probe in "
					"line %d too",
					i, list[i].name, list[k].line);
}

int probe_cfg_list(struct schema *r, const config_setting_t *s, const char *path,
		   struct probe_cfg **list, size_t *n)
{
	int ret = schema_list(r, s, path, PROBES_MAX, sizeof(**list), read_own, list, n);

	check_names(r, *list, *n);
	return ret;
}

int probe_cfg_read(struct schema *r, const config_setting_t *s, const char *path, void *dst)
{
	struct config *c = (struct config *)((char *)dst - offsetof(struct config, probes));

	return probe_cfg_list(r, s, path, &c->probes, &c->nprobes);
}

int manifest_probes(struct schema *r, const config_setting_t *s, const char *path, void *dst)
{
	struct manifest *m = load_of(r)->m;
	int ret = schema_list(r, s, path, PROBES_MAX, sizeof(*m->probes), read_manifests, dst,
			      &m->backend.nprobes);

	check_names(r, m->probes, m->backend.nprobes);
	return ret;
}

/* The node of OF or vm, and that it is a thing that has figures. */
static void check_item(struct schema *r, const struct config *c, const struct probe_cfg *p,
		       size_t i)
{
	const char *key = p->of ? "of" : "vm", *text = p->of ? p->of : p->vm;
	const unsigned kinds =
		p->of ? 1u << KIND_NODE | 1u << KIND_SERVICE | 1u << KIND_VM : 1u << KIND_VM;
	struct target t;

	if (target_parse(text, &t, NULL) || !(kinds & 1u << t.kind) || !t.node[0])
		schema_mistake(r, p->line, "probes[%zu].%s: expected %s, found \"%s\"", i, key,
			       p->of ? "NODE, SERVICE@NODE or vm:NAME@NODE" : "vm:NAME@NODE", text);
	else if (!config_node(c, t.node))
		schema_mistake(r, p->line, "probes[%zu].%s: there is no node \"%s\"", i, key,
			       t.node);
}

void probe_cfg_check_list(struct schema *r, const struct config *c, const struct probe_cfg *list,
			  size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct probe_cfg *p = &list[i];

		if (p->node && strcmp(p->node, "local") != 0 && !config_node(c, p->node))
			schema_mistake(r, p->line, "probes[%zu].node: there is no node \"%s\"", i,
				       p->node);
		if (p->of || p->vm)
			check_item(r, c, p, i);
	}
}

void probe_cfg_check(struct schema *r, const struct config *c)
{
	probe_cfg_check_list(r, c, c->probes, c->nprobes);
}

void probe_cfg_free(struct probe_cfg *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct probe_cfg *p = &list[i];
		char *const texts[] = { p->name, p->command, p->tcp,  p->metric, p->http,
					p->sql,  p->vm,      p->body, p->json,   p->node,
					p->of,   p->expect,  p->unit, p->file,   p->component };

		for (size_t k = 0; k < sizeof(texts) / sizeof(*texts); k++)
			free(texts[k]);
	}
	free(list);
}
