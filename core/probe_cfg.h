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
	PROBE_METRIC   /* a figure of an item, compared */
};
enum probe_op { OP_LT, OP_LE, OP_GT, OP_GE, OP_EQ, OP_NE };

struct probe_cfg {
	char *name;
	char *command, *tcp, *metric; /* one of them: the kind */
	enum probe_kind kind;
	char *node;      /* of a command; "local": where the operator is. NULL in a manifest */
	char *of;        /* of a metric: NODE, SERVICE@NODE, vm:NAME@NODE. NULL in a manifest */
	char *component; /* manifest only: asked on the nodes that have it; NULL: on all */
	char *expect;    /* of a metric, "< 5": */
	enum probe_op op;
	double bound;
	char *unit;          /* NULL: none */
	int64_t interval_ms; /* 0: with each answer of the node */
	int64_t timeout_ms;
	bool abort; /* when it fails, everything is restored */
	int line;
	char *file; /* NULL: cluster.cfg */
};

#endif
