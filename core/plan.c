// SPDX-License-Identifier: GPL-2.0-or-later
/* From what an operator asks for to exactly what will run: the plan object of every face. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "collect.h"
#include "deck_priv.h"

#define TTL_DEFAULT_MS 60000
#define TTL_MIN_MS     1000
#define TTL_MAX_MS     86400000 /* the module's own bound, FDK_TTL_MAX_MS */

static const struct backend *backend_of(struct deck *d, const struct fault *f)
{
	for (const struct backend *const *b = d->o.backends; *b; b++)
		if (f >= (*b)->faults && f < (*b)->faults + (*b)->nfaults)
			return *b;
	return NULL;
}

const struct fault *deck_fault(struct deck *d, size_t i)
{
	for (const struct backend *const *b = d->o.backends; *b; b++) {
		if (i < (*b)->nfaults)
			return &(*b)->faults[i];
		i -= (*b)->nfaults;
	}
	return NULL;
}

const struct operation *deck_operation(struct deck *d, size_t i)
{
	for (const struct backend *const *b = d->o.backends; *b; b++) {
		if (i < (*b)->noperations)
			return &(*b)->operations[i];
		i -= (*b)->noperations;
	}
	return NULL;
}

const struct fault *deck_find_fault(struct deck *d, const char *name, struct err *e)
{
	const struct fault *f, *found = NULL;
	int n = 0;

	for (size_t i = 0; (f = deck_fault(d, i)); i++) {
		if (strcmp(f->name, name) == 0)
			return f;
		if (fault_is(f, name)) {
			found = f;
			n++;
		}
	}
	if (n == 1)
		return found;
	err_set(e, -ENOENT, n ? "'%s' is the name of several faults" : "there is no fault '%s'",
		name);
	err_hint(e, "faultdeck --batch list faults");
	return NULL;
}

/* Items of these kinds are listed by the node; of the others only the node itself knows. */
static bool is_there(const struct node_view *v, const struct target *t)
{
	enum kind k = t->kind == KIND_VCPU ? KIND_VM : t->kind;

	return (k != KIND_VM && k != KIND_SERVICE) || node_view_item(v, k, t->name);
}

static const char *not_there(const struct node_view *v, const struct target *t, char *buf, size_t n)
{
	if (v->state != NODE_UP) {
		snprintf(buf, n, "%s is %s%s%s", v->cfg->name, node_state_word(v->state),
			 v->reason.code ? ": " : "", v->reason.msg);
		return buf;
	}
	if (!is_there(v, t)) {
		snprintf(buf, n, "there is no %s '%s' on %s",
			 t->kind == KIND_SERVICE ? "service" : "VM", t->name, t->node);
		return buf;
	}
	return NULL;
}

/* What the collector found missing, as "host:nft host:netem". */
static const char *lacking(const struct backend *b, const struct fault *f,
			   const struct node_view *v, char *buf, size_t n)
{
	const char *lacks = item_attr(&v->items[0], "lacks");
	char words[COLLECT_MAX_LINE + 2], word[100];

	snprintf(words, sizeof(words), " %s ", lacks ? lacks : "");
	for (const char *const *w = f->needs; w && *w; w++) {
		snprintf(word, sizeof(word), " %s:%s ", b->name, *w);
		if (!strstr(words, word))
			continue;
		snprintf(buf, n, "%s has no %s", v->cfg->name, *w);
		return buf;
	}
	return NULL;
}

const char *deck_unfit(struct deck *d, const struct snapshot *s, const struct fault *f,
		       const struct target *t, char *buf, size_t n)
{
	const struct node_view *v = snapshot_node(s, t->node);
	const struct backend *b = backend_of(d, f);
	const char *root, *why;

	if (!v) {
		snprintf(buf, n, "there is no node '%s' in %s", t->node, d->o.cfg->path);
		return buf;
	}
	if (!(f->targets & 1u << t->kind)) {
		snprintf(buf, n, "it does not hit a %s", kind_word(t->kind));
		return buf;
	}
	root = v->nitems ? item_attr(&v->items[0], "root") : NULL;
	/* before the VM is looked for: only root sees whose descriptors they are */
	if (v->state == NODE_UP && (!root || strcmp(root, "yes") != 0)) {
		snprintf(buf, n, "not root on %s: log in as root, or allow sudo without a password",
			 v->cfg->name);
		return buf;
	}
	why = not_there(v, t, buf, n);
	if (!why)
		why = lacking(b, f, v, buf, n);
	return why ? why : b->unfit(b, f, t, v, buf, n);
}

static void new_id(char *id)
{
	unsigned char r[4] = { 0 };

	if (getrandom(r, sizeof(r), 0) != sizeof(r))
		memcpy(r, &(uint32_t){ (uint32_t)now_boot_ms() }, sizeof(r));
	snprintf(id, ID_MAX, "%02x%02x%02x%02x", r[0], r[1], r[2], r[3]);
}

static int unfit_code(const struct node_view *v, const struct target *t)
{
	if (!v || (v->state == NODE_UP && !is_there(v, t)))
		return -ENOENT;
	return v->state == NODE_UP ? -EOPNOTSUPP : -EHOSTUNREACH;
}

static int plan_one(struct deck *d, const struct snapshot *s, const struct target *t,
		    struct plan *p, struct err *e)
{
	struct plan_item *it = &p->items[p->nitems];
	const struct node_view *v = snapshot_node(s, t->node);
	char why[400], name[TARGET_MAX];
	const char *no = deck_unfit(d, s, p->fault, t, why, sizeof(why));
	const struct backend *b = backend_of(d, p->fault);
	struct plan_in in = { d->o.cfg, p->fault, t, v, &p->params, it->id, p->ttl_ms };

	if (no)
		return err_set(e, unfit_code(v, t), "%s: %s", target_str(name, t), no);
	it->target = *t;
	it->node = v->cfg;
	new_id(it->id);
	it->act.script.max = 256u << 10;
	it->act.do_lines.max = it->act.undo_lines.max = 64u << 10;
	p->nitems++;
	return b->plan(b, &in, &it->act, e);
}

static int check_ttl(const struct plan_req *r, struct err *e)
{
	if (!r->ttl_ms || (r->ttl_ms >= TTL_MIN_MS && r->ttl_ms <= TTL_MAX_MS))
		return 0;
	err_set(e, -ERANGE, "a TTL is from 1s to 24h");
	return err_hint(e, "every fault has one; without ttl= it is 60s");
}

static int check_purpose(const struct plan_req *r, struct err *e)
{
	char clean[PURPOSE_MAX];

	if (!r->purpose || strcmp(text_clean(clean, sizeof(clean), r->purpose), r->purpose) == 0)
		return 0;
	return err_set(e, -EINVAL, "reason: at most %d printable bytes", PURPOSE_MAX - 1);
}

static bool twice(const struct plan_req *r, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (target_equal(&r->targets[k], &r->targets[i]))
			return true;
	return false;
}

static int plan_all(struct deck *d, const struct snapshot *s, const struct plan_req *r,
		    struct plan *p, struct err *e)
{
	int ret = check_ttl(r, e);

	if (!ret)
		ret = check_purpose(r, e);
	for (size_t i = 0; i < r->ntargets && !ret; i++)
		if (!twice(r, i))
			ret = plan_one(d, s, &r->targets[i], p, e);
	if (!ret)
		guard_judge(d, s, p);
	return ret;
}

int deck_plan(struct deck *d, const struct plan_req *r, struct plan **out, struct err *e)
{
	const struct snapshot *s;
	struct plan *p = calloc(1, sizeof(*p));
	int ret;

	if (!r->ntargets) {
		free(p);
		return err_set(e, -EINVAL, "no target was given");
	}
	if (p)
		p->items = calloc(r->ntargets, sizeof(*p->items));
	if (!p || !p->items) {
		free(p);
		return err_set(e, -ENOMEM, "out of memory");
	}
	p->fault = r->fault;
	p->params = r->params;
	p->ttl_ms = r->ttl_ms ? r->ttl_ms : TTL_DEFAULT_MS;
	p->no_quorum = r->no_quorum;
	snprintf(p->purpose, sizeof(p->purpose), "%s", r->purpose ? r->purpose : "");
	s = deck_snapshot(d);
	ret = plan_all(d, s, r, p, e);
	snapshot_put(s);
	if (ret) {
		plan_free(p);
		return ret;
	}
	*out = p;
	return 0;
}

void deck_judge(struct deck *d, struct plan *p)
{
	const struct snapshot *s = deck_snapshot(d);

	guard_judge(d, s, p);
	snapshot_put(s);
}

struct plan *plan_free(struct plan *p)
{
	if (!p)
		return NULL;
	for (size_t i = 0; i < p->nitems; i++) {
		buf_free(&p->items[i].act.script);
		buf_free(&p->items[i].act.do_lines);
		buf_free(&p->items[i].act.undo_lines);
	}
	free(p->items);
	free(p);
	return NULL;
}
