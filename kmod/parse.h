/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control language: a line in, a command or a refusal out; and a rule's spec printed back as
 * words that the parser takes. Plain C. In a value, \xHH stands for any byte and \\ for \.
 */
#ifndef FAULTDECK_PARSE_H
#define FAULTDECK_PARSE_H

#include "abi.h"
#include "gate.h"
#include "points.h"
#include "words.h"

struct fdk_action {
	enum fdk_act kind;
	int reg;                 /* enum fdk_reg */
	long long value;         /* what the caller gets, the bit, the mask, the share … */
	unsigned long long mask; /* set: the bits of the register that it sets */
};

/* What one command says. Of renew and disarm only the id, the TTL and `all`. */
struct fdk_spec {
	enum fdk_verb verb;
	bool all;
	unsigned int keys; /* FDK_BIT(FDK_KEY_…) of those that were given */
	char id[FDK_ID_MAX + 1];
	const struct fdk_point *point;
	long long tgid;
	long long tid;
	char comm[FDK_COMM_MAX + 1];
	long long inherit;
	long long ext;
	bool files_all;
	char path[FDK_PATH_MAX + 1];
	unsigned long long lo, hi; /* range=, both ends in it */
	long long vcpu;
	unsigned int cmd[FDK_CMDS_MAX];
	unsigned int cmds;
	struct fdk_action action;
	struct fdk_gate_spec gate;
	long long ttl_ms;
	unsigned short
		col[FDK_KEY_N]; /* where each value stands in the line, its end if not given */
	unsigned short end;     /* of the line */
};

struct fdk_err {
	int err;          /* positive errno */
	unsigned int col; /* bytes before the word at fault */
	char why[160];
};

/* Fills the error and returns -err. */
int fdk_refuse(struct fdk_err *e, int err, unsigned int col, const char *fmt, ...) FDK_PRINTF(4, 5);

/* 0, or a negative errno and *e. *spec is undefined then. One newline at the end is allowed. */
int fdk_parse(const char *line, size_t len, struct fdk_spec *spec, struct fdk_err *e);

/* "id=… point=… … ttl_ms=…": what arm would have to be given. */
void fdk_spec_print(const struct fdk_spec *spec, struct fdk_text *t);
void fdk_action_print(const struct fdk_spec *spec, struct fdk_text *t);
/* By name where it has one. */
void fdk_cmd_print(const struct fdk_point *point, unsigned int cmd, struct fdk_text *t);
/* The VALUE of return: and after:, by name where it has one. */
void fdk_result_print(const struct fdk_point *point, long long value, struct fdk_text *t);

extern const char *const fdk_verb_names[];
extern const char *const fdk_key_names[];
extern const char *const fdk_action_names[];
extern const char *const fdk_action_forms[];

#endif
