/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_SSH_SPAWN_H
#define CORE_SSH_SPAWN_H
/* The one place where core starts a program: a local command, the proxy of a jump host. */
#include <sys/types.h>

/*
 * Starts `sh -c CMD` with these standard descriptors, in a session of its own: no terminal that it
 * could ask on, and kill(-pid) ends all that it started. 0 or a negative errno.
 */
int sh_spawn(const char *cmd, int in, int out, int err, pid_t *pid);
/*
 * A stream socket pair, both ends close-on-exec: writing to a dead child must raise no SIGPIPE in
 * the program that we are part of.
 */
int sh_pair(int ends[2]);
/* Takes -1, and leaves -1. */
void close_fd(int *fd);

#endif
