// SPDX-License-Identifier: GPL-2.0-or-later
/* A manifest's faults at work: whether one fits, and the text that runs for it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "deck_priv.h"
#include "manifest_priv.h"

#define SSH_PORTS_MAX 64

static const struct fault_more *more_of(const struct backend *b, const struct fault *f)
{
	const struct manifest *m = b->data;

	return &m->more[f - m->faults];
}

/* The item that T is, or the node itself where T is none that a collector lists. */
static const struct item *item_of(const struct target *t, const struct node_view *v)
{
	const struct item *i = node_view_item(v, t->kind, t->name);

	return i ? i : &v->items[0];
}

static bool is_component(const struct backend *b, char *const *names, const struct item *i)
{
	const char *is = item_attr(i, "component");
	size_t len = strlen(b->name);

	if (!is || strncmp(is, b->name, len) != 0 || is[len] != '.')
		return false;
	for (; *names; names++)
		if (strcmp(*names, is + len + 1) == 0)
			return true;
	return false;
}

const char *manifest_unfit(const struct backend *b, const struct fault *f, const struct target *t,
			   const struct node_view *v, char *buf, size_t n)
{
	const struct fault_more *more = more_of(b, f);
	const struct item *i = item_of(t, v);

	if (t->kind == KIND_SERVICE && more->components && !is_component(b, more->components, i)) {
		snprintf(buf, n, "it is no component that %s hits", f->name);
		return buf;
	}
	for (char **a = more->attributes; a && *a; a++) {
		if (item_attr(i, *a))
			continue;
		snprintf(buf, n, "%s has no %s", i->name[0] ? i->name : v->cfg->name, *a);
		return buf;
	}
	return NULL;
}

static void assign(struct buf *b, const char *prefix, const char *name, const char *value)
{
	buf_fmt(b, "%s%s=", prefix, name);
	buf_shell(b, value);
	buf_str(b, "\n");
}

static bool seen_port(const struct config *cfg, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (cfg->nodes[k].jump && cfg->nodes[k].port == cfg->nodes[i].port)
			return true;
	return false;
}

/* The SSH ports of nodes that are reached through another one: that may be this one. */
static void assign_ports(struct buf *b, const struct config *cfg)
{
	size_t n = 0;

	buf_str(b, "t_jump_ports='");
	for (size_t i = 0; i < cfg->nnodes && n < SSH_PORTS_MAX; i++) {
		if (!cfg->nodes[i].jump || seen_port(cfg, i))
			continue;
		buf_fmt(b, " %d", cfg->nodes[i].port ? cfg->nodes[i].port : 22);
		n++;
	}
	buf_str(b, "'\n");
}

static void assign_target(struct buf *b, const struct target *t, const struct item *i,
			  const struct node_cfg *node)
{
	char pid[16];

	snprintf(pid, sizeof(pid), "%d",
		 t->kind == KIND_PID ? (int)strtol(t->name, NULL, 10) : i->pid);
	assign(b, "t_", "kind", kind_word(t->kind));
	assign(b, "t_", "name", i->kind == KIND_SERVICE ? i->name : t->name);
	assign(b, "t_", "pid", pid);
	assign(b, "t_", "started", item_attr(i, "started") ? item_attr(i, "started") : "");
	assign(b, "t_", "unit", item_attr(i, "unit") ? item_attr(i, "unit") : "");
	assign(b, "t_", "disposable", node->disposable ? "yes" : "");
}

static int assign_params(struct buf *b, const struct plan_in *in, struct err *e)
{
	const struct fault *f = in->fault;
	int r = 0;

	for (size_t k = 0; k < f->nparams && !r; k++) {
		struct buf peers = BUF_INIT(64u << 10);
		const char *value = in->params->value[k];

		if (f->params[k].type == PARAM_PEERS) {
			r = peers_expand(in->cfg, in->view->cfg, value, &peers, e);
			value = buf_text(&peers);
		}
		assign(b, "p_", f->params[k].name, value);
		buf_free(&peers);
	}
	return r;
}

/* The value of a word that stands in braces in do and undo; "" where it has none here. */
static const char *word_value(const struct plan_in *in, const struct item *i, const char *word)
{
	const char *v = params_get(in->fault, in->params, word);

	if (!v && strcmp(word, "id") == 0)
		v = in->id;
	if (!v && strcmp(word, "name") == 0)
		v = in->target->name;
	if (!v)
		v = item_attr(i, word);
	return v ? v : "";
}

/* One line of do or undo, with its {words} filled in. */
static void fill(struct buf *b, const char *line, const struct plan_in *in, const struct item *i)
{
	char word[64];

	while (*line) {
		size_t len = strcspn(line, "{"), end;

		buf_add(b, line, len);
		line += len;
		end = strcspn(line, "}");
		if (!line[0] || !line[end] || end > sizeof(word))
			break;
		snprintf(word, sizeof(word), "%.*s", (int)end - 1, line + 1);
		buf_str(b, word_value(in, i, word));
		line += end + 1;
	}
	buf_str(b, line);
	buf_str(b, "\n");
}

static void lines(struct act *act, const struct fault_more *more, const struct plan_in *in,
		  const struct item *i)
{
	char ttl[24];

	for (char **l = more->do_lines; *l; l++)
		fill(&act->do_lines, *l, in, i);
	for (char **l = more->undo_lines; *l; l++)
		fill(&act->undo_lines, *l, in, i);
	buf_fmt(&act->undo_lines, "(also by itself after %s, on the node)\n",
		text_duration_str(ttl, sizeof(ttl), in->ttl_ms));
}

int manifest_plan(const struct backend *b, const struct plan_in *in, struct act *act, struct err *e)
{
	const struct fault_more *more = more_of(b, in->fault);
	const struct item *i = item_of(in->target, in->view);
	struct buf *s = &act->script;
	int r;

	assign_target(s, in->target, i, in->view->cfg);
	assign_ports(s, in->cfg);
	script_settings(s, in->cfg);
	for (char **a = more->attributes; a && *a; a++)
		assign(s, "t_", *a, item_attr(i, *a));
	r = assign_params(s, in, e);
	if (r)
		return r;
	lines(act, more, in, i);
	buf_str(s, more->script);
	return s->broken ? err_set(e, -E2BIG, "the script is too long") : 0;
}
