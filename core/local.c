// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * host = "local": the operator's own machine, without SSH. A command is a child in a process group
 * of its own, so that a time-out ends all of it. Its standard input is a socket: writing to a child
 * that is gone must not raise SIGPIPE in the program that we are part of.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "transport.h"

#define RUN_TIMEOUT_MS 10000

struct child {
	pid_t pid;
	int in, out, err; /* -1: closed */
};

struct local_chan {
	struct chan base;
	struct child child;
	struct local_chan *next;
};

struct local {
	struct transport base;
	struct local_chan *chans;
};

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int make_ends(int in[2], int out[2], int err[2])
{
	in[0] = in[1] = out[0] = out[1] = err[0] = err[1] = -1;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, in) || pipe2(out, O_CLOEXEC) ||
	    pipe2(err, O_CLOEXEC))
		return -errno;
	return 0;
}

static void in_child(const char *cmd, int in, int out, int err)
{
	sigset_t none;

	setpgid(0, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
		_exit(127);
	execl("/bin/sh", "sh", "-c", cmd, (char *)NULL);
	_exit(127);
}

static int spawn(const char *cmd, struct child *c, struct err *e)
{
	int in[2], out[2], err[2];
	int r = make_ends(in, out, err);

	c->pid = r ? -1 : fork();
	if (c->pid == 0)
		in_child(cmd, in[0], out[1], err[1]);
	if (!r && c->pid < 0)
		r = -errno;
	close_fd(&in[0]);
	close_fd(&out[1]);
	close_fd(&err[1]);
	c->in = in[1];
	c->out = out[0];
	c->err = err[0];
	if (!r)
		return 0;
	close_fd(&c->in);
	close_fd(&c->out);
	close_fd(&c->err);
	return err_set(e, r, "a command cannot be started: %s", strerror(-r));
}

/* Ends the whole group and takes the status; 128 + signal. */
static int reap(struct child *c, bool stop)
{
	int st = 0;

	close_fd(&c->in);
	close_fd(&c->out);
	close_fd(&c->err);
	if (stop)
		kill(-c->pid, SIGKILL);
	while (waitpid(c->pid, &st, 0) < 0 && errno == EINTR)
		;
	return WIFSIGNALED(st) ? 128 + WTERMSIG(st) : WEXITSTATUS(st);
}

static int wait_ms(int64_t end)
{
	int64_t left = end - now_boot_ms();

	return left > 0 ? (int)left : 0;
}

/* Some of DATA to the child; a child that reads no more is not an error of ours. */
static void feed(struct child *c, const char *data, size_t n, size_t *sent)
{
	ssize_t k =
		*sent < n ? send(c->in, data + *sent, n - *sent, MSG_NOSIGNAL | MSG_DONTWAIT) : 0;

	if (k > 0)
		*sent += (size_t)k;
	if (*sent == n || (k < 0 && errno != EAGAIN && errno != EINTR))
		close_fd(&c->in);
}

/* What FD has, to B (NULL: nowhere); closes it at its end. */
static int drain(int *fd, struct buf *b, struct err *e)
{
	char chunk[16384];
	ssize_t n = read(*fd, chunk, sizeof(chunk));

	if (n > 0 && b && buf_add(b, chunk, (size_t)n))
		return err_set(e, -EMSGSIZE, "the answer is larger than %zu bytes", b->max);
	if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
		close_fd(fd);
	return 0;
}

struct job_io {
	const struct transport_cmd *c;
	struct buf *out, *err;
	size_t sent;
	int64_t end;
};

static int pump(struct child *ch, struct job_io *io, struct err *e)
{
	struct pollfd p[3];
	int n, r = 0;

	while (ch->out >= 0 || ch->err >= 0) {
		p[0] = (struct pollfd){ .fd = ch->in, .events = POLLOUT };
		p[1] = (struct pollfd){ .fd = ch->out, .events = POLLIN };
		p[2] = (struct pollfd){ .fd = ch->err, .events = POLLIN };
		n = poll(p, 3, wait_ms(io->end));
		if (n < 0 && errno != EINTR)
			return err_set(e, -errno, "poll: %s", strerror(errno));
		if (n == 0)
			return err_set(e, -ETIMEDOUT, "the command did not end in time");
		if (p[0].revents)
			feed(ch, io->c->in, io->c->in_len, &io->sent);
		if (p[1].revents)
			r = drain(&ch->out, io->out, e);
		if (!r && p[2].revents)
			r = drain(&ch->err, io->err, e);
		if (r)
			return r;
	}
	return 0;
}

static int local_run(struct transport *t, const struct transport_cmd *c, struct buf *out,
		     struct buf *errout, int *status, struct err *e)
{
	struct job_io io = { .c = c, .out = out, .err = errout };
	struct child ch;
	int r = spawn(c->cmd, &ch, e);

	(void)t;
	if (r)
		return r;
	io.end = now_boot_ms() + (c->timeout_ms ? c->timeout_ms : RUN_TIMEOUT_MS);
	if (!c->in_len)
		close_fd(&ch.in);
	r = pump(&ch, &io, e);
	*status = reap(&ch, r != 0);
	return r;
}

static int local_chan_open(struct transport *t, const char *cmd, struct chan **out, struct err *e)
{
	struct local *l = (struct local *)t;
	struct local_chan *c = calloc(1, sizeof(*c));
	struct buf quiet = BUF_INIT(1u << 20);
	int r;

	buf_fmt(&quiet, "exec 2>/dev/null; %s", cmd);
	if (!c || quiet.broken)
		r = err_set(e, -ENOMEM, "out of memory");
	else
		r = spawn(quiet.data, &c->child, e);
	buf_free(&quiet);
	if (r) {
		free(c);
		return r;
	}
	close_fd(&c->child.err);
	c->base.t = t;
	c->next = l->chans;
	l->chans = c;
	*out = &c->base;
	return 0;
}

static int local_chan_write(struct chan *ch, const void *data, size_t n, int timeout_ms,
			    struct err *e)
{
	struct local_chan *c = (struct local_chan *)ch;
	int64_t end = now_boot_ms() + timeout_ms;
	struct pollfd p = { .fd = c->child.in, .events = POLLOUT };
	const char *d = data;

	while (n) {
		ssize_t k = send(c->child.in, d, n, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (k > 0) {
			d += k;
			n -= (size_t)k;
		} else if (errno != EAGAIN && errno != EINTR) {
			return err_set(e, -EPIPE, "the command has ended");
		} else if (poll(&p, 1, wait_ms(end)) == 0) {
			return err_set(e, -ETIMEDOUT, "the command does not take its input");
		}
	}
	return 0;
}

static int local_chan_read(struct chan *ch, struct buf *b, int timeout_ms, struct err *e)
{
	struct local_chan *c = (struct local_chan *)ch;
	struct pollfd p = { .fd = c->child.out, .events = POLLIN };
	size_t was = b->len;
	int n = c->child.out < 0 ? 1 : poll(&p, 1, timeout_ms);

	if (n == 0 || (n < 0 && errno == EINTR))
		return err_set(e, -ETIMEDOUT, "no answer");
	if (c->child.out >= 0 && drain(&c->child.out, b, e))
		return -EMSGSIZE;
	return b->len > was ? 0 : err_set(e, -EPIPE, "the command has ended");
}

static void local_chan_close(struct chan *ch)
{
	struct local_chan *c = (struct local_chan *)ch;
	struct local *l = (struct local *)ch->t;

	for (struct local_chan **p = &l->chans; *p; p = &(*p)->next) {
		if (*p == c) {
			*p = c->next;
			break;
		}
	}
	reap(&c->child, true);
	free(c);
}

static void local_close(struct transport *t)
{
	struct local *l = (struct local *)t;

	while (l->chans)
		local_chan_close(&l->chans->base);
	free(l);
}

static const struct transport_ops local_ops = {
	.run = local_run,
	.chan_open = local_chan_open,
	.chan_write = local_chan_write,
	.chan_read = local_chan_read,
	.chan_close = local_chan_close,
	.close = local_close,
};

int transport_local(struct transport **out, struct err *e)
{
	struct local *l = calloc(1, sizeof(*l));

	if (!l)
		return err_set(e, -ENOMEM, "out of memory");
	l->base.ops = &local_ops;
	*out = &l->base;
	return 0;
}
