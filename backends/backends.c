// SPDX-License-Identifier: GPL-2.0-or-later
#include "backends.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../core/collect.h"
#include "kvm/kvm.h"

const struct manifest_file host_files[] = {
#include "host/host.files.inc"
	{ NULL, NULL },
};
const struct manifest_file hadoop_files[] = {
#include "hadoop/hadoop.files.inc"
	{ NULL, NULL },
};
const struct manifest_file cloudstack_files[] = {
#include "cloudstack/cloudstack.files.inc"
	{ NULL, NULL },
};
static const struct manifest_library built_in[] = {
	{ "host", host_files },
	{ "hadoop", hadoop_files },
	{ "cloudstack", cloudstack_files },
	{ NULL, NULL },
};

static int add(struct backends *b, struct backend *loaded, struct err *e)
{
	b->loaded[b->nloaded++] = loaded;
	for (size_t i = 0; i < b->n; i++)
		if (strcmp(b->list[i]->name, loaded->name) == 0)
			return err_set(e, -EEXIST, "there is a backend '%s' already", loaded->name);
	b->list[b->n++] = loaded;
	return 0;
}

static int load(struct backends *b, const char *dir, struct mistakes *m, struct err *e)
{
	struct backend *loaded = NULL;
	int r;

	if (b->n == BACKENDS_MAX)
		return err_set(e, -E2BIG, "more than %d backends", BACKENDS_MAX);
	r = manifest_load(dir, built_in, &loaded, m, b->path, e);
	return r ? r : add(b, loaded, e);
}

static bool has_metric(const struct backends *b, enum kind k, const char *key)
{
	for (size_t i = 0; i < b->n; i++)
		if (collect_metric(b->list[i]->metrics, b->list[i]->nmetrics, k, key))
			return true;
	return false;
}

static bool has_setting(const struct backends *b, const char *name)
{
	char full[80];

	for (size_t i = 0; i < b->n; i++)
		for (char *const *s = b->list[i]->settings; s && *s; s++) {
			snprintf(full, sizeof(full), "%s_%s", b->list[i]->name, *s);
			if (strcmp(full, name) == 0)
				return true;
		}
	return false;
}

static void check_settings(const struct backends *b, const struct config *cfg, struct mistakes *m)
{
	for (size_t i = 0; i < cfg->nsettings && m->n < CONFIG_MAX_MISTAKES; i++) {
		if (has_setting(b, cfg->settings[i].name))
			continue;
		m->list[m->n].line = cfg->settings[i].line;
		snprintf(m->list[m->n++].msg, sizeof(m->list[0].msg),
			 "settings.%.60s: no backend has such a setting", cfg->settings[i].name);
	}
}

/* Which figures and settings there are is known only when all backends are. */
static int check_config(struct backends *b, const struct config *cfg, struct mistakes *m,
			struct err *e)
{
	struct target t;

	check_settings(b, cfg, m);
	for (size_t i = 0; i < cfg->nprobes && m->n < CONFIG_MAX_MISTAKES; i++) {
		const struct probe_cfg *p = &cfg->probes[i];

		if (!p->metric || target_parse(p->of, &t, NULL) || has_metric(b, t.kind, p->metric))
			continue;
		m->list[m->n].line = p->line;
		snprintf(m->list[m->n++].msg, sizeof(m->list[0].msg),
			 "probes[%zu].metric: there is no metric \"%.60s\" of a %s", i, p->metric,
			 kind_word(t.kind));
	}
	if (!m->n)
		return 0;
	snprintf(b->path, sizeof(b->path), "%s", cfg->path);
	return err_set(e, -EINVAL, "%s: %zu mistakes", cfg->path, m->n);
}

int backends_open(struct backends *b, const struct config *cfg, struct mistakes *m, struct err *e)
{
	int r = 0;

	memset(b, 0, sizeof(*b));
	m->n = m->dropped = 0;
	b->list[b->n++] = &kvm_backend;
	for (size_t i = 0; built_in[i].name && !r; i++) {
		struct backend *loaded = NULL;

		r = manifest_embedded(built_in[i].name, built_in, &loaded, m, e);
		if (!r)
			r = add(b, loaded, e);
	}
	for (char **dir = cfg->backends; dir && *dir && !r; dir++)
		r = load(b, *dir, m, e);
	return r ? r : check_config(b, cfg, m, e);
}

void backends_close(struct backends *b)
{
	for (size_t i = 0; i < b->nloaded; i++)
		manifest_free(b->loaded[i]);
}
