/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The module's files, and a test's verdict. */
#ifndef TAP_H
#define TAP_H

#include <stdbool.h>
#include <stddef.h>

#define DIR "/sys/kernel/debug/faultdeck/"

/* Fails the running test once, with the reason; false, so that a test can end with it. */
bool fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
#define CHECK(cond, ...)                                                                           \
	do {                                                                                       \
		if (!(cond))                                                                       \
			fail(__VA_ARGS__);                                                         \
	} while (0)
#define EXPECT(got, want)                                                                          \
	do {                                                                                       \
		long got_ = (got), want_ = (want);                                                 \
		if (got_ != want_) {                                                               \
			fail("line %d: %s is %ld, expected %ld", __LINE__, #got, got_, want_);     \
			return;                                                                    \
		}                                                                                  \
	} while (0)

struct test {
	const char *name;
	void (*run)(void);
};

int tap_run(const struct test *tests, size_t n, const char *only);

/* One command to `control`: 0 or the errno. */
int ctl(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* A file of the module's, up to 1 MiB, in one static buffer each call overwrites. */
const char *slurp(const char *name);
long rule_value(const char *id, const char *key); /* -1: no such rule or key */
int rules_count(void);
long events_count(const char *id); /* of all that are held */
int hooks_count(void);             /* kprobes in the kernel */
long now_ms(void);

#endif
