// SPDX-License-Identifier: GPL-2.0-or-later
/* The module in a running kernel: effects, refusals, ends. MODULE=file.ko selftest [NAME] */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "init.h"
#include "selftest.h"

const char *selftest_module;

/* before / injected / restored of one way, beside one that is not the target */
static void one_way(const struct victim *v, const struct victim *other, enum victim_op op,
		    const char *point, const char *name, int err)
{
	const char *way = victim_op_names[op];
	int before = victim_do(v, op), rc;

	if (before == VICTIM_CANNOT) {
		fail("%s: not possible here", way);
		return;
	}
	rc = ctl("arm id=way point=%s tgid=%d action=return:%s ttl_ms=20000", point, v->pid, name);
	if (rc) {
		fail("%s: arm: %s", way, slurp("error"));
		return;
	}
	long old = events_count("way");
	int injected = victim_do(v, op), foreign = victim_do(other, op);
	long hits = rule_value("way", "injected"), events = events_count("way") - old;

	rc = ctl("disarm id=way");
	CHECK(before == 0, "%s: failed before: %d", way, before);
	CHECK(injected == err, "%s: gave %d, expected %d", way, injected, err);
	CHECK(foreign == 0, "%s: another process got %d", way, foreign);
	CHECK(hits >= 1 && hits == events, "%s: %ld hits, %ld events", way, hits, events);
	CHECK(rc == 0 && victim_do(v, op) == 0, "%s: not restored", way);
}

void test_write_ways(void)
{
	struct victim v = victim_start("victim"), other = victim_start("victim");

	for (int op = OP_FIRST_WRITE; op <= OP_LAST_WRITE; op++)
		one_way(&v, &other, (enum victim_op)op, "file-write", "ENOSPC", ENOSPC);
	one_way(&v, &other, OP_BLOCK, "file-write", "EIO", EIO);
	victim_end(&v);
	victim_end(&other);
}

void test_read_ways(void)
{
	struct victim v = victim_start("victim"), other = victim_start("victim");

	for (int op = OP_FIRST_READ; op <= OP_LAST_READ; op++)
		one_way(&v, &other, (enum victim_op)op, "file-read", "EIO", EIO);
	victim_end(&v);
	victim_end(&other);
}

/* The errnos that the original tool knows, and what else a disk says. */
static void test_errnos(void)
{
	static const struct {
		enum victim_op op;
		const char *point, *name;
		int err;
	} rows[] = {
		{ OP_READ, "file-read", "EIO", EIO },
		{ OP_READ, "file-read", "EINTR", EINTR },
		{ OP_READ, "file-read", "EAGAIN", EAGAIN },
		{ OP_WRITE, "file-write", "ENOSPC", ENOSPC },
		{ OP_WRITE, "file-write", "EROFS", EROFS },
		{ OP_WRITE, "file-write", "EIO", EIO },
		{ OP_WRITE, "file-write", "EDQUOT", EDQUOT },
		{ OP_VCPU, "vm-ioctl", "EPERM", EPERM },
		{ OP_VCPU, "vm-ioctl", "EACCES", EACCES },
	};
	struct victim v = victim_start("victim"), other = victim_start("victim");

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		one_way(&v, &other, rows[i].op, rows[i].point, rows[i].name, rows[i].err);
	victim_end(&v);
	victim_end(&other);
}

static void test_read_is_not_write(void)
{
	struct victim v = victim_start("victim");

	EXPECT(ctl("arm id=w point=file-write tgid=%d action=return:EROFS ttl_ms=90000", v.pid), 0);
	EXPECT(victim_do(&v, OP_READ), 0);
	EXPECT(ctl("arm id=r point=file-read tgid=%d action=return:EIO ttl_ms=90000", v.pid), 0);
	EXPECT(victim_do(&v, OP_WRITE), EROFS);
	EXPECT(victim_do(&v, OP_READ), EIO);
	EXPECT(ctl("disarm id=w"), 0);
	EXPECT(victim_do(&v, OP_WRITE), 0);
	EXPECT(victim_do(&v, OP_READ), EIO);
	victim_end(&v);
}

static void test_other_files_pass(void)
{
	static const enum victim_op ops[] = { OP_PIPE, OP_EVENTFD, OP_NULLDEV, OP_SOCKET };
	struct victim v = victim_start("victim");

	EXPECT(ctl("arm id=reg point=file-write tgid=%d action=return:EIO ttl_ms=90000", v.pid), 0);
	for (size_t i = 0; i < 4; i++)
		CHECK(victim_do(&v, ops[i]) == 0, "%s was hit", victim_op_names[ops[i]]);
	EXPECT(rule_value("reg", "injected"), 0);
	CHECK(rule_value("reg", "calls") > 0, "the calls were not counted");
	victim_end(&v);
}

/* The victim's own answers go through a pipe: one hit, then it must be able to answer. */
static void test_files_all(void)
{
	static const enum victim_op ops[] = { OP_PIPE, OP_EVENTFD, OP_NULLDEV, OP_SOCKET };
	struct victim v = victim_start("victim");

	for (size_t i = 0; i < 4; i++) {
		EXPECT(ctl("arm id=all point=file-write files=all times=1 tgid=%d action=return:EIO"
			   " ttl_ms=90000",
			   v.pid),
		       0);
		CHECK(victim_do(&v, ops[i]) == EIO, "%s was not hit", victim_op_names[ops[i]]);
		EXPECT(ctl("disarm id=all"), 0);
	}
	victim_end(&v);
}

static void test_vm_ioctl(void)
{
	struct victim v = victim_start("victim");

	EXPECT(victim_do(&v, OP_VCPU), 0);
	EXPECT(ctl("arm id=io point=vm-ioctl tgid=%d cmd=KVM_CREATE_VCPU action=return:EPERM"
		   " ttl_ms=90000",
		   v.pid),
	       0);
	EXPECT(victim_do(&v, OP_VCPU), EPERM);
	EXPECT(victim_do(&v, OP_CHECK), 0);
	EXPECT(victim_do(&v, OP_DEVICE), ENODEV);
	CHECK(strstr(slurp("events"), "cmd=KVM_CREATE_VCPU"), "no ioctl in events");
	EXPECT(rule_value("io", "calls"), 3);
	EXPECT(rule_value("io", "matched"), 1);
	EXPECT(ctl("disarm id=io"), 0);
	EXPECT(ctl("arm id=io point=vm-ioctl tgid=%d cmd=0xae41,KVM_CREATE_DEVICE"
		   " action=return:EACCES ttl_ms=90000",
		   v.pid),
	       0);
	EXPECT(victim_do(&v, OP_VCPU), EACCES);
	EXPECT(victim_do(&v, OP_DEVICE), EACCES);
	EXPECT(victim_do(&v, OP_CHECK), 0);
	EXPECT(ctl("disarm id=io"), 0);
	EXPECT(victim_do(&v, OP_VCPU), 0);
	victim_end(&v);
}

static void test_tid(void)
{
	struct victim v = victim_start("victim");

	EXPECT(ctl("arm id=t point=file-write tid=%d action=return:EIO ttl_ms=90000", v.thread), 0);
	EXPECT(victim_do(&v, OP_WRITE), 0);
	EXPECT(victim_do(&v, OP_THREAD_WRITE), EIO);
	EXPECT(ctl("disarm id=t"), 0);
	EXPECT(victim_do(&v, OP_THREAD_WRITE), 0);
	EXPECT(ctl("arm id=t point=file-write tgid=%d tid=1 action=return:EIO ttl_ms=90000", v.pid),
	       EPERM);
	EXPECT(ctl("arm id=t point=file-write tgid=%d tid=%d action=return:EIO ttl_ms=90000",
		   v.thread, v.thread),
	       ENOENT);
	victim_end(&v);
}

static void test_comm_waits(void)
{
	struct victim old = victim_start("fd new vm"), v;

	EXPECT(ctl("arm id=c point=vm-ioctl comm=fd\\x20new\\x20vm action=return:ENOMEM"
		   " ttl_ms=90000"),
	       0);
	EXPECT(victim_do(&old, OP_VCPU), 0);
	v = victim_start("fd new vm");
	EXPECT(victim_do(&v, OP_VCPU), ENOMEM);
	EXPECT(victim_do(&old, OP_VCPU), 0);
	EXPECT(ctl("disarm id=c"), 0);
	EXPECT(victim_do(&v, OP_VCPU), 0);
	victim_end(&v);
	v = victim_start("another");
	EXPECT(ctl("arm id=c point=vm-ioctl comm=other action=return:ENOMEM ttl_ms=90000"), 0);
	EXPECT(victim_do(&v, OP_VCPU), 0);
	victim_end(&v);
	victim_end(&old);
}

static void test_inherit(void)
{
	struct victim v = victim_start("victim"), other = victim_start("victim");

	EXPECT(ctl("arm id=i point=file-write tgid=%d action=return:EIO ttl_ms=90000", v.pid), 0);
	EXPECT(victim_do(&v, OP_CHILD_WRITE), 0);
	EXPECT(ctl("disarm id=i"), 0);
	EXPECT(ctl("arm id=i point=file-write tgid=%d inherit=1 action=return:EIO ttl_ms=90000",
		   v.pid),
	       0);
	EXPECT(victim_do(&v, OP_WRITE), EIO);
	EXPECT(victim_do(&v, OP_CHILD_WRITE), EIO);
	EXPECT(victim_do(&v, OP_ORPHAN_WRITE), EIO);
	EXPECT(victim_do(&other, OP_CHILD_WRITE), 0);
	for (int i = 0; i < 600; i++)
		EXPECT(victim_do(&v, OP_CHILD_WRITE), EIO);
	EXPECT(rule_value("i", "lost"), 0);
	EXPECT(ctl("disarm id=i"), 0);
	EXPECT(victim_do(&v, OP_CHILD_WRITE), 0);
	victim_end(&v);
	victim_end(&other);
}

static int hits_of(const struct victim *v, int n)
{
	int hits = 0;

	for (int i = 0; i < n; i++)
		hits += victim_do(v, OP_WRITE) == EIO;
	return hits;
}

static int gate(const struct victim *v, const char *gate, int n)
{
	int hits;

	if (ctl("arm id=g point=file-write tgid=%d %s action=return:EIO ttl_ms=90000", v->pid,
		gate))
		return -1;
	hits = hits_of(v, n);
	if (rule_value("g", "injected") != hits)
		fail("%s: injected=%ld, seen %d", gate, rule_value("g", "injected"), hits);
	ctl("disarm id=g");
	return hits;
}

static void test_gate(void)
{
	struct victim v = victim_start("victim");
	int half;

	EXPECT(gate(&v, "times=2", 9), 2);
	EXPECT(gate(&v, "times=0", 9), 0);
	EXPECT(gate(&v, "interval=3", 9), 3);
	EXPECT(gate(&v, "probability=0", 9), 0);
	/* 8 bytes a write: 24 and 16 left pass; where the function does not tell bytes, calls */
	if (strstr(slurp("points"), "\nfile-write\trw_verify_area\t"))
		EXPECT(gate(&v, "space=24", 9), 7);
	else
		EXPECT(gate(&v, "space=3", 9), 7);
	half = gate(&v, "probability=50", 400);
	CHECK(half > 120 && half < 280, "probability=50 hit %d of 400", half);
	victim_end(&v);
}

static void test_ttl(void)
{
	struct victim v = victim_start("victim");
	long t0 = now_ms(), gone;

	EXPECT(ctl("arm id=ttl point=file-write tgid=%d action=return:EIO ttl_ms=400", v.pid), 0);
	EXPECT(victim_do(&v, OP_WRITE), EIO);
	while (victim_do(&v, OP_WRITE) == EIO && now_ms() < t0 + 3000)
		usleep(1000);
	gone = now_ms() - t0;
	CHECK(gone >= 400 && gone < 700, "gone after %ld ms of 400", gone);
	usleep(200000);
	EXPECT(rules_count(), 0);
	EXPECT(ctl("disarm id=ttl"), ENOENT);
	victim_end(&v);
}

static void test_ttl_clock(void)
{
	struct victim v = victim_start("victim");
	struct timespec old, t;
	int hit, healed;

	clock_gettime(CLOCK_REALTIME, &old);
	EXPECT(ctl("arm id=ttl point=file-write tgid=%d action=return:EIO ttl_ms=600", v.pid), 0);
	t = (struct timespec){ old.tv_sec + 86400, 0 };
	clock_settime(CLOCK_REALTIME, &t);
	hit = victim_do(&v, OP_WRITE);
	t.tv_sec = old.tv_sec - 86400;
	clock_settime(CLOCK_REALTIME, &t);
	usleep(800000);
	healed = victim_do(&v, OP_WRITE);
	clock_settime(CLOCK_REALTIME, &old);
	EXPECT(hit, EIO);
	EXPECT(healed, 0);
	victim_end(&v);
}

static bool put_in(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	bool ok = write(fd, text, strlen(text)) > 0;

	close(fd);
	return ok;
}

/* A rule whose time passes while the machine is suspended hits nothing afterwards. */
static void test_ttl_suspend(void)
{
	struct victim v = victim_start("victim");

	EXPECT(ctl("arm id=ttl point=file-write tgid=%d action=return:EIO ttl_ms=1500", v.pid), 0);
	EXPECT(victim_do(&v, OP_WRITE), EIO);
	if (put_in("/sys/class/rtc/rtc0/wakealarm", "+3") && put_in("/sys/power/state", "freeze"))
		EXPECT(victim_do(&v, OP_WRITE), 0);
	else
		printf("# this machine cannot be suspended: %s\n", strerror(errno));
	victim_end(&v);
}

static void test_renew(void)
{
	struct victim v = victim_start("victim");

	EXPECT(ctl("arm id=r point=file-write tgid=%d action=return:EIO ttl_ms=400", v.pid), 0);
	EXPECT(ctl("renew id=r ttl_ms=1200"), 0);
	usleep(600000);
	EXPECT(victim_do(&v, OP_WRITE), EIO);
	CHECK(rule_value("r", "left_ms") > 100, "left_ms=%ld", rule_value("r", "left_ms"));
	EXPECT(ctl("renew id=r ttl_ms=100"), 0);
	usleep(300000);
	EXPECT(victim_do(&v, OP_WRITE), 0);
	EXPECT(ctl("renew id=r ttl_ms=100"), ENOENT);
	victim_end(&v);
}

/* A process with the number of one that was a target is not a target. */
static void test_reuse(void)
{
	struct victim v = victim_start("victim");
	pid_t pid = v.pid;

	EXPECT(ctl("arm id=old point=file-write tgid=%d action=return:EIO ttl_ms=90000", pid), 0);
	EXPECT(victim_do(&v, OP_WRITE), EIO);
	victim_end(&v);
	CHECK(strstr(slurp("rules"), "target=gone hooked=1"), "not said to be gone: %s",
	      slurp("rules"));
	/* a kernel without CHECKPOINT_RESTORE cannot be told the next number */
	for (int i = 0; i < 20 && v.pid != pid && !access("/proc/sys/kernel/ns_last_pid", W_OK);
	     i++) {
		int fd = open("/proc/sys/kernel/ns_last_pid", O_WRONLY);

		victim_end(&v);
		dprintf(fd, "%d", pid - 1);
		close(fd);
		v = victim_start("victim");
	}
	if (!v.pid)
		return;
	EXPECT(v.pid, pid);
	EXPECT(victim_do(&v, OP_WRITE), 0);
	EXPECT(ctl("arm id=new point=file-write tgid=%d action=return:EROFS ttl_ms=90000", pid), 0);
	EXPECT(victim_do(&v, OP_WRITE), EROFS);
	victim_end(&v);
}

/* Our own files are never hit, or a rule on the console could not be taken back. */
static void test_own_files_pass(void)
{
	int status = 0;
	pid_t child = fork();

	if (!child) {
		usleep(300000);
		_exit(ctl("disarm id=own") == 0 && slurp("version")[0] == 'f' ? 0 : 1);
	}
	EXPECT(ctl("arm id=own point=file-write files=all tgid=%d action=return:EIO ttl_ms=90000",
		   child),
	       0);
	waitpid(child, &status, 0);
	EXPECT(status, 0);
}

static void kprobes(const char *on)
{
	int fd = open("/sys/kernel/debug/kprobes/enabled", O_WRONLY);

	CHECK(write(fd, on, 1) == 1, "kprobes/enabled: %s", strerror(errno));
	close(fd);
}

/* A rule that would never hit is refused, and one that no longer does says so. */
static void test_kprobes_off(void)
{
	struct victim v = victim_start("victim");
	int rc;

	kprobes("0");
	rc = ctl("arm id=off point=file-write tgid=%d action=return:EIO ttl_ms=9000", v.pid);
	CHECK(strstr(slurp("points"), "unavailable: kprobes are switched off"), "points: %s",
	      slurp("points"));
	kprobes("1");
	EXPECT(rc, ENOENT);
	CHECK(strstr(slurp("points"), "\tready\t"), "points: %s", slurp("points"));
	EXPECT(ctl("arm id=on point=file-write tgid=%d action=return:EIO ttl_ms=9000", v.pid), 0);
	EXPECT(rule_value("on", "hooked"), 1);
	kprobes("0");
	EXPECT(rule_value("on", "hooked"), 0);
	kprobes("1");
	EXPECT(victim_do(&v, OP_WRITE), EIO);
	victim_end(&v);
}

static void check_mode(const char *name, unsigned int want)
{
	char path[128];
	struct stat st = { 0 };

	snprintf(path, sizeof(path), DIR "%s", name);
	stat(path, &st);
	CHECK((st.st_mode & 07777) == want && !st.st_uid, "%s has mode %o", path, st.st_mode);
}

/* Which function each point took here, for whoever reads the log. */
static void say_points(const char *points)
{
	char name[32], symbol[64], state[400];

	for (const char *at = strchr(points, '\n'); at && at[1]; at = strchr(at + 1, '\n')) {
		if (sscanf(at + 1, "%31[^\t]\t%63[^\t]\t%399[^\t]", name, symbol, state) == 3)
			printf("# %s: %s, %s\n", name, symbol, state);
	}
}

static void test_files(void)
{
	static const char *const names[] = { "version", "points", "control",
					     "rules",   "events", "error" };
	const char *points;

	check_mode("", 0700);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		check_mode(names[i], 0600);

	CHECK(strstr(slurp("version"), " abi 1 aarch64\n"), "version: %s", slurp("version"));
	points = slurp("points");
	/* where a compiler put the first into its callers, the next one */
	CHECK(strstr(points, "\nfile-read\trw_verify_area\tready\treturn:VALUE\tEIO,") ||
		      strstr(points, "\nfile-read\tsecurity_file_permission\tready\t"),
	      "%s", points);
	CHECK(strstr(points, "\nvm-ioctl\tkvm_vm_ioctl\tready\t"), "%s", points);
	say_points(points);
	EXPECT(rules_count(), 0);
}

/* On a kernel that looks for leaks: none that came by the module. */
static void test_leaks(void)
{
	static char found[65536];
	int fd = open("/sys/kernel/debug/kmemleak", O_RDWR);
	ssize_t n = 0;

	if (fd < 0)
		return;
	/* what was only just left is not seen as such by the first scan */
	for (int scan = 0; scan < 2; scan++) {
		CHECK(write(fd, "scan", 4) == 4, "kmemleak: %s", strerror(errno));
		sleep(6);
	}
	lseek(fd, 0, SEEK_SET);
	n = read(fd, found, sizeof(found) - 1);
	found[n > 0 ? n : 0] = 0;
	close(fd);
	CHECK(!strstr(found, "faultdeck"), "%.200s", strstr(found, "faultdeck"));
}

static const struct test tests[] = {
	{ "files", test_files },
	{ "write-ways", test_write_ways },
	{ "read-ways", test_read_ways },
	{ "errnos", test_errnos },
	{ "read-is-not-write", test_read_is_not_write },
	{ "other-files-pass", test_other_files_pass },
	{ "files-all", test_files_all },
	{ "vm-ioctl", test_vm_ioctl },
	{ "tid", test_tid },
	{ "comm-waits", test_comm_waits },
	{ "inherit", test_inherit },
	{ "gate", test_gate },
	{ "ttl", test_ttl },
	{ "ttl-clock", test_ttl_clock },
	{ "ttl-suspend", test_ttl_suspend },
	{ "renew", test_renew },
	{ "reuse", test_reuse },
	{ "own-files-pass", test_own_files_pass },
	{ "kprobes-off", test_kprobes_off },
	{ "path", test_path },
	{ "offsets", test_offsets },
	{ "short", test_short },
	{ "after", test_after },
	{ "clone-regs", test_clone_regs },
	{ "clone-pc", test_clone_pc },
	{ "mm-fault", test_mm_fault },
	{ "mm-fault-oom", test_mm_fault_oom },
	{ "tlb-flush", test_tlb_flush },
	{ "reclaim", test_reclaim },
	{ "vcpu-regs", test_vcpu_regs },
	{ "vcpu-pc", test_vcpu_pc },
	{ "state-query", test_state_query },
	{ "state-frozen", test_state_frozen },
	{ "version-query", test_version_query },
	{ "memory-region", test_memory_region },
	{ "memory-hva", test_memory_hva },
	{ "dirty-log", test_dirty_log },
	{ "dirty-ring", test_dirty_ring },
	{ "stage2-flush", test_stage2_flush },
	{ "refusals", test_refusals },
	{ "noise", test_noise },
	{ "events-stream", test_events_stream },
	{ "events-overflow", test_events_overflow },
	{ "thousand-rules", test_thousand_rules },
	{ "times-smp", test_times_smp },
	{ "storm", test_storm },
	{ "hook-cycles", test_hook_cycles },
	{ "two-writers", test_two_writers },
	{ "unload", test_unload },
	{ "unavailable", test_unavailable },
	{ "heirs", test_heirs },
	{ "missed", test_missed },
	{ "missed-returns", test_missed_returns },
	{ "leaks", test_leaks },
};

int main(int argc, char **argv)
{
	const char *only = argc > 1 ? argv[argc - 1] : NULL;

	init_if_first();
	signal(SIGPIPE, SIG_IGN); /* of victims that were killed */
	setvbuf(stdout, NULL, _IOLBF, 0);
	selftest_module = getenv("MODULE");
	if (!selftest_module && !access("/faultdeck.ko", R_OK))
		selftest_module = "/faultdeck.ko";
	if (selftest_module && access(DIR "version", F_OK) && !selftest_load("")) {
		printf("Bail out! cannot load %s: %s\n", selftest_module, strerror(errno));
		return 2;
	}
	return tap_run(tests, sizeof(tests) / sizeof(tests[0]), only) ? 1 : 0;
}
