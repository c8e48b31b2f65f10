// SPDX-License-Identifier: GPL-2.0-or-later
/* What may stand at the cursor of the `:` line: from the verb table, the catalogue and the
 * snapshot. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "console_ui.h"
#include "verb.h"

#define LINE_WORDS 64

/* The words before the cursor; the last one is what is being typed, "" behind a blank. */
struct typed {
	char store[512];
	const char *word[LINE_WORDS];
	size_t n;
};

static void split(const char *line, size_t at, struct typed *t)
{
	char *s, *save = NULL;
	bool open = !at || line[at - 1] == ' ';

	t->n = 0;
	snprintf(t->store, sizeof(t->store), "%.*s", (int)at, line);
	for (s = strtok_r(t->store, " ", &save); s && t->n < LINE_WORDS - 1;
	     s = strtok_r(NULL, " ", &save))
		t->word[t->n++] = s;
	if (open)
		t->word[t->n++] = "";
}

static void add(struct candidates *c, const char *typed, const char *word)
{
	if (strncmp(word, typed, strlen(typed)) != 0)
		return;
	for (size_t k = 0; k < c->n; k++)
		if (strcmp(c->word[k], word) == 0)
			return;
	if (c->n == CANDIDATES_MAX)
		c->dropped++;
	else
		snprintf(c->word[c->n++], CANDIDATE_BYTES, "%s", word);
}

/* The words of S, apart by blanks or bars. */
static void add_words(struct candidates *c, const char *typed, const char *s)
{
	char word[64];

	for (size_t n; *s; s += n) {
		s += strspn(s, " |");
		n = strcspn(s, " |");
		snprintf(word, sizeof(word), "%.*s", (int)n, s);
		if (n)
			add(c, typed, word);
	}
}

static void add_nodes(const struct ui *u, struct candidates *c, const char *typed)
{
	for (size_t n = 0; n < u->cfg->nnodes; n++)
		add(c, typed, u->cfg->nodes[n].name);
}

/* Things of the nodes; F NULL: all kinds, else those that it hits. */
static void add_targets(const struct ui *u, const struct fault *f, struct candidates *c,
			const char *typed)
{
	char name[TARGET_MAX];

	for (size_t n = 0; n < u->snap->nnodes; n++) {
		const struct node_view *v = u->snap->nodes[n];
		struct target t = { .kind = KIND_NODE };

		snprintf(t.node, sizeof(t.node), "%s", v->cfg->name);
		if (!f || f->targets & 1u << KIND_NODE)
			add(c, typed, target_str(name, &t));
		t.kind = KIND_NEW_VM;
		if (f && f->targets & 1u << KIND_NEW_VM)
			add(c, typed, target_str(name, &t));
		for (size_t i = 1; i < v->nitems; i++) {
			t.kind = v->items[i].kind;
			snprintf(t.name, sizeof(t.name), "%s", v->items[i].name);
			if (t.kind != KIND_INJECTION && (!f || f->targets & 1u << t.kind))
				add(c, typed, target_str(name, &t));
		}
		t.name[0] = '\0';
	}
}

static void add_params(const struct fault *f, struct candidates *c, const char *typed)
{
	char word[CANDIDATE_BYTES];

	for (size_t k = 0; k < f->nparams; k++) {
		const struct param *p = &f->params[k];
		size_t n = strlen(p->name);
		bool value = strncmp(typed, p->name, n) == 0 && typed[n] == '=';

		snprintf(word, sizeof(word), "%s=", p->name);
		if (!value)
			add(c, typed, word);
		for (size_t v = 0; value && p->choices && p->choices[v]; v++) {
			snprintf(word, sizeof(word), "%s=%s", p->name, p->choices[v]);
			add(c, typed, word);
		}
	}
	add_words(c, typed, "ttl= reason= quorum=off --yes --dry-run --wait");
}

static const struct fault *find_fault(const struct ui *u, const char *name)
{
	const struct fault *f;

	for (size_t i = 0; (f = deck_fault(u->deck, i)); i++)
		if (strcmp(f->name, name) == 0)
			return f;
	return NULL;
}

static void add_faults(const struct ui *u, struct candidates *c, const char *typed,
		       const char *backend)
{
	const struct fault *f;
	size_t n = strlen(backend);

	for (size_t i = 0; (f = deck_fault(u->deck, i)); i++)
		if (!n || (strncmp(f->name, backend, n) == 0 && f->name[n] == '.'))
			add(c, typed, f->name + (n ? n + 1 : 0));
}

static void inject_words(const struct ui *u, const struct typed *t, struct candidates *c)
{
	const char *typed = t->word[t->n - 1];
	const struct fault *f = t->n > 2 ? find_fault(u, t->word[1]) : NULL;

	if (t->n == 2)
		add_faults(u, c, typed, "");
	if (!f)
		return;
	add_targets(u, f, c, typed);
	if (t->n > 3)
		add_params(f, c, typed);
}

static void add_ids(const struct ui *u, struct candidates *c, const char *typed)
{
	for (size_t k = 0; k < u->injected.nall; k++)
		if (!u->injected.all[k].elsewhere && !state_is_final(u->injected.all[k].i->state))
			add(c, typed, u->injected.all[k].i->id);
}

static const struct backend *find_backend(const struct ui *u, const char *name)
{
	for (const struct backend *const *b = u->cluster[0].c.backends; *b; b++)
		if (strcmp((*b)->name, name) == 0)
			return *b;
	return NULL;
}

/* The K-th word of S, if those before it are T's behind its verb. */
static void add_next(struct candidates *c, const struct typed *t, const char *s)
{
	char word[64];

	for (size_t k = 1; *s; k++) {
		size_t n = strcspn(s, " ");

		snprintf(word, sizeof(word), "%.*s", (int)n, s);
		if (k == t->n - 1) {
			add(c, t->word[k], word);
			return;
		}
		if (k >= t->n || strcmp(t->word[k], word) != 0)
			return;
		s += n;
		s += *s == ' ';
	}
}

/* kvm, hadoop, cloudstack, and those of the user. */
static void backend_words(const struct ui *u, const struct typed *t, struct candidates *c)
{
	const struct backend *b = find_backend(u, t->word[0]);
	const char *typed = t->word[t->n - 1];

	if (t->n == 2)
		add(c, typed, "list");
	for (size_t k = 0; b && k < b->nshortcuts; k++)
		add_next(c, t, b->shortcuts[k].words);
	for (size_t k = 0; b && k < b->noperations; k++)
		if (t->n == 2 && strcmp(b->operations[k].verb, b->name) == 0 &&
		    b->operations[k].word)
			add(c, typed, b->operations[k].word);
	if (t->n == 2)
		add_faults(u, c, typed, t->word[0]);
	else
		add_targets(u, NULL, c, typed);
}

static void verb_words(const struct ui *u, const struct typed *t, struct candidates *c)
{
	const char *verb = t->word[0], *typed = t->word[t->n - 1];

	if (strcmp(verb, "inject") == 0)
		inject_words(u, t, c);
	else if (strcmp(verb, "restore") == 0 || strcmp(verb, "renew") == 0)
		add_ids(u, c, typed);
	else if (strcmp(verb, "check") == 0 || (strcmp(verb, "module") == 0 && t->n > 2))
		add_nodes(u, c, typed);
	else if (strcmp(verb, "module") == 0)
		add_words(c, typed, "build load unload status");
	else if (strcmp(verb, "show") == 0 || (strcmp(verb, "list") == 0 && t->n > 2))
		add_targets(u, NULL, c, typed);
	else if (find_backend(u, verb))
		backend_words(u, t, c);
	if (t->n == 2 && verb_find(verb) && !c->n)
		add_words(c, typed, verb_find(verb)->usage + strlen(verb));
	if (strcmp(verb, "restore") == 0)
		add_words(c, typed, "--all --force");
}

void complete(const struct ui *u, const char *line, size_t at, struct candidates *out)
{
	struct typed t;

	split(line, at, &t);
	out->n = out->dropped = 0;
	out->typed = strlen(t.word[t.n - 1]);
	for (const struct verb *v = verbs; t.n == 1 && v->name; v++)
		add(out, t.word[0], v->name);
	if (t.n > 1)
		verb_words(u, &t, out);
}
