// SPDX-License-Identifier: GPL-2.0-or-later
/* A manifest's operations: what is done once, without a TTL, step by step over the nodes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "deck_priv.h"
#include "manifest_priv.h"

#define AT        SCHEMA_AT
#define STEPS_MAX 200

static const struct schema_key op_keys[] = {
	{ "words", schema_string, AT(op_cfg, words), .required = true },
	{ "help", schema_string, AT(op_cfg, help), .required = true },
	{ "steps", schema_strings, AT(op_cfg, steps), .required = true },
	{ "sh", manifest_shell, AT(op_cfg, script), .required = true },
	{ "timeout", manifest_recovery, AT(op_cfg, timeout_ms), .required = true },
	{ "component", manifest_dashed, AT(op_cfg, component) },
	{ "attribute", manifest_dashed, AT(op_cfg, attribute) },
	{ "takes_down", schema_bool, AT(op_cfg, takes_down) },
	{ .name = NULL },
};

static void read_op(struct schema *r, const config_setting_t *s, const char *prefix, void *base)
{
	struct op_cfg *d = base;
	char full[80];

	schema_group(r, s, prefix, op_keys, d);
	if (!d->component && !d->attribute)
		schema_mistake(r, schema_line(s),
			       "%scomponent: is missing, and so is attribute: on which nodes?",
			       prefix);
	if (!d->component)
		return;
	snprintf(full, sizeof(full), "%s.%s", load_of(r)->m->name, d->component);
	free(d->component);
	d->component = schema_keep(r, full);
}

static int run_step(const struct op_ctx *c, struct err *e)
{
	const struct op_step *step = c->op->data;
	struct buf script = BUF_INIT(MANIFEST_MAX_SCRIPT * 2), call = BUF_INIT(1024);
	int r = script_operation(&script, c->cfg, c->node, step->script);

	/* the shell reads this text on its input: whoever else would, must not */
	buf_fmt(&call, "{ %s; } </dev/null", step->call);
	r = r || call.broken
		    ? err_set(e, -ENOMEM, "out of memory")
		    : operate_script(c, buf_text(&script), buf_text(&call), c->op->timeout_ms, e);
	buf_free(&script);
	buf_free(&call);
	return r;
}

/* The guard is asked before the first step: what it goes by is away after that. */
static void add_step(struct manifest *m, const struct op_cfg *d, const char *call)
{
	size_t i = m->backend.noperations++;

	m->steps[i] = (struct op_step){ .call = call, .script = d->script };
	m->operations[i] = (struct operation){
		.verb = m->name,
		.word = d->words,
		.help = d->help,
		.timeout_ms = d->timeout_ms,
		.changes = true,
		.takes_down = d->takes_down && call == d->steps[0],
		.run = run_step,
		.component = d->component,
		.attribute = d->attribute,
		.data = &m->steps[i],
	};
}

int manifest_operations(struct schema *r, const config_setting_t *s, const char *path, void *dst)
{
	struct manifest *m = load_of(r)->m;
	int ret = schema_list(r, s, path, STEPS_MAX, sizeof(*m->ops), read_op, dst, &m->nops);

	m->operations = calloc(STEPS_MAX, sizeof(*m->operations));
	m->steps = calloc(STEPS_MAX, sizeof(*m->steps));
	r->oom |= !m->operations || !m->steps;
	for (size_t i = 0; i < m->nops && !r->oom; i++)
		for (char **call = m->ops[i].steps; call && *call; call++) {
			if (m->backend.noperations < STEPS_MAX)
				add_step(m, &m->ops[i], *call);
			else
				ret = schema_expected(r, s, path, "fewer steps");
		}
	return ret;
}

void manifest_free_operations(struct manifest *m)
{
	for (size_t i = 0; i < m->nops; i++) {
		struct op_cfg *d = &m->ops[i];

		free(d->words);
		free(d->help);
		free(d->component);
		free(d->attribute);
		free(d->script);
		schema_free_strings(d->steps);
	}
	free(m->ops);
	free(m->operations);
	free(m->steps);
}
