/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_SCENARIO_PRIV_H
#define CORE_SCENARIO_PRIV_H
/* A scenario as its file says it; docs/scenarios.md is the reference of the keys. */
#include "probe.h"
#include "scenario.h"
#include "schema.h"

#define SCENARIO_DEPTH_MAX    8 /* of steps in steps */
#define SCENARIO_COMMANDS_MAX 200
#define SCENARIO_VARS_MAX     32
#define SCENARIO_VALUE_MAX    400
#define WITHIN_MS             30000 /* where an expectation does not say it */
#define RECOVER_MS            60000 /* where `steady` does not say it */

/* KIND(enum, key): the key that makes a step one of that kind. */
#define STEP_KINDS(KIND)                                                                           \
	KIND(INJECT, "inject")                                                                     \
	KIND(WAIT, "wait")                                                                         \
	KIND(EXPECT, "expect")                                                                     \
	KIND(RESTORE, "restore")                                                                   \
	KIND(COMMAND, "command")                                                                   \
	KIND(STEPS, "steps")                                                                       \
	KIND(PARALLEL, "parallel")                                                                 \
	KIND(CHOOSE, "choose")
#define STEP_KIND_ENUM(e, k) DO_##e,
enum step_kind { STEP_KINDS(STEP_KIND_ENUM) DO_KINDS };
#undef STEP_KIND_ENUM

struct step_cfg {
	enum step_kind kind;
	int line;
	char *as; /* its name; what restore and since say of an injection */
	/* inject */
	char *inject, **on, **words;
	int64_t ttl_ms;
	const struct fault *fault;
	struct params params;
	struct target *targets;
	size_t ntargets;
	int64_t wait_ms;
	/* expect */
	char *expect, *since;
	enum probe_state is;
	int64_t within_ms, for_ms; /* within: of restore too; 0: not said */
	char *restore;             /* a name, or "all" */
	/* command */
	char *command, *node;
	int64_t timeout_ms;
	size_t ask; /* its place in the scenario's probe set */
	/* steps, parallel, choose */
	struct step_cfg *steps;
	size_t nsteps;
	int repeat; /* 0: not said */
	int64_t over_ms;
};

struct steady_cfg {
	char **before, **during, **after; /* names of probes; NULL: none */
	int before_line, during_line, after_line;
	int64_t within_ms;
};

struct variable {
	char name[40];
	char value[SCENARIO_VALUE_MAX], def[SCENARIO_VALUE_MAX];
};

struct scenario {
	char name[SCENARIO_NAME_MAX];
	char path[512];
	char *description;
	struct variable vars[SCENARIO_VARS_MAX];
	size_t nvars;
	struct probe_set *set; /* its probes, then its commands */
	size_t nprobes;        /* of its own */
	struct steady_cfg steady;
	struct step_cfg root; /* DO_STEPS: all of them */
	struct step_cfg finally;
};

/* One reading. */
struct scenario_load {
	struct schema schema; /* first: the readers get a struct schema * */
	struct scenario *s;
	struct deck *d;
	const char *const *words; /* var=value */
	size_t nwords;
	struct err *e; /* a word that means nothing */
	bool bad_words;
	int depth;
	struct probe_cfg *probes;
};
static inline struct scenario_load *scenario_load_of(struct schema *r)
{
	return (struct scenario_load *)r;
}

/* scenario_vars.c: reads `variables`, takes the words, replaces {{name}} in all texts of ROOT. */
void scenario_expand(struct scenario_load *l, config_setting_t *root);
/* scenario_step.c */
int scenario_steps(struct schema *r, const config_setting_t *s, const char *path, void *dst);
void scenario_free_steps(struct step_cfg *list, size_t n);
/* scenario_check.c: what it means in this cluster. */
void scenario_check(struct scenario_load *l);
/* "hang: host.process-hang on redis@n1" */
void step_title(const struct step_cfg *c, char *dst, size_t n);
/* The shortest and the longest that it can take, once. */
void step_times(const struct step_cfg *c, int64_t *least, int64_t *most);
/* The injection that is called NAME; NULL. */
const struct step_cfg *step_named(const struct step_cfg *c, const char *name);

#endif
