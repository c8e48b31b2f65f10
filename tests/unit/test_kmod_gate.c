// SPDX-License-Identifier: GPL-2.0-or-later
/* The module's plain C in a program: parser, printer, gate, filters and tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "filters.c"
#include "gate.c"
#include "names.c"
#include "parse.c"
#include "parse_action.c"
#include "points.c"
#include "print.c"
#include "regs.c"
#include "words.c"

static struct fdk_spec spec;
static struct fdk_err err;

/* In a block of its own size, so that the sanitizer sees a read beyond the line. */
static int parse_bytes(const char *bytes, size_t n)
{
	char *copy = malloc(n ? n : 1);
	int rc;

	memcpy(copy, bytes, n);
	memset(&err, 0, sizeof(err));
	rc = fdk_parse(copy, n, &spec, &err);
	free(copy);
	return rc;
}

static int parse(const char *line)
{
	return parse_bytes(line, strlen(line));
}

#define ARM "arm id=a point=file-write tgid=5 action=return:ENOSPC ttl_ms=1000"

static void test_arm_full(void **state)
{
	(void)state;
	assert_int_equal(parse("arm id=w-1_Z point=file-write tgid=7 tid=8 comm=a\\x20b inherit=1 "
			       "files=all action=return:-28 probability=50 interval=3 times=4 "
			       "space=0x10 ttl_ms=86400000\n"),
			 0);
	assert_int_equal(spec.verb, FDK_VERB_ARM);
	assert_string_equal(spec.id, "w-1_Z");
	assert_string_equal(spec.point->name, "file-write");
	assert_int_equal(spec.tgid, 7);
	assert_int_equal(spec.tid, 8);
	assert_string_equal(spec.comm, "a b");
	assert_int_equal(spec.inherit, 1);
	assert_true(spec.files_all);
	assert_int_equal(spec.action.kind, FDK_ACT_RETURN);
	assert_int_equal(spec.action.value, -ENOSPC);
	assert_int_equal(spec.gate.probability, 50);
	assert_int_equal(spec.gate.interval, 3);
	assert_int_equal(spec.gate.times, 4);
	assert_int_equal(spec.gate.space, 16);
	assert_int_equal(spec.ttl_ms, FDK_TTL_MAX_MS);
}

static void test_arm_defaults(void **state)
{
	(void)state;
	assert_int_equal(parse("  " ARM "\t "), 0);
	assert_false(spec.files_all || spec.inherit || spec.cmds || spec.comm[0] || spec.tid);
	assert_int_equal(spec.gate.probability, 100);
	assert_int_equal(spec.gate.interval, 1);
	assert_int_equal(spec.gate.times, -1);
	assert_int_equal(spec.gate.space, 0);
}

static void test_cmd_list(void **state)
{
	(void)state;
	assert_int_equal(parse("arm id=a point=vm-ioctl tgid=5 cmd=KVM_CREATE_VCPU,0xae03,7 "
			       "action=return:EPERM ttl_ms=1"),
			 0);
	assert_int_equal(spec.cmds, 3);
	assert_int_equal(spec.cmd[0], 0xae41);
	assert_int_equal(spec.cmd[1], 0xae03);
	assert_int_equal(spec.cmd[2], 7);
}

static void test_short_verbs(void **state)
{
	(void)state;
	assert_int_equal(parse("renew id=a ttl_ms=5"), 0);
	assert_int_equal(spec.verb, FDK_VERB_RENEW);
	assert_int_equal(spec.ttl_ms, 5);
	assert_int_equal(parse("disarm id=a"), 0);
	assert_false(spec.all);
	assert_int_equal(parse("disarm all\n"), 0);
	assert_true(spec.all);
}

/* The mark | stands before the byte that the column is to name. */
static const struct {
	int err;
	const char *line;
} refused[] = {
	{ EINVAL, "|" },
	{ EINVAL, "|  " },
	{ EINVAL, "|armed id=a" },
	{ EINVAL, "arm |id" },
	{ EINVAL, "arm |=5" },
	{ EINVAL, "arm |Id=a" },
	{ EINVAL, "arm id=|" },
	{ EINVAL, "arm id=a |all" },
	{ EINVAL, "arm id=a point=file-read tgid=5 |id=b" },
	{ EINVAL, "arm id=a|.b" },
	{ ERANGE, "arm id=|abcdefghijklmnopqrstuvwxyz_12345" },
	{ EINVAL, "arm id=a|" },
	{ EINVAL, "arm id=a point=file-read|" },
	{ EINVAL, "arm point=file-read action=return:EIO ttl_ms=1|" },
	{ ENOENT, "arm id=a point=|file" },
	{ ENOENT, "arm id=a point=|file-reads" },
	{ ERANGE, "arm id=a point=file-read action=return:EIO|" },
	{ EPERM, "arm id=a point=file-read action=return:EIO ttl_ms=1|" },
	{ EPERM, "arm id=a point=file-read inherit=1 action=return:EIO ttl_ms=1|" },
	{ ERANGE, "arm id=a tgid=|0" },
	{ ERANGE, "arm id=a tgid=|4194305" },
	{ ERANGE, "arm id=a tgid=|9223372036854775808" },
	{ ERANGE, "arm id=a tgid=|99999999999999999999999999" },
	{ EINVAL, "arm id=a tgid=|0x" },
	{ EINVAL, "arm id=a tgid=|-" },
	{ EINVAL, "arm id=a tgid=|5,6" },
	{ ERANGE, "arm id=a comm=|1234567890123456" },
	{ EINVAL, "arm id=a comm=|a\\" },
	{ EINVAL, "arm id=a comm=|a\\x0" },
	{ EINVAL, "arm id=a comm=|a\\x00" },
	{ EINVAL, "arm id=a comm=|a\\n" },
	{ ERANGE, "arm id=a inherit=|2" },
	{ EINVAL, "arm id=a point=file-read |cmd=1" },
	{ EINVAL, "arm id=a point=vm-ioctl |files=all" },
	{ EINVAL, "arm id=a point=vm-ioctl cmd=|KVM_RUN" },
	{ EINVAL, "arm id=a point=vm-ioctl cmd=1,|" },
	{ EINVAL, "arm id=a point=vm-ioctl cmd=1,|,2" },
	{ ERANGE, "arm id=a point=vm-ioctl cmd=1,|0x100000000" },
	{ ERANGE, "arm id=a point=vm-ioctl cmd=|-1" },
	{ ERANGE, "arm id=a point=vm-ioctl cmd=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,|17" },
	{ EINVAL, "arm id=a point=file-read files=|regula" },
	{ EINVAL, "arm id=a point=file-read action=|return"
		  "s:EIO" },
	{ EINVAL, "arm id=a point=file-read action=return|" },
	{ EINVAL, "arm id=a point=file-read action=return|:" },
	{ EINVAL, "arm id=a point=file-read action=return:|EI" },
	{ EINVAL, "arm id=a point=file-read action=|after:EIO" },
	{ EINVAL, "arm id=a point=file-read action=|flip:x0:3" },
	{ ERANGE, "arm id=a point=file-read action=return:|ENOSPC" },
	{ ERANGE, "arm id=a point=file-read action=return:|0" },
	{ ERANGE, "arm id=a point=file-read action=return:|512" },
	{ ERANGE, "arm id=a probability=|101" },
	{ ERANGE, "arm id=a probability=|-1" },
	{ ERANGE, "arm id=a interval=|0" },
	{ ERANGE, "arm id=a times=|-2" },
	{ ERANGE, "arm id=a space=|-1" },
	{ ERANGE, "arm id=a ttl_ms=|0" },
	{ ERANGE, "arm id=a ttl_ms=|86400001" },
	{ EINVAL, "renew id=a |tgid=5" },
	{ ERANGE, "renew id=a|" },
	{ EINVAL, "renew ttl_ms=5|" },
	{ EINVAL, "renew |all" },
	{ EINVAL, "disarm|" },
	{ EINVAL, "disarm |id=a all" },
	{ EINVAL, "disarm all |all" },
	{ EINVAL, "disarm |ttl_ms=1" },
	{ EINVAL, "disarm all|\x01" },
	{ EINVAL, "disarm all|\n\n" },
	{ EINVAL, "disarm all|\r\n" },
	{ EINVAL, "disarm id=\xc3\xa4" },
};

static void check_refused(int want, const char *marked)
{
	char line[512];
	const char *mark = strchr(marked, '|');
	size_t col = mark ? (size_t)(mark - marked) : strlen("disarm id=");

	snprintf(line, sizeof(line), "%.*s%s", (int)col, marked, mark ? mark + 1 : marked + col);
	if (parse(line) != -want || err.err != want || err.col != col || !err.why[0])
		fail_msg("'%s': errno %d at %u (%s), expected %d at %zu", line, err.err, err.col,
			 err.why, want, col);
}

static void test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		check_refused(refused[i].err, refused[i].line);
}

static void test_length(void **state)
{
	char line[FDK_LINE_MAX + 8];

	(void)state;
	memset(line, ' ', sizeof(line));
	memcpy(line, ARM, strlen(ARM));
	line[FDK_LINE_MAX] = '\n';
	assert_int_equal(parse_bytes(line, FDK_LINE_MAX), 0);
	assert_int_equal(parse_bytes(line, FDK_LINE_MAX + 1), 0);
	assert_int_equal(parse_bytes(line, FDK_LINE_MAX + 2), -E2BIG);
	assert_int_equal(err.col, FDK_LINE_MAX);
	assert_int_equal(parse_bytes("disarm all\0", 11), -EINVAL);
	assert_int_equal(err.col, 10);
}

/* Bytes of every kind, and good commands with one byte changed: an answer, never a crash. */
static void test_noise(void **state)
{
	static const char good[] = "arm id=a point=vm-ioctl comm=a\\x20b cmd=1,KVM_IRQFD "
				   "action=return:EPERM times=3 ttl_ms=1000";
	char line[sizeof(good)];

	(void)state;
	srand(7);
	for (int i = 0; i < 200000; i++) {
		memcpy(line, good, sizeof(good));
		for (int k = rand() % 3; k >= 0; k--)
			line[(size_t)rand() % (sizeof(good) - 1)] = (char)rand();
		if (parse_bytes(line, (size_t)rand() % sizeof(good)))
			assert_true(err.err > 0 && err.col <= sizeof(good) && err.why[0]);
	}
}

static void check_round(const char *line)
{
	char buf[FDK_LINE_MAX + 1] = "arm ";
	struct fdk_text t = { buf, sizeof(buf), 4 };
	struct fdk_spec first;

	assert_int_equal(parse(line), 0);
	first = spec;
	fdk_spec_print(&spec, &t);
	if (parse(buf))
		fail_msg("'%s' is not taken back: %s", buf, err.why);
	memset(first.col, 0, sizeof(first.col));
	memset(spec.col, 0, sizeof(spec.col));
	first.end = spec.end;
	first.keys = spec.keys;
	assert_memory_equal(&first, &spec, sizeof(spec));
}

static void test_printed_is_taken(void **state)
{
	(void)state;
	check_round(ARM);
	check_round("arm id=a point=file-read tid=9 comm=\\x01\\\\x files=all inherit=1 "
		    "action=return:EINTR probability=1 interval=2 times=3 space=4 ttl_ms=5");
	check_round("arm id=a point=vm-ioctl tgid=1 cmd=KVM_IRQFD,0xdeadbeef action=return:ENOMEM "
		    "ttl_ms=5");
}

/* The longest rule fits the line in which the module prints it. */
static void test_longest_rule_fits(void **state)
{
	char buf[FDK_LINE_MAX + 1];
	struct fdk_text t = { buf, sizeof(buf), 0 };

	(void)state;
	assert_int_equal(
		parse("arm id=abcdefghijklmnopqrstuvwxyz_1234 point=vm-ioctl tgid=4194304 "
		      "tid=4194304 comm=123456789012345 inherit=1 action=return:EOPNOTSUPP "
		      "interval=1000000000 times=1000000000 space=1152921504606846976 "
		      "ttl_ms=86400000"),
		0);
	memset(spec.comm, 1, FDK_COMM_MAX);
	for (spec.cmds = 0; spec.cmds < FDK_CMDS_MAX; spec.cmds++)
		assert_non_null(fdk_name_find(fdk_vm_ioctls, "KVM_ARM_GET_REG_WRITABLE_MASKS", 30));
	for (unsigned int i = 0; i < FDK_CMDS_MAX; i++)
		spec.cmd[i] =
			fdk_name_find(fdk_vm_ioctls, "KVM_ARM_GET_REG_WRITABLE_MASKS", 30)->value;
	fdk_spec_print(&spec, &t);
	assert_non_null(strstr(buf, "ttl_ms=86400000"));
}

static unsigned int drawn;
static unsigned int next_draw;
static unsigned int draw(void)
{
	drawn++;
	return next_draw;
}

static struct fdk_gate gate_of(long long probability, long long interval, long long times,
			       long long space)
{
	struct fdk_gate_spec s = { probability, interval, times, space };
	struct fdk_gate g;

	fdk_gate_init(&g, &s);
	return g;
}

static int passes(struct fdk_gate *g, int n, long long size)
{
	int hits = 0;

	for (int i = 0; i < n; i++)
		hits += fdk_gate_pass(g, size, draw);
	return hits;
}

static void test_gate_plain(void **state)
{
	struct fdk_gate g = gate_of(100, 1, -1, 0);

	(void)state;
	drawn = 0;
	assert_int_equal(passes(&g, 1000, 1), 1000);
	assert_int_equal(drawn, 0);
}

static void test_gate_times(void **state)
{
	struct fdk_gate g = gate_of(100, 1, 3, 0), never = gate_of(100, 1, 0, 0);

	(void)state;
	assert_int_equal(passes(&g, 10, 1), 3);
	assert_int_equal(passes(&never, 10, 1), 0);
}

static void test_gate_interval(void **state)
{
	struct fdk_gate g = gate_of(100, 3, -1, 0);

	(void)state;
	assert_false(fdk_gate_pass(&g, 1, draw));
	assert_false(fdk_gate_pass(&g, 1, draw));
	assert_true(fdk_gate_pass(&g, 1, draw));
	assert_int_equal(passes(&g, 9, 1), 3);
}

static void test_gate_probability(void **state)
{
	struct fdk_gate g = gate_of(30, 1, -1, 0), never = gate_of(0, 1, -1, 0);

	(void)state;
	next_draw = 129; /* 29 of 100 */
	assert_int_equal(passes(&g, 1, 1), 1);
	next_draw = 30;
	assert_int_equal(passes(&g, 1, 1), 0);
	next_draw = 0;
	assert_int_equal(passes(&never, 5, 1), 0);
}

/* As in should_fail: while more than this call's size is left, it is taken off and the call passes.
 */
static void test_gate_space(void **state)
{
	struct fdk_gate g = gate_of(100, 1, -1, 100);

	(void)state;
	assert_false(fdk_gate_pass(&g, 60, draw));
	assert_true(fdk_gate_pass(&g, 60, draw));
	assert_false(fdk_gate_pass(&g, 8, draw));
	assert_int_equal(passes(&g, 100, 8), 97);
}

/* A miss by interval or probability does not use up `times`. */
static void test_gate_together(void **state)
{
	struct fdk_gate g = gate_of(100, 2, 2, 3);

	(void)state;
	assert_int_equal(passes(&g, 5, 1), 1);
	assert_int_equal(passes(&g, 50, 1), 1);
}

/* What the kernel finds by the call's file. */
const char *fdk_call_path(const struct fdk_call *call)
{
	return call->obj;
}

static void test_filters(void **state)
{
	struct fdk_spec s = { .files_all = false };
	struct fdk_call disk = { .kind = FDK_KIND_DISK }, pipe = { .kind = FDK_KIND_OTHER };
	struct fdk_call never = { .kind = FDK_KIND_NEVER }, io = { .cmd = 7 };

	(void)state;
	assert_true(fdk_fits(&s, &disk));
	assert_false(fdk_fits(&s, &pipe) || fdk_fits(&s, &never));
	s.files_all = true;
	assert_true(fdk_fits(&s, &disk) && fdk_fits(&s, &pipe));
	assert_false(fdk_fits(&s, &never));
	assert_true(fdk_fits(&s, &io));
	s.cmd[0] = 6;
	s.cmds = 1;
	assert_false(fdk_fits(&s, &io));
	s.cmd[s.cmds++] = 7;
	assert_true(fdk_fits(&s, &io));
}

static bool fits(const char *words, const struct fdk_call *call)
{
	char line[256];

	snprintf(line, sizeof(line),
		 "arm id=a point=file-write tgid=5 %s action=return:EIO ttl_ms=9", words);
	assert_int_equal(parse(line), 0);
	return fdk_fits(&spec, call);
}

static void test_filter_range_path(void **state)
{
	struct fdk_call call = { .kind = FDK_KIND_DISK, .at = 100, .len = 10, .obj = "/var/db/x" };

	(void)state;
	assert_true(fits("range=109-200", &call) && fits("range=0-100", &call));
	assert_true(fits("range=0x69", &call));
	assert_false(fits("range=110-200", &call) || fits("range=0-99", &call));
	assert_true(fits("path=/var/db", &call) && fits("path=/var/db/x", &call));
	assert_false(fits("path=/var/db/xy", &call) || fits("path=/etc", &call));
	call.at = -1;
	assert_false(fits("range=0-0x7fffffffffffffff", &call));
	call.obj = NULL;
	assert_false(fits("path=/", &call));
}

static int parse_at(const char *point, const char *words)
{
	char line[256];

	snprintf(line, sizeof(line), "arm id=a point=%s tgid=5 ttl_ms=9 %s", point, words);
	return parse(line);
}

/* What was read, as it is printed. */
static const char *printed(const char *point, const char *words)
{
	static char line[512];
	struct fdk_text t = { line, sizeof(line), 0 };

	assert_int_equal(parse_at(point, words), 0);
	fdk_spec_print(&spec, &t);
	return line;
}

static void test_actions(void **state)
{
	static const struct {
		const char *point, *action, *again; /* NULL: the same */
	} good[] = {
		{ "clone-regs", "action=flip:X30:63", NULL },
		{ "clone-regs", "action=set:SP:0xffffffffffffffff", NULL },
		{ "clone-regs", "action=or:PSTATE:0xf0000000", NULL },
		{ "vcpu-regs", "action=clear:PC:255", "action=clear:PC:0xff" },
		{ "get-reg", "action=freeze:PC", NULL },
		{ "get-reg", "action=xor:PSTATE:0x1", NULL },
		{ "dirty-log", "action=clear:share=30", NULL },
		{ "reclaim", "action=skip", NULL },
		{ "vfs-read", "action=short:0", NULL },
		{ "vfs-write", "action=after:-28", "action=after:ENOSPC" },
		{ "mm-fault", "action=return:OOM", NULL },
		{ "memory-hva", "action=return:BAD", NULL },
		{ "dev-ioctl", "action=return:13", NULL },
		{ "dev-ioctl", "action=return:-13", "action=return:EACCES" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_non_null(strstr(printed(good[i].point, good[i].action),
				       good[i].again ? good[i].again : good[i].action));
}

static void test_bad_actions(void **state)
{
	static const struct {
		const char *point, *action;
		int err;
	} bad[] = {
		{ "clone-regs", "action=flip:X31:0", EINVAL },
		{ "clone-regs", "action=flip:x1:0", EINVAL },
		{ "clone-regs", "action=flip:X1:64", ERANGE },
		{ "clone-regs", "action=flip:X1", EINVAL },
		{ "clone-regs", "action=flip:X1:1:1", EINVAL },
		{ "clone-regs", "action=flip:PSTATE:27", ERANGE },
		{ "clone-regs", "action=set:PSTATE:0x3c5", ERANGE },
		{ "vcpu-regs", "action=xor:PSTATE:0x10000000f", ERANGE },
		{ "vcpu-regs", "action=xor:X0:0x1ffffffffffffffff", ERANGE },
		{ "vcpu-regs", "action=freeze:PC", EINVAL },
		{ "get-reg", "action=freeze:PC:1", EINVAL },
		{ "dirty-log", "action=clear:share=0", ERANGE },
		{ "dirty-log", "action=clear:share=101", ERANGE },
		{ "dirty-log", "action=clear:X1:1", EINVAL },
		{ "dirty-log", "action=clear", EINVAL },
		{ "reclaim", "action=skip:1", EINVAL },
		{ "reclaim", "action=return:EIO", EINVAL },
		{ "vfs-read", "action=short:-1", ERANGE },
		{ "mm-fault", "action=return:SIGKILL", ERANGE },
		{ "dev-ioctl", "action=return:99999999999", ERANGE },
		{ "file-read", "action=return:EIO vcpu=1", EINVAL },
		{ "file-read", "action=return:EIO range=9-8", ERANGE },
		{ "file-read", "action=return:EIO range=9-", EINVAL },
		{ "file-read", "action=return:EIO range=0-0x8000000000000000", ERANGE },
		{ "file-read", "action=return:EIO path=var", EINVAL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		int rc = parse_at(bad[i].point, bad[i].action);

		if (rc != -bad[i].err)
			fail_msg("%s %s gave %d: %s", bad[i].point, bad[i].action, rc, err.why);
	}
}

static void test_registers(void **state)
{
	struct fdk_action a = { .kind = FDK_ACT_SET,
				.value = 0x20000000,
				.mask = FDK_PSTATE_FLAGS };

	(void)state;
	assert_true(fdk_reg_apply(&a, 0xf00003c5) == 0x200003c5);
	a.kind = FDK_ACT_CLEAR;
	assert_true(fdk_reg_apply(&a, 0xf00003c5) == 0xd00003c5);
	a = (struct fdk_action){ .kind = FDK_ACT_FLIP, .value = 63 };
	assert_true(fdk_reg_apply(&a, 1) == 0x8000000000000001);
}

static void test_point_table(void **state)
{
	(void)state;
	assert_true(fdk_points_n <= FDK_POINTS_MAX);
	for (unsigned int i = 0; i < fdk_points_n; i++) {
		const struct fdk_point *p = &fdk_points[i];

		assert_ptr_equal(fdk_point_find(p->name, strlen(p->name)), p);
		assert_true(p->candidates[0].symbol && p->value[0] && p->danger[0]);
		assert_true(p->actions && !(p->actions & ~(FDK_BIT(FDK_ACT_N) - 1)));
		assert_false(p->keys & FDK_KEYS_COMMON);
		assert_false(p->result == FDK_RESULT_ERRNO && !(p->errnos && *p->errnos));
		assert_false(p->result == FDK_RESULT_CODE && !p->codes);
		assert_false(p->keys & FDK_BIT(FDK_KEY_CMD) && !p->cmds);
		for (const unsigned short *e = p->errnos; e && *e; e++)
			assert_non_null(fdk_name_of(fdk_errnos, *e));
		assert_null(strpbrk(p->value, "\t\n"));
		assert_null(strpbrk(p->danger, "\t\n"));
	}
}

/* The row of kmod/README.md's table that begins with this point. */
static const char *readme_row(const char *text, const char *name, char *row, size_t size)
{
	for (const char *at = text; (at = strstr(at, "\n| ")); at++) {
		const char *cell = strstr(at + 3, " |"), *found;

		snprintf(row, size, "%.*s", (int)strcspn(at + 1, "\n"), at + 1);
		found = strstr(at, name);
		if (cell && found && found < cell && strchr(" ,", found[strlen(name)]))
			return row;
	}
	return NULL;
}

/* What the page for readers says of the points: all of them, and every function that they hook. */
static void test_readme(void **state)
{
	static char text[1 << 16];
	char row[1024];
	FILE *f = fopen("kmod/README.md", "r");

	(void)state;
	if (!f)
		skip();
	text[fread(text, 1, sizeof(text) - 1, f)] = 0;
	fclose(f);
	for (unsigned int i = 0; i < fdk_points_n; i++) {
		const struct fdk_candidate *c = fdk_points[i].candidates;

		if (!readme_row(text, fdk_points[i].name, row, sizeof(row)))
			fail_msg("kmod/README.md: no row for %s", fdk_points[i].name);
		for (; c->symbol; c++)
			if (!strstr(row, c->symbol))
				fail_msg("kmod/README.md: %s hooks %s: %s", fdk_points[i].name,
					 c->symbol, row);
	}
}

static void check_names(const struct fdk_name *table)
{
	for (const struct fdk_name *n = table; n->name; n++) {
		assert_ptr_equal(fdk_name_find(table, n->name, strlen(n->name)), n);
		assert_ptr_equal(fdk_name_of(table, n->value), n);
	}
}

static void test_name_tables(void **state)
{
	(void)state;
	check_names(fdk_errnos);
	check_names(fdk_vm_ioctls);
	assert_int_equal(fdk_name_find(fdk_vm_ioctls, "KVM_SET_USER_MEMORY_REGION", 26)->value,
			 0x4020ae46);
	for (int k = 0; k < FDK_KEY_N; k++)
		assert_non_null(key_rows[k].set);
}

static void test_words(void **state)
{
	char buf[9], out[8];
	struct fdk_text t = { buf, sizeof(buf), 0 };

	(void)state;
	fdk_text_word(&t, "a b", 3);
	assert_string_equal(buf, "a\\x20b");
	fdk_text_add(&t, "%s", "cdefgh");
	assert_string_equal(buf, "a\\x20bcd");
	fdk_text_add(&t, "x");
	assert_int_equal(t.len, 8);
	assert_int_equal(fdk_word_read("a\\x20\\\\", 7, out, 3), 3);
	assert_memory_equal(out, "a \\", 3);
	assert_int_equal(fdk_word_read("abcd", 4, out, 3), -ERANGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arm_full),
		cmocka_unit_test(test_arm_defaults),
		cmocka_unit_test(test_cmd_list),
		cmocka_unit_test(test_short_verbs),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_noise),
		cmocka_unit_test(test_printed_is_taken),
		cmocka_unit_test(test_longest_rule_fits),
		cmocka_unit_test(test_gate_plain),
		cmocka_unit_test(test_gate_times),
		cmocka_unit_test(test_gate_interval),
		cmocka_unit_test(test_gate_probability),
		cmocka_unit_test(test_gate_space),
		cmocka_unit_test(test_gate_together),
		cmocka_unit_test(test_filters),
		cmocka_unit_test(test_filter_range_path),
		cmocka_unit_test(test_actions),
		cmocka_unit_test(test_bad_actions),
		cmocka_unit_test(test_registers),
		cmocka_unit_test(test_point_table),
		cmocka_unit_test(test_readme),
		cmocka_unit_test(test_name_tables),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
