// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "emit.h"

/* How a value is written in its cell. */
enum cell { AUTO, MS, FIGURES, PARAMS };
struct column {
	const char *key, *head;
	enum cell cell;
};
struct emit_layout {
	const char *type;
	bool plain; /* no line of headings */
	struct column cols[EMIT_COLS];
	void (*block)(struct emit *e, const json_t *rec); /* instead of a row */
};

static const struct metric *find_metric(const struct emit *e, const char *key)
{
	for (size_t b = 0; e->backends && e->backends[b]; b++)
		for (size_t i = 0; i < e->backends[b]->nmetrics; i++)
			if (strcmp(e->backends[b]->metrics[i].key, key) == 0)
				return &e->backends[b]->metrics[i];
	return NULL;
}

static void add_figure(struct buf *out, const char *label, const char *unit, double v)
{
	static const char prefix[] = " KMGTPE";
	bool bytes = unit[0] == 'B';
	double step = bytes ? 1024 : 1000;
	size_t p = 0;

	while ((v >= step || v <= -step) && p + 2 < sizeof(prefix)) {
		v /= step;
		p++;
	}
	buf_fmt(out, "%s%s %.*f%s%.1s%s", out->len ? "  " : "", label,
		v < 10 && (p || v != (double)(long)v) ? 1 : 0, v, bytes ? " " : "",
		p ? prefix + p : "", unit);
}

static void cell_figures(const struct emit *e, const json_t *figures, struct buf *out)
{
	const char *key;
	json_t *v;

	/* jansson's macro wants a pointer that is not const; nothing is changed */
	json_object_foreach((json_t *)(uintptr_t)figures, key, v)
	{
		const struct metric *m = find_metric(e, key);

		if (json_is_number(v))
			add_figure(out, m && m->label ? m->label : key, m && m->unit ? m->unit : "",
				   json_number_value(v));
	}
}

static const char *str_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

/* "errno=EIO|EINTR times=-1…1000": the default first where there is one */
static void cell_params(const json_t *params, struct buf *out)
{
	size_t i, k;
	json_t *p, *c;

	json_array_foreach(params, i, p)
	{
		const char *def = str_of(p, "default");
		json_t *choices = json_object_get(p, "choices");

		buf_fmt(out, "%s%s=%s", i ? " " : "", str_of(p, "name"), def);
		json_array_foreach(choices, k, c) if (strcmp(json_string_value(c), def) != 0)
			buf_fmt(out, "%s%s", k || *def ? "|" : "", json_string_value(c));
		if (!*def && !json_array_size(choices))
			buf_fmt(out, "%s", str_of(p, "type"));
	}
}

static void cell_list(const json_t *list, struct buf *out)
{
	size_t i;
	json_t *v;

	json_array_foreach(list, i, v) buf_fmt(out, "%s%s", i ? "," : "", json_string_value(v));
}

static void cell_ms(int64_t ms, struct buf *out)
{
	char t[32];

	/* tenths are enough for people */
	buf_str(out, text_duration_str(t, sizeof(t), ms < 1000 ? ms : ms / 1000 * 1000));
}

static char *cell(const struct emit *e, const struct column *c, const json_t *v)
{
	struct buf out = BUF_INIT(16384);

	if (c->cell == FIGURES)
		cell_figures(e, v, &out);
	else if (c->cell == PARAMS)
		cell_params(v, &out);
	else if (c->cell == MS && json_is_integer(v))
		cell_ms(json_integer_value(v), &out);
	else if (json_is_integer(v))
		buf_fmt(&out, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
	else if (json_is_array(v))
		cell_list(v, &out);
	else if (json_is_string(v))
		buf_str(&out, json_string_value(v));
	if (!out.len)
		buf_str(&out, "-");
	return out.data;
}

static void print_list(struct emit *e, const char *head, const json_t *list)
{
	size_t i;
	json_t *v;

	json_array_foreach(list, i, v)
		fprintf(e->out, "  %-6s %s\n", i ? "" : head, json_string_value(v));
}

static void block_plan(struct emit *e, const json_t *rec)
{
	fputs("plan\n", e->out);
	print_list(e, "do", json_object_get(rec, "do"));
	print_list(e, "undo", json_object_get(rec, "undo"));
	if (*str_of(rec, "guard"))
		fprintf(e->out, "  %-6s %s\n", "guard", str_of(rec, "guard"));
}

static int int_of(const json_t *o, const char *key)
{
	return (int)json_integer_value(json_object_get(o, key));
}

static void block_summary(struct emit *e, const json_t *rec)
{
	fprintf(e->out, "%d done, %d failed, %d unknown, %d unreachable\n", int_of(rec, "done"),
		int_of(rec, "failed"), int_of(rec, "unknown"), int_of(rec, "unreachable"));
}

static void block_error(struct emit *e, const json_t *rec)
{
	fflush(e->out); /* in the order in which it happened, also on one terminal */
	fprintf(e->err, "%s\n", str_of(rec, "message"));
	if (*str_of(rec, "hint"))
		fprintf(e->err, "  %s\n", str_of(rec, "hint"));
}

static const struct emit_layout layouts[] = {
	{ .type = "node",
	  .cols = { { "node", "NODE", AUTO },
		    { "state", "STATE", AUTO },
		    { "age_ms", "AGE", MS },
		    { "host", "HOST", AUTO },
		    { "roles", "ROLES", AUTO },
		    { "arch", "ARCH", AUTO },
		    { "kernel", "KERNEL", AUTO },
		    { "module", "MODULE", AUTO } } },
	{ .type = "vm",
	  .cols = { { "vm", "VM", AUTO },
		    { "node", "NODE", AUTO },
		    { "state", "STATE", AUTO },
		    { "pid", "PID", AUTO },
		    { "vcpus", "VCPUS", AUTO },
		    { "figures", "FIGURES", FIGURES } } },
	{ .type = "service",
	  .cols = { { "service", "SERVICE", AUTO },
		    { "node", "NODE", AUTO },
		    { "state", "STATE", AUTO },
		    { "health", "HEALTH", AUTO },
		    { "pid", "PID", AUTO },
		    { "figures", "FIGURES", FIGURES } } },
	{ .type = "fault",
	  .cols = { { "fault", "FAULT", AUTO },
		    { "targets", "TARGETS", AUTO },
		    { "params", "PARAMETERS", PARAMS },
		    { "undo", "UNDO", AUTO },
		    { "reason", "DOES NOT FIT", AUTO } } },
	{ .type = "injection",
	  .cols = { { "id", "INJECTION", AUTO },
		    { "state", "STATE", AUTO },
		    { "left_ms", "LEFT", MS },
		    { "hits", "HITS", AUTO },
		    { "fault", "FAULT", AUTO },
		    { "target", "TARGET", AUTO },
		    { "params", "PARAMETERS", AUTO },
		    { "effect", "EFFECT", AUTO },
		    { "aftermath", "AFTERMATH", AUTO },
		    { "owner", "OWNER", AUTO },
		    { "reason", "REASON", AUTO } } },
	{ .type = "event",
	  .cols = { { "time", "TIME", AUTO },
		    { "id", "INJECTION", AUTO },
		    { "node", "NODE", AUTO },
		    { "point", "POINT", AUTO },
		    { "cpu", "CPU", AUTO },
		    { "tgid", "TGID", AUTO },
		    { "tid", "TID", AUTO },
		    { "comm", "COMM", AUTO },
		    { "from", "FROM", AUTO },
		    { "to", "TO", AUTO } } },
	{ .type = "output",
	  .plain = true,
	  .cols = { { "node", "NODE", AUTO }, { "line", "", AUTO } } },
	{ .type = "plan", .block = block_plan },
	{ .type = "summary", .block = block_summary },
	{ .type = "error", .block = block_error },
};

static const struct emit_layout *find_layout(const char *type)
{
	for (size_t i = 0; i < sizeof(layouts) / sizeof(*layouts); i++)
		if (strcmp(layouts[i].type, type) == 0)
			return &layouts[i];
	return NULL;
}

/* Characters, not bytes. */
static int width(const char *s)
{
	int n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static void print_cell(struct emit *e, const char *s, int pad, bool last)
{
	fprintf(e->out, "%s%*s", s, last ? 0 : pad + 2, "");
}

static void print_row(struct emit *e, char *const *row)
{
	const struct emit_table *t = &e->table;

	for (size_t c = 0; c < EMIT_COLS && t->layout->cols[c].key; c++) {
		bool last = c + 1 == EMIT_COLS || !t->layout->cols[c + 1].key;
		const char *s = row ? row[c] : t->layout->cols[c].head;

		print_cell(e, s ? s : "", t->width[c] - width(s ? s : ""), last);
	}
	putc('\n', e->out);
}

static void measure(struct emit_table *t)
{
	for (size_t c = 0; c < EMIT_COLS && t->layout->cols[c].key; c++) {
		int w = t->layout->plain ? 0 : width(t->layout->cols[c].head);

		t->width[c] = w > t->width[c] ? w : t->width[c];
		for (size_t r = 0; r < t->n; r++) {
			w = t->rows[r][c] ? width(t->rows[r][c]) : 0;
			t->width[c] = w > t->width[c] ? w : t->width[c];
		}
	}
}

/* Shows the rows; the next ones of the same type go on below them without a heading. */
static void flush_rows(struct emit *e)
{
	struct emit_table *t = &e->table;

	if (!t->n)
		return;
	measure(t);
	if (!t->headed && !t->layout->plain)
		print_row(e, NULL);
	t->headed = true;
	for (size_t r = 0; r < t->n; r++) {
		print_row(e, t->rows[r]);
		for (size_t c = 0; c < EMIT_COLS; c++)
			free(t->rows[r][c]);
	}
	free(t->rows);
	t->rows = NULL;
	t->n = t->cap = 0;
}

static bool grow(struct emit_table *t)
{
	size_t cap = t->cap ? t->cap * 2 : 16;
	void *rows = t->n < t->cap ? t->rows : reallocarray(t->rows, cap, sizeof(*t->rows));

	if (!rows)
		return false;
	t->cap = t->n < t->cap ? t->cap : cap;
	t->rows = rows;
	memset(t->rows[t->n], 0, sizeof(*t->rows));
	return true;
}

static void add_row(struct emit *e, const struct emit_layout *l, const json_t *rec)
{
	struct emit_table *t = &e->table;

	if (!grow(t)) {
		e->lost = true;
		return;
	}
	for (size_t c = 0; c < EMIT_COLS && l->cols[c].key; c++)
		t->rows[t->n][c] = cell(e, &l->cols[c], json_object_get(rec, l->cols[c].key));
	t->n++;
}

static void text_record(struct emit *e, const char *type, const json_t *rec)
{
	const struct emit_layout *l = find_layout(type);

	if (!l)
		return;
	if (e->table.layout != l) {
		flush_rows(e);
		if (e->table.layout && !l->block && !l->plain)
			putc('\n', e->out);
		/* an error between the rows of a table does not end it */
		if (l->block != block_error)
			e->table = (struct emit_table){ .layout = l };
	}
	if (l->block)
		l->block(e, rec);
	else
		add_row(e, l, rec);
}

const struct emit_ops emit_text_ops = { .record = text_record, .flush = flush_rows };
