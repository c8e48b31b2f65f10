// SPDX-License-Identifier: GPL-2.0-or-later
/* What keys do that belong to no single pane; nothing in here draws. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "console_ui.h"
#include "pane_detail.h"
#include "term.h"

#define SAY_MS 8000

const struct pane_ops *const ui_panes[PANE_COUNT] = {
	[PANE_TARGETS] = &targets_pane, [PANE_DETAIL] = &detail_pane,
	[PANE_FAULTS] = &faults_pane,   [PANE_INJECTED] = &injected_pane,
	[PANE_LOG] = &log_pane,
};

void ui_say(struct ui *u, bool bad, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(u->say, sizeof(u->say), fmt, ap);
	va_end(ap);
	u->say_bad = bad;
	u->say_until = u->boot_ms + SAY_MS;
}

bool ui_may_act(struct ui *u, const char *what)
{
	if (u->readonly)
		ui_say(u, true, "%s is not possible: this console was started with --readonly",
		       what);
	return !u->readonly;
}

void ui_copy(struct ui *u, const char *text, const char *what)
{
	if (term_copy(text))
		ui_say(u, true, "%s: too much for a clipboard; w writes a file", what);
	else
		ui_say(u, false, "%s went to your terminal's clipboard, if it takes OSC 52", what);
}

void ui_focus(struct ui *u, enum pane_id p)
{
	u->focus = p;
}

void ui_update(struct ui *u)
{
	for (int p = 0; p < PANE_COUNT; p++)
		if (ui_panes[p]->update)
			ui_panes[p]->update(u);
	if (u->dialog && u->dialog->ops->update)
		u->dialog->ops->update(u, u->dialog);
	if (u->quit_when_clear && !injected_mine(u))
		u->quit = true;
}

unsigned ui_where(const struct ui *u)
{
	if (ui_panic(u))
		return IN_PANIC;
	if (u->command.typing)
		return IN_COMMAND;
	if (u->dialog)
		return u->dialog->ops->where;
	return u->filtering ? IN_FILTER : ui_panes[u->focus]->where;
}

bool ui_typing(const struct ui *u)
{
	if (ui_panic(u))
		return false;
	if (u->command.typing)
		return true;
	if (u->dialog)
		return u->dialog->ops->typing && u->dialog->ops->typing(u->dialog);
	return u->filtering;
}

static void panic(struct ui *u)
{
	if (!ui_may_act(u, "restoring"))
		return;
	u->filtering = u->command.typing = false;
	for (size_t k = 0; k < u->nclusters; k++)
		deck_panic(u->cluster[k].c.deck, true);
}

struct pane_filter *ui_filter(struct ui *u)
{
	return ui_panes[u->focus]->filter ? ui_panes[u->focus]->filter(u) : &u->targets.filter;
}

static void filter_changed(struct ui *u)
{
	pane_filter_parse(ui_filter(u));
	u->targets.rows_seq = 0;
}

static void filter_key(struct ui *u, enum cmd c, int code)
{
	struct pane_filter *f = ui_filter(u);

	if (c == CMD_CANCEL)
		edit_set(&f->edit, "");
	if (c == CMD_CANCEL || c == CMD_DONE)
		u->filtering = false;
	else
		edit_key(&f->edit, code);
	filter_changed(u);
	if (f->bad[0])
		ui_say(u, true, "%s; it is looked for as plain text", f->bad);
}

/* Esc gives up one thing after the other. */
static void back(struct ui *u)
{
	if (u->quit_when_clear)
		u->quit_when_clear = false;
	else if (u->say_until)
		u->say_until = 0;
	else if (u->status)
		u->status = false;
	else if (ui_filter(u)->filter) {
		pane_filter_drop(ui_filter(u));
		u->targets.rows_seq = 0;
	} else if (u->focus == PANE_INJECTED && u->injected.nmarks)
		u->injected.nmarks = 0;
	else
		u->targets.nmarks = 0;
}

/* The first of BACKEND's things in the tree; all is unfolded and unfiltered that hides it. */
static bool select_first(struct ui *u, size_t node, const char *backend)
{
	const struct node_view *v = u->snap->nodes[node];
	struct target t = { .kind = KIND_NODE };

	snprintf(t.node, sizeof(t.node), "%s", v->cfg->name);
	targets_select(u, &t);
	for (size_t k = 0; k < u->targets.nrows; k++) {
		const struct row *r = &u->targets.rows[k];

		if (r->node != node || !r->item || !item_is_of(&v->items[r->item], backend))
			continue;
		t = row_target(u, r);
		return targets_select(u, &t);
	}
	return false;
}

/* To the targets and faults of BACKEND; WHAT they are in words. */
static void go_to(struct ui *u, const char *backend, const char *what)
{
	ui_focus(u, PANE_TARGETS);
	u->status = false;
	faults_go_to(u, backend);
	for (size_t n = 0; n < u->snap->nnodes; n++)
		for (size_t i = 1; i < u->snap->nodes[n]->nitems; i++)
			if (item_is_of(&u->snap->nodes[n]->items[i], backend)) {
				select_first(u, n, backend);
				return;
			}
	ui_say(u, false, "no %s is known yet; 7 loads the configuration of another cluster", what);
}

static void start_filter(struct ui *u)
{
	if (!ui_panes[u->focus]->filter)
		ui_focus(u, PANE_TARGETS);
	u->filtering = true;
	ui_filter(u)->edit.at = strlen(ui_filter(u)->edit.text);
}

void ui_act(struct ui *u, enum cmd c)
{
	switch (c) {
	case CMD_QUIT:
		ask_quit(u);
		break;
	case CMD_HELP:
		dialog_help(u);
		break;
	case CMD_ZOOM_IN:
	case CMD_ZOOM_OUT:
		detail_zoom(u, c);
		break;
	case CMD_THEME:
		dialog_theme(u);
		break;
	case CMD_NEXT:
		u->focus = (u->focus + 1) % PANE_COUNT;
		break;
	case CMD_PREV:
		u->focus = (u->focus + PANE_COUNT - 1) % PANE_COUNT;
		break;
	case CMD_FILTER:
		start_filter(u);
		break;
	case CMD_COMMAND:
		command_begin(u);
		break;
	case CMD_SCENARIOS:
		dialog_scenarios(u);
		break;
	case CMD_LOAD:
		dialog_load(u);
		break;
	case CMD_RESTORE:
		injected_restore(u);
		break;
	case CMD_RESTORE_ALL:
		ask_restore_all(u);
		break;
	case CMD_REFRESH:
		for (size_t k = 0; k < u->nclusters; k++)
			deck_refresh(u->cluster[k].c.deck);
		ui_say(u, false, "asking all nodes again");
		break;
	case CMD_VMS:
		go_to(u, "kvm", "virtual machine");
		break;
	case CMD_HADOOP:
		go_to(u, "hadoop", "Hadoop daemon");
		break;
	case CMD_CLOUDSTACK:
		go_to(u, "cloudstack", "part of a CloudStack");
		break;
	case CMD_STATUS:
		u->status = true;
		u->detail_top = 0;
		ui_focus(u, PANE_DETAIL);
		break;
	case CMD_BACK:
		back(u);
		break;
	default:
		break;
	}
}

/* Commands that are known in every place; true if C was one. */
static bool act_anywhere(struct ui *u, enum cmd c)
{
	switch (c) {
	case CMD_PANIC:
		panic(u);
		return true;
	case CMD_REDRAW:
		u->redraw = true;
		return true;
	case CMD_SUSPEND:
		term_suspend();
		u->redraw = true;
		return true;
	default:
		return false;
	}
}

/* Nothing of an engine comes of these. */
static bool only_moves(enum cmd c)
{
	return c == CMD_NONE || c == CMD_NEXT || c == CMD_PREV || (c >= CMD_UP && c <= CMD_END);
}

void ui_key(struct ui *u, int code)
{
	enum cmd c = keys_find(code, ui_where(u), ui_typing(u));

	u->hurry |= !only_moves(c);
	if (c != CMD_BACK)
		u->say_until = 0;
	if (act_anywhere(u, c))
		return;
	if (ui_panic(u))
		panic_key(u, c);
	else if (u->command.typing)
		command_key(u, c, code);
	else if (u->dialog)
		u->dialog->ops->key(u, u->dialog, c, code);
	else if (u->filtering)
		filter_key(u, c, code);
	else if (!c || !ui_panes[u->focus]->act(u, c))
		ui_act(u, c);
	if (!u->dialog)
		ui_update(u);
}
