/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_SSH_PRIV_H
#define CORE_SSH_PRIV_H
/*
 * What the parts of an SSH session share: ssh.c (session, authentication), ssh_key.c (the host's
 * key), ssh_tcp.c and ssh_proxy.c (the connection under it), ssh_chan.c (commands in it).
 */
#include <libssh/libssh.h>
#include <libssh/callbacks.h>
#include <stdint.h>
#include <sys/types.h>

#include "transport.h"

struct ssh_c;
struct ssh_t {
	struct transport base;
	ssh_session s;   /* non-blocking, always */
	ssh_event event; /* NULL until the handshake is done */
	struct ssh_callbacks_struct cb;
	bool encrypted; /* a key file was passed over because it has a passphrase */
	int fd;         /* the socket; -1: none */
	ino_t fd_ino;   /* its inode, to know it by */
	int64_t end;    /* CLOCK_BOOTTIME, ms: until when the session must be open */
	int cancel_fd;  /* -1: none */
	bool cancelled;
	pid_t proxy;   /* process that carries the connection; 0: none */
	int proxy_err; /* its standard error; -1: none */
	struct ssh_c *chans;
};

/* Waits for the session's socket and takes in what came. -ETIMEDOUT when END has passed, -EPIPE
 * when it has no socket. */
int ssh_wait(struct ssh_t *t, int64_t end);

/* A connected, non-blocking TCP socket to HOST. */
struct tcp_limit {
	int64_t end;   /* CLOCK_BOOTTIME, ms */
	int cancel_fd; /* nobody waits any more once it is readable; -1: none */
};
int ssh_tcp(const struct tcp_limit *t, const char *host, unsigned port, int *fd, struct err *e);

/*
 * The command that carries the connection where cluster.cfg or ssh_config asks for a jump host or a
 * proxy, to CMD; nothing is added when the way is direct. To be called when T has its options.
 */
int ssh_proxy_command(struct ssh_t *t, const struct node_cfg *n, const struct transport_opts *o,
		      struct buf *cmd, struct err *e);
int ssh_proxy_start(struct ssh_t *t, const char *cmd, int *fd, struct err *e);
/* Says what the proxy said, if it said something; else 0. */
int ssh_proxy_error(struct ssh_t *t, const struct node_cfg *n, struct err *e);
/* Throws away what it says now, so that it never waits for us. */
void ssh_proxy_drain(struct ssh_t *t);
void ssh_proxy_stop(struct ssh_t *t);

/* 0 if the host is who known_hosts says, or was accepted now. */
int ssh_key_check(struct ssh_t *t, const struct node_cfg *n, const struct transport_opts *o,
		  struct err *e);

int ssh_run(struct transport *t, const struct transport_cmd *c, struct buf *out, struct buf *errout,
	    int *status, struct err *e);
int ssh_chan_open(struct transport *t, const char *cmd, struct chan **out, struct err *e);
int ssh_chan_write(struct chan *c, const void *data, size_t n, int timeout_ms, struct err *e);
int ssh_chan_read(struct chan *c, struct buf *b, int timeout_ms, struct err *e);
void ssh_chan_close(struct chan *c);

#endif
