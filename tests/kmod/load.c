// SPDX-License-Identifier: GPL-2.0-or-later
/* The module under load: streams, storms, unloading. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "selftest.h"
#include "subject.h"

static int open_events(int flags)
{
	int fd = open(DIR "events", O_RDONLY | flags);

	lseek(fd, 0, SEEK_END);
	return fd;
}

static int readable(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, ms);
}

void test_events_stream(void)
{
	struct victim v = victim_start("a b\\c\x1b");
	int fd = open_events(O_NONBLOCK), n;
	char line[1024], want[128];

	EXPECT(read(fd, line, sizeof(line)) > 0 && line[0] == '#', 1);
	EXPECT(read(fd, line, sizeof(line)), -1);
	EXPECT(errno, EAGAIN);
	EXPECT(readable(fd, 50), 0);
	EXPECT(ctl("arm id=ev point=file-write tgid=%d action=return:EDQUOT ttl_ms=90000", v.pid),
	       0);
	EXPECT(victim_do(&v, OP_PWRITE), EDQUOT);
	EXPECT(readable(fd, 1000), 1);
	for (n = 0; n < 1000 && read(fd, line + n, 1) == 1; n++) /* any size of read */
		;
	line[n] = 0;
	snprintf(want, sizeof(want),
		 " tgid=%d tid=%d comm=a\\x20b\\x5cc\\x1b what=return from=- to=-EDQUOT ", v.pid,
		 v.pid);
	CHECK(strstr(line, want), "%s not in %s", want, line);
	CHECK(strstr(line, " id=ev point=file-write cpu=") && strstr(line, " off=0 len=8\n"), "%s",
	      line);
	CHECK(strchr(line, '\n') == line + n - 1, "more than one line: %s", line);
	close(fd);
	victim_end(&v);
}

/* A reader that never reads, another that comes late. */
void test_events_overflow(void)
{
	struct victim v = victim_start("victim");
	int idle = open_events(O_NONBLOCK);
	char text[512];
	ssize_t n;

	EXPECT(read(idle, text, sizeof(text)) > 0, 1);
	EXPECT(ctl("arm id=many point=file-write tgid=%d action=return:EIO ttl_ms=60000", v.pid),
	       0);
	for (int i = 0; i < 5000; i++)
		EXPECT(victim_do(&v, OP_WRITE), EIO);
	EXPECT(rule_value("many", "injected"), 5000);
	n = read(idle, text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = 0;
	CHECK(!strncmp(text, "# dropped=904\n", 14), "%s", text);
	EXPECT(events_count("many"), 4096);
	close(idle);
	victim_end(&v);
}

void test_thousand_rules(void)
{
	struct victim v = victim_start("victim"), others[4];
	int n = 0;

	for (int i = 0; i < 4; i++)
		others[i] = victim_start("victim");
	for (int i = 0; i < 1024; i++)
		n += !ctl("arm id=r%d point=file-write comm=none%d action=return:EIO ttl_ms=60000",
			  i, i);
	EXPECT(n, 1024);
	EXPECT(ctl("arm id=more point=file-write tgid=%d action=return:EIO ttl_ms=9", v.pid),
	       EBUSY);
	EXPECT(rules_count(), 1024);
	EXPECT(ctl("disarm id=r1023"), 0);
	EXPECT(ctl("arm id=hit point=file-write tgid=%d action=return:EIO ttl_ms=60000", v.pid), 0);
	EXPECT(victim_do(&v, OP_WRITE), EIO);
	EXPECT(victim_do(&others[0], OP_WRITE), 0);
	EXPECT(ctl("disarm all"), 0);
	EXPECT(victim_do(&v, OP_WRITE), 0);
	for (int i = 0; i < 4; i++)
		victim_end(&others[i]);
	victim_end(&v);
}

/* A child that reads and writes as fast as it can until it is killed. */
static pid_t busy(void)
{
	pid_t pid = fork();
	char name[64], c = 0;
	int fd;

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "busy");
	snprintf(name, sizeof(name), "/tmp/busy-%d", getpid());
	fd = open(name, O_RDWR | O_CREAT, 0600);
	unlink(name);
	for (;;) {
		if (pwrite(fd, &c, 1, 0) < 0 && errno != EIO)
			_exit(1);
		if (pread(fd, &c, 1, 0) < 0 && errno != EIO)
			_exit(2);
	}
}

static void end_busy(const pid_t *pid, int n)
{
	for (int i = 0; i < n; i++) {
		int status = 0;

		kill(pid[i], SIGKILL);
		waitpid(pid[i], &status, 0);
		CHECK(WIFSIGNALED(status), "a busy child ended by itself: %d", status);
	}
}

/* Processes on all CPUs spend one rule's `times` together, and no more than that. */
void test_times_smp(void)
{
	pid_t load[3];
	long t0;

	EXPECT(ctl("arm id=smp point=file-write comm=busy times=3000 action=return:EIO"
		   " ttl_ms=90000"),
	       0);
	EXPECT(ctl("arm id=smp2 point=file-read comm=busy times=500 action=return:EIO"
		   " ttl_ms=90000"),
	       0);
	t0 = events_count("smp") + events_count("smp2");
	EXPECT(t0, 0);
	for (int i = 0; i < 3; i++)
		load[i] = busy();
	for (t0 = now_ms(); rule_value("smp", "matched") < 20000 && now_ms() < t0 + 30000;)
		usleep(50000);
	EXPECT(rule_value("smp", "injected"), 3000);
	EXPECT(rule_value("smp2", "injected"), 500);
	EXPECT(events_count("smp"), 3000);
	EXPECT(events_count("smp2"), 500);
	end_busy(load, 3);
}

static long env_number(const char *name, long otherwise)
{
	return getenv(name) ? atol(getenv(name)) : otherwise;
}

void test_storm(void)
{
	pid_t load[3] = { busy(), busy(), busy() };
	long n = env_number("STORM", 2000);
	struct victim v = victim_start("victim");

	EXPECT(ctl("arm id=standing point=file-write tgid=%d action=return:EROFS ttl_ms=600000",
		   v.pid),
	       0);
	for (long i = 0; i < n; i++) {
		EXPECT(ctl("arm id=s point=file-write tgid=%d action=return:EIO ttl_ms=90000",
			   load[i % 3]),
		       0);
		EXPECT(ctl("disarm id=s"), 0);
	}
	EXPECT(rules_count(), 1);
	EXPECT(victim_do(&v, OP_WRITE), EROFS);
	end_busy(load, 3);
	victim_end(&v);
}

/* Forks and page faults, for ever. */
static long task_busy(long unused)
{
	for (;;) {
		pid_t child = fork();

		if (!child)
			_exit(0);
		waitpid(child, NULL, 0);
	}
	return unused;
}

/* Every point is hooked and unhooked while it is called on all CPUs; probability=0, so that the
 * load goes on. */
void test_hook_cycles(void)
{
	static const char *const rules[] = {
		"file-read action=return:EIO",  "file-write action=return:EIO",
		"vfs-read action=after:EIO",    "vfs-write action=short:1",
		"vm-ioctl action=return:EIO",   "dev-ioctl action=return:1",
		"clone-regs action=flip:X1:1",  "vcpu-regs action=flip:X1:1",
		"get-reg action=flip:X1:1",     "mm-fault action=return:SIGBUS",
		"tlb-flush action=skip",        "memory-region action=return:EINVAL",
		"memory-hva action=return:BAD", "dirty-log action=clear:share=50",
		"reclaim action=skip",
	};
	pid_t load[2] = { busy(), busy() };
	struct subject vm = subject_start("vmm"), tasks = subject_start("tasks");
	long n = env_number("CYCLES", 50);

	subject_ask(&vm, vm_busy, 0);
	subject_ask(&tasks, task_busy, 0);
	for (long i = 0; i < n; i++) {
		const char *rule = rules[i % (long)(sizeof(rules) / sizeof(rules[0]))];
		const int targets[] = { load[0], load[1], vm.pid, tasks.pid };

		for (int k = 0; k < 4; k++)
			EXPECT(ctl("arm id=r%d tgid=%d probability=0 ttl_ms=90000 point=%s%s", k,
				   targets[k], rule, k % 2 ? " inherit=1" : ""),
			       0);
		EXPECT(ctl("disarm all"), 0);
	}
	EXPECT(subject_answer(&vm, 0), SUBJECT_BUSY);
	EXPECT(subject_answer(&tasks, 0), SUBJECT_BUSY);
	end_busy(load, 2);
	subject_end(&vm);
	subject_end(&tasks);
}

void test_two_writers(void)
{
	pid_t load[2] = { busy(), busy() }, writer[2];
	int status = 0;

	for (int w = 0; w < 2; w++) {
		writer[w] = fork();
		if (writer[w])
			continue;
		for (int i = 0; i < 100; i++) {
			if (ctl("arm id=w%d point=file-read tgid=%d action=return:EIO ttl_ms=90000",
				w, load[w]) ||
			    ctl("renew id=w%d ttl_ms=80000", w) || ctl("disarm id=w%d", w))
				_exit(1);
		}
		_exit(0);
	}
	for (int w = 0; w < 2; w++) {
		waitpid(writer[w], &status, 0);
		CHECK(status == 0, "writer %d failed: %s", w, slurp("error"));
	}
	end_busy(load, 2);
}

bool selftest_load(void)
{
	int fd = open(selftest_module, O_RDONLY | O_CLOEXEC);
	bool ok = fd >= 0 && !syscall(SYS_finit_module, fd, "", 0);

	close(fd);
	return ok;
}

static int unload(void)
{
	return syscall(SYS_delete_module, "faultdeck", O_NONBLOCK) ? errno : 0;
}

void test_unload(void)
{
	pid_t load[2];
	struct victim v;
	int held;

	if (!selftest_module)
		return;
	load[0] = busy();
	load[1] = busy();
	v = victim_start("victim");
	held = open(DIR "events", O_RDONLY);
	EXPECT(unload(), EAGAIN);
	close(held);
	for (int i = 0; i < 5; i++) {
		EXPECT(ctl("arm id=a point=file-write tgid=%d action=return:EIO ttl_ms=60000",
			   load[0]),
		       0);
		EXPECT(ctl("arm id=b point=file-read tgid=%d inherit=1 action=return:EIO "
			   "ttl_ms=60000",
			   load[1]),
		       0);
		EXPECT(ctl("arm id=c point=file-write tgid=%d action=return:EROFS ttl_ms=60000",
			   v.pid),
		       0);
		EXPECT(victim_do(&v, OP_WRITE), EROFS);
		EXPECT(unload(), 0);
		EXPECT(victim_do(&v, OP_WRITE), 0);
		EXPECT(access(DIR, F_OK), -1);
		EXPECT(selftest_load(), 1);
		EXPECT(rules_count(), 0);
	}
	end_busy(load, 2);
	victim_end(&v);
}
