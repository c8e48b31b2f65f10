// SPDX-License-Identifier: GPL-2.0-or-later
/* Asking: commands on nodes in a shell beside the collector, the rest in a thread each. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* NUMBER<TAB>STATUS<TAB>VALUE; A NULL: only to probes that are asked from here. */
static void take_line(struct deck *d, const struct actor *a, const char *line)
{
	char value[160], status[8], *end;
	size_t i = strtoul(line, &end, 10);
	const char *tab = *end == '\t' ? strchr(end + 1, '\t') : NULL;
	struct probe *p = i < d->nprobes ? &d->probes[i] : NULL;

	if (!tab || end == line || !p || p->actor != a || !p->asked_ms)
		return;
	snprintf(status, sizeof(status), "%.*s", (int)(tab - end - 1), end + 1);
	text_clean(value, sizeof(value), tab + 1);
	probe_said(d, p, state_of(status, value, sizeof(value)), value);
}

static void ask_line(struct buf *b, size_t number, const struct probe_cfg *c)
{
	buf_fmt(b, "fd_probe %zu %lld ", number, (long long)(c->timeout_ms + 999) / 1000);
	buf_shell(b, c->command);
	buf_str(b, "\n");
}

/* ---- on a node ---- */

static bool is_asked_on(const struct probe *p, const struct actor *a)
{
	return p->actor == a && p->v.cfg->kind == PROBE_COMMAND && p->listed;
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
		p->due_ms = now + p->v.cfg->interval_ms;
		ask_line(b, i, p->v.cfg);
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
		text_clean(value, n, tab + 1);
		s = state_of(status + 1, value, n);
	} else {
		snprintf(value, n, "%s", e.msg[0] ? e.msg : "the shell did not answer");
	}
	transport_close(t);
	buf_free(&script);
	buf_free(&out);
	return s;
}

static void *ask_on(void *arg)
{
	struct probe *p = arg;
	struct deck *d = p->deck;

	pthread_mutex_lock(&d->lock);
	while (!d->stop) {
		char value[160] = "";
		enum probe_state s;

		if (now_boot_ms() < p->due_ms) {
			cond_until(&d->closing, &d->lock, p->due_ms);
			continue;
		}
		p->due_ms = now_boot_ms() + p->v.cfg->interval_ms;
		d->probing++;
		pthread_mutex_unlock(&d->lock);
		s = p->v.cfg->tcp ? ask_tcp(d, p->v.cfg, value, sizeof(value))
				  : ask_here(p->v.cfg, value, sizeof(value));
		pthread_mutex_lock(&d->lock);
		d->probing--;
		probe_said(d, p, s, value);
		pthread_cond_broadcast(&d->news);
	}
	pthread_mutex_unlock(&d->lock);
	return NULL;
}

void probes_start(struct deck *d)
{
	for (size_t i = 0; i < d->nprobes; i++) {
		struct probe *p = &d->probes[i];

		if (p->actor)
			continue;
		p->threaded = pthread_create(&p->thread, NULL, ask_on, p) == 0;
		if (!p->threaded)
			deck_log(d, "", -EAGAIN, "probe \"%s\": no thread could be started",
				 p->v.name);
	}
}
