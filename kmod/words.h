/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Words as the module's files hold them: no spaces, printable ASCII only; every other byte, and a
 * space or backslash within a word, is written \xHH. Plain C.
 */
#ifndef FAULTDECK_WORDS_H
#define FAULTDECK_WORDS_H

#include "shim.h"

/* Growing text in a fixed buffer: always terminated, what does not fit is left out. */
struct fdk_text {
	char *buf;
	size_t size;
	size_t len;
};

void fdk_text_add(struct fdk_text *t, const char *fmt, ...) FDK_PRINTF(2, 3);
void fdk_text_word(struct fdk_text *t, const char *bytes, size_t n);

/* Reads such a word (\\ stands for a backslash as well) into out, not terminated.
 * Its length, -EINVAL for a bad escape or a zero byte, -ERANGE beyond max. */
int fdk_word_read(const char *word, size_t len, char *out, size_t max);

#endif
