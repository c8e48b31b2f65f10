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

/* The operator is the index; the longer ones come first. */
static int parse_op(const char **s)
{
	static const struct {
		const char *word;
		enum probe_op op;
	} ops[] = { { "<=", OP_LE }, { ">=", OP_GE }, { "==", OP_EQ },
		    { "!=", OP_NE }, { "<", OP_LT },  { ">", OP_GT } };

	for (size_t i = 0; i < sizeof(ops) / sizeof(*ops); i++) {
		size_t n = strlen(ops[i].word);

		if (strncmp(*s, ops[i].word, n) != 0)
			continue;
		*s += n;
		return (int)ops[i].op;
	}
	return -1;
}

static int read_expect(struct schema *r, const config_setting_t *s, const char *path, void *dst)
{
	struct probe_cfg *p =
		(struct probe_cfg *)((char *)dst - offsetof(struct probe_cfg, expect));
	const char *v = schema_text(s), *at = v;
	int op = v ? parse_op(&at) : -1;
	char *end = NULL;

	if (op >= 0)
		p->bound = strtod(at, &end);
	if (op < 0 || end == at || *end)
		return schema_expected(r, s, path,
				       "<, <=, >, >=, == or != and a number, as in \"< 5\"");
	p->op = (enum probe_op)op;
	p->expect = schema_keep(r, v);
	return 0;
}

#define COMMON                                                                                     \
	{ "command", schema_string, AT(command) }, { "metric", schema_string, AT(metric) },        \
		{ "expect", read_expect, AT(expect) }, { "unit", schema_string, AT(unit) },        \
		{ "interval", read_interval, AT(interval_ms) },                                    \
		{ "timeout", read_timeout, AT(timeout_ms) },                                       \
	{                                                                                          \
		"abort", schema_bool, AT(abort)                                                    \
	}

static const struct schema_key cluster_keys[] = {
	{ "name", read_label, AT(name), .required = true },
	{ "node", schema_string, AT(node) },
	{ "tcp", schema_string, AT(tcp) },
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

/* What each kind needs, and what means nothing to it. */
static void check_kind(struct schema *r, const char *prefix, const struct probe_cfg *p)
{
	char host[256];
	unsigned port;

	if (!!p->command + !!p->tcp + !!p->metric != 1)
		schema_mistake(r, p->line, "%scommand: expected one of command, %smetric", prefix,
			       p->file ? "" : "tcp, ");
	if (p->tcp && !probe_host_port(p->tcp, host, sizeof(host), &port))
		schema_mistake(r, p->line,
			       "%stcp: expected \"HOST:PORT\" or \"[ADDRESS]:PORT\", found \"%s\"",
			       prefix, p->tcp);
	if (p->metric && !p->expect)
		schema_mistake(r, p->line, "%sexpect: is missing", prefix);
	if (!p->metric && (p->expect || p->of))
		schema_mistake(r, p->line, "%s%s: goes with metric", prefix,
			       p->of ? "of" : "expect");
	if (!p->command && p->node)
		schema_mistake(r, p->line, "%snode: goes with command", prefix);
	if (p->metric && p->timeout_ms)
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
	p->kind = p->command ? PROBE_COMMAND : p->tcp ? PROBE_TCP : PROBE_METRIC;
	if (p->kind != PROBE_METRIC && !p->interval_ms)
		p->interval_ms = DEFAULT_MS;
	if (!p->timeout_ms)
		p->timeout_ms = DEFAULT_MS;
}

static void read_own(struct schema *r, const config_setting_t *s, const char *prefix, void *base)
{
	struct probe_cfg *p = base;

	read_probe(r, s, prefix, p, cluster_keys);
	if (p->command && !p->node)
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

int probe_cfg_read(struct schema *r, const config_setting_t *s, const char *path, void *dst)
{
	struct config *c = (struct config *)((char *)dst - offsetof(struct config, probes));
	int ret =
		schema_list(r, s, path, PROBES_MAX, sizeof(*c->probes), read_own, dst, &c->nprobes);

	check_names(r, c->probes, c->nprobes);
	return ret;
}

int manifest_probes(struct schema *r, const config_setting_t *s, const char *path, void *dst)
{
	struct manifest *m = load_of(r)->m;
	int ret = schema_list(r, s, path, PROBES_MAX, sizeof(*m->probes), read_manifests, dst,
			      &m->backend.nprobes);

	check_names(r, m->probes, m->backend.nprobes);
	return ret;
}

/* The node of OF, and that it is a thing that has figures. */
static void check_of(struct schema *r, const struct config *c, const struct probe_cfg *p, size_t i)
{
	struct target t;

	if (target_parse(p->of, &t, NULL) ||
	    (t.kind != KIND_NODE && t.kind != KIND_SERVICE && t.kind != KIND_VM) || !t.node[0])
		schema_mistake(r, p->line,
			       "probes[%zu].of: expected NODE, SERVICE@NODE or vm:NAME@NODE, found "
			       "\"%s\"",
			       i, p->of);
	else if (!config_node(c, t.node))
		schema_mistake(r, p->line, "probes[%zu].of: there is no node \"%s\"", i, t.node);
}

void probe_cfg_check(struct schema *r, const struct config *c)
{
	for (size_t i = 0; i < c->nprobes; i++) {
		const struct probe_cfg *p = &c->probes[i];

		if (p->node && strcmp(p->node, "local") != 0 && !config_node(c, p->node))
			schema_mistake(r, p->line, "probes[%zu].node: there is no node \"%s\"", i,
				       p->node);
		if (p->of)
			check_of(r, c, p, i);
	}
}

void probe_cfg_free(struct probe_cfg *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct probe_cfg *p = &list[i];
		char *const texts[] = { p->name, p->command, p->tcp,  p->metric, p->node,
					p->of,   p->expect,  p->unit, p->file,   p->component };

		for (size_t k = 0; k < sizeof(texts) / sizeof(*texts); k++)
			free(texts[k]);
	}
	free(list);
}
