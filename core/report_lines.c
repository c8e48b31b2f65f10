// SPDX-License-Identifier: GPL-2.0-or-later
/* results.json as text for a screen. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "report_get.h"

/* One line of clean text, whatever the file holds. */
static void put(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void put(struct buf *b, const char *fmt, ...)
{
	char line[1200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	buf_str(b, text_clean(line, sizeof(line), line));
	buf_str(b, "\n");
}

static void head(const json_t *o, struct buf *b)
{
	char span[32];
	json_t *vars = json_object_get(o, "variables"), *v;
	const char *key, *why = get_text(o, "reason");

	put(b, "%s: %s%s%s", get_text(o, "scenario"), get_text(o, "verdict"), *why ? ": " : "",
	    why);
	put(b, "%s", get_text(o, "description"));
	put(b, "began %s, took %s, seed %s, by %s on %s", get_text(o, "began"),
	    get_span(span, get_int(o, "duration_ms", -1)), get_text(o, "seed"),
	    get_text(o, "operator"), get_text(o, "cluster"));
	json_object_foreach(vars, key, v) put(b, "  %s=%s", key, json_string_value(v));
}

/* Since the run began. */
static char *moment(char *dst, const json_t *results, const json_t *o, const char *key)
{
	const int64_t t = get_time(o, key), from = get_time(results, "began");

	if (t)
		snprintf(dst, 32, "%9.3f", (double)(t - from) / 1000);
	else
		snprintf(dst, 32, "%9s", "-");
	return dst;
}

static void steps(const json_t *r, struct buf *b)
{
	const json_t *list = get_list(r, "steps"), *o;
	char from[32], to[32];
	size_t i;

	put(b, " ");
	put(b, "STEPS   began     ended");
	json_array_foreach(list, i, o) put(
		b, "%3lld %s %s  %-7s %s%s%s", (long long)get_int(o, "step", 0),
		moment(from, r, o, "began"), moment(to, r, o, "ended"), get_text(o, "state"),
		get_text(o, "name"), *get_text(o, "message") ? " · " : "", get_text(o, "message"));
}

static void faults(const json_t *r, struct buf *b)
{
	const json_t *list = get_list(r, "faults"), *o, *line;
	char a[32], z[32];
	size_t i, k;

	if (json_array_size(list))
		put(b, " ");
	json_array_foreach(list, i, o)
	{
		put(b, "FAULT %s %s on %s %s: %s%s%s", get_text(o, "id"), get_text(o, "fault"),
		    get_text(o, "target"), get_text(o, "params"), get_text(o, "state"),
		    *get_text(o, "reason") ? ": " : "", get_text(o, "reason"));
		put(b, "  active %s, ended %s", moment(a, r, o, "active"),
		    moment(z, r, o, "ended"));
		put(b, "  noticed after %s, whole again %s after its end",
		    get_span(a, get_int(o, "detect_ms", -1)),
		    get_span(z, get_int(o, "recover_ms", -1)));
		json_array_foreach(get_list(o, "do"), k, line)
			put(b, "  did    %s", json_string_value(line));
		json_array_foreach(get_list(o, "undo"), k, line)
			put(b, "  undid  %s", json_string_value(line));
	}
}

static void probes(const json_t *r, struct buf *b)
{
	const json_t *list = get_list(r, "probes"), *o;
	size_t i;

	if (json_array_size(list))
		put(b, " ");
	json_array_foreach(list, i, o)
		put(b, "PROBE %s: %s at last%s%s %s", get_text(o, "probe"), get_text(o, "state"),
		    *get_text(o, "value") ? ": " : "", get_text(o, "value"), get_text(o, "unit"));
}

static void residue(const json_t *r, struct buf *b)
{
	const json_t *list = get_list(r, "residue"), *o;
	size_t i;

	if (json_array_size(list))
		put(b, " ");
	json_array_foreach(list, i, o)
		put(b, "LEFT ON %s: %s%s%s", get_text(o, "node"),
		    get_is(o, "state", "clean") ? "nothing" : get_text(o, "state"),
		    *get_text(o, "left") ? ": " : "", get_text(o, "left"));
}

void report_lines(const json_t *results, struct buf *out)
{
	head(results, out);
	steps(results, out);
	faults(results, out);
	probes(results, out);
	residue(results, out);
}
