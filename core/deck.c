// SPDX-License-Identifier: GPL-2.0-or-later
/* The deck itself: opening and closing, records, snapshots, and the queueing of acts. */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "collect.h"
#include "deck_priv.h"

/* ---- records ---- */

void deck_changed(struct deck *d)
{
	if (d->snap)
		snapshot_put(d->snap);
	d->snap = NULL;
	if (eventfd_write(d->wake_fd, 1)) {
		/* the counter is full: whoever reads it is woken all the same */
	}
	pthread_cond_broadcast(&d->news);
}

/* The newest of this id: an id that ended and is seen again is a new record. */
struct record *deck_record(struct deck *d, const char *id)
{
	for (size_t i = d->nrecords; i-- > 0;)
		if (strcmp(d->records[i].i.id, id) == 0)
			return &d->records[i];
	return NULL;
}

static void drop_record(struct deck *d, size_t i)
{
	memmove(&d->records[i], &d->records[i + 1], (d->nrecords - i - 1) * sizeof(*d->records));
	d->nrecords--;
}

struct record *deck_add_record(struct deck *d, const struct injection *i)
{
	if (d->nrecords == DECK_INJECTIONS_MAX) {
		size_t k = 0;

		while (k < d->nrecords && !state_is_final(d->records[k].i.state))
			k++;
		if (k == d->nrecords)
			return NULL;
		drop_record(d, k);
	}
	d->records[d->nrecords] = (struct record){ .i = *i };
	deck_changed(d);
	return &d->records[d->nrecords++];
}

int record_set(struct deck *d, const char *id, enum inj_state state, const char *reason,
	       struct err *e)
{
	struct injection copy;
	struct record *r;
	bool journaled = false;
	int ret = 0;

	pthread_mutex_lock(&d->lock);
	r = deck_record(d, id);
	if (r) {
		copy = r->i;
		journaled = r->journaled;
	}
	pthread_mutex_unlock(&d->lock);
	if (!r)
		return err_set(e, -ENOENT, "no injection %s", id);
	copy.state = state;
	snprintf(copy.reason, sizeof(copy.reason), "%s", reason);
	if (journaled)
		ret = journal_write(d->journal, &copy, e);
	pthread_mutex_lock(&d->lock);
	r = deck_record(d, id);
	if (r) {
		r->i.state = state;
		memcpy(r->i.reason, copy.reason, sizeof(copy.reason));
		deck_changed(d);
	}
	pthread_mutex_unlock(&d->lock);
	return ret;
}

struct actor *deck_actor(struct deck *d, const char *node)
{
	for (size_t i = 0; i < d->nactors; i++)
		if (strcmp(d->actors[i].cfg->name, node) == 0)
			return &d->actors[i];
	return NULL;
}

/* ---- snapshots ---- */

/* What can be said of an injection now: a node that does not answer says nothing. */
static void show_record(struct deck *d, const struct record *r, struct injection *out)
{
	const struct actor *a = deck_actor(d, r->i.node);
	const struct node_view *v = a ? a->view : NULL;

	*out = r->i;
	if (state_is_final(r->i.state) || r->pending || (v && v->state == NODE_UP && r->seen))
		return;
	if (v && v->state == NODE_UP)
		return;
	out->state = STATE_UNKNOWN;
	snprintf(out->reason, sizeof(out->reason), "%s is %s%s%s: the TTL holds on the node",
		 r->i.node,
		 v                                  ? node_state_word(v->state)
		 : config_node(d->o.cfg, r->i.node) ? "not asked by this command"
						    : "not in this cluster.cfg",
		 v && v->reason.code ? ": " : "", v ? v->reason.msg : "");
}

static struct snapshot *make_snapshot(struct deck *d)
{
	struct snapshot *s = calloc(1, sizeof(*s));

	if (!s)
		abort();
	s->nodes = calloc(d->nactors + 1, sizeof(*s->nodes));
	s->injections = calloc(d->nrecords + 1, sizeof(*s->injections));
	if (!s->nodes || !s->injections)
		abort();
	s->seq = ++d->snap_seq;
	s->boot_ms = now_boot_ms();
	s->panic = d->panic;
	s->refs = 1;
	for (size_t i = 0; i < d->nactors; i++)
		s->nodes[s->nnodes++] = node_view_ref(d->actors[i].view);
	for (size_t i = 0; i < d->nrecords; i++)
		show_record(d, &d->records[i], &s->injections[s->ninjections++]);
	return s;
}

const struct snapshot *deck_snapshot(struct deck *d)
{
	struct snapshot *s;

	pthread_mutex_lock(&d->lock);
	if (!d->snap)
		d->snap = make_snapshot(d);
	s = d->snap;
	__atomic_add_fetch(&s->refs, 1, __ATOMIC_ACQ_REL);
	pthread_mutex_unlock(&d->lock);
	return s;
}

void snapshot_put(const struct snapshot *cs)
{
	struct snapshot *s = (struct snapshot *)cs;

	if (!s || __atomic_sub_fetch(&s->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	for (size_t i = 0; i < s->nnodes; i++)
		node_view_unref(s->nodes[i]);
	free(s->nodes);
	free(s->injections);
	free(s);
}

int deck_wake_fd(struct deck *d)
{
	return d->wake_fd;
}

/* ---- opening and closing ---- */

static void from_journal(const struct injection *i, void *arg)
{
	struct deck *d = arg;
	struct record *r = deck_add_record(d, i);

	if (r) {
		r->journaled = true;
		r->i.deadline_boot_ms =
			now_boot_ms() + i->started_unix_ms + i->ttl_ms - now_unix_ms();
	}
}

static void default_state_dir(char *dst, size_t n)
{
	const char *xdg = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	const struct passwd *pw = getpwuid(getuid());

	if (xdg && *xdg == '/')
		snprintf(dst, n, "%s/faultdeck", xdg);
	else
		snprintf(dst, n, "%s/.local/state/faultdeck",
			 home && *home ? home
			 : pw          ? pw->pw_dir
				       : "/");
}

static int open_journal(struct deck *d, struct err *e)
{
	char dir[4096];
	size_t bad = 0;
	int r;

	if (d->o.state_dir)
		snprintf(dir, sizeof(dir), "%s", d->o.state_dir);
	else
		default_state_dir(dir, sizeof(dir));
	r = journal_open(dir, &d->journal, e);
	if (r == 0)
		r = journal_read(d->journal, from_journal, d, &bad, e);
	if (r == 0 && bad)
		deck_log(d, "", -EBADMSG, "%zu torn lines in the journal were passed over", bad);
	return r;
}

static bool wanted(const struct deck_opts *o, const char *name)
{
	for (const char *const *p = o->only; p && *p; p++)
		if (strcmp(*p, name) == 0)
			return true;
	return !o->only;
}

static int open_actor(struct deck *d, const struct node_cfg *n)
{
	struct actor *a = &d->actors[d->nactors];

	a->view = calloc(1, sizeof(*a->view));
	if (!a->view)
		return -ENOMEM;
	a->deck = d;
	a->cfg = n;
	a->index = d->nactors++;
	a->tail = &a->head;
	a->view->cfg = n;
	a->view->refs = 1;
	a->fast_text.max = a->slow_text.max = TRANSPORT_MAX_OUT;
	return 0;
}

static int open_actors(struct deck *d)
{
	int r = 0;

	d->actors = calloc(d->o.cfg->nnodes + 1, sizeof(*d->actors));
	d->records = calloc(DECK_INJECTIONS_MAX, sizeof(*d->records));
	d->log = calloc(DECK_LOG_MAX, sizeof(*d->log));
	d->events = calloc(DECK_EVENTS_MAX, sizeof(*d->events));
	if (!d->actors || !d->records || !d->log || !d->events)
		return -ENOMEM;
	for (size_t i = 0; i < d->o.cfg->nnodes && !r; i++)
		if (wanted(&d->o, d->o.cfg->nodes[i].name))
			r = open_actor(d, &d->o.cfg->nodes[i]);
	return r;
}

static void who_am_i(char *dst, size_t n)
{
	const struct passwd *pw = getpwuid(getuid());
	char host[64] = "?", owner[160];

	gethostname(host, sizeof(host) - 1);
	snprintf(owner, sizeof(owner), "%s@%s", pw ? pw->pw_name : "?", host);
	text_clean(dst, n, owner);
}

static void init_locks(struct deck *d)
{
	pthread_condattr_t attr;

	pthread_mutex_init(&d->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&d->work, &attr);
	pthread_cond_init(&d->news, &attr);
	pthread_condattr_destroy(&attr);
}

int deck_open(const struct deck_opts *o, struct deck **out, struct err *e)
{
	struct deck *d = calloc(1, sizeof(*d));
	int r;

	if (!d)
		return err_set(e, -ENOMEM, "out of memory");
	init_locks(d);
	d->o = *o;
	if (!d->o.interval_ms)
		d->o.interval_ms = 1000;
	who_am_i(d->owner, sizeof(d->owner));
	d->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r = d->wake_fd < 0 ? -errno : open_actors(d);
	if (r)
		err_set(e, r, "the engine cannot start: %s", strerror(-r));
	else
		r = open_journal(d, e);
	if (r) {
		deck_close(d);
		return r;
	}
	*out = d;
	return 0;
}

void deck_start(struct deck *d)
{
	size_t n = d->nactors < DECK_WORKERS_MAX ? d->nactors : DECK_WORKERS_MAX;

	for (size_t i = 0; i < n; i++) {
		if (pthread_create(&d->threads[d->nthreads], NULL, actor_worker, d))
			break;
		d->nthreads++;
	}
	if (n && !d->nthreads)
		deck_log(d, "", -EAGAIN, "no thread could be started: no node will answer");
}

static bool any_busy(const struct deck *d, bool jobs_only)
{
	for (size_t i = 0; i < d->nactors; i++)
		if (d->actors[i].head || (d->actors[i].busy && !jobs_only))
			return true;
	for (size_t i = 0; i < d->nrecords; i++)
		if (d->records[i].pending)
			return true;
	return false;
}

static int wait_news(struct deck *d, int64_t end_boot_ms)
{
	int64_t ms = end_boot_ms - now_boot_ms();
	struct timespec t;

	if (ms <= 0)
		return -ETIMEDOUT;
	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += ms / 1000;
	t.tv_nsec += ms % 1000 * 1000000;
	t.tv_sec += t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	return pthread_cond_timedwait(&d->news, &d->lock, &t) == ETIMEDOUT ? -ETIMEDOUT : 0;
}

static void free_actor(struct actor *a)
{
	struct job *j;

	actor_disconnect(a);
	while ((j = a->head)) {
		a->head = j->next;
		job_free(j);
	}
	node_view_unref(a->view);
	buf_free(&a->fast_text);
	buf_free(&a->slow_text);
	free(a->slow_last);
}

/* True when all workers are out; one that hangs in a machine is left to the end of the program. */
static bool stop_workers(struct deck *d)
{
	int64_t end = now_boot_ms() + 10000;
	bool idle;

	pthread_mutex_lock(&d->lock);
	while (d->nthreads && any_busy(d, true) && !wait_news(d, end))
		;
	d->stop = true;
	pthread_cond_broadcast(&d->work);
	end = now_boot_ms() + 1000;
	while (any_busy(d, false) && !wait_news(d, end))
		;
	idle = !any_busy(d, false);
	pthread_mutex_unlock(&d->lock);
	for (size_t i = 0; i < d->nthreads && idle; i++)
		pthread_join(d->threads[i], NULL);
	return idle;
}

struct deck *deck_close(struct deck *d)
{
	if (!d || !stop_workers(d))
		return NULL;
	if (d->snap)
		snapshot_put(d->snap);
	for (size_t i = 0; i < d->nactors; i++)
		free_actor(&d->actors[i]);
	journal_close(d->journal);
	if (d->wake_fd >= 0)
		close(d->wake_fd);
	pthread_cond_destroy(&d->work);
	pthread_cond_destroy(&d->news);
	pthread_mutex_destroy(&d->lock);
	free(d->actors);
	free(d->records);
	free(d->log);
	free(d->events);
	free(d);
	return NULL;
}

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
	memset(i, 0, sizeof(*i));
	memcpy(i->id, it->id, sizeof(i->id));
	snprintf(i->fault, sizeof(i->fault), "%s", p->fault->name);
	target_str(i->target, &it->target);
	snprintf(i->node, sizeof(i->node), "%s", it->node->name);
	snprintf(i->owner, sizeof(i->owner), "%s", d->owner);
	params_str(p->fault, &p->params, i->params, sizeof(i->params));
	snprintf(i->aftermath, sizeof(i->aftermath), "%s", aftermath_word(p->fault->aftermath));
	i->state = STATE_PLANNED;
	i->mine = true;
	i->started_unix_ms = started;
	i->ttl_ms = p->ttl_ms;
	i->deadline_boot_ms = now_boot_ms() + p->ttl_ms;
	i->hits = -1;
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
	r->pending = true;
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

int deck_inject(struct deck *d, const struct plan *p, struct err *e)
{
	int r = may_act(d, e);

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
	a = r ? deck_actor(d, r->i.node) : NULL;
	if (!ret && !a)
		ret = not_known(d, id, e);
	if (!ret && !j)
		ret = err_set(e, -ENOMEM, "out of memory");
	if (!ret && !state_is_final(r->i.state)) {
		j->flags = flags;
		r->pending = true;
		r->i.state = STATE_RESTORING;
		actor_queue(a, j, false);
		j = NULL;
		deck_changed(d);
	}
	pthread_mutex_unlock(&d->lock);
	free(j);
	return ret;
}

/* One sweep a node, in front of everything that waits there. */
static int queue_sweeps(struct deck *d, unsigned flags)
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
	a = r && !state_is_final(r->i.state) ? deck_actor(d, r->i.node) : NULL;
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
	if (on && !d->o.readonly)
		queue_sweeps(d, 0);
	deck_changed(d);
	pthread_mutex_unlock(&d->lock);
	deck_log(d, "", 0, on ? "restore all; new injections are blocked" : "the block is lifted");
}

void deck_acknowledge(struct deck *d, const char *id)
{
	pthread_mutex_lock(&d->lock);
	for (size_t i = d->nrecords; i-- > 0;)
		if (state_is_final(d->records[i].i.state) && !d->records[i].pending &&
		    (!id || strcmp(d->records[i].i.id, id) == 0))
			drop_record(d, i);
	deck_changed(d);
	pthread_mutex_unlock(&d->lock);
}

void deck_accept_key(struct deck *d, const char *node, const char *fingerprint)
{
	struct actor *a;

	pthread_mutex_lock(&d->lock);
	a = deck_actor(d, node);
	if (a) {
		snprintf(a->accept, sizeof(a->accept), "%s", fingerprint);
		a->hurry = true;
		pthread_cond_broadcast(&d->work);
	}
	pthread_mutex_unlock(&d->lock);
}

void deck_refresh(struct deck *d)
{
	pthread_mutex_lock(&d->lock);
	for (size_t i = 0; i < d->nactors; i++)
		d->actors[i].hurry = true;
	pthread_cond_broadcast(&d->work);
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
		r = wait_news(t->deck, end);
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
			r = wait_news(d, end);
		else if (now_boot_ms() >= end)
			r = -ETIMEDOUT;
		pthread_mutex_unlock(&d->lock);
	}
}
