// SPDX-License-Identifier: GPL-2.0-or-later
/* The questions that belong to a command, and the page that stays while the panic block stands. */
#include <curses.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "console_ui.h"
#include "core/text.h"

/* ---- quit ---- */

static void quit_now(struct ui *u, const char *arg)
{
	(void)arg;
	u->quit = true;
}

static void quit_restoring(struct ui *u, const char *arg)
{
	struct err e = { 0 };

	(void)arg;
	if (!ui_may_act(u, "restoring"))
		return;
	u->quit_when_clear = true;
	for (size_t k = 0; k < u->injected.nall; k++) {
		const struct injection *i = u->injected.all[k].i;

		if (!i->mine || state_is_final(i->state) ||
		    !deck_restore(u->injected.all[k].deck, i->id, 0, &e))
			continue;
		ui_say(u, true, "%s: %s", i->id, e.msg);
		u->quit_when_clear = false;
	}
}

static void list_mine(const struct ui *u, struct buf *text)
{
	char left[32];

	for (size_t k = 0; k < u->injected.nall; k++) {
		const struct injection *i = u->injected.all[k].i;
		int64_t ms = ui_ttl_left(u, i);

		if (!i->mine || state_is_final(i->state))
			continue;
		buf_fmt(text, "%s %s on %s, %s%s%s\n", mark_glyph(injection_mark(i)), i->fault,
			i->target, state_word(i->state), ms >= 0 ? ", ends by itself in " : "",
			ms >= 0 ? ui_left(left, sizeof(left), ms) : "");
	}
}

void ask_quit(struct ui *u)
{
	static const struct button buttons[] = { { "Stay", NULL },
						 { "Restore and quit", quit_restoring },
						 { "Leave them to their TTL", quit_now } };
	struct buf text = BUF_INIT(65536);

	if (scenarios_running(u))
		buf_fmt(&text,
			"The scenario %s runs: it is aborted, what it injected is restored, "
			"and its report is written.\n \n",
			u->scenarios.view->name);
	list_mine(u, &text);
	if (!injected_mine(u) && !scenarios_running(u))
		u->quit = true;
	else
		dialog_ask(u, "Quit while something is injected?", buf_text(&text), buttons, 3, "");
	buf_free(&text);
}

/* ---- restore all ---- */

static void restore_all(struct ui *u, const char *arg)
{
	struct err e = { 0 };

	(void)arg;
	for (size_t k = 0; k < u->nclusters && !e.code; k++)
		deck_restore_all(u->cluster[k].c.deck, 0, &e);
	if (e.code)
		ui_say(u, true, "%s%s%s", e.msg, e.hint[0] ? "; " : "", e.hint);
	else
		ui_say(u, false, "every node is asked for what is injected there, and ends it");
}

void ask_restore_all(struct ui *u)
{
	static const struct button buttons[] = { { "Cancel", NULL },
						 { "Restore all", restore_all } };
	struct buf text = BUF_INIT(65536);

	if (!ui_may_act(u, "restoring"))
		return;
	buf_fmt(&text,
		"Ask %zu node%s what is injected there and end it, also what another operator "
		"injected. Known now:\n \n",
		ui_nodes(u), ui_nodes(u) == 1 ? "" : "s");
	for (size_t k = 0; k < u->injected.nall; k++) {
		const struct injection *i = u->injected.all[k].i;

		if (!state_is_final(i->state))
			buf_fmt(&text, "%s %s on %s, %s, by %s\n", mark_glyph(injection_mark(i)),
				i->fault, i->target, state_word(i->state), i->owner);
	}
	if (!ui_active(u))
		buf_str(&text, "nothing");
	dialog_ask(u, "Restore all", buf_text(&text), buttons, 2, "");
	buf_free(&text);
}

/* ---- what cannot be restored ---- */

static void restore_id(struct ui *u, const char *id, unsigned flags)
{
	const struct injected_row *r = injected_find(u, id);
	struct err e = { 0 };

	if (!r)
		return; /* it went off the list meanwhile */
	if (deck_restore(r->deck, id, flags, &e))
		ui_say(u, true, "%s: %s%s%s", id, e.msg, e.hint[0] ? "; " : "", e.hint);
	else if (flags)
		ui_say(u, true, "%s goes off the list WITHOUT proof that it was undone", id);
	else
		ui_say(u, false, "restoring %s", id);
}

static void try_again(struct ui *u, const char *id)
{
	restore_id(u, id, 0);
}

static void force(struct ui *u, const char *id)
{
	restore_id(u, id, RESTORE_FORCE);
}

void ask_force(struct ui *u, const struct injection *i)
{
	static const struct button buttons[] = { { "Try again", try_again },
						 { "Cancel", NULL },
						 { "Force it off the list", force } };
	char text[1600];

	snprintf(text, sizeof(text),
		 "%s on %s is unknown:\n \n%s\n \nForcing takes it off the list WITHOUT proof: "
		 "what it "
		 "changed may still be there, and nothing ends it any more. Look at %s first.",
		 i->fault, i->target, i->reason, i->node);
	dialog_ask(u, "Not restored", text, buttons, 3, i->id);
}

/* ---- an unknown host key ---- */

/* ARG is "NODE FINGERPRINT": exactly what was shown. */
static void accept_key(struct ui *u, const char *arg)
{
	const char *space = strchr(arg, ' ');
	char node[64];

	if (!space)
		return;
	snprintf(node, sizeof(node), "%.*s", (int)(space - arg), arg);
	deck_accept_key(u->deck, node, space + 1);
	ui_say(u, false, "the host key of %s is accepted; connecting", node);
}

void ask_key(struct ui *u, const char *node)
{
	static const struct button buttons[] = { { "Cancel", NULL },
						 { "It is the same: accept", accept_key } };
	const struct node_view *v = snapshot_node(u->snap, node);
	char text[900], arg[200];

	if (!v || v->reason.code != -ENOKEY || !v->fingerprint[0])
		return;
	snprintf(text, sizeof(text),
		 "%s (%s) was never connected to from here. It shows this host key:\n \n%s\n \n"
		 "Compare it with what the node itself says (ssh-keygen -lf "
		 "/etc/ssh/ssh_host_ed25519_key.pub, on its own console). A key that differs may "
		 "be somebody in between.",
		 v->cfg->name, v->cfg->host, v->fingerprint);
	snprintf(arg, sizeof(arg), "%s %s", v->cfg->name, v->fingerprint);
	dialog_ask(u, "Unknown host key", text, buttons, 2, arg);
}

/* ---- panic ---- */

static const struct {
	enum mark mark;
	const char *word;
} sweeps[] = {
	[SWEEP_NONE] = { MARK_UNKNOWN, "not asked yet" },
	[SWEEP_RUNNING] = { MARK_INJECTED, "restoring" },
	[SWEEP_DONE] = { MARK_UP, "clean" },
	[SWEEP_FAILED] = { MARK_DOWN, "failed" },
};

static void panic_node(const struct node_view *v, struct pen *p)
{
	enum mark m = sweeps[v->sweep].mark;
	char what[600] = "";
	int y;

	if (!pen_row(p, &y))
		return;
	put(y, p->box.x, 1, mark_role(m), mark_glyph(m));
	put(y, p->box.x + 2, 13, ROLE_TEXT, v->cfg->name);
	put(y, p->box.x + 16, 13, mark_role(m), sweeps[v->sweep].word);
	if (v->sweep == SWEEP_DONE)
		snprintf(what, sizeof(what), "%d restored%s", v->swept,
			 v->swept ? "" : ": nothing was there");
	if (v->sweep_msg[0])
		snprintf(what + strlen(what), sizeof(what) - strlen(what), "%s%s",
			 what[0] ? "; " : "", v->sweep_msg);
	else if (v->sweep != SWEEP_DONE && v->state != NODE_UP)
		snprintf(what, sizeof(what), "%s: %s", node_state_word(v->state), v->reason.msg);
	put(y, p->box.x + 30, p->box.w - 30, ROLE_TEXT, what);
}

static void panic_unknown(const struct ui *u, struct pen *p)
{
	char line[900];

	for (size_t k = 0; k < u->injected.nall; k++) {
		const struct injection *i = u->injected.all[k].i;

		if (state_is_final(i->state))
			continue;
		snprintf(line, sizeof(line), "%s %s on %s: %s%s%s", mark_glyph(injection_mark(i)),
			 i->fault, i->target, state_word(i->state), i->reason[0] ? ": " : "",
			 i->reason);
		pen_text(p, "", 0, mark_role(injection_mark(i)), line);
	}
}

static void panic_nodes(const struct snapshot *s, bool done, struct pen *p)
{
	for (size_t n = 0; n < s->nnodes; n++)
		if ((s->nodes[n]->sweep == SWEEP_DONE) == done)
			panic_node(s->nodes[n], p);
}

void panic_draw(struct ui *u)
{
	size_t count[4] = { 0 };
	struct pen pen = { .top = u->panic_top };
	char line[200];

	pen.box = dialog_frame(COLS, LINES - 2, "RESTORING EVERYTHING, NEW INJECTIONS ARE BLOCKED",
			       ROLE_PANIC);
	for (size_t c = 0; c < u->nclusters; c++)
		for (size_t n = 0; n < u->cluster[c].snap->nnodes; n++)
			count[u->cluster[c].snap->nodes[n]->sweep]++;
	snprintf(line, sizeof(line),
		 "%zu of %zu nodes clean, %zu restoring, %zu failed, %zu not asked",
		 count[SWEEP_DONE], ui_nodes(u), count[SWEEP_RUNNING], count[SWEEP_FAILED],
		 count[SWEEP_NONE]);
	pen_text(&pen, "", 0, ROLE_TITLE, line);
	for (size_t c = 0; c < u->nclusters; c++)
		if (u->cluster[c].snap->abort[0])
			pen_text(&pen, "", 0, ROLE_ERROR, u->cluster[c].snap->abort);
	pen_text(&pen, "", 0, ROLE_DIM, "L lifts the block.  F9 asks all nodes again.");
	pen_text(&pen, "", 0, ROLE_TEXT, "");
	for (int done = 0; done < 2; done++) /* what needs a look comes first */
		for (size_t c = 0; c < u->nclusters; c++)
			panic_nodes(u->cluster[c].snap, done, &pen);
	if (ui_active(u)) {
		pen_text(&pen, "", 0, ROLE_TEXT, "");
		pen_text(&pen, "", 0, ROLE_TITLE, "Not restored yet, or unknown:");
		panic_unknown(u, &pen);
	}
	if (pen_limit(&pen, u->panic_top) != u->panic_top) {
		u->panic_top = pen_limit(&pen, u->panic_top);
		panic_draw(u);
	}
}

void panic_key(struct ui *u, enum cmd c)
{
	if (c == CMD_LIFT) {
		for (size_t k = 0; k < u->nclusters; k++)
			deck_panic(u->cluster[k].c.deck, false);
		ui_say(u, false, "the block is lifted");
		return;
	}
	if (c == CMD_QUIT && ui_active(u) && !u->panic_quit)
		ui_say(u, true, "%zu not restored yet, or unknown; q again quits all the same",
		       ui_active(u));
	else if (c == CMD_QUIT)
		u->quit = true;
	u->panic_quit = c == CMD_QUIT;
	page_move(&u->panic_top, c, LINES - 4);
}
