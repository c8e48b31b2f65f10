// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * host = "local": the operator's own machine, without SSH. A command is a child in a process group
 * of its own, so that a time-out ends all of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ssh_spawn.h"
#include "transport.h"

#define RUN_TIMEOUT_MS 10000
#define CHUNK          16384

struct child {
	pid_t pid;
	int in, out, err; /* our ends; -1: closed */
	int pidfd;
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

/* ---- a child ---- */

static int open_ends(int in[2], int out[2], int err[2], bool quiet)
{
	const int r = sh_pair(in);

	if (r)
		return r;
	if (pipe2(out, O_CLOEXEC))
		return -errno;
	if (!quiet)
		return pipe2(err, O_CLOEXEC) ? -errno : 0;
	err[1] = open("/dev/null", O_WRONLY | O_CLOEXEC);
	return err[1] < 0 ? -errno : 0;
}

static void child_close(struct child *c)
{
	close_fd(&c->in);
	close_fd(&c->out);
	close_fd(&c->err);
	close_fd(&c->pidfd);
}

/* Takes the child's status; it has ended, or is about to. 128 + signal. */
static int child_reap(struct child *c)
{
	int st = 0;

	child_close(c);
	while (waitpid(c->pid, &st, 0) < 0 && errno == EINTR)
		;
	return WIFSIGNALED(st) ? 128 + WTERMSIG(st) : WEXITSTATUS(st);
}

static void child_kill(struct child *c)
{
	kill(-c->pid, SIGKILL);
	child_reap(c);
}

static int child_start(const char *cmd, bool quiet, struct child *c, struct err *e)
{
	int in[2] = { -1, -1 }, out[2] = { -1, -1 }, err[2] = { -1, -1 };
	int r = open_ends(in, out, err, quiet);
	pid_t pid = 0;

	if (!r)
		r = sh_spawn(cmd, in[0], out[1], err[1], &pid);
	close_fd(&in[0]);
	close_fd(&out[1]);
	close_fd(&err[1]);
	*c = (struct child){ .pid = pid, .in = in[1], .out = out[0], .err = err[0] };
	c->pidfd = -1;
	if (r) {
		child_close(c);
		return err_set(e, r, "a command cannot be started: %s", strerror(-r));
	}
	c->pidfd = pidfd_open(c->pid, 0);
	if (c->pidfd >= 0)
		return 0;
	r = -errno;
	child_kill(c);
	return err_set(e, r, "a command cannot be watched: %s", strerror(-r));
}

/* ---- moving bytes ---- */

static int wait_ms(int64_t end)
{
	const int64_t left = end - now_boot_ms();

	return left > 0 ? (int)left : 0;
}

/* Some of DATA to the child; one that reads no more is not an error of ours. */
static void feed(struct child *c, const struct transport_cmd *cmd, size_t *sent)
{
	const char *data = cmd->in;
	const size_t left = cmd->in_len - *sent;
	const ssize_t n = left ? send(c->in, data + *sent, left, MSG_NOSIGNAL | MSG_DONTWAIT) : 0;

	if (n > 0)
		*sent += (size_t)n;
	if (*sent == cmd->in_len || (n < 0 && errno != EAGAIN && errno != EINTR))
		close_fd(&c->in);
}

/* What FD has, to B (NULL: nowhere); closes it at its end. */
static int drain(int *fd, struct buf *b, struct err *e)
{
	char chunk[CHUNK];
	const ssize_t n = read(*fd, chunk, sizeof(chunk));
	const int r = n > 0 && b ? buf_add(b, chunk, (size_t)n) : 0;

	if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
		close_fd(fd);
	if (r == -ENOMEM)
		return err_set(e, -ENOMEM, "out of memory");
	return r ? err_set(e, -EMSGSIZE, "the answer is larger than %zu bytes", b->max) : 0;
}

struct job {
	const struct transport_cmd *cmd;
	struct buf *out, *err;
	size_t sent;
	int64_t end;
};

/* One wait, and what it brought. */
static int turn(struct child *c, struct job *job, struct err *e)
{
	const bool deaf = c->out < 0 && c->err < 0; /* then only its end is waited for */
	struct pollfd p[] = {
		{ .fd = c->in, .events = POLLOUT },
		{ .fd = c->out, .events = POLLIN },
		{ .fd = c->err, .events = POLLIN },
		{ .fd = deaf ? c->pidfd : -1, .events = POLLIN },
	};
	const int n = poll(p, 4, wait_ms(job->end));
	int r = 0;

	if (n < 0)
		return errno == EINTR ? 0 : err_set(e, -EPROTO, "poll: %s", strerror(errno));
	if (n == 0)
		return err_set(e, -ETIMEDOUT, "the command did not end in time");
	if (p[3].revents)
		return 1;
	if (p[0].revents)
		feed(c, job->cmd, &job->sent);
	if (p[1].revents)
		r = drain(&c->out, job->out, e);
	if (!r && p[2].revents)
		r = drain(&c->err, job->err, e);
	return r;
}

static int local_run(struct transport *t, const struct transport_cmd *c, struct buf *out,
		     struct buf *errout, int *status, struct err *e)
{
	struct job job = { .cmd = c, .out = out, .err = errout };
	struct child ch;
	int r;

	(void)t;
	job.end = now_boot_ms() + (c->timeout_ms ? c->timeout_ms : RUN_TIMEOUT_MS);
	r = child_start(c->cmd, false, &ch, e);
	if (r)
		return r;
	if (!c->in_len)
		close_fd(&ch.in);
	do {
		r = turn(&ch, &job, e);
	} while (r == 0);
	if (r < 0) {
		child_kill(&ch);
		return r;
	}
	*status = child_reap(&ch);
	return 0;
}

/* ---- channels ---- */

static int local_chan_open(struct transport *t, const char *cmd, struct chan **out, struct err *e)
{
	struct local *l = (struct local *)t;
	struct local_chan *c = calloc(1, sizeof(*c));

	if (!c)
		return err_set(e, -ENOMEM, "out of memory");
	const int r = child_start(cmd, true, &c->child, e);
	if (r) {
		free(c);
		return r;
	}
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
	const int64_t end = now_boot_ms() + timeout_ms;
	struct pollfd p = { .fd = c->child.in, .events = POLLOUT };
	const char *d = data;

	/* without output it has ended: that its input is closed may take a moment longer */
	if (c->child.out < 0)
		return err_set(e, -EPIPE, "the command has ended");
	while (n) {
		const ssize_t k = send(c->child.in, d, n, MSG_NOSIGNAL | MSG_DONTWAIT);

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
	const int64_t end = now_boot_ms() + timeout_ms;
	const size_t was = b->len;

	while (c->child.out >= 0) {
		struct pollfd p = { .fd = c->child.out, .events = POLLIN };
		const int n = poll(&p, 1, wait_ms(end));
		const int r = n > 0 ? drain(&c->child.out, b, e) : 0;

		if (r || b->len > was)
			return r;
		if (n == 0)
			return err_set(e, -ETIMEDOUT, "no answer in time");
	}
	return err_set(e, -EPIPE, "the command has ended");
}

static struct local_chan *chan_free(struct local_chan *c)
{
	struct local_chan *next = c->next;

	child_kill(&c->child);
	free(c);
	return next;
}

static void local_chan_close(struct chan *ch)
{
	struct local_chan *c = (struct local_chan *)ch;
	struct local_chan **p = &((struct local *)ch->t)->chans;

	while (*p != c)
		p = &(*p)->next;
	*p = chan_free(c);
}

static void local_close(struct transport *t)
{
	struct local *l = (struct local *)t;

	for (struct local_chan *c = l->chans; c;)
		c = chan_free(c);
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
