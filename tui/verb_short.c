// SPDX-License-Identifier: GPL-2.0-or-later
/* BACKEND WORDS …: the short forms that a backend declares, and BACKEND FAULT TARGET. They are the
 * same injections. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verb.h"

static const struct backend *find_backend(const struct batch *b, const char *name)
{
	for (const struct backend *const *i = b->backends; *i; i++)
		if (strcmp((*i)->name, name) == 0)
			return *i;
	return NULL;
}

/* Whether WORDS (N of them) begin with those of S, whose last may have @NODE behind it; how many,
 * 0: no. */
static int matches(const struct shortcut *s, char **words, int n, const char **at)
{
	const char *want = s->words;
	int i = 0;

	for (; *want && i < n; i++) {
		size_t len = strcspn(want, " ");

		if (strncmp(words[i], want, len) != 0 ||
		    (words[i][len] && (want[len] || words[i][len] != '@')))
			return 0;
		*at = words[i] + len;
		want += len + (want[len] == ' ');
	}
	return *want ? 0 : i;
}

static bool is_short_param(const char *w)
{
	return strchr(w, '=') && strcspn(w, "=") < strcspn(w, "@:/");
}

/* The node that has ADDRESS, by cluster.cfg. */
static const char *owner_of(const struct batch *b, const char *address)
{
	for (size_t i = 0; i < b->cfg->nnodes; i++) {
		const struct node_cfg *n = &b->cfg->nodes[i];

		if ((n->address && strcmp(n->address, address) == 0) ||
		    (n->host && strcmp(n->host, address) == 0))
			return n->name;
	}
	return NULL;
}

/* What a short form stands for: the words of `inject FAULT TARGET… [k=v]…`. */
struct meant {
	char *argv[WORDS_MAX + 8];
	int n;
	char target[TARGET_MAX], word[200]; /* word: a parameter, "" none */
};

/* Those that were asked for all nodes, with the words that came with it. */
static void mean_all(struct meant *m, char **words, int n)
{
	snprintf(m->target, sizeof(m->target), "all");
	m->argv[m->n++] = m->target;
	if (*m->word)
		m->argv[m->n++] = m->word;
	for (int i = 0; i < n; i++)
		m->argv[m->n++] = words[i];
}

static int mean_address(struct batch *b, const struct shortcut *s, char **words, int n,
			struct meant *m)
{
	bool given = n && !is_short_param(words[0]);
	const char *owner = given ? owner_of(b, words[0]) : NULL;

	if (!given && !s->restores)
		return batch_usage(b, "%s: an address is missing", s->words);
	if (given)
		snprintf(m->word, sizeof(m->word), "%s=%s", s->address, owner ? "all" : words[0]);
	mean_all(m, words + given, n - given);
	if (owner)
		snprintf(m->target, sizeof(m->target), "%s", owner);
	return EXIT_DONE;
}

/* D of a parameter in ms may be written as a time; digits alone are ms. With a component the value
 * may be left out. */
static int mean_value(struct batch *b, const struct shortcut *s, const char *at, char **words,
		      int n, struct meant *m)
{
	bool given = n && !is_short_param(words[0]);
	int64_t ms;

	if (!given && !s->restores && !s->component)
		return batch_usage(b, "%s: a value is missing", s->words);
	if (given && strcmp(s->value, "ms") == 0 && words[0][strspn(words[0], "0123456789")] &&
	    text_duration(words[0], &ms) == 0)
		snprintf(m->word, sizeof(m->word), "ms=%lld", (long long)ms);
	else if (given)
		snprintf(m->word, sizeof(m->word), "%s=%s", s->value, words[0]);
	mean_all(m, words + given, n - given);
	if (s->component)
		snprintf(m->target, sizeof(m->target), "%s%s", s->component, *at ? at : "@");
	return EXIT_DONE;
}

static int mean_component(struct batch *b, const struct shortcut *s, const char *at, char **words,
			  int n, struct meant *m)
{
	if (n && !is_short_param(words[0])) {
		if (*at)
			return batch_usage(b, "%s%s: it has its node already", s->words, at);
	} else if (s->component) {
		snprintf(m->target, sizeof(m->target), "%s%s", s->component, *at ? at : "@");
		m->argv[m->n++] = m->target;
	} else {
		return batch_usage(b, "%s: say which component", s->words);
	}
	for (int i = 0; i < n; i++) {
		m->argv[m->n++] = words[i];
		/* a word alone would be a node */
		if (i || is_short_param(words[0]) || (!s->path && strchr(words[0], '@')))
			continue;
		snprintf(m->target, sizeof(m->target), "%s%s%s", s->path ? "path:" : "", words[0],
			 strchr(words[0], '@') ? "" : "@");
		m->argv[m->n - 1] = m->target;
	}
	return EXIT_DONE;
}

/* WORD of an operator against the target of an injection: the node may be left out, or be all. */
static bool is_target(const char *word, const char *target)
{
	size_t name = strcspn(word, "@");
	const char *node = word[name] ? word + name + 1 : "";

	if (strncmp(word, target, name) != 0 || (target[name] && target[name] != '@'))
		return false;
	return !*node || strcmp(node, "all") == 0 || !target[name] ||
	       strcmp(node, target + name + 1) == 0;
}

/* WORD, k=v, among PARAMS, which are separated by blanks. */
static bool has_word(const char *params, const char *word)
{
	size_t n = strlen(word);

	for (const char *at = strstr(params, word); at; at = strstr(at + 1, word))
		if ((at == params || at[-1] == ' ') && (!at[n] || at[n] == ' '))
			return true;
	return false;
}

static bool is_meant(const struct shortcut *s, const struct meant *m, const struct injection *i)
{
	if (state_is_final(i->state) || strcmp(i->fault, s->fault) != 0)
		return false;
	if (strcmp(m->target, "all") == 0)
		return !*m->word || has_word(i->params, m->word);
	for (int k = 0; k < m->n; k++)
		if (!is_short_param(m->argv[k]) && is_target(m->argv[k], i->target))
			return true;
	return false;
}

static int restore_meant(struct batch *b, const struct shortcut *s, const struct meant *m)
{
	static char restore[] = "restore";
	char ids[WORDS_MAX][ID_MAX], *argv[WORDS_MAX + 2] = { restore };
	const struct snapshot *snap;
	struct err e = { .code = 0 };
	int n = 1, r;

	b->scope_all = true;
	r = batch_contact(b, 1);
	if (r)
		return r;
	snap = deck_snapshot(b->deck);
	for (size_t i = 0; i < snap->ninjections && n <= WORDS_MAX; i++) {
		if (!is_meant(s, m, &snap->injections[i]))
			continue;
		memcpy(ids[n - 1], snap->injections[i].id, ID_MAX);
		argv[n] = ids[n - 1];
		n++;
	}
	r = n > 1 || batch_reach(b, snap) ? EXIT_DONE : EXIT_UNREACHABLE;
	snapshot_put(snap);
	if (r || n > 1)
		return r ? r : verb_restore(b, argv, n);
	err_set(&e, -ENOENT, "%s: no injection of %s is there to put back", s->words, s->fault);
	err_hint(&e, "faultdeck --batch list injections");
	return batch_error(b, &e, EXIT_USAGE);
}

static int run_short(struct batch *b, const struct shortcut *s, const char *at, char **words, int n)
{
	static char inject[] = "inject";
	struct meant m = { .n = 0 };
	char fault[64];
	int r;

	if (n > WORDS_MAX)
		return batch_usage(b, "more than %d words", WORDS_MAX);
	snprintf(fault, sizeof(fault), "%s", s->fault);
	if (!s->restores) {
		m.argv[m.n++] = inject;
		m.argv[m.n++] = fault;
	}
	r = s->address ? mean_address(b, s, words, n, &m)
	    : s->value ? mean_value(b, s, at, words, n, &m)
		       : mean_component(b, s, at, words, n, &m);
	if (r)
		return r;
	return s->restores ? restore_meant(b, s, &m) : verb_inject(b, m.argv, m.n);
}

/* What of it stands on the nodes that answer; services first: a table is one kind of rows. */
static void show_found(struct batch *b, const struct snapshot *s, const struct backend *be,
		       bool storage)
{
	size_t len = strlen(be->name);

	for (size_t i = 0; i < s->nnodes; i++) {
		const struct node_view *v = s->nodes[i];

		for (size_t k = 0; k < v->nitems; k++) {
			const struct item *it = &v->items[k];
			const char *c = item_attr(it, "component");

			if (!c || strncmp(c, be->name, len) != 0 || c[len] != '.' ||
			    (it->kind == KIND_PATH) != storage)
				continue;
			emit_put(b->emit, record_item(v, it));
			b->tally.done++;
		}
	}
}

/* BACKEND list: the services and the storage that it found. */
static int list_services(struct batch *b, const struct backend *be)
{
	const struct snapshot *s;
	struct err e = { .code = 0 };
	size_t up;
	int r;

	b->scope_all = true;
	r = batch_contact(b, 2);
	if (r)
		return r;
	s = deck_snapshot(b->deck);
	show_found(b, s, be, false);
	show_found(b, s, be, true);
	up = batch_reach(b, s);
	snapshot_put(s);
	if (b->tally.done || !up)
		return up ? EXIT_DONE : EXIT_UNREACHABLE;
	err_set(&e, -ENOENT, "nothing of %s is seen on any node that answers", be->name);
	err_hint(&e, "it has to run, or to be among the roles in cluster.cfg");
	return batch_error(b, &e, EXIT_UNREACHABLE);
}

static int inject_fault(struct batch *b, char **words, int n)
{
	static char inject[] = "inject";
	char *argv[WORDS_MAX + 2], fault[64];

	if (n < 3)
		return batch_usage(b, "%s %s: a target is missing", words[0], words[1]);
	if (n > WORDS_MAX)
		return batch_usage(b, "more than %d words", WORDS_MAX);
	if ((size_t)snprintf(fault, sizeof(fault), "%s.%s", words[0], words[1]) >= sizeof(fault))
		return batch_usage(b, "%s: no fault has such a long name", words[1]);
	argv[0] = inject;
	argv[1] = fault;
	memcpy(argv + 2, words + 2, ((size_t)n - 1) * sizeof(*argv)); /* with the NULL */
	return verb_inject(b, argv, n);
}

int verb_backend(struct batch *b, char **words, int n)
{
	const struct backend *be = find_backend(b, words[0]);
	const char *at = "";

	for (size_t i = 0; be && i < be->nshortcuts; i++) {
		int k = matches(&be->shortcuts[i], words + 1, n - 1, &at);

		if (k)
			return run_short(b, &be->shortcuts[i], at, words + 1 + k, n - 1 - k);
	}
	if (be && verb_has_operation(be, words + 1, n - 1))
		return verb_operation(b, be, words + 1, n - 1);
	if (strcmp(words[1], "list") == 0) {
		char list[] = "list", vms[] = "vms", *list_vms[] = { list, vms, NULL };

		if (n != 2 || !be)
			return batch_usage(b, "%s list", words[0]);
		return strcmp(be->name, "kvm") == 0 ? verb_list(b, list_vms, 2)
						    : list_services(b, be);
	}
	return inject_fault(b, words, n);
}
