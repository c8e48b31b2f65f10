/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TUI_VERB_H
#define TUI_VERB_H
/* The verb table: --batch, its help, the manual and the console's `:` line are served from it. */
#include "batch.h"

enum verb_flags {
	VERB_INJECTS = 1 << 0,  /* breaks something: needs --yes */
	VERB_RESTORES = 1 << 1, /* puts back: never needs it */
	VERB_OPERATES = 1 << 2, /* an operation: has no TTL */
	VERB_READS = 1 << 3,
};
struct verb {
	const char *name;
	const char *usage;
	const char *help;
	unsigned flags;
	unsigned opts; /* enum opt that mean something to it, besides those of the command line */
	int min, max;  /* words after its name; max -1: any number */
	int (*exec)(struct batch *b, char **words, int n); /* words[0] is the name */
};
/* Ends with a NULL name. */
extern const struct verb verbs[];
const struct verb *verb_find(const char *name);
/* Checks words and options of B->args against the table, then runs it; an exit status. */
int verb_run(struct batch *b, char **words, int n);

int verb_status(struct batch *b, char **words, int n);
int verb_list(struct batch *b, char **words, int n);
int verb_show(struct batch *b, char **words, int n);
int verb_log(struct batch *b, char **words, int n);
int verb_inject(struct batch *b, char **words, int n);
int verb_restore(struct batch *b, char **words, int n);
int verb_renew(struct batch *b, char **words, int n);
int verb_check(struct batch *b, char **words, int n);
int verb_module(struct batch *b, char **words, int n);
int verb_backend(struct batch *b, char **words, int n);
int verb_cluster(struct batch *b, char **words, int n);
int verb_points(struct batch *b, char **words, int n);
int verb_run_scenario(struct batch *b, char **words, int n);
int verb_scenarios(struct batch *b);
int verb_events(struct batch *b, char **words, int n);

/* WORDS, as those of an operation that BE declares, on the nodes that it is for. */
bool verb_has_operation(const struct backend *be, char **words, int n);
int verb_operation(struct batch *b, const struct backend *be, char **words, int n);

/* Puts back what this run injected and reports it: EXIT_DONE or EXIT_INCOMPLETE. */
int verb_restore_run(struct batch *b);

/* Until each node that answers was swept; 0, -ETIMEDOUT, -EINTR. */
int verb_wait_swept(struct batch *b);

/* For verbs that take IDs: talks to the nodes that have them, and reports those that are away. */
int verb_contact_ids(struct batch *b, char **words, int n);
/* Reports an id that nobody knows: 2, or 6 where a node that is away may have it. */
int verb_unknown_id(struct batch *b, const char *id);
/* What --dry-run shows of them. */
int verb_show_ids(struct batch *b, char *const *ids, size_t n);

/* Prints the events that came since *CURSOR; IDS (n of them) only, NULL: all. */
void verb_show_events(struct batch *b, uint64_t *cursor, char (*ids)[ID_MAX], size_t n);

/*
 * TARGETS as written, with the node left out or "all", to targets with nodes: *OUT is malloc'd. An
 * exit status; 2 with the list of those that fit where more than one does.
 */
struct target_list {
	struct target *v;
	size_t n;
};
int verb_complete(struct batch *b, const struct fault *f, const struct target *targets, size_t n,
		  struct target_list *out);

#endif
