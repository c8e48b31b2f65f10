/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TUI_SCENARIOS_H
#define TUI_SCENARIOS_H
/* Entry 4: the scenarios that there are, one before it runs, the one that runs, and past reports.
 */
#include <stdbool.h>

#include "core/scenario.h"

struct ui;

/* The run that the console watches; it goes on while no page shows it. */
struct scenarios {
	struct scenario_run *run;         /* NULL: none was started, or it was let go */
	const struct scenario_view *view; /* of this frame */
};

/* The list; the page of the run while one runs. */
void dialog_scenarios(struct ui *u);
/* What it will do, with its variables; Run is a button. */
void dialog_scenario(struct ui *u, const char *name, const char *path, const char *variables);
void dialog_scenario_run(struct ui *u);
/* The report in DIR, to read. */
void dialog_report(struct ui *u, const char *title, const char *dir);

/* Takes what is new of the run. */
void scenarios_take(struct ui *u);
bool scenarios_running(const struct ui *u);
/* Restores what it injected, waits for that (bounded), and lets it go. */
void scenarios_close(struct ui *u);

#endif
