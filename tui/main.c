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
#include "verb.h"

#ifndef FAULTDECK_SHARE
#define FAULTDECK_SHARE "/usr/local/share/faultdeck"
#endif
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

/* NAME in the user's own configuration; "" where that would be too long. */
static void user_path(char *dst, size_t n, const char *name)
{
	const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	int len;

	if (xdg && *xdg)
		len = snprintf(dst, n, "%s/faultdeck/%s", xdg, name);
	else
		len = snprintf(dst, n, "%s/.config/faultdeck/%s", home ? home : "", name);
	if (len < 0 || (size_t)len >= n)
		*dst = '\0';
}

/* ./cluster.cfg, else the user's; DST needs N bytes. NULL if there is neither. */
static const char *default_config(char *dst, size_t n)
{
	if (access("cluster.cfg", F_OK) == 0)
		return "cluster.cfg";
	user_path(dst, n, "cluster.cfg");
	return access(dst, F_OK) == 0 ? dst : NULL;
}

/* The themes of the tree that this binary was built in. */
static void tree_themes(char *dst, size_t n)
{
	static const char tail[] = "/../themes";
	ssize_t len = readlink("/proc/self/exe", dst, n - sizeof(tail));
	char *slash;

	dst[len > 0 ? len : 0] = '\0';
	slash = strrchr(dst, '/');
	if (slash)
		memcpy(slash, tail, sizeof(tail));
}

static void show_mistakes(struct emit *emit, const char *path, const struct mistakes *m)
{
	struct err e = { .code = 0 };

	for (size_t i = 0; i < m->n; i++)
		emit_mistake(emit, path, &m->list[i]);
	if (!m->dropped)
		return;
	err_set(&e, -EINVAL, "%s: %zu more mistakes", path, m->dropped);
	emit_error(emit, &e);
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
			show_mistakes(emit, path, m);
		else
			emit_error(emit, &e);
	}
	free(m);
	return cfg;
}

static int console(const struct args *a, const struct config *cfg,
		   const struct backend *const *backends, struct emit *emit)
{
	char own[4096], tree[4096];
	const char *const dirs[] = { own, tree, FAULTDECK_SHARE "/themes", NULL };
	struct console_opts c = { a->readonly, a->theme, dirs };
	struct deck_opts o = {
		.cfg = cfg, .backends = backends, .events = EVENTS_NEW, .probes = PROBES_ALL
	};
	struct deck *d = NULL;
	struct err e = { .code = 0 };
	int r;

	user_path(own, sizeof(own), "themes");
	tree_themes(tree, sizeof(tree));
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
		show_mistakes(emit, b.path, m);
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
