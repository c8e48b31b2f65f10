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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/text.h"
#include "fake.h"
#include "tui/console.h"

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
	struct plan_req r = {
		.fault = deck_fault(d, 0), .targets = &t, .ntargets = 1, .ttl_ms = 60000
	};
	struct plan *p;

	params_parse(r.fault, NULL, 0, &r.params, NULL);
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
	fake_publish(d);
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
