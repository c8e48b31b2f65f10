/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_TRANSPORT_H
#define CORE_TRANSPORT_H
/*
 * One open session to one node, with two implementations behind one ops struct: SSH (libssh) and
 * local (host = "local"). A session is driven by one thread at a time; nothing here is shared
 * between sessions. All calls block, but never past their time-out.
 */
#include <stdbool.h>
#include <stddef.h>

#include "config.h"
#include "err.h"
#include "text.h"

/* What a single answer may hold: the limit to give to a buffer. More is -EMSGSIZE. */
#define TRANSPORT_MAX_OUT (4u << 20)

struct transport_opts {
	const char *ssh_config; /* NULL: the user's own */
	bool accept_new;        /* write the key of a host never seen before to known_hosts */
	/* accept (and write) an unknown key only if it has exactly this SHA256 fingerprint; NULL:
	 * none. The console's yes answers the one it showed. A *changed* key is refused whatever is
	 * said. */
	const char *accept_fingerprint;
	int connect_ms; /* for name, TCP, key exchange and authentication together; 0: 8000 */
	/* Once this is readable no call waits any more: as if its time were over. 0: none */
	int cancel_fd;
};

struct transport;
struct chan;

/*
 * Errors: -ECONNREFUSED, -EHOSTUNREACH, -ETIMEDOUT, -ENOENT (name not known), -EACCES (no key was
 * accepted), -ENOKEY (host key not known; msg holds its fingerprint, see transport_fingerprint),
 * -EKEYREJECTED (host key changed or revoked; msg holds both fingerprints, file and line), -EINVAL
 * (ssh_config cannot be read), -EPROTO. Those of a jump host are the same, without a fingerprint.
 */
int transport_open(const struct node_cfg *node, const struct transport_opts *o,
		   struct transport **out, struct err *e);
/* Closes everything, also its channels; takes NULL, returns NULL. */
struct transport *transport_close(struct transport *t);

/*
 * Runs CMD (given to the login shell as it is: quote arguments with buf_shell) with IN on its
 * standard input. OUT and ERROUT are added to; either may be NULL (discarded). *STATUS: exit
 * status, 128 + signal; untouched on failure. It returns when the command has ended *and* its
 * outputs are closed: what goes on behind it must not hold them. Errors: -ETIMEDOUT, -EMSGSIZE,
 * -EPIPE (session gone), -EPROTO (the session lives, but the host starts no command), -ENOMEM.
 * After a failure the command's process group gets SIGKILL: always where it is local; over SSH
 * where sshd does it, which it does not in sessions of root.
 */
struct transport_cmd {
	const char *cmd;
	const void *in;
	size_t in_len;
	int timeout_ms; /* 0: 10000 */
};
int transport_run(struct transport *t, const struct transport_cmd *c, struct buf *out,
		  struct buf *errout, int *status, struct err *e);

/*
 * A long-lived command: the collector. Standard error is discarded. Closing it ends the command as
 * a failed transport_run does, and closes its standard input in any case.
 */
int chan_open(struct transport *t, const char *cmd, struct chan **out, struct err *e);
/* 0, -ETIMEDOUT (some of it may be written: close the channel), -EPIPE (ended). */
int chan_write(struct chan *c, const void *data, size_t n, int timeout_ms, struct err *e);
/* Waits for more output and adds it to B. 0, -ETIMEDOUT (nothing came), -EPIPE (ended), -EMSGSIZE.
 */
int chan_read(struct chan *c, struct buf *b, int timeout_ms, struct err *e);
struct chan *chan_close(struct chan *c);

/*
 * The SHA256 fingerprint ("SHA256:…", 50 bytes) of the unknown key that transport_open refused with
 * -ENOKEY, from E: what accept_fingerprint takes. False and "" for any other error.
 */
bool transport_fingerprint(const struct err *e, char *dst, size_t n);

/* For tests and the page about architecture: what a transport is made of. */
struct transport_ops {
	int (*run)(struct transport *, const struct transport_cmd *, struct buf *, struct buf *,
		   int *, struct err *);
	int (*chan_open)(struct transport *, const char *, struct chan **, struct err *);
	int (*chan_write)(struct chan *, const void *, size_t, int, struct err *);
	int (*chan_read)(struct chan *, struct buf *, int, struct err *);
	void (*chan_close)(struct chan *);
	void (*close)(struct transport *);
};
struct transport {
	const struct transport_ops *ops;
};
struct chan {
	struct transport *t;
};
int transport_ssh(const struct node_cfg *node, const struct transport_opts *o,
		  struct transport **out, struct err *e);
int transport_local(struct transport **out, struct err *e);

#endif
