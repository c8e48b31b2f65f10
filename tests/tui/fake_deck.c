// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A stand-in for the engine, for screen work only: it talks to no machine. It makes a small cluster
 * (or --nodes N of them), moves its figures, and plays injections, so that the console's drawing,
 * sizes and signals can be tested without a lab. What the lab tests prove is not proven here.
 *
 *   fake_deck [--readonly] [--theme NAME] [--themes DIR] [--nodes N] [--hang N]
 *             [--injected N] [--storm] [--mixed]
 *
 * --mixed: six nodes, of which three have Hadoop's and CloudStack's services. Key 7 loads a real
 * cluster.cfg, with such a stand-in behind it.
 */
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/config.h"
#include "core/deck.h"
#include "core/text.h"
#include "tui/console.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof(*(a)))
#define MAX_INJECTED  64
#define RING          256

struct deck {
	pthread_mutex_t lock;
	pthread_mutex_t out; /* what the console takes: it never waits for the play */
	pthread_t thread;
	bool started, stop, panic, readonly, storm, mixed, known, changed;
	int wake;
	const struct config *cfg;
	struct snapshot *snap;
	struct injection inj[MAX_INJECTED];
	int64_t since[MAX_INJECTED]; /* in its present state */
	size_t ninj, hang;
	uint64_t seq, nlog, nevent;
	unsigned next_id;
	int64_t panic_at;
	struct log_line log[RING];
	struct event event[RING];
};

static const char *const write_errors[] = { "ENOSPC", "EROFS", "EIO", "EDQUOT", NULL };
static const char *const read_errors[] = { "EIO", "EINTR", "EAGAIN", NULL };
static const char *const files[] = { "regular", "all", NULL };
#define FAULT_COMMON                                                                               \
	{ .name = "probability",                                                                   \
	  .type = PARAM_INT,                                                                       \
	  .def = "100",                                                                            \
	  .min = 1,                                                                                \
	  .max = 100,                                                                              \
	  .unit = "%",                                                                             \
	  .help = "share of the calls that fail" },                                                \
		{ .name = "times",                                                                 \
		  .type = PARAM_INT,                                                               \
		  .def = "-1",                                                                     \
		  .min = -1,                                                                       \
		  .max = 1000000,                                                                  \
		  .unit = "",                                                                      \
		  .help = "end after this many hits; -1: none" },                                  \
	{                                                                                          \
		.name = "files", .type = PARAM_CHOICE, .def = "regular", .choices = files,         \
		.help = "all: event descriptors, pipes and sockets too"                            \
	}

static const struct param write_params[] = { { .name = "errno",
					       .type = PARAM_CHOICE,
					       .def = "ENOSPC",
					       .choices = write_errors,
					       .help = "what the write returns" },
					     FAULT_COMMON };
static const struct param read_params[] = { { .name = "errno",
					      .type = PARAM_CHOICE,
					      .def = "EIO",
					      .choices = read_errors,
					      .help = "what the read returns" },
					    FAULT_COMMON };
static const struct param flip_params[] = {
	{ .name = "register",
	  .type = PARAM_INT,
	  .min = 0,
	  .max = 30,
	  .unit = "",
	  .help = "X0 to X30" },
};
static const struct param delay_params[] = {
	{ .name = "delay", .type = PARAM_INT, .def = "100", .min = 1, .max = 10000, .unit = "ms" },
	{ .name = "peer", .type = PARAM_PEERS, .def = "all", .help = "nodes, role:NAME, or all" },
};
static const struct fault faults[] = {
	{ .name = "kvm.file-write",
	  .summary = "writes of the VM's process to files fail",
	  .seen = "the guest's disk reports I/O errors, or the VM is paused",
	  .undone = "the hook is gone; a VM paused by it is resumed",
	  .risk = "writes to other files of the same process fail too, unless a path is given",
	  .targets = 1u << KIND_VM | 1u << KIND_PID,
	  .flags = FAULT_KERNEL,
	  .aftermath = AFTER_PAUSED,
	  .after_text = "the restore resumes it by `cont` (QMP)",
	  .recovery_ms = 5000,
	  .params = write_params,
	  .nparams = ARRAY_SIZE(write_params) },
	{ .name = "kvm.file-read",
	  .summary = "reads of the VM's process from files fail",
	  .seen = "the guest's disk reports I/O errors",
	  .undone = "the hook is gone",
	  .risk = "reads of other files fail too",
	  .targets = 1u << KIND_VM,
	  .flags = FAULT_KERNEL,
	  .aftermath = AFTER_HEALS,
	  .after_text = "reads succeed again",
	  .recovery_ms = 5000,
	  .params = read_params,
	  .nparams = ARRAY_SIZE(read_params) },
	{ .name = "kvm.ioctl-deny",
	  .summary = "KVM refuses ioctls of the VM that starts next",
	  .seen = "QEMU ends with its own message",
	  .undone = "the hook is gone",
	  .risk = "every VM that starts on the node meanwhile",
	  .targets = 1u << KIND_NEW_VM,
	  .flags = FAULT_KERNEL,
	  .aftermath = AFTER_DEAD,
	  .after_text = "start the VM again" },
	{ .name = "kvm.cpu-fi",
	  .summary = "bits of a register flip when a thread is born",
	  .seen = "a crash, or nothing",
	  .undone = "later threads are not hit",
	  .risk = "the process may write wrong data",
	  .targets = 1u << KIND_VM,
	  .flags = FAULT_KERNEL | FAULT_LASTING,
	  .aftermath = AFTER_DEAD,
	  .after_text = "start the VM again",
	  .params = flip_params,
	  .nparams = 1 },
	{ .name = "host.net-delay",
	  .summary = "packets of the node are late",
	  .seen = "round trips take longer",
	  .undone = "the queue discipline is as before",
	  .risk = "everything on the node, except SSH",
	  .targets = 1u << KIND_NODE,
	  .aftermath = AFTER_HEALS,
	  .after_text = "at once",
	  .params = delay_params,
	  .nparams = ARRAY_SIZE(delay_params) },
};
static const struct metric metrics[] = {
	{ .key = "exits", .label = "exits", .unit = "/s", .kind = KIND_VM, .scale = 1 },
	{ .key = "cpu", .label = "cpu", .unit = "%", .kind = KIND_VM, .scale = 1 },
	{ .key = "rss", .label = "memory", .unit = "B", .kind = KIND_VM, .scale = 1 },
	{ .key = "write", .label = "write", .unit = "B/s", .kind = KIND_VM, .scale = 1 },
	{ .key = "load", .label = "load", .unit = "", .kind = KIND_NODE, .scale = 1 },
};

/* ---- snapshots ---- */

static void node_put(struct node_view *v)
{
	for (size_t i = 0; i < v->nitems; i++) {
		for (size_t a = 0; a < v->items[i].nattrs; a++) {
			free(v->items[i].attrs[a].key);
			free(v->items[i].attrs[a].value);
		}
		free(v->items[i].attrs);
		free(v->items[i].samples);
	}
	free(v->items);
	free(v);
}

void snapshot_put(const struct snapshot *cs)
{
	struct snapshot *s = (struct snapshot *)(uintptr_t)cs;

	if (!s || __atomic_sub_fetch(&s->refs, 1, __ATOMIC_ACQ_REL))
		return;
	for (size_t n = 0; n < s->nnodes; n++)
		node_put(s->nodes[n]);
	free(s->nodes);
	free(s->injections);
	free(s);
}

static void add_attr(struct item *i, const char *key, const char *value)
{
	i->attrs = realloc(i->attrs, (i->nattrs + 1) * sizeof(*i->attrs));
	i->attrs[i->nattrs].key = strdup(key);
	i->attrs[i->nattrs++].value = strdup(value);
}

static bool is_hit(const struct deck *d, const char *target)
{
	for (size_t k = 0; k < d->ninj; k++)
		if (d->inj[k].state == STATE_ACTIVE && strcmp(d->inj[k].target, target) == 0)
			return true;
	return false;
}

static void make_vm(const struct deck *d, struct item *i, const char *node, const char *name, int k)
{
	double t = (double)now_boot_ms() / 1000 + k * 7;
	char target[TARGET_MAX];
	bool hit;

	i->kind = KIND_VM;
	snprintf(i->name, sizeof(i->name), "%s", name);
	snprintf(target, sizeof(target), "vm:%s@%s", name, node);
	hit = is_hit(d, target);
	snprintf(i->state, sizeof(i->state), "%s", hit && k ? "paused" : "running");
	i->bad = hit && k;
	i->pid = 4121 + k;
	i->nsamples = 4;
	i->samples = calloc(4, sizeof(*i->samples));
	for (int m = 0; m < 4; m++)
		i->samples[m] = (struct sample){ .metric = &metrics[m], .known = true };
	i->samples[0].value = hit ? 120 : 1800 + 700 * sin(t / 5);
	i->samples[1].value = hit ? 2 : 41 + 20 * sin(t / 9);
	i->samples[2].value = 512 * 1048576.0;
	i->samples[3].value = hit ? 0 : 300000 + 200000 * sin(t / 3);
	add_attr(i, "started", "4711");
	add_attr(i, "vcpu0_tid", "4130");
	add_attr(i, "vcpus", "1");
	add_attr(i, "disk", "/srv/db1.qcow2");
	add_attr(i, "started by",
		 "qemu-system-aarch64 -accel kvm -name db1 -smp 1 -m 512 -drive "
		 "file=/srv/db1.qcow2,cache=none,werror=report,rerror=report");
}

static const struct metric heap = {
	.key = "heap", .label = "heap", .unit = "B", .kind = KIND_SERVICE, .scale = 1
};

static void make_service(struct item *i, const char *name, const char *component)
{
	i->kind = KIND_SERVICE;
	i->pid = 900;
	snprintf(i->name, sizeof(i->name), "%s", name);
	snprintf(i->state, sizeof(i->state), "up");
	add_attr(i, "component", component);
	add_attr(i, "started", "4711");
	add_attr(i, "health", strcmp(name, "nn") == 0 ? "active" : "answers");
	i->samples = calloc(1, sizeof(*i->samples));
	i->samples[i->nsamples++] =
		(struct sample){ .metric = &heap,
				 .known = true,
				 .value =
					 (300 + 80 * sin((double)now_boot_ms() / 4000)) * 1048576 };
}

static void make_services(struct node_view *v, size_t n)
{
	static const char *const has[][4] = { { "nn", "hadoop.nn", "rm", "hadoop.rm" },
					      { "dn", "hadoop.dn", "nm", "hadoop.nm" },
					      { "ms", "cloudstack.ms", "mysql",
						"cloudstack.mysql" } };
	const char *const *what = has[n - 3];

	v->nitems = 3;
	v->items = calloc(v->nitems, sizeof(*v->items));
	snprintf(v->items[0].state, sizeof(v->items[0].state), "up");
	make_service(&v->items[1], what[0], what[1]);
	make_service(&v->items[2], what[2], what[3]);
}

static void make_items(const struct deck *d, struct node_view *v, size_t n)
{
	static const char *const names[] = { "web1", "db1", "数据库-中文名字很长", "cafe\xcc\x81" };
	size_t vms = n == 0 ? 2 : n % 4;

	v->nitems = vms + 1;
	v->items = calloc(v->nitems, sizeof(*v->items));
	v->items[0].kind = KIND_NODE;
	snprintf(v->items[0].state, sizeof(v->items[0].state), "up");
	v->items[0].nsamples = 1;
	v->items[0].samples = calloc(1, sizeof(struct sample));
	v->items[0].samples[0].metric = &metrics[4];
	v->items[0].samples[0].value = 0.4 + 0.2 * sin((double)now_boot_ms() / 8000);
	v->items[0].samples[0].known = true;
	add_attr(&v->items[0], "kernel", "6.1.0-28-arm64");
	add_attr(&v->items[0], "arch", "aarch64");
	add_attr(&v->items[0], "module", "faultdeck 1 abi 1 arm64");
	for (size_t k = 0; k < vms; k++)
		make_vm(d, &v->items[k + 1], v->cfg->name, names[n && vms > 2 ? k + 1 : k], (int)k);
}

/* The last ones of the list do not answer: --hang N. */
static bool hangs(const struct deck *d, size_t n)
{
	return d->started && n + d->hang >= d->cfg->nnodes;
}

static struct node_view *make_node(const struct deck *d, size_t n)
{
	struct node_view *v = calloc(1, sizeof(*v));

	v->cfg = &d->cfg->nodes[n];
	v->state = !d->started ? NODE_CONNECTING : n == 2 ? NODE_STALE : NODE_UP;
	if (n == 1 && d->started && !d->known) {
		v->state = NODE_DOWN;
		err_set(&v->reason, -ENOKEY, "the host key of %s is not known", v->cfg->name);
		err_hint(&v->reason, "compare the fingerprint, then accept it");
		snprintf(v->fingerprint, sizeof(v->fingerprint),
			 "SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8");
	}
	if (!d->mixed && n > 2 && n % 5 == 3) {
		v->state = NODE_DOWN;
		err_set(&v->reason, -ECONNREFUSED, "connection refused by %s", v->cfg->host);
		err_hint(&v->reason, "is sshd running there? `systemctl status ssh`");
	}
	if (hangs(d, n))
		v->state = NODE_STALE;
	if (v->state == NODE_STALE)
		err_set(&v->reason, -ETIMEDOUT, "no answer from %s", v->cfg->host);
	v->seq = d->seq;
	v->rtt_ms = 2;
	v->t_ms = (double)now_boot_ms();
	if (v->state == NODE_UP || v->state == NODE_STALE) {
		v->seen_boot_ms = v->state == NODE_UP ? now_boot_ms() : now_boot_ms() - 8000;
		if (d->mixed && n > 2)
			make_services(v, n);
		else
			make_items(d, v, n);
	}
	if (d->panic) {
		bool done = now_boot_ms() - d->panic_at > 500 && v->state == NODE_UP;

		v->sweep = v->state != NODE_UP ? SWEEP_FAILED : done ? SWEEP_DONE : SWEEP_RUNNING;
		v->swept = done && n == 0 ? 1 : 0;
	}
	return v;
}

static void publish(struct deck *d)
{
	struct snapshot *s = calloc(1, sizeof(*s));
	const struct snapshot *old = d->snap;

	s->seq = ++d->seq;
	s->boot_ms = now_boot_ms();
	s->refs = 1;
	s->panic = d->panic;
	s->nnodes = d->cfg->nnodes;
	s->nodes = calloc(s->nnodes, sizeof(struct node_view *));
	for (size_t n = 0; n < s->nnodes; n++)
		s->nodes[n] = make_node(d, n);
	s->ninjections = d->ninj;
	s->injections = calloc(d->ninj + 1, sizeof(struct injection));
	memcpy(s->injections, d->inj, d->ninj * sizeof(struct injection));
	pthread_mutex_lock(&d->out);
	d->snap = s;
	pthread_mutex_unlock(&d->out);
	snapshot_put(old);
	if (write(d->wake, &(uint64_t){ 1 }, 8) < 0)
		abort();
}

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
			publish(d);
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

const struct fault *deck_fault(struct deck *d, size_t i)
{
	(void)d;
	return i < ARRAY_SIZE(faults) ? &faults[i] : NULL;
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
	publish(d);
	pthread_mutex_unlock(&d->lock);
	return 0;
}

static void restore_where(struct deck *d, const char *id)
{
	for (size_t k = 0; k < d->ninj; k++)
		if ((!id || strcmp(d->inj[k].id, id) == 0) && !state_is_final(d->inj[k].state))
			set_state(d, k, STATE_RESTORING);
	publish(d);
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
	publish(d);
	pthread_mutex_unlock(&d->lock);
	return 0;
}

void deck_panic(struct deck *d, bool on)
{
	pthread_mutex_lock(&d->lock);
	d->panic = on;
	d->panic_at = now_boot_ms();
	publish(d);
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
	publish(d);
	pthread_mutex_unlock(&d->lock);
}

void deck_accept_key(struct deck *d, const char *node, const char *fingerprint)
{
	pthread_mutex_lock(&d->lock);
	d->known = true;
	say(d, node, 0, "host key %s accepted", fingerprint);
	publish(d);
	pthread_mutex_unlock(&d->lock);
}

void deck_refresh(struct deck *d)
{
	pthread_mutex_lock(&d->lock);
	publish(d);
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

const struct fault *deck_find_fault(struct deck *d, const char *name, struct err *e)
{
	(void)d;
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++)
		if (strcmp(faults[i].name, name) == 0)
			return &faults[i];
	err_set(e, -ENOENT, "there is no fault '%s'", name);
	return NULL;
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

/* ---- main ---- */

static struct config *make_config(size_t nodes, bool mixed)
{
	static const char *const others[] = { "master", "slave1", "mgmt" };
	static const char *const roles[] = { "namenode", "datanode", "management" };
	struct config *cfg = calloc(1, sizeof(*cfg));

	cfg->cluster = strdup("lab");
	cfg->nnodes = nodes;
	cfg->nodes = calloc(nodes, sizeof(*cfg->nodes));
	for (size_t k = 0; k < nodes; k++) {
		struct node_cfg *c = &cfg->nodes[k];
		bool other = mixed && k > 2;

		if (asprintf(&c->name, "kvm%zu", k + 1) < 0 ||
		    asprintf(&c->host, "10.77.0.%zu", 21 + k) < 0)
			abort();
		if (other) {
			free(c->name);
			c->name = strdup(others[k - 3]);
		}
		c->roles = calloc(2, sizeof(*c->roles));
		c->roles[0] = strdup(other ? roles[k - 3] : "kvm");
		c->disposable = true;
	}
	return cfg;
}

static void inject_some(struct deck *d, size_t n)
{
	struct target t = { .kind = KIND_VM, .node = "kvm1", .name = "db1" };
	struct plan_req r = { .fault = &faults[0], .targets = &t, .ntargets = 1, .ttl_ms = 60000 };
	struct plan *p;

	params_parse(&faults[0], NULL, 0, &r.params, NULL);
	for (size_t k = 0; k < n; k++) {
		deck_plan(d, &r, &p, NULL);
		deck_inject(d, p, NULL);
		plan_free(p);
	}
	if (n > 1) {
		d->inj[1].state = STATE_UNKNOWN;
		snprintf(d->inj[1].reason, sizeof(d->inj[1].reason),
			 "node stale 8 s, its TTL holds");
		snprintf(d->inj[1].target, sizeof(d->inj[1].target), "vm:web1@kvm3");
	}
}

static const struct backend *const backends[] = { NULL };

static void fill_cluster(struct cluster *c, struct deck *d, struct config *cfg)
{
	d->cfg = cfg;
	d->wake = eventfd(0, EFD_NONBLOCK);
	pthread_mutex_init(&d->lock, NULL);
	pthread_mutex_init(&d->out, NULL);
	publish(d);
	*c = (struct cluster){ .cfg = cfg, .backends = backends, .deck = d, .own = cfg };
}

static int open_cluster(const struct console_opts *o, const char *path, struct cluster *out,
			struct mistakes *m, char *where, size_t n, struct err *e)
{
	struct deck *d = calloc(1, sizeof(*d));
	struct config *cfg = NULL;
	int r = config_load(path, &cfg, m, e);

	snprintf(where, n, "%s", path);
	if (r) {
		free(d);
		return r;
	}
	d->readonly = o->readonly;
	d->known = true;
	d->next_id = 0x100;
	fill_cluster(out, d, cfg);
	return 0;
}

static void close_cluster(struct cluster *c)
{
	struct deck *d = c->deck;

	if (d->started) {
		__atomic_store_n(&d->stop, true, __ATOMIC_RELEASE);
		pthread_join(d->thread, NULL);
	}
	snapshot_put(d->snap);
	close(d->wake);
	free(d);
	config_free(c->own);
}

struct deck *deck_close(struct deck *d)
{
	return d; /* as the cluster that it is of */
}

int main(int argc, char **argv)
{
	const char *dirs[2] = { NULL };
	struct console_opts o = { .theme_dirs = dirs,
				  .open = open_cluster,
				  .close = close_cluster };
	struct deck *d = calloc(1, sizeof(*d));
	struct cluster first;
	struct err e = { 0 };
	size_t nodes = 3, injected = 0;
	int r;

	for (int k = 1; k < argc; k++) {
		if (strcmp(argv[k], "--readonly") == 0)
			o.readonly = d->readonly = true;
		else if (strcmp(argv[k], "--storm") == 0)
			d->storm = true;
		else if (strcmp(argv[k], "--mixed") == 0)
			d->mixed = true;
		else if (strcmp(argv[k], "--theme") == 0 && k + 1 < argc)
			o.theme = argv[++k];
		else if (strcmp(argv[k], "--themes") == 0 && k + 1 < argc)
			dirs[0] = argv[++k];
		else if (strcmp(argv[k], "--hang") == 0 && k + 1 < argc)
			d->hang = (size_t)atoi(argv[++k]);
		else if (strcmp(argv[k], "--nodes") == 0 && k + 1 < argc)
			nodes = (size_t)atoi(argv[++k]);
		else if (strcmp(argv[k], "--injected") == 0 && k + 1 < argc)
			injected = (size_t)atoi(argv[++k]);
	}
	fill_cluster(&first, d, make_config(d->mixed ? 6 : nodes, d->mixed));
	inject_some(d, injected);
	r = console_run(&first, &o, &e);
	if (r)
		fprintf(stderr, "%s\n%s\n", e.msg, e.hint);
	return r ? 2 : 0;
}
