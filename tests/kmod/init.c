// SPDX-License-Identifier: GPL-2.0-or-later
/* The test as a machine's first process: mounts what it needs, runs the rest in a child. */
#define _GNU_SOURCE
#include "init.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void mount_at(const char *type, const char *dir)
{
	mkdir(dir, 0755);
	if (mount(type, dir, type, 0, NULL))
		perror(dir);
}

static void load(const char *file)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);

	if (syscall(SYS_finit_module, fd, "rd_size=16384", 0))
		perror(file);
	close(fd);
}

static void set_up(void)
{
	mount_at("devtmpfs", "/dev");
	mount_at("proc", "/proc");
	mount_at("sysfs", "/sys");
	mount_at("debugfs", "/sys/kernel/debug");
	mount_at("tmpfs", "/tmp");
	for (int i = 0; i < 3; i++) {
		close(i);
		open("/dev/console", O_RDWR);
	}
	load("/brd.ko");
}

void init_if_first(void)
{
	pid_t child, ended;

	if (getpid() != 1)
		return;
	set_up();
	child = fork();
	if (!child)
		return;
	do {
		ended = wait(NULL);
	} while (ended != child);
	sync();
	reboot(RB_POWER_OFF);
}
