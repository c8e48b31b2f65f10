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

static struct config *load(const struct args *a, struct emit *emit)
{
	struct mistakes *m = calloc(1, sizeof(*m));
	struct err e = { .code = 0 };
	struct config *cfg = NULL;
	char buf[4096];
	const char *path = a->config ? a->config : default_config(buf, sizeof(buf));

	if (!path || !m) {
		err_set(&e, -ENOENT, "no cluster.cfg here, and none in ~/.config/faultdeck");
		err_hint(&e, "write one (see faultdeck(1)), or name it with -c");
		emit_error(emit, &e);
	} else if (config_load(path, &cfg, m, &e)) {
		if (m->n)
			emit_mistakes(emit, path, m);
		else
			emit_error(emit, &e);
	}
	free(m);
	return cfg;
}

static int console(const struct args *a, const struct config *cfg,
		   const struct backend *const *backends, struct emit *emit)
{
	struct places themes;
	struct console_opts c = { a->readonly, a->theme, themes.dirs };
	struct deck_opts o = {
		.cfg = cfg, .backends = backends, .events = EVENTS_NEW, .probes = PROBES_ALL
	};
	struct deck *d = NULL;
	struct err e = { .code = 0 };
	int r;

	places_of(&themes, "themes");
	o.accept_new = a->accept_new;
	o.readonly = a->readonly;
	r = deck_open(&o, &d, &e);
	if (!r) {
		r = console_run(d, cfg, &c, &e);
		deck_close(d);
	}
	if (r >= 0)
		return r;
	emit_error(emit, &e);
	return r == -ENOTTY || r == -ENOTSUP ? EXIT_USAGE : EXIT_FAILED;
}

static int not_configured(const struct args *a, struct emit *emit)
{
	if (a->batch)
		emit_put(emit, record_summary(&(struct tally){ .failed = 1 }));
	return EXIT_CONFIG;
}

static int run_with(const struct args *a, const struct config *cfg, struct emit *emit)
{
	struct mistakes *m = calloc(1, sizeof(*m));
	struct err e = { .code = -ENOMEM, .msg = "out of memory" };
	struct backends b = { .n = 0 };
	int r = m ? backends_open(&b, cfg, m, &e) : -ENOMEM;

	if (r && m && m->n)
		emit_mistakes(emit, b.path, m);
	else if (r)
		emit_error(emit, &e);
	free(m);
	if (r)
		r = not_configured(a, emit);
	else
		r = a->batch ? batch_main(a, cfg, b.list, emit) : console(a, cfg, b.list, emit);
	backends_close(&b);
	return r;
}

static int run(const struct args *a, struct emit *emit)
{
	struct config *cfg = load(a, emit);
	int r;

	if (!cfg)
		return not_configured(a, emit);
	r = run_with(a, cfg, emit);
	config_free(cfg);
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
