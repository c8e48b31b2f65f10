// SPDX-License-Identifier: GPL-2.0-or-later
#include "filter.h"

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TERMS_MAX 8
#define WORD_MAX  120
#define ROW_MAX   4096 /* bytes of a row that are looked at */

struct term {
	bool inverse, is_regex;
	char key[32]; /* "" any column */
	char word[WORD_MAX];
	regex_t regex;
};
struct filter {
	struct term term[TERMS_MAX];
	size_t n;
};

/* "state:" in front of S; returns its length, 0: there is none. */
static size_t key_len(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz_-");

	return n && s[n] == ':' && s[n + 1] ? n : 0;
}

static void add_term(struct filter *f, const char *s, size_t n, char *bad, size_t bad_n)
{
	struct term *t = &f->term[f->n];
	char text[WORD_MAX];
	size_t key;
	int r;

	snprintf(text, sizeof(text), "%.*s", (int)n, s);
	s = text;
	t->inverse = *s == '!';
	s += t->inverse;
	key = key_len(s);
	if (key && key < sizeof(t->key)) {
		snprintf(t->key, sizeof(t->key), "%.*s", (int)key, s);
		s += key + 1;
	}
	if (*s == '~' && s[1]) {
		r = regcomp(&t->regex, s + 1, REG_EXTENDED | REG_ICASE | REG_NOSUB);
		t->is_regex = !r;
		if (r)
			regerror(r, &t->regex, bad, bad_n);
	}
	snprintf(t->word, sizeof(t->word), "%s", s);
	f->n += *s != '\0'; /* "!" alone is a word that is being typed */
}

struct filter *filter_new(const char *text, char *bad, size_t n)
{
	struct filter *f;

	*bad = '\0';
	text += strspn(text, " ");
	f = *text ? calloc(1, sizeof(*f)) : NULL;
	while (f && *text && f->n < TERMS_MAX) {
		size_t len = strcspn(text, " ");

		add_term(f, text, len, bad, n);
		text += len + strspn(text + len, " ");
	}
	return f && !f->n ? filter_free(f) : f;
}

struct filter *filter_free(struct filter *f)
{
	for (size_t i = 0; f && i < f->n; i++)
		if (f->term[i].is_regex)
			regfree(&f->term[i].regex);
	free(f);
	return NULL;
}

static bool holds(const struct term *t, const char *text)
{
	if (t->is_regex)
		return regexec(&t->regex, text, 0, NULL, 0) == 0;
	return strcasestr(text, t->word) != NULL;
}

bool filter_passes(const struct filter *f, filter_column *column, const void *row)
{
	char buf[ROW_MAX];

	for (size_t i = 0; f && i < f->n; i++) {
		const struct term *t = &f->term[i];
		const char *text = column(row, t->key[0] ? t->key : NULL, buf, sizeof(buf));

		if ((text && holds(t, text)) == t->inverse)
			return false;
	}
	return true;
}
