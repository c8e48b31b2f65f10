// SPDX-License-Identifier: GPL-2.0-or-later
#include "model.h"

#include <errno.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

const char *kind_word(enum kind k)
{
#define KIND_WORD(e, w) [KIND_##e] = w,
	static const char *const words[KIND_COUNT] = { KINDS(KIND_WORD) };
#undef KIND_WORD
	return words[k];
}

const char *node_state_word(enum node_state s)
{
	static const char *const words[] = { [NODE_CONNECTING] = "connecting",
					     [NODE_UP] = "up",
					     [NODE_STALE] = "stale",
					     [NODE_DOWN] = "down" };

	return words[s];
}

const char *probe_state_word(enum probe_state s)
{
	static const char *const words[] = {
		[PROBE_UNKNOWN] = "unknown", [PROBE_HOLDS] = "holds", [PROBE_FAILED] = "failed"
	};

	return words[s];
}

const char *state_word(enum inj_state s)
{
#define STATE_WORD(e, w) [STATE_##e] = w,
	static const char *const words[STATE_COUNT] = { STATES(STATE_WORD) };
#undef STATE_WORD
	return words[s];
}

int state_from_word(const char *w)
{
	for (int s = 0; s < STATE_COUNT; s++)
		if (strcmp(w, state_word((enum inj_state)s)) == 0)
			return s;
	return -1;
}

bool state_is_final(enum inj_state s)
{
	return s == STATE_RESTORED || s == STATE_FAILED || s == STATE_EXPIRED;
}

/* Kinds that are written with their word in front: "vm:NAME". */
static const enum kind prefixed[] = { KIND_VM, KIND_PID, KIND_PATH, KIND_LINK };

static int target_kind(const char **name, enum kind *kind)
{
	const char *colon = strchr(*name, ':');

	if (strcmp(*name, kind_word(KIND_NEW_VM)) == 0) {
		*kind = KIND_NEW_VM;
		*name = "";
		return 0;
	}
	if (!colon) {
		*kind = KIND_SERVICE;
		return 0;
	}
	for (size_t i = 0; i < sizeof(prefixed) / sizeof(*prefixed); i++) {
		const char *w = kind_word(prefixed[i]);

		if (strlen(w) == (size_t)(colon - *name) && strncmp(w, *name, strlen(w)) == 0) {
			*kind = prefixed[i];
			*name = colon + 1;
			return 0;
		}
	}
	return -EINVAL;
}

/* NAME/VCPU: a VM's name may hold a slash itself, so only digits behind the last one count. */
static void target_vcpu(struct target *t)
{
	char *slash = strrchr(t->name, '/');
	char *end;
	long n;

	if (t->kind != KIND_VM || !slash || !slash[1])
		return;
	n = strtol(slash + 1, &end, 10);
	if (*end || n < 0 || n > 4095)
		return;
	t->kind = KIND_VCPU;
	t->vcpu = (int)n;
	*slash = '\0';
}

static bool is_pid(const char *s)
{
	return *s && strlen(s) <= 9 && strspn(s, "0123456789") == strlen(s) &&
	       (int)strtol(s, NULL, 10) > 0;
}

/* 0, or what is wrong with the words of S split at AT (its last '@', or NULL). */
static int target_fill(struct target *t, const char *s, const char *at)
{
	char text[TARGET_MAX];
	const char *name = text;

	if (!at && !strchr(s, ':') && strcmp(s, kind_word(KIND_NEW_VM)) != 0) {
		t->kind = KIND_NODE;
		snprintf(t->node, sizeof(t->node), "%s", s);
		return *s && strlen(s) < sizeof(t->node) ? 0 : -EINVAL;
	}
	snprintf(text, sizeof(text), "%.*s", at ? (int)(at - s) : (int)strlen(s), s);
	if (target_kind(&name, &t->kind) || strlen(name) >= sizeof(t->name))
		return -EINVAL;
	snprintf(t->name, sizeof(t->name), "%s", name);
	snprintf(t->node, sizeof(t->node), "%s", at ? at + 1 : "");
	target_vcpu(t);
	if (!t->name[0] && t->kind != KIND_NEW_VM)
		return -EINVAL;
	return t->kind == KIND_PID && !is_pid(t->name) ? -EINVAL : 0;
}

/* It stands in the ledger, in lines of words, and is shown: as it is, or not at all. */
static bool printable(const char *s)
{
	char clean[TARGET_MAX];

	return strcmp(text_clean(clean, sizeof(clean), s), s) == 0;
}

int target_parse(const char *s, struct target *out, struct err *e)
{
	struct target t = { .kind = KIND_NODE };
	const char *at = strrchr(s, '@');

	if (strlen(s) >= TARGET_MAX || (at && strlen(at + 1) >= sizeof(t.node)) || !printable(s) ||
	    target_fill(&t, s, at)) {
		err_set(e, -EINVAL, "'%s' is no target", s);
		return err_hint(e,
				"a target is NODE, SERVICE@NODE, vm:NAME@NODE, vm:NAME/VCPU@NODE, "
				"new-vm@NODE, pid:N@NODE, path:P@NODE or link:DEV@NODE");
	}
	*out = t;
	return 0;
}

char *target_str(char *dst, const struct target *t)
{
	switch (t->kind) {
	case KIND_NODE:
		snprintf(dst, TARGET_MAX, "%s", t->node);
		break;
	case KIND_SERVICE:
		snprintf(dst, TARGET_MAX, "%s@%s", t->name, t->node);
		break;
	case KIND_VCPU:
		snprintf(dst, TARGET_MAX, "vm:%s/%d@%s", t->name, t->vcpu, t->node);
		break;
	case KIND_NEW_VM:
		snprintf(dst, TARGET_MAX, "%s@%s", kind_word(t->kind), t->node);
		break;
	default:
		snprintf(dst, TARGET_MAX, "%s:%s@%s", kind_word(t->kind), t->name, t->node);
	}
	return dst;
}

bool target_equal(const struct target *a, const struct target *b)
{
	return a->kind == b->kind && a->vcpu == b->vcpu && strcmp(a->node, b->node) == 0 &&
	       strcmp(a->name, b->name) == 0;
}

bool target_covers(const struct target *t, const char *hit)
{
	struct target h = { .kind = KIND_NODE };

	if (target_parse(hit, &h, NULL) || strcmp(h.node, t->node) != 0)
		return false;
	return t->kind == KIND_NODE || target_equal(&h, t) ||
	       (t->kind == KIND_VM && h.kind == KIND_VCPU && strcmp(h.name, t->name) == 0);
}

const char *item_attr(const struct item *i, const char *key)
{
	for (size_t k = 0; k < i->nattrs; k++)
		if (strcmp(i->attrs[k].key, key) == 0)
			return i->attrs[k].value;
	return NULL;
}

const struct sample *item_sample(const struct item *i, const char *metric_key)
{
	for (size_t k = 0; k < i->nsamples; k++)
		if (i->samples[k].known && strcmp(i->samples[k].metric->key, metric_key) == 0)
			return &i->samples[k];
	return NULL;
}

static bool has_unit(const struct item *i, const char *name)
{
	const char *unit = item_attr(i, "unit");
	size_t len = strlen(name);

	return unit && strncmp(unit, name, len) == 0 && strcmp(unit + len, ".service") == 0;
}

const struct item *node_view_item(const struct node_view *v, enum kind k, const char *name)
{
	for (size_t i = 0; i < v->nitems; i++)
		if (v->items[i].kind == k && strcmp(v->items[i].name, name) == 0)
			return &v->items[i];
	for (size_t i = 0; i < v->nitems && k == KIND_SERVICE; i++)
		if (v->items[i].kind == k && has_unit(&v->items[i], name))
			return &v->items[i];
	return NULL;
}

const struct node_view *snapshot_node(const struct snapshot *s, const char *name)
{
	for (size_t i = 0; i < s->nnodes; i++)
		if (strcmp(s->nodes[i]->cfg->name, name) == 0)
			return s->nodes[i];
	return NULL;
}

const struct injection *snapshot_injection(const struct snapshot *s, const char *id)
{
	for (size_t i = 0; i < s->ninjections; i++)
		if (strcmp(s->injections[i].id, id) == 0)
			return &s->injections[i];
	return NULL;
}

size_t snapshot_active(const struct snapshot *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->ninjections; i++)
		n += !state_is_final(s->injections[i].state);
	return n;
}
