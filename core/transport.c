// SPDX-License-Identifier: GPL-2.0-or-later
#include "transport.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int transport_open(const struct node_cfg *node, const struct transport_opts *o,
		   struct transport **out, struct err *e)
{
	return node->local ? transport_local(out, e) : transport_ssh(node, o, out, e);
}

struct transport *transport_close(struct transport *t)
{
	if (t)
		t->ops->close(t);
	return NULL;
}

int transport_run(struct transport *t, const struct transport_cmd *c, struct buf *out,
		  struct buf *errout, int *status, struct err *e)
{
	return t->ops->run(t, c, out, errout, status, e);
}

int chan_open(struct transport *t, const char *cmd, struct chan **out, struct err *e)
{
	return t->ops->chan_open(t, cmd, out, e);
}

int chan_write(struct chan *c, const void *data, size_t n, int timeout_ms, struct err *e)
{
	return c->t->ops->chan_write(c, data, n, timeout_ms, e);
}

int chan_read(struct chan *c, struct buf *b, int timeout_ms, struct err *e)
{
	return c->t->ops->chan_read(c, b, timeout_ms, e);
}

struct chan *chan_close(struct chan *c)
{
	if (c)
		c->t->ops->chan_close(c);
	return NULL;
}

bool transport_fingerprint(const struct err *e, char *dst, size_t n)
{
	const char *at = NULL;

	/* the last one: what stands before it is the operator's own name for the host */
	if (e->code == -ENOKEY)
		for (const char *p = e->msg; (p = strstr(p, "SHA256:")); p++)
			at = p;
	snprintf(dst, n, "%.*s", at ? (int)strcspn(at, " ,;)") : 0, at ? at : "");
	return at;
}
