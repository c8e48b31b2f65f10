// SPDX-License-Identifier: GPL-2.0-or-later
/* Asking: commands on nodes in a shell beside the collector, the rest in a thread each. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http.h"
#include "probe.h"
#include "probe_read.h"
#include "ssh_priv.h"
#include "ssh_spawn.h"

#define GRACE_MS 5000 /* for the way to a node and back, on top of the probe's own time */
#define WRITE_MS 2000

/* ---- what a command answered ---- */

/* 126, 127: there is no such command; 124 and 137: timeout(1) ended it. */
static enum probe_state state_of(const char *status, char *value, size_t n)
{
	if (!*status) {
		snprintf(value, n, "it prints more than is read");
		return PROBE_UNKNOWN;
	}
	if (strcmp(status, "126") == 0 || strcmp(status, "127") == 0)
		return PROBE_UNKNOWN;
	if (strcmp(status, "124") == 0 || strcmp(status, "137") == 0)
		snprintf(value, n, "no answer in time");
	else if (strcmp(status, "0") != 0 && !*value)
		snprintf(value, n, "exit status %s", status);
	return strcmp(status, "0") == 0 ? PROBE_HOLDS : PROBE_FAILED;
}

/* "CODE SECONDS TEXT" of a page that a node was asked for; STATUS is that of its curl. */
static enum probe_state page_of(const struct probe_cfg *c, const char *status, const char *said,
				char *value, size_t n)
{
	char *at;
	long code = strtol(said, &at, 10);
	double seconds = strtod(at, &at);

	at += *at == ' ';
	if (strcmp(status, "0") == 0)
		return http_judge(c, code, seconds * 1000, at, value, n);
	if (strcmp(status, "28") == 0) /* curl's own */
		status = "124";
	text_clean(value, n, at);
	return state_of(status, value, n);
}

static enum probe_state answer_of(const struct probe_cfg *c, const char *status, const char *said,
				  char *value, size_t n)
{
	if (c->kind == PROBE_HTTP && *status)
		return page_of(c, status, said, value, n);
	text_clean(value, n, said);
	return state_of(status, value, n);
}

static struct probe *asked_as(struct deck *d, uint64_t number)
{
	for (size_t i = 0; i < d->nprobes; i++)
		if (d->probes[i].number == number)
			return &d->probes[i];
	return NULL;
}

/* NUMBER<TAB>STATUS<TAB>VALUE */
static void take_line(struct deck *d, const struct actor *a, const char *line)
{
	char value[160] = "", status[8], *end;
	uint64_t number = strtoull(line, &end, 10);
	const char *tab = *end == '\t' ? strchr(end + 1, '\t') : NULL;
	struct probe *p = tab && end > line ? asked_as(d, number) : NULL;

	if (!p || p->actor != a || !p->asked_ms)
		return;
	snprintf(status, sizeof(status), "%.*s", (int)(tab - end - 1), end + 1);
	probe_said(d, p, answer_of(p->v.cfg, status, tab + 1, value, sizeof(value)), value);
}

/* Through the client that is there, and its administrator's socket: no password of ours. */
static void sql_command(struct buf *b, const char *statement)
{
	struct buf text = BUF_INIT(64u << 10);

	buf_str(&text,
		"for c in mariadb mysql; do ! command -v $c >/dev/null 2>&1 || exec $c -NBe ");
	buf_shell(&text, statement);
	buf_str(&text, "; done; echo 'there is no mariadb and no mysql' >&2; exit 127");
	buf_shell(b, buf_text(&text));
	b->broken |= text.broken;
	buf_free(&text);
}

static void ask_line(struct buf *b, uint64_t number, const struct probe_cfg *c)
{
	buf_fmt(b, "%s %llu %lld ", c->kind == PROBE_HTTP ? "fd_page" : "fd_probe",
		(unsigned long long)number, (long long)(c->timeout_ms + 999) / 1000);
	if (c->kind == PROBE_SQL)
		sql_command(b, c->sql);
	else
		buf_shell(b, c->kind == PROBE_HTTP ? c->http : c->command);
	buf_str(b, "\n");
}

/* ---- on a node ---- */

static bool is_asked_on(const struct probe *p, const struct actor *a)
{
	const enum probe_kind k = p->v.cfg->kind;

	return p->actor == a && (k == PROBE_COMMAND || k == PROBE_HTTP || k == PROBE_SQL) &&
	       p->listed;
}

/* The questions that are due, to B; false: an answer is overdue, the shell does not go on. */
static bool questions(struct actor *a, struct buf *b)
{
	struct deck *d = a->deck;
	int64_t now = now_boot_ms();
	bool alive = true;

	pthread_mutex_lock(&d->lock);
	for (size_t i = 0; i < d->nprobes; i++) {
		struct probe *p = &d->probes[i];

		if (!is_asked_on(p, a))
			continue;
		if (p->asked_ms && now > p->asked_ms + p->v.cfg->timeout_ms + GRACE_MS) {
			probe_said(d, p, PROBE_UNKNOWN, "the node's shell does not answer");
			alive = false;
		}
		if (p->asked_ms || now < p->due_ms)
			continue;
		p->asked_ms = now;
		p->due_ms = p->once ? INT64_MAX : now + p->v.cfg->interval_ms;
		ask_line(b, p->number, p->v.cfg);
	}
	pthread_mutex_unlock(&d->lock);
	return alive;
}

/* Whole lines out of the text; the rest stays. */
static void take_lines(struct actor *a)
{
	struct buf *b = &a->probe_text;
	char *at = b->data, *nl;

	pthread_mutex_lock(&a->deck->lock);
	while (at && (nl = memchr(at, '\n', b->len - (size_t)(at - b->data)))) {
		*nl = '\0';
		take_line(a->deck, a, at);
		at = nl + 1;
	}
	pthread_mutex_unlock(&a->deck->lock);
	if (!at || at == b->data)
		return;
	b->len -= (size_t)(at - b->data);
	memmove(b->data, at, b->len + 1);
}

static int open_shell(struct actor *a, struct err *e)
{
	struct buf script = BUF_INIT(64u << 10);
	int r = a->probes ? 0 : script_probes(&script);

	if (!a->probes && !r) {
		r = chan_open(a->transport, NODE_SHELL, &a->probes, e);
		if (!r)
			r = chan_write(a->probes, script.data, script.len, WRITE_MS, e);
	}
	buf_free(&script);
	return r;
}

/* A shell that failed goes; what was asked in it is asked again in the next one. */
static void drop_shell(struct actor *a)
{
	struct deck *d = a->deck;

	a->probes = chan_close(a->probes);
	buf_clear(&a->probe_text);
	pthread_mutex_lock(&d->lock);
	for (size_t i = 0; i < d->nprobes; i++)
		if (is_asked_on(&d->probes[i], a) && d->probes[i].asked_ms)
			probe_said(d, &d->probes[i], PROBE_UNKNOWN, "the node's shell has ended");
	pthread_mutex_unlock(&d->lock);
}

void probe_turn(struct actor *a)
{
	struct buf ask = BUF_INIT(256u << 10);
	struct err e = { 0 };
	int r = 0;

	if (!a->deck->nprobes)
		return;
	while (a->probes && !r)
		r = chan_read(a->probes, &a->probe_text, 0, &e);
	take_lines(a);
	if (r && r != -ETIMEDOUT)
		drop_shell(a);
	if (!questions(a, &ask))
		drop_shell(a);
	r = ask.len ? open_shell(a, &e) : 0;
	if (!r && ask.len)
		r = chan_write(a->probes, ask.data, ask.len, WRITE_MS, &e);
	if (r)
		drop_shell(a);
	buf_free(&ask);
}

/* ---- from here ---- */

static enum probe_state ask_tcp(const struct deck *d, const struct probe_cfg *c, char *value,
				size_t n)
{
	int64_t begun = now_boot_ms();
	struct err e = { 0 };
	char host[256] = "";
	unsigned port = 0;
	int fd = -1, r;

	probe_host_port(c->tcp, host, sizeof(host), &port);
	r = ssh_tcp(&(struct tcp_limit){ begun + c->timeout_ms, d->cancel_fd }, host, port, &fd,
		    &e);
	close_fd(&fd);
	if (r)
		snprintf(value, n, "%s", e.msg);
	else
		snprintf(value, n, "%lld ms", (long long)(now_boot_ms() - begun));
	return !r ? PROBE_HOLDS : r == -ENOENT ? PROBE_UNKNOWN : PROBE_FAILED;
}

static enum probe_state ask_page(const struct deck *d, const struct probe_cfg *c, char *value,
				 size_t n)
{
	struct http_page page = { .body = BUF_INIT(HTTP_BODY_MAX) };
	struct err e = { 0 };
	int r = http_get(c->http, c->timeout_ms, d->cancel_fd, &page, &e);
	enum probe_state s = r == -ECANCELED || r == -EINVAL ? PROBE_UNKNOWN : PROBE_FAILED;

	if (r)
		text_clean(value, n, e.msg);
	else
		s = http_judge(c, page.status, page.ms, buf_text(&page.body), value, n);
	buf_free(&page.body);
	return s;
}

/* "0<TAB>STATUS<TAB>VALUE" as a node's shell answers, from a shell of this machine. */
static enum probe_state ask_here(const struct probe_cfg *c, char *value, size_t n)
{
	struct buf script = BUF_INIT(256u << 10), out = BUF_INIT(64u << 10);
	struct transport_cmd cmd = { .cmd = "exec sh -s",
				     .timeout_ms = (int)c->timeout_ms + GRACE_MS };
	enum probe_state s = PROBE_UNKNOWN;
	struct transport *t = NULL;
	struct err e = { 0 };
	char *tab, *status = NULL;
	int code;

	script_probes(&script);
	ask_line(&script, 0, c);
	buf_str(&script, "wait\n");
	cmd.in = script.data;
	cmd.in_len = script.len;
	if (!script.broken && !transport_local(&t, &e) &&
	    !transport_run(t, &cmd, &out, NULL, &code, &e))
		status = out.data ? strchr(out.data, '\t') : NULL;
	tab = status ? strchr(status + 1, '\t') : NULL;
	if (tab) {
		*tab = '\0';
		tab[1 + strcspn(tab + 1, "\n")] = '\0';
		s = answer_of(c, status + 1, tab + 1, value, n);
	} else {
		snprintf(value, n, "%s", e.msg[0] ? e.msg : "the shell did not answer");
	}
	transport_close(t);
	buf_free(&script);
	buf_free(&out);
	return s;
}

static enum probe_state ask(const struct deck *d, const struct probe_cfg *c, char *value, size_t n)
{
	if (c->kind == PROBE_TCP)
		return ask_tcp(d, c, value, n);
	return c->kind == PROBE_HTTP ? ask_page(d, c, value, n) : ask_here(c, value, n);
}

static void *ask_on(void *arg)
{
	struct probe *p = arg;
	struct deck *d = p->deck;
	sigset_t pipe;

	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE); /* a server that hangs up is an answer */
	pthread_sigmask(SIG_BLOCK, &pipe, NULL);
	pthread_mutex_lock(&d->lock);
	while (!d->stop && !p->gone) {
		char value[160] = "";
		enum probe_state s;

		if (now_boot_ms() < p->due_ms) {
			cond_until(&d->closing, &d->lock, p->due_ms);
			continue;
		}
		p->due_ms = p->once ? INT64_MAX : now_boot_ms() + p->v.cfg->interval_ms;
		p->asked_ms = now_boot_ms();
		d->probing++;
		pthread_mutex_unlock(&d->lock);
		s = ask(d, p->v.cfg, value, sizeof(value));
		pthread_mutex_lock(&d->lock);
		d->probing--;
		if (!p->gone)
			probe_said(d, p, s, value);
		pthread_cond_broadcast(&d->news);
	}
	p->alive = false;
	pthread_mutex_unlock(&d->lock);
	return NULL;
}

void probe_thread(struct probe *p)
{
	p->threaded = p->alive = pthread_create(&p->thread, NULL, ask_on, p) == 0;
	if (!p->threaded)
		log_locked(p->deck, "", -EAGAIN, "probe \"%s\": no thread could be started",
			   p->v.name);
}

void probes_start(struct deck *d)
{
	pthread_mutex_lock(&d->lock);
	for (size_t i = 0; i < d->nprobes; i++)
		if (!d->probes[i].actor)
			probe_thread(&d->probes[i]);
	pthread_mutex_unlock(&d->lock);
}
