// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The way through a jump host or a ProxyCommand. The ssh program carries it, not libssh: it honours
 * all of ssh_config for the jump host, what it says on standard error is the reason that the
 * operator needs, and libssh 0.10 and 0.11 go different ways here.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ssh_priv.h"
#include "ssh_spawn.h"

#define COMMAND_MAX   8192
#define ANSWER_MAX    (256u << 10)
#define SAID_MAX      2048
#define LAST_WORDS_MS 200
#define NO_PROXY      "faultdeck:none"

/*
 * True if ssh_config names a proxy for this host. libssh 0.11 does not tell of a ProxyJump, but in
 * every version the first of ProxyJump and ProxyCommand wins: so one more is offered to it, and if
 * that one is taken there was none before.
 */
static bool config_has_proxy(ssh_session s)
{
	static const char line[] = "ProxyCommand " NO_PROXY "\n";
	const int fd = memfd_create("faultdeck", MFD_CLOEXEC);
	char path[32], *got = NULL;
	bool direct = false;

	if (fd < 0)
		return true;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (write(fd, line, sizeof(line) - 1) == (ssize_t)sizeof(line) - 1 &&
	    ssh_options_parse_config(s, path) == 0 &&
	    ssh_options_get(s, SSH_OPTIONS_PROXYCOMMAND, &got) == SSH_OK)
		direct = strcmp(got, NO_PROXY) == 0;
	ssh_string_free_char(got);
	close(fd);
	return !direct;
}

/* ---- what ssh itself makes of ssh_config: `ssh -G` ---- */

static void add_file_and_user(struct buf *b, const struct node_cfg *n,
			      const struct transport_opts *o)
{
	if (o->ssh_config) {
		buf_str(b, " -F ");
		buf_shell(b, o->ssh_config);
	}
	if (n->user) {
		buf_str(b, " -l ");
		buf_shell(b, n->user);
	}
	if (n->port)
		buf_fmt(b, " -p %d", n->port);
}

static int ask_ssh(const struct ssh_t *t, const struct node_cfg *n, const struct transport_opts *o,
		   struct buf *answer, struct err *e)
{
	struct buf cmd = BUF_INIT(COMMAND_MAX);
	struct transport_cmd c = { .cmd = NULL };
	struct transport *local = NULL;
	const int64_t left = t->end - now_boot_ms();
	int status = 0, r;

	buf_str(&cmd, "exec ssh -G");
	add_file_and_user(&cmd, n, o);
	buf_str(&cmd, " -- ");
	buf_shell(&cmd, n->host);
	c.cmd = buf_text(&cmd);
	c.timeout_ms = left > 1 ? (int)left : 1;
	r = cmd.broken ? err_set(e, -ENOMEM, "out of memory") : transport_local(&local, e);
	if (!r)
		r = transport_run(local, &c, answer, NULL, &status, e);
	transport_close(local);
	buf_free(&cmd);
	if (r || !status)
		return r;
	err_set(e, -EPROTO, "%s: ssh_config names a proxy, and `ssh -G` fails on it", n->host);
	return err_hint(e, "is the ssh program installed? Try it by hand");
}

/* The value of KEY in the answer of ssh -G, cut out of it; NULL: none. */
static char *answer_value(char *answer, const char *key)
{
	const size_t n = strlen(key);

	for (char *line = answer; line && *line; line = strchr(line, '\n'), line += !!line) {
		if (strncasecmp(line, key, n) != 0 || line[n] != ' ')
			continue;
		line[strcspn(line, "\n")] = '\0';
		return strcasecmp(line + n + 1, "none") == 0 ? NULL : line + n + 1;
	}
	return NULL;
}

/* ---- the command ---- */

/* -W to the node: its name and port as the session has them. */
static void add_target(struct buf *b, ssh_session s)
{
	char *host = NULL;
	unsigned port = 22;
	char word[300];

	ssh_options_get_port(s, &port);
	if (ssh_options_get(s, SSH_OPTIONS_HOST, &host) == SSH_OK) {
		snprintf(word, sizeof(word), "[%s]:%u", host, port);
		buf_str(b, " -W ");
		buf_shell(b, word);
	}
	ssh_string_free_char(host);
}

/* SPEC as in ProxyJump: [user@]host[:port], more of them with commas between. */
static void add_jump(struct buf *b, const struct ssh_t *t, const char *spec, const char *identity,
		     const struct transport_opts *o)
{
	const char *comma = strrchr(spec, ',');
	const char *last = comma ? comma + 1 : spec;
	char word[512];

	buf_str(b, "exec ssh -T -o BatchMode=yes -o ServerAliveInterval=15 -o LogLevel=INFO"
		   " -o ClearAllForwardings=yes -o ControlMaster=no");
	if (o->accept_new)
		buf_str(b, " -o StrictHostKeyChecking=accept-new");
	if (o->ssh_config) {
		buf_str(b, " -F ");
		buf_shell(b, o->ssh_config);
	}
	if (identity) {
		buf_str(b, " -i ");
		buf_shell(b, identity);
	}
	if (comma) {
		snprintf(word, sizeof(word), "%.*s", (int)(comma - spec), spec);
		buf_str(b, " -J ");
		buf_shell(b, word);
	}
	add_target(b, t->s);
	snprintf(word, sizeof(word), "%s%s", strncmp(last, "ssh://", 6) ? "ssh://" : "", last);
	buf_str(b, " -- ");
	buf_shell(b, word);
}

/* The user's own ProxyCommand: %h %p %r %n stand for what they do in ssh_config. */
static void add_expanded(struct buf *b, ssh_session s, const struct node_cfg *n, const char *text)
{
	char *host = NULL, *user = NULL;
	unsigned port = 22;

	ssh_options_get(s, SSH_OPTIONS_HOST, &host);
	ssh_options_get(s, SSH_OPTIONS_USER, &user);
	ssh_options_get_port(s, &port);
	buf_str(b, "exec ");
	for (const char *p = text; *p; p++) {
		const char c = *p == '%' && p[1] ? *++p : '\0';
		if (c == 'h')
			buf_str(b, host ? host : n->host);
		else if (c == 'n')
			buf_str(b, n->host);
		else if (c == 'r')
			buf_str(b, user ? user : "");
		else if (c == 'p')
			buf_fmt(b, "%u", port);
		else
			buf_add(b, p, 1);
	}
	ssh_string_free_char(host);
	ssh_string_free_char(user);
}

static int command_from_config(struct ssh_t *t, const struct node_cfg *n,
			       const struct transport_opts *o, struct buf *cmd, struct err *e)
{
	struct buf answer = BUF_INIT(ANSWER_MAX), again = BUF_INIT(ANSWER_MAX);
	int r = ask_ssh(t, n, o, &answer, e);

	if (!r)
		r = buf_str(&again, buf_text(&answer));
	if (!r) {
		const char *jump = answer_value(answer.data, "proxyjump");
		const char *own = answer_value(again.data, "proxycommand");
		if (jump)
			add_jump(cmd, t, jump, NULL, o);
		else if (own)
			add_expanded(cmd, t->s, n, own);
	}
	buf_free(&answer);
	buf_free(&again);
	return r;
}

int ssh_proxy_command(struct ssh_t *t, const struct node_cfg *n, const struct transport_opts *o,
		      struct buf *cmd, struct err *e)
{
	int r = 0;

	if (n->jump)
		add_jump(cmd, t, n->jump, n->identity, o);
	else if (config_has_proxy(t->s))
		r = command_from_config(t, n, o, cmd, e);
	if (!r && cmd->broken)
		return err_set(e, -ENOMEM, "%s: the command for the jump host is too long",
			       n->host);
	return r;
}

/* ---- the process ---- */

int ssh_proxy_start(struct ssh_t *t, const char *cmd, int *fd, struct err *e)
{
	int io[2] = { -1, -1 }, err[2] = { -1, -1 };
	int r = sh_pair(io);

	if (!r && pipe2(err, O_CLOEXEC))
		r = -errno;
	if (!r)
		r = sh_spawn(cmd, io[1], io[1], err[1], &t->proxy);
	close_fd(&io[1]);
	close_fd(&err[1]);
	if (r) {
		t->proxy = 0;
		close_fd(&io[0]);
		close_fd(&err[0]);
		return err_set(e, r, "the proxy cannot be started: %s", strerror(-r));
	}
	fcntl(io[0], F_SETFL, O_NONBLOCK);
	fcntl(err[0], F_SETFL, O_NONBLOCK);
	t->proxy_err = err[0];
	*fd = io[0];
	return 0;
}

/* The proxy's last line: it may still be on its way when its connection is closed already. */
static void last_words(struct ssh_t *t, char *said, size_t size)
{
	const int64_t end = now_boot_ms() + LAST_WORDS_MS;
	size_t n = 0;

	while (n < size - 1 && now_boot_ms() < end) {
		struct pollfd p = { .fd = t->proxy_err, .events = POLLIN };
		poll(&p, 1, LAST_WORDS_MS);
		const ssize_t k = read(t->proxy_err, said + n, size - 1 - n);
		if (k == 0 || (k < 0 && errno != EINTR && errno != EAGAIN))
			break;
		n += k > 0 ? (size_t)k : 0;
	}
	while (n && strchr("\r\n", said[n - 1]))
		n--;
	said[n] = '\0';
}

/* What SAID means, and the line of it that says so; the last one where none is known. */
static int meaning(char *said, const char **line, const char **hint)
{
	static const struct {
		const char *words;
		int code;
		const char *hint;
	} known[] = {
		{ "HOST IDENTIFICATION HAS CHANGED", -EKEYREJECTED,
		  "the key of the jump host has changed: somebody may be in between" },
		{ "Host key verification failed", -ENOKEY,
		  "the key of the jump host is not known: --accept-new, or connect to it once by "
		  "ssh" },
		{ "Permission denied", -EACCES,
		  "the jump host accepts no key: check jump, ssh-agent and ssh_config" },
		{ "not resolve", -ENOENT, "check host and jump in cluster.cfg" },
		{ "refused", -ECONNREFUSED, "check host, port and jump in cluster.cfg" },
		{ "timed out", -ETIMEDOUT, "check host, port and jump in cluster.cfg" },
		{ "o route", -EHOSTUNREACH, "check the network" },
		{ "unreachable", -EHOSTUNREACH, "check the network" },
		{ "administratively prohibited", -EACCES,
		  "the jump host forwards nothing: AllowTcpForwarding in its sshd_config" },
		{ "not found", -ENOENT, "install the program that carries the connection" },
	};
	char *at = NULL, *begin;
	int code = -EPROTO;

	*hint = "try the same by hand: ssh -J";
	for (size_t i = 0; !at && i < sizeof(known) / sizeof(known[0]); i++) {
		at = strstr(said, known[i].words);
		if (!at)
			continue;
		code = known[i].code;
		*hint = known[i].hint;
	}
	if (!at)
		at = said + strlen(said);
	at[strcspn(at, "\r\n")] = '\0';
	begin = strrchr(said, '\n');
	*line = begin ? begin + 1 : said;
	return code;
}

int ssh_proxy_error(struct ssh_t *t, const struct node_cfg *n, struct err *e)
{
	char said[SAID_MAX];
	const char *hint, *line;

	if (t->proxy_err < 0)
		return 0;
	last_words(t, said, sizeof(said));
	if (!*said)
		return 0;
	const int code = meaning(said, &line, &hint);
	err_set(e, code, "%s: on the way there: %s", n->host, line);
	return err_hint(e, "%s", hint);
}

void ssh_proxy_drain(struct ssh_t *t)
{
	char chunk[1024];

	while (t->proxy_err >= 0 && read(t->proxy_err, chunk, sizeof(chunk)) > 0)
		;
}

void ssh_proxy_stop(struct ssh_t *t)
{
	close_fd(&t->proxy_err);
	if (!t->proxy)
		return;
	kill(-t->proxy, SIGKILL);
	while (waitpid(t->proxy, NULL, 0) < 0 && errno == EINTR)
		;
	t->proxy = 0;
}
