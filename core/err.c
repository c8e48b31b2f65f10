/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "text.h"

/* Longer than any field of struct err, so that a cut never happens before the cleaning. */
#define ERR_DRAFT 2048

/*
 * The code of this thread's last err_set: with a NULL struct err, `return err_hint(e, …)` must not
 * turn into a success.
 */
static _Thread_local int last_code;

static void set_text(char *dst, size_t n, const char *fmt, va_list ap)
{
	char draft[ERR_DRAFT];

	if (vsnprintf(draft, sizeof(draft), fmt, ap) < 0)
		draft[0] = '\0';
	text_clean(dst, n, draft);
}

int err_set(struct err *e, int code, const char *fmt, ...)
{
	va_list ap;

	last_code = code;
	if (!e)
		return code;
	e->code = code;
	va_start(ap, fmt);
	set_text(e->msg, sizeof(e->msg), fmt, ap);
	va_end(ap);
	e->hint[0] = '\0';
	return code;
}

int err_hint(struct err *e, const char *fmt, ...)
{
	va_list ap;

	if (!e)
		return last_code ? last_code : -EINVAL;
	va_start(ap, fmt);
	set_text(e->hint, sizeof(e->hint), fmt, ap);
	va_end(ap);
	return e->code;
}
