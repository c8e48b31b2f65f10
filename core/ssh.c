// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A session over SSH: options, connecting, authentication. libssh is driven in its non-blocking
 * mode with one deadline for all of it, so that a server that accepts and then says nothing, or
 * trickles, costs no more than that.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ssh_priv.h"
#include "ssh_spawn.h"

#define CONNECT_MS  8000
#define POLL_MAX_MS 1000
#define PROXY_MAX   8192

int ssh_wait(struct ssh_t *t, int64_t end)
{
	const int64_t left = end - now_boot_ms();
	const int ms = left < POLL_MAX_MS ? (int)left : POLL_MAX_MS;
	struct pollfd p[] = { { .fd = ssh_get_fd(t->s), .events = POLLIN },
			      { .fd = t->cancel_fd, .events = POLLIN } };

	if (left <= 0 || t->cancelled)
		return -ETIMEDOUT;
	if (p[0].fd < 0)
		return -EPIPE;
	if (t->event)
		return ssh_event_dopoll(t->event, ms) == SSH_ERROR ? -EPIPE : 0;
	if (ssh_get_poll_flags(t->s) & SSH_WRITE_PENDING)
		p[0].events |= POLLOUT;
	poll(p, 2, ms);
	t->cancelled = p[1].revents;
	return 0;
}

/* ---- libssh as a whole ---- */

static void no_log(int priority, const char *function, const char *text, void *data)
{
	(void)priority, (void)function, (void)text, (void)data;
}

static void init_library(void)
{
	ssh_init();
}

/* ssh_config may ask for a log on standard error, which belongs to the console. Per thread. */
static void keep_silent(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, init_library);
	ssh_set_log_callback(no_log);
	ssh_set_log_level(SSH_LOG_NOLOG);
}

/* ---- options ---- */

/* Called for a key file that has a passphrase. Nobody is asked: its place is the agent. */
static int no_passphrase(const char *prompt, char *buf, size_t len, int echo, int verify,
			 void *data)
{
	struct ssh_t *t = data;

	(void)prompt, (void)buf, (void)len, (void)echo, (void)verify;
	t->encrypted = true;
	return -1;
}

/* ssh_config first: what cluster.cfg says wins. */
static int set_options(struct ssh_t *t, const struct node_cfg *n, const struct transport_opts *o)
{
	const int off = 0, on = 1, silent = SSH_LOG_NOLOG;
	const unsigned port = (unsigned)n->port;
	int r;

	r = ssh_options_parse_config(t->s, o->ssh_config);
	r |= ssh_options_set(t->s, SSH_OPTIONS_PROCESS_CONFIG, &off);
	r |= ssh_options_set(t->s, SSH_OPTIONS_LOG_VERBOSITY, &silent);
	/* with `StrictHostKeyChecking no` libssh calls every unknown host known */
	r |= ssh_options_set(t->s, SSH_OPTIONS_STRICTHOSTKEYCHECK, &on);
	if (n->port)
		r |= ssh_options_set(t->s, SSH_OPTIONS_PORT, &port);
	if (n->user)
		r |= ssh_options_set(t->s, SSH_OPTIONS_USER, n->user);
	ssh_callbacks_init(&t->cb);
	t->cb.userdata = t;
	t->cb.auth_function = no_passphrase;
	return r | ssh_set_callbacks(t->s, &t->cb);
}

static int bad_options(const struct ssh_t *t, const struct node_cfg *n,
		       const struct transport_opts *o, struct err *e)
{
	const char *file = o->ssh_config ? o->ssh_config : "~/.ssh/config";

	err_set(e, -EINVAL, "%s: ssh_config is not usable: %s", n->host, ssh_get_error(t->s));
	return err_hint(e, "check %s with ssh -G %s", file, n->host);
}

/* ---- connecting ---- */

/* Either a socket of our own, or one that a proxy carries. */
static int reach(struct ssh_t *t, const struct node_cfg *n, const struct transport_opts *o, int *fd,
		 struct err *e)
{
	struct buf proxy = BUF_INIT(PROXY_MAX);
	char *host = NULL;
	unsigned port = 22;
	int r = ssh_proxy_command(t, n, o, &proxy, e);

	ssh_options_get_port(t->s, &port);
	if (!r && ssh_options_get(t->s, SSH_OPTIONS_HOST, &host) != SSH_OK)
		r = bad_options(t, n, o, e);
	if (!r && proxy.len)
		r = ssh_proxy_start(t, proxy.data, fd, e);
	else if (!r)
		r = ssh_tcp(&(struct tcp_limit){ t->end, t->cancel_fd }, host, port, fd, e);
	ssh_string_free_char(host);
	buf_free(&proxy);
	return r;
}

static int late(struct ssh_t *t, const struct node_cfg *n, struct err *e)
{
	const int r = ssh_proxy_error(t, n, e);

	if (r)
		return r;
	err_set(e, -ETIMEDOUT, "%s: connected, but no SSH session was open in time", n->host);
	return err_hint(e, "the host may be overloaded, or something else listens on that port");
}

/* libssh closes the socket in some failures and leaves it open in others: see drop_socket. */
static void own_socket(struct ssh_t *t, int fd)
{
	struct stat st = { .st_ino = 0 };

	fstat(fd, &st);
	t->fd = fd;
	t->fd_ino = st.st_ino;
}

/* Closes the socket if it is still the one that was given to libssh. */
static void drop_socket(struct ssh_t *t)
{
	struct stat st;

	if (t->fd >= 0 && fstat(t->fd, &st) == 0 && S_ISSOCK(st.st_mode) && st.st_ino == t->fd_ino)
		close_fd(&t->fd);
}

static int on_cancel(socket_t fd, int revents, void *data)
{
	struct ssh_t *t = data;

	(void)fd, (void)revents;
	t->cancelled = true;
	return 0;
}

/*
 * From now on whoever waits also takes packets in: libssh's calls for a channel do so only until
 * its end of file, and the exit status comes after that.
 */
static int watch(struct ssh_t *t, struct err *e)
{
	t->event = ssh_event_new();
	if (t->event && ssh_event_add_session(t->event, t->s) == SSH_OK &&
	    (t->cancel_fd < 0 ||
	     ssh_event_add_fd(t->event, t->cancel_fd, POLLIN, on_cancel, t) == SSH_OK))
		return 0;
	return err_set(e, -ENOMEM, "out of memory");
}

static int handshake(struct ssh_t *t, const struct node_cfg *n, struct err *e)
{
	int r = ssh_options_set(t->s, SSH_OPTIONS_FD, &t->fd);

	if (r == SSH_OK)
		while ((r = ssh_connect(t->s)) == SSH_AGAIN)
			if (ssh_wait(t, t->end))
				return late(t, n, e);
	if (r == SSH_OK)
		return watch(t, e);
	r = ssh_proxy_error(t, n, e);
	if (r)
		return r;
	err_set(e, -EPROTO, "%s: %s", n->host, ssh_get_error(t->s));
	return err_hint(e, "is that port an SSH server, and does it take more connections?");
}

/* ---- authentication ---- */

static int no_key(struct ssh_t *t, const struct node_cfg *n, struct err *e)
{
	char *user = NULL;

	ssh_options_get(t->s, SSH_OPTIONS_USER, &user);
	err_set(e, -EACCES, "%s: no key was accepted for user %s%s", n->host, user ? user : "?",
		t->encrypted ? "; a key with a passphrase was passed over" : "");
	ssh_string_free_char(user);
	if (t->encrypted)
		return err_hint(e, "add it to ssh-agent: ssh-add");
	if (n->identity)
		return err_hint(e, "check user and identity in cluster.cfg: only %s was offered",
				n->identity);
	return err_hint(e, "add your key to ssh-agent, or name it by identity in cluster.cfg; "
			   "passwords are never used");
}

/* The session ended while keys were tried. */
static int thrown_out(struct ssh_t *t, const struct node_cfg *n, struct err *e)
{
	const char *why = ssh_get_error(t->s);

	if (!strstr(why, "authentication failures"))
		return err_set(e, -EPROTO, "%s: %s", n->host, why);
	err_set(e, -EACCES, "%s: %s", n->host, why);
	return err_hint(e, "ssh-agent offers too many keys: name the right one by identity");
}

static int auth_result(struct ssh_t *t, const struct node_cfg *n, int r, struct err *e)
{
	if (r == SSH_AUTH_SUCCESS)
		return 0;
	if (!ssh_is_connected(t->s))
		return thrown_out(t, n, e);
	if (r == SSH_AUTH_AGAIN)
		return late(t, n, e);
	if (r != SSH_AUTH_PARTIAL)
		return no_key(t, n, e);
	err_set(e, -EACCES, "%s: the key is accepted, but the host asks for more", n->host);
	return err_hint(e, "a second factor cannot be given here");
}

static int load_key(struct ssh_t *t, const struct node_cfg *n, ssh_key *key, struct err *e)
{
	const int r = ssh_pki_import_privkey_file(n->identity, NULL, no_passphrase, t, key);

	if (r == SSH_OK)
		return 0;
	if (t->encrypted) {
		err_set(e, -EACCES, "%s: the key %s has a passphrase", n->host, n->identity);
		return err_hint(e,
				"nobody is asked for it here: ssh-add %s, and leave identity out",
				n->identity);
	}
	err_set(e, -EACCES, "%s: %s: %s", n->host, n->identity,
		r == SSH_EOF ? "the key cannot be read" : "this is not a private key");
	return err_hint(e, "check identity in cluster.cfg");
}

/* identity in cluster.cfg: this key and no other. */
static int auth_identity(struct ssh_t *t, const struct node_cfg *n, struct err *e)
{
	ssh_key key = NULL;
	int r = load_key(t, n, &key, e);

	if (r)
		return r;
	while ((r = ssh_userauth_publickey(t->s, NULL, key)) == SSH_AUTH_AGAIN)
		if (ssh_wait(t, t->end))
			break;
	ssh_key_free(key);
	return auth_result(t, n, r, e);
}

static int authenticate(struct ssh_t *t, const struct node_cfg *n, struct err *e)
{
	int r;

	if (n->identity)
		return auth_identity(t, n, e);
	while ((r = ssh_userauth_publickey_auto(t->s, NULL, NULL)) == SSH_AUTH_AGAIN)
		if (ssh_wait(t, t->end))
			break;
	return auth_result(t, n, r, e);
}

/* ---- a session ---- */

static int open_session(struct ssh_t *t, const struct node_cfg *n, const struct transport_opts *o,
			struct err *e)
{
	int fd = -1, r;

	if (ssh_options_set(t->s, SSH_OPTIONS_HOST, n->host)) {
		err_set(e, -ENOENT, "%s: this cannot be the name of a host", n->host);
		return err_hint(e, "check host in cluster.cfg");
	}
	/* libssh takes a file that is not there for an empty one */
	if (o->ssh_config && access(o->ssh_config, R_OK))
		return err_set(e, -EINVAL, "%s: %s", o->ssh_config, strerror(errno));
	if (set_options(t, n, o))
		return bad_options(t, n, o, e);
	keep_silent(); /* once more: LogLevel in ssh_config */
	ssh_set_blocking(t->s, 0);
	r = reach(t, n, o, &fd, e);
	if (r)
		return r;
	own_socket(t, fd);
	r = handshake(t, n, e);
	if (!r)
		r = ssh_key_check(t, n, o, e);
	return r ? r : authenticate(t, n, e);
}

/* libssh writes to the agent without MSG_NOSIGNAL: an agent that dies must not take us along. */
static int open_quietly(struct ssh_t *t, const struct node_cfg *n, const struct transport_opts *o,
			struct err *e)
{
	const struct timespec now = { .tv_sec = 0 };
	sigset_t pipe, old, pending;

	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	sigpending(&pending);
	pthread_sigmask(SIG_BLOCK, &pipe, &old);
	const int r = open_session(t, n, o, e);
	if (!sigismember(&pending, SIGPIPE))
		sigtimedwait(&pipe, NULL, &now);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return r;
}

static void close_session(struct transport *base)
{
	struct ssh_t *t = (struct ssh_t *)base;

	while (t->chans)
		ssh_chan_close((struct chan *)t->chans);
	ssh_event_free(t->event); /* also takes the session out of it */
	ssh_disconnect(t->s);
	ssh_free(t->s);
	drop_socket(t);
	ssh_proxy_stop(t);
	free(t);
}

static const struct transport_ops ssh_ops = {
	.run = ssh_run,
	.chan_open = ssh_chan_open,
	.chan_write = ssh_chan_write,
	.chan_read = ssh_chan_read,
	.chan_close = ssh_chan_close,
	.close = close_session,
};

int transport_ssh(const struct node_cfg *node, const struct transport_opts *o,
		  struct transport **out, struct err *e)
{
	struct ssh_t *t = calloc(1, sizeof(*t));

	keep_silent();
	if (t)
		t->s = ssh_new();
	if (!t || !t->s) {
		free(t);
		return err_set(e, -ENOMEM, "out of memory");
	}
	t->base.ops = &ssh_ops;
	t->proxy_err = -1;
	t->fd = -1;
	t->cancel_fd = o->cancel_fd ? o->cancel_fd : -1;
	t->end = now_boot_ms() + (o->connect_ms ? o->connect_ms : CONNECT_MS);
	const int r = open_quietly(t, node, o, e);
	if (r) {
		close_session(&t->base);
		return r;
	}
	*out = &t->base;
	return 0;
}
