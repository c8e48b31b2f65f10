// SPDX-License-Identifier: GPL-2.0-or-later
/* Points of the host, each before / injected / restored, as a program sees it. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "clone.h"
#include "selftest.h"
#include "subject.h"

/* ---- files ---- */

static long file_fd(long path)
{
	static int fd = -1;

	if (path)
		fd = open((const char *)path, O_RDWR | O_CREAT, 0600);
	return fd;
}

/* The calls' results, or -errno. arg: the offset. */
static long read_at(long off)
{
	char bytes[100];
	ssize_t n = pread((int)file_fd(0), bytes, sizeof(bytes), off);

	return n < 0 ? -errno : n;
}

static long write_at(long off)
{
	char bytes[100] = "new";
	ssize_t n = pwrite((int)file_fd(0), bytes, sizeof(bytes), off);

	return n < 0 ? -errno : n;
}

static long byte_at(long off)
{
	char c = 0;

	return pread((int)file_fd(0), &c, 1, off) == 1 ? c : -1;
}

void test_path(void)
{
	struct subject s = subject_start("files");
	long other = (long)"/tmp/else/a";

	mkdir("/tmp/some where", 0700);
	mkdir("/tmp/else", 0700);
	EXPECT(ctl("arm id=p point=file-write tgid=%d path=/tmp/some\\x20 action=return:ENOSPC"
		   " ttl_ms=90000",
		   s.pid),
	       0);
	EXPECT(subject_call(&s, file_fd, other) >= 0, 1);
	EXPECT(subject_call(&s, write_at, 0), 100);
	EXPECT(subject_call(&s, file_fd, (long)"/tmp/some where/b") >= 0, 1);
	EXPECT(subject_call(&s, write_at, 0), -ENOSPC);
	EXPECT(ctl("disarm id=p"), 0);
	EXPECT(subject_call(&s, write_at, 0), 100);
	subject_end(&s);
}

void test_offsets(void)
{
	struct subject s = subject_start("files");

	EXPECT(subject_call(&s, file_fd, (long)"/tmp/else/offsets") >= 0, 1);
	EXPECT(ctl("arm id=o point=file-write tgid=%d range=4096-8191 action=return:EIO"
		   " ttl_ms=90000",
		   s.pid),
	       0);
	EXPECT(subject_call(&s, write_at, 0), 100);
	EXPECT(subject_call(&s, write_at, 3997),
	       -EIO); /* its last byte is the first of the range */
	EXPECT(subject_call(&s, write_at, 3996), 100);
	EXPECT(subject_call(&s, write_at, 8191), -EIO);
	EXPECT(subject_call(&s, write_at, 8192), 100);
	EXPECT(ctl("disarm id=o"), 0);
	EXPECT(subject_call(&s, write_at, 5000), 100);
	subject_end(&s);
}

void test_short(void)
{
	struct subject s = subject_start("files"), other = subject_start("files");

	EXPECT(subject_call(&s, file_fd, (long)"/tmp/else/short") >= 0, 1);
	EXPECT(subject_call(&other, file_fd, (long)"/tmp/else/short") >= 0, 1);
	EXPECT(subject_call(&s, write_at, 0), 100);
	EXPECT(ctl("arm id=w point=vfs-write tgid=%d action=short:7 ttl_ms=90000", s.pid), 0);
	EXPECT(ctl("arm id=r point=vfs-read tgid=%d action=short:9 ttl_ms=90000 files=regular",
		   s.pid),
	       0);
	EXPECT(subject_call(&s, write_at, 0), 7);
	EXPECT(subject_call(&s, read_at, 0), 9);
	EXPECT(subject_call(&other, read_at, 0), 100);
	CHECK(strstr(slurp("events"), " what=short from=100 to=7 "), "%s", slurp("events"));
	EXPECT(ctl("disarm all"), 0);
	EXPECT(subject_call(&s, write_at, 0), 100);
	EXPECT(subject_call(&s, read_at, 0), 100);
	subject_end(&s);
	subject_end(&other);
}

/* The body ran: the bytes are there although the write failed. */
void test_after(void)
{
	struct subject s = subject_start("files");

	EXPECT(subject_call(&s, file_fd, (long)"/tmp/else/after") >= 0, 1);
	EXPECT(ctl("arm id=w point=vfs-write tgid=%d action=after:ENOSPC ttl_ms=90000", s.pid), 0);
	EXPECT(subject_call(&s, write_at, 0), -ENOSPC);
	EXPECT(subject_call(&s, byte_at, 0), 'n');
	CHECK(strstr(slurp("events"), " what=after from=100 to=-ENOSPC "), "%s", slurp("events"));
	EXPECT(rule_value("w", "injected"), 1);
	EXPECT(ctl("disarm id=w"), 0);
	EXPECT(subject_call(&s, write_at, 0), 100);
	subject_end(&s);
}

/* ---- registers of new tasks ---- */

static long clone_reg(long reg)
{
	struct clone_regs child, parent;

	if (clone_see(&child, &parent))
		return -1;
	for (int i = 0; i < CLONE_REGS_N; i++) {
		if (i != CLONE_SP && i != 0 && parent.reg[i] != clone_expected(i))
			return -1000 - i;
	}
	return (long)(child.reg[reg] ^ clone_expected((int)reg));
}

/* Forks: what the child ended with, as wait() says. */
static long fork_status(long unused)
{
	int status = 0;
	pid_t child = fork();

	(void)unused;
	if (!child)
		_exit(7);
	waitpid(child, &status, 0);
	return status;
}

static void one_reg(struct subject *s, struct subject *other, int reg, const char *name, int bit)
{
	long seen;

	EXPECT(subject_call(s, clone_reg, reg), 0);
	EXPECT(ctl("arm id=c point=clone-regs tgid=%d action=flip:%s:%d ttl_ms=90000", s->pid, name,
		   bit),
	       0);
	seen = subject_call(s, clone_reg, reg);
	CHECK(seen == 1L << bit, "%s: flipping bit %d changed 0x%lx", name, bit, seen);
	CHECK(subject_call(other, clone_reg, reg) == 0, "%s: another process was hit", name);
	EXPECT(ctl("disarm id=c"), 0);
	CHECK(subject_call(s, clone_reg, reg) == 0, "%s: not restored", name);
}

void test_clone_regs(void)
{
	struct subject s = subject_start("clones"), other = subject_start("clones");
	char name[8];

	for (int reg = 0; reg <= 30; reg++) {
		snprintf(name, sizeof(name), "X%d", reg);
		one_reg(&s, &other, reg, name, reg * 2);
	}
	one_reg(&s, &other, CLONE_SP, "SP", 14);
	for (int bit = 28; bit <= 31; bit++)
		one_reg(&s, &other, CLONE_FLAGS, "PSTATE", bit);
	EXPECT(ctl("arm id=c point=clone-regs tgid=%d action=flip:PSTATE:27 ttl_ms=9", s.pid),
	       ERANGE);
	EXPECT(ctl("arm id=c point=clone-regs tgid=%d action=set:PSTATE:0x3c5 ttl_ms=9", s.pid),
	       ERANGE);
	EXPECT(ctl("arm id=c point=clone-regs tgid=%d action=clear:X9:0xf action=set:X9:0 ttl_ms=9",
		   s.pid),
	       EINVAL);
	EXPECT(ctl("arm id=c point=clone-regs tgid=%d action=clear:X9:0xff ttl_ms=90000", s.pid),
	       0);
	EXPECT(subject_call(&s, clone_reg, 9), (long)(clone_expected(9) & 0xff));
	subject_end(&s);
	subject_end(&other);
}

void test_clone_pc(void)
{
	struct subject s = subject_start("clones");
	long status;

	EXPECT(subject_call(&s, fork_status, 0), 7 << 8);
	EXPECT(ctl("arm id=c point=clone-regs tgid=%d action=flip:PC:40 ttl_ms=90000", s.pid), 0);
	status = subject_call(&s, fork_status, 0);
	CHECK(WIFSIGNALED(status) && (WTERMSIG(status) == SIGSEGV || WTERMSIG(status) == SIGBUS),
	      "the child ended with %ld", status);
	EXPECT(ctl("disarm id=c"), 0);
	EXPECT(subject_call(&s, fork_status, 0), 7 << 8);
	subject_end(&s);
}

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
	struct subject s = subject_start("faults");
	unsigned long at = (unsigned long)subject_call(&s, map_fresh, 0);

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
	EXPECT(ctl("disarm id=m"), 0);
	EXPECT(subject_call(&s, touch, 0x11000), 0);
	subject_end(&s);
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

#define STALE_PAGES 16

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

void test_tlb_flush(void)
{
	struct subject s = subject_start("stale");
	int stale = 0;

	EXPECT(subject_call(&s, map_file, 0), 0);
	for (long page = 0; page < 4; page++)
		EXPECT(subject_call(&s, write_page, page), 1);
	EXPECT(ctl("arm id=t point=tlb-flush tgid=%d action=skip ttl_ms=90000", s.pid), 0);
	/* a switch of tasks on that CPU may flush: once is enough */
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

static long oom_kills(void)
{
	char text[512] = "";
	int fd = open(GROUP "/memory.events", O_RDONLY);
	const char *at;

	if (read(fd, text, sizeof(text) - 1) < 0)
		text[0] = 0;
	close(fd);
	at = strstr(text, "oom_kill ");
	return at ? atol(at + 9) : -1;
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

static void join(struct subject *s)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", s->pid);
	put("cgroup.procs", text);
}

void test_reclaim(void)
{
	struct subject s = subject_start("reclaims"), other = subject_start("reclaims");
	long kills;

	mkdir("/tmp/cgroup", 0700);
	EXPECT(mount("none", "/tmp/cgroup", "cgroup2", 0, NULL), 0);
	mkdir(GROUP, 0700);
	put("../cgroup.subtree_control", "+memory");
	put("memory.max", "6M");
	join(&s);
	join(&other);
	EXPECT(subject_call(&other, spare, 0), 5);
	kills = oom_kills();
	EXPECT(subject_call(&s, read_disk, 24 << 20), 0);
	EXPECT(oom_kills(), kills);
	EXPECT(ctl("arm id=r point=reclaim tgid=%d action=skip ttl_ms=90000", s.pid), 0);
	EXPECT(subject_call(&s, read_disk, 24 << 20), SUBJECT_DIED);
	CHECK(rule_value("r", "injected") > 0, "%s", slurp("rules"));
	CHECK(oom_kills() > kills, "nobody was killed");
	EXPECT(ctl("disarm id=r"), 0);
	EXPECT(subject_call(&other, read_disk, 24 << 20), 0);
	subject_end(&s);
	subject_end(&other);
	rmdir(GROUP);
	umount("/tmp/cgroup");
}
