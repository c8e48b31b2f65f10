/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TUI_BATCH_H
#define TUI_BATCH_H
/*
 * Verbs without a screen: the command line as data, and one run of one or many verbs over a deck.
 * What each verb does is in verb*.c; how it is printed, in emit*.c.
 */
#include "../core/deck.h"
#include "emit.h"

/* DESIGN section 6; what a run of several verbs exits with is the worst of them (exit_worst). */
enum exit_status {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_CONFIG = 3,
	EXIT_UNREACHABLE = 4,
	EXIT_REFUSED = 5,
	EXIT_INCOMPLETE = 6,
	EXIT_PROBE = 7,
	EXIT_SIGNAL = 130,
};
/* A signal first, then 6 (something may be left on a node), then the higher number. */
int exit_worst(int a, int b);
/* What a refused plan or injection exits with: R is the engine's negative errno. */
int exit_of(int r);

/* ---- the command line ---- */
enum opt {
	OPT_ALL = 1 << 0,
	OPT_FORCE = 1 << 1,
	OPT_WAIT = 1 << 2,
	OPT_FOLLOW = 1 << 3,
	OPT_TTL = 1 << 4,
	OPT_YES = 1 << 5,
	OPT_DRY_RUN = 1 << 6,
	OPT_REPORT = 1 << 7,
};
struct args {
	const char *config, *theme;
	bool help, version, batch, readonly, accept_new;
	enum emit_format format;
	unsigned opts;      /* enum opt, those that hold */
	unsigned given;     /* those written on this line, not handed down from the command line */
	int64_t ttl_ms;     /* 0: none given */
	const char *report; /* a directory; NULL: none given */
	char **words;       /* the verb and its words: in argv, which is permuted */
	int nwords;
};
/* OUT is filled as far as it was understood also on failure. E says what to write instead. */
int args_parse(int argc, char **argv, struct args *out, struct err *e);
/* A line of `-`: only the verbs' own options; the rest is handed down from OUTER. */
int args_parse_line(int argc, char **argv, const struct args *outer, struct args *out,
		    struct err *e);

/* Words of a line, quoted as a shell does ('…', "…", \), # begins a comment. */
#define WORDS_MAX 1200 /* a thousand targets and what goes with them */
struct words {
	char *v[WORDS_MAX + 2]; /* v[0] is the program's name, NULL after the last */
	int n;                  /* with v[0] */
	char *store;
};
/* -EINVAL a quote that is not closed, -E2BIG too many words, -ENOMEM. */
int words_split(const char *line, struct words *out, struct err *e);
void words_free(struct words *w);

/* ---- a run ---- */
struct batch {
	const struct config *cfg;
	const struct backend *const *backends;
	struct emit *emit;
	const struct args *args; /* of the verb that runs */
	struct deck *deck;
	bool started;
	bool many;          /* verbs from standard input: one deck over all nodes */
	const char **scope; /* NULL-terminated names of the nodes the verb needs */
	size_t nscope;
	bool scope_all;
	bool wide; /* the deck is over all nodes, though the verb needs only its scope */
	struct tally tally;
	char (*ran)[ID_MAX]; /* what this run injected: Ctrl-C restores it */
	size_t nran;
	int signals; /* those that were answered already */
	int cancels; /* the same as a signal each, from another thread */
};
/*
 * One LINE, as one of `-`, over the deck that B holds: started, of all nodes, not closed here; an
 * exit status. batch_free is owed.
 */
int batch_line(struct batch *b, const struct args *outer, const char *line);
void batch_free(struct batch *b);
int batch_main(const struct args *a, const struct config *cfg,
	       const struct backend *const *backends, struct emit *emit);

/* All of the following report their errors and return an exit status, if not said otherwise. */
int batch_usage(struct batch *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int batch_error(struct batch *b, const struct err *e, int status);

int scope_add(struct batch *b, const char *node);
bool scope_has(const struct batch *b, const char *node);

/* Opens the deck over the scope; no network yet. */
int batch_open(struct batch *b);
void batch_close(struct batch *b);
/* Starts it and waits until each node of the scope has answered MIN_SEQ times, or is down. */
int batch_contact(struct batch *b, uint64_t min_seq);
/*
 * Until the other nodes of the deck have answered too, or are down: the guard counts what is on
 * them. One that hangs costs REST_MS after the last one that did not.
 */
int batch_contact_rest(struct batch *b);
/* Until each probe was asked once, at most as long as the slowest of them may take. */
int batch_contact_probes(struct batch *b);
/* Reports and counts the nodes of the scope that do not answer; returns how many do. */
size_t batch_reach(struct batch *b, const struct snapshot *s);
bool batch_interrupted(const struct batch *b);
/* 0, -ETIMEDOUT, -EINTR. */
int batch_wait(struct batch *b, bool (*pred)(const struct snapshot *s, void *arg), void *arg,
	       int limit_ms);
/* Remembers an id of this run. */
int batch_ran(struct batch *b, const char *id);

#endif
