// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "emit.h"

void emit_init(struct emit *e, enum emit_format f, FILE *out, FILE *err)
{
	*e = (struct emit){ .out = out, .err = err };
	e->ops = f == EMIT_JSON ? &emit_json_ops : &emit_text_ops;
}

void emit_flush(struct emit *e)
{
	e->ops->flush(e);
	if (fflush(e->out) || ferror(e->out))
		e->lost = true;
}

int emit_end(struct emit *e)
{
	emit_flush(e);
	return e->lost ? -EIO : 0;
}

void emit_put(struct emit *e, json_t *rec)
{
	if (rec)
		e->ops->record(e, json_string_value(json_object_get(rec, "type")), rec);
	else
		e->lost = true;
	json_decref(rec);
}

void emit_error(struct emit *e, const struct err *err)
{
	emit_put(e, record_error(err));
}

void emit_mistake(struct emit *e, const char *path, const struct mistake *m)
{
	struct err err = { .code = 0 };

	if (m->line)
		err_set(&err, -EINVAL, "%s:%d: %s", path, m->line, m->msg);
	else
		err_set(&err, -EINVAL, "%s: %s", path, m->msg);
	emit_error(e, &err);
}

void emit_mistakes(struct emit *e, const char *path, const struct mistakes *m)
{
	struct err err = { .code = 0 };

	for (size_t i = 0; i < m->n; i++)
		emit_mistake(e, path, &m->list[i]);
	if (!m->dropped)
		return;
	err_set(&err, -EINVAL, "%s: %zu more mistakes", path, m->dropped);
	emit_error(e, &err);
}

static void json_line(struct emit *e, const char *type, const json_t *rec)
{
	(void)type;
	if (json_dumpf(rec, e->out, JSON_COMPACT | JSON_REAL_PRECISION(9)) ||
	    putc('\n', e->out) == EOF || fflush(e->out))
		e->lost = true;
}

static void nothing(struct emit *e)
{
	(void)e;
}

const struct emit_ops emit_json_ops = { .record = json_line, .flush = nothing };
