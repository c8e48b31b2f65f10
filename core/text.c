/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "text.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DURATION_MAX_MS ((int64_t)24 * 86400 * 1000)
#define ID_MAX          31

static int buf_refuse(struct buf *b, int code)
{
	b->broken = true;
	return code;
}

/* Makes room for N more bytes and a NUL. What came after a refused add would have a hole before
 * it, so a broken text takes nothing more until it is cleared. */
static int buf_reserve(struct buf *b, size_t n)
{
	if (b->broken || n > b->max || b->len > b->max - n)
		return buf_refuse(b, -ENOSPC);
	const size_t need = b->len + n + 1;
	if (need <= b->cap)
		return 0;
	size_t cap = b->cap ? b->cap : 64;
	while (cap < need)
		cap = cap > SIZE_MAX / 2 ? need : cap * 2;
	char *data = realloc(b->data, cap);
	if (!data)
		return buf_refuse(b, -ENOMEM);
	b->data = data;
	b->cap = cap;
	return 0;
}

int buf_add(struct buf *b, const void *data, size_t n)
{
	const int r = buf_reserve(b, n);

	if (r)
		return r;
	if (n)
		memcpy(b->data + b->len, data, n);
	b->len += n;
	b->data[b->len] = '\0';
	return 0;
}

int buf_str(struct buf *b, const char *s)
{
	return buf_add(b, s, strlen(s));
}

int buf_fmt(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	const int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		return buf_refuse(b, -ENOMEM);
	const int r = buf_reserve(b, (size_t)n);
	if (r)
		return r;
	va_start(ap, fmt);
	vsnprintf(b->data + b->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)n;
	return 0;
}

static int add_quoted(struct buf *b, const char *s)
{
	int r = buf_add(b, "'", 1);

	while (!r && *s) {
		const size_t plain = strcspn(s, "'");
		r = buf_add(b, s, plain);
		s += plain;
		if (!r && *s == '\'') {
			r = buf_str(b, "'\\''");
			s++;
		}
	}
	return r ? r : buf_add(b, "'", 1);
}

int buf_shell(struct buf *b, const char *s)
{
	const size_t before = b->len;
	const int r = add_quoted(b, s);

	if (r && b->data) {
		b->len = before;
		b->data[before] = '\0';
	}
	return r;
}

void buf_clear(struct buf *b)
{
	b->len = 0;
	b->broken = false;
	if (b->data)
		b->data[0] = '\0';
}

void buf_free(struct buf *b)
{
	free(b->data);
	b->data = NULL;
	b->len = 0;
	b->cap = 0;
	b->broken = false;
}

const char *buf_text(const struct buf *b)
{
	return b->data ? b->data : "";
}

/* How many bytes a UTF-8 character that begins with C has; 0: no character begins so. */
static size_t utf8_length(unsigned char c)
{
	if (c < 0x80)
		return 1;
	if (c >= 0xc2 && c <= 0xdf)
		return 2;
	if (c >= 0xe0 && c <= 0xef)
		return 3;
	return c >= 0xf0 && c <= 0xf4 ? 4 : 0;
}

/* Length of the character at S with its code in *CP; 0 if it is not valid UTF-8. */
static size_t utf8_decode(const char *s, uint32_t *cp)
{
	static const unsigned char first_mask[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	static const uint32_t lowest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *u = (const unsigned char *)s;
	const size_t n = utf8_length(u[0]);

	*cp = u[0] & first_mask[n];
	for (size_t i = 1; i < n; i++) {
		if ((u[i] & 0xc0) != 0x80) /* also at the NUL: nothing behind it is read */
			return 0;
		*cp = *cp << 6 | (u[i] & 0x3f);
	}
	if (*cp < lowest[n] || *cp > 0x10ffff || (*cp >= 0xd800 && *cp <= 0xdfff))
		return 0;
	return n;
}

static bool is_harmful(uint32_t cp)
{
	if (cp < 0x20 || (cp >= 0x7f && cp <= 0x9f))
		return true;
	if (cp == 0x061c || cp == 0x200e || cp == 0x200f || cp == 0xfeff)
		return true; /* invisible direction marks, byte order mark */
	if (cp >= 0x2028 && cp <= 0x202e)
		return true; /* line and paragraph separator, embeddings and overrides */
	return cp >= 0x2066 && cp <= 0x2069;
}

char *text_clean(char *dst, size_t n, const char *src)
{
	size_t at = 0;

	if (!n)
		return dst;
	while (*src) {
		uint32_t cp;
		const size_t len = utf8_decode(src, &cp);
		const bool keep = len && !is_harmful(cp);
		const size_t out = keep ? len : 1;

		if (at + out > n - 1)
			break;
		if (keep)
			memmove(dst + at, src, len);
		else
			dst[at] = *src == '\t' || *src == '\n' ? ' ' : '?';
		at += out;
		src += len ? len : 1;
	}
	dst[at] = '\0';
	return dst;
}

/* Milliseconds in a unit as text_duration writes it; 0: no such unit. */
static int64_t unit_ms(const char *s)
{
	static const struct {
		const char *name;
		int64_t ms;
	} units[] = { { "", 1000 }, { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 } };

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (!strcmp(units[i].name, s))
			return units[i].ms;
	return 0;
}

int text_duration(const char *s, int64_t *ms)
{
	char *end;

	if (!isdigit((unsigned char)*s))
		return -EINVAL;
	errno = 0;
	const uintmax_t n = strtoumax(s, &end, 10); /* too big gives UINTMAX_MAX: caught below */
	const int64_t unit = unit_ms(end);
	if (!unit)
		return -EINVAL;
	if (n > (uintmax_t)(DURATION_MAX_MS / unit))
		return -ERANGE;
	*ms = (int64_t)n * unit;
	return 0;
}

char *text_duration_str(char *dst, size_t n, int64_t ms)
{
	if (ms % 1000)
		snprintf(dst, n, "%" PRId64 "ms", ms);
	else if (!ms || ms % 60000)
		snprintf(dst, n, "%" PRId64 "s", ms / 1000);
	else if (ms % 3600000)
		snprintf(dst, n, "%" PRId64 "m", ms / 60000);
	else
		snprintf(dst, n, "%" PRId64 "h", ms / 3600000);
	return dst;
}

char *text_time(char *dst, size_t n, int64_t unix_ms)
{
	int64_t ms = unix_ms % 1000;
	int64_t seconds = unix_ms / 1000;
	struct tm tm;

	if (ms < 0) {
		ms += 1000;
		seconds--;
	}
	const time_t t = (time_t)seconds;
	/* Only four digits of a year are RFC 3339; a clock that far off is shown as the end of it.
	 */
	if (!gmtime_r(&t, &tm) || tm.tm_year < -1900 || tm.tm_year > 9999 - 1900) {
		snprintf(dst, n, "9999-12-31T23:59:59.999Z");
		return dst;
	}
	snprintf(dst, n, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900, tm.tm_mon + 1,
		 tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, (int)ms);
	return dst;
}

static int64_t clock_ms(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t now_unix_ms(void)
{
	return clock_ms(CLOCK_REALTIME);
}

int64_t now_boot_ms(void)
{
	return clock_ms(CLOCK_BOOTTIME);
}

bool text_is_id(const char *s)
{
	const size_t n = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				   "0123456789_-");

	return n >= 1 && n <= ID_MAX && !s[n];
}
