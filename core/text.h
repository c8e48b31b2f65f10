/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_TEXT_H
#define CORE_TEXT_H
/*
 * Bounded text: a growing buffer that has a stated maximum, and the one function that every remote
 * or kernel string passes before it is shown, logged or reported.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
	char *data; /* NUL-terminated once anything was added, else NULL */
	size_t len; /* bytes without the NUL */
	size_t cap;
	size_t max;  /* never grows past this many bytes */
	bool broken; /* an add was refused: full (-ENOSPC) or out of memory (-ENOMEM) */
};

#define BUF_INIT(limit)                                                                            \
	{                                                                                          \
		.data = NULL, .len = 0, .cap = 0, .max = (limit), .broken = false                  \
	}

/* All return 0, -ENOSPC or -ENOMEM; a refused add leaves the text as it was and marks it broken. */
int buf_add(struct buf *b, const void *data, size_t n);
int buf_str(struct buf *b, const char *s);
int buf_fmt(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Adds S quoted for a POSIX shell, as one word whatever it holds. */
int buf_shell(struct buf *b, const char *s);
void buf_clear(struct buf *b);
/* Frees; B can be used again. */
void buf_free(struct buf *b);
/* "" when nothing was added. */
const char *buf_text(const struct buf *b);

/*
 * Copies at most N - 1 bytes of SRC to DST and makes them harmless: control characters (C0, DEL,
 * C1), invalid UTF-8 and bidirectional overrides become '?', tabs and newlines a space. Never cuts
 * a character in two. SRC may be DST. Returns DST.
 */
char *text_clean(char *dst, size_t n, const char *src);

/* "30s", "2m", "1h", "500ms", "90" (seconds) to milliseconds; -EINVAL or -ERANGE (over 24 days). */
int text_duration(const char *s, int64_t *ms);
/* The shortest of the forms above that says MS exactly: "30s", "1500ms". */
char *text_duration_str(char *dst, size_t n, int64_t ms);
/* RFC 3339 in UTC with milliseconds: 2026-11-23T14:31:07.123Z. DST needs 25 bytes. */
char *text_time(char *dst, size_t n, int64_t unix_ms);

/* Milliseconds of the wall clock since 1970, and of CLOCK_BOOTTIME. */
int64_t now_unix_ms(void);
int64_t now_boot_ms(void);

/* True if S is an id: [A-Za-z0-9_-]{1,31} (DESIGN section 2). */
bool text_is_id(const char *s);

#endif
