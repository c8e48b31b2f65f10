// SPDX-License-Identifier: GPL-2.0-or-later
/* What operations of backends share: a script on a node, and what its lines mean. */
#include <errno.h>
#include <string.h>

#include "catalogue.h"
#include "transport.h"

static int errno_of(const char *word)
{
	static const struct {
		const char *word;
		int code;
	} table[] = { { "EPERM", -EPERM },
		      { "ENOENT", -ENOENT },
		      { "EINVAL", -EINVAL },
		      { "EBUSY", -EBUSY } };

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (strncmp(word, table[i].word, strlen(table[i].word)) == 0)
			return table[i].code;
	return -EIO;
}

/* Everything but error and hint lines is for the operator. */
int operate_lines(char *text, struct buf *out, struct err *e)
{
	char *save = NULL;
	int r = 0;

	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		char clean[1024];

		if (strncmp(l, "error\t", 6) == 0) {
			r = err_set(e, errno_of(l + 6), "%s", l + 6);
		} else if (strncmp(l, "hint\t", 5) == 0 && r) {
			err_hint(e, "%s", l + 5);
		} else {
			text_clean(clean, sizeof(clean), l);
			buf_fmt(out, "%s\n", clean);
		}
	}
	return r;
}

int operate_cmd(const struct op_ctx *c, const struct transport_cmd *cmd, struct err *e)
{
	struct buf out = BUF_INIT(1u << 20), errout = BUF_INIT(64u << 10);
	int status = 0, r = transport_run(c->transport, cmd, &out, &errout, &status, e);

	if (!r && out.data)
		r = operate_lines(out.data, c->out, e);
	if (!r && status)
		r = err_set(e, -EIO, "%s", errout.len ? errout.data : "the node's script failed");
	buf_free(&out);
	buf_free(&errout);
	return r;
}

/* SCRIPT, then CALL. */
int operate_script(const struct op_ctx *c, const char *script, const char *call, int timeout_ms,
		   struct err *e)
{
	struct buf in = BUF_INIT(256u << 10);
	struct transport_cmd cmd = { .cmd = OPERATE_AS_ROOT("sh -s"), .timeout_ms = timeout_ms };
	int r;

	buf_fmt(&in, "%s\n%s\n", script, call);
	cmd.in = buf_text(&in);
	cmd.in_len = in.len;
	r = in.broken ? err_set(e, -ENOMEM, "out of memory") : operate_cmd(c, &cmd, e);
	buf_free(&in);
	return r;
}
