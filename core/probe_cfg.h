/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_PROBE_CFG_H
#define CORE_PROBE_CFG_H
/* A probe as cluster.cfg or a manifest declares it: a condition that can be asked. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROBES_MAX 64 /* of one file */

enum probe_kind {
	PROBE_COMMAND, /* exit status 0: holds; the first line is the value */
	PROBE_TCP,     /* HOST:PORT accepts, asked from where the operator is */
	PROBE_METRIC,  /* a figure of an item, compared */
	PROBE_HTTP,    /* a page: its status, what is in it, how long it took */
	PROBE_SQL,     /* the first value of a statement, by the database's own client */
	PROBE_VM,      /* a guest runs and does something */
	PROBE_KINDS
};
enum probe_op {
	OP_LT,
	OP_LE,
	OP_GT,
	OP_GE,
	OP_EQ,
	OP_NE,
	OP_RANGE, /* from bound to upper */
	OP_IS,    /* the text is the same, or another */
	OP_IS_NOT
};

/* "< 5", "10..20", "== Up", ">= 80% of baseline" */
struct probe_expect {
	enum probe_op op;
	double bound, upper;
	char text[64];    /* of OP_IS and OP_IS_NOT */
	bool of_baseline; /* bounds are percent of what was found first */
};

struct probe_cfg {
	char *name;
	char *command, *tcp, *metric, *http, *sql, *vm; /* one of them: the kind */
	enum probe_kind kind;
	/* where a command, a page or a statement is asked; "local": where the operator is. NULL in
	 * a manifest */
	char *node;
	char *body, *json; /* of a page: what must be in it; the pointer (RFC 6901) to its value */
	int status;        /* of a page; 0: 200 to 299 */
	char *of;          /* of a metric: NODE, SERVICE@NODE, vm:NAME@NODE. NULL in a manifest */
	char *component;   /* manifest only: asked on the nodes that have it; NULL: on all */
	char *expect;      /* of the value; NULL: none */
	struct probe_expect want;
	char *unit;          /* NULL: none */
	int64_t interval_ms; /* 0: with each answer of the node */
	int64_t timeout_ms;
	bool abort; /* when it fails, everything is restored */
	int line;
	char *file; /* NULL: cluster.cfg */
};

#endif
