// SPDX-License-Identifier: GPL-2.0-or-later
/* Commands in an SSH session: one that runs to its end, and channels that stay. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ssh_priv.h"

#define RUN_TIMEOUT_MS  10000
#define OPEN_TIMEOUT_MS 8000
#define CHUNK           16384

struct ssh_c {
	struct chan base;
	ssh_channel ch;
	struct ssh_c *next;
};

static int gone(struct ssh_t *t, struct err *e)
{
	const char *why = ssh_get_error(t->s);

	return err_set(e, -EPIPE, "the SSH session has ended%s%s", *why ? ": " : "", why);
}

/* After a failed wait: has the session ended, or only the time? */
static int waited(struct ssh_t *t, int r, const char *what, struct err *e)
{
	return r == -EPIPE ? gone(t, e) : err_set(e, -ETIMEDOUT, "%s", what);
}

/* ---- starting and ending a command ---- */

static int refused(struct ssh_t *t, struct err *e)
{
	if (!ssh_is_connected(t->s))
		return gone(t, e);
	err_set(e, -EPROTO, "the host starts no command: %s", ssh_get_error(t->s));
	return err_hint(e, "check MaxSessions and ForceCommand in its sshd_config");
}

static void stop(struct ssh_t *t, ssh_channel ch, ssh_channel_callbacks cb)
{
	if (cb)
		ssh_remove_channel_callbacks(ch, cb);
	if (ssh_is_connected(t->s) && ssh_channel_is_open(ch)) {
		ssh_channel_request_send_signal(ch, "KILL"); /* its group, as host = "local" does */
		ssh_channel_close(ch);
	}
	ssh_channel_free(ch);
}

/* CB (NULL: none) is there before the command is: its end may come with the answer to its start. */
static int start(struct ssh_t *t, const char *cmd, int64_t end, ssh_channel_callbacks cb,
		 ssh_channel *out, struct err *e)
{
	ssh_channel ch = ssh_channel_new(t->s);
	int r, w = 0;

	ssh_proxy_drain(t);
	if (!ch)
		return refused(t, e);
	if (cb && ssh_set_channel_callbacks(ch, cb)) {
		ssh_channel_free(ch);
		return err_set(e, -ENOMEM, "out of memory");
	}
	while ((r = ssh_channel_open_session(ch)) == SSH_AGAIN && !w)
		w = ssh_wait(t, end);
	while (r == SSH_OK && (r = ssh_channel_request_exec(ch, cmd)) == SSH_AGAIN && !w) {
		w = ssh_wait(t, end);
		r = SSH_OK;
	}
	if (r == SSH_OK && !w) {
		*out = ch;
		return 0;
	}
	r = w ? waited(t, w, "the command could not be started in time", e) : refused(t, e);
	stop(t, ch, cb);
	return r;
}

/* ---- moving bytes ---- */

/* What the channel has now, to B (NULL: nowhere). How much, or an error. */
static int take(struct ssh_t *t, ssh_channel ch, int is_stderr, struct buf *b, struct err *e)
{
	char chunk[CHUNK];
	const int n = ssh_channel_read_nonblocking(ch, chunk, sizeof(chunk), is_stderr);

	if (n == SSH_EOF || n == SSH_AGAIN)
		return 0;
	if (n < 0)
		return gone(t, e);
	const int r = n > 0 && b ? buf_add(b, chunk, (size_t)n) : 0;
	if (r == -ENOMEM)
		return err_set(e, -ENOMEM, "out of memory");
	return r ? err_set(e, -EMSGSIZE, "the answer is larger than %zu bytes", b->max) : n;
}

/* As much of DATA as the channel's window has room for. How much, or -1: it takes no more. */
static int give(ssh_channel ch, const char *data, size_t n)
{
	const uint32_t window = ssh_channel_window_size(ch);
	size_t len = n < CHUNK ? n : CHUNK;

	if (!ssh_channel_is_open(ch))
		return -1;
	if (len > window)
		len = window;
	const int k = len ? ssh_channel_write(ch, data, (uint32_t)len) : 0;
	return k == SSH_AGAIN ? 0 : k;
}

/* ---- a command that runs to its end ---- */

struct job {
	struct ssh_t *t;
	ssh_channel ch;
	struct ssh_channel_callbacks_struct cb;
	const struct transport_cmd *cmd;
	struct buf *out, *err;
	size_t sent;
	bool eof_sent;
	int status; /* -1: not known yet */
};

static void on_status(ssh_session s, ssh_channel ch, int status, void *data)
{
	struct job *j = data;

	(void)s, (void)ch;
	j->status = status;
}

static void on_signal(ssh_session s, ssh_channel ch, const char *name, int core, const char *msg,
		      const char *lang, void *data)
{
	static const struct {
		const char *name;
		int number;
	} signals[] = { { "HUP", 1 },   { "INT", 2 },   { "QUIT", 3 },  { "ILL", 4 },
			{ "ABRT", 6 },  { "FPE", 8 },   { "KILL", 9 },  { "USR1", 10 },
			{ "SEGV", 11 }, { "USR2", 12 }, { "PIPE", 13 }, { "ALRM", 14 },
			{ "TERM", 15 } };
	struct job *j = data;

	(void)s, (void)ch, (void)core, (void)msg, (void)lang;
	j->status = 128;
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (strcmp(name, signals[i].name) == 0)
			j->status += signals[i].number;
}

/* A command that reads no more of its input is no error of ours. */
static int feed(struct job *j)
{
	const size_t left = j->cmd->in_len - j->sent;
	int n = 0;

	if (j->eof_sent)
		return 0;
	if (left)
		n = give(j->ch, (const char *)j->cmd->in + j->sent, left);
	if (n > 0)
		j->sent += (size_t)n;
	if (n < 0 || j->sent == j->cmd->in_len) {
		ssh_channel_send_eof(j->ch);
		j->eof_sent = true;
	}
	return n > 0 ? n : 0;
}

/* One turn: how much moved, or an error. */
static int turn(struct job *j, struct err *e)
{
	const int in = feed(j);
	const int out = take(j->t, j->ch, 0, j->out, e);
	const int err = out < 0 ? out : take(j->t, j->ch, 1, j->err, e);

	return err < 0 ? err : in + out + err;
}

static int run_to_end(struct job *j, int64_t end, struct err *e)
{
	for (;;) {
		const int moved = turn(j, e);

		if (moved < 0)
			return moved;
		if (ssh_channel_is_eof(j->ch) && j->status >= 0 && !moved)
			return 0;
		if (!moved && !ssh_is_connected(j->t->s))
			return gone(j->t, e);
		if (!moved && ssh_channel_is_closed(j->ch))
			return err_set(e, -EPROTO, "the host did not say how the command ended");
		if (end <= now_boot_ms())
			return err_set(e, -ETIMEDOUT, "the command did not end in time");
		const int w = moved ? 0 : ssh_wait(j->t, end);
		if (w)
			return waited(j->t, w, "the command did not end in time", e);
	}
}

int ssh_run(struct transport *base, const struct transport_cmd *c, struct buf *out,
	    struct buf *errout, int *status, struct err *e)
{
	struct ssh_t *t = (struct ssh_t *)base;
	const int64_t end = now_boot_ms() + (c->timeout_ms ? c->timeout_ms : RUN_TIMEOUT_MS);
	struct job j = { .t = t, .cmd = c, .out = out, .err = errout, .status = -1 };
	int r;

	ssh_callbacks_init(&j.cb);
	j.cb.userdata = &j;
	j.cb.channel_exit_status_function = on_status;
	j.cb.channel_exit_signal_function = on_signal;
	r = start(t, c->cmd, end, &j.cb, &j.ch, e);
	if (r)
		return r;
	r = run_to_end(&j, end, e);
	stop(t, j.ch, &j.cb);
	if (!r)
		*status = j.status;
	return r;
}

/* ---- channels ---- */

int ssh_chan_open(struct transport *base, const char *cmd, struct chan **out, struct err *e)
{
	struct ssh_t *t = (struct ssh_t *)base;
	struct ssh_c *c = calloc(1, sizeof(*c));

	if (!c)
		return err_set(e, -ENOMEM, "out of memory");
	const int r = start(t, cmd, now_boot_ms() + OPEN_TIMEOUT_MS, NULL, &c->ch, e);
	if (r) {
		free(c);
		return r;
	}
	c->base.t = base;
	c->next = t->chans;
	t->chans = c;
	*out = &c->base;
	return 0;
}

/* How the command behind a channel ended. */
static int ended(struct ssh_t *t, struct err *e)
{
	return ssh_is_connected(t->s) ? err_set(e, -EPIPE, "the command has ended") : gone(t, e);
}

/* Both hold what the other side says while we wait: libssh keeps it, at most one window of it. */
int ssh_chan_write(struct chan *ch, const void *data, size_t n, int timeout_ms, struct err *e)
{
	struct ssh_c *c = (struct ssh_c *)ch;
	struct ssh_t *t = (struct ssh_t *)ch->t;
	const int64_t end = now_boot_ms() + timeout_ms;
	const char *at = data;
	size_t sent = 0;
	int w = 0;

	while (sent < n && !w) {
		/* without output it has ended: that it is also closed may still be on its way */
		const int k = ssh_channel_is_eof(c->ch) ? -1 : give(c->ch, at + sent, n - sent);

		if (k < 0)
			return ended(t, e);
		sent += (size_t)k;
		if (k)
			continue;
		w = ssh_wait(t, end);
		ssh_channel_poll(c->ch, 1); /* takes packets in: the window may have grown */
	}
	return w ? waited(t, w, "the command does not take its input", e) : 0;
}

int ssh_chan_read(struct chan *ch, struct buf *b, int timeout_ms, struct err *e)
{
	struct ssh_c *c = (struct ssh_c *)ch;
	struct ssh_t *t = (struct ssh_t *)ch->t;
	const int64_t end = now_boot_ms() + timeout_ms;

	ssh_proxy_drain(t);
	for (;;) {
		int n = take(t, c->ch, 0, b, e);

		if (n)
			return n < 0 ? n : 0;
		n = take(t, c->ch, 1, NULL, e); /* standard error: nowhere */
		if (n < 0)
			return n;
		if (ssh_channel_is_eof(c->ch) || ssh_channel_is_closed(c->ch) ||
		    !ssh_is_connected(t->s))
			return ended(t, e);
		const int w = n ? 0 : ssh_wait(t, end);
		if (w)
			return waited(t, w, "no answer in time", e);
	}
}

void ssh_chan_close(struct chan *ch)
{
	struct ssh_c *c = (struct ssh_c *)ch;
	struct ssh_t *t = (struct ssh_t *)ch->t;
	struct ssh_c **p = &t->chans;

	while (*p != c)
		p = &(*p)->next;
	*p = c->next;
	stop(t, c->ch, NULL);
	free(c);
}
