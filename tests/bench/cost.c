// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The first process of a machine whose clock counts instructions (tests/bench/icount): what a
 * 1-byte read of /dev/zero costs, in instructions, with and without the module. Prints "NAME
 * MINIMUM MEDIAN".
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CONTROL "/sys/kernel/debug/faultdeck/control"
enum { READS = 64, BATCHES = 300 }; /* the clock steps by 16 instructions: batches */

static uint64_t count(void)
{
	uint64_t v;

	__asm__ volatile("isb; mrs %0, cntvct_el0; isb" : "=r"(v));
	return v;
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void measure(const char *name)
{
	static uint64_t batch[BATCHES];
	uint64_t hz;
	int fd = open("/dev/zero", O_RDONLY);
	ssize_t n = 0;
	char c;

	__asm__("mrs %0, cntfrq_el0" : "=r"(hz));
	for (int i = 0; i < 2000; i++)
		n += read(fd, &c, 1);
	for (int i = 0; i < BATCHES; i++) {
		uint64_t from = count();

		for (int k = 0; k < READS; k++)
			n += read(fd, &c, 1);
		batch[i] = count() - from;
	}
	close(fd);
	qsort(batch, BATCHES, sizeof(*batch), by_value);
	double scale = 1e9 / (double)hz / READS;

	printf("COST %s %.0f %.0f\n", name, (double)batch[0] * scale,
	       (double)batch[BATCHES / 2] * scale);
	(void)n;
}

static void load(const char *file, const char *params)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);

	if (syscall(SYS_finit_module, fd, params, 0))
		perror(file);
	close(fd);
}

static void unload(const char *name)
{
	if (syscall(SYS_delete_module, name, 0))
		perror(name);
}

static void control(const char *line)
{
	int fd = open(CONTROL, O_WRONLY);

	if (write(fd, line, strlen(line)) < 0)
		perror(line);
	close(fd);
}

/* Some process that is not we. */
static pid_t another(void)
{
	pid_t pid = fork();

	while (!pid)
		pause();
	return pid;
}

static void arm(const char *name, const char *rule, pid_t pid)
{
	char line[256];

	snprintf(line, sizeof(line), "arm id=b tgid=%d ttl_ms=600000 %s", pid, rule);
	control(line);
	measure(name);
	control("disarm all");
}

int main(void)
{
	pid_t other, child;

	mkdir("/dev", 0755);
	mkdir("/sys", 0755);
	mount("dev", "/dev", "devtmpfs", 0, NULL);
	mount("sys", "/sys", "sysfs", 0, NULL);
	mount("debug", "/sys/kernel/debug", "debugfs", 0, NULL);
	for (int i = 0; i < 3; i++) {
		close(i);
		open("/dev/console", O_RDWR);
	}
	other = another();
	child = fork(); /* the first process may not be a target */
	if (child) {
		for (;;)
			pause();
	}
	measure("none");
	load("/empty_kprobe.ko", "symbol=rw_verify_area");
	measure("empty-kprobe");
	unload("empty_kprobe");
	load("/faultdeck.ko", "");
	measure("unarmed");
	arm("other", "point=file-read files=all action=return:EIO", other);
	/* the writer may not be one either: a child writes for us */
	for (int hit = 0; hit < 2; hit++) {
		pid_t target = getpid();
		char line[256];
		int status;

		child = fork();
		if (!child) {
			snprintf(line, sizeof(line),
				 "arm id=own point=file-read files=all action=return:EIO "
				 "probability=%d ttl_ms=600000 tgid=%d",
				 hit ? 100 : 0, target);
			control(line);
			_exit(0);
		}
		while (syscall(SYS_wait4, child, &status, 0, NULL) != child)
			;
		measure(hit ? "target-hit" : "target-passes");
		control("disarm all");
	}
	unload("faultdeck");
	measure("none-again");
	reboot(RB_POWER_OFF);
	return 0;
}
