// SPDX-License-Identifier: GPL-2.0-or-later
/* Commands in an SSH session: one that runs to its end, and channels that stay. */
#include <errno.h>
#include <libssh/callbacks.h>
#include <stdlib.h>
#include <string.h>

#include "ssh_priv.h"

#define RUN_TIMEOUT_MS  10000
#define OPEN_TIMEOUT_MS 8000
#define WRITE_CHUNK     16384

struct ssh_c {
	struct chan base;
	ssh_channel ch;
	struct ssh_c *next;
};

static int gone(ssh_session s, struct err *e)
{
	const char *why = ssh_get_error(s);

	return err_set(e, -EPIPE, "the SSH session has ended%s%s", *why ? ": " : "", why);
}

static int late(struct err *e)
{
	return err_set(e, -ETIMEDOUT, "the command did not end in time");
}

/* Opens a channel and starts CMD in it, until END. */
static int start(struct ssh_t *t, const char *cmd, int64_t end, ssh_channel *out, struct err *e)
{
	ssh_channel ch = ssh_channel_new(t->s);
	int r, bad = 0;

	if (!ch)
		return gone(t->s, e);
	while ((r = ssh_channel_open_session(ch)) == SSH_AGAIN && !bad)
		bad = ssh_wait(t->s, end);
	if (r == SSH_OK)
		while ((r = ssh_channel_request_exec(ch, cmd)) == SSH_AGAIN && !bad)
			bad = ssh_wait(t->s, end);
	if (r == SSH_OK) {
		*out = ch;
		return 0;
	}
	ssh_channel_free(ch);
	return r == SSH_AGAIN ? late(e) : gone(t->s, e);
}

/* What the channel has now, to B (NULL: nowhere). Bytes, 0 nothing now, or an error. */
static int take(ssh_session s, ssh_channel ch, int is_stderr, struct buf *b, struct err *e)
{
	char chunk[WRITE_CHUNK];
	int n = ssh_channel_read_nonblocking(ch, chunk, sizeof(chunk), is_stderr);

	if (n == SSH_EOF)
		return 0;
	if (n < 0)
		return gone(s, e);
	if (n > 0 && b && buf_add(b, chunk, (size_t)n))
		return err_set(e, -EMSGSIZE, "the answer is larger than %zu bytes", b->max);
	return n;
}

/* Sends what the window takes now; *SENT grows. */
static int give(ssh_session s, ssh_channel ch, const char *data, size_t n, size_t *sent,
		struct err *e)
{
	uint32_t len = n - *sent < WRITE_CHUNK ? (uint32_t)(n - *sent) : WRITE_CHUNK;
	uint32_t window = ssh_channel_window_size(ch);
	int k;

	if (len > window)
		len = window;
	if (!len)
		return 0;
	k = ssh_channel_write(ch, data + *sent, len);
	if (k == SSH_AGAIN)
		return 0;
	if (k < 0)
		return gone(s, e);
	*sent += (size_t)k;
	return k;
}

struct run_io {
	const struct transport_cmd *c;
	struct buf *out, *err;
	size_t sent;
	bool eof_sent;
};

/* One turn: how much moved, or an error. */
static int move(ssh_session s, ssh_channel ch, struct run_io *io, struct err *e)
{
	int a, b, w = 0;

	/* a command that reads no more of its input is no error of ours */
	if (io->sent < io->c->in_len && !ssh_channel_is_eof(ch))
		w = give(s, ch, io->c->in, io->c->in_len, &io->sent, e);
	if (w >= 0 && io->sent == io->c->in_len && !io->eof_sent) {
		ssh_channel_send_eof(ch);
		io->eof_sent = true;
	}
	if (w < 0)
		return w;
	a = take(s, ch, 0, io->out, e);
	if (a < 0)
		return a;
	b = take(s, ch, 1, io->err, e);
	return b < 0 ? b : a + b + w;
}

static int run_to_end(struct ssh_t *t, ssh_channel ch, struct run_io *io, int64_t end,
		      struct err *e)
{
	int moved;

	for (;;) {
		moved = move(t->s, ch, io, e);
		if (moved < 0)
			return moved;
		if (moved)
			continue;
		if (!ssh_is_connected(t->s))
			return gone(t->s, e);
		if (ssh_channel_is_eof(ch) && ssh_channel_get_exit_status(ch) != -1)
			return 0;
		if (ssh_channel_is_closed(ch))
			return 0;
		if (ssh_wait(t->s, end))
			return late(e);
	}
}

/* What the server said of a death by signal; libssh tells it only by a callback. */
static void on_signal(ssh_session s, ssh_channel ch, const char *sig, int core, const char *msg,
		      const char *lang, void *status)
{
	static const struct {
		const char *name;
		int n;
	} table[] = { { "HUP", 1 },   { "INT", 2 },   { "QUIT", 3 }, { "ILL", 4 },
		      { "ABRT", 6 },  { "FPE", 8 },   { "KILL", 9 }, { "SEGV", 11 },
		      { "PIPE", 13 }, { "ALRM", 14 }, { "TERM", 15 } };

	(void)s, (void)ch, (void)core, (void)msg, (void)lang;
	*(int *)status = 128;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (strcmp(sig, table[i].name) == 0)
			*(int *)status = 128 + table[i].n;
}

int ssh_run(struct transport *base, const struct transport_cmd *c, struct buf *out,
	    struct buf *errout, int *status, struct err *e)
{
	struct ssh_t *t = (struct ssh_t *)base;
	int64_t end = now_boot_ms() + (c->timeout_ms ? c->timeout_ms : RUN_TIMEOUT_MS);
	struct run_io io = { .c = c, .out = out, .err = errout };
	int killed = 0, r;
	struct ssh_channel_callbacks_struct cb = { .userdata = &killed,
						   .channel_exit_signal_function = on_signal };
	ssh_channel ch;

	r = start(t, c->cmd, end, &ch, e);
	if (r)
		return r;
	ssh_callbacks_init(&cb);
	ssh_set_channel_callbacks(ch, &cb);
	r = run_to_end(t, ch, &io, end, e);
	*status = killed ? killed : ssh_channel_get_exit_status(ch);
	if (!r && *status < 0)
		r = gone(t->s, e);
	ssh_remove_channel_callbacks(ch, &cb);
	ssh_channel_close(ch);
	ssh_channel_free(ch);
	return r;
}

int ssh_chan_open(struct transport *base, const char *cmd, struct chan **out, struct err *e)
{
	struct ssh_t *t = (struct ssh_t *)base;
	struct ssh_c *c = calloc(1, sizeof(*c));
	int r;

	if (!c)
		return err_set(e, -ENOMEM, "out of memory");
	r = start(t, cmd, now_boot_ms() + OPEN_TIMEOUT_MS, &c->ch, e);
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

int ssh_chan_write(struct chan *ch, const void *data, size_t n, int timeout_ms, struct err *e)
{
	struct ssh_c *c = (struct ssh_c *)ch;
	ssh_session s = ((struct ssh_t *)ch->t)->s;
	int64_t end = now_boot_ms() + timeout_ms;
	size_t sent = 0;

	while (sent < n) {
		int k = give(s, c->ch, data, n, &sent, e);

		if (k < 0)
			return k;
		if (ssh_channel_is_closed(c->ch) || !ssh_is_connected(s))
			return gone(s, e);
		if (k == 0 && ssh_wait(s, end))
			return err_set(e, -ETIMEDOUT, "the node does not take its input");
	}
	return 0;
}

int ssh_chan_read(struct chan *ch, struct buf *b, int timeout_ms, struct err *e)
{
	struct ssh_c *c = (struct ssh_c *)ch;
	ssh_session s = ((struct ssh_t *)ch->t)->s;
	int64_t end = now_boot_ms() + timeout_ms;
	char drop[4096];
	int n;

	for (;;) {
		n = take(s, c->ch, 0, b, e);
		if (n)
			return n < 0 ? n : 0;
		if (ssh_channel_read_nonblocking(c->ch, drop, sizeof(drop), 1) > 0)
			continue;
		if (ssh_channel_is_eof(c->ch) || ssh_channel_is_closed(c->ch) ||
		    !ssh_is_connected(s))
			return gone(s, e);
		if (ssh_wait(s, end))
			return err_set(e, -ETIMEDOUT, "no answer");
	}
}

void ssh_chan_close(struct chan *ch)
{
	struct ssh_c *c = (struct ssh_c *)ch;
	struct ssh_t *t = (struct ssh_t *)ch->t;

	for (struct ssh_c **p = &t->chans; *p; p = &(*p)->next) {
		if (*p == c) {
			*p = c->next;
			break;
		}
	}
	ssh_channel_close(c->ch);
	ssh_channel_free(c->ch);
	free(c);
}

void ssh_chans_close(struct ssh_t *t)
{
	while (t->chans)
		ssh_chan_close(&t->chans->base);
}
