/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A process to be hit: told through a pipe what to do, it answers with the errno it got. */
#ifndef VICTIM_H
#define VICTIM_H

#include <sys/types.h>

#define VICTIM_OPS(X)                                                                              \
	X(WRITE, "write")                                                                          \
	X(PWRITE, "pwrite")                                                                        \
	X(WRITEV, "writev")                                                                        \
	X(PWRITEV, "pwritev")                                                                      \
	X(AIO_WRITE, "aio-write")                                                                  \
	X(URING_WRITE, "io_uring-write")                                                           \
	X(URING_WRITE_ASYNC, "io_uring-write-async")                                               \
	X(READ, "read")                                                                            \
	X(PREAD, "pread")                                                                          \
	X(READV, "readv")                                                                          \
	X(PREADV, "preadv")                                                                        \
	X(SENDFILE, "sendfile")                                                                    \
	X(AIO_READ, "aio-read")                                                                    \
	X(URING_READ, "io_uring-read")                                                             \
	X(URING_READ_ASYNC, "io_uring-read-async")                                                 \
	X(PIPE, "pipe-write")                                                                      \
	X(EVENTFD, "eventfd-write")                                                                \
	X(NULLDEV, "/dev/null-write")                                                              \
	X(SOCKET, "socket-write")                                                                  \
	X(BLOCK, "block-device-write")                                                             \
	X(VCPU, "KVM_CREATE_VCPU")                                                                 \
	X(CHECK, "KVM_CHECK_EXTENSION")                                                            \
	X(DEVICE, "KVM_CREATE_DEVICE")                                                             \
	X(THREAD_WRITE, "thread-write")                                                            \
	X(CHILD_WRITE, "child-write")                                                              \
	X(ORPHAN_WRITE, "orphan-write")

#define VICTIM_ENUM(sym, name) OP_##sym,
enum victim_op { VICTIM_OPS(VICTIM_ENUM) OP_N };

#define OP_FIRST_WRITE OP_WRITE
#define OP_LAST_WRITE  OP_URING_WRITE_ASYNC
#define OP_FIRST_READ  OP_READ
#define OP_LAST_READ   OP_URING_READ_ASYNC

extern const char *const victim_op_names[];

struct victim {
	pid_t pid;
	pid_t thread; /* of OP_THREAD_WRITE */
	int ask, answer;
};

/* ENOSYS-like answers that say "not on this machine". */
#define VICTIM_CANNOT 9999

struct victim victim_start(const char *comm);
int victim_do(const struct victim *v, enum victim_op op); /* 0 or an errno */
void victim_end(struct victim *v);

#endif
