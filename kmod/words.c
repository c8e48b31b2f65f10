// SPDX-License-Identifier: GPL-2.0-or-later
/* Words in the module's files; plain C. */
#include "words.h"

void fdk_text_add(struct fdk_text *t, const char *fmt, ...)
{
	va_list args;
	int n;

	if (t->len + 1 >= t->size)
		return;
	va_start(args, fmt);
	n = fdk_vsnprintf(t->buf + t->len, t->size - t->len, fmt, args);
	va_end(args);
	if (n < 0)
		return;
	t->len += (size_t)n;
	if (t->len >= t->size)
		t->len = t->size - 1;
}

static bool is_plain(char c)
{
	return c > ' ' && c <= '~' && c != '\\';
}

void fdk_text_word(struct fdk_text *t, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (is_plain(bytes[i]))
			fdk_text_add(t, "%c", bytes[i]);
		else
			fdk_text_add(t, "\\x%02x", (unsigned char)bytes[i]);
	}
}

static int hex(char c)
{
	const char *digits = "0123456789abcdef";
	const char *at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* The byte that an escape stands for, or -EINVAL; how much of the word it takes goes to *used. */
static int read_escape(const char *s, size_t len, size_t *used)
{
	int c;

	if (len >= 2 && s[1] == '\\') {
		*used = 2;
		return '\\';
	}
	if (len < 4 || s[1] != 'x' || hex(s[2]) < 0 || hex(s[3]) < 0)
		return -EINVAL;
	*used = 4;
	c = hex(s[2]) << 4 | hex(s[3]);
	return c ? c : -EINVAL;
}

int fdk_word_read(const char *word, size_t len, char *out, size_t max)
{
	size_t n = 0;

	for (size_t i = 0, used; i < len; i += used) {
		int c = (unsigned char)word[i];

		used = 1;
		if (word[i] == '\\')
			c = read_escape(word + i, len - i, &used);
		if (c < 0)
			return c;
		if (n == max)
			return -ERANGE;
		out[n++] = (char)c;
	}
	return (int)n;
}
