/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TUI_CONSOLE_UI_H
#define TUI_CONSOLE_UI_H
/*
 * All state of the console. Handlers (act, key) change it; drawing reads it; only console.c draws a
 * frame.
 */
#include <pthread.h>

#include "command.h"
#include "console.h"
#include "dialog.h"
#include "hist.h"
#include "pane.h"
#include "pane_faults.h"
#include "pane_injected.h"
#include "pane_log.h"
#include "pane_targets.h"
#include "scenarios.h"

enum pane_id { PANE_TARGETS, PANE_DETAIL, PANE_FAULTS, PANE_INJECTED, PANE_LOG, PANE_COUNT };

/* A cluster on the screen: the first is the one that is shown, the others were shown before, and
 * have something injected still. */
#define CLUSTERS_MAX 5
struct shown_cluster {
	struct cluster c;
	const struct snapshot *snap; /* replaced between frames only */
	uint64_t line_cursor, event_cursor;
};

struct ui {
	const struct console_opts *opts;
	struct shown_cluster cluster[CLUSTERS_MAX];
	size_t nclusters;
	pthread_t *leavers; /* each ends the sessions of a cluster that was let go */
	size_t nleaving;
	/* those of cluster[0] */
	struct deck *deck;
	const struct config *cfg;
	const struct snapshot *snap;
	bool readonly;
	bool news; /* there is a newer one */
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
	int zoom;    /* of the charts in time */
	bool status; /* detail shows the cluster instead of the selected thing */
	struct dialog *dialog;
	struct command_line command;
	struct scenarios scenarios;
	int panic_top;
	bool panic_quit; /* q was pressed once */
	bool filtering;  /* the filter of the pane in focus is being typed */
	char say[480];
	bool say_bad;
	int64_t say_until; /* boot_ms; 0: nothing to say */
	bool quit;
	bool quit_when_clear; /* "restore and quit" was chosen */
	bool hurry;           /* a key did something: what came of it is in the next frame */
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
/* The pane's filter that is typed or dropped now. */
struct pane_filter *ui_filter(struct ui *u);
/* Not final, in all clusters. */
size_t ui_active(const struct ui *u);
/* Of all clusters. */
size_t ui_nodes(const struct ui *u);
/* New injections are blocked in one of them. */
bool ui_panic(const struct ui *u);
/* Takes C (started) as the cluster that is shown; the one before stays while it has injections. */
void ui_add_cluster(struct ui *u, const struct cluster *c);
/* Lets those go that have nothing injected any more. */
void ui_drop_clusters(struct ui *u);
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
size_t ui_count(const struct node_view *v, enum kind k);
/* VMs that V reported. */
size_t ui_vms(const struct node_view *v);
/* TEXT to the clipboard of whoever sits at the terminal, and a word about WHAT it was. */
void ui_copy(struct ui *u, const char *text, const char *what);
extern const struct pane_ops *const ui_panes[PANE_COUNT];
enum mark ui_probe_mark(enum probe_state s);
enum mark injection_mark(const struct injection *i);
/* "0:42", "12:05", "1:02:03" */
char *ui_left(char *dst, size_t n, int64_t ms);
/* "14:31:07", in the operator's time. */
char *ui_clock(char *dst, size_t n, int64_t unix_ms);
/* What is left of I's TTL; -1: not known. */
int64_t ui_ttl_left(const struct ui *u, const struct injection *i);

#endif
