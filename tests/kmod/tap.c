// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "tap.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static char why[256];

bool fail(const char *fmt, ...)
{
	va_list args;

	if (why[0])
		return false;
	va_start(args, fmt);
	vsnprintf(why, sizeof(why), fmt, args);
	va_end(args);
	return false;
}

int tap_run(const struct test *tests, size_t n, const char *only)
{
	int bad = 0, hooks = hooks_count();

	for (size_t i = 0; i < n; i++) {
		long t0 = now_ms();

		if (only && !strstr(tests[i].name, only))
			continue;
		why[0] = 0;
		tests[i].run();
		ctl("disarm all");
		if (!why[0] && access(DIR "rules", F_OK) == 0)
			CHECK(rules_count() == 0, "rules are left: %s", slurp("rules"));
		if (!why[0])
			CHECK(hooks_count() == hooks, "%d hooks, before %d", hooks_count(), hooks);
		printf("%sok %zu %s%s%s # %ld ms\n", why[0] ? "not " : "", i + 1, tests[i].name,
		       why[0] ? " " : "", why, now_ms() - t0);
		fflush(stdout);
		bad += why[0] != 0;
	}
	if (!only)
		printf("1..%zu\n", n);
	return bad;
}

int ctl(const char *fmt, ...)
{
	char line[2048];
	va_list args;
	int fd = open(DIR "control", O_WRONLY | O_CLOEXEC), n, err;

	if (fd < 0)
		return errno;
	va_start(args, fmt);
	n = vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	err = write(fd, line, (size_t)n) == n ? 0 : errno;
	close(fd);
	return err;
}

static size_t drain(int fd, char *buf, size_t max)
{
	size_t len = 0;
	ssize_t n;

	while (len < max - 1 && (n = read(fd, buf + len, max - 1 - len)) > 0)
		len += (size_t)n;
	buf[len] = 0;
	return len;
}

const char *slurp(const char *name)
{
	static char buf[1 << 20];
	char file[128];
	int fd;

	snprintf(file, sizeof(file), "%s%s", name[0] == '/' ? "" : DIR, name);
	fd = open(file, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	buf[0] = 0;
	if (fd >= 0) {
		drain(fd, buf, sizeof(buf));
		close(fd);
	}
	return buf;
}

long rule_value(const char *id, const char *key)
{
	char want[64];
	const char *at, *end;

	snprintf(want, sizeof(want), "\nid=%s ", id);
	at = strstr(slurp("rules"), want);
	if (!at)
		return -1;
	end = strchr(at + 1, '\n');
	snprintf(want, sizeof(want), " %s=", key);
	at = strstr(at, want);
	return at && at < end ? atol(at + strlen(want)) : -1;
}

static int lines_with(const char *text, const char *word)
{
	int n = 0;

	for (const char *at = text; (at = strstr(at, word)); at++)
		n++;
	return n;
}

int rules_count(void)
{
	return lines_with(slurp("rules"), "\nid=");
}

long events_count(const char *id)
{
	char want[64];

	snprintf(want, sizeof(want), " id=%s ", id);
	return lines_with(slurp("events"), want);
}

int hooks_count(void)
{
	return lines_with(slurp("/sys/kernel/debug/kprobes/list"), "\n");
}

long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}
