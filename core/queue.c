// SPDX-License-Identifier: GPL-2.0-or-later
/* What the faces ask for becomes jobs in the queues of node actors; and waiting for results. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collect.h"
#include "deck_priv.h"

/* ---- acts ---- */

static struct job *new_job(void (*run)(struct actor *, struct job *, struct err *), const char *id)
{
	struct job *j = calloc(1, sizeof(*j));

	if (j) {
		j->run = run;
		snprintf(j->id, sizeof(j->id), "%s", id);
	}
	return j;
}

static int may_act(struct deck *d, struct err *e)
{
	if (!d->o.readonly)
		return 0;
	return err_set(e, -EROFS, "--readonly: nothing is injected or restored from here");
}

static void fill_injection(struct deck *d, const struct plan *p, const struct plan_item *it,
			   int64_t started, struct injection *i)
{
	const struct node_view *v = deck_actor(d, it->node->name)->view;
	const char *boot;

	memset(i, 0, sizeof(*i));
	memcpy(i->id, it->id, sizeof(i->id));
	snprintf(i->fault, sizeof(i->fault), "%s", p->fault->name);
	target_str(i->target, &it->target);
	snprintf(i->node, sizeof(i->node), "%s", it->node->name);
	snprintf(i->owner, sizeof(i->owner), "%s", d->owner);
	params_str(p->fault, &p->params, i->params, sizeof(i->params));
	memcpy(i->purpose, p->purpose, sizeof(i->purpose));
	snprintf(i->aftermath, sizeof(i->aftermath), "%s", aftermath_word(p->fault->aftermath));
	i->state = STATE_PLANNED;
	i->mine = true;
	i->started_unix_ms = started;
	i->ttl_ms = p->ttl_ms;
	i->deadline_boot_ms = now_boot_ms() + p->ttl_ms;
	i->hits = -1;
	boot = v->nitems ? item_attr(&v->items[0], "boot") : NULL;
	snprintf(i->boot, sizeof(i->boot), "%s", boot ? boot : "");
}

static int queue_inject(struct deck *d, const struct plan *p, const struct plan_item *it,
			struct err *e)
{
	int64_t started = now_unix_ms();
	struct buf b = BUF_INIT(1u << 20);
	struct job *j = new_job(job_inject, it->id);
	struct actor *a = deck_actor(d, it->node->name);
	struct injection i;
	struct record *r = NULL;

	if (j && a && script_inject(&b, p, it, d->owner, started) == 0) {
		fill_injection(d, p, it, started, &i);
		r = deck_add_record(d, &i);
	}
	if (!r) {
		free(j);
		buf_free(&b);
		return err_set(e, -ENOSPC, "too many injections are listed");
	}
	j->script = b.data;
	r->pending++;
	r->journaled = true;
	actor_queue(a, j, false);
	return 0;
}

static void log_plan(struct deck *d, const struct plan_item *it)
{
	char target[TARGET_MAX];

	deck_log(d, it->node->name, 0, "%s %s", target_str(target, &it->target),
		 buf_text(&it->act.do_lines));
}

int deck_inject(struct deck *d, struct plan *p, struct err *e)
{
	int r = may_act(d, e);

	deck_judge(d, p);
	if (!r && p->refused)
		r = err_set(e, -EPERM, "the guard refuses: %s", p->guard);
	for (size_t i = 0; i < p->nitems && !r; i++) {
		log_plan(d, &p->items[i]);
		pthread_mutex_lock(&d->lock);
		r = d->panic ? err_set(e, -EPERM,
				       "new injections are blocked until the panic is lifted")
			     : queue_inject(d, p, &p->items[i], e);
		pthread_mutex_unlock(&d->lock);
	}
	return r;
}

static int not_known(struct deck *d, const char *id, struct err *e)
{
	char clean[64];
	struct injection i;

	if (journal_find(d->journal, id, &i) && state_is_final(i.state))
		return err_set(e, -EALREADY, "%s is %s already", id, state_word(i.state));
	err_set(e, -ENOENT, "no injection %s is known", text_clean(clean, sizeof(clean), id));
	return err_hint(e, "faultdeck --batch list injections; restore --all asks the nodes");
}

int deck_restore(struct deck *d, const char *id, unsigned flags, struct err *e)
{
	struct job *j = new_job(job_restore, id);
	struct record *r;
	struct actor *a;
	int ret = may_act(d, e);

	pthread_mutex_lock(&d->lock);
	r = ret ? NULL : deck_record(d, id);
	a = r ? r->actor : NULL;
	if (!ret && !a)
		ret = not_known(d, id, e);
	if (!ret && !j)
		ret = err_set(e, -ENOMEM, "out of memory");
	if (!ret && r && !state_is_final(r->i.state)) {
		j->flags = flags;
		r->pending++;
		r->i.state = STATE_RESTORING;
		r->i.since_unix_ms = now_unix_ms();
		actor_queue(a, j, false);
		j = NULL;
		deck_changed(d);
	}
	pthread_mutex_unlock(&d->lock);
	free(j);
	return ret;
}

int queue_sweeps(struct deck *d, unsigned flags)
{
	int r = 0;

	for (size_t i = 0; i < d->nactors; i++) {
		struct job *j = new_job(job_sweep, "");
		struct node_view *v = j ? node_view_clone(d->actors[i].view) : NULL;

		if (!v) {
			free(j);
			r = -ENOMEM;
			continue;
		}
		j->flags = flags;
		v->sweep = SWEEP_RUNNING;
		node_view_unref(d->actors[i].view);
		d->actors[i].view = v;
		actor_queue(&d->actors[i], j, true);
	}
	deck_changed(d);
	return r;
}

int deck_restore_all(struct deck *d, unsigned flags, struct err *e)
{
	int r = may_act(d, e);

	if (r)
		return r;
	pthread_mutex_lock(&d->lock);
	r = queue_sweeps(d, flags);
	pthread_mutex_unlock(&d->lock);
	return r ? err_set(e, r, "out of memory") : 0;
}

int deck_renew(struct deck *d, const char *id, int64_t ttl_ms, struct err *e)
{
	struct job *j = new_job(job_renew, id);
	struct record *r;
	struct actor *a;
	int ret = may_act(d, e);

	pthread_mutex_lock(&d->lock);
	r = ret ? NULL : deck_record(d, id);
	a = r && !state_is_final(r->i.state) ? r->actor : NULL;
	if (!ret && !a)
		ret = not_known(d, id, e);
	if (!ret && d->o.cfg->guard.max_ttl_ms && ttl_ms > d->o.cfg->guard.max_ttl_ms)
		ret = err_set(e, -EPERM, "the guard refuses: max_ttl (%s:%d)", d->o.cfg->path,
			      d->o.cfg->guard.max_ttl_line);
	if (!ret && j) {
		j->ttl_ms = ttl_ms;
		actor_queue(a, j, false);
		j = NULL;
	}
	pthread_mutex_unlock(&d->lock);
	free(j);
	return ret;
}

void deck_panic(struct deck *d, bool on)
{
	pthread_mutex_lock(&d->lock);
	d->panic = on;
	d->abort[0] = '\0';
	if (on && !d->o.readonly)
		queue_sweeps(d, 0);
	deck_changed(d);
	pthread_mutex_unlock(&d->lock);
	deck_log(d, "", 0, on ? "restore all; new injections are blocked" : "the block is lifted");
}

void deck_accept_key(struct deck *d, const char *node, const char *fingerprint)
{
	struct actor *a;

	pthread_mutex_lock(&d->lock);
	a = deck_actor(d, node);
	if (a) {
		snprintf(a->accept, sizeof(a->accept), "%s", fingerprint);
		actor_hurry(a);
	}
	pthread_mutex_unlock(&d->lock);
}

void deck_refresh(struct deck *d)
{
	pthread_mutex_lock(&d->lock);
	for (size_t i = 0; i < d->nactors; i++)
		actor_hurry(&d->actors[i]);
	pthread_mutex_unlock(&d->lock);
}

/* ---- operations ---- */

int deck_operate(struct deck *d, const char *node, const struct operation *op, struct task **out,
		 struct err *e)
{
	struct task *t = calloc(1, sizeof(*t));
	struct job *j = new_job(job_operate, "");
	int r = 0;

	if (!t || !j) {
		free(t);
		free(j);
		return err_set(e, -ENOMEM, "out of memory");
	}
	if (op->changes && may_act(d, e)) {
		free(t);
		free(j);
		return e ? e->code : -EROFS;
	}
	t->deck = d;
	t->op = op;
	t->out.max = TRANSPORT_MAX_OUT;
	j->task = t;
	pthread_mutex_lock(&d->lock);
	t->actor = deck_actor(d, node);
	if (t->actor)
		actor_queue(t->actor, j, false);
	else
		r = err_set(e, -ENOENT, "there is no node '%s' in %s", node, d->o.cfg->path);
	pthread_mutex_unlock(&d->lock);
	if (r) {
		free(t);
		free(j);
		return r;
	}
	*out = t;
	return 0;
}

int task_wait(struct task *t, int timeout_ms, const char **text, struct err *e)
{
	int64_t end = now_boot_ms() + timeout_ms;
	int r = 0;

	pthread_mutex_lock(&t->deck->lock);
	while (!t->done && !r)
		r = cond_until(&t->deck->news, &t->deck->lock, end);
	if (t->done) {
		r = t->err.code;
		if (e)
			*e = t->err;
		*text = buf_text(&t->out);
	} else {
		err_set(e, r, "no result within %d s", timeout_ms / 1000);
		*text = "";
	}
	pthread_mutex_unlock(&t->deck->lock);
	return r;
}

struct task *task_free(struct task *t)
{
	bool done;

	if (!t)
		return NULL;
	pthread_mutex_lock(&t->deck->lock);
	done = t->done;
	t->dropped = true;
	pthread_mutex_unlock(&t->deck->lock);
	if (done) {
		buf_free(&t->out);
		free(t);
	}
	return NULL;
}

int deck_wait(struct deck *d, bool (*pred)(const struct snapshot *s, void *arg), void *arg,
	      int timeout_ms)
{
	int64_t end = now_boot_ms() + timeout_ms;
	const struct snapshot *s;
	uint64_t seq;
	int r = 0;

	for (;;) {
		s = deck_snapshot(d);
		seq = s->seq;
		if (pred(s, arg)) {
			snapshot_put(s);
			return 0;
		}
		snapshot_put(s);
		if (r)
			return r;
		pthread_mutex_lock(&d->lock);
		if (d->snap && d->snap->seq == seq)
			r = cond_until(&d->news, &d->lock, end);
		else if (now_boot_ms() >= end)
			r = -ETIMEDOUT;
		pthread_mutex_unlock(&d->lock);
	}
}
