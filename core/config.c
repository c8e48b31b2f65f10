// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cluster.cfg. A schema table a group drives both reading and the check for unknown keys, so that
 * a key is one row. Mistakes are collected, never fatal one by one.
 */
#include "config.h"

#include <errno.h>
#include <libconfig.h>
#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "text.h"

#define FILE_MAX_BYTES (4 << 20)

struct reader {
	struct config *c;
	struct mistakes *m;
	char dir[PATH_MAX]; /* of cluster.cfg: relative paths begin there */
	bool oom;
};

/* Where a value goes: BASE + OFFSET, and its line to BASE + LINE (0: nowhere). */
struct key {
	const char *name;
	int (*read)(struct reader *r, const config_setting_t *s, const char *path, void *dst);
	size_t offset, line;
	bool required;
};

static void mistake(struct reader *r, int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static void mistake(struct reader *r, int line, const char *fmt, ...)
{
	struct mistakes *m = r->m;
	va_list ap;

	if (m->n == CONFIG_MAX_MISTAKES) {
		m->dropped++;
		return;
	}
	va_start(ap, fmt);
	vsnprintf(m->list[m->n].msg, sizeof(m->list[m->n].msg), fmt, ap);
	va_end(ap);
	text_clean(m->list[m->n].msg, sizeof(m->list[m->n].msg), m->list[m->n].msg);
	m->list[m->n++].line = line;
}

static int line_of(const config_setting_t *s)
{
	return (int)config_setting_source_line(s);
}

/* What stands there, for "found …". */
static const char *found(const config_setting_t *s, char *dst, size_t n)
{
	switch (config_setting_type(s)) {
	case CONFIG_TYPE_STRING:
		snprintf(dst, n, "\"%.60s\"", config_setting_get_string(s));
		break;
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		snprintf(dst, n, "%lld", config_setting_get_int64(s));
		break;
	case CONFIG_TYPE_BOOL:
		snprintf(dst, n, "%s", config_setting_get_bool(s) ? "true" : "false");
		break;
	case CONFIG_TYPE_FLOAT:
		snprintf(dst, n, "%g", config_setting_get_float(s));
		break;
	case CONFIG_TYPE_GROUP:
		snprintf(dst, n, "a group { … }");
		break;
	default:
		snprintf(dst, n, "a list");
	}
	return dst;
}

static int expected(struct reader *r, const config_setting_t *s, const char *path, const char *what)
{
	char f[100];

	mistake(r, line_of(s), "%s: expected %s, found %s", path, what, found(s, f, sizeof(f)));
	return -EINVAL;
}

/* ---- values ---- */

static char *keep(struct reader *r, const char *s)
{
	char *p = strdup(s);

	r->oom |= !p;
	return p;
}

static const char *string_value(const config_setting_t *s)
{
	const char *v =
		config_setting_type(s) == CONFIG_TYPE_STRING ? config_setting_get_string(s) : NULL;

	return v && *v ? v : NULL;
}

static int read_string(struct reader *r, const config_setting_t *s, const char *path, void *dst)
{
	const char *v = string_value(s);

	if (!v)
		return expected(r, s, path, "a text in quotes");
	*(char **)dst = keep(r, v);
	return 0;
}

static int read_name(struct reader *r, const config_setting_t *s, const char *path, void *dst)
{
	const char *v = string_value(s);
	char clean[128];

	if (!v || strlen(v) > 63 || strpbrk(v, "@:/, ") || v[0] == '-' ||
	    strcmp(text_clean(clean, sizeof(clean), v), v) != 0)
		return expected(r, s, path,
				"a name of at most 63 printable bytes without @ : / , or blanks, "
				"not beginning with -");
	*(char **)dst = keep(r, v);
	return 0;
}

/* A file: ~/ is the operator's home, a relative one is beside cluster.cfg. */
static int read_path(struct reader *r, const config_setting_t *s, const char *path, void *dst)
{
	const char *v = string_value(s), *home = getenv("HOME");
	char full[PATH_MAX * 2];

	if (!v || strlen(v) >= PATH_MAX)
		return expected(r, s, path, "a path in quotes");
	if (strncmp(v, "~/", 2) == 0)
		snprintf(full, sizeof(full), "%.4000s%s", home ? home : "", v + 1);
	else
		snprintf(full, sizeof(full), "%s%s%s", *v == '/' ? "" : r->dir,
			 *v == '/' ? "" : "/", v);
	*(char **)dst = keep(r, full);
	return 0;
}

static int read_bool(struct reader *r, const config_setting_t *s, const char *path, void *dst)
{
	if (config_setting_type(s) != CONFIG_TYPE_BOOL)
		return expected(r, s, path, "true or false");
	*(bool *)dst = config_setting_get_bool(s);
	return 0;
}

static int read_int(struct reader *r, const config_setting_t *s, const char *path, int *dst,
		    int max)
{
	int t = config_setting_type(s);
	long long v = config_setting_get_int64(s);
	char what[64];

	snprintf(what, sizeof(what), "a number from 1 to %d", max);
	if ((t != CONFIG_TYPE_INT && t != CONFIG_TYPE_INT64) || v < 1 || v > max)
		return expected(r, s, path, what);
	*dst = (int)v;
	return 0;
}

static int read_port(struct reader *r, const config_setting_t *s, const char *path, void *dst)
{
	return read_int(r, s, path, dst, 65535);
}

static int read_count(struct reader *r, const config_setting_t *s, const char *path, void *dst)
{
	return read_int(r, s, path, dst, 100000);
}

static int read_duration(struct reader *r, const config_setting_t *s, const char *path, void *dst)
{
	const char *v = string_value(s);
	int64_t ms = 0;

	if (config_setting_type(s) == CONFIG_TYPE_INT)
		ms = (int64_t)config_setting_get_int(s) * 1000;
	else if (v && text_duration(v, &ms))
		ms = 0;
	if (ms < 1000 || ms > 86400000)
		return expected(r, s, path, "a time from 1s to 24h (\"90s\", \"10m\", or seconds)");
	*(int64_t *)dst = ms;
	return 0;
}

static int read_strings(struct reader *r, const config_setting_t *s, const char *path, void *dst)
{
	int n = config_setting_length(s), t = config_setting_type(s);
	char **list, item[300];

	if (t != CONFIG_TYPE_ARRAY && t != CONFIG_TYPE_LIST)
		return expected(r, s, path, "a list of texts ( \"…\", \"…\" )");
	list = calloc((size_t)n + 1, sizeof(*list));
	if (!list) {
		r->oom = true;
		return -ENOMEM;
	}
	free(*(char ***)dst);
	*(char ***)dst = list;
	for (int i = 0; i < n; i++) {
		const config_setting_t *e = config_setting_get_elem(s, (unsigned)i);
		const char *v = string_value(e);

		snprintf(item, sizeof(item), "%s[%d]", path, i);
		if (!v)
			return expected(r, e, item, "a text in quotes");
		*list++ = keep(r, v);
	}
	return 0;
}

static int read_symbols(struct reader *r, const config_setting_t *s, const char *path, void *dst)
{
	struct node_cfg *node =
		(struct node_cfg *)((char *)dst - offsetof(struct node_cfg, symbols));
	int n = config_setting_length(s);
	char sub[300];

	if (config_setting_type(s) != CONFIG_TYPE_GROUP)
		return expected(r, s, path, "a group { point = \"function\"; }");
	node->symbols = calloc((size_t)n + 1, sizeof(*node->symbols));
	for (int i = 0; i < n && node->symbols; i++) {
		const config_setting_t *e = config_setting_get_elem(s, (unsigned)i);

		snprintf(sub, sizeof(sub), "%s.%s", path, config_setting_name(e));
		node->symbols[node->nsymbols].point = keep(r, config_setting_name(e));
		if (read_string(r, e, sub, &node->symbols[node->nsymbols].function) == 0)
			node->nsymbols++;
		else
			free(node->symbols[node->nsymbols].point);
	}
	r->oom |= !node->symbols;
	return 0;
}

/* ---- groups ---- */

/* Distance between two words, bounded: for "did you mean". */
static size_t distance(const char *a, const char *b)
{
	size_t row[40], la = strlen(a), lb = strlen(b), diag, up;

	if (la >= 40 || lb >= 40)
		return 99;
	for (size_t j = 0; j <= lb; j++)
		row[j] = j;
	for (size_t i = 1; i <= la; i++) {
		diag = row[0];
		row[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			size_t best = diag + (a[i - 1] != b[j - 1]);

			up = row[j];
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			if (up + 1 < best)
				best = up + 1;
			diag = up;
			row[j] = best;
		}
	}
	return row[lb];
}

static void unknown_key(struct reader *r, const config_setting_t *s, const char *path,
			const struct key *keys)
{
	const char *near = NULL;
	size_t best = 4, d;

	for (const struct key *k = keys; k->name; k++) {
		d = distance(config_setting_name(s), k->name);
		if (d < best) {
			best = d;
			near = k->name;
		}
	}
	mistake(r, line_of(s), "%s: unknown key%s%s%s", path, near ? ", did you mean " : "",
		near ? near : "", near ? "?" : "");
}

static const struct key *key_named(const struct key *keys, const char *name)
{
	for (; keys->name; keys++)
		if (strcmp(keys->name, name) == 0)
			return keys;
	return NULL;
}

static void read_group(struct reader *r, const config_setting_t *g, const char *prefix,
		       const struct key *keys, void *base)
{
	int n = config_setting_length(g);
	char path[300];

	for (int i = 0; i < n; i++) {
		const config_setting_t *s = config_setting_get_elem(g, (unsigned)i);
		const struct key *k = key_named(keys, config_setting_name(s));

		snprintf(path, sizeof(path), "%s%.60s", prefix, config_setting_name(s));
		if (!k) {
			unknown_key(r, s, path, keys);
			continue;
		}
		k->read(r, s, path, (char *)base + k->offset);
		if (k->line)
			*(int *)((char *)base + k->line) = line_of(s);
	}
	for (const struct key *k = keys; k->name; k++)
		if (k->required && !config_setting_get_member(g, k->name))
			mistake(r, line_of(g), "%s%s: is missing", prefix, k->name);
}

#define AT(type, field) .offset = offsetof(struct type, field)

static const struct key node_keys[] = {
	{ "name", read_name, AT(node_cfg, name), .required = true },
	{ "host", read_string, AT(node_cfg, host), .required = true },
	{ "port", read_port, AT(node_cfg, port) },
	{ "address", read_string, AT(node_cfg, address) },
	{ "user", read_string, AT(node_cfg, user) },
	{ "identity", read_path, AT(node_cfg, identity) },
	{ "jump", read_string, AT(node_cfg, jump) },
	{ "roles", read_strings, AT(node_cfg, roles) },
	{ "disposable", read_bool, AT(node_cfg, disposable) },
	{ "symbols", read_symbols, AT(node_cfg, symbols) },
	{ .name = NULL },
};

#define LINE(field) .line = offsetof(struct guard_cfg, field)
static const struct key guard_keys[] = {
	{ "max_nodes", read_count, AT(guard_cfg, max_nodes), LINE(max_nodes_line) },
	{ "max_injections", read_count, AT(guard_cfg, max_injections), LINE(max_injections_line) },
	{ "max_ttl", read_duration, AT(guard_cfg, max_ttl_ms), LINE(max_ttl_line) },
	{ "protected", read_strings, AT(guard_cfg, protected_nodes), LINE(protected_line) },
	{ .name = NULL },
};

static int read_guard(struct reader *r, const config_setting_t *s, const char *path, void *dst)
{
	if (config_setting_type(s) != CONFIG_TYPE_GROUP)
		return expected(r, s, path, "a group { … }");
	read_group(r, s, "guard.", guard_keys, dst);
	return 0;
}

static void check_twice(struct reader *r, size_t i)
{
	const struct node_cfg *n = &r->c->nodes[i];

	for (size_t k = 0; k < i && n->name; k++) {
		if (!r->c->nodes[k].name || strcmp(r->c->nodes[k].name, n->name) != 0)
			continue;
		mistake(r, n->line,
			"nodes[%zu].name: \"%s\" is the name of the node in line %d too", i,
			n->name, r->c->nodes[k].line);
		return;
	}
}

static void read_node(struct reader *r, const config_setting_t *s, size_t i)
{
	struct node_cfg *n = &r->c->nodes[i];
	char prefix[40];

	snprintf(prefix, sizeof(prefix), "nodes[%zu]", i);
	n->line = line_of(s);
	n->roles = calloc(1, sizeof(*n->roles));
	r->oom |= !n->roles;
	if (config_setting_type(s) != CONFIG_TYPE_GROUP) {
		expected(r, s, prefix, "a group { name = …; host = …; }");
		return;
	}
	snprintf(prefix, sizeof(prefix), "nodes[%zu].", i);
	read_group(r, s, prefix, node_keys, n);
	n->local = n->host && strcmp(n->host, "local") == 0;
	/* duplicates are looked for among few: a large file is made by a program */
	if (i < 2000)
		check_twice(r, i);
}

static int read_nodes(struct reader *r, const config_setting_t *s, const char *path, void *dst)
{
	int n = config_setting_length(s);

	(void)dst;
	if (config_setting_type(s) != CONFIG_TYPE_LIST)
		return expected(r, s, path, "a list of groups ( { … }, { … } )");
	if (n < 1 || n > CONFIG_MAX_NODES) {
		mistake(r, line_of(s), "nodes: expected 1 to %d nodes, found %d", CONFIG_MAX_NODES,
			n);
		return -EINVAL;
	}
	r->c->nodes = calloc((size_t)n, sizeof(*r->c->nodes));
	r->oom |= !r->c->nodes;
	for (int i = 0; i < n && r->c->nodes; i++) {
		r->c->nnodes++;
		read_node(r, config_setting_get_elem(s, (unsigned)i), (size_t)i);
	}
	return 0;
}

static const struct key top_keys[] = {
	{ "cluster", read_name, AT(config, cluster) },
	{ "banner", read_string, AT(config, banner) },
	{ "theme", read_string, AT(config, theme) },
	{ "ssh_config", read_path, AT(config, ssh_config) },
	{ "nodes", read_nodes, AT(config, nodes), .required = true },
	{ "guard", read_guard, AT(config, guard) },
	{ .name = NULL },
};

static void check_protected(struct reader *r)
{
	for (char **p = r->c->guard.protected_nodes; p && *p; p++)
		if (!config_node(r->c, *p))
			mistake(r, r->c->guard.protected_line,
				"guard.protected: there is no node \"%s\"", *p);
}

/* ---- the file ---- */

static int by_line(const void *a, const void *b)
{
	const struct mistake *x = a, *y = b;

	return (x->line > y->line) - (x->line < y->line);
}

static void set_dir(struct reader *r, const char *path)
{
	char *slash;

	snprintf(r->dir, sizeof(r->dir), "%s", path);
	slash = strrchr(r->dir, '/');
	if (slash)
		*slash = '\0';
	else
		snprintf(r->dir, sizeof(r->dir), ".");
}

static void set_defaults(struct reader *r)
{
	const char *slash = strrchr(r->c->path, '/');
	const char *name = slash ? slash + 1 : r->c->path;
	size_t len = strlen(name);

	if (len > 4 && strcmp(name + len - 4, ".cfg") == 0)
		len -= 4;
	if (!r->c->cluster)
		r->c->cluster = strndup(name, len);
	if (!r->c->banner)
		r->c->banner = keep(r, "green");
	r->oom |= !r->c->cluster;
}

static int open_file(const char *path, FILE **out, struct err *e)
{
	FILE *f = fopen(path, "re");
	struct stat st;
	int r = f ? 0 : -errno;

	if (!r && fstat(fileno(f), &st))
		r = -errno;
	if (!r && !S_ISREG(st.st_mode))
		r = S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	if (!r && st.st_size > FILE_MAX_BYTES)
		r = -EFBIG;
	if (!r) {
		*out = f;
		return 0;
	}
	if (f)
		fclose(f);
	err_set(e, r, "%s: %s", path, strerror(-r));
	return r == -ENOENT
		       ? err_hint(e, "name the configuration with -c; cluster.cfg in the source "
				     "tree shows every key")
		       : r;
}

static void read_config(struct reader *r, const config_t *lc)
{
	read_group(r, config_root_setting(lc), "", top_keys, r->c);
	check_protected(r);
	set_defaults(r);
	qsort(r->m->list, r->m->n, sizeof(r->m->list[0]), by_line);
}

static int parse(struct reader *r, FILE *f, struct err *e)
{
	config_t lc;

	config_init(&lc);
	config_set_include_dir(&lc, r->dir);
	if (config_read(&lc, f) != CONFIG_TRUE)
		mistake(r, config_error_line(&lc), "%s", config_error_text(&lc));
	else
		read_config(r, &lc);
	config_destroy(&lc);
	if (r->oom)
		return err_set(e, -ENOMEM, "out of memory");
	if (r->m->n)
		return err_set(e, -EINVAL, "%s: %zu mistake%s", r->c->path, r->m->n + r->m->dropped,
			       r->m->n == 1 ? "" : "s");
	return 0;
}

int config_load(const char *path, struct config **out, struct mistakes *m, struct err *e)
{
	struct reader r = { .m = m };
	FILE *f = NULL;
	int ret = open_file(path, &f, e);

	m->n = m->dropped = 0;
	if (ret)
		return ret;
	r.c = calloc(1, sizeof(*r.c));
	if (r.c)
		r.c->path = keep(&r, path);
	set_dir(&r, path);
	ret = r.c && r.c->path ? parse(&r, f, e) : err_set(e, -ENOMEM, "out of memory");
	fclose(f);
	if (ret) {
		config_free(r.c);
		return ret;
	}
	*out = r.c;
	return 0;
}

static void free_strings(char **list)
{
	for (char **p = list; p && *p; p++)
		free(*p);
	free(list);
}

static void free_node(struct node_cfg *n)
{
	free(n->name);
	free(n->host);
	free(n->address);
	free(n->user);
	free(n->identity);
	free(n->jump);
	free_strings(n->roles);
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
	free_strings(c->guard.protected_nodes);
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
