// SPDX-License-Identifier: GPL-2.0-or-later
/* What a probe's value must be: how that is written, and whether it is. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probe.h"
#include "probe_read.h"

#define BASELINE "% of baseline"

static const struct {
	const char *word;
	enum probe_op op, text; /* text: of what is no number */
} ops[] = {                     /* the longer ones come first */
	    { "<=", OP_LE, OP_LE },     { ">=", OP_GE, OP_GE }, { "==", OP_EQ, OP_IS },
	    { "!=", OP_NE, OP_IS_NOT }, { "<", OP_LT, OP_LT },  { ">", OP_GT, OP_GT }
};

/* A number and what may stand behind the last one. */
static bool number(const char **s, double *out)
{
	char *end;

	*out = strtod(*s, &end);
	if (end == *s || !isfinite(*out))
		return false;
	*s = end;
	return true;
}

static bool parse_range(const char *s, struct probe_expect *e)
{
	const char *dots = strstr(s, "..");
	char first[32], *end;

	if (!dots || dots == s || (size_t)(dots - s) >= sizeof(first))
		return false;
	/* "1..5": strtod would take the first dot */
	snprintf(first, sizeof(first), "%.*s", (int)(dots - s), s);
	e->bound = strtod(first, &end);
	s = dots + 2;
	e->op = OP_RANGE;
	if (*end || !number(&s, &e->upper) || e->upper < e->bound)
		return false;
	e->of_baseline = strcmp(s, BASELINE) == 0;
	return !*s || e->of_baseline;
}

static bool parse_compared(const char *s, enum probe_op op, enum probe_op text,
			   struct probe_expect *e)
{
	const char *at = s;

	e->op = op;
	if (number(&at, &e->bound) && (!*at || strcmp(at, BASELINE) == 0)) {
		e->of_baseline = *at;
		return true;
	}
	e->op = text;
	s += strspn(s, " ");
	snprintf(e->text, sizeof(e->text), "%s", s);
	return text != op && *s && strlen(s) < sizeof(e->text);
}

bool probe_expect_parse(const char *s, struct probe_expect *out)
{
	struct probe_expect e = { .op = OP_EQ };

	for (size_t i = 0; i < sizeof(ops) / sizeof(*ops); i++) {
		const size_t n = strlen(ops[i].word);

		if (strncmp(s, ops[i].word, n) != 0)
			continue;
		if (!parse_compared(s + n, ops[i].op, ops[i].text, &e))
			return false;
		*out = e;
		return true;
	}
	if (!parse_range(s, &e))
		return false;
	*out = e;
	return true;
}

static bool compare(double value, enum probe_op op, double bound, double upper)
{
	switch (op) {
	case OP_LT:
		return value < bound;
	case OP_LE:
		return value <= bound;
	case OP_GT:
		return value > bound;
	case OP_GE:
		return value >= bound;
	case OP_EQ:
		return value == bound;
	case OP_NE:
		return value != bound;
	case OP_RANGE:
		return value >= bound && value <= upper;
	default:
		return false;
	}
}

bool probe_value_number(const char *value, double *out)
{
	char *end;

	*out = strtod(value, &end);
	return *value && end != value && isfinite(*out) && !end[strspn(end, " ")];
}

enum probe_state probe_judge(struct probe *p, const char *value)
{
	const struct probe_expect *e = &p->v.cfg->want;
	double v = 0, scale = 1;

	if (e->op == OP_IS || e->op == OP_IS_NOT)
		return (strcmp(value, e->text) == 0) == (e->op == OP_IS) ? PROBE_HOLDS
									 : PROBE_FAILED;
	if (!probe_value_number(value, &v))
		return PROBE_UNKNOWN;
	if (!p->has_baseline) {
		p->baseline = v;
		p->has_baseline = true;
	}
	if (e->of_baseline)
		scale = p->baseline / 100;
	return compare(v, e->op, e->bound * scale, e->upper * scale) ? PROBE_HOLDS : PROBE_FAILED;
}
