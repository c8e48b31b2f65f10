// SPDX-License-Identifier: GPL-2.0-or-later
/* What keys do that belong to no single pane; nothing in here draws. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "console_ui.h"
#include "pane_detail.h"
#include "term.h"

#define SAY_MS 8000

static const struct pane_ops *const panes[PANE_COUNT] = {
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

void ui_focus(struct ui *u, enum pane_id p)
{
	u->focus = p;
}

void ui_update(struct ui *u)
{
	for (int p = 0; p < PANE_COUNT; p++)
		if (panes[p]->update)
			panes[p]->update(u);
	if (u->dialog && u->dialog->ops->update)
		u->dialog->ops->update(u, u->dialog);
	if (u->quit_when_clear && !injected_mine(u))
		u->quit = true;
}

unsigned ui_where(const struct ui *u)
{
	if (u->snap->panic)
		return IN_PANIC;
	if (u->dialog)
		return u->dialog->ops->where;
	return u->filtering ? IN_FILTER : panes[u->focus]->where;
}

bool ui_typing(const struct ui *u)
{
	if (u->snap->panic)
		return false;
	if (u->dialog)
		return u->dialog->ops->typing && u->dialog->ops->typing(u->dialog);
	return u->filtering;
}

static void panic(struct ui *u)
{
	if (!ui_may_act(u, "restoring"))
		return;
	u->filtering = false;
	deck_panic(u->deck, true);
}

static void filter_key(struct ui *u, enum cmd c, int code)
{
	if (c == CMD_CANCEL)
		edit_set(&u->targets.filter, "");
	if (c == CMD_CANCEL || c == CMD_DONE)
		u->filtering = false;
	else
		edit_key(&u->targets.filter, code);
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
	else if (u->targets.filter.text[0])
		edit_set(&u->targets.filter, "");
	else if (u->focus == PANE_INJECTED && u->injected.nmarks)
		u->injected.nmarks = 0;
	else
		u->targets.nmarks = 0;
}

/* To the first VM of the tree; faults are chosen from there. */
static void go_to_vms(struct ui *u)
{
	ui_focus(u, PANE_TARGETS);
	edit_set(&u->targets.filter, "");
	targets_rows(u);
	if (u->targets.has_cur && u->targets.cur.kind == KIND_VM)
		return;
	for (size_t k = 0; k < u->targets.nrows; k++) {
		struct target t = row_target(u, &u->targets.rows[k]);

		if (t.kind != KIND_VM)
			continue;
		targets_select(u, &t);
		u->status = false;
		return;
	}
	ui_say(u, false, "no virtual machine is known yet, or all nodes are folded");
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
		ui_focus(u, PANE_TARGETS);
		u->filtering = true;
		break;
	case CMD_RESTORE:
		injected_restore(u);
		break;
	case CMD_RESTORE_ALL:
		ask_restore_all(u);
		break;
	case CMD_REFRESH:
		deck_refresh(u->deck);
		ui_say(u, false, "asking all nodes again");
		break;
	case CMD_VMS:
		go_to_vms(u);
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

void ui_key(struct ui *u, int code)
{
	enum cmd c = keys_find(code, ui_where(u), ui_typing(u));

	if (c != CMD_BACK)
		u->say_until = 0;
	if (act_anywhere(u, c))
		return;
	if (u->snap->panic)
		panic_key(u, c);
	else if (u->dialog)
		u->dialog->ops->key(u, u->dialog, c, code);
	else if (u->filtering)
		filter_key(u, c, code);
	else if (!c || !panes[u->focus]->act(u, c))
		ui_act(u, c);
	if (!u->dialog)
		ui_update(u);
}
