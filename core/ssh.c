// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A session over SSH: connecting, the host's key, authentication. libssh is driven in its
 * non-blocking mode with one deadline for all of it, so that a server that accepts and then says
 * nothing, or trickles, costs no more than the deadline. Commands are in ssh_chan.c.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ssh_priv.h"

#define CONNECT_MS 8000

int ssh_wait(ssh_session s, int64_t end)
{
	int flags = ssh_get_poll_flags(s);
	int64_t left = end - now_boot_ms();
	struct pollfd p = { .fd = ssh_get_fd(s), .events = POLLIN };

	if (left <= 0)
		return -ETIMEDOUT;
	if (flags & SSH_WRITE_PENDING)
		p.events |= POLLOUT;
	if (p.fd < 0)
		usleep(10000); /* still resolving: there is nothing to poll yet */
	else
		poll(&p, 1, left < 200 ? (int)left : 200);
	return 0;
}

/* ---- options ---- */

static int set_jump(ssh_session s, const struct node_cfg *n, const struct transport_opts *o)
{
	struct buf cmd = BUF_INIT(8192);
	const char *colon = strrchr(n->jump, ':');
	char host[256];
	int r;

	snprintf(host, sizeof(host), "%.*s", colon ? (int)(colon - n->jump) : 255, n->jump);
	buf_str(&cmd, "ssh -o BatchMode=yes");
	if (o->ssh_config) {
		buf_str(&cmd, " -F ");
		buf_shell(&cmd, o->ssh_config);
	}
	if (n->identity) {
		buf_str(&cmd, " -i ");
		buf_shell(&cmd, n->identity);
	}
	if (colon) {
		buf_str(&cmd, " -p ");
		buf_shell(&cmd, colon + 1);
	}
	buf_str(&cmd, " -W '[%h]:%p' -- ");
	buf_shell(&cmd, host);
	r = cmd.broken ? -1 : ssh_options_set(s, SSH_OPTIONS_PROXYCOMMAND, cmd.data);
	buf_free(&cmd);
	return r;
}

/* ssh_config first: what cluster.cfg says wins. */
static int set_options(ssh_session s, const struct node_cfg *n, const struct transport_opts *o)
{
	int off = 0, level = SSH_LOG_NOLOG, one = 1;
	unsigned port = (unsigned)n->port;
	int r = ssh_options_set(s, SSH_OPTIONS_HOST, n->host);

	ssh_options_set(s, SSH_OPTIONS_LOG_VERBOSITY, &level);
	r |= ssh_options_parse_config(s, o->ssh_config);
	ssh_options_set(s, SSH_OPTIONS_PROCESS_CONFIG, &off);
	ssh_options_set(s, SSH_OPTIONS_LOG_VERBOSITY, &level);
	ssh_options_set(s, SSH_OPTIONS_NODELAY, &one);
	if (n->port)
		r |= ssh_options_set(s, SSH_OPTIONS_PORT, &port);
	if (n->user)
		r |= ssh_options_set(s, SSH_OPTIONS_USER, n->user);
	if (n->jump)
		r |= set_jump(s, n, o);
	return r;
}

/* ---- connecting ---- */

static int connect_error(ssh_session s, const struct node_cfg *n, struct err *e)
{
	static const struct {
		const char *words;
		int code;
		const char *hint;
	} known[] = {
		{ "refused", -ECONNREFUSED, "is sshd running there, and is the port right?" },
		{ "resolve", -ENOENT, "the name is not known: check host in cluster.cfg" },
		{ "No route", -EHOSTUNREACH, "check the address and the network" },
		{ "unreachable", -EHOSTUNREACH, "check the address and the network" },
		{ "imeout", -ETIMEDOUT, "check the address, the port and firewalls" },
		{ "timed out", -ETIMEDOUT, "check the address, the port and firewalls" },
	};
	const char *why = ssh_get_error(s);

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		if (!strstr(why, known[i].words))
			continue;
		err_set(e, known[i].code, "%s: %s", n->host, why);
		return err_hint(e, "%s", known[i].hint);
	}
	return err_set(e, -EPROTO, "%s: %s", n->host, *why ? why : "the connection failed");
}

static int timed_out(const struct node_cfg *n, int ms, struct err *e)
{
	err_set(e, -ETIMEDOUT, "%s: no SSH session within %d s", n->host, ms / 1000);
	return err_hint(e, "check the address, the port and firewalls");
}

static int connect_until(struct ssh_t *t, const struct node_cfg *n, int ms, struct err *e)
{
	int r;

	while ((r = ssh_connect(t->s)) == SSH_AGAIN)
		if (ssh_wait(t->s, t->end))
			return timed_out(n, ms, e);
	return r == SSH_OK ? 0 : connect_error(t->s, n, e);
}

/* ---- the host's key ---- */

static void fingerprint(ssh_key key, char *dst, size_t n)
{
	unsigned char *hash = NULL;
	size_t len;
	char *text = NULL;

	snprintf(dst, n, "unknown");
	if (key && ssh_get_publickey_hash(key, SSH_PUBLICKEY_HASH_SHA256, &hash, &len) == 0)
		text = ssh_get_fingerprint_hash(SSH_PUBLICKEY_HASH_SHA256, hash, len);
	if (text)
		snprintf(dst, n, "%s", text);
	ssh_string_free_char(text);
	ssh_clean_pubkey_hash(&hash);
}

static void offered(ssh_session s, char *dst, size_t n)
{
	ssh_key key = NULL;

	if (ssh_get_server_publickey(s, &key))
		key = NULL;
	fingerprint(key, dst, n);
	ssh_key_free(key);
}

static int changed(ssh_session s, const struct node_cfg *n, struct err *e)
{
	struct ssh_knownhosts_entry *known = NULL;
	char now[80], was[80];

	offered(s, now, sizeof(now));
	ssh_session_get_known_hosts_entry(s, &known);
	fingerprint(known ? known->publickey : NULL, was, sizeof(was));
	ssh_knownhosts_entry_free(known);
	err_set(e, -EKEYREJECTED,
		"%s: THE HOST KEY HAS CHANGED: known_hosts has %s, the host offers %s", n->host,
		was, now);
	return err_hint(e,
			"somebody may be in between. If the host was really set up anew: "
			"ssh-keygen -R %s",
			n->host);
}

static int unknown(struct ssh_t *t, const struct node_cfg *n, const struct transport_opts *o,
		   struct err *e)
{
	char now[80];

	offered(t->s, now, sizeof(now));
	if (o->accept_new || (o->accept_fingerprint && strcmp(o->accept_fingerprint, now) == 0)) {
		if (ssh_session_update_known_hosts(t->s) == SSH_OK)
			return 0;
		return err_set(e, -EIO, "%s: the host key cannot be written to known_hosts: %s",
			       n->host, ssh_get_error(t->s));
	}
	err_set(e, -ENOKEY, "%s: the host key is not known: %s", n->host, now);
	return err_hint(e, "compare it with the host's own (ssh-keygen -lf on the host), then "
			   "--accept-new, or yes in the console");
}

static int check_host_key(struct ssh_t *t, const struct node_cfg *n, const struct transport_opts *o,
			  struct err *e)
{
	switch (ssh_session_is_known_server(t->s)) {
	case SSH_KNOWN_HOSTS_OK:
		return 0;
	case SSH_KNOWN_HOSTS_CHANGED:
	case SSH_KNOWN_HOSTS_OTHER: /* known by a key of another type: as good as changed */
		return changed(t->s, n, e);
	case SSH_KNOWN_HOSTS_NOT_FOUND:
	case SSH_KNOWN_HOSTS_UNKNOWN:
		return unknown(t, n, o, e);
	case SSH_KNOWN_HOSTS_ERROR:
		break;
	}
	return err_set(e, -EPROTO, "%s: %s", n->host, ssh_get_error(t->s));
}

/* ---- authentication ---- */

static int auth_error(const struct node_cfg *n, ssh_session s, struct err *e)
{
	char *user = NULL;

	ssh_options_get(s, SSH_OPTIONS_USER, &user);
	err_set(e, -EACCES, "%s: no key was accepted for %s", n->host, user ? user : "this user");
	ssh_string_free_char(user);
	return err_hint(e, n->identity ? "check identity and user in cluster.cfg; a key with a "
					 "passphrase must be in ssh-agent"
				       : "add your key to ssh-agent, or name it by identity in "
					 "cluster.cfg; passwords are never used");
}

static int auth_key(struct ssh_t *t, const struct node_cfg *n, int ms, struct err *e)
{
	ssh_key key = NULL;
	int r = ssh_pki_import_privkey_file(n->identity, "", NULL, NULL, &key);

	if (r != SSH_OK) {
		err_set(e, -EACCES, "%s cannot be used as a key%s", n->identity,
			r == SSH_EOF ? ": no such file, or not readable" : "");
		return err_hint(e,
				"a key with a passphrase must be in ssh-agent, without identity=");
	}
	while ((r = ssh_userauth_publickey(t->s, NULL, key)) == SSH_AUTH_AGAIN) {
		if (ssh_wait(t->s, t->end)) {
			ssh_key_free(key);
			return timed_out(n, ms, e);
		}
	}
	ssh_key_free(key);
	return r == SSH_AUTH_SUCCESS ? 0 : auth_error(n, t->s, e);
}

static int authenticate(struct ssh_t *t, const struct node_cfg *n, int ms, struct err *e)
{
	int r;

	if (n->identity)
		return auth_key(t, n, ms, e);
	while ((r = ssh_userauth_publickey_auto(t->s, NULL, "")) == SSH_AUTH_AGAIN)
		if (ssh_wait(t->s, t->end))
			return timed_out(n, ms, e);
	return r == SSH_AUTH_SUCCESS ? 0 : auth_error(n, t->s, e);
}

/* ---- */

static int open_session(struct ssh_t *t, const struct node_cfg *n, const struct transport_opts *o,
			struct err *e)
{
	int ms = o->connect_ms ? o->connect_ms : CONNECT_MS;
	int r;

	if (set_options(t->s, n, o))
		return err_set(e, -EINVAL, "%s: %s", n->host, ssh_get_error(t->s));
	ssh_set_blocking(t->s, 0);
	t->end = now_boot_ms() + ms;
	r = connect_until(t, n, ms, e);
	if (!r)
		r = check_host_key(t, n, o, e);
	if (!r)
		r = authenticate(t, n, ms, e);
	return r;
}

static void ssh_t_close(struct transport *base)
{
	struct ssh_t *t = (struct ssh_t *)base;

	ssh_chans_close(t);
	ssh_disconnect(t->s);
	ssh_free(t->s);
	free(t);
}

static const struct transport_ops ssh_ops = {
	.run = ssh_run,
	.chan_open = ssh_chan_open,
	.chan_write = ssh_chan_write,
	.chan_read = ssh_chan_read,
	.chan_close = ssh_chan_close,
	.close = ssh_t_close,
};

int transport_ssh(const struct node_cfg *node, const struct transport_opts *o,
		  struct transport **out, struct err *e)
{
	struct ssh_t *t = calloc(1, sizeof(*t));
	int r;

	if (t)
		t->s = ssh_new();
	if (!t || !t->s) {
		free(t);
		return err_set(e, -ENOMEM, "out of memory");
	}
	t->base.ops = &ssh_ops;
	r = open_session(t, node, o, e);
	if (r) {
		ssh_t_close(&t->base);
		return r;
	}
	*out = &t->base;
	return 0;
}
