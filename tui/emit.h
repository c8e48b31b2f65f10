/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TUI_EMIT_H
#define TUI_EMIT_H
/*
 * What batch prints: every line is one record, an object with the keys of docs/json.md. One of two
 * faces shows it: JSON writes it as it is, text picks columns out of it.
 */
#include <jansson.h>
#include <stdio.h>

#include "../core/scenario.h"

enum emit_format { EMIT_TEXT, EMIT_JSON };
struct tally {
	int done, failed, unknown, unreachable;
};

struct emit;
struct emit_ops {
	void (*record)(struct emit *e, const char *type, const json_t *rec);
	void (*flush)(struct emit *e); /* shows rows that were kept back to align them */
};
extern const struct emit_ops emit_text_ops, emit_json_ops;

/* A table of the text face: rows of one type, until another type comes. */
#define EMIT_COLS 12
struct emit_table {
	const struct emit_layout *layout;
	char *(*rows)[EMIT_COLS];
	size_t n, cap;
	int width[EMIT_COLS];
	unsigned shown; /* bit for each column that is */
	bool headed;
};
struct emit {
	const struct emit_ops *ops;
	FILE *out, *err;
	const struct backend *const *backends; /* for labels and units of figures; may be NULL */
	struct emit_table table;
	bool lost; /* something could not be written */
};
void emit_init(struct emit *e, enum emit_format f, FILE *out, FILE *err);
/* Shows what is left; -EIO if anything was lost. */
int emit_end(struct emit *e);
void emit_flush(struct emit *e);
/* Shows REC and drops the reference; NULL (out of memory) counts as lost. */
void emit_put(struct emit *e, json_t *rec);

/* The records, one a type; NULL when out of memory. BOOT_MS is now. */
json_t *record_node(const struct node_view *v, int64_t boot_ms);
/* A VM, service, link or storage path; the node's own is record_node. */
json_t *record_item(const struct node_view *v, const struct item *i);
json_t *record_fault(const struct fault *f, const char *reason);
json_t *record_injection(const struct injection *i, int64_t boot_ms);
json_t *record_event(const struct event *ev);
json_t *record_probe(const struct probe_view *p);
/* Something that a node told of TARGET. */
json_t *record_fact(const char *target, const char *key, const char *value);
/* A line of the journal, written AT. */
json_t *record_log(const char *at, const struct injection *i);
json_t *record_plan(const struct plan *p, size_t item);
json_t *record_operation(const char *node, const struct operation *op, const char *guard);
json_t *record_error(const struct err *e);
json_t *record_output(const char *node, const char *verb, const char *line);
json_t *record_scenario(const struct scenario_entry *en);
json_t *record_act(const struct scenario_act *a);
json_t *record_step(size_t number, const struct step_view *s);
json_t *record_result(const struct scenario_view *v);
json_t *record_summary(const struct tally *t);

void emit_error(struct emit *e, const struct err *err);
/* A mistake of cluster.cfg: in text the line is exactly "file:line: message". */
void emit_mistake(struct emit *e, const char *path, const struct mistake *m);
/* All of them, and how many more there are. */
void emit_mistakes(struct emit *e, const char *path, const struct mistakes *m);

#endif
