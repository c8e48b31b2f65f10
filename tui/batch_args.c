// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "batch.h"

enum {
	O_BATCH = 256,
	O_FORMAT,
	O_THEME,
	O_READONLY,
	O_ACCEPT_NEW,
	O_VERSION,
	O_TTL,
	O_REPORT,
	O_BIT = 512
};

/* In this order: what only the command line takes, then what a line of `-` takes too. */
static const struct option long_opts[] = {
	{ "batch", no_argument, NULL, O_BATCH },
	{ "format", required_argument, NULL, O_FORMAT },
	{ "theme", required_argument, NULL, O_THEME },
	{ "config", required_argument, NULL, 'c' },
	{ "readonly", no_argument, NULL, O_READONLY },
	{ "accept-new", no_argument, NULL, O_ACCEPT_NEW },
	{ "version", no_argument, NULL, O_VERSION },
	{ "help", no_argument, NULL, 'h' },
	{ "ttl", required_argument, NULL, O_TTL },
	{ "report", required_argument, NULL, O_REPORT },
	{ "all", no_argument, NULL, O_BIT | OPT_ALL },
	{ "force", no_argument, NULL, O_BIT | OPT_FORCE },
	{ "wait", no_argument, NULL, O_BIT | OPT_WAIT },
	{ "follow", no_argument, NULL, O_BIT | OPT_FOLLOW },
	{ "yes", no_argument, NULL, O_BIT | OPT_YES },
	{ "dry-run", no_argument, NULL, O_BIT | OPT_DRY_RUN },
	{ NULL, 0, NULL, 0 },
};
static const struct option *const line_opts = long_opts + 8;

static int take_ttl(struct args *a, const char *value, struct err *e)
{
	if (text_duration(value, &a->ttl_ms) || a->ttl_ms <= 0) {
		err_set(e, -EINVAL, "--ttl %s: not a duration", value);
		err_hint(e, "write it as 30s, 2m, 1h or 500ms");
		return -EINVAL;
	}
	a->given |= OPT_TTL;
	return 0;
}

static int take_format(struct args *a, const char *value, struct err *e)
{
	if (strcmp(value, "text") != 0 && strcmp(value, "json") != 0)
		return err_set(e, -EINVAL, "--format %s: it is text or json", value);
	a->format = strcmp(value, "json") == 0 ? EMIT_JSON : EMIT_TEXT;
	return 0;
}

static int bad_option(char **argv, int o, struct err *e)
{
	const char *what = o == ':' ? "an option needs a value" : "no such option";

	err_set(e, -EINVAL, "%s: %s", optind > 0 ? argv[optind - 1] : "", what);
	err_hint(e, "faultdeck --help lists them");
	return -EINVAL;
}

static int take(struct args *a, int o, char **argv, struct err *e)
{
	switch (o) {
	case 'c':
		a->config = optarg;
		return 0;
	case 'h':
		a->help = true;
		return 0;
	case O_VERSION:
		a->version = true;
		return 0;
	case O_BATCH:
		a->batch = true;
		return 0;
	case O_READONLY:
		a->readonly = true;
		return 0;
	case O_ACCEPT_NEW:
		a->accept_new = true;
		return 0;
	case O_THEME:
		a->theme = optarg;
		return 0;
	case O_FORMAT:
		return take_format(a, optarg, e);
	case O_TTL:
		return take_ttl(a, optarg, e);
	case O_REPORT:
		a->report = optarg;
		a->given |= OPT_REPORT;
		return 0;
	default:
		if (o < O_BIT)
			return bad_option(argv, o, e);
		a->given |= (unsigned)(o & ~O_BIT);
		return 0;
	}
}

static int parse(int argc, char **argv, const char *shorts, const struct option *longs,
		 struct args *a, struct err *e)
{
	int o, r = 0;

	optind = 0; /* glibc: begin anew, also its own state of a permuted argv */
	opterr = 0;
	while (!r && (o = getopt_long(argc, argv, shorts, longs, NULL)) != -1)
		r = take(a, o, argv, e);
	a->opts |= a->given;
	a->words = argv + optind;
	a->nwords = argc - optind;
	return r;
}

int args_parse(int argc, char **argv, struct args *out, struct err *e)
{
	int r;

	*out = (struct args){ .format = EMIT_TEXT };
	r = parse(argc, argv, ":c:h", long_opts, out, e);
	if (r || out->help || out->version)
		return r;
	if (!out->batch && (out->nwords || out->given)) {
		err_set(e, -EINVAL, "%s: verbs and their options go with --batch",
			out->nwords ? out->words[0] : "options");
		err_hint(e, "faultdeck --batch %s …", out->nwords ? out->words[0] : "VERB");
		return -EINVAL;
	}
	if (out->batch && !out->nwords) {
		err_set(e, -EINVAL, "--batch: a verb is missing");
		err_hint(e, "faultdeck --help lists the verbs; - reads them from standard input");
		return -EINVAL;
	}
	return 0;
}

int args_parse_line(int argc, char **argv, const struct args *outer, struct args *out,
		    struct err *e)
{
	*out = *outer;
	out->given = 0;
	out->report = NULL;
	return parse(argc, argv, ":", line_opts, out, e);
}
