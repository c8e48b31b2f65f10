// SPDX-License-Identifier: GPL-2.0-or-later
/* What is refused, with which errno and with the caret where. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "selftest.h"

#define A "action=return:EIO"
#define T " ttl_ms=1000"

/* The caret stands under the byte after `|`. %d is a victim that is there. */
static const struct {
	int err;
	const char *line;
} refused[] = {
	{ EINVAL, "|" },
	{ EINVAL, "|fire" },
	{ EINVAL, "arm id=x |nonsense=1" },
	{ EINVAL, "arm id=x point=file-read tgid=%d |cmd=KVM_CREATE_VCPU " A T },
	{ EINVAL, "arm id=x point=file-read tgid=%d action=return:|EFOO" T },
	{ EINVAL, "arm id=x point=file-read tgid=%d action=|skip" T },
	{ EINVAL, "arm id=x point=file-read tgid=|7a " A T },
	{ EINVAL, "arm id=x |y point=file-read tgid=%d " A T },
	{ EINVAL, "arm id=a|/b point=file-read tgid=%d " A T },
	{ EINVAL, "arm id=x point=file-read tgid=%d " A T " |id=y" },
	{ EINVAL, "arm id=x point=file-read tgid=%d files=|some " A T },
	{ ENOENT, "arm id=x point=|nowhere tgid=%d " A T },
	{ ENOENT, "arm id=x point=file-read tgid=|4194000 " A T },
	{ ENOENT, "disarm id=|never" },
	{ ENOENT, "renew id=|never ttl_ms=5" },
	{ EEXIST, "arm id=|standing point=file-read tgid=%d " A T },
	{ EBUSY, "arm id=x point=|file-write tgid=%d " A T },
	{ ERANGE, "arm id=x point=file-read tgid=%d action=return:|ENOSPC" T },
	{ ERANGE, "arm id=x point=file-read tgid=%d " A " ttl_ms=|0" },
	{ ERANGE, "arm id=x point=file-read tgid=%d " A " ttl_ms=|86400001" },
	{ ERANGE, "arm id=x point=file-read tgid=%d " A "|" },
	{ ERANGE, "arm id=x point=file-read tgid=%d probability=|101 " A T },
	{ ERANGE, "arm id=x point=file-read tgid=|0 " A T },
	{ ERANGE, "arm id=x point=file-read tgid=|-1 " A T },
	{ ERANGE, "arm id=x point=file-read tgid=%d times=|-2 " A T },
	{ ERANGE, "arm id=x point=file-read comm=|qemu-system-aarch64 " A T },
	{ EPERM, "arm id=x point=file-read " A T "|" },
	{ EPERM, "arm id=x point=file-read tgid=|1 " A T },
	{ EPERM, "arm id=x point=file-read tgid=|2 " A T },
};

static void check_refusal(const char *with_mark, int err)
{
	char line[512];
	const char *mark = strchr(with_mark, '|'), *error, *second;
	int col = (int)(mark - with_mark), rc;

	snprintf(line, sizeof(line), "%.*s%s", col, with_mark, mark + 1);
	rc = ctl("%s", line);
	CHECK(rc == err, "'%s' gave %d, expected %d", line, rc, err);
	error = slurp("error");
	second = strchr(error, '\n');
	second = second ? strchr(second + 1, '\n') : NULL;
	CHECK(second && (int)strspn(second + 1, " ") == col && second[1 + col] == '^',
	      "'%s': caret is not at %d in %s", line, col, error);
	error = strchr(error, '\n') + 1;
	CHECK(!strncmp(error, line, strlen(line)) && error[strlen(line)] == '\n',
	      "another command than '%s' in %s", line, error);
}

void test_refusals(void)
{
	struct victim v = victim_start("victim");
	char rules[4096];

	EXPECT(ctl("arm id=standing point=file-write tgid=%d probability=0 " A " ttl_ms=60000",
		   v.pid),
	       0);
	snprintf(rules, sizeof(rules), "%.*s",
		 (int)(strstr(slurp("rules"), "left_ms") - slurp("rules")), slurp("rules"));
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		char line[512];

		snprintf(line, sizeof(line), refused[i].line, v.pid);
		check_refusal(line, refused[i].err);
		CHECK(!strncmp(slurp("rules"), rules, strlen(rules)), "'%s' changed rules", line);
		EXPECT(rules_count(), 1);
	}
	EXPECT(ctl("arm id=x point=file-read tgid=%d " A T, getpid()), EPERM);
	EXPECT(ctl("arm id=x point=file-read tid=%d " A T, getpid()), EPERM);
	EXPECT(victim_do(&v, OP_READ), 0);
	EXPECT(victim_do(&v, OP_WRITE), 0);
	victim_end(&v);
}

static int raw_write(const char *bytes, size_t n)
{
	int fd = open(DIR "control", O_WRONLY);
	int err = write(fd, bytes, n) < 0 ? errno : 0;

	close(fd);
	return err;
}

void test_noise(void)
{
	size_t n = 65536;
	char *noise = malloc(n);

	srand(1);
	for (size_t i = 0; i < n; i++)
		noise[i] = (char)rand();
	EXPECT(raw_write(noise, n), E2BIG);
	CHECK(strlen(slurp("error")) < 8192, "error has %zu bytes", strlen(slurp("error")));
	for (const char *c = slurp("error"); *c; c++)
		CHECK(*c == '\n' || (*c >= ' ' && *c <= '~'), "byte %d in error", *c);
	memset(noise, 'a', n);
	EXPECT(raw_write(noise, n), E2BIG);
	for (int i = 0; i < 2000; i++) {
		size_t len = (size_t)rand() % 1024;

		for (size_t k = 0; k < len; k++)
			noise[k] = (char)rand();
		CHECK(raw_write(noise, len) != 0, "noise of %zu bytes was taken", len);
	}
	EXPECT(raw_write("disarm all\ndisarm all", 21), EINVAL);
	EXPECT(raw_write("disarm all\0", 11), EINVAL);
	EXPECT(raw_write("disarm all\n", 11), 0);
	EXPECT(raw_write("", 0), EINVAL);
	EXPECT(rules_count(), 0);
	free(noise);
}
