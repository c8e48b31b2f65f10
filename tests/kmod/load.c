// SPDX-License-Identifier: GPL-2.0-or-later
/* The module under load: streams, storms, unloading. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
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
	CHECK(strstr(line, " id=ev point=file-write cpu=") &&
		      (strstr(line, " off=0 len=8\n") || strstr(line, " off=-1 len=0\n")),
	      "%s", line);
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
	EXPECT(ctl("arm id=many point=file-write tgid=%d action=return:EIO ttl_ms=900000", v.pid),
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
		n += !ctl("arm id=r%d point=file-write comm=none%d action=return:EIO ttl_ms=900000",
			  i, i);
	EXPECT(n, 1024);
	EXPECT(ctl("arm id=more point=file-write tgid=%d action=return:EIO ttl_ms=9", v.pid),
	       EBUSY);
	EXPECT(rules_count(), 1024);
	EXPECT(ctl("disarm id=r1023"), 0);
	EXPECT(ctl("arm id=hit point=file-write tgid=%d action=return:EIO ttl_ms=900000", v.pid),
	       0);
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

	EXPECT(ctl("arm id=standing point=file-write tgid=%d action=return:EROFS ttl_ms=3000000",
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

/* All points are hooked and unhooked while each is called on all CPUs; probability=0, so that the
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
		"reclaim action=skip",          "stage2-flush action=skip",
	};
	const int n = sizeof(rules) / sizeof(rules[0]) - (strstr(slurp("points"), "no VHE") != 0);
	pid_t load[2] = { busy(), busy() };
	struct subject vm = subject_start("vmm"), tasks = subject_start("tasks");
	struct subject reader = subject_start("reclaims");
	const int targets[] = { load[0], vm.pid, load[1], tasks.pid, reader.pid };
	long cycles = env_number("CYCLES", 10);

	group_make();
	group_join(&reader);
	subject_ask(&vm, vm_busy, 0);
	subject_ask(&tasks, task_busy, 0);
	subject_ask(&reader, reclaim_busy, 0);
	for (long i = 0; i < cycles; i++) {
		for (int k = 0; k < n; k++)
			EXPECT(ctl("arm id=r%d tgid=%d probability=0 ttl_ms=90000 point=%s%s", k,
				   targets[(i + k) % 5], rules[k], k % 2 ? " inherit=1" : ""),
			       0);
		EXPECT(ctl("disarm all"), 0);
	}
	EXPECT(subject_answer(&vm, 0), SUBJECT_BUSY);
	EXPECT(subject_answer(&tasks, 0), SUBJECT_BUSY);
	EXPECT(subject_answer(&reader, 0), SUBJECT_BUSY);
	end_busy(load, 2);
	subject_end(&vm);
	subject_end(&tasks);
	subject_end(&reader);
	group_remove();
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

bool selftest_load(const char *params)
{
	int fd = open(selftest_module, O_RDONLY | O_CLOEXEC);
	bool ok = fd >= 0 && !syscall(SYS_finit_module, fd, params, 0);

	close(fd);
	return ok;
}

static int unload(void)
{
	return syscall(SYS_delete_module, "faultdeck", O_NONBLOCK) ? errno : 0;
}

/* Threads that each wait for a byte of one pipe. */
static int pipe_fd[2];
static volatile int waiting, got_byte, got_error;

static void *wait_byte(void *unused)
{
	char c;

	prctl(PR_SET_NAME, "waiter"); /* the process's own pipe is to be left alone */
	__atomic_add_fetch(&waiting, 1, __ATOMIC_SEQ_CST);
	if (read(pipe_fd[0], &c, 1) == 1)
		__atomic_add_fetch(&got_byte, 1, __ATOMIC_SEQ_CST);
	else
		__atomic_add_fetch(&got_error, 1, __ATOMIC_SEQ_CST);
	return unused;
}

static long readers_start(long n)
{
	pthread_attr_t attr;
	pthread_t thread;

	if (pipe(pipe_fd))
		return -1;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 65536);
	for (long i = 0; i < n; i++)
		pthread_create(&thread, &attr, wait_byte, NULL);
	while (waiting < n)
		usleep(1000);
	usleep(300000); /* until they are all in read, which nothing tells */
	return 0;
}

/* How many got their byte; the others got an error. */
static long readers_end(long n)
{
	for (long i = 0; i < n; i++) {
		if (write(pipe_fd[1], "x", 1) != 1)
			return -1;
	}
	while (got_byte + got_error < n)
		usleep(1000);
	return got_byte;
}

void test_unload(void)
{
	struct subject waits;
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
	/* calls that are under way when the module goes end as if nothing had been */
	EXPECT(ctl("arm id=w point=vfs-read comm=waiter files=all action=after:EIO ttl_ms=60000"),
	       0);
	waits = subject_start("waits");
	EXPECT(subject_call(&waits, readers_start, 4), 0);
	EXPECT(rule_value("w", "matched") >= 4, 1);
	EXPECT(unload(), 0);
	EXPECT(subject_call(&waits, readers_end, 4), 4);
	EXPECT(selftest_load(""), 1);
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
		EXPECT(selftest_load(""), 1);
		EXPECT(rules_count(), 0);
	}
	end_busy(load, 2);
	victim_end(&v);
	subject_end(&waits);
}

/* The module with other functions than its table says, while the test runs. */
static bool reload(const char *params)
{
	return selftest_module && unload() == 0 && selftest_load(params);
}

/* Why a point is not there is said in points and by arm; the module loads all the same. */
void test_unavailable(void)
{
	struct victim v = victim_start("victim");

	if (!selftest_module)
		return;
	EXPECT(reload("symbols=reclaim:no_such_function,tlb-flush:atomic_notifier_call_chain"), 1);
	CHECK(strstr(slurp("points"),
		     "\nreclaim\t-\tunavailable: no_such_function is not in this kernel (-2)\t"),
	      "%s", slurp("points"));
	CHECK(strstr(slurp("points"),
		     "\ntlb-flush\t-\tunavailable: atomic_notifier_call_chain must not be probed "
		     "(-22)\t"),
	      "%s", slurp("points"));
	EXPECT(ctl("arm id=r point=reclaim tgid=%d action=skip ttl_ms=9000", v.pid), ENOENT);
	CHECK(strstr(slurp("error"), "unavailable: no_such_function is not in this kernel"), "%s",
	      slurp("error"));
	EXPECT(ctl("arm id=w point=file-write tgid=%d action=return:EIO ttl_ms=90000", v.pid), 0);
	EXPECT(victim_do(&v, OP_WRITE), EIO);
	EXPECT(reload(""), 1);
	victim_end(&v);
}

/* The functions that the table would take next do the same. */
void test_heirs(void)
{
	struct victim v = victim_start("victim");

	if (!selftest_module)
		return;
	EXPECT(reload("symbols=file-read:security_file_permission,"
		      "file-write:security_file_permission,reclaim:shrink_lruvec,"
		      "memory-region:kvm_arch_prepare_memory_region"),
	       1);
	EXPECT(ctl("arm id=w point=file-write tgid=%d range=0-9 action=return:EIO ttl_ms=9", v.pid),
	       ENOENT);
	CHECK(strstr(slurp("error"), "security_file_permission does not tell what range= needs"),
	      "%s", slurp("error"));
	test_write_ways();
	test_read_ways();
	test_reclaim();
	test_region_heir();
	EXPECT(reload(""), 1);
	victim_end(&v);
}

/* Our handler itself calls a function that is hooked: the kernel leaves that call out, and the rule
 * says so. */
void test_missed(void)
{
	struct victim v = victim_start("victim"), other = victim_start("victim");

	if (!selftest_module)
		return;
	EXPECT(reload("symbols=reclaim:d_path"), 1);
	EXPECT(ctl("arm id=in point=reclaim tgid=%d action=skip ttl_ms=90000", other.pid), 0);
	EXPECT(ctl("arm id=out point=file-write tgid=%d path=/tmp/ action=return:EIO ttl_ms=90000",
		   v.pid),
	       0);
	EXPECT(rule_value("in", "missed"), 0);
	EXPECT(victim_do(&v, OP_WRITE), EIO);
	EXPECT(rule_value("in", "missed") > 0, 1);
	EXPECT(rule_value("out", "missed"), 0);
	EXPECT(ctl("disarm all"), 0);
	EXPECT(reload(""), 1);
	victim_end(&v);
	victim_end(&other);
}

/* More calls under way than can be kept: those beyond return what they return, and are counted. */
void test_missed_returns(void)
{
	struct subject s;
	long got, missed;

	EXPECT(ctl("arm id=m point=vfs-read comm=waiter files=all action=after:EIO ttl_ms=90000"),
	       0);
	s = subject_start("readers");
	EXPECT(subject_call(&s, readers_start, 200), 0);
	missed = rule_value("m", "missed");
	got = subject_call(&s, readers_end, 200);
	/* calls of others were missed as well */
	CHECK(got > 0 && missed >= got, "%ld missed, %ld got a byte", missed, got);
	EXPECT(rule_value("m", "injected"), 200 - got);
	subject_end(&s);
}
