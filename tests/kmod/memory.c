// SPDX-License-Identifier: GPL-2.0-or-later
/* Points of a task's memory, each before / injected / restored, as a program sees it. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "selftest.h"
#include "subject.h"

/* ---- page faults ---- */

static sigjmp_buf jump;
static char *fresh;

static void on_signal(int sig)
{
	siglongjmp(jump, sig);
}

static long map_fresh(long unused)
{
	(void)unused;
	signal(SIGBUS, on_signal);
	signal(SIGSEGV, on_signal);
	fresh = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return (long)fresh;
}

/* 0, or the signal that it got for it. */
static long touch(long off)
{
	int sig = sigsetjmp(jump, 1);

	if (!sig)
		fresh[off] = 1;
	return sig;
}

void test_mm_fault(void)
{
	struct subject s = subject_start("faults"), other = subject_start("faults");
	unsigned long at = (unsigned long)subject_call(&s, map_fresh, 0);

	/* children of one process map at the same place */
	EXPECT(subject_call(&other, map_fresh, 0), (long)at);
	EXPECT(subject_call(&s, touch, 0), 0);
	EXPECT(ctl("arm id=m point=mm-fault tgid=%d range=0x%lx-0x%lx action=return:SIGBUS"
		   " ttl_ms=90000",
		   s.pid, at + 0x10000, at + 0x1ffff),
	       0);
	EXPECT(subject_call(&s, touch, 0x4000), 0);
	EXPECT(subject_call(&s, touch, 0x10000), SIGBUS);
	EXPECT(subject_call(&s, touch, 0x1f000), SIGBUS);
	EXPECT(subject_call(&s, touch, 0x20000), 0);
	EXPECT(ctl("disarm id=m"), 0);
	EXPECT(subject_call(&s, touch, 0x10000), 0);
	EXPECT(ctl("arm id=m point=mm-fault tgid=%d range=0x%lx-0x%lx action=return:SIGSEGV"
		   " ttl_ms=90000",
		   s.pid, at + 0x10000, at + 0x1ffff),
	       0);
	EXPECT(subject_call(&s, touch, 0x11000), SIGSEGV);
	EXPECT(subject_call(&other, touch, 0x11000), 0);
	EXPECT(ctl("disarm id=m"), 0);
	EXPECT(subject_call(&s, touch, 0x11000), 0);
	subject_end(&s);
	subject_end(&other);
}

/* The kernel tries again: the target does not get on until the rule is gone. */
void test_mm_fault_oom(void)
{
	struct subject s = subject_start("faults"), other = subject_start("faults");
	unsigned long at = (unsigned long)subject_call(&s, map_fresh, 0);

	subject_call(&other, map_fresh, 0);
	EXPECT(ctl("arm id=m point=mm-fault tgid=%d range=0x%lx-0x%lx action=return:OOM"
		   " ttl_ms=90000",
		   s.pid, at, at + 0xfffff),
	       0);
	subject_ask(&s, touch, 0x10000);
	EXPECT(subject_answer(&s, 300), SUBJECT_BUSY);
	EXPECT(subject_call(&other, touch, 0x10000), 0);
	CHECK(rule_value("m", "injected") > 10, "only %ld tries", rule_value("m", "injected"));
	EXPECT(ctl("disarm id=m"), 0);
	EXPECT(subject_answer(&s, 10000), 0);
	subject_end(&s);
	subject_end(&other);
}

/* ---- stale translations ---- */

#define STALE_PAGES 32

static char *mapped;
static int mapped_fd = -1;
static volatile int looked_page, seen, looks;

static void stay_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static void *look(void *unused)
{
	stay_on(1);
	while (mapped) {
		seen = *(volatile char *)(mapped + looked_page * 4096);
		looks++;
	}
	return unused;
}

static long map_file(long unused)
{
	pthread_t thread;

	(void)unused;
	stay_on(0);
	mapped_fd = memfd_create("stale", MFD_CLOEXEC);
	if (ftruncate(mapped_fd, STALE_PAGES * 4096))
		return errno;
	mapped = mmap(NULL, STALE_PAGES * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, mapped_fd, 0);
	return pthread_create(&thread, NULL, look, NULL);
}

static void wait_looks(int n)
{
	for (int from = looks; looks - from < n;)
		;
}

/* A private mapping's page is copied at the first write: what does the thread see that looks on? 1:
 * the write, 0: still the page of the file. */
static long write_page(long page)
{
	looked_page = (int)page;
	wait_looks(1000);
	mapped[page * 4096] = 1;
	wait_looks(1000);
	return seen;
}

static long see(long unused)
{
	(void)unused;
	wait_looks(1000);
	return seen;
}

/* The pages are anonymous, and another process has them too: a write gives the writer a copy. */
static long write_shared(long page)
{
	pid_t child;
	long value;

	looked_page = (int)page;
	mapped[page * 4096] = 1;
	child = fork();
	if (!child) {
		for (;;)
			pause();
	}
	wait_looks(1000);
	mapped[page * 4096] = 2;
	wait_looks(1000);
	value = seen;
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	return value;
}

void test_tlb_flush(void)
{
	struct subject s = subject_start("stale"), other = subject_start("stale");
	int stale = 0;

	EXPECT(subject_call(&s, map_file, 0), 0);
	EXPECT(subject_call(&other, map_file, 0), 0);
	for (long page = 0; page < 4; page++)
		EXPECT(subject_call(&s, write_page, page), 1);
	EXPECT(ctl("arm id=t point=tlb-flush tgid=%d action=skip ttl_ms=90000", s.pid), 0);
	/* never for a page that is freed when the child has gone */
	for (long page = 0; page < 4; page++)
		EXPECT(subject_call(&s, write_shared, page), 2);
	EXPECT(rule_value("t", "injected"), 0);
	CHECK(rule_value("t", "calls") >= 4, "%s", slurp("rules"));
	for (long page = 4; page < STALE_PAGES; page++)
		EXPECT(subject_call(&other, write_page, page), 1);
	subject_end(
		&other); /* its thread would have the CPU switch tasks all the time, and flush */
	for (long page = 4; page < STALE_PAGES && !stale; page++)
		stale = subject_call(&s, write_page, page) == 0;
	EXPECT(stale, 1);
	CHECK(rule_value("t", "injected") > 0, "%s", slurp("rules"));
	EXPECT(ctl("disarm id=t"), 0);
	EXPECT(subject_call(&s, see, 0), 1);
	subject_end(&s);
}

/* ---- reclaim ---- */

#define GROUP "/tmp/cgroup/fd"

static void put(const char *name, const char *text)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", GROUP, name);
	fd = open(path, O_WRONLY);
	CHECK(write(fd, text, strlen(text)) > 0, "%s: %s", path, strerror(errno));
	close(fd);
}

/* A figure of the group. */
static long figure(const char *file, const char *name)
{
	char path[128], text[4096] = "\n", want[64];
	const char *at;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", GROUP, file);
	snprintf(want, sizeof(want), "\n%s ", name);
	fd = open(path, O_RDONLY);
	if (read(fd, text + 1, sizeof(text) - 2) < 0)
		text[1] = 0;
	close(fd);
	at = strstr(text, want);
	return at ? atol(at + strlen(want)) : -1;
}

static long oom_kills(void)
{
	return figure("memory.events", "oom_kill");
}

/* Pages of files that came back after they had been reclaimed. */
static long refaults(void)
{
	return figure("memory.stat", "workingset_refault_file");
}

/* Reads more of a disk than its group may keep. */
static long read_disk(long bytes)
{
	static char buf[65536];
	int fd = open("/dev/ram1", O_RDONLY);
	long done = 0;

	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	while (done < bytes) {
		ssize_t n = pread(fd, buf, sizeof(buf), done % (12 << 20));

		if (n <= 0)
			return -errno;
		done += n;
	}
	close(fd);
	return 0;
}

/* Not the one that the OOM killer takes. */
static long spare(long unused)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY);
	ssize_t n = write(fd, "-1000", 5);

	close(fd);
	return n + unused;
}

void group_join(const struct subject *s)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", s->pid);
	put("cgroup.procs", text);
}

void group_make(void)
{
	mkdir("/tmp/cgroup", 0700);
	EXPECT(mount("none", "/tmp/cgroup", "cgroup2", 0, NULL), 0);
	mkdir(GROUP, 0700);
	put("../cgroup.subtree_control", "+memory");
	put("memory.max", "6M");
}

void group_remove(void)
{
	rmdir(GROUP);
	umount("/tmp/cgroup");
}

/* For the storms. */
long reclaim_busy(long unused)
{
	while (!read_disk(24 << 20))
		;
	return unused;
}

void test_reclaim(void)
{
	struct subject s = subject_start("reclaims"), other = subject_start("reclaims");
	long kills, back, was;

	group_make();
	group_join(&s);
	group_join(&other);
	EXPECT(subject_call(&other, spare, 0), 5);
	kills = oom_kills();
	was = refaults();
	EXPECT(subject_call(&s, read_disk, 24 << 20), 0);
	EXPECT(oom_kills(), kills);
	back = refaults();
	CHECK(back - was > 1000, "only %ld pages came back", back - was);
	EXPECT(ctl("arm id=r point=reclaim tgid=%d action=skip ttl_ms=90000", s.pid), 0);
	EXPECT(subject_call(&s, read_disk, 24 << 20), SUBJECT_DIED);
	CHECK(rule_value("r", "injected") > 0, "%s", slurp("rules"));
	CHECK(oom_kills() > kills, "nobody was killed");
	CHECK(refaults() - back < 1000, "%ld pages came back", refaults() - back);
	EXPECT(ctl("disarm id=r"), 0);
	kills = oom_kills();
	back = refaults();
	EXPECT(subject_call(&other, read_disk, 24 << 20), 0);
	EXPECT(oom_kills(), kills);
	CHECK(refaults() - back > 1000, "only %ld pages came back", refaults() - back);
	subject_end(&s);
	subject_end(&other);
	group_remove();
}
