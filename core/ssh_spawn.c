// SPDX-License-Identifier: GPL-2.0-or-later
#include "ssh_spawn.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <unistd.h>

void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

int sh_pair(int ends[2])
{
	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) ? -errno : 0;
}

static int set_attr(posix_spawnattr_t *a)
{
	sigset_t none, all;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_setsigmask(a, &none);
	posix_spawnattr_setsigdefault(a, &all);
	return posix_spawnattr_setflags(a, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK |
						   POSIX_SPAWN_SETSIGDEF);
}

int sh_spawn(const char *cmd, int in, int out, int err, pid_t *pid)
{
	const char *argv[] = { "sh", "-c", cmd, NULL };
	const int from[] = { in, out, err };
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t attr;
	int r;

	r = posix_spawn_file_actions_init(&fa);
	if (r)
		return -r;
	r = posix_spawnattr_init(&attr);
	if (r)
		goto out_fa;
	r = set_attr(&attr);
	for (int i = 0; !r && i < 3; i++)
		r = posix_spawn_file_actions_adddup2(&fa, from[i], i);
	if (!r)
		r = posix_spawn(pid, "/bin/sh", &fa, &attr, (char *const *)argv, environ);
	posix_spawnattr_destroy(&attr);
out_fa:
	posix_spawn_file_actions_destroy(&fa);
	return -r;
}
