// SPDX-License-Identifier: GPL-2.0-or-later
/* The jobs that change something on a node: inject, restore, renew, sweep, and operations. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collect.h"
#include "deck_priv.h"

#define FORCED_MAX 32 /* that are told one by one */

/* What a node's script said, line by line. */
struct answer {
	char state[24], error[480], hint[320];
	char said[200]; /* the last line that is none of these: what a command complained of */
	int status;
	int64_t deadline;
	int swept, kept, forced;
	char first_kept[160], first_forced[160];
	char ids[FORCED_MAX][ID_MAX]; /* of those that were forced */
	size_t nids;
};

static int errno_word(const char *w)
{
	static const struct {
		const char *word;
		int code;
	} table[] = { { "EPERM", -EPERM },   { "ENOENT", -ENOENT }, { "EEXIST", -EEXIST },
		      { "EINVAL", -EINVAL }, { "ERANGE", -ERANGE }, { "EBUSY", -EBUSY },
		      { "ENOSPC", -ENOSPC }, { "ENODEV", -ENODEV } };

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (strncmp(w, table[i].word, strlen(table[i].word)) == 0)
			return table[i].code;
	return -EIO;
}

static void take_answer(struct answer *a, const char *key, const char *value)
{
	if (strcmp(key, "state") == 0) {
		text_clean(a->state, sizeof(a->state), value);
	} else if (strcmp(key, "error") == 0 && !a->error[0]) {
		text_clean(a->error, sizeof(a->error), value);
	} else if (strcmp(key, "hint") == 0 && !a->hint[0]) {
		text_clean(a->hint, sizeof(a->hint), value);
	} else if (strcmp(key, "status") == 0) {
		a->status = (int)strtol(value, NULL, 10);
	} else if (strcmp(key, "deadline") == 0) {
		a->deadline = strtoll(value, NULL, 10);
	} else if (strcmp(key, "forced") == 0) {
		if (a->nids < FORCED_MAX)
			snprintf(a->ids[a->nids++], ID_MAX, "%.*s", (int)strcspn(value, " "),
				 value);
		if (!a->forced++)
			text_clean(a->first_forced, sizeof(a->first_forced), value);
	} else if (strcmp(key, "swept") == 0) {
		a->swept++;
	} else if (strcmp(key, "kept") == 0) {
		if (!a->kept++)
			text_clean(a->first_kept, sizeof(a->first_kept), value);
	}
}

static void read_answer(struct buf *out, struct answer *a)
{
	char *save = NULL;

	memset(a, 0, sizeof(*a));
	if (!out->data)
		return;
	for (char *l = strtok_r(out->data, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		char *tab = strchr(l, '\t');

		if (!tab && strcmp(l, ".") != 0)
			text_clean(a->said, sizeof(a->said), l);
		if (!tab)
			continue;
		*tab = '\0';
		take_answer(a, l, tab + 1);
	}
}

/* The answer to a text is there when its status is. */
static bool has_ended(const struct buf *out)
{
	const long n = collect_block_end(out);
	const char *at = n > 0 ? memrchr(out->data, '\n', (size_t)n - 1) : NULL;

	return n > 0 && strncmp(at ? at + 1 : out->data, "status\t", 7) == 0;
}

/* Sends SCRIPT to the shell that is open there, and takes what it says. */
static int ask(struct actor *a, const char *script, struct buf *out, struct err *e)
{
	const int64_t end = now_boot_ms() + ACT_TIMEOUT_MS;
	struct buf text = BUF_INIT(TRANSPORT_MAX_OUT);
	int r;

	buf_fmt(&text, "run %zu\n%s", strlen(script), script);
	r = text.broken ? err_set(e, -ENOMEM, "out of memory") : actor_ready(a, e);
	if (!r)
		r = chan_write(a->fast, text.data, text.len, ACT_TIMEOUT_MS, e);
	while (!r && !has_ended(out)) {
		const int64_t left = end - now_boot_ms();

		r = chan_read(a->fast, out, left > 0 ? (int)left : 0, e);
	}
	if (r == -ETIMEDOUT)
		err_set(e, r, "the command did not end in time");
	buf_free(&text);
	return r;
}

/* Runs SCRIPT as root on the node. 0: ANS holds what it said; else nothing is known of what ran. */
static int run_script(struct actor *a, const char *script, struct answer *ans, struct err *e)
{
	struct buf out = BUF_INIT(1u << 20);
	int r = ask(a, script, &out, e);

	if (r)
		actor_disconnect(a);
	read_answer(&out, ans);
	if (!r && !ans->state[0] && !ans->error[0] && ans->status)
		memcpy(ans->error, ans->said, sizeof(ans->said));
	buf_free(&out);
	return r;
}

/* Sets the error that the node's script reported. */
static int node_error(const struct answer *ans, struct err *e)
{
	if (!ans->error[0])
		return 0;
	err_set(e, errno_word(ans->error), "%s", ans->error);
	return ans->hint[0] ? err_hint(e, "%s", ans->hint) : e->code;
}

static void reason_of(const struct err *e, char *dst, size_t n)
{
	snprintf(dst, n, "%s%s%s", e->msg, e->hint[0] ? ". " : "", e->hint);
}

/* The job is over: the node's answers count again. */
static void settle(struct actor *a, const char *id, enum inj_state state, const struct err *why,
		   const char *what, int64_t since)
{
	struct deck *d = a->deck;
	char reason[480] = "";
	struct record *r;

	if (why->code)
		reason_of(why, reason, sizeof(reason));
	record_set(d, id, state, reason, NULL);
	deck_log(d, a->cfg->name, why->code, "%s %s: %s%s%s (%lld ms)", what, id, state_word(state),
		 reason[0] ? ": " : "", reason, (long long)(now_boot_ms() - since));
	pthread_mutex_lock(&d->lock);
	r = deck_record(d, id);
	if (r && r->pending)
		r->pending--;
	a->hurry = true;
	deck_changed(d);
	pthread_mutex_unlock(&d->lock);
}

/* The node's own clock says when it ends: to be known when the operator's was set meanwhile. */
static void set_deadline(struct deck *d, const char *id, const struct answer *ans, int64_t ttl_ms)
{
	struct record *r;

	pthread_mutex_lock(&d->lock);
	r = deck_record(d, id);
	if (r && ans->deadline) {
		r->i.deadline_node_ms = ans->deadline;
		r->i.ttl_ms = ttl_ms ? ttl_ms : r->i.ttl_ms;
	}
	pthread_mutex_unlock(&d->lock);
}

static bool panic_now(struct deck *d)
{
	bool p;

	pthread_mutex_lock(&d->lock);
	p = d->panic;
	pthread_mutex_unlock(&d->lock);
	return p;
}

static enum inj_state inject(struct actor *a, const char *id, const char *script, struct err *e)
{
	struct answer ans;
	int s;

	if (panic_now(a->deck)) {
		err_set(e, -ECANCELED, "new injections are blocked");
		return STATE_FAILED;
	}
	if (record_set(a->deck, id, STATE_JOURNALED, "", e))
		return STATE_FAILED;
	/* from here on the node may have it, whatever becomes of the session */
	if (run_script(a, script, &ans, e))
		return STATE_UNKNOWN;
	set_deadline(a->deck, id, &ans, 0);
	node_error(&ans, e);
	s = state_from_word(ans.state);
	if (s == STATE_ACTIVE)
		memset(e, 0, sizeof(*e));
	if (s == STATE_ACTIVE || s == STATE_FAILED || s == STATE_UNKNOWN)
		return (enum inj_state)s;
	if (!e->code)
		err_set(e, -EPROTO, "the node did not say how it ended");
	return STATE_UNKNOWN;
}

/* An answer that was so long on its way speaks of what may be over. */
static bool came_late(struct deck *d, const char *id, int64_t since)
{
	struct record *r;
	bool late;

	pthread_mutex_lock(&d->lock);
	r = deck_record(d, id);
	late = r && now_boot_ms() - since >= r->i.ttl_ms;
	pthread_mutex_unlock(&d->lock);
	return late;
}

void job_inject(struct actor *a, struct job *j, struct err *open_err)
{
	int64_t since = now_boot_ms();
	struct err e = *open_err;
	enum inj_state s = STATE_FAILED;

	if (!e.code)
		s = inject(a, j->id, j->script, &e);
	if (s == STATE_ACTIVE && came_late(a->deck, j->id, since)) {
		s = STATE_UNKNOWN;
		err_set(&e, -ETIMEDOUT, "the node's answer came later than the TTL");
	}
	settle(a, j->id, s, &e, "inject", since);
}

static bool is_lost(struct deck *d, const char *id)
{
	struct record *r;
	bool lost;

	pthread_mutex_lock(&d->lock);
	r = deck_record(d, id);
	lost = r && r->i.lost;
	pthread_mutex_unlock(&d->lock);
	return lost;
}

static void set_forced(struct deck *d, const char *id)
{
	struct record *r;

	pthread_mutex_lock(&d->lock);
	r = deck_record(d, id);
	if (r)
		r->i.forced = true;
	pthread_mutex_unlock(&d->lock);
}

/* What the node's script said of the undo of ID. */
static enum inj_state undone(struct actor *a, const char *id, const struct answer *ans, bool force,
			     struct err *e)
{
	node_error(ans, e);
	if (is_lost(a->deck, id))
		err_set(e, -ENODATA,
			"its entry in /run/faultdeck was deleted on the node: it can neither be "
			"undone "
			"nor checked from here%s",
			ans->swept ? "; what was found of it was removed" : "");
	if (strcmp(ans->state, state_word(STATE_RESTORED)) != 0) {
		if (!e->code)
			err_set(e, -EPROTO, "the node did not say how it ended");
		return STATE_UNKNOWN;
	}
	if (!force && e->code == -ENODATA) {
		err_hint(e, "look on %s yourself; restore --force takes it off the list",
			 a->cfg->name);
		return STATE_UNKNOWN;
	}
	if (!force)
		e->code = 0;
	if (e->code) {
		err_hint(e, "forced: taken off the list without proof that it was undone");
		set_forced(a->deck, id);
	}
	return STATE_RESTORED;
}

void job_restore(struct actor *a, struct job *j, struct err *open_err)
{
	struct buf b = BUF_INIT(256u << 10);
	bool force = j->flags & RESTORE_FORCE;
	int64_t since = now_boot_ms();
	struct err e = *open_err;
	enum inj_state s = STATE_UNKNOWN;
	struct answer ans;

	if (!e.code)
		record_set(a->deck, j->id, STATE_RESTORING, "", NULL);
	if (!e.code && script_undo(&b, a->deck->o.backends, j->id, force))
		err_set(&e, -ENOMEM, "out of memory");
	if (!e.code && run_script(a, b.data, &ans, &e) == 0)
		s = undone(a, j->id, &ans, force, &e);
	buf_free(&b);
	settle(a, j->id, s, &e, force ? "restore --force" : "restore", since);
}

/* The journal knows the new end too: a console that is started later must not take the old one. */
static void renewed(struct actor *a, const struct job *j, const struct answer *ans)
{
	struct deck *d = a->deck;
	enum inj_state s = STATE_ACTIVE;
	struct record *r;
	bool known;

	set_deadline(d, j->id, ans, j->ttl_ms);
	pthread_mutex_lock(&d->lock);
	r = deck_record(d, j->id);
	known = r && !r->pending && !state_is_final(r->i.state);
	if (known)
		s = r->i.state;
	pthread_mutex_unlock(&d->lock);
	if (known)
		record_set(d, j->id, s, "", NULL);
}

void job_renew(struct actor *a, struct job *j, struct err *open_err)
{
	struct buf b = BUF_INIT(4096);
	struct err e = *open_err;
	struct answer ans;

	if (!e.code && script_renew(&b, j->id, j->ttl_ms))
		err_set(&e, -ENOMEM, "out of memory");
	if (!e.code && run_script(a, b.data, &ans, &e) == 0 && !node_error(&ans, &e))
		renewed(a, j, &ans);
	buf_free(&b);
	deck_log(a->deck, a->cfg->name, e.code, "renew %s: %lld ms%s%s", j->id,
		 (long long)j->ttl_ms, e.code ? ": " : "", e.msg);
	pthread_mutex_lock(&a->deck->lock);
	a->hurry = true;
	pthread_mutex_unlock(&a->deck->lock);
}

static void show_sweep(struct actor *a, enum sweep_state s, int swept, const char *msg)
{
	struct node_view *v = node_view_clone(a->view);

	if (!v)
		return;
	v->sweep = s;
	v->swept = swept;
	snprintf(v->sweep_msg, sizeof(v->sweep_msg), "%s", msg);
	actor_publish(a, v);
}

static void mark_swept(struct actor *a)
{
	struct deck *d = a->deck;

	pthread_mutex_lock(&d->lock);
	for (size_t i = 0; i < d->nrecords; i++)
		if (strcmp(d->records[i].i.node, a->cfg->name) == 0)
			d->records[i].swept = true;
	pthread_mutex_unlock(&d->lock);
}

static void sweep_ended(struct actor *a, const struct answer *ans, const struct err *e)
{
	char msg[200] = "";

	if (e->code)
		snprintf(msg, sizeof(msg), "%.190s", e->msg);
	else if (ans->kept)
		snprintf(msg, sizeof(msg), "%d not restored: %.150s", ans->kept, ans->first_kept);
	else if (ans->forced)
		snprintf(msg, sizeof(msg), "%d FORCED off the list without proof: %.130s",
			 ans->forced, ans->first_forced);
	show_sweep(a, e->code || ans->kept ? SWEEP_FAILED : SWEEP_DONE, ans->swept + ans->forced,
		   msg);
	deck_log(a->deck, a->cfg->name,
		 e->code                    ? e->code
		 : ans->kept || ans->forced ? -EIO
					    : 0,
		 "restore all: %d restored%s%s", ans->swept, msg[0] ? ", " : "", msg);
}

void job_sweep(struct actor *a, struct job *j, struct err *open_err)
{
	struct buf b = BUF_INIT(256u << 10);
	struct answer ans = { .swept = 0 };
	struct err e = *open_err;

	if (!e.code && script_sweep(&b, a->deck->o.backends, j->flags & RESTORE_FORCE))
		err_set(&e, -ENOMEM, "out of memory");
	if (!e.code && run_script(a, b.data, &ans, &e) == 0)
		node_error(&ans, &e);
	buf_free(&b);
	/* done is what the node then shows, not what the script said */
	if (!e.code) {
		for (size_t i = 0; i < ans.nids; i++)
			set_forced(a->deck, ans.ids[i]);
		mark_swept(a);
		actor_tick(a, &e);
	}
	sweep_ended(a, &ans, &e);
}

static void task_end(struct task *t)
{
	bool dropped;

	pthread_mutex_lock(&t->deck->lock);
	t->done = true;
	dropped = t->dropped;
	deck_changed(t->deck);
	pthread_mutex_unlock(&t->deck->lock);
	if (dropped) {
		buf_free(&t->out);
		free(t);
	}
}

void job_operate(struct actor *a, struct job *j, struct err *open_err)
{
	struct task *t = j->task;
	const struct operation *op = t->op;
	struct op_ctx c = { .op = op,
			    .cfg = a->deck->o.cfg,
			    .node = a->cfg,
			    .transport = a->transport,
			    .out = &t->out };
	int64_t since = now_boot_ms();

	t->err = *open_err;
	if (!t->err.code)
		t->err.code = op->run(&c, &t->err);
	deck_log(a->deck, a->cfg->name, t->err.code, "%s%s%s%s%s (%lld ms)", op->verb,
		 op->word ? " " : "", op->word ? op->word : "", t->err.code ? ": " : "",
		 t->err.code ? t->err.msg : "", (long long)(now_boot_ms() - since));
	if (t->err.code == -EPIPE || t->err.code == -ETIMEDOUT)
		actor_disconnect(a);
	task_end(t);
	pthread_mutex_lock(&a->deck->lock);
	a->hurry = true;
	pthread_mutex_unlock(&a->deck->lock);
}

void job_free(struct job *j)
{
	free(j->script);
	free(j);
}
