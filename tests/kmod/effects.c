// SPDX-License-Identifier: GPL-2.0-or-later
/* Points of files and of new tasks, each before / injected / restored, as a program sees it. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

	mkdir("/tmp/else", 0700);
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
	if (!strstr(slurp("points"), "\nfile-write\trw_verify_area\t")) {
		EXPECT(ctl("arm id=o point=file-write tgid=%d range=0-9 action=return:EIO ttl_ms=9",
			   s.pid),
		       ENOENT);
		subject_end(&s);
		return;
	}
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

static char read_bytes[10];

static long read_on(long unused)
{
	ssize_t n = read((int)file_fd(0), read_bytes, sizeof(read_bytes));

	return n < 0 ? -errno : n + unused;
}

static long byte_read(long unused)
{
	return read_bytes[0] + unused;
}

/* The body ran: the bytes are there although the write, or the read, failed. */
void test_after(void)
{
	struct subject s = subject_start("files"), other = subject_start("files");

	EXPECT(subject_call(&s, file_fd, (long)"/tmp/else/after") >= 0, 1);
	EXPECT(subject_call(&other, file_fd, (long)"/tmp/else/after2") >= 0, 1);
	EXPECT(ctl("arm id=w point=vfs-write tgid=%d action=after:ENOSPC ttl_ms=90000", s.pid), 0);
	EXPECT(subject_call(&s, write_at, 0), -ENOSPC);
	EXPECT(subject_call(&s, byte_at, 0), 'n');
	EXPECT(subject_call(&other, write_at, 0), 100);
	CHECK(strstr(slurp("events"), " what=after from=100 to=-ENOSPC "), "%s", slurp("events"));
	EXPECT(rule_value("w", "injected"), 1);
	EXPECT(ctl("disarm id=w"), 0);
	EXPECT(subject_call(&s, write_at, 0), 100);
	EXPECT(ctl("arm id=r point=vfs-read tgid=%d action=after:EINTR ttl_ms=90000", s.pid), 0);
	EXPECT(subject_call(&s, byte_read, 0), 0);
	EXPECT(subject_call(&s, read_on, 0), -EINTR);
	EXPECT(subject_call(&s, byte_read, 0), 'n');
	EXPECT(subject_call(&other, read_on, 0), 10);
	EXPECT(ctl("disarm id=r"), 0);
	EXPECT(subject_call(&s, read_on, 0), 10);
	subject_end(&s);
	subject_end(&other);
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

#define X9 0x2222000000000909L /* clone_expected */

/* Every action on every kind of register, and what it changes. */
static const struct {
	int reg;
	const char *action;
	long change;
} changes[] = {
	{ 9, "set:X9:0x1234567890abcdef", X9 ^ 0x1234567890abcdefL },
	{ 9, "xor:X9:0xff00ff", 0xff00ff },
	{ 9, "or:X9:0xff", 0xff & ~X9 },
	{ 9, "clear:X9:0xff", 0xff & X9 },
	{ CLONE_SP, "xor:SP:0x4000", 0x4000 },
	{ CLONE_SP, "or:SP:0x4000", 0x4000 },
	{ CLONE_SP, "clear:SP:0x4000", 0 },
	{ CLONE_FLAGS, "set:PSTATE:0x60000000", 0x60000000 },
	{ CLONE_FLAGS, "or:PSTATE:0x90000000", 0x90000000 },
	{ CLONE_FLAGS, "xor:PSTATE:0xf0000000", 0xf0000000 },
	{ CLONE_FLAGS, "clear:PSTATE:0xf0000000", 0 },
};

static void each_action(struct subject *s)
{
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		long seen;

		EXPECT(ctl("arm id=c point=clone-regs tgid=%d action=%s ttl_ms=90000", s->pid,
			   changes[i].action),
		       0);
		seen = subject_call(s, clone_reg, changes[i].reg);
		CHECK(seen == changes[i].change, "%s changed 0x%lx", changes[i].action, seen);
		EXPECT(rule_value("c", "injected"), 1);
		EXPECT(ctl("disarm id=c"), 0);
		EXPECT(subject_call(s, clone_reg, changes[i].reg), 0);
	}
}

static long stand_by(long unused)
{
	return clone_bystander() + unused;
}

static long harmed(long unused)
{
	return (long)clone_harm() | unused;
}

void test_clone_regs(void)
{
	struct subject s = subject_start("clones"), other = subject_start("clones");
	char name[8];

	EXPECT(subject_call(&s, stand_by, 0), 0);
	for (int reg = 0; reg <= 30; reg++) {
		snprintf(name, sizeof(name), "X%d", reg);
		one_reg(&s, &other, reg, name, reg * 2);
	}
	one_reg(&s, &other, CLONE_SP, "SP", 14);
	for (int bit = 28; bit <= 31; bit++)
		one_reg(&s, &other, CLONE_FLAGS, "PSTATE", bit);
	each_action(&s);
	EXPECT(subject_call(&s, harmed, 0), 0);
	for (int bit = 0; bit < 28; bit++)
		EXPECT(ctl("arm id=c point=clone-regs tgid=%d action=flip:PSTATE:%d ttl_ms=9",
			   s.pid, bit),
		       ERANGE);
	EXPECT(ctl("arm id=c point=clone-regs tgid=%d action=set:PSTATE:0x3c5 ttl_ms=9", s.pid),
	       ERANGE);
	subject_end(&s);
	subject_end(&other);
}

static void go_elsewhere(void)
{
	_exit(9);
}

/* The child runs elsewhere, or faults, and is all that ends: its parent goes on. */
static void child_with(struct subject *s, const char *action, unsigned long value, int exits)
{
	long status;

	EXPECT(subject_call(s, fork_status, 0), 7 << 8);
	EXPECT(ctl("arm id=c point=clone-regs tgid=%d action=%s:0x%lx ttl_ms=90000", s->pid, action,
		   value),
	       0);
	status = subject_call(s, fork_status, 0);
	EXPECT(ctl("disarm id=c"), 0);
	EXPECT(subject_call(s, fork_status, 0), 7 << 8);
	if (exits)
		EXPECT(status, exits << 8);
	else
		CHECK(WIFSIGNALED(status) &&
			      (WTERMSIG(status) == SIGSEGV || WTERMSIG(status) == SIGBUS),
		      "%s: the child ended with %ld", action, status);
}

void test_clone_pc(void)
{
	struct subject s = subject_start("clones");

	child_with(&s, "flip:PC", 40, 0);
	child_with(&s, "set:PC", (unsigned long)go_elsewhere, 9);
	child_with(&s, "xor:PC", 1UL << 50, 0);
	child_with(&s, "or:PC", 1UL << 50, 0);
	child_with(&s, "clear:PC", ~0UL, 0);
	subject_end(&s);
}
