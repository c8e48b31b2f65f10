/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_SSH_PRIV_H
#define CORE_SSH_PRIV_H
/* Between ssh.c (the session) and ssh_chan.c (commands in it). */
#include <libssh/libssh.h>
#include <stdint.h>

#include "transport.h"

struct ssh_c;
struct ssh_t {
	struct transport base;
	ssh_session s; /* non-blocking, always */
	int64_t end;   /* CLOCK_BOOTTIME, ms: deadline of what runs now */
	struct ssh_c *chans;
};

/* Waits a little for the session's socket; -ETIMEDOUT when END has passed. */
int ssh_wait(ssh_session s, int64_t end);

int ssh_run(struct transport *t, const struct transport_cmd *c, struct buf *out, struct buf *errout,
	    int *status, struct err *e);
int ssh_chan_open(struct transport *t, const char *cmd, struct chan **out, struct err *e);
int ssh_chan_write(struct chan *c, const void *data, size_t n, int timeout_ms, struct err *e);
int ssh_chan_read(struct chan *c, struct buf *b, int timeout_ms, struct err *e);
void ssh_chan_close(struct chan *c);
void ssh_chans_close(struct ssh_t *t);

#endif
