// SPDX-License-Identifier: GPL-2.0-or-later
/* The stand-in at work: injections play by the clock, and core/deck.h is answered. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/text.h"
#include "fake.h"

/* ---- the play ---- */

static void say(struct deck *d, const char *node, int code, const char *fmt, ...)
{
	struct log_line *l;
	va_list ap;

	pthread_mutex_lock(&d->out);
	l = &d->log[d->nlog++ % RING];
	va_start(ap, fmt);
	vsnprintf(l->text, sizeof(l->text), fmt, ap);
	va_end(ap);
	snprintf(l->node, sizeof(l->node), "%s", node);
	l->unix_ms = now_unix_ms();
	l->code = code;
	pthread_mutex_unlock(&d->out);
}

static void hit(struct deck *d, struct injection *i)
{
	struct event *e;

	pthread_mutex_lock(&d->out);
	e = &d->event[d->nevent++ % RING];
	i->hits++;
	*e = (struct event){ .unix_ms = now_unix_ms(), .cpu = 1, .tgid = 4121, .tid = 4130 };
	snprintf(e->node, sizeof(e->node), "%s", i->node);
	snprintf(e->id, sizeof(e->id), "%s", i->id);
	snprintf(e->point, sizeof(e->point), "file-write");
	snprintf(e->comm, sizeof(e->comm), "qemu-system-aar");
	snprintf(e->from, sizeof(e->from), "-");
	snprintf(e->to, sizeof(e->to), "-ENOSPC");
	pthread_mutex_unlock(&d->out);
}

static void set_state(struct deck *d, size_t k, enum inj_state s)
{
	d->inj[k].state = s;
	d->since[k] = now_boot_ms();
	d->changed = true;
	say(d, d->inj[k].node, 0, "%s id=%s %s", state_word(s), d->inj[k].id, d->inj[k].fault);
}

static void play(struct deck *d, size_t k)
{
	struct injection *i = &d->inj[k];
	int64_t now = now_boot_ms(), in = now - d->since[k];

	if (d->panic && !state_is_final(i->state) && i->state != STATE_RESTORING)
		set_state(d, k, STATE_RESTORING);
	else if (i->state == STATE_JOURNALED && in > 100)
		set_state(d, k, STATE_PREPARED);
	else if (i->state == STATE_PREPARED && in > 100)
		set_state(d, k, STATE_ACTIVE);
	else if (i->state == STATE_RESTORING && in > 400)
		set_state(d, k, STATE_RESTORED);
	else if (i->state == STATE_ACTIVE && now >= i->deadline_boot_ms)
		set_state(d, k, STATE_EXPIRED);
	if (i->state == STATE_EXPIRED && !i->reason[0])
		snprintf(i->reason, sizeof(i->reason), "the node's TTL restored it");
	for (int n = 0; i->state == STATE_ACTIVE && n < (d->storm ? 40 : 1); n++)
		hit(d, i);
	if (i->state == STATE_ACTIVE)
		snprintf(i->effect, sizeof(i->effect), "writes fail (io-error)");
}

static void *run(void *arg)
{
	struct deck *d = arg;

	for (int turn = 0; !__atomic_load_n(&d->stop, __ATOMIC_ACQUIRE); turn++) {
		pthread_mutex_lock(&d->lock);
		for (size_t k = 0; k < d->ninj; k++)
			play(d, k);
		if (turn % (d->storm ? 1 : 10) == 0 || d->changed)
			fake_publish(d);
		d->changed = false;
		pthread_mutex_unlock(&d->lock);
		usleep(d->storm ? 20000 : 100000);
	}
	return NULL;
}

/* ---- deck.h ---- */

void deck_start(struct deck *d)
{
	pthread_mutex_lock(&d->lock);
	d->started = true;
	say(d, d->cfg->nodes[0].name, 0, "connected as root, key ed25519");
	pthread_mutex_unlock(&d->lock);
	pthread_create(&d->thread, NULL, run, d);
}

const struct snapshot *deck_snapshot(struct deck *d)
{
	const struct snapshot *s;

	pthread_mutex_lock(&d->out);
	__atomic_add_fetch(&d->snap->refs, 1, __ATOMIC_ACQ_REL);
	s = d->snap;
	pthread_mutex_unlock(&d->out);
	return s;
}

int deck_wake_fd(struct deck *d)
{
	return d->wake;
}

const char *deck_unfit(struct deck *d, const struct snapshot *s, const struct fault *f,
		       const struct target *t, char *buf, size_t n)
{
	const struct node_view *v = snapshot_node(s, t->node);

	(void)d;
	if (!(f->targets & 1u << t->kind)) {
		snprintf(buf, n, "is not for a %s", kind_word(t->kind));
		return buf;
	}
	if (!v || v->state != NODE_UP)
		return "the node is not up";
	return f->flags & FAULT_KERNEL && !v->cfg->disposable ? "the node is not disposable" : NULL;
}

int deck_plan(struct deck *d, const struct plan_req *r, struct plan **out, struct err *e)
{
	struct plan *p = calloc(1, sizeof(*p));

	(void)e;
	p->fault = r->fault;
	p->params = r->params;
	p->ttl_ms = r->ttl_ms;
	p->items = calloc(r->ntargets, sizeof(*p->items));
	for (size_t k = 0; k < r->ntargets; k++) {
		struct plan_item *i = &p->items[p->nitems++];

		snprintf(i->id, sizeof(i->id), "%04x", 0x7f3a + d->next_id + (unsigned)k);
		i->target = r->targets[k];
		i->act.do_lines = (struct buf)BUF_INIT(4096);
		i->act.undo_lines = (struct buf)BUF_INIT(4096);
		buf_fmt(&i->act.do_lines,
			"arm id=%s point=file-write tgid=4121 action=return:-%s probability=%s "
			"ttl_ms=%lld\nwatch events of %s\n",
			i->id, r->params.value[0], r->params.value[1], (long long)r->ttl_ms, i->id);
		buf_fmt(&i->act.undo_lines, "disarm id=%s   (also by itself at its TTL)\n", i->id);
	}
	p->refused = r->ttl_ms > 3600000;
	snprintf(p->guard, sizeof(p->guard), "%s",
		 p->refused ? "refused: the TTL is over guard.max_ttl = 1h"
			    : "ok: 1 of 3 nodes, kvm1 is disposable");
	*out = p;
	return 0;
}

void deck_judge(struct deck *d, struct plan *p)
{
	(void)d;
	(void)p;
}

struct plan *plan_free(struct plan *p)
{
	for (size_t k = 0; p && k < p->nitems; k++) {
		buf_free(&p->items[k].act.do_lines);
		buf_free(&p->items[k].act.undo_lines);
	}
	if (p)
		free(p->items);
	free(p);
	return NULL;
}

static void add_injection(struct deck *d, const struct plan *p, const struct plan_item *it)
{
	struct injection *i;

	if (d->ninj == MAX_INJECTED)
		return;
	i = &d->inj[d->ninj];
	memset(i, 0, sizeof(*i));
	snprintf(i->id, sizeof(i->id), "%s", it->id);
	snprintf(i->fault, sizeof(i->fault), "%s", p->fault->name);
	target_str(i->target, &it->target);
	snprintf(i->node, sizeof(i->node), "%s", it->target.node);
	snprintf(i->owner, sizeof(i->owner), "root@desk");
	params_str(p->fault, &p->params, i->params, sizeof(i->params));
	i->mine = true;
	i->started_unix_ms = now_unix_ms();
	i->ttl_ms = p->ttl_ms;
	i->deadline_boot_ms = now_boot_ms() + p->ttl_ms;
	d->next_id++;
	set_state(d, d->ninj++, STATE_JOURNALED);
}

int deck_inject(struct deck *d, struct plan *p, struct err *e)
{
	if (d->readonly)
		return err_set(e, -EROFS, "this deck is read-only");
	if (p->refused)
		return err_set(e, -EPERM, "%s", p->guard);
	pthread_mutex_lock(&d->lock);
	for (size_t k = 0; k < p->nitems; k++)
		add_injection(d, p, &p->items[k]);
	fake_publish(d);
	pthread_mutex_unlock(&d->lock);
	return 0;
}

static void restore_where(struct deck *d, const char *id)
{
	for (size_t k = 0; k < d->ninj; k++)
		if ((!id || strcmp(d->inj[k].id, id) == 0) && !state_is_final(d->inj[k].state))
			set_state(d, k, STATE_RESTORING);
	fake_publish(d);
}

int deck_restore(struct deck *d, const char *id, unsigned flags, struct err *e)
{
	(void)flags;
	(void)e;
	pthread_mutex_lock(&d->lock);
	restore_where(d, id);
	pthread_mutex_unlock(&d->lock);
	return 0;
}

int deck_restore_all(struct deck *d, unsigned flags, struct err *e)
{
	return deck_restore(d, NULL, flags, e);
}

int deck_renew(struct deck *d, const char *id, int64_t ttl_ms, struct err *e)
{
	(void)e;
	pthread_mutex_lock(&d->lock);
	for (size_t k = 0; k < d->ninj; k++)
		if (strcmp(d->inj[k].id, id) == 0)
			d->inj[k].deadline_boot_ms = now_boot_ms() + ttl_ms;
	fake_publish(d);
	pthread_mutex_unlock(&d->lock);
	return 0;
}

void deck_panic(struct deck *d, bool on)
{
	pthread_mutex_lock(&d->lock);
	d->panic = on;
	d->panic_at = now_boot_ms();
	fake_publish(d);
	pthread_mutex_unlock(&d->lock);
}

void deck_acknowledge(struct deck *d, const char *id)
{
	size_t kept = 0;

	pthread_mutex_lock(&d->lock);
	for (size_t k = 0; k < d->ninj; k++) {
		if (state_is_final(d->inj[k].state) && (!id || strcmp(d->inj[k].id, id) == 0))
			continue;
		d->since[kept] = d->since[k];
		d->inj[kept++] = d->inj[k];
	}
	d->ninj = kept;
	fake_publish(d);
	pthread_mutex_unlock(&d->lock);
}

void deck_accept_key(struct deck *d, const char *node, const char *fingerprint)
{
	pthread_mutex_lock(&d->lock);
	d->known = true;
	say(d, node, 0, "host key %s accepted", fingerprint);
	fake_publish(d);
	pthread_mutex_unlock(&d->lock);
}

void deck_refresh(struct deck *d)
{
	pthread_mutex_lock(&d->lock);
	fake_publish(d);
	pthread_mutex_unlock(&d->lock);
}

int deck_wait(struct deck *d, bool (*pred)(const struct snapshot *s, void *arg), void *arg,
	      int timeout_ms)
{
	int64_t end = now_boot_ms() + timeout_ms;

	for (;;) {
		const struct snapshot *s = deck_snapshot(d);
		bool yes = pred(s, arg);

		snapshot_put(s);
		if (yes || now_boot_ms() >= end)
			return yes ? 0 : -ETIMEDOUT;
		usleep(20000);
	}
}

int deck_journal(struct deck *d, int (*fn)(const char *at, const struct injection *i, void *arg),
		 void *arg)
{
	(void)d;
	(void)fn;
	(void)arg;
	return -ENOTSUP;
}

bool probe_aborts(const struct probe_view *p)
{
	(void)p;
	return false;
}

/* It has no operations. */
const struct operation *deck_operation(struct deck *d, size_t i)
{
	(void)d;
	(void)i;
	return NULL;
}

int deck_operate(struct deck *d, const char *node, const struct operation *op, struct task **out,
		 struct err *e)
{
	(void)d;
	(void)node;
	(void)op;
	(void)out;
	return err_set(e, -ENOTSUP, "a stand-in");
}

int task_wait(struct task *t, int timeout_ms, const char **text, struct err *e)
{
	(void)t;
	(void)timeout_ms;
	(void)text;
	return err_set(e, -ENOTSUP, "a stand-in");
}

struct task *task_free(struct task *t)
{
	return t;
}

int deck_open(const struct deck_opts *o, struct deck **out, struct err *e)
{
	(void)o;
	(void)out;
	return err_set(e, -ENOTSUP, "a stand-in");
}

static bool next_of(uint64_t *cursor, uint64_t n, uint64_t *lost)
{
	if (n > RING && *cursor < n - RING) {
		*lost += n - RING - *cursor;
		*cursor = n - RING;
	}
	return *cursor < n;
}

bool deck_log_next(struct deck *d, uint64_t *cursor, struct log_line *out, uint64_t *lost)
{
	bool more;

	pthread_mutex_lock(&d->out);
	more = next_of(cursor, d->nlog, lost);
	if (more)
		*out = d->log[(*cursor)++ % RING];
	pthread_mutex_unlock(&d->out);
	return more;
}

bool deck_event_next(struct deck *d, uint64_t *cursor, struct event *out, uint64_t *lost)
{
	bool more;

	pthread_mutex_lock(&d->out);
	more = next_of(cursor, d->nevent, lost);
	if (more)
		*out = d->event[(*cursor)++ % RING];
	pthread_mutex_unlock(&d->out);
	return more;
}

void deck_log(struct deck *d, const char *node, int code, const char *fmt, ...)
{
	char text[300];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	say(d, node, code, "%s", text);
	pthread_mutex_unlock(&d->lock);
}
