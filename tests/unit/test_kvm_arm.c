// SPDX-License-Identifier: GPL-2.0-or-later
// sources: backends/kvm/arm.c backends/kvm/faults.c kmod/points.c kmod/names.c
/* Whatever the catalogue offers, the module's own parser takes the command that is made of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "../../backends/kvm/kvm.h"

#include "../../kmod/parse.c"
#include "../../kmod/parse_action.c"
#include "../../kmod/print.c"
#include "../../kmod/regs.c"
#include "../../kmod/words.c"

static const struct fault *fault(const char *name)
{
	for (size_t i = 0; i < KVM_FAULTS; i++)
		if (strcmp(kvm_faults[i].name, name) == 0)
			return &kvm_faults[i];
	fail_msg("no fault %s", name);
	return NULL;
}

/* The command, and what the module says of it: 0 or a negative errno. */
static int arm(const struct fault *f, enum kind kind, const char *const *words, size_t n,
	       char *line, size_t size)
{
	const struct target t = { .kind = kind, .name = "77", .vcpu = 3 };
	struct buf b = BUF_INIT(FDK_LINE_MAX);
	struct fdk_spec spec;
	struct fdk_err e = { 0 };
	struct params p;
	int rc = params_parse(f, words, n, &p, NULL);

	if (rc)
		return rc;
	kvm_arm(&b, f, &t, &p, "id1", 77, 60000);
	snprintf(line, size, "%s", buf_text(&b));
	buf_free(&b);
	rc = fdk_parse(line, strlen(line), &spec, &e);
	if (rc)
		print_message("%s\n%*s^ %s\n", line, (int)e.col, "", e.why);
	return rc;
}

static const char *armed(const char *name, enum kind kind, const char *words[3])
{
	static char line[FDK_LINE_MAX];
	size_t n = 0;

	while (n < 3 && words[n])
		n++;
	assert_int_equal(arm(fault(name), kind, words, n, line, sizeof(line)), 0);
	return line;
}
#define ARMED(name, kind, ...) armed(name, kind, (const char *[3]){ __VA_ARGS__ })

static void test_every_choice(void **state)
{
	char line[FDK_LINE_MAX], word[160];

	(void)state;
	for (size_t i = 0; i < KVM_FAULTS; i++) {
		const struct fault *f = &kvm_faults[i];

		for (int kind = 0; kind < KIND_COUNT; kind++) {
			if (!(f->targets & 1u << kind))
				continue;
			assert_int_equal(arm(f, kind, NULL, 0, line, sizeof(line)), 0);
			for (size_t k = 0; k < f->nparams; k++) {
				const char *const *c = f->params[k].choices;
				const char *words[] = { word };

				for (; c && *c; c++) {
					snprintf(word, sizeof(word), "%s=%s", f->params[k].name,
						 *c);
					assert_int_equal(arm(f, kind, words, 1, line, sizeof(line)),
							 0);
				}
			}
		}
	}
}

static void test_commands(void **state)
{
	(void)state;
	assert_non_null(
		strstr(ARMED("kvm.cpu-fi", KIND_PID, "type=1"), " tgid=77 action=flip:PC:40 "));
	assert_non_null(strstr(ARMED("kvm.cpu-fi", KIND_PID, "reg=N"), " action=flip:PSTATE:31 "));
	assert_non_null(strstr(ARMED("kvm.cpu-fi", KIND_PID, "reg=V", "how=set", "value=1"),
			       " action=or:PSTATE:0x10000000 "));
	assert_non_null(strstr(ARMED("kvm.cpu-fi", KIND_PID, "reg=C", "how=set", "value=0"),
			       " action=clear:PSTATE:0x20000000 "));
	assert_non_null(strstr(ARMED("kvm.vcpu-regs", KIND_VCPU, "reg=X3", "how=set", "value=0xff"),
			       " point=vcpu-regs tgid=77 vcpu=3 action=set:X3:0xff "));
	assert_null(strstr(ARMED("kvm.vcpu-regs", KIND_VM), "vcpu="));
	assert_non_null(strstr(ARMED("kvm.state-query", KIND_VCPU, "how=freeze"),
			       " vcpu=3 action=freeze:PC "));
	assert_non_null(strstr(ARMED("kvm.file-read", KIND_VM, "how=after", "path=/a b\\"),
			       "point=vfs-read tgid=77 files=regular path=/a\\x20b\\x5c "
			       "action=after:EIO "));
	assert_non_null(strstr(ARMED("kvm.file-write", KIND_VM, "how=short", "bytes=512"),
			       "point=vfs-write tgid=77 files=regular action=short:512 "));
	assert_non_null(
		strstr(ARMED("kvm.version-query", KIND_NEW_VM, "answer=EPERM"),
		       " comm=qemu-system-aar cmd=KVM_GET_API_VERSION action=return:EPERM "));
	assert_non_null(
		strstr(ARMED("kvm.memory-update", KIND_VM, "where=guest", "range=0x1000-0x1fff"),
		       "point=stage2-flush tgid=77 range=0x1000-0x1fff action=skip "));
	assert_non_null(
		strstr(ARMED("kvm.dirty-log", KIND_VM, "share=30"), " action=clear:share=30 "));
}

/* What the catalogue calls a point is one, and what it offers of the point is all that the point
 * has: every key is a parameter, every danger is said. */
static void test_names_are_the_modules(void **state)
{
	static const struct {
		enum fdk_key key;
		const char *param;
	} keys[] = { { FDK_KEY_CMD, "cmd" },     { FDK_KEY_EXT, "ext" },
		     { FDK_KEY_FILES, "files" }, { FDK_KEY_PATH, "path" },
		     { FDK_KEY_RANGE, "range" }, { FDK_KEY_VCPU, "vcpu" } };

	(void)state;
	for (size_t i = 0; i < 2 * KVM_FAULTS; i++) {
		const char *name = i % 2 ? kvm_points[i / 2].other : kvm_points[i / 2].point;
		const struct fault *f = &kvm_faults[i / 2];
		const struct fdk_point *point = name ? fdk_point_find(name, strlen(name)) : NULL;

		if (!name)
			continue;
		assert_non_null(point);
		assert_true(f->risk && f->risk[0]);
		for (size_t k = 0; k < sizeof(keys) / sizeof(*keys); k++) {
			bool has = false;

			for (size_t n = 0; n < f->nparams; n++)
				has = has || strcmp(f->params[n].name, keys[k].param) == 0;
			if (has != !!(point->keys & FDK_BIT(keys[k].key)))
				fail_msg("%s: %s= is %s", f->name, keys[k].param,
					 has ? "no key of its point" : "missing");
		}
	}
}

/* A point that no fault uses would be one that nobody can reach. */
static void test_every_point_has_a_fault(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < fdk_points_n; i++) {
		bool used = false;

		for (size_t k = 0; k < KVM_FAULTS; k++)
			used = used || strcmp(kvm_points[k].point, fdk_points[i].name) == 0 ||
			       (kvm_points[k].other &&
				strcmp(kvm_points[k].other, fdk_points[i].name) == 0);
		if (!used)
			fail_msg("no fault uses %s", fdk_points[i].name);
	}
}

static const struct param *param(const char *of, const char *name)
{
	const struct fault *f = fault(of);

	for (size_t i = 0; i < f->nparams; i++)
		if (strcmp(f->params[i].name, name) == 0)
			return &f->params[i];
	fail_msg("%s has no %s", of, name);
	return NULL;
}

static size_t choices(const struct param *p)
{
	size_t n = 0;

	while (p->choices[n])
		n++;
	return n;
}

/* As many as the module's table has of each. */
static void test_choices_are_the_points(void **state)
{
	(void)state;
	assert_int_equal(choices(param("kvm.cpu-fi", "reg")), 31 + 2 + 4 + 1);
	assert_int_equal(choices(param("kvm.state-query", "reg")), 31 + 3);
	assert_int_equal(choices(param("kvm.cpu-fi", "how")), 5);
	assert_int_equal(choices(param("kvm.state-query", "how")), 6);
	assert_int_equal(choices(param("kvm.memory-load", "result")), 3);
	assert_string_equal(param("kvm.file-write", "errno")->choices[0], "ENOSPC");
	assert_true(choices(param("kvm.ioctl-deny", "cmd")) >= 30);
	assert_string_equal(param("kvm.file-read", "errno")->help,
			    "errno of the read; nothing is read");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_choice),
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_names_are_the_modules),
		cmocka_unit_test(test_every_point_has_a_fault),
		cmocka_unit_test(test_choices_are_the_points),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
