/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The whole user-space of a guest. Once a second each disk that is switched on gets a block written
 * and read back past every cache, and the console one line: NAME SEQUENCE DISK write RESULT read
 * RESULT, RESULT being ok, an errno's name, short, or (of a read after a good write) stale. Told
 * "vdb on" or "vdb off" on its console, it starts or stops with vdb. Told "sum on", it computes all
 * the time, writes memory, and says NAME SEQUENCE sum RESULT: bad, where a register was not kept.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { BLOCK = 4096, BLOCKS = 1024 };

struct disk {
	const char *name;
	volatile bool on;
};

static char guest[64] = "guest";
static struct disk disks[] = { { "vda", true }, { "vdb", false } };
static struct disk sum = { "sum", false };

static void load_modules(void)
{
	char name[64], path[96];
	FILE *order = fopen("/modules/order", "re");

	while (order && fscanf(order, "%63s", name) == 1) {
		snprintf(path, sizeof path, "/modules/%s", name);
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || syscall(SYS_finit_module, fd, "", 0) < 0)
			printf("%s: %s\n", path, strerror(errno));
		close(fd);
	}
	if (order)
		fclose(order);
}

static void read_name(void)
{
	char line[2048] = "";
	FILE *cmdline = fopen("/proc/cmdline", "re");

	if (cmdline && fgets(line, sizeof line, cmdline)) {
		char *word = strstr(line, "fdlab.name=");
		if (word)
			sscanf(word, "fdlab.name=%63s", guest);
	}
	if (cmdline)
		fclose(cmdline);
}

/* What we are told is not to stand between what we say, and a line ends as lines do. */
static void plain_tty(void)
{
	struct termios tty;

	if (tcgetattr(STDIN_FILENO, &tty))
		return;
	tty.c_oflag &= ~(tcflag_t)ONLCR;
	tty.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
	tcsetattr(STDIN_FILENO, TCSANOW, &tty);
}

static const char *result(ssize_t n)
{
	if (n == BLOCK)
		return "ok";
	return n < 0 ? strerrorname_np(errno) : "short";
}

static void exercise(const struct disk *d, int fd, unsigned seq, char *out, char *in)
{
	off_t at = (off_t)(seq % BLOCKS) * BLOCK;
	const char *wrote, *got;
	ssize_t n;

	memset(out, 0, BLOCK);
	snprintf(out, BLOCK, "%s %s %u", guest, d->name, seq);
	n = pwrite(fd, out, BLOCK, at);
	wrote = result(n);
	bool good = n == BLOCK;
	n = pread(fd, in, BLOCK, at);
	got = result(n);
	if (good && n == BLOCK && memcmp(in, out, BLOCK))
		got = "stale";
	dprintf(STDOUT_FILENO, "%s %u %s write %s read %s\n", guest, seq, d->name, wrote, got);
}

static void *work(void *arg)
{
	struct disk *d = arg;
	struct timespec now, next;
	char path[32];
	char *out = aligned_alloc(BLOCK, BLOCK), *in = aligned_alloc(BLOCK, BLOCK);

	snprintf(path, sizeof path, "/dev/%s", d->name);
	int fd = open(path, O_RDWR | O_DIRECT | O_DSYNC | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	clock_gettime(CLOCK_MONOTONIC, &next);
	for (unsigned seq = 1;;) {
		if (d->on)
			exercise(d, fd, seq++, out, in);
		next.tv_sec++;
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (now.tv_sec > next.tv_sec)
			next = now; /* after a pause: no burst to catch up */
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
	}
}

/* About a second in which X9 has one value, which is compared all the while. */
static bool compute(void)
{
	unsigned long different;

	__asm__ volatile("	mov	x9, #0xc0de\n"
			 "	mov	x11, x9\n"
			 "	mov	x13, #0\n"
			 "	mov	x10, #0x1000000\n"
			 "1:	eor	x12, x9, x11\n"
			 "	orr	x13, x13, x12\n"
			 "	subs	x10, x10, #1\n"
			 "	b.ne	1b\n"
			 "	mov	%0, x13\n"
			 : "=r"(different)
			 :
			 : "x9", "x10", "x11", "x12", "x13", "cc");
	return !different;
}

static void *sums(void *unused)
{
	static char written[1 << 20];

	for (unsigned seq = 1;;) {
		while (!sum.on)
			usleep(100000);
		bool good = compute();
		memset(written, (int)seq, sizeof written);
		dprintf(STDOUT_FILENO, "%s %u sum %s\n", guest, seq++, good ? "ok" : "bad");
	}
	return unused;
}

static void obey(void)
{
	char name[8], word[8];

	for (;;) {
		if (scanf(" %7s %7s", name, word) != 2) {
			clearerr(stdin);
			sleep(1);
			continue;
		}
		for (size_t i = 0; i < sizeof disks / sizeof *disks; i++)
			if (!strcmp(disks[i].name, name))
				disks[i].on = !strcmp(word, "on");
		if (!strcmp(sum.name, name))
			sum.on = !strcmp(word, "on");
	}
}

int main(void)
{
	pthread_t thread;

	mkdir("/proc", 0755);
	mkdir("/dev", 0755);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("dev", "/dev", "devtmpfs", 0, NULL);
	klogctl(8, NULL,
		1); /* the kernel's own words about failed I/O would break into our lines */
	setvbuf(stdout, NULL, _IOLBF, 0);
	plain_tty();
	load_modules();
	read_name();
	printf("%s up\n", guest);
	for (size_t i = 0; i < sizeof disks / sizeof *disks; i++)
		pthread_create(&thread, NULL, work, &disks[i]);
	pthread_create(&thread, NULL, sums, NULL);
	obey();
}
