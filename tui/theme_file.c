// SPDX-License-Identifier: GPL-2.0-or-later
#include "theme_file.h"

#include <dirent.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/schema.h"

static const struct {
	const char *name, *text;
} built_in[] = {
	{
		THEME_DEFAULT,
#include "themes/dark.cfg.inc"
	},
	{
		THEME_MONO,
#include "themes/mono.cfg.inc"
	},
};
#define NBUILT_IN (sizeof(built_in) / sizeof(*built_in))

/* ---- values ---- */

static int colour(struct schema *r, const config_setting_t *s, const char *path, void *dst, int max)
{
	long long v = config_setting_get_int64(s);
	char what[64];

	snprintf(what, sizeof(what), "a colour from 0 to %d", max);
	if (config_setting_type(s) != CONFIG_TYPE_INT || v < 0 || v > max)
		return schema_expected(r, s, path, what);
	*(short *)dst = (short)v;
	return 0;
}

static int colour_256(struct schema *r, const config_setting_t *s, const char *path, void *dst)
{
	return colour(r, s, path, dst, 255);
}

static int colour_16(struct schema *r, const config_setting_t *s, const char *path, void *dst)
{
	return colour(r, s, path, dst, 15);
}

static const struct schema_key look_keys[] = {
	{ "fg", colour_256, SCHEMA_AT(look, fg) },
	{ "bg", colour_256, SCHEMA_AT(look, bg) },
	{ "fg16", colour_16, SCHEMA_AT(look, fg16) },
	{ "bg16", colour_16, SCHEMA_AT(look, bg16) },
	{ "bold", schema_bool, SCHEMA_AT(look, bold) },
	{ "dim", schema_bool, SCHEMA_AT(look, dim) },
	{ "underline", schema_bool, SCHEMA_AT(look, underline) },
	{ "reverse", schema_bool, SCHEMA_AT(look, reverse) },
	{ .name = NULL },
};

static int read_look(struct schema *r, const config_setting_t *s, const char *path, void *dst)
{
	char prefix[300];

	snprintf(prefix, sizeof(prefix), "%s.", path);
	schema_group(r, s, prefix, look_keys, dst);
	return 0;
}

#define ROLE_KEY_ROW(e, w) { w, read_look, .offset = sizeof(struct look) * ROLE_##e },
static const struct schema_key role_keys[] = { ROLES(ROLE_KEY_ROW){ .name = NULL } };
#undef ROLE_KEY_ROW

static int read_roles(struct schema *r, const config_setting_t *s, const char *path, void *dst)
{
	(void)path;
	schema_group(r, s, "roles.", role_keys, dst);
	return 0;
}

static int read_about(struct schema *r, const config_setting_t *s, const char *path, void *dst)
{
	const char *v = schema_text(s);

	if (!v)
		return schema_expected(r, s, path, "a text in quotes");
	text_clean(dst, sizeof(((struct theme *)0)->about), v);
	return 0;
}

static int read_chart(struct schema *r, const config_setting_t *s, const char *path, void *dst)
{
	static const char *const words[] = {
#define CHART_WORD(e, w) w,
		CHART_STYLES(CHART_WORD)
#undef CHART_WORD
	};
	const char *v = schema_text(s);

	for (int k = 0; v && k < CHART_STYLE_COUNT; k++)
		if (strcmp(words[k], v) == 0) {
			*(enum chart_style *)dst = (enum chart_style)k;
			return 0;
		}
	return schema_expected(r, s, path, "\"auto\", \"braille\", \"block\" or \"ascii\"");
}

static const struct schema_key top_keys[] = {
	{ "about", read_about, SCHEMA_AT(theme, about) },
	{ "chart", read_chart, SCHEMA_AT(theme, chart) },
	{ "roles", read_roles, SCHEMA_AT(theme, look), .required = true },
	{ .name = NULL },
};

static void read_theme(struct schema *r, config_setting_t *root, void *arg)
{
	schema_group(r, root, "", top_keys, arg);
}

/* ---- files ---- */

static int parse(const char *name, const char *path, const char *text, struct theme *out,
		 struct mistakes *m, struct err *e)
{
	struct schema r = { .m = m };
	struct theme *t = calloc(1, sizeof(*t));
	int ret;

	if (!t)
		return err_set(e, -ENOMEM, "out of memory");
	snprintf(t->name, sizeof(t->name), "%s", name);
	for (int k = 0; k < ROLE_COUNT; k++)
		t->look[k].fg = t->look[k].bg = t->look[k].fg16 = t->look[k].bg16 = COLOUR_NONE;
	schema_set_dir(&r, path);
	ret = schema_parse(&r, text, read_theme, t);
	if (!ret)
		*out = *t;
	else if (ret == -EINVAL)
		err_set(e, ret, "%s:%d: %s", path, m->list[0].line, m->list[0].msg);
	else
		err_set(e, ret, "out of memory");
	free(t);
	return ret;
}

static bool is_name(const char *s)
{
	return *s && *s != '.' && strlen(s) < 60 && !strchr(s, '/');
}

int theme_load(const char *name, const char *const *dirs, struct theme *out, struct mistakes *m,
	       struct err *e)
{
	struct buf text = BUF_INIT(SCHEMA_FILE_MAX);
	char path[PATH_MAX];
	int r = -ENOENT;

	m->n = m->dropped = 0;
	for (; dirs && *dirs && is_name(name) && r == -ENOENT; dirs++) {
		snprintf(path, sizeof(path), "%s/%s.cfg", *dirs, name);
		r = **dirs ? schema_file(path, &text, e) : -ENOENT;
	}
	if (!r)
		r = parse(name, path, buf_text(&text), out, m, e);
	buf_free(&text);
	if (r != -ENOENT)
		return r;
	for (size_t k = 0; k < NBUILT_IN; k++)
		if (strcmp(built_in[k].name, name) == 0)
			return parse(name, "built in", built_in[k].text, out, m, e);
	return err_set(e, -ENOENT, "there is no theme \"%.60s\"", name);
}

static size_t add_name(char names[THEMES_MAX][64], size_t n, const char *name, size_t len)
{
	char own[64];

	snprintf(own, sizeof(own), "%.*s", (int)len, name);
	if (n == THEMES_MAX || len > 59 || !is_name(own))
		return n;
	for (size_t k = 0; k < n; k++)
		if (strcmp(names[k], own) == 0)
			return n;
	memcpy(names[n], own, sizeof(own));
	return n + 1;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

size_t theme_names(const char *const *dirs, char names[THEMES_MAX][64])
{
	size_t n = 0;

	for (size_t k = 0; k < NBUILT_IN; k++)
		n = add_name(names, n, built_in[k].name, strlen(built_in[k].name));
	for (; dirs && *dirs; dirs++) {
		DIR *d = **dirs ? opendir(*dirs) : NULL;

		for (struct dirent *f; d && (f = readdir(d));) {
			size_t len = strlen(f->d_name);

			if (len > 4 && strcmp(f->d_name + len - 4, ".cfg") == 0)
				n = add_name(names, n, f->d_name, len - 4);
		}
		if (d)
			closedir(d);
	}
	qsort(names, n, sizeof(*names), by_name);
	return n;
}
