// SPDX-License-Identifier: GPL-2.0-or-later
/* A scenario's file: found, listed, read. */
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "probe_read.h"
#include "scenario_priv.h"

#define LIST_MAX 500

/* ---- reading ---- */

static int read_probes(struct schema *r, const config_setting_t *s, const char *path, void *dst)
{
	struct scenario_load *l = scenario_load_of(r);

	(void)dst;
	return probe_cfg_list(r, s, path, &l->probes, &l->s->nprobes);
}

static int read_within(struct schema *r, const config_setting_t *s, const char *path, void *dst)
{
	return schema_duration(r, s, path, dst, 3600000);
}

#define AT(field)   SCHEMA_AT(steady_cfg, field)
#define LINE(field) .line = offsetof(struct steady_cfg, field)
static const struct schema_key steady_keys[] = {
	{ "before", schema_strings, AT(before), LINE(before_line) },
	{ "during", schema_strings, AT(during), LINE(during_line) },
	{ "after", schema_strings, AT(after), LINE(after_line) },
	{ "within", read_within, AT(within_ms) },
	{ .name = NULL },
};
#undef AT

static int read_steady(struct schema *r, const config_setting_t *s, const char *path, void *dst)
{
	(void)path;
	schema_group(r, s, "steady.", steady_keys, dst);
	return 0;
}

/* scenario_expand has read them. */
static int read_nothing(struct schema *r, const config_setting_t *s, const char *path, void *dst)
{
	(void)r;
	(void)s;
	(void)path;
	(void)dst;
	return 0;
}

#define AT(field) SCHEMA_AT(scenario, field)
static const struct schema_key top_keys[] = {
	{ "description", schema_string, AT(description), .required = true },
	{ "variables", read_nothing, AT(vars) },
	{ "probes", read_probes, AT(set) },
	{ "steady", read_steady, AT(steady) },
	{ "steps", scenario_steps, AT(root.steps), .required = true },
	{ "finally", scenario_steps, AT(finally.steps) },
	{ .name = NULL },
};

static void read_scenario(struct schema *r, config_setting_t *root, void *arg)
{
	struct scenario_load *l = arg;

	scenario_expand(l, root);
	schema_group(r, root, "", top_keys, l->s);
	if (!l->s->steady.within_ms)
		l->s->steady.within_ms = RECOVER_MS;
	scenario_check(l);
}

/* Its file without the directory and .cfg. */
static void name_of(const char *path, char *dst, size_t n)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	size_t len = strlen(name);

	if (len > 4 && strcmp(name + len - 4, ".cfg") == 0)
		len -= 4;
	snprintf(dst, n, "%.*s", (int)len, name);
	text_clean(dst, n, dst);
}

static int read_text(struct scenario_load *l, const char *path, const char *text, struct err *e)
{
	int r;

	l->s->root.kind = l->s->finally.kind = DO_STEPS;
	name_of(path, l->s->name, sizeof(l->s->name));
	snprintf(l->s->path, sizeof(l->s->path), "%s", path);
	schema_set_dir(&l->schema, path);
	r = schema_parse(&l->schema, text, read_scenario, l);
	if (!r && l->bad_words)
		return -EINVAL;
	if (r == -EINVAL)
		err_set(e, r, "%s: %zu mistake%s", path, l->schema.m->n + l->schema.m->dropped,
			l->schema.m->n == 1 ? "" : "s");
	return r == -ENOMEM ? err_set(e, r, "out of memory") : r;
}

int scenario_load(struct deck *d, const char *path, const char *const *words, size_t nwords,
		  struct scenario **out, struct mistakes *m, struct err *e)
{
	struct buf text = BUF_INIT(SCHEMA_FILE_MAX);
	struct scenario_load l = {
		.schema.m = m, .d = d, .words = words, .nwords = nwords, .e = e
	};
	int r = schema_file(path, &text, e);

	m->n = m->dropped = 0;
	if (!r) {
		l.s = calloc(1, sizeof(*l.s));
		r = l.s ? read_text(&l, path, buf_text(&text), e)
			: err_set(e, -ENOMEM, "out of memory");
	}
	buf_free(&text);
	if (l.s && !l.s->set)
		probe_cfg_free(l.probes, l.s->nprobes);
	if (r) {
		scenario_free(l.s);
		return r;
	}
	*out = l.s;
	return 0;
}

static void free_steps_of(struct step_cfg *c)
{
	scenario_free_steps(c->steps, c->nsteps);
}

struct scenario *scenario_free(struct scenario *s)
{
	if (!s)
		return NULL;
	free(s->description);
	probe_set_unref(s->set);
	schema_free_strings(s->steady.before);
	schema_free_strings(s->steady.during);
	schema_free_strings(s->steady.after);
	free_steps_of(&s->root);
	free_steps_of(&s->finally);
	free(s);
	return NULL;
}

const char *scenario_name(const struct scenario *s)
{
	return s->name;
}

const char *scenario_description(const struct scenario *s)
{
	return s->description;
}

/* ---- the directories ---- */

int scenario_find(const char *const *dirs, const char *name, char *path, size_t n, struct err *e)
{
	if (strchr(name, '/')) {
		snprintf(path, n, "%s", name);
		return 0;
	}
	for (const char *const *d = dirs; d && *d; d++) {
		int len = snprintf(path, n, "%s/%s.cfg", *d, name);

		if (**d && len > 0 && (size_t)len < n && access(path, F_OK) == 0)
			return 0;
	}
	err_set(e, -ENOENT, "there is no scenario '%s'", name);
	return err_hint(e, "faultdeck --batch list scenarios; a file is named with a / in it");
}

static void add_touches(const struct step_cfg *c, char *dst, size_t n)
{
	for (size_t i = 0; i < c->nsteps; i++) {
		const struct step_cfg *s = &c->steps[i];
		const size_t len = strlen(dst);
		char one[160];

		add_touches(s, dst, n);
		if (s->kind != DO_INJECT)
			continue;
		snprintf(one, sizeof(one), "%s %s%s", s->inject, s->on[0], s->on[1] ? " …" : "");
		if (!strstr(dst, one))
			snprintf(dst + len, n - len, "%s%s", len ? ", " : "", one);
	}
}

static void fill_entry(const struct scenario *s, struct scenario_entry *en)
{
	size_t len = 0;

	text_clean(en->description, sizeof(en->description), s->description);
	add_touches(&s->root, en->touches, sizeof(en->touches));
	text_clean(en->touches, sizeof(en->touches), en->touches);
	for (size_t i = 0; i < s->nvars && len < sizeof(en->variables); i++)
		len += (size_t)snprintf(en->variables + len, sizeof(en->variables) - len, "%s%s=%s",
					i ? "  " : "", s->vars[i].name, s->vars[i].def);
	text_clean(en->variables, sizeof(en->variables), en->variables);
}

static void read_entry(struct deck *d, struct mistakes *m, struct scenario_entry *en)
{
	struct scenario *s = NULL;
	struct err e = { 0 };

	if (!scenario_load(d, en->path, NULL, 0, &s, m, &e))
		fill_entry(s, en);
	else if (m->n)
		snprintf(en->broken, sizeof(en->broken), "line %d: %s", m->list[0].line,
			 m->list[0].msg);
	else
		snprintf(en->broken, sizeof(en->broken), "%s", e.msg);
	scenario_free(s);
}

static bool listed(const struct scenario_entry *list, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i].name, name) == 0)
			return true;
	return false;
}

static void list_dir(const char *dir, struct scenario_entry *list, size_t *n)
{
	char pattern[512];
	glob_t g = { 0 };

	snprintf(pattern, sizeof(pattern), "%.500s/*.cfg", dir);
	if (*dir && glob(pattern, 0, NULL, &g) == 0)
		for (size_t i = 0; i < g.gl_pathc && *n < LIST_MAX; i++) {
			struct scenario_entry *en = &list[*n];

			name_of(g.gl_pathv[i], en->name, sizeof(en->name));
			if (strlen(g.gl_pathv[i]) >= sizeof(en->path) || listed(list, *n, en->name))
				continue;
			snprintf(en->path, sizeof(en->path), "%s", g.gl_pathv[i]);
			++*n;
		}
	globfree(&g);
}

static int by_name(const void *a, const void *b)
{
	const struct scenario_entry *x = a, *y = b;

	return strcmp(x->name, y->name);
}

int scenario_list(struct deck *d, const char *const *dirs, struct scenario_entry **out, size_t *n,
		  struct err *e)
{
	struct scenario_entry *list = calloc(LIST_MAX, sizeof(*list));
	struct mistakes *m = calloc(1, sizeof(*m));

	if (!list || !m) {
		free(list);
		free(m);
		return err_set(e, -ENOMEM, "out of memory");
	}
	*n = 0;
	for (const char *const *dir = dirs; dir && *dir; dir++)
		list_dir(*dir, list, n);
	for (size_t i = 0; i < *n; i++)
		read_entry(d, m, &list[i]);
	qsort(list, *n, sizeof(*list), by_name);
	free(m);
	*out = list;
	return 0;
}
