/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the two files of the parser share: the line and its keys are parse.c's, the value of action=
 * is parse_action.c's. */
#ifndef FAULTDECK_PARSE_PRIV_H
#define FAULTDECK_PARSE_PRIV_H

#include "parse.h"

struct word {
	const char *s;
	size_t len;
	unsigned int col;
};

struct parser {
	struct word key[FDK_KEY_N];
	struct word val[FDK_KEY_N];
	struct fdk_spec *spec;
	struct fdk_err *e;
};

bool fdk_is_word(const struct word *w, const char *s);
/* What stands before the first sep, and what behind it: false where there is none. */
bool fdk_split(const struct word *w, char sep, struct word *left, struct word *right);
/* Decimal or 0x…. -EINVAL: not a number; -ERANGE: too big for 64 bits. */
int fdk_read_bits(const struct word *w, unsigned long long *out);
/* The same with a sign, of 63 bits. */
int fdk_read_number(const struct word *w, long long *out);

int fdk_set_action(struct parser *p, enum fdk_key key);

#endif
