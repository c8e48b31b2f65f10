// SPDX-License-Identifier: GPL-2.0-or-later
/* The texts that are sent to nodes: the sh files of core/node/ and of the backends, put together.
 */
#include <errno.h>

#include "deck_priv.h"

static const char proc_sh[] =
#include "node/proc.sh.inc"
	;
static const char ledger_sh[] =
#include "node/ledger.sh.inc"
	;
static const char begin_sh[] =
#include "node/begin.sh.inc"
	;
static const char collect_sh[] =
#include "node/collect.sh.inc"
	;
static const char probe_sh[] =
#include "node/probe.sh.inc"
	;
static const char sweep_sh[] =
#include "node/sweep.sh.inc"
	;

static void assign(struct buf *b, const char *name, const char *value)
{
	buf_fmt(b, "%s=", name);
	buf_shell(b, value);
	buf_str(b, "\n");
}

static void assign_number(struct buf *b, const char *name, int64_t value)
{
	buf_fmt(b, "%s=%lld\n", name, (long long)value);
}

static int done(const struct buf *b)
{
	return b->broken ? -ENOMEM : 0;
}

/* What undo.sh holds: all that is needed to inject, end and renew without the operator. */
static void whole(struct buf *b, const struct plan *p, const struct plan_item *it,
		  const char *owner, int64_t started)
{
	char target[TARGET_MAX], params[400];

	params_str(p->fault, &p->params, params, sizeof(params));
	assign(b, "FD_ID", it->id);
	assign(b, "FD_FAULT", p->fault->name);
	assign(b, "FD_TARGET", target_str(target, &it->target));
	assign(b, "FD_OWNER", owner);
	assign(b, "FD_PARAMS", params);
	assign(b, "FD_PURPOSE", p->purpose);
	assign_number(b, "FD_STARTED", started);
	assign_number(b, "FD_TTL_MS", p->ttl_ms);
	assign(b, "FD_AFTERMATH", aftermath_word(p->fault->aftermath));
	buf_str(b, proc_sh);
	buf_str(b, ledger_sh);
	buf_str(b, buf_text(&it->act.script));
	buf_str(b, "fd_main \"$@\"\n");
}

int script_inject(struct buf *b, const struct plan *p, const struct plan_item *it,
		  const char *owner, int64_t started)
{
	struct buf text = BUF_INIT(256u << 10);

	whole(&text, p, it, owner, started);
	assign(b, "FD_ID", it->id);
	assign(b, "FD_TEXT", buf_text(&text));
	buf_str(b, begin_sh);
	b->broken |= text.broken;
	buf_free(&text);
	return done(b);
}

/* The words are [A-Za-z0-9_-]: manifest.c sees to it. */
static void needs_of(struct buf *b, const struct backend *backend, const char *only)
{
	for (size_t i = 0; i < backend->nfaults; i++) {
		const struct fault *f = &backend->faults[i];

		if (only && !fault_is(f, only))
			continue;
		for (const char *const *w = f->needs; w && *w; w++)
			buf_fmt(b, " %s:%s", backend->name, *w);
	}
}

static void assign_roles(struct buf *b, const struct node_cfg *node)
{
	struct buf roles = BUF_INIT(4096);

	for (char **r = node->roles; r && *r; r++)
		buf_fmt(&roles, "%s%s", roles.len ? " " : "", *r);
	assign(b, "FD_ROLES", buf_text(&roles));
	buf_free(&roles);
}

void script_settings(struct buf *b, const struct config *cfg)
{
	for (size_t i = 0; i < cfg->nsettings; i++)
		assign(b, cfg->settings[i].name, cfg->settings[i].value);
}

/* What faults have, without a ledger entry: say, fail and the rest. */
int script_operation(struct buf *b, const struct config *cfg, const struct node_cfg *node,
		     const char *script)
{
	assign(b, "FD_ID", "operation");
	assign_roles(b, node);
	script_settings(b, cfg);
	buf_str(b, proc_sh);
	buf_str(b, ledger_sh);
	buf_str(b, script);
	return done(b);
}

int script_collector(struct buf *b, const struct deck_opts *o, enum collector which,
		     const struct node_cfg *node)
{
	const struct backend *const *backends = o->backends;

	buf_str(b, "FD_BACKENDS='");
	for (size_t i = 0; backends[i]; i++)
		buf_fmt(b, "%s%s", i ? " " : "", backends[i]->name);
	buf_str(b, "'\nFD_NEEDS='");
	for (size_t i = 0; backends[i]; i++)
		needs_of(b, backends[i], o->needs_of);
	buf_fmt(b, "'\nFD_EVENTS=%s\n",
		o->events == EVENTS_NONE || which == COLLECT_SLOW ? "none"
		: o->events == EVENTS_NEW                         ? "new"
								  : "held");
	assign_roles(b, node);
	buf_str(b, proc_sh);
	buf_str(b, collect_sh);
	for (size_t i = 0; backends[i]; i++)
		buf_str(b, backends[i]->collect_sh);
	/* the shell may read ahead on its input: the next question waits for this answer */
	buf_fmt(b, "fd_serve %s\nexit\n", which == COLLECT_SLOW ? "slow" : "fast");
	return done(b);
}

int script_probes(struct buf *b)
{
	buf_str(b, probe_sh);
	return done(b);
}

int script_sweep(struct buf *b, const struct backend *const *backends, bool force)
{
	assign_number(b, "FD_FORCE", force);
	buf_str(b, sweep_sh);
	for (size_t i = 0; backends[i]; i++)
		buf_fmt(b, "%s_sweep ''\n", backends[i]->name);
	return done(b);
}

int script_undo(struct buf *b, const struct backend *const *backends, const char *id, bool force)
{
	assign(b, "FD_ID", id);
	assign_number(b, "FD_FORCE", force);
	buf_str(b, "fd_entry=/run/faultdeck/$FD_ID\n"
		   "if [ -s \"$fd_entry/undo.sh\" ]; then\n"
		   /* another operator may have ended it meanwhile */
		   "	if ! sh \"$fd_entry/undo.sh\" undo && [ -d \"$fd_entry\" ]; then\n"
		   "		[ \"$FD_FORCE\" = 1 ] || exit 1\n"
		   "		sh \"$fd_entry/undo.sh\" drop >/dev/null\n"
		   "	fi\n"
		   "fi\n"
		   "[ ! -d \"$fd_entry\" ] || { rm -rf \"$fd_entry\"; rmdir /run/faultdeck "
		   "2>/dev/null; }\n");
	for (size_t i = 0; backends[i]; i++)
		buf_fmt(b, "%s_sweep \"$FD_ID\"\n", backends[i]->name);
	buf_str(b, "printf 'state\\trestored\\n'\n");
	return done(b);
}

int script_renew(struct buf *b, const char *id, int64_t ttl_ms)
{
	assign(b, "FD_ID", id);
	buf_fmt(b,
		"[ -s \"/run/faultdeck/$FD_ID/undo.sh\" ] || "
		"{ printf 'error\\tENOENT no such injection on this node any more\\n'; exit 1; }\n"
		"exec sh \"/run/faultdeck/$FD_ID/undo.sh\" renew %lld\n",
		(long long)ttl_ms);
	return done(b);
}
