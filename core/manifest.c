// SPDX-License-Identifier: GPL-2.0-or-later
/* From NAME.cfg and its sh files to a struct backend. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collect.h"
#include "manifest_priv.h"
#include "probe_read.h"

#define AT SCHEMA_AT

/* A fault as it is read: then it is split into the backend's two lists. */
struct reading {
	struct fault f;
	struct fault_more more;
};

static const struct schema_key fault_keys[] = {
	{ "name", manifest_dashed, AT(reading, f.name), .required = true },
	{ "summary", schema_string, AT(reading, f.summary), .required = true },
	{ "seen", schema_string, AT(reading, f.seen), .required = true },
	{ "undone", schema_string, AT(reading, f.undone), .required = true },
	{ "risk", schema_string, AT(reading, f.risk), .required = true },
	{ "targets", manifest_targets, AT(reading, f.targets), .required = true },
	{ "flags", manifest_flags, AT(reading, f.flags) },
	{ "aftermath", manifest_aftermath, AT(reading, f.aftermath) },
	{ "after", schema_string, AT(reading, f.after_text), .required = true },
	{ "recovery", manifest_recovery, AT(reading, f.recovery_ms), .required = true },
	{ "way", manifest_dashed, AT(reading, f.way) },
	{ "params", manifest_params, AT(reading, f.params) },
	{ "needs", manifest_variables, AT(reading, f.needs) },
	{ "components", schema_strings, AT(reading, more.components) },
	{ "attributes", manifest_variables, AT(reading, more.attributes) },
	{ "do", schema_strings, AT(reading, more.do_lines), .required = true },
	{ "undo", schema_strings, AT(reading, more.undo_lines), .required = true },
	{ "sh", manifest_script, AT(reading, more.script), .required = true },
	{ .name = NULL },
};

/* In do and undo: what stands in braces must be something. */
static void check_words(struct schema *r, int line, const char *prefix, const struct reading *d,
			char *const *list)
{
	static const char *const own[] = { "id", "name", NULL };
	char word[64];

	for (; list && *list; list++)
		for (const char *at = strchr(*list, '{'); at; at = strchr(at + 1, '{')) {
			bool known = false;

			snprintf(word, sizeof(word), "%.*s", (int)strcspn(at + 1, "}"), at + 1);
			for (const char *const *o = own; *o; o++)
				known |= strcmp(*o, word) == 0;
			for (char **a = d->more.attributes; a && *a; a++)
				known |= strcmp(*a, word) == 0;
			known |= params_get(&d->f, &(struct params){ 0 }, word) != NULL;
			if (!known)
				schema_mistake(r, line,
					       "%sdo, undo: {%s} is no parameter and no attribute",
					       prefix, word);
		}
}

static void read_fault(struct schema *r, const config_setting_t *s, const char *prefix, void *base)
{
	struct reading *d = base;
	const char *name;
	char full[80];

	schema_group(r, s, prefix, fault_keys, d);
	check_words(r, schema_line(s), prefix, d, d->more.do_lines);
	check_words(r, schema_line(s), prefix, d, d->more.undo_lines);
	name = d->f.name;
	if (!name)
		return;
	snprintf(full, sizeof(full), "%s.%s", load_of(r)->m->name, name);
	free((char *)name);
	d->f.name = schema_keep(r, full);
}

static void check_faults(struct schema *r, const config_setting_t *s, const struct manifest *m)
{
	for (size_t i = 0; i < m->backend.nfaults; i++)
		for (size_t k = 0; k < i; k++)
			if (m->faults[i].name && m->faults[k].name &&
			    strcmp(m->faults[i].name, m->faults[k].name) == 0)
				schema_mistake(
					r, schema_line(config_setting_get_elem(s, (unsigned)i)),
					"faults[%zu].name: \"%s\" is the name of the fault in "
					"line %d too",
					i, strchr(m->faults[i].name, '.') + 1,
					schema_line(config_setting_get_elem(s, (unsigned)k)));
}

static int read_faults(struct schema *r, const config_setting_t *s, const char *path, void *dst)
{
	struct manifest *m = load_of(r)->m;
	struct reading *all = NULL;
	size_t n = 0;
	int ret = schema_list(r, s, path, MANIFEST_MAX_FAULTS, sizeof(*all), read_fault, &all, &n);

	(void)dst;
	m->faults = calloc(n + 1, sizeof(*m->faults));
	m->more = calloc(n + 1, sizeof(*m->more));
	r->oom |= !m->faults || !m->more;
	for (size_t i = 0; i < n && !r->oom; i++) {
		m->faults[i] = all[i].f;
		m->more[i] = all[i].more;
		m->backend.nfaults++;
	}
	free(all);
	check_faults(r, s, m);
	return ret;
}

static const struct schema_key top_keys[] = {
	{ "components", manifest_components, AT(manifest, components) },
	{ "metrics", manifest_metrics, AT(manifest, metrics) },
	{ "collect", manifest_collect, AT(manifest, collect) },
	{ "probes", manifest_probes, AT(manifest, probes) },
	{ "faults", read_faults, AT(manifest, faults), .required = true },
	{ "verbs", manifest_shortcuts, AT(manifest, shortcuts) },
	{ "operations", manifest_operations, AT(manifest, ops) },
	{ "settings", manifest_variables, AT(manifest, settings) },
	{ .name = NULL },
};

static bool has_component(const struct manifest *m, const char *name)
{
	for (size_t i = 0; i < m->ncomponents; i++)
		if (m->components[i].name && strcmp(m->components[i].name, name) == 0)
			return true;
	return false;
}

/* One without unit and comm is listed by the backend's own NAME_items. */
static void check_found(struct schema *r, const config_setting_t *root, const struct manifest *m)
{
	const config_setting_t *s = config_setting_get_member(root, "components");

	for (size_t i = 0; i < m->ncomponents && !m->collect; i++)
		if (m->components[i].name && !m->components[i].unit && !m->components[i].comm)
			schema_mistake(r, schema_line(config_setting_get_elem(s, (unsigned)i)),
				       "components[%zu].unit: is missing, and so is comm: how is "
				       "it found?",
				       i);
}

static void check_components(struct schema *r, const config_setting_t *root,
			     const struct manifest *m)
{
	const config_setting_t *s = config_setting_get_member(root, "faults");

	check_found(r, root, m);

	for (size_t i = 0; i < m->backend.nfaults; i++)
		for (char **c = m->more[i].components; c && *c; c++)
			if (!has_component(m, *c))
				schema_mistake(
					r, schema_line(config_setting_get_elem(s, (unsigned)i)),
					"faults[%zu].components: there is no component \"%s\"", i,
					*c);
}

static void check_probes(struct schema *r, const struct manifest *m)
{
	for (size_t i = 0; i < m->backend.nprobes; i++) {
		const struct probe_cfg *p = &m->probes[i];
		enum kind k = p->component ? KIND_SERVICE : KIND_NODE;

		if (p->component && !has_component(m, p->component))
			schema_mistake(r, p->line,
				       "probes[%zu].component: there is no component \"%s\"", i,
				       p->component);
		if (p->metric && !collect_metric(m->metrics, m->backend.nmetrics, k, p->metric))
			schema_mistake(r, p->line,
				       "probes[%zu].metric: there is no metric \"%s\" of a %s", i,
				       p->metric, kind_word(k));
	}
}

static void check_operations(struct schema *r, const config_setting_t *root,
			     const struct manifest *m)
{
	const config_setting_t *s = config_setting_get_member(root, "operations");

	for (size_t i = 0; i < m->nops; i++)
		if (m->ops[i].component && !has_component(m, strchr(m->ops[i].component, '.') + 1))
			schema_mistake(r, schema_line(config_setting_get_elem(s, (unsigned)i)),
				       "operations[%zu].component: there is no component \"%s\"", i,
				       strchr(m->ops[i].component, '.') + 1);
}

static void check_shortcuts(struct schema *r, const config_setting_t *root,
			    const struct manifest *m)
{
	const config_setting_t *s = config_setting_get_member(root, "verbs");

	for (size_t i = 0; i < m->backend.nshortcuts; i++) {
		const char *want = m->shortcuts[i].fault;
		bool known = !want;

		for (size_t k = 0; k < m->backend.nfaults && !known; k++)
			known = m->faults[k].name && strcmp(m->faults[k].name, want) == 0;
		if (!known)
			schema_mistake(r, schema_line(config_setting_get_elem(s, (unsigned)i)),
				       "verbs[%zu].fault: there is no fault \"%s\"", i,
				       strchr(want, '.') + 1);
	}
}

static void read_manifest(struct schema *r, config_setting_t *root, void *arg)
{
	schema_group(r, root, "", top_keys, arg);
	check_components(r, root, arg);
	check_probes(r, arg);
	check_shortcuts(r, root, arg);
	check_operations(r, root, arg);
}

/* ---- the backend ---- */

static int finish(struct manifest *m)
{
	struct backend *b = &m->backend;

	b->name = m->name;
	b->metrics = m->metrics;
	b->faults = m->faults;
	b->probes = m->probes;
	b->shortcuts = m->shortcuts;
	b->operations = m->operations;
	b->settings = m->settings;
	b->unfit = manifest_unfit;
	b->plan = manifest_plan;
	b->data = m;
	if (manifest_collector(m))
		return -ENOMEM;
	b->collect_sh = m->collect;
	return 0;
}

static int read_text(struct load *l, const char *name, const char *text, struct backend **out,
		     struct err *e)
{
	struct manifest *m = calloc(1, sizeof(*m));
	int r = -ENOMEM;

	l->m = m;
	l->schema.m->n = l->schema.m->dropped = 0;
	if (m)
		m->name = strdup(name);
	if (m && m->name)
		r = schema_parse(&l->schema, text, read_manifest, m);
	if (!r)
		r = finish(m);
	if (!r) {
		*out = &m->backend;
		return 0;
	}
	if (m)
		manifest_free(&m->backend);
	return r == -ENOMEM ? err_set(e, r, "out of memory")
			    : err_set(e, r, "%s.cfg: %zu mistakes", name, l->schema.m->n);
}

int manifest_embedded(const char *name, const struct manifest_library *lib, struct backend **out,
		      struct mistakes *m, struct err *e)
{
	struct load l = { .schema.m = m, .files = manifest_files(lib, name), .lib = lib };
	char cfg[64];

	snprintf(cfg, sizeof(cfg), "%s.cfg", name);
	return read_text(&l, name, manifest_text(l.files, cfg), out, e);
}

int manifest_load(const char *dir, const struct manifest_library *lib, struct backend **out,
		  struct mistakes *m, char *path, struct err *e)
{
	struct load l = { .schema.m = m, .lib = lib };
	struct buf text = BUF_INIT(SCHEMA_FILE_MAX);
	const char *name;
	size_t n = strlen(dir);
	int r;

	while (n > 1 && dir[n - 1] == '/')
		n--;
	snprintf(l.schema.dir, sizeof(l.schema.dir), "%.*s", (int)n, dir);
	name = strrchr(l.schema.dir, '/');
	name = name ? name + 1 : l.schema.dir;
	snprintf(path, PATH_MAX, "%.3900s/%.99s.cfg", l.schema.dir, name);
	m->n = m->dropped = 0;
	if (!manifest_is_name(name))
		return err_set(e, -EINVAL,
			       "%s: the directory's name is the backend's: of a-z, 0-9 and _, at "
			       "most 31 of them",
			       l.schema.dir);
	r = schema_file(path, &text, e);
	if (!r)
		r = read_text(&l, name, buf_text(&text), out, e);
	buf_free(&text);
	return r;
}

static void free_fault(struct fault *f, struct fault_more *more)
{
	const char *texts[] = { f->name, f->summary,    f->seen, f->undone,
				f->risk, f->after_text, f->way };

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		free((char *)texts[i]);
	for (size_t i = 0; i < f->nparams; i++) {
		const struct param *p = &f->params[i];

		free((char *)p->name);
		free((char *)p->def);
		free((char *)p->unit);
		free((char *)p->help);
		schema_free_strings((char **)p->choices);
	}
	free((struct param *)f->params);
	schema_free_strings((char **)f->needs);
	schema_free_strings(more->components);
	schema_free_strings(more->attributes);
	schema_free_strings(more->do_lines);
	schema_free_strings(more->undo_lines);
	free(more->script);
}

struct backend *manifest_free(struct backend *b)
{
	struct manifest *m = (struct manifest *)b; /* its first member */

	if (!m)
		return NULL;
	for (size_t i = 0; i < b->nfaults; i++)
		free_fault(&m->faults[i], &m->more[i]);
	for (size_t i = 0; i < m->ncomponents; i++) {
		free(m->components[i].name);
		free(m->components[i].unit);
		free(m->components[i].comm);
	}
	for (size_t i = 0; i < b->nshortcuts; i++) {
		free((char *)m->shortcuts[i].words);
		free((char *)m->shortcuts[i].fault);
		free((char *)m->shortcuts[i].component);
		free((char *)m->shortcuts[i].address);
		free((char *)m->shortcuts[i].value);
	}
	for (size_t i = 0; i < b->nmetrics; i++) {
		free((char *)m->metrics[i].key);
		free((char *)m->metrics[i].label);
		free((char *)m->metrics[i].unit);
	}
	probe_cfg_free(m->probes, b->nprobes);
	manifest_free_operations(m);
	schema_free_strings(m->settings);
	free(m->components);
	free(m->metrics);
	free(m->shortcuts);
	free(m->faults);
	free(m->more);
	free(m->collect);
	free(m->name);
	free(m);
	return NULL;
}
