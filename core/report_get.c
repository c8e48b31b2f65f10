// SPDX-License-Identifier: GPL-2.0-or-later
#include "report_get.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

const char *get_text(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

int64_t get_int(const json_t *o, const char *key, int64_t missing)
{
	const json_t *v = json_object_get(o, key);

	return json_is_integer(v) ? json_integer_value(v) : missing;
}

const json_t *get_list(const json_t *o, const char *key)
{
	return json_object_get(o, key);
}

bool get_is(const json_t *o, const char *key, const char *value)
{
	return strcmp(get_text(o, key), value) == 0;
}

int64_t get_time(const json_t *o, const char *key)
{
	struct tm tm = { 0 };
	const char *rest = strptime(get_text(o, key), "%Y-%m-%dT%H:%M:%S", &tm);

	return rest ? (int64_t)timegm(&tm) * 1000 + (*rest == '.' ? strtol(rest + 1, NULL, 10) : 0)
		    : 0;
}

char *get_span(char *dst, int64_t ms)
{
	if (ms < 0)
		snprintf(dst, 32, "–");
	else if (ms < 60000)
		snprintf(dst, 32, "%.1f s", (double)ms / 1000);
	else if (ms < 3600000)
		snprintf(dst, 32, "%lldm %llds", (long long)ms / 60000, (long long)ms / 1000 % 60);
	else
		snprintf(dst, 32, "%lldh %lldm", (long long)ms / 3600000,
			 (long long)ms / 60000 % 60);
	return dst;
}

void put_escaped(struct buf *b, const char *s)
{
	for (; *s; s++) {
		const unsigned char c = (unsigned char)*s;

		switch (c) {
		case '&':
			buf_str(b, "&amp;");
			break;
		case '<':
			buf_str(b, "&lt;");
			break;
		case '>':
			buf_str(b, "&gt;");
			break;
		case '"':
			buf_str(b, "&quot;");
			break;
		case '\'':
			buf_str(b, "&#39;");
			break;
		default:
			buf_add(b, c < 0x20 || c == 0x7f ? "?" : s, 1);
		}
	}
}
