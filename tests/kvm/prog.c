// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A program to be hit on an emulated host: does one thing five times a second, and says what came
 * of it. prog fork | touch | stale | guest | read FILE
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "../kmod/guest.h"

#define PAGES 64

static const char *file;
static sigjmp_buf jump;
static char *mapped;
static volatile int looked_page, seen, looks;

static int do_fork(void)
{
	int status = 0;
	pid_t child = fork();

	if (!child)
		_exit(7);
	waitpid(child, &status, 0);
	if (WIFSIGNALED(status))
		return printf("fork %s\n", sigabbrev_np(WTERMSIG(status)));
	return printf("fork %s\n", WEXITSTATUS(status) == 7 ? "ok" : "wrong");
}

static void on_signal(int sig)
{
	siglongjmp(jump, sig);
}

/* A new page, always at the same address: a fault may be told to mean no other. */
static int do_touch(void)
{
	char *fresh = mmap((void *)0x10000000, 4096, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	int sig;

	signal(SIGBUS, on_signal);
	signal(SIGSEGV, on_signal);
	sig = sigsetjmp(jump, 1);
	if (!sig)
		fresh[0] = 1;
	munmap(fresh, 4096);
	return printf("touch %s\n", sig ? sigabbrev_np(sig) : "ok");
}

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

static void wait_looks(void)
{
	for (int from = looks; looks - from < 1000;)
		;
}

/* A private mapping of a file: the first write gives the page a copy, which the other thread sees.
 */
static int do_stale(void)
{
	static int page = PAGES;
	pthread_t thread;

	if (!mapped) {
		int fd = memfd_create("stale", MFD_CLOEXEC);

		stay_on(0);
		if (ftruncate(fd, PAGES * 4096))
			return -1;
		mapped = mmap(NULL, PAGES * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
		pthread_create(&thread, NULL, look, NULL);
	}
	if (page == PAGES)
		madvise(mapped, PAGES * 4096, MADV_DONTNEED);
	page = page % PAGES;
	looked_page = page;
	wait_looks();
	mapped[page++ * 4096] = 1;
	wait_looks();
	return printf("stale %s\n", seen ? "no" : "yes");
}

/* Another page is put behind a guest's address: which one does the guest read? */
static int do_guest(void)
{
	static uint64_t value;

	if (!value && (guest_make(GUEST_SPIN, 0) || guest_spin()))
		return -1;
	value++;
	return printf("guest %s\n", guest_replace(GUEST_READ, value) == value ? "new" : "old");
}

static int do_read(void)
{
	static char buf[1 << 16];
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		;
	close(fd);
	return printf("read %s\n", n ? strerrorname_np(errno) : "ok");
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(void);
	} modes[] = { { "fork", do_fork },
		      { "touch", do_touch },
		      { "stale", do_stale },
		      { "guest", do_guest },
		      { "read", do_read } };

	file = argc > 2 ? argv[2] : "";
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (size_t i = 0; argc > 1 && i < sizeof(modes) / sizeof(*modes); i++) {
		while (!strcmp(modes[i].name, argv[1])) {
			if (modes[i].run() < 0)
				return 1;
			usleep(200000);
		}
	}
	return 2;
}
