/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_MANIFEST_PRIV_H
#define CORE_MANIFEST_PRIV_H
/* What a manifest says, as manifest.c reads it and manifest_act.c uses it. */
#include "manifest.h"
#include "schema.h"

struct component {
	char *name, *unit, *comm;
};

/* What struct fault has no place for; parallel to backend.faults. */
struct fault_more {
	char **components; /* only these services; NULL: any */
	char **attributes; /* the item must have them; they reach the script as t_NAME */
	char **do_lines, **undo_lines;
	char *script;
};

/* An operation: each of its steps, a call of a function in SCRIPT, becomes a struct operation. */
struct op_cfg {
	char *words, *help, *component, *attribute, *script;
	char **steps;
	int timeout_ms;
	bool takes_down;
};
struct op_step {
	const char *call, *script;
};

struct manifest {
	struct backend backend;
	char *name;
	struct metric *metrics;
	struct component *components;
	size_t ncomponents;
	struct probe_cfg *probes;
	struct fault *faults;
	struct fault_more *more;
	struct shortcut *shortcuts;
	struct op_cfg *ops;
	size_t nops;
	struct operation *operations;
	struct op_step *steps; /* parallel to operations */
	char **settings;
	char *collect;
};

/* One reading. */
struct load {
	struct schema schema; /* first: the readers get a struct schema * */
	struct manifest *m;
	const struct manifest_file *files; /* NULL: schema.dir's */
	const struct manifest_library *lib;
};
static inline struct load *load_of(struct schema *r)
{
	return (struct load *)r;
}

/* manifest_parts.c: readers for schema_key. dashed: a-z, 0-9 and -; variables: a-z, 0-9 and _ */
typedef int manifest_reader(struct schema *r, const config_setting_t *s, const char *path,
			    void *dst);
bool manifest_is_name(const char *s);
manifest_reader manifest_dashed, manifest_variables, manifest_targets, manifest_flags,
	manifest_aftermath, manifest_recovery, manifest_metrics, manifest_components,
	manifest_shortcuts, manifest_params;
manifest_reader manifest_probes; /* probe_cfg.c */
/* manifest_sh.c: the same for a fault's files (to char *), and the collector's file */
manifest_reader manifest_script, manifest_collect, manifest_shell;
/* NULL if there is no such text. */
const char *manifest_text(const struct manifest_file *files, const char *name);
const struct manifest_file *manifest_files(const struct manifest_library *lib, const char *name);
/* The whole text for core's collector, to M->collect; 0 or -ENOMEM. */
int manifest_collector(struct manifest *m);

/* manifest_op.c */
manifest_reader manifest_operations;
void manifest_free_operations(struct manifest *m);

/* manifest_act.c */
const char *manifest_unfit(const struct backend *b, const struct fault *f, const struct target *t,
			   const struct node_view *v, char *buf, size_t n);
int manifest_plan(const struct backend *b, const struct plan_in *in, struct act *act,
		  struct err *e);

#endif
