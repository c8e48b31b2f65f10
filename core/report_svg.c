// SPDX-License-Identifier: GPL-2.0-or-later
/* The timeline: a row a thing, each an SVG as wide as the run is long, in milliseconds. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report_html.h"

#define HEIGHT   100
#define ROWS_MAX 300 /* steps that are drawn */
#define TICKS    4   /* every second one is left out on a phone */

struct scale {
	int64_t begun, length;
};

static void begin(struct buf *b, const struct scale *s, const char *label, const char *more,
		  const char *class)
{
	buf_str(b, "<div class=\"row\"><div>");
	html_text(b, label);
	if (*more) {
		buf_str(b, " ");
		html_tag(b, "span", "soft", more);
	}
	buf_fmt(b,
		"</div><svg class=\"%s\" role=\"img\" viewBox=\"0 0 %lld %d\" "
		"preserveAspectRatio=\"none\"><title>",
		class, (long long)s->length, HEIGHT);
	html_text(b, label);
	buf_str(b, " ");
	html_text(b, more);
	buf_str(b, "</title>");
	for (int i = 1; i < TICKS; i++)
		buf_fmt(b,
			"<line class=\"g\" x1=\"%lld\" x2=\"%lld\" y1=\"0\" y2=\"%d\" "
			"vector-effect=\"non-scaling-stroke\"/>",
			(long long)(s->length * i / TICKS), (long long)(s->length * i / TICKS),
			HEIGHT);
}

static void end(struct buf *b)
{
	buf_str(b, "</svg></div>\n");
}

/* Never so short that it cannot be seen. */
static void bar(struct buf *b, const struct scale *s, const char *class, int64_t from, int64_t to,
		int y, int h)
{
	const int64_t least = s->length / 400 + 1;

	if (to - from < least)
		to = from + least;
	buf_fmt(b, "<rect class=\"%s\" x=\"%lld\" y=\"%d\" width=\"%lld\" height=\"%d\"/>", class,
		(long long)from, y, (long long)(to - from), h);
}

static void mark(struct buf *b, const char *class, int64_t x)
{
	buf_fmt(b,
		"<line class=\"%s\" x1=\"%lld\" x2=\"%lld\" y1=\"0\" y2=\"%d\" "
		"vector-effect=\"non-scaling-stroke\"/>",
		class, (long long)x, (long long)x, HEIGHT);
}

static void axis(struct buf *b, const struct scale *s)
{
	char t[32];

	buf_str(b, "<div class=\"row\"><div class=\"ticks\">");
	for (int i = 0; i <= TICKS; i++)
		html_tag(b, "span", i % 2 ? "phone" : NULL, get_span(t, s->length * i / TICKS));
	buf_str(b, "</div></div>\n");
}

static void steps(const json_t *r, struct buf *b, const struct scale *s)
{
	const json_t *list = get_list(r, "steps"), *o;
	char name[200], more[64], t[32];
	size_t i, n = 0;

	json_array_foreach(list, i, o)
	{
		const int64_t from = get_time(o, "began"), to = get_time(o, "ended");

		if (!from || !to || n++ >= ROWS_MAX)
			continue;
		snprintf(name, sizeof(name), "%lld %s", (long long)get_int(o, "step", 0),
			 get_text(o, "name"));
		snprintf(more, sizeof(more), "%s, %s", get_text(o, "state"),
			 get_span(t, to - from));
		begin(b, s, name, more, "bar");
		bar(b, s, get_is(o, "state", "failed") ? "pf" : "s", from - s->begun, to - s->begun,
		    20, 60);
		end(b);
	}
}

static void faults(const json_t *r, struct buf *b, const struct scale *s)
{
	const json_t *list = get_list(r, "faults"), *o;
	char name[420];
	size_t i;

	if (json_array_size(list))
		html_tag(b, "h3", NULL, "Faults");
	json_array_foreach(list, i, o)
	{
		const int64_t from = get_time(o, "active"), to = get_time(o, "ended");
		const int64_t seen = get_time(o, "detected"), whole = get_time(o, "recovered");

		if (!from || i >= ROWS_MAX)
			continue;
		snprintf(name, sizeof(name), "%s %s", get_text(o, "fault"), get_text(o, "target"));
		begin(b, s, name, get_text(o, "state"), "bar");
		bar(b, s, "f", from - s->begun, to ? to - s->begun : s->length, 20, 60);
		if (seen)
			mark(b, "d", seen - s->begun);
		if (whole)
			mark(b, "k", whole - s->begun);
		end(b);
	}
}

/* ---- probes ---- */

static const char *state_class(const json_t *point)
{
	const char *s = json_string_value(json_array_get(point, 1));

	if (s && strcmp(s, "holds") == 0)
		return "ph";
	return s && strcmp(s, "failed") == 0 ? "pf" : "pu";
}

static int64_t x_of(const json_t *point)
{
	return json_integer_value(json_array_get(point, 0));
}

/* The state as a band: one rectangle as long as it stays the same. */
static void band(const json_t *points, struct buf *b, const struct scale *s, int y, int h)
{
	const size_t n = json_array_size(points);
	size_t from = 0;

	for (size_t i = 1; i <= n; i++) {
		const json_t *p = json_array_get(points, i), *was = json_array_get(points, from);

		if (p && strcmp(state_class(p), state_class(was)) == 0)
			continue;
		bar(b, s, state_class(was), x_of(was), p ? x_of(p) : s->length, y, h);
		from = i;
	}
}

static bool range(const json_t *points, double *low, double *high)
{
	const json_t *p;
	size_t i;

	*low = INFINITY;
	*high = -INFINITY;
	json_array_foreach(points, i, p)
	{
		const json_t *v = json_array_get(p, 2);

		if (!json_is_number(v))
			continue;
		*low = fmin(*low, json_number_value(v));
		*high = fmax(*high, json_number_value(v));
	}
	return *low <= *high;
}

static void curve(const json_t *points, struct buf *b, double low, double high)
{
	const double span = high > low ? high - low : 1;
	const json_t *p;
	size_t i;
	bool on = false;

	buf_str(b, "<path class=\"v\" vector-effect=\"non-scaling-stroke\" d=\"");
	json_array_foreach(points, i, p)
	{
		const json_t *v = json_array_get(p, 2);

		if (json_is_number(v))
			buf_fmt(b, "%s%lld %.1f", on ? "L" : "M", (long long)x_of(p),
				76 - 70 * (json_number_value(v) - low) / span);
		on = json_is_number(v);
	}
	buf_str(b, "\"/>");
}

static void probes(const json_t *r, struct buf *b, const struct scale *s)
{
	const json_t *list = get_list(r, "probes"), *o;
	double low, high;
	char more[120];
	size_t i;

	if (json_array_size(list))
		html_tag(b, "h3", NULL, "Probes");
	json_array_foreach(list, i, o)
	{
		const json_t *points = get_list(o, "points");
		const bool numbers = range(points, &low, &high);

		if (numbers)
			snprintf(more, sizeof(more), "%.6g to %.6g %.30s", low, high,
				 get_text(o, "unit"));
		else
			snprintf(more, sizeof(more), "%.100s", get_text(o, "value"));
		begin(b, s, get_text(o, "probe"), more, numbers ? "chart" : "bar");
		if (numbers)
			curve(points, b, low, high);
		if (json_array_size(points))
			band(points, b, s, numbers ? 84 : 20, numbers ? 16 : 60);
		end(b);
	}
}

void html_timeline(const json_t *r, struct buf *b)
{
	const struct scale s = { get_time(r, "began"), get_int(r, "duration_ms", 0) > 0
							       ? get_int(r, "duration_ms", 0)
							       : 1 };

	html_tag(b, "h2", NULL, "Timeline");
	buf_str(b, "<p class=\"legend soft\"><span><i style=\"color:var(--step)\">■</i>step, "
		   "value</span> "
		   "<span><i style=\"color:var(--fault)\">■</i>fault active</span> "
		   "<span><i style=\"color:var(--good)\">■</i>probe holds, recovered</span> "
		   "<span><i style=\"color:var(--bad)\">■</i>probe failed, noticed</span> "
		   "<span><i style=\"color:var(--warn)\">■</i>unknown</span></p>\n");
	axis(b, &s);
	steps(r, b, &s);
	faults(r, b, &s);
	probes(r, b, &s);
	axis(b, &s);
}
