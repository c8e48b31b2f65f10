// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../core/json_text.h"
#include "emit.h"

/* A record while it is built: one failed addition makes all of it fail. */
struct rec {
	json_t *o;
	bool broken;
};

static void set(struct rec *r, const char *key, json_t *v)
{
	if (json_object_set_new(r->o, key, v))
		r->broken = true;
}

/* A counter's first answer has no rate yet. */
static json_t *figure(const struct sample *s)
{
	return s->known && isfinite(s->value) ? json_real(s->value) : json_null();
}

static void set_text(struct rec *r, const char *key, const char *s)
{
	set(r, key, json_text_or_null(s));
}

static void set_int(struct rec *r, const char *key, int64_t n)
{
	set(r, key, json_integer(n));
}

static void set_time(struct rec *r, const char *key, int64_t unix_ms)
{
	set(r, key, json_time_or_null(unix_ms));
}

static struct rec begin_at(const char *type, int64_t unix_ms)
{
	struct rec r = { .o = json_object() };

	set(&r, "type", json_string(type));
	set_time(&r, "time", unix_ms);
	return r;
}

static struct rec begin(const char *type)
{
	return begin_at(type, now_unix_ms());
}

static json_t *end(struct rec *r)
{
	if (!r->broken)
		return r->o;
	json_decref(r->o);
	return NULL;
}

static json_t *words(const char *const *w)
{
	json_t *a = json_array();

	for (; w && *w; w++) {
		if (json_array_append_new(a, json_text(*w))) {
			json_decref(a);
			return NULL;
		}
	}
	return a;
}

static json_t *figures(const struct item *i)
{
	struct rec r = { .o = json_object() };

	for (size_t n = 0; n < i->nsamples; n++)
		set(&r, i->samples[n].metric->key, figure(&i->samples[n]));
	return end(&r);
}

static const char *attr_of_node(const struct node_view *v, const char *key)
{
	return v->nitems ? item_attr(&v->items[0], key) : NULL;
}

json_t *record_node(const struct node_view *v, int64_t boot_ms)
{
	struct rec r = begin("node");

	set_text(&r, "node", v->cfg->name);
	set_text(&r, "host", v->cfg->host);
	set(&r, "roles", words((const char *const *)v->cfg->roles));
	set_text(&r, "state", node_state_word(v->state));
	set(&r, "age_ms", v->seen_boot_ms ? json_integer(boot_ms - v->seen_boot_ms) : json_null());
	set_text(&r, "arch", attr_of_node(v, "arch"));
	set_text(&r, "kernel", attr_of_node(v, "kernel"));
	set_text(&r, "module", attr_of_node(v, "module"));
	return end(&r);
}

static void set_attr_int(struct rec *r, const char *key, const struct item *i)
{
	const char *s = item_attr(i, key);
	char *rest = NULL;
	long n = s ? strtol(s, &rest, 10) : 0;

	set(r, key, s && rest != s && !*rest ? json_integer(n) : json_null());
}

static void set_pid(struct rec *r, const struct item *i)
{
	set(r, "pid", i->pid ? json_integer(i->pid) : json_null());
}

static json_t *record_vm(const struct node_view *v, const struct item *i)
{
	struct rec r = begin("vm");

	set_text(&r, "vm", i->name);
	set_text(&r, "node", v->cfg->name);
	set_pid(&r, i);
	set_attr_int(&r, "vcpus", i);
	set_text(&r, "state", i->state);
	set(&r, "figures", figures(i));
	return end(&r);
}

static json_t *record_service(const struct node_view *v, const struct item *i)
{
	struct rec r = begin("service");

	set_text(&r, "service", i->name);
	set_text(&r, "node", v->cfg->name);
	set_pid(&r, i);
	set_text(&r, "state", i->state);
	set_text(&r, "health", item_attr(i, "health"));
	set(&r, "figures", figures(i));
	return end(&r);
}

static json_t *record_storage(const struct node_view *v, const struct item *i)
{
	struct rec r = begin("storage");

	set_text(&r, "path", i->name);
	set_text(&r, "node", v->cfg->name);
	set_text(&r, "kind", item_attr(i, "kind"));
	set_text(&r, "state", i->state);
	set_text(&r, "used", item_attr(i, "used"));
	return end(&r);
}

static json_t *record_link(const struct node_view *v, const struct item *i)
{
	struct rec r = begin("link");

	set_text(&r, "link", i->name);
	set_text(&r, "node", v->cfg->name);
	set_text(&r, "state", i->state);
	set(&r, "figures", figures(i));
	return end(&r);
}

json_t *record_item(const struct node_view *v, const struct item *i)
{
	switch (i->kind) {
	case KIND_VM:
		return record_vm(v, i);
	case KIND_PATH:
		return record_storage(v, i);
	case KIND_LINK:
		return record_link(v, i);
	default:
		return record_service(v, i);
	}
}

json_t *record_fact(const char *target, const char *key, const char *value)
{
	struct rec r = begin("fact");

	set_text(&r, "target", target);
	set_text(&r, "key", key);
	set_text(&r, "value", value);
	return end(&r);
}

json_t *record_log(const char *at, const struct injection *i)
{
	struct rec r = begin("log");

	set_text(&r, "at", at);
	set_text(&r, "id", i->id);
	set_text(&r, "fault", i->fault);
	set_text(&r, "target", i->target);
	set_text(&r, "state", state_word(i->state));
	set_text(&r, "owner", i->owner);
	set_text(&r, "params", i->params);
	set_text(&r, "reason", i->reason);
	return end(&r);
}

static json_t *param(const struct param *p)
{
	bool range = p->type == PARAM_INT || (p->type == PARAM_WORDS && p->min < p->max);
	struct rec r = { .o = json_object() };

	set_text(&r, "name", p->name);
	set_text(&r, "type", param_type_words[p->type]);
	set_text(&r, "default", p->def);
	set(&r, "choices", p->choices ? words(p->choices) : json_null());
	set(&r, "min", range ? json_integer(p->min) : json_null());
	set(&r, "max", range ? json_integer(p->max) : json_null());
	set_text(&r, "unit", p->unit);
	set_text(&r, "help", p->help);
	return end(&r);
}

static json_t *params(const struct fault *f)
{
	json_t *a = json_array();

	for (size_t i = 0; i < f->nparams; i++) {
		if (json_array_append_new(a, param(&f->params[i]))) {
			json_decref(a);
			return NULL;
		}
	}
	return a;
}

static json_t *fault_targets(const struct fault *f)
{
	const char *w[KIND_COUNT + 1] = { NULL };
	size_t n = 0;

	for (unsigned k = 0; k < KIND_COUNT; k++)
		if (f->targets & (1u << k))
			w[n++] = kind_word((enum kind)k);
	return words(w);
}

json_t *record_fault(const struct fault *f, const char *reason)
{
	struct rec r = begin("fault");

	set_text(&r, "fault", f->name);
	set(&r, "targets", fault_targets(f));
	set(&r, "params", params(f));
	set_text(&r, "undo", f->undone);
	set_text(&r, "way", f->way);
	set_int(&r, "recovery_ms", f->recovery_ms);
	set_text(&r, "reason", reason);
	return end(&r);
}

static json_t *left(const struct injection *i, int64_t boot_ms)
{
	int64_t ms = i->deadline_boot_ms - boot_ms;

	if (!i->deadline_boot_ms || state_is_final(i->state))
		return json_null();
	return json_integer(ms > 0 ? ms : 0);
}

json_t *record_injection(const struct injection *i, int64_t boot_ms)
{
	struct rec r = begin("injection");

	set_text(&r, "id", i->id);
	set_text(&r, "fault", i->fault);
	set_text(&r, "target", i->target);
	set_text(&r, "node", i->node);
	set_text(&r, "state", state_word(i->state));
	set_text(&r, "owner", i->owner);
	set_time(&r, "started", i->started_unix_ms);
	set(&r, "params", json_text(i->params));
	set_int(&r, "ttl_ms", i->ttl_ms);
	set(&r, "left_ms", left(i, boot_ms));
	set(&r, "hits", i->hits >= 0 ? json_integer(i->hits) : json_null());
	set_text(&r, "effect", i->effect);
	set_text(&r, "aftermath", i->aftermath);
	set_text(&r, "reason", i->reason);
	set_text(&r, "purpose", i->purpose);
	return end(&r);
}

json_t *record_event(const struct event *ev)
{
	struct rec r = begin_at("event", ev->unix_ms);

	set_text(&r, "id", ev->id);
	set_text(&r, "node", ev->node);
	set_text(&r, "point", ev->point);
	set_int(&r, "cpu", ev->cpu);
	set_int(&r, "tgid", ev->tgid);
	set_int(&r, "tid", ev->tid);
	set_text(&r, "comm", ev->comm);
	set_text(&r, "from", ev->from);
	set_text(&r, "to", ev->to);
	return end(&r);
}

/* A figure as a number, any other answer as text. */
static json_t *probe_value(const char *s)
{
	char *end;
	double v = strtod(s, &end);

	return *s && !*end && isfinite(v) ? json_real(v) : json_text_or_null(s);
}

json_t *record_probe(const struct probe_view *p)
{
	struct rec r = begin("probe");

	set_text(&r, "probe", p->name);
	set_text(&r, "state", probe_state_word(p->state));
	set(&r, "value", probe_value(p->value));
	set_text(&r, "unit", p->cfg->unit);
	set_text(&r, "node", p->node);
	set(&r, "abort", json_boolean(p->cfg->abort));
	set_time(&r, "since", p->since_unix_ms);
	return end(&r);
}

json_t *record_plan(const struct plan *p, size_t item)
{
	const struct plan_item *it = &p->items[item];
	struct rec r = begin("plan");
	char target[TARGET_MAX], given[400], ttl[32], head[1024];

	params_str(p->fault, &p->params, given, sizeof(given));
	snprintf(head, sizeof(head), "%s %s on %s for %s%s%s%s%s", it->id, p->fault->name,
		 target_str(target, &it->target), text_duration_str(ttl, sizeof(ttl), p->ttl_ms),
		 *given ? ": " : "", given, *p->purpose ? "; reason: " : "", p->purpose);
	set(&r, "do", json_lines(head, buf_text(&it->act.do_lines)));
	set(&r, "undo", json_lines(NULL, buf_text(&it->act.undo_lines)));
	set_text(&r, "guard", p->guard);
	return end(&r);
}

/* The parts of TEXT between SEPs. */
static json_t *listed(const char *text, const char *sep)
{
	json_t *a = json_array();
	size_t i = 0, n;

	while (text[i]) {
		const char *end = strstr(text + i, sep);

		n = end ? (size_t)(end - text) - i : strlen(text + i);
		if (json_array_append_new(a, json_stringn(text + i, n))) {
			json_decref(a);
			return NULL;
		}
		i += n + (end ? strlen(sep) : 0);
	}
	return a;
}

json_t *record_scenario(const struct scenario_entry *en)
{
	struct rec r = begin("scenario");

	set(&r, "scenario", json_text(en->name));
	set_text(&r, "description", en->description);
	set(&r, "targets", listed(en->touches, ", "));
	set(&r, "variables", listed(en->variables, "  "));
	set_text(&r, "file", en->path);
	set_text(&r, "reason", en->broken);
	return end(&r);
}

json_t *record_act(const struct scenario_act *a)
{
	struct rec r = begin("plan");
	char head[300];

	snprintf(head, sizeof(head), "%s, %d time%s", a->step, a->times, a->times == 1 ? "" : "s");
	set(&r, "do", json_lines(head, a->command ? a->command : ""));
	set(&r, "undo", json_array());
	set(&r, "guard", json_null());
	return end(&r);
}

json_t *record_step(size_t number, const struct step_view *s)
{
	struct rec r = begin("step");

	set_int(&r, "step", (int64_t)number);
	set_text(&r, "name", s->name);
	set_text(&r, "state", step_state_word(s->state));
	set_time(&r, "began", s->began_unix_ms);
	set_time(&r, "ended", s->ended_unix_ms);
	set_text(&r, "message", s->message);
	return end(&r);
}

json_t *record_result(const struct scenario_view *v)
{
	struct rec r = begin("result");
	char seed[24];

	snprintf(seed, sizeof(seed), "%llu", (unsigned long long)v->seed);
	set_text(&r, "scenario", v->name);
	set_text(&r, "verdict", run_verdict_word(v->verdict));
	set_text(&r, "reason", v->why);
	set_text(&r, "seed", seed);
	set_time(&r, "began", v->began_unix_ms);
	set_time(&r, "ended", v->ended_unix_ms);
	set_text(&r, "report", v->report);
	return end(&r);
}

json_t *record_operation(const char *node, const struct operation *op, const char *guard)
{
	struct rec r = begin("plan");
	char head[512];

	snprintf(head, sizeof(head), "%s%s%s on %s: %s", op->verb, op->word ? " " : "",
		 op->word ? op->word : "", node, op->help ? op->help : "");
	set(&r, "do", json_lines(head, ""));
	set(&r, "undo", json_array());
	set_text(&r, "guard", guard);
	return end(&r);
}

json_t *record_error(const struct err *e)
{
	const char *name = e->code ? strerrorname_np(-e->code) : NULL;
	struct rec r = begin("error");

	set_text(&r, "code", name ? name : "EINVAL");
	set_text(&r, "message", e->msg);
	set_text(&r, "hint", e->hint);
	return end(&r);
}

json_t *record_output(const char *node, const char *verb, const char *line)
{
	struct rec r = begin("output");

	set_text(&r, "node", node);
	set_text(&r, "verb", verb);
	set(&r, "line", json_text(line));
	return end(&r);
}

json_t *record_summary(const struct tally *t)
{
	struct rec r = begin("summary");

	set_int(&r, "done", t->done);
	set_int(&r, "failed", t->failed);
	set_int(&r, "unknown", t->unknown);
	set_int(&r, "unreachable", t->unreachable);
	return end(&r);
}
