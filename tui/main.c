// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../backends/backends.h"
#include "batch.h"
#include "console.h"
#include "import.h"
#include "places.h"
#include "verb.h"

#ifndef FAULTDECK_VERSION
#define FAULTDECK_VERSION "0.1"
#endif

static int help(void)
{
	puts("faultdeck breaks KVM hosts on purpose, shows what happens, and puts everything "
	     "back.\n"
	     "\n"
	     "faultdeck [-c cluster.cfg] [--readonly] [--theme NAME] [--accept-new]\n"
	     "    the console\n"
	     "faultdeck [-c cluster.cfg] --batch [--format text|json] [--dry-run] [--yes]\n"
	     "          [--ttl D] [--readonly] [--accept-new] VERB …\n"
	     "    one verb; - reads verbs from standard input, one a line\n"
	     "\n"
	     "Verbs:");
	for (const struct verb *v = verbs; v->name; v++)
		printf("  %s\n      %s%s\n", v->usage, v->help,
		       v->flags & VERB_INJECTS ? " (needs --yes)" : "");
	puts("  import FILE\n"
	     "      the original tool's cluster.conf (name,ip,port,role…) as cluster.cfg on "
	     "standard "
	     "output\n"
	     "\n"
	     "Targets: NODE  nn@NODE  vm:NAME@NODE  vm:NAME/VCPU@NODE  new-vm@NODE  pid:N@NODE\n"
	     "         path:P@NODE  link:DEV@NODE; the node may be left out where only one fits\n"
	     "Exit status: 0 done, 1 some targets failed, 2 usage, 3 config, 4 nothing reachable,\n"
	     "         5 the guard refused, 6 a restore is incomplete or unknown, 7 a probe "
	     "failed,\n"
	     "         130 interrupted, and what this run injected is restored\n"
	     "\n"
	     "Only for machines that you may break: see faultdeck(1).");
	return fflush(stdout) ? EXIT_FAILED : EXIT_DONE;
}

static int version(void)
{
	puts("faultdeck " FAULTDECK_VERSION);
	return fflush(stdout) ? EXIT_FAILED : EXIT_DONE;
}

/* ./cluster.cfg, else the user's; DST needs N bytes. NULL if there is neither. */
static const char *default_config(char *dst, size_t n)
{
	if (access("cluster.cfg", F_OK) == 0)
		return "cluster.cfg";
	place_user(dst, n, "cluster.cfg");
	return access(dst, F_OK) == 0 ? dst : NULL;
}

/* What is behind a cluster.cfg: both live as long as its deck. */
struct files {
	struct config *cfg;
	struct backends backends;
};

static struct files *files_close(struct files *f)
{
	if (f) {
		backends_close(&f->backends);
		config_free(f->cfg);
	}
	free(f);
	return NULL;
}

/* NULL: the mistakes of the file WHERE are in M, or the reason is in E. */
static struct files *files_open(const char *path, struct mistakes *m, char *where, size_t n,
				struct err *e)
{
	struct files *f = calloc(1, sizeof(*f));
	int r;

	if (!f) {
		err_set(e, -ENOMEM, "out of memory");
		return NULL;
	}
	snprintf(where, n, "%s", path);
	r = config_load(path, &f->cfg, m, e);
	if (!r) {
		r = backends_open(&f->backends, f->cfg, m, e);
		if (r)
			snprintf(where, n, "%s", f->backends.path);
	}
	return r ? files_close(f) : f;
}

static struct files *load(const struct args *a, struct emit *emit)
{
	struct mistakes *m = calloc(1, sizeof(*m));
	struct err e = { .code = 0 };
	struct files *f = NULL;
	char buf[4096], where[PATH_MAX];
	const char *path = a->config ? a->config : default_config(buf, sizeof(buf));

	if (!path || !m) {
		err_set(&e, -ENOENT, "no cluster.cfg here, and none in ~/.config/faultdeck");
		err_hint(&e, "write one (see faultdeck(1)), or name it with -c");
		emit_error(emit, &e);
	} else {
		f = files_open(path, m, where, sizeof(where), &e);
		if (!f && m->n)
			emit_mistakes(emit, where, m);
		else if (!f)
			emit_error(emit, &e);
	}
	free(m);
	return f;
}

/* ---- the console ---- */

static int open_deck(const struct console_opts *c, struct files *f, struct cluster *out,
		     struct err *e)
{
	struct deck_opts o = { .cfg = f->cfg,
			       .backends = f->backends.list,
			       .accept_new = c->accept_new,
			       .readonly = c->readonly,
			       .events = EVENTS_NEW,
			       .probes = PROBES_ALL };

	*out = (struct cluster){ .cfg = f->cfg, .backends = f->backends.list, .own = f };
	return deck_open(&o, &out->deck, e);
}

static int open_cluster(const struct console_opts *c, const char *path, struct cluster *out,
			struct mistakes *m, char *where, size_t n, struct err *e)
{
	struct files *f = files_open(path, m, where, n, e);
	int r = f ? open_deck(c, f, out, e) : -EINVAL;

	if (r)
		files_close(f);
	return r;
}

static void close_cluster(struct cluster *c)
{
	deck_close(c->deck);
	files_close(c->own);
}

/* F is closed in any case. */
static int console(const struct args *a, struct files *f, struct emit *emit)
{
	struct places themes;
	struct console_opts c = { .readonly = a->readonly,
				  .accept_new = a->accept_new,
				  .theme = a->theme,
				  .theme_dirs = themes.dirs,
				  .open = open_cluster,
				  .close = close_cluster };
	struct cluster first;
	struct err e = { .code = 0 };
	int r = open_deck(&c, f, &first, &e);

	places_of(&themes, "themes");
	if (r)
		files_close(f);
	else
		r = console_run(&first, &c, &e);
	if (r >= 0)
		return r;
	emit_error(emit, &e);
	return r == -ENOTTY || r == -ENOTSUP ? EXIT_USAGE : EXIT_FAILED;
}

static int run(const struct args *a, struct emit *emit)
{
	struct files *f = load(a, emit);
	int r;

	if (!f) {
		if (a->batch)
			emit_put(emit, record_summary(&(struct tally){ .failed = 1 }));
		return EXIT_CONFIG;
	}
	if (!a->batch)
		return console(a, f, emit);
	r = batch_main(a, f->cfg, f->backends.list, emit);
	files_close(f);
	return r;
}

int main(int argc, char **argv)
{
	struct err e = { .code = 0 };
	struct emit emit;
	struct args a;
	int r;

	setlocale(LC_CTYPE, "");
	r = args_parse(argc, argv, &a, &e);
	emit_init(&emit, a.format, stdout, stderr);
	if (r) {
		emit_error(&emit, &e);
		if (a.batch)
			emit_put(&emit, record_summary(&(struct tally){ .failed = 1 }));
		r = EXIT_USAGE;
	} else if (a.help) {
		r = help();
	} else if (a.version) {
		r = version();
	} else if (a.batch && a.nwords == 2 && strcmp(a.words[0], "import") == 0) {
		r = import_main(a.words[1]); /* there is no cluster.cfg yet */
	} else {
		r = run(&a, &emit);
	}
	return emit_end(&emit) && !r ? EXIT_FAILED : r;
}
