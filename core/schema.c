// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A schema table a group drives both reading and the check for unknown keys, so that a key is one
 * row. Mistakes are collected, never fatal one by one.
 */
#include "schema.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

void schema_mistake(struct schema *r, int line, const char *fmt, ...)
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

int schema_line(const config_setting_t *s)
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

int schema_expected(struct schema *r, const config_setting_t *s, const char *path, const char *what)
{
	char f[100];

	schema_mistake(r, schema_line(s), "%s: expected %s, found %s", path, what,
		       found(s, f, sizeof(f)));
	return -EINVAL;
}

/* ---- values ---- */

char *schema_keep(struct schema *r, const char *s)
{
	char *p = strdup(s);

	r->oom |= !p;
	return p;
}

const char *schema_text(const config_setting_t *s)
{
	const char *v =
		config_setting_type(s) == CONFIG_TYPE_STRING ? config_setting_get_string(s) : NULL;

	return v && *v ? v : NULL;
}

int schema_string(struct schema *r, const config_setting_t *s, const char *path, void *dst)
{
	const char *v = schema_text(s);

	if (!v)
		return schema_expected(r, s, path, "a text in quotes");
	*(char **)dst = schema_keep(r, v);
	return 0;
}

int schema_name(struct schema *r, const config_setting_t *s, const char *path, void *dst)
{
	const char *v = schema_text(s);
	char clean[128];

	if (!v || strlen(v) > 63 || strpbrk(v, "@:/, ") || v[0] == '-' ||
	    strcmp(text_clean(clean, sizeof(clean), v), v) != 0)
		return schema_expected(
			r, s, path,
			"a name of at most 63 printable bytes without @ : / , or blanks, "
			"not beginning with -");
	*(char **)dst = schema_keep(r, v);
	return 0;
}

/* A file: ~/ is the operator's home, a relative one is beside the file that is read. */
static char *resolve(struct schema *r, const char *v)
{
	const char *home = getenv("HOME");
	char full[PATH_MAX * 2];

	if (strncmp(v, "~/", 2) == 0)
		snprintf(full, sizeof(full), "%.4000s%s", home ? home : "", v + 1);
	else
		snprintf(full, sizeof(full), "%s%s%s", *v == '/' ? "" : r->dir,
			 *v == '/' ? "" : "/", v);
	return schema_keep(r, full);
}

int schema_path(struct schema *r, const config_setting_t *s, const char *path, void *dst)
{
	const char *v = schema_text(s);

	if (!v || strlen(v) >= PATH_MAX)
		return schema_expected(r, s, path, "a path in quotes");
	*(char **)dst = resolve(r, v);
	return 0;
}

int schema_bool(struct schema *r, const config_setting_t *s, const char *path, void *dst)
{
	if (config_setting_type(s) != CONFIG_TYPE_BOOL)
		return schema_expected(r, s, path, "true or false");
	*(bool *)dst = config_setting_get_bool(s);
	return 0;
}

int schema_int(struct schema *r, const config_setting_t *s, const char *path, int *dst, int max)
{
	int t = config_setting_type(s);
	long long v = config_setting_get_int64(s);
	char what[64];

	snprintf(what, sizeof(what), "a number from 1 to %d", max);
	if ((t != CONFIG_TYPE_INT && t != CONFIG_TYPE_INT64) || v < 1 || v > max)
		return schema_expected(r, s, path, what);
	*dst = (int)v;
	return 0;
}

int schema_duration(struct schema *r, const config_setting_t *s, const char *path, int64_t *dst,
		    int64_t max_ms)
{
	const char *v = schema_text(s);
	char what[100], max[24];
	int64_t ms = 0;

	if (config_setting_type(s) == CONFIG_TYPE_INT)
		ms = (int64_t)config_setting_get_int(s) * 1000;
	else if (v && text_duration(v, &ms))
		ms = 0;
	snprintf(what, sizeof(what), "a time from 1s to %s (\"90s\", \"10m\", or seconds)",
		 text_duration_str(max, sizeof(max), max_ms));
	if (ms < 1000 || ms > max_ms)
		return schema_expected(r, s, path, what);
	*dst = ms;
	return 0;
}

int schema_strings(struct schema *r, const config_setting_t *s, const char *path, void *dst)
{
	int n = config_setting_length(s), t = config_setting_type(s);
	char **list, item[300];

	if (t != CONFIG_TYPE_ARRAY && t != CONFIG_TYPE_LIST)
		return schema_expected(r, s, path, "a list of texts ( \"…\", \"…\" )");
	list = calloc((size_t)n + 1, sizeof(*list));
	if (!list) {
		r->oom = true;
		return -ENOMEM;
	}
	free(*(char ***)dst);
	*(char ***)dst = list;
	for (int i = 0; i < n; i++) {
		const config_setting_t *e = config_setting_get_elem(s, (unsigned)i);
		const char *v = schema_text(e);

		snprintf(item, sizeof(item), "%s[%d]", path, i);
		if (!v)
			return schema_expected(r, e, item, "a text in quotes");
		*list++ = schema_keep(r, v);
	}
	return 0;
}

int schema_paths(struct schema *r, const config_setting_t *s, const char *path, void *dst)
{
	int ret = schema_strings(r, s, path, dst);

	for (char **w = *(char ***)dst; !ret && *w; w++) {
		char *full = resolve(r, *w);

		free(*w);
		*w = full;
	}
	return ret;
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

static void unknown_key(struct schema *r, const config_setting_t *s, const char *path,
			const struct schema_key *keys)
{
	const char *near = NULL;
	size_t best = 4, d;

	for (const struct schema_key *k = keys; k->name; k++) {
		d = distance(config_setting_name(s), k->name);
		if (d < best) {
			best = d;
			near = k->name;
		}
	}
	schema_mistake(r, schema_line(s), "%s: unknown key%s%s%s", path,
		       near ? ", did you mean " : "", near ? near : "", near ? "?" : "");
}

static const struct schema_key *key_named(const struct schema_key *keys, const char *name)
{
	for (; keys->name; keys++)
		if (strcmp(keys->name, name) == 0)
			return keys;
	return NULL;
}

void schema_group(struct schema *r, const config_setting_t *g, const char *prefix,
		  const struct schema_key *keys, void *base)
{
	int n = config_setting_length(g);
	char path[300];

	if (config_setting_type(g) != CONFIG_TYPE_GROUP) {
		snprintf(path, sizeof(path), "%.*s", (int)strlen(prefix) - 1, prefix);
		schema_expected(r, g, path, "a group { … }");
		return;
	}
	for (int i = 0; i < n; i++) {
		const config_setting_t *s = config_setting_get_elem(g, (unsigned)i);
		const struct schema_key *k = key_named(keys, config_setting_name(s));

		snprintf(path, sizeof(path), "%s%.60s", prefix, config_setting_name(s));
		if (!k) {
			unknown_key(r, s, path, keys);
			continue;
		}
		k->read(r, s, path, (char *)base + k->offset);
		if (k->line)
			*(int *)((char *)base + k->line) = schema_line(s);
	}
	for (const struct schema_key *k = keys; k->name; k++)
		if (k->required && !config_setting_get_member(g, k->name))
			schema_mistake(r, schema_line(g), "%s%s: is missing", prefix, k->name);
}

int schema_list(struct schema *r, const config_setting_t *s, const char *path, int max, size_t size,
		void (*item)(struct schema *r, const config_setting_t *s, const char *prefix,
			     void *base),
		void *list, size_t *n)
{
	int len = config_setting_length(s);
	char prefix[300], *all;

	if (config_setting_type(s) != CONFIG_TYPE_LIST)
		return schema_expected(r, s, path, "a list of groups ( { … }, { … } )");
	if (len < 1 || len > max) {
		schema_mistake(r, schema_line(s), "%s: expected 1 to %d of them, found %d", path,
			       max, len);
		return -EINVAL;
	}
	all = calloc((size_t)len, size);
	r->oom |= !all;
	*(void **)list = all;
	for (int i = 0; i < len && all; i++, ++*n) {
		snprintf(prefix, sizeof(prefix), "%s[%d].", path, i);
		item(r, config_setting_get_elem(s, (unsigned)i), prefix, all + size * *n);
	}
	return 0;
}

/* ---- the file ---- */

static int by_line(const void *a, const void *b)
{
	const struct mistake *x = a, *y = b;

	return (x->line > y->line) - (x->line < y->line);
}

static int open_file(const char *path, size_t max, FILE **out, struct err *e)
{
	FILE *f = fopen(path, "re");
	struct stat st;
	int r = f ? 0 : -errno;

	if (!r && fstat(fileno(f), &st))
		r = -errno;
	if (!r && !S_ISREG(st.st_mode))
		r = S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	if (!r && (uintmax_t)st.st_size > max)
		r = -EFBIG;
	if (!r) {
		*out = f;
		return 0;
	}
	if (f)
		fclose(f);
	return err_set(e, r, "%s: %s", path, strerror(-r));
}

int schema_file(const char *path, struct buf *out, struct err *e)
{
	char part[8192];
	FILE *f = NULL;
	size_t n;
	int r = open_file(path, out->max, &f, e);

	if (r)
		return r;
	while (!r && (n = fread(part, 1, sizeof(part), f)) > 0)
		r = memchr(part, '\0', n) ? -EINVAL : buf_add(out, part, n);
	if (!r && ferror(f))
		r = -EIO;
	fclose(f);
	return r ? err_set(e, r, "%s: %s", path, r == -EINVAL ? "it is no text" : strerror(-r)) : 0;
}

int schema_parse(struct schema *r, const char *text,
		 void (*read)(struct schema *r, config_setting_t *root, void *arg), void *arg)
{
	config_t lc;

	config_init(&lc);
	config_set_include_dir(&lc, r->dir);
	if (config_read_string(&lc, text) != CONFIG_TRUE)
		schema_mistake(r, config_error_line(&lc), "%s", config_error_text(&lc));
	else
		read(r, config_root_setting(&lc), arg);
	config_destroy(&lc);
	qsort(r->m->list, r->m->n, sizeof(r->m->list[0]), by_line);
	return r->oom ? -ENOMEM : r->m->n ? -EINVAL : 0;
}

void schema_set_dir(struct schema *r, const char *path)
{
	char *slash;

	snprintf(r->dir, sizeof(r->dir), "%s", path);
	slash = strrchr(r->dir, '/');
	if (slash)
		*slash = '\0';
	else
		snprintf(r->dir, sizeof(r->dir), ".");
}

void schema_free_strings(char **list)
{
	for (char **p = list; p && *p; p++)
		free(*p);
	free(list);
}
