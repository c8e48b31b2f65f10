// SPDX-License-Identifier: GPL-2.0-or-later
/* The stand-in's catalogue, and its snapshots: a small cluster whose figures move. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/text.h"
#include "fake.h"

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
	  .targets = 1u << KIND_NODE | 1u << KIND_LINK,
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
	add_attr(i, "device:0", "-drive file=/srv/db1.qcow2,if=none,id=d0");
	add_attr(i, "device:1", "-device virtio-blk-device,drive=d0");
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

static const struct metric traffic[] = {
	{ .key = "rx", .label = "in", .unit = "B/s", .kind = KIND_LINK, .scale = 1 },
	{ .key = "tx", .label = "out", .unit = "B/s", .kind = KIND_LINK, .scale = 1 },
};

static void make_link(struct item *i, const char *name)
{
	i->kind = KIND_LINK;
	snprintf(i->name, sizeof(i->name), "%s", name);
	snprintf(i->state, sizeof(i->state), "up");
	i->nsamples = 2;
	i->samples = calloc(i->nsamples, sizeof(*i->samples));
	for (size_t k = 0; k < i->nsamples; k++)
		i->samples[k] = (struct sample){ .metric = &traffic[k],
						 .known = true,
						 .value = 40000 + 8000 * (double)k };
}

static void make_services(struct node_view *v, size_t n)
{
	static const char *const has[][4] = { { "nn", "hadoop.nn", "rm", "hadoop.rm" },
					      { "dn", "hadoop.dn", "nm", "hadoop.nm" },
					      { "ms", "cloudstack.ms", "mysql",
						"cloudstack.mysql" } };
	const char *const *what = has[n - 3];

	v->nitems = n == 5 ? 4 : 3;
	v->items = calloc(v->nitems, sizeof(*v->items));
	snprintf(v->items[0].state, sizeof(v->items[0].state), "up");
	make_service(&v->items[1], what[0], what[1]);
	make_service(&v->items[2], what[2], what[3]);
	if (n == 5)
		make_link(&v->items[3], "eth0");
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

void fake_publish(struct deck *d)
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

const struct fault *deck_fault(struct deck *d, size_t i)
{
	(void)d;
	return i < ARRAY_SIZE(faults) ? &faults[i] : NULL;
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
