// SPDX-License-Identifier: GPL-2.0-or-later
#include "json_text.h"

#include <stdlib.h>
#include <string.h>

#include "text.h"

json_t *json_text(const char *s)
{
	size_t n = strlen(s) + 1;
	json_t *v = json_string(s);
	char *copy;

	if (v)
		return v;
	copy = malloc(n);
	if (!copy)
		return NULL;
	v = json_string(text_clean(copy, n, s));
	free(copy);
	return v;
}

json_t *json_text_or_null(const char *s)
{
	return s && *s ? json_text(s) : json_null();
}

json_t *json_time_or_null(int64_t unix_ms)
{
	char t[32];

	return unix_ms ? json_string(text_time(t, sizeof(t), unix_ms)) : json_null();
}

json_t *json_lines(const char *head, const char *text)
{
	json_t *a = json_array();
	bool broken = head && json_array_append_new(a, json_text(head));
	char one[1024];

	while (*text && !broken) {
		size_t n = strcspn(text, "\n");
		size_t keep = n < sizeof(one) ? n : sizeof(one) - 1;

		memcpy(one, text, keep);
		one[keep] = '\0';
		if (n)
			broken = json_array_append_new(
				a, json_text(text_clean(one, sizeof(one), one)));
		text += n + (text[n] == '\n');
	}
	if (!broken)
		return a;
	json_decref(a);
	return NULL;
}
