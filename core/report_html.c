// SPDX-License-Identifier: GPL-2.0-or-later
/* results.json as one page that needs nothing else: no script, no font, no file from anywhere. */
#include "report_html.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char css[] =
#include "report.css.inc"
	;

void html_text(struct buf *b, const char *s)
{
	put_escaped(b, s);
}

void html_tag(struct buf *b, const char *tag, const char *class, const char *s)
{
	buf_fmt(b, class ? "<%s class=\"%s\">" : "<%s>", tag, class);
	html_text(b, s);
	buf_fmt(b, "</%s>", tag);
}

static void pair(struct buf *b, const char *key, const char *value)
{
	if (!*value)
		return;
	html_tag(b, "dt", NULL, key);
	html_tag(b, "dd", NULL, value);
	buf_str(b, "\n");
}

static void figure(struct buf *b, const char *what, const char *value)
{
	buf_str(b, "<div>");
	html_text(b, what);
	html_tag(b, "b", NULL, value);
	buf_str(b, "</div>\n");
}

/* The words that states are, for a class: never text of a file. */
static const char *known(const char *s)
{
	static const char *const words[] = { "passed",     "failed", "broken",  "aborted",
					     "incomplete", "done",   "skipped", "holds",
					     "unknown",    "clean",  "left",    "restored",
					     "expired",    "active" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strcmp(words[i], s) == 0)
			return words[i];
	return "soft";
}

void html_state(struct buf *b, const char *tag, const char *state)
{
	html_tag(b, tag, known(state), state);
}

static size_t count_is(const json_t *list, const char *key, const char *value)
{
	const json_t *o;
	size_t i, n = 0;

	json_array_foreach(list, i, o) n += get_is(o, key, value);
	return n;
}

static int64_t longest(const json_t *list, const char *key)
{
	const json_t *o;
	int64_t max = -1;
	size_t i;

	json_array_foreach(list, i, o) if (get_int(o, key, -1) > max) max = get_int(o, key, -1);
	return max;
}

static void figures(const json_t *r, struct buf *b)
{
	const json_t *faults = get_list(r, "faults"), *left = get_list(r, "residue");
	const json_t *want = get_list(r, "expectations"), *o;
	char t[32], value[80];
	size_t i, met = 0;

	json_array_foreach(want, i, o) met += json_is_true(json_object_get(o, "met"));
	buf_str(b, "<div class=\"figures\">\n");
	figure(b, "duration", get_span(t, get_int(r, "duration_ms", -1)));
	snprintf(value, sizeof(value), "%zu", json_array_size(faults));
	figure(b, "faults injected", value);
	snprintf(value, sizeof(value), "%zu of %zu", met, json_array_size(want));
	figure(b, "expectations met", value);
	figure(b, "slowest to be noticed", get_span(t, longest(faults, "detect_ms")));
	figure(b, "slowest to recover", get_span(t, longest(faults, "recover_ms")));
	snprintf(value, sizeof(value), "%zu of %zu", count_is(left, "state", "clean"),
		 json_array_size(left));
	figure(b, "nodes clean afterwards", value);
	buf_str(b, "</div>\n");
}

static void variables(const json_t *r, struct buf *b)
{
	json_t *vars = json_object_get(r, "variables"), *v;
	struct buf all = BUF_INIT(16384);
	const char *key;

	json_object_foreach(vars, key, v)
		buf_fmt(&all, "%s%s=%s", all.len ? "  " : "", key, json_string_value(v));
	pair(b, "variables", buf_text(&all));
	buf_free(&all);
}

static void summary(const json_t *r, struct buf *b)
{
	html_tag(b, "h1", NULL, get_text(r, "scenario"));
	html_tag(b, "p", "soft", get_text(r, "description"));
	buf_fmt(b, "<p><span class=\"badge %s\">", known(get_text(r, "verdict")));
	html_text(b, get_text(r, "verdict"));
	buf_str(b, "</span></p>\n");
	if (*get_text(r, "reason"))
		html_tag(b, "p", known(get_text(r, "verdict")), get_text(r, "reason"));
	figures(r, b);
	buf_str(b, "<dl>\n");
	pair(b, "began", get_text(r, "began"));
	pair(b, "ended", get_text(r, "ended"));
	pair(b, "cluster", get_text(r, "cluster"));
	pair(b, "operator", get_text(r, "operator"));
	pair(b, "file", get_text(r, "file"));
	pair(b, "seed", get_text(r, "seed"));
	variables(r, b);
	buf_str(b, "</dl>\n");
}

/* ---- tables ---- */

void html_head(struct buf *b, const char *title, const char *const *columns)
{
	html_tag(b, "h2", NULL, title);
	buf_str(b, "<div class=\"wide\"><table><thead><tr>");
	for (; *columns; columns++)
		html_tag(b, "th", NULL, *columns);
	buf_str(b, "</tr></thead><tbody>\n");
}

static void foot(struct buf *b)
{
	buf_str(b, "</tbody></table></div>\n");
}

static void faults(const json_t *r, struct buf *b)
{
	static const char *const columns[] = { "fault",      "target",        "state",
					       "active for", "noticed after", "recovered after",
					       NULL };
	const json_t *list = get_list(r, "faults"), *o;
	char t[32];
	size_t i;

	if (!json_array_size(list))
		return;
	html_head(b, "Faults", columns);
	json_array_foreach(list, i, o)
	{
		const int64_t from = get_time(o, "active"), to = get_time(o, "ended");

		buf_str(b, "<tr>");
		html_tag(b, "td", NULL, get_text(o, "fault"));
		html_tag(b, "td", NULL, get_text(o, "target"));
		html_state(b, "td", get_text(o, "state"));
		html_tag(b, "td", "n", get_span(t, from && to ? to - from : -1));
		html_tag(b, "td", "n", get_span(t, get_int(o, "detect_ms", -1)));
		html_tag(b, "td", "n", get_span(t, get_int(o, "recover_ms", -1)));
		buf_str(b, "</tr>\n");
	}
	foot(b);
	buf_str(b, "<p class=\"soft\">Noticed: from active until a probe "
		   "of the steady "
		   "state failed. Recovered: from the fault's end until that probe "
		   "holds again.</p>\n");
}

static void expectations(const json_t *r, struct buf *b)
{
	static const char *const columns[] = {
		"step", "probe", "is", "within", "met", "found", NULL
	};
	const json_t *list = get_list(r, "expectations"), *o;
	char t[32];
	size_t i;

	if (!json_array_size(list))
		return;
	html_head(b, "Expectations", columns);
	json_array_foreach(list, i, o)
	{
		const json_t *met = json_object_get(o, "met");

		buf_fmt(b, "<tr><td class=\"n\">%lld</td>", (long long)get_int(o, "step", 0));
		html_tag(b, "td", NULL, get_text(o, "probe"));
		html_tag(b, "td", NULL, get_text(o, "is"));
		html_tag(b, "td", "n", get_span(t, get_int(o, "within_ms", -1)));
		html_tag(b, "td",
			 json_is_true(met)    ? "passed"
			 : json_is_false(met) ? "failed"
					      : "skipped",
			 json_is_true(met)    ? "yes"
			 : json_is_false(met) ? "no"
					      : "not looked for");
		html_tag(b, "td", NULL, get_text(o, "message"));
		buf_str(b, "</tr>\n");
	}
	foot(b);
}

static void steps(const json_t *r, struct buf *b)
{
	static const char *const columns[] = { "step", "what", "state",
					       "at",   "took", "what came of it",
					       NULL };
	const int64_t begun = get_time(r, "began");
	const json_t *list = get_list(r, "steps"), *o;
	char t[32];
	size_t i;

	html_head(b, "Steps", columns);
	json_array_foreach(list, i, o)
	{
		const int64_t from = get_time(o, "began"), to = get_time(o, "ended");

		buf_fmt(b, "<tr><td class=\"n\">%lld</td>", (long long)get_int(o, "step", 0));
		html_tag(b, "td", NULL, get_text(o, "name"));
		html_state(b, "td", get_text(o, "state"));
		html_tag(b, "td", "n", get_span(t, from ? from - begun : -1));
		html_tag(b, "td", "n", get_span(t, from && to ? to - from : -1));
		html_tag(b, "td", NULL, get_text(o, "message"));
		buf_str(b, "</tr>\n");
	}
	foot(b);
}

static void lines(struct buf *b, const char *what, const json_t *list)
{
	const json_t *line;
	size_t i;

	if (!json_array_size(list))
		return;
	html_tag(b, "p", "soft", what);
	buf_str(b, "<pre>");
	json_array_foreach(list, i, line)
	{
		html_text(b, json_string_length(line) ? json_string_value(line) : "");
		buf_str(b, "\n");
	}
	buf_str(b, "</pre>\n");
}

static void acts(const json_t *r, struct buf *b)
{
	const json_t *list = get_list(r, "faults"), *finally = get_list(r, "finally"), *o;
	char title[600];
	size_t i;

	if (json_array_size(list) || json_array_size(finally))
		html_tag(b, "h2", NULL, "What was run, and what was undone");
	json_array_foreach(list, i, o)
	{
		snprintf(title, sizeof(title), "%s %s on %s %s", get_text(o, "id"),
			 get_text(o, "fault"), get_text(o, "target"), get_text(o, "params"));
		html_tag(b, "h3", NULL, title);
		lines(b, "run", get_list(o, "do"));
		lines(b, "undone", get_list(o, "undo"));
		if (*get_text(o, "reason"))
			html_tag(b, "p", NULL, get_text(o, "reason"));
	}
	json_array_foreach(finally, i, o)
	{
		snprintf(title, sizeof(title), "finally on %s: %s", get_text(o, "node"),
			 get_text(o, "result"));
		html_tag(b, "h3", NULL, title);
		html_tag(b, "pre", NULL, get_text(o, "command"));
	}
}

static void residue(const json_t *r, struct buf *b)
{
	static const char *const columns[] = { "node", "afterwards", "what is left", NULL };
	const json_t *list = get_list(r, "residue"), *o;
	size_t i;

	if (!json_array_size(list))
		return;
	html_head(b, "Residue", columns);
	json_array_foreach(list, i, o)
	{
		buf_str(b, "<tr>");
		html_tag(b, "td", NULL, get_text(o, "node"));
		html_state(b, "td", get_text(o, "state"));
		html_tag(b, "td", NULL, *get_text(o, "left") ? get_text(o, "left") : "nothing");
		buf_str(b, "</tr>\n");
	}
	foot(b);
}

static void events(const json_t *r, struct buf *b)
{
	static const char *const columns[] = {
		"at", "node", "point", "process", "from", "to", NULL
	};
	const json_t *list = get_list(r, "events"), *o;
	const int64_t begun = get_time(r, "began");
	char t[32];
	size_t i;

	if (!json_array_size(list))
		return;
	html_head(b, "What the kernel module changed", columns);
	json_array_foreach(list, i, o)
	{
		if (i == 200)
			break;
		snprintf(t, sizeof(t), "%.3f s", (double)(get_time(o, "time") - begun) / 1000);
		buf_str(b, "<tr>");
		html_tag(b, "td", "n", t);
		html_tag(b, "td", NULL, get_text(o, "node"));
		html_tag(b, "td", NULL, get_text(o, "point"));
		html_tag(b, "td", NULL, get_text(o, "comm"));
		html_tag(b, "td", NULL, get_text(o, "from"));
		html_tag(b, "td", NULL, get_text(o, "to"));
		buf_str(b, "</tr>\n");
	}
	foot(b);
	buf_fmt(b,
		"<p class=\"soft\">%lld in all; every one is in "
		"events.ndjson.</p>\n",
		(long long)get_int(r, "events_seen", 0));
}

void report_html(const json_t *results, struct buf *out)
{
	buf_str(out, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
		     "<meta name=\"viewport\" content=\"width=device-width, "
		     "initial-scale=1\">\n<title>");
	html_text(out, get_text(results, "scenario"));
	buf_str(out, ": ");
	html_text(out, get_text(results, "verdict"));
	buf_str(out, "</title>\n<style>\n");
	buf_str(out, css);
	buf_str(out, "</style></head>\n<body><main>\n");
	summary(results, out);
	html_timeline(results, out);
	faults(results, out);
	expectations(results, out);
	steps(results, out);
	acts(results, out);
	residue(results, out);
	events(results, out);
	buf_str(out, "</main></body></html>\n");
}
