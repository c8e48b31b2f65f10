// SPDX-License-Identifier: GPL-2.0-or-later
// sources: tui/batch_words.c tui/batch_args.c tui/emit.c tui/emit_record.c tui/emit_text.c
/* The pure parts of batch: words, options, exit codes, and what the two faces print. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../tui/batch.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

/* ---- words ---- */
static void check_words(const char *line, const char *const *want)
{
	struct words w;
	int n = 0;

	assert_int_equal(words_split(line, &w, NULL), 0);
	for (; want[n]; n++) {
		assert_true(n + 1 < w.n);
		assert_string_equal(w.v[n + 1], want[n]);
	}
	assert_int_equal(w.n, n + 1);
	assert_null(w.v[w.n]);
	words_free(&w);
}

#define WORDS(line, ...) check_words(line, (const char *const[]){ __VA_ARGS__, NULL })

static void test_words(void **state)
{
	(void)state;
	check_words("", (const char *const[]){ NULL });
	check_words(" \t\r\n", (const char *const[]){ NULL });
	check_words("# all of it", (const char *const[]){ NULL });
	WORDS("status", "status");
	WORDS("  a  b\tc\r\n", "a", "b", "c");
	WORDS("a # b", "a");
	WORDS("a#b", "a#b");
	WORDS("'a b' \"c d\"", "a b", "c d");
	WORDS("a'b'\"c\"d", "abcd");
	WORDS("'' \"\"", "", "");
	WORDS("a\\ b \\# \\'", "a b", "#", "'");
	WORDS("\"\\\"\\\\\\n\"", "\"\\\\n");
	WORDS("'\\'", "\\");
	WORDS("'#' \"it's\"", "#", "it's");
}

static void test_words_refused(void **state)
{
	static const char *const open[] = { "'", "a 'b", "\"", "\"a\\\"", "a\\", "\\" };
	struct words w;
	struct err e;
	char many[4 * WORDS_MAX + 8] = "";

	(void)state;
	for (size_t i = 0; i < COUNT(open); i++) {
		assert_int_equal(words_split(open[i], &w, &e), -EINVAL);
		assert_true(e.msg[0]);
	}
	for (int i = 0; i < WORDS_MAX; i++)
		strcat(many, "w ");
	assert_int_equal(words_split(many, &w, &e), 0);
	assert_int_equal(w.n, WORDS_MAX + 1);
	words_free(&w);
	strcat(many, "w");
	assert_int_equal(words_split(many, &w, &e), -E2BIG);
}

/* ---- exit codes ---- */
static void test_exit_worst(void **state)
{
	/* from harmless to worst */
	static const int order[] = { 0, 1, 2, 3, 4, 5, 7, 6, 130 };

	(void)state;
	for (size_t i = 0; i < COUNT(order); i++) {
		for (size_t k = 0; k <= i; k++) {
			assert_int_equal(exit_worst(order[i], order[k]), order[i]);
			assert_int_equal(exit_worst(order[k], order[i]), order[i]);
		}
	}
}

static void test_exit_of(void **state)
{
	(void)state;
	assert_int_equal(exit_of(0), 0);
	assert_int_equal(exit_of(-EPERM), 5);
	assert_int_equal(exit_of(-EROFS), 5);
	assert_int_equal(exit_of(-ERANGE), 2);
	assert_int_equal(exit_of(-ENOENT), 2);
	assert_int_equal(exit_of(-EOPNOTSUPP), 1);
	assert_int_equal(exit_of(-EHOSTUNREACH), 4);
	assert_int_equal(exit_of(-ENOMEM), 1);
}

/* ---- options ---- */
static int parse(const char *line, struct words *w, struct args *a, struct err *e)
{
	assert_int_equal(words_split(line, w, NULL), 0);
	return args_parse(w->n, w->v, a, e);
}

static void test_args(void **state)
{
	struct words w;
	struct args a;

	(void)state;
	assert_int_equal(parse("", &w, &a, NULL), 0);
	assert_false(a.batch);
	words_free(&w);
	assert_int_equal(parse("-c x.cfg --readonly --theme mono --accept-new", &w, &a, NULL), 0);
	assert_string_equal(a.config, "x.cfg");
	assert_string_equal(a.theme, "mono");
	assert_true(a.readonly && a.accept_new);
	words_free(&w);
	/* options may stand behind the verb */
	assert_int_equal(
		parse("--batch inject f vm:a@b times=1 --yes --format json --ttl 30s --wait", &w,
		      &a, NULL),
		0);
	assert_int_equal(a.nwords, 4);
	assert_string_equal(a.words[0], "inject");
	assert_string_equal(a.words[3], "times=1");
	assert_null(a.words[4]);
	assert_int_equal(a.opts, OPT_YES | OPT_TTL | OPT_WAIT);
	assert_int_equal(a.ttl_ms, 30000);
	assert_int_equal(a.format, EMIT_JSON);
	words_free(&w);
	assert_int_equal(parse("--batch -", &w, &a, NULL), 0);
	assert_string_equal(a.words[0], "-");
	words_free(&w);
}

static void test_args_refused(void **state)
{
	static const char *const bad[] = {
		"--nosuch",
		"--batch --nosuch status",
		"--batch --format xml status",
		"--batch --ttl never status",
		"--batch --ttl 0 status",
		"--batch --ttl",
		"-c",
		"--batch",
		"status",
		"--yes",
		"-x",
	};
	struct words w;
	struct args a;
	struct err e;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		e = (struct err){ .code = 0 };
		assert_int_equal(parse(bad[i], &w, &a, &e), -EINVAL);
		assert_true(e.msg[0]);
		words_free(&w);
	}
	/* the format is known when the mistake comes behind it: the error is in that format */
	assert_int_equal(parse("--batch --format json --nosuch", &w, &a, &e), -EINVAL);
	assert_int_equal(a.format, EMIT_JSON);
	words_free(&w);
}

static void test_args_line(void **state)
{
	struct words w, l;
	struct args outer, a;
	struct err e;

	(void)state;
	assert_int_equal(parse("--batch --yes --ttl 5s --format json -", &w, &outer, NULL), 0);
	assert_int_equal(words_split("inject f t --wait", &l, NULL), 0);
	assert_int_equal(args_parse_line(l.n, l.v, &outer, &a, NULL), 0);
	assert_int_equal(a.opts, OPT_YES | OPT_TTL | OPT_WAIT);
	assert_int_equal(a.given, OPT_WAIT);
	assert_int_equal(a.ttl_ms, 5000);
	assert_int_equal(a.nwords, 3);
	words_free(&l);
	assert_int_equal(words_split("status --format text", &l, NULL), 0);
	assert_int_equal(args_parse_line(l.n, l.v, &outer, &a, &e), -EINVAL);
	words_free(&l);
	assert_int_equal(words_split("", &l, NULL), 0);
	assert_int_equal(args_parse_line(l.n, l.v, &outer, &a, NULL), 0);
	assert_int_equal(a.nwords, 0);
	words_free(&l);
	words_free(&w);
}

/* ---- what is printed ---- */
struct shown {
	struct emit emit;
	char *out, *err;
	size_t nout, nerr;
};

static void begin(struct shown *s, enum emit_format f)
{
	memset(s, 0, sizeof(*s));
	emit_init(&s->emit, f, open_memstream(&s->out, &s->nout),
		  open_memstream(&s->err, &s->nerr));
}

static void end(struct shown *s)
{
	assert_int_equal(emit_end(&s->emit), 0);
	fclose(s->emit.out);
	fclose(s->emit.err);
}

static void done(struct shown *s)
{
	free(s->out);
	free(s->err);
}

static char *roles[] = { "kvm", "host", NULL };
static const struct node_cfg kvm1 = { .name = "kvm1", .host = "10.77.0.21", .roles = roles };
static const struct metric exits = { "exits", "exits", "/s", KIND_VM, true, 1 };
static const struct metric rss = { "rss", "rss", "B", KIND_VM, false, 1 };

static json_t *parsed(const char *line)
{
	json_t *o = json_loads(line, JSON_DISABLE_EOF_CHECK, NULL);

	assert_non_null(o);
	return o;
}

static void check_keys(const json_t *o, const char *const *keys)
{
	size_t n = 0;

	for (; keys[n]; n++)
		assert_non_null(json_object_get(o, keys[n]));
	assert_int_equal(json_object_size(o), n);
}

#define KEYS(o, ...) check_keys(o, (const char *const[]){ "type", "time", __VA_ARGS__, NULL })

static void test_json_hostile(void **state)
{
	static const char *const names[] = {
		"plain",
		"a\"b\\c",
		"\x1b[31mred",
		"new\nline",
		"\xff\xfe",
		"\xc3\xa4\xe2\x80\xae",
		"{\"type\":\"summary\"}",
		"",
	};
	struct node_view v = { .cfg = &kvm1, .state = NODE_UP };

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		struct item vm = { .kind = KIND_VM, .pid = 7 };
		struct shown s;
		json_t *o;

		strcpy(vm.name, names[i]);
		strcpy(vm.state, names[i]);
		begin(&s, EMIT_JSON);
		emit_put(&s.emit, record_item(&v, &vm));
		end(&s);
		/* one object, one line, whatever the name holds */
		assert_ptr_equal(strchr(s.out, '\n'), s.out + s.nout - 1);
		assert_null(strchr(s.out, '\x1b'));
		o = parsed(s.out);
		KEYS(o, "vm", "node", "pid", "vcpus", "state", "figures");
		assert_string_equal(json_string_value(json_object_get(o, "type")), "vm");
		json_decref(o);
		done(&s);
	}
}

static void test_json_keys(void **state)
{
	struct node_view v = { .cfg = &kvm1, .state = NODE_DOWN };
	struct injection i = { .id = "a1", .hits = -1, .state = STATE_ACTIVE };
	struct event ev = { .unix_ms = 1, .id = "a1" };
	struct tally t = { .done = 1 };
	struct err e = { -EPERM, "no", "" };
	json_t *o;

	(void)state;
	KEYS(o = record_node(&v, 1000), "node", "host", "roles", "state", "age_ms", "arch",
	     "kernel", "module");
	assert_true(json_is_null(json_object_get(o, "age_ms")));
	assert_true(json_is_null(json_object_get(o, "module")));
	assert_int_equal(json_array_size(json_object_get(o, "roles")), 2);
	json_decref(o);
	i.deadline_boot_ms = 5000;
	KEYS(o = record_injection(&i, 1000), "id", "fault", "target", "node", "state", "owner",
	     "started", "params", "ttl_ms", "left_ms", "hits", "effect", "aftermath", "reason",
	     "purpose");
	assert_int_equal(json_integer_value(json_object_get(o, "left_ms")), 4000);
	assert_true(json_is_null(json_object_get(o, "hits")));
	json_decref(o);
	i.state = STATE_EXPIRED;
	o = record_injection(&i, 1000);
	assert_true(json_is_null(json_object_get(o, "left_ms")));
	json_decref(o);
	KEYS(o = record_event(&ev), "id", "node", "point", "cpu", "tgid", "tid", "comm", "from",
	     "to");
	assert_string_equal(json_string_value(json_object_get(o, "time")),
			    "1970-01-01T00:00:00.001Z");
	json_decref(o);
	KEYS(o = record_summary(&t), "done", "failed", "unknown", "unreachable");
	json_decref(o);
	KEYS(o = record_error(&e), "code", "message", "hint");
	assert_string_equal(json_string_value(json_object_get(o, "code")), "EPERM");
	json_decref(o);
	KEYS(o = record_output("kvm1", "check", "ok"), "node", "verb", "line");
	json_decref(o);
}

static void test_json_figures(void **state)
{
	struct node_view v = { .cfg = &kvm1, .state = NODE_UP };
	struct sample samples[] = { { .metric = &exits, .value = 12.5, .known = true },
				    { .metric = &rss } };
	struct item vm = { .kind = KIND_VM, .samples = samples, .nsamples = 2 };
	json_t *o = record_item(&v, &vm), *figures = json_object_get(o, "figures");

	(void)state;
	assert_true(json_number_value(json_object_get(figures, "exits")) > 12.4);
	assert_true(json_is_null(json_object_get(figures, "rss")));
	json_decref(o);
}

static void test_fault_keys(void **state)
{
	static const char *const errnos[] = { "EIO", "ENOSPC", NULL };
	static const struct param params[] = {
		{ "errno", PARAM_CHOICE, "EIO", errnos, 0, 0, "", "what it returns", NULL },
		{ "times", PARAM_INT, "-1", NULL, -1, 1000, "", "how often", NULL },
	};
	const struct fault f = { .name = "kvm.file-write",
				 .undone = "the rule is disarmed",
				 .targets = 1u << KIND_VM | 1u << KIND_PID,
				 .params = params,
				 .nparams = 2 };
	json_t *o = record_fault(&f, NULL), *p;

	(void)state;
	KEYS(o, "fault", "targets", "params", "undo", "way", "recovery_ms", "reason");
	p = json_array_get(json_object_get(o, "params"), 1);
	assert_string_equal(json_string_value(json_object_get(p, "type")), "int");
	assert_int_equal(json_integer_value(json_object_get(p, "max")), 1000);
	assert_int_equal(json_array_size(json_object_get(o, "targets")), 2);
	json_decref(o);
}

static void test_text(void **state)
{
	struct node_view v = { .cfg = &kvm1, .state = NODE_UP };
	struct item a = { .kind = KIND_VM, .name = "w", .pid = 7 };
	struct item b = { .kind = KIND_VM, .name = "longer", .pid = 1234 };
	struct mistake m = { .line = 3, .msg = "port: expected 1 to 65535" };
	struct tally t = { 1, 2, 3, 4 };
	struct shown s;

	(void)state;
	begin(&s, EMIT_TEXT);
	emit_put(&s.emit, record_item(&v, &a));
	emit_put(&s.emit, record_item(&v, &b));
	emit_mistake(&s.emit, "x.cfg", &m);
	emit_put(&s.emit, record_summary(&t));
	end(&s);
	assert_string_equal(s.out, "VM      NODE  STATE  PID   VCPUS  FIGURES\n"
				   "w       kvm1  -      7     -      -\n"
				   "longer  kvm1  -      1234  -      -\n"
				   "1 done, 2 failed, 3 unknown, 4 unreachable\n");
	assert_string_equal(s.err, "x.cfg:3: port: expected 1 to 65535\n");
	done(&s);
}

/* Standard output is full or closed: the run must not end with 0. */
static void test_write_error(void **state)
{
	struct tally t = { .done = 1 };
	struct emit e;
	FILE *full = fopen("/dev/full", "w");

	(void)state;
	if (!full)
		skip();
	for (int f = EMIT_TEXT; f <= EMIT_JSON; f++) {
		emit_init(&e, (enum emit_format)f, full, stderr);
		emit_put(&e, record_summary(&t));
		assert_int_equal(emit_end(&e), -EIO);
	}
	fclose(full);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),       cmocka_unit_test(test_words_refused),
		cmocka_unit_test(test_exit_worst),  cmocka_unit_test(test_exit_of),
		cmocka_unit_test(test_args),        cmocka_unit_test(test_args_refused),
		cmocka_unit_test(test_args_line),   cmocka_unit_test(test_json_hostile),
		cmocka_unit_test(test_json_keys),   cmocka_unit_test(test_json_figures),
		cmocka_unit_test(test_fault_keys),  cmocka_unit_test(test_text),
		cmocka_unit_test(test_write_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
