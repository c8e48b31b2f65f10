/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_HTTP_H
#define CORE_HTTP_H
/* One page, asked from where the operator is; and what a probe makes of one, whoever asked. */
#include "probe_cfg.h"
#include "model.h"
#include "text.h"

#define HTTP_BODY_MAX (1u << 20)

struct http_page {
	long status;
	double ms;
	struct buf body; /* the caller's, with its limit */
};
/*
 * 0: there is an answer, whatever it says. -ETIMEDOUT; -ECANCELED: CANCEL_FD is readable;
 * -EMSGSIZE; -EINVAL: it is no URL; -ENETUNREACH … with the reason in E.
 */
int http_get(const char *url, int64_t timeout_ms, int cancel_fd, struct http_page *out,
	     struct err *e);
/* Does C hold of that answer? VALUE (of N bytes): what it found, or why it does not. */
enum probe_state http_judge(const struct probe_cfg *c, long status, double ms, const char *body,
			    char *value, size_t n);

#endif
