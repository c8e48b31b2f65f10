// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "batch.h"

static int rank(int status)
{
	switch (status) {
	case EXIT_SIGNAL:
		return 300;
	case EXIT_INCOMPLETE:
		return 200;
	default:
		return status;
	}
}

int exit_worst(int a, int b)
{
	return rank(a) >= rank(b) ? a : b;
}

int exit_of(int r)
{
	switch (-r) {
	case 0:
		return EXIT_DONE;
	case EPERM:
	case EROFS:
		return EXIT_REFUSED;
	case EINVAL:
	case ERANGE:
	case ENOENT:
	case E2BIG:
		return EXIT_USAGE;
	case EHOSTUNREACH:
	case ECONNREFUSED:
	case ENOTCONN:
	case ETIMEDOUT:
		return EXIT_UNREACHABLE;
	default:
		return EXIT_FAILED;
	}
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Copies what stands in quotes Q from S to *DST; returns the place behind the closing quote. */
static const char *quoted(const char *s, char q, char **dst)
{
	for (; *s != q; s++) {
		if (*s == '\0')
			return NULL;
		if (q == '"' && *s == '\\' && (s[1] == '"' || s[1] == '\\'))
			s++;
		*(*dst)++ = *s;
	}
	return s + 1;
}

/* One word from S to *DST, with a NUL; returns the place behind it, NULL for an open quote. */
static const char *word(const char *s, char **dst)
{
	while (s && *s && !is_space(*s)) {
		if (*s == '\'' || *s == '"') {
			s = quoted(s + 1, *s, dst);
			continue;
		}
		if (*s == '\\' && *++s == '\0')
			return NULL;
		*(*dst)++ = *s++;
	}
	*(*dst)++ = '\0';
	return s;
}

static int fill(const char *s, struct words *w, struct err *e)
{
	char *dst = w->store;

	for (;;) {
		while (is_space(*s))
			s++;
		if (*s == '\0' || *s == '#')
			return 0;
		if (w->n > WORDS_MAX)
			return err_set(e, -E2BIG, "the line has more than %d words", WORDS_MAX);
		w->v[w->n++] = dst;
		s = word(s, &dst);
		if (!s) {
			err_set(e, -EINVAL, "the line ends inside a quote");
			err_hint(e, "close the quote; \\' is a quote as it is");
			return -EINVAL;
		}
	}
}

int words_split(const char *line, struct words *out, struct err *e)
{
	static char self[] = "faultdeck";
	struct words w = { .v = { self }, .n = 1 };
	int r;

	/* Each word is at most as long as it is in the line, and ends where a space was, or the
	 * end. */
	w.store = malloc(strlen(line) + 2);
	if (!w.store)
		return err_set(e, -ENOMEM, "out of memory");
	r = fill(line, &w, e);
	if (r) {
		words_free(&w);
		return r;
	}
	*out = w;
	return 0;
}

void words_free(struct words *w)
{
	free(w->store);
	*w = (struct words){ .n = 0 };
}
