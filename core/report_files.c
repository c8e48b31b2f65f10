// SPDX-License-Identifier: GPL-2.0-or-later
/* Reports on disk: written, listed, read back. */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "dirs.h"
#include "report.h"

#define KEEP_MAX     100 /* reports that were given no place of their own */
#define REPORT_BYTES (64u << 20)

#define FILE_NAME(e, n) n,
const char *const report_files[REPORT_FILE_COUNT] = { REPORT_FILES(FILE_NAME) };
#undef FILE_NAME

int report_begin(const char *dir, struct err *e)
{
	char path[640];
	int r = make_dirs(dir);

	if (r)
		return err_set(e, r, "%s: %s", dir, strerror(-r));
	for (size_t i = 0; i < REPORT_FILE_COUNT; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, report_files[i]);
		if (access(path, F_OK))
			continue;
		err_set(e, -EEXIST, "%s: there is a report already", dir);
		return err_hint(e, "name another directory");
	}
	return 0;
}

static void remove_report(const char *dir)
{
	char path[640];

	for (size_t i = 0; i < REPORT_FILE_COUNT; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, report_files[i]);
		unlink(path);
	}
	rmdir(dir);
}

void report_undo(const char *dir)
{
	if (dir)
		remove_report(dir);
}

/* Whole or not at all: a reader never sees half of it. */
static int write_file(const char *dir, enum report_file which, const char *text, size_t n)
{
	char path[640], fresh[660];
	FILE *f;
	bool ok;

	snprintf(path, sizeof(path), "%s/%s", dir, report_files[which]);
	snprintf(fresh, sizeof(fresh), "%s.new", path);
	f = fopen(fresh, "we");
	if (!f)
		return -errno;
	ok = fwrite(text, 1, n, f) == n;
	ok &= fclose(f) == 0;
	if (ok && rename(fresh, path) == 0)
		return 0;
	unlink(fresh);
	return -EIO;
}

static int write_results(const char *dir, const json_t *results)
{
	char *s = json_dumps(results, JSON_INDENT(1) | JSON_REAL_PRECISION(9));
	int r = s ? write_file(dir, REPORT_RESULTS, s, strlen(s)) : -ENOMEM;

	free(s);
	return r;
}

static int write_made(const char *dir, enum report_file which, const json_t *results,
		      void (*make)(const json_t *, struct buf *))
{
	struct buf b = BUF_INIT(REPORT_BYTES);
	int r;

	make(results, &b);
	r = b.broken ? -EFBIG : write_file(dir, which, buf_text(&b), b.len);
	buf_free(&b);
	return r;
}

int report_write(const char *dir, const json_t *results, struct err *e)
{
	int r = write_results(dir, results);

	if (!r)
		r = write_made(dir, REPORT_JUNIT, results, report_junit);
	if (!r)
		r = write_made(dir, REPORT_HTML, results, report_html);
	return r ? err_set(e, r, "%s: %s", dir, strerror(-r)) : 0;
}

/* ---- those without a place of their own: STATE_DIR/reports/TIME-NAME ---- */

static void forget_oldest(const char *state_dir)
{
	char pattern[600];
	glob_t g = { 0 };

	/* names begin with the time: the first are the oldest */
	snprintf(pattern, sizeof(pattern), "%.500s/reports/[0-9]*", state_dir);
	if (glob(pattern, 0, NULL, &g) == 0)
		for (size_t i = 0; i + KEEP_MAX <= g.gl_pathc; i++)
			remove_report(g.gl_pathv[i]);
	globfree(&g);
}

void report_place(const char *state_dir, const char *name, int64_t unix_ms, char *dst, size_t n)
{
	time_t sec = (time_t)(unix_ms / 1000);
	char when[40] = "";
	struct tm tm;

	forget_oldest(state_dir);
	if (gmtime_r(&sec, &tm))
		strftime(when, sizeof(when), "%Y%m%dT%H%M%S", &tm);
	snprintf(dst, n, "%s/reports/%s.%03dZ-%s", state_dir, when, (int)(unix_ms % 1000), name);
}

static json_t *read_results(const char *dir, struct err *e)
{
	struct buf text = BUF_INIT(REPORT_BYTES);
	json_error_t why;
	json_t *o = NULL;
	char path[640];

	snprintf(path, sizeof(path), "%s/%s", dir, report_files[REPORT_RESULTS]);
	if (!schema_file(path, &text, e)) {
		o = json_loads(buf_text(&text), 0, &why);
		if (!json_is_object(o)) {
			err_set(e, -EBADMSG, "%s:%d: %s", path, o ? 1 : why.line,
				o ? "it is no report" : why.text);
			json_decref(o);
			o = NULL;
		}
	}
	buf_free(&text);
	return o;
}

static const char *string_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

static int64_t unix_of(const char *s, const char *format)
{
	struct tm tm = { 0 };
	const char *rest = strptime(s, format, &tm);

	return rest ? (int64_t)timegm(&tm) * 1000 + (*rest == '.' ? strtol(rest + 1, NULL, 10) : 0)
		    : 0;
}

static void fill_entry(const char *dir, struct report_entry *en)
{
	const char *name = strrchr(dir, '/') + 1;
	json_t *o = read_results(dir, NULL);

	snprintf(en->path, sizeof(en->path), "%s", dir);
	text_clean(en->scenario, sizeof(en->scenario),
		   o ? string_of(o, "scenario") : strchr(name, '-') + 1);
	/* its program was killed, or it still runs */
	text_clean(en->verdict, sizeof(en->verdict), o ? string_of(o, "verdict") : "unfinished");
	en->began_unix_ms = o ? unix_of(string_of(o, "began"), "%Y-%m-%dT%H:%M:%S")
			      : unix_of(name, "%Y%m%dT%H%M%S");
	json_decref(o);
}

int report_list(struct deck *d, struct report_entry **out, size_t *n, struct err *e)
{
	char pattern[600];
	glob_t g = { 0 };

	*out = NULL;
	*n = 0;
	snprintf(pattern, sizeof(pattern), "%.500s/reports/[0-9]*-*", d->dir);
	if (glob(pattern, 0, NULL, &g) == 0) {
		*out = calloc(g.gl_pathc, sizeof(**out));
		for (size_t i = g.gl_pathc; *out && i-- > 0;)
			if (strlen(g.gl_pathv[i]) < sizeof((*out)->path))
				fill_entry(g.gl_pathv[i], &(*out)[(*n)++]);
		if (!*out)
			err_set(e, -ENOMEM, "out of memory");
	}
	globfree(&g);
	return *n && !*out ? -ENOMEM : 0;
}

int report_text(const char *dir, struct buf *out, struct err *e)
{
	json_t *o = read_results(dir, e);

	if (!o)
		return e && e->code ? e->code : -ENOENT;
	report_lines(o, out);
	json_decref(o);
	return out->broken ? err_set(e, -EFBIG, "%s: it is too long to be shown", dir) : 0;
}
