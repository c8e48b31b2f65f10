// SPDX-License-Identifier: GPL-2.0-or-later
/* What a victim does: every way to read and write, and KVM's ioctls. */
#define _GNU_SOURCE
#include "victim.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/io_uring.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define VICTIM_NAME(sym, name) name,
const char *const victim_op_names[] = { VICTIM_OPS(VICTIM_NAME) };

static char path[64];
static char bytes[512] = "abcdefgh";
static int vm = -1;
static volatile pid_t thread_tid;
static int thread_ask[2], thread_answer[2];

static int result(ssize_t n)
{
	return n < 0 ? errno : 0;
}

static int plain_write(int fd)
{
	return result(write(fd, bytes, 8));
}

static int vector(int fd, enum victim_op op)
{
	struct iovec iov[2] = { { bytes, 4 }, { bytes + 4, 4 } };

	switch (op) {
	case OP_WRITEV:
		return result(writev(fd, iov, 2));
	case OP_PWRITEV:
		return result(pwritev(fd, iov, 2, 0));
	case OP_READV:
		return result(readv(fd, iov, 2));
	default:
		return result(preadv(fd, iov, 2, 0));
	}
}

static int aio(int fd, bool write)
{
	struct iocb cb = { .aio_fildes = (uint32_t)fd,
			   .aio_lio_opcode = write ? IOCB_CMD_PWRITE : IOCB_CMD_PREAD,
			   .aio_buf = (uintptr_t)bytes,
			   .aio_nbytes = 8 };
	struct iocb *cbs[] = { &cb };
	struct io_event ev = { 0 };
	aio_context_t ctx = 0;
	long rc;
	int err = 0;

	if (syscall(SYS_io_setup, 1, &ctx) < 0)
		return VICTIM_CANNOT;
	rc = syscall(SYS_io_submit, ctx, 1, cbs);
	if (rc < 0)
		err = errno;
	else if (syscall(SYS_io_getevents, ctx, 1, 1, &ev, NULL) == 1 && ev.res < 0)
		err = (int)-ev.res;
	syscall(SYS_io_destroy, ctx);
	return err;
}

static int uring_run(int ring, const struct io_uring_params *p, const struct io_uring_sqe *want)
{
	size_t sq_len = p->sq_off.array + p->sq_entries * 4;
	size_t cq_len = p->cq_off.cqes + p->cq_entries * sizeof(struct io_uring_cqe);
	char *sq = mmap(NULL, sq_len, 3, MAP_SHARED, ring, IORING_OFF_SQ_RING);
	char *cq = mmap(NULL, cq_len, 3, MAP_SHARED, ring, IORING_OFF_CQ_RING);
	struct io_uring_sqe *sqe = mmap(NULL, 4096, 3, MAP_SHARED, ring, IORING_OFF_SQES);
	int res;

	*sqe = *want;
	*(uint32_t *)(sq + p->sq_off.array) = 0;
	__atomic_store_n((uint32_t *)(sq + p->sq_off.tail), 1, __ATOMIC_RELEASE);
	while (syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0 &&
	       errno == EINTR)
		;
	res = ((struct io_uring_cqe *)(cq + p->cq_off.cqes))->res;
	munmap(sq, sq_len);
	munmap(cq, cq_len);
	munmap(sqe, 4096);
	return res < 0 ? -res : 0;
}

static int uring(int fd, bool write, bool async)
{
	struct io_uring_params p = { 0 };
	struct io_uring_sqe sqe = { .opcode = write ? IORING_OP_WRITE : IORING_OP_READ,
				    .flags = async ? IOSQE_ASYNC : 0,
				    .fd = fd,
				    .addr = (uintptr_t)bytes,
				    .len = 8 };
	int ring = (int)syscall(SYS_io_uring_setup, 1, &p);
	int err;

	if (ring < 0)
		return VICTIM_CANNOT;
	err = uring_run(ring, &p, &sqe);
	close(ring);
	return err;
}

static int do_sendfile(int fd)
{
	int out = open("/dev/null", O_WRONLY);
	int err = result(sendfile(out, fd, NULL, 8));

	close(out);
	return err;
}

static int on_file(enum victim_op op)
{
	int fd = open(path, O_RDWR);
	int err;

	if (fd < 0)
		return VICTIM_CANNOT;
	if (op == OP_WRITE)
		err = plain_write(fd);
	else if (op == OP_READ)
		err = result(read(fd, bytes, 8));
	else if (op == OP_PWRITE)
		err = result(pwrite(fd, bytes, 8, 0));
	else if (op == OP_PREAD)
		err = result(pread(fd, bytes, 8, 0));
	else if (op == OP_AIO_WRITE || op == OP_AIO_READ)
		err = aio(fd, op == OP_AIO_WRITE);
	else if (op == OP_SENDFILE)
		err = do_sendfile(fd);
	else if (op == OP_URING_WRITE || op == OP_URING_WRITE_ASYNC)
		err = uring(fd, true, op == OP_URING_WRITE_ASYNC);
	else if (op == OP_URING_READ || op == OP_URING_READ_ASYNC)
		err = uring(fd, false, op == OP_URING_READ_ASYNC);
	else
		err = vector(fd, op);
	close(fd);
	return err;
}

static int on_other(enum victim_op op)
{
	int fd[2] = { -1, -1 };
	int err;

	if (op == OP_PIPE && pipe(fd))
		return VICTIM_CANNOT;
	if (op == OP_SOCKET && socketpair(AF_UNIX, SOCK_STREAM, 0, fd))
		return VICTIM_CANNOT;
	if (op == OP_EVENTFD)
		fd[1] = eventfd(0, 0);
	if (op == OP_NULLDEV)
		fd[1] = open("/dev/null", O_WRONLY);
	if (op == OP_BLOCK)
		fd[1] = open("/dev/ram0", O_WRONLY);
	if (fd[1] < 0)
		return VICTIM_CANNOT;
	memset(bytes, 0, 8);
	err = result(write(fd[1], bytes, op == OP_BLOCK ? 512 : 8));
	close(fd[0]);
	close(fd[1]);
	return err;
}

static int on_vm(enum victim_op op)
{
	struct kvm_create_device dev = { .type = 9999 };
	static unsigned long next;

	if (vm < 0)
		return VICTIM_CANNOT;
	if (op == OP_CHECK)
		return result(ioctl(vm, KVM_CHECK_EXTENSION, KVM_CAP_USER_MEMORY));
	if (op == OP_DEVICE)
		return result(ioctl(vm, KVM_CREATE_DEVICE, &dev));
	return result(ioctl(vm, KVM_CREATE_VCPU, next++));
}

static void *thread_main(void *unused)
{
	char c;

	(void)unused;
	thread_tid = (pid_t)syscall(SYS_gettid);
	while (read(thread_ask[0], &c, 1) == 1) {
		int err = on_file(OP_WRITE);

		if (write(thread_answer[1], &err, sizeof(err)) < 0)
			break;
	}
	return NULL;
}

static int by_thread(void)
{
	int err = VICTIM_CANNOT;

	if (write(thread_ask[1], "x", 1) < 0 || read(thread_answer[0], &err, sizeof(err)) < 0)
		return VICTIM_CANNOT;
	return err;
}

/* A child writes; an orphan's parent is gone by then. */
static int by_child(bool orphan)
{
	int p[2], err = VICTIM_CANNOT;
	pid_t child, parent = 0;

	if (pipe(p))
		return VICTIM_CANNOT;
	child = fork();
	if (!child)
		parent = getpid();
	if (!child && (!orphan || !fork())) {
		while (orphan && getppid() == parent)
			usleep(1000);
		err = on_file(OP_WRITE);
		_exit(write(p[1], &err, sizeof(err)) < 0);
	}
	if (!child)
		_exit(0);
	waitpid(child, NULL, 0);
	if (read(p[0], &err, sizeof(err)) < 0)
		err = errno;
	close(p[0]);
	close(p[1]);
	return err;
}

static int act(enum victim_op op)
{
	if (op <= OP_LAST_READ)
		return on_file(op);
	if (op <= OP_BLOCK)
		return on_other(op);
	if (op <= OP_DEVICE)
		return on_vm(op);
	if (op == OP_THREAD_WRITE)
		return by_thread();
	return by_child(op == OP_ORPHAN_WRITE);
}

static void open_vm(void)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	vm = kvm < 0 ? -1 : ioctl(kvm, KVM_CREATE_VM, 0);
}

static void victim_main(const char *comm, int ask, int answer)
{
	pthread_t thread;
	unsigned char op;
	int fd;

	prctl(PR_SET_NAME, comm);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	snprintf(path, sizeof(path), "/tmp/victim-%d", getpid());
	fd = open(path, O_RDWR | O_CREAT, 0600);
	if (fd < 0 || plain_write(fd) || pipe(thread_ask) || pipe(thread_answer))
		_exit(1);
	close(fd);
	open_vm();
	pthread_create(&thread, NULL, thread_main, NULL);
	while (!thread_tid)
		usleep(1000);
	for (int err = (int)thread_tid; write(answer, &err, sizeof(err)) > 0;) {
		if (read(ask, &op, 1) != 1)
			break;
		err = act(op);
	}
	unlink(path);
	_exit(0);
}

struct victim victim_start(const char *comm)
{
	struct victim v;
	int ask[2], answer[2], tid;

	if (pipe2(ask, O_CLOEXEC) || pipe2(answer, O_CLOEXEC))
		exit(1);
	v.pid = fork();
	if (!v.pid) {
		close(ask[1]);
		close(answer[0]);
		victim_main(comm, ask[0], answer[1]);
	}
	close(ask[0]);
	close(answer[1]);
	v.ask = ask[1];
	v.answer = answer[0];
	if (read(v.answer, &tid, sizeof(tid)) != sizeof(tid))
		exit(1);
	v.thread = tid;
	return v;
}

int victim_do(const struct victim *v, enum victim_op op)
{
	unsigned char c = (unsigned char)op;
	int err;

	if (write(v->ask, &c, 1) != 1 || read(v->answer, &err, sizeof(err)) != sizeof(err))
		return VICTIM_CANNOT;
	return err;
}

void victim_end(struct victim *v)
{
	close(v->ask);
	close(v->answer);
	if (v->pid > 0) {
		kill(v->pid, SIGKILL);
		waitpid(v->pid, NULL, 0);
	}
	v->pid = 0;
}
