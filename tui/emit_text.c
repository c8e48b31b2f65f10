// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "emit.h"

/* How a value is written in its cell. */
enum cell { AUTO, MS, FIGURES };
struct column {
	const char *key, *head;
	enum cell cell;
	bool sparse; /* left out while no row has anything in it */
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
	else if (c->cell == MS && json_is_integer(v))
		cell_ms(json_integer_value(v), &out);
	else if (json_is_integer(v))
		buf_fmt(&out, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
	else if (json_is_real(v))
		buf_fmt(&out, "%.6g", json_real_value(v));
	else if (json_is_array(v))
		cell_list(v, &out);
	else if (json_is_string(v))
		buf_str(&out, json_string_value(v));
	if (!out.len)
		buf_str(&out, "-");
	return out.data;
}

/* What a parameter takes: its choices, its range, or both. */
static void param_values(const json_t *p, struct buf *out)
{
	json_t *choices = json_object_get(p, "choices"), *min = json_object_get(p, "min");
	json_t *c;
	size_t i;

	json_array_foreach(choices, i, c) buf_fmt(out, "%s%s", i ? "|" : "", json_string_value(c));
	if (json_is_integer(min))
		buf_fmt(out, "%s%lld…%lld%s", out->len ? ", or " : "",
			(long long)json_integer_value(min),
			(long long)json_integer_value(json_object_get(p, "max")),
			str_of(p, "unit"));
}

static void block_fault(struct emit *e, const json_t *rec)
{
	struct buf targets = BUF_INIT(256);
	size_t i;
	json_t *p;

	cell_list(json_object_get(rec, "targets"), &targets);
	fprintf(e->out, "%s on %s\n", str_of(rec, "fault"), buf_text(&targets));
	buf_free(&targets);
	if (*str_of(rec, "reason"))
		fprintf(e->out, "  does not fit: %s\n", str_of(rec, "reason"));
	fprintf(e->out, "  undone: %s\n", str_of(rec, "undo"));
	json_array_foreach(json_object_get(rec, "params"), i, p)
	{
		struct buf values = BUF_INIT(2048);

		param_values(p, &values);
		fprintf(e->out, "  %s=%s  %s\n      %s\n", str_of(p, "name"), str_of(p, "default"),
			str_of(p, "help"), buf_text(&values));
		buf_free(&values);
	}
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

static void block_scenario(struct emit *e, const json_t *rec)
{
	fprintf(e->out, "%s\n", str_of(rec, "scenario"));
	if (*str_of(rec, "reason"))
		fprintf(e->out, "  cannot be run: %s: %s\n", str_of(rec, "file"),
			str_of(rec, "reason"));
	else
		fprintf(e->out, "  %s\n", str_of(rec, "description"));
	print_list(e, "breaks", json_object_get(rec, "targets"));
	print_list(e, "takes", json_object_get(rec, "variables"));
}

static void block_result(struct emit *e, const json_t *rec)
{
	fprintf(e->out, "%s: %s%s%s\n  seed %s, report in %s\n", str_of(rec, "scenario"),
		str_of(rec, "verdict"), *str_of(rec, "reason") ? ": " : "", str_of(rec, "reason"),
		str_of(rec, "seed"), str_of(rec, "report"));
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
	  .cols = { { "node", "NODE", AUTO, false },
		    { "state", "STATE", AUTO, false },
		    { "age_ms", "AGE", MS, false },
		    { "host", "HOST", AUTO, false },
		    { "roles", "ROLES", AUTO, false },
		    { "arch", "ARCH", AUTO, false },
		    { "kernel", "KERNEL", AUTO, false },
		    { "module", "MODULE", AUTO, false } } },
	{ .type = "vm",
	  .cols = { { "vm", "VM", AUTO, false },
		    { "node", "NODE", AUTO, false },
		    { "state", "STATE", AUTO, false },
		    { "pid", "PID", AUTO, false },
		    { "vcpus", "VCPUS", AUTO, false },
		    { "figures", "FIGURES", FIGURES, false } } },
	{ .type = "service",
	  .cols = { { "service", "SERVICE", AUTO, false },
		    { "node", "NODE", AUTO, false },
		    { "state", "STATE", AUTO, false },
		    { "health", "HEALTH", AUTO, false },
		    { "pid", "PID", AUTO, false },
		    { "figures", "FIGURES", FIGURES, false } } },
	{ .type = "link",
	  .cols = { { "link", "LINK", AUTO, false },
		    { "node", "NODE", AUTO, false },
		    { "state", "STATE", AUTO, false },
		    { "figures", "FIGURES", FIGURES, false } } },
	{ .type = "storage",
	  .cols = { { "path", "STORAGE", AUTO, false },
		    { "node", "NODE", AUTO, false },
		    { "kind", "KIND", AUTO, false },
		    { "state", "STATE", AUTO, false },
		    { "used", "USED", AUTO, false } } },
	{ .type = "probe",
	  .cols = { { "probe", "PROBE", AUTO, false },
		    { "state", "STATE", AUTO, false },
		    { "node", "NODE", AUTO, false },
		    { "value", "VALUE", AUTO, false },
		    { "unit", "UNIT", AUTO, true },
		    { "since", "SINCE", AUTO, false } } },
	{ .type = "fact",
	  .plain = true,
	  .cols = { { .key = "target" }, { .key = "key" }, { .key = "value" } } },
	{ .type = "log",
	  .cols = { { .key = "at", .head = "AT" },
		    { .key = "id", .head = "ID" },
		    { .key = "fault", .head = "FAULT" },
		    { .key = "target", .head = "TARGET" },
		    { .key = "state", .head = "STATE" },
		    { .key = "params", .head = "PARAMS", .sparse = true },
		    { .key = "reason", .head = "REASON", .sparse = true } } },
	{ .type = "fault", .block = block_fault },
	{ .type = "injection",
	  .cols = { { "id", "INJECTION", AUTO, false },
		    { "state", "STATE", AUTO, false },
		    { "left_ms", "LEFT", MS, false },
		    { "hits", "HITS", AUTO, false },
		    { "fault", "FAULT", AUTO, false },
		    { "target", "TARGET", AUTO, false },
		    { "params", "PARAMETERS", AUTO, false },
		    { "purpose", "PURPOSE", AUTO, true },
		    { "effect", "EFFECT", AUTO, true },
		    { "aftermath", "AFTERMATH", AUTO, false },
		    { "owner", "OWNER", AUTO, false },
		    { "reason", "REASON", AUTO, true } } },
	{ .type = "event",
	  .cols = { { "time", "TIME", AUTO, false },
		    { "id", "INJECTION", AUTO, false },
		    { "node", "NODE", AUTO, false },
		    { "point", "POINT", AUTO, false },
		    { "cpu", "CPU", AUTO, false },
		    { "tgid", "TGID", AUTO, false },
		    { "tid", "TID", AUTO, false },
		    { "comm", "COMM", AUTO, false },
		    { "from", "FROM", AUTO, false },
		    { "to", "TO", AUTO, false } } },
	{ .type = "output",
	  .plain = true,
	  .cols = { { "node", "NODE", AUTO, false }, { "line", "", AUTO, false } } },
	{ .type = "plan", .block = block_plan },
	{ .type = "scenario", .block = block_scenario },
	{ .type = "step",
	  .cols = { { "step", "STEP", AUTO, false },
		    { "time", "TIME", AUTO, false },
		    { "state", "STATE", AUTO, false },
		    { "name", "WHAT", AUTO, false },
		    { "message", "", AUTO, false } } },
	{ .type = "result", .block = block_result },
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

static size_t columns(const struct emit_table *t)
{
	size_t n = 0;

	while (n < EMIT_COLS && t->layout->cols[n].key)
		n++;
	return n;
}

/* ROW NULL: the headings. */
static void print_row(struct emit *e, char *const *row)
{
	const struct emit_table *t = &e->table;
	int pad = 0;

	for (size_t c = 0, n = columns(t); c < n; c++) {
		const char *s = row ? row[c] : t->layout->cols[c].head;

		if (!(t->shown & 1u << c))
			continue;
		fprintf(e->out, "%*s%s", pad, "", s ? s : "");
		pad = t->width[c] - width(s ? s : "") + 2;
	}
	putc('\n', e->out);
}

/* A column that is new in the table makes new headings. */
static void measure_column(struct emit_table *t, size_t c)
{
	const struct column *col = &t->layout->cols[c];
	int w = t->layout->plain ? 0 : width(col->head);
	bool used = !col->sparse;

	t->width[c] = w > t->width[c] ? w : t->width[c];
	for (size_t r = 0; r < t->n; r++) {
		const char *s = t->rows[r][c] ? t->rows[r][c] : "-";

		used |= strcmp(s, "-") != 0;
		w = width(s);
		t->width[c] = w > t->width[c] ? w : t->width[c];
	}
	if (!used || t->shown & 1u << c)
		return;
	t->shown |= 1u << c;
	t->headed = false;
}

/* Shows the rows; the next ones of the same type go on below them without a heading. */
static void flush_rows(struct emit *e)
{
	struct emit_table *t = &e->table;

	if (!t->n)
		return;
	for (size_t c = 0; c < columns(t); c++)
		measure_column(t, c);
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
