// SPDX-License-Identifier: GPL-2.0-or-later
/* The loop: wait for keys, news of the engine, signals or the clock; change state; draw once. */
#include "console.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "console_ui.h"
#include "core/text.h"
#include "term.h"

#define FRAME_MS     100 /* between frames, unless a key was pressed */
#define MOST_NEWS_MS 300 /* who types without a pause sees what is new after this */

static void take_time(struct ui *u)
{
	u->boot_ms = now_boot_ms();
	u->unix_ms = now_unix_ms();
}

static void take_snapshots(struct ui *u)
{
	for (size_t k = 0; k < u->nclusters; k++) {
		const struct snapshot *s = deck_snapshot(u->cluster[k].c.deck);

		if (u->cluster[k].snap)
			snapshot_put(u->cluster[k].snap);
		u->cluster[k].snap = s;
	}
	u->snap = u->cluster[0].snap;
	hist_take(u->hist, u->snap);
	ui_drop_clusters(u);
	ui_update(u);
}

static void drain_news(struct ui *u)
{
	uint64_t drain;

	if (read(deck_wake_fd(u->deck), &drain, sizeof(drain)) < 0)
		return; /* somebody else's wake-up: nothing is lost, the next one comes */
	u->news = true;
}

/* Once a frame, however many nodes answered meanwhile. */
static void take_news(struct ui *u)
{
	if (!u->news)
		return;
	u->news = false;
	log_take(u);
	scenarios_take(u);
	take_snapshots(u);
}

static void take_keys(struct ui *u)
{
	int code;

	while (!u->quit && (code = term_key()))
		ui_key(u, code);
}

/* Until the next second of the clock, or the next frame if one is due. */
static int time_to_wait(const struct ui *u, bool dirty, int64_t last_frame)
{
	int64_t second = 1000 - u->unix_ms % 1000;
	int64_t frame = last_frame + FRAME_MS - u->boot_ms;

	if (!dirty)
		return (int)second;
	return frame > 0 ? (int)(frame < second ? frame : second) : 0;
}

static void tick(struct ui *u)
{
	if (u->say_until && u->boot_ms >= u->say_until)
		u->say_until = 0;
	u->news |= u->nclusters > 1; /* only the first one wakes us */
}

static void loop(struct ui *u)
{
	bool dirty = false;
	int64_t last_frame = u->boot_ms, last_news = last_frame;

	while (!u->quit) {
		int64_t second = u->unix_ms / 1000;
		int news = term_wait(deck_wake_fd(u->deck), time_to_wait(u, dirty, last_frame));
		bool now = false;

		take_time(u);
		if (news & TERM_END)
			break;
		if (news & TERM_WAKE)
			drain_news(u);
		if (news & TERM_KEYS)
			take_keys(u);
		if (news & TERM_BREAK && !command_cancel(u))
			ask_quit(u);
		if (u->unix_ms / 1000 != second)
			tick(u);
		u->redraw |= (news & TERM_BACK) != 0;
		now = news & (TERM_KEYS | TERM_SIZE | TERM_BACK | TERM_BREAK);
		dirty = dirty || news || u->unix_ms / 1000 != second;
		if (!dirty || u->quit || (!now && u->boot_ms - last_frame < FRAME_MS))
			continue;
		/* A key is answered from what is known; what is new may be much, and has the next
		 * frame. */
		u->news |= u->hurry;
		dirty = now && u->news && !u->hurry && u->boot_ms - last_news < MOST_NEWS_MS;
		if (!dirty) {
			take_news(u);
			last_news = u->boot_ms;
		}
		ui_draw(u);
		u->hurry = false;
		last_frame = u->boot_ms;
	}
}

static void leave(struct ui *u)
{
	for (size_t k = 0; k < u->nclusters; k++)
		snapshot_put(u->cluster[k].snap);
	while (u->nclusters)
		u->opts->close(&u->cluster[--u->nclusters].c);
	for (size_t k = 0; k < u->nleaving; k++)
		pthread_join(u->leavers[k], NULL);
	free(u->leavers);
}

static void ui_free(struct ui *u)
{
	dialog_close(u);
	command_free(u);
	hist_free(u->hist);
	targets_free(&u->targets);
	faults_free(&u->faults);
	injected_free(&u->injected);
	log_free(&u->log);
}

static int start(struct ui *u, struct cluster *first, const struct console_opts *o, struct err *e)
{
	int r = term_start(e);

	*u = (struct ui){ .opts = o, .readonly = o->readonly };
	u->cluster[u->nclusters++].c = *first;
	u->deck = first->deck;
	u->cfg = first->cfg;
	if (r)
		return r;
	draw_start();
	take_time(u);
	theme_open(u, o);
	u->hist = hist_new();
	if (!u->hist) {
		term_stop();
		return err_set(e, -ENOMEM, "out of memory");
	}
	return 0;
}

int console_run(struct cluster *first, const struct console_opts *o, struct err *e)
{
	static struct ui u;
	int r = start(&u, first, o, e);

	if (r) {
		o->close(first);
		return r;
	}
	log_take(&u);
	take_snapshots(&u);
	ui_draw(&u);
	deck_start(u.deck);
	loop(&u);
	ui_free(&u);
	term_stop();
	scenarios_close(&u);
	leave(&u);
	return 0;
}
