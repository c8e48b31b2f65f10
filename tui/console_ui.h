/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TUI_CONSOLE_UI_H
#define TUI_CONSOLE_UI_H
/*
 * All state of the console. Handlers (act, key) change it; drawing reads it; only console.c draws a
 * frame.
 */
#include "console.h"
#include "dialog.h"
#include "hist.h"
#include "pane.h"
#include "pane_faults.h"
#include "pane_injected.h"
#include "pane_log.h"
#include "pane_targets.h"

enum pane_id { PANE_TARGETS, PANE_DETAIL, PANE_FAULTS, PANE_INJECTED, PANE_LOG, PANE_COUNT };

struct ui {
	struct deck *deck;
	const struct config *cfg;
	bool readonly;
	const struct snapshot *snap; /* replaced between frames only */
	bool news;                   /* there is a newer one */
	struct hist *hist;
	struct theme theme;
	const char *const *theme_dirs;
	int64_t boot_ms, unix_ms; /* of this turn */
	enum pane_id focus;
	struct targets targets;
	struct faults faults;
	struct injected injected;
	struct log log;
	int detail_top;
	int zoom; /* of the charts in time */
	bool status; /* detail shows the cluster instead of the selected thing */
	struct dialog *dialog;
	int panic_top;
	bool panic_quit; /* q was pressed once */
	bool filtering;  /* the filter is being typed */
	char say[480];
	bool say_bad;
	int64_t say_until; /* boot_ms; 0: nothing to say */
	bool quit;
	bool quit_when_clear; /* "restore and quit" was chosen */
	bool redraw;          /* the terminal may show something else: draw all of it */
};

/* The first part of the screen says it for some seconds; BAD also when it failed. */
void ui_say(struct ui *u, bool bad, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* False, and says so, where --readonly forbids it. */
bool ui_may_act(struct ui *u, const char *what);
void ui_focus(struct ui *u, enum pane_id p);
/* Everything that depends on the snapshot, the selection or the marks. */
void ui_update(struct ui *u);
/* Where keys go now. */
unsigned ui_where(const struct ui *u);
/* True while characters are text. */
bool ui_typing(const struct ui *u);
/* Commands that belong to no pane. */
void ui_act(struct ui *u, enum cmd c);
/* One key, wherever it belongs to. */
void ui_key(struct ui *u, int code);

/* The theme that O or cluster.cfg names; says why where that cannot be. */
void theme_open(struct ui *u, const struct console_opts *o);
/* The whole frame into curses' memory. */
void ui_draw(struct ui *u);

/* How a thing of the tree stands: I is NULL for a node without items. */
enum mark ui_mark(const struct ui *u, const struct node_view *v, const struct item *i);
/* Its state in words: "up", "stale 8 s", "paused". */
void ui_state(const struct ui *u, const struct node_view *v, const struct item *i, char *dst,
	      size_t n);
/* VMs that V reported. */
size_t ui_vms(const struct node_view *v);
enum mark injection_mark(const struct injection *i);
/* "0:42", "12:05", "1:02:03" */
char *ui_left(char *dst, size_t n, int64_t ms);
bool ui_is_up(const struct ui *u, const char *node);
/* "14:31:07", in the operator's time. */
char *ui_clock(char *dst, size_t n, int64_t unix_ms);
/* What is left of I's TTL; -1: not known. */
int64_t ui_ttl_left(const struct ui *u, const struct injection *i);

#endif
