// SPDX-License-Identifier: GPL-2.0-or-later
/* A batch verb beside the screen: its thread, what it printed, and the page that shows it. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "batch.h"
#include "command.h"
#include "console_ui.h"
#include "core/text.h"

#define OUTPUT_MAX (1u << 20)
#define FOLLOW_MS                                                                                  \
	1500 /* what takes longer shows what it printed last, else one reads from the top */

struct command_run {
	pthread_t thread;
	struct batch batch;
	struct emit emit;
	struct args outer;
	char *line;
	int64_t began_ms, ended_ms;
	pthread_mutex_t lock; /* of what follows */
	struct buf out;
	bool done;
	int status;
};

/* A full eventfd is awake already. */
static void wake(struct command_run *r)
{
	ssize_t n = write(deck_wake_fd(r->batch.deck), &(uint64_t){ 1 }, 8);

	(void)n;
}

/* What it prints goes to the buffer; more than that holds is counted as broken there. */
static ssize_t take_output(void *cookie, const char *data, size_t n)
{
	struct command_run *r = cookie;

	pthread_mutex_lock(&r->lock);
	buf_add(&r->out, data, n);
	pthread_mutex_unlock(&r->lock);
	wake(r);
	return (ssize_t)n;
}

static void *run_verb(void *arg)
{
	struct command_run *r = arg;
	int status = batch_line(&r->batch, &r->outer, r->line);

	emit_end(&r->emit);
	fclose(r->emit.out);
	pthread_mutex_lock(&r->lock);
	r->status = status;
	r->ended_ms = now_boot_ms();
	r->done = true;
	pthread_mutex_unlock(&r->lock);
	wake(r);
	return NULL;
}

static void prepare(struct command_run *r, struct ui *u, FILE *out)
{
	emit_init(&r->emit, EMIT_TEXT, out, out);
	r->emit.backends = u->cluster[0].c.backends;
	r->outer = (struct args){ .batch = true, .readonly = u->readonly };
	r->batch = (struct batch){ .cfg = u->cfg,
				   .backends = u->cluster[0].c.backends,
				   .emit = &r->emit,
				   .args = &r->outer,
				   .deck = u->deck,
				   .started = true,
				   .many = true };
	r->out = (struct buf)BUF_INIT(OUTPUT_MAX);
	r->began_ms = u->boot_ms;
	pthread_mutex_init(&r->lock, NULL);
}

struct command_run *command_start(struct ui *u, const char *line)
{
	cookie_io_functions_t io = { .write = take_output };
	struct command_run *r = calloc(1, sizeof(*r));
	FILE *out = r ? fopencookie(r, "w", io) : NULL;

	if (r)
		r->line = strdup(line);
	if (!out || !r->line) {
		if (out)
			fclose(out);
		if (r)
			free(r->line);
		free(r);
		ui_say(u, true, "out of memory");
		return NULL;
	}
	setlinebuf(out);
	prepare(r, u, out);
	if (!pthread_create(&r->thread, NULL, run_verb, r))
		return r;
	fclose(out);
	free(r->line);
	free(r);
	ui_say(u, true, "no thread can be started for it");
	return NULL;
}

bool command_done(struct command_run *r)
{
	bool done;

	pthread_mutex_lock(&r->lock);
	done = r->done;
	pthread_mutex_unlock(&r->lock);
	return done;
}

void command_stop(struct command_run *r)
{
	__atomic_add_fetch(&r->batch.cancels, 1, __ATOMIC_ACQ_REL);
}

struct command_run *command_end(struct command_run *r)
{
	if (!r)
		return NULL;
	pthread_join(r->thread, NULL);
	batch_free(&r->batch);
	pthread_mutex_destroy(&r->lock);
	buf_free(&r->out);
	free(r->line);
	free(r);
	return NULL;
}

/* ---- its page ---- */

struct page {
	struct dialog dialog;
	struct command_run *run;
	int top, page;
	bool follow; /* the newest lines */
};

static void draw_output(struct command_run *r, struct pen *p)
{
	pthread_mutex_lock(&r->lock);
	pen_lines(p, "", 0, buf_text(&r->out));
	if (r->out.broken)
		pen_text(p, "", 0, ROLE_WARN, "more was printed than is kept (1 MiB)");
	pthread_mutex_unlock(&r->lock);
}

static void say_end(struct ui *u, struct command_run *r, char *dst, size_t n)
{
	char took[32];

	pthread_mutex_lock(&r->lock);
	if (!r->done)
		snprintf(dst, n, "running for %s; Ctrl-C ends it, Esc leaves it running",
			 ui_left(took, sizeof(took), u->boot_ms - r->began_ms));
	else
		snprintf(dst, n, "exit status %d%s, after %.1f s; y copies, Esc closes", r->status,
			 r->status ? "" : " (done)", (double)(r->ended_ms - r->began_ms) / 1000);
	pthread_mutex_unlock(&r->lock);
}

static void page_draw(struct ui *u, struct dialog *d)
{
	struct page *p = (struct page *)d;
	char title[200], end[120];
	struct pen pen = { .top = 0 };

	snprintf(title, sizeof(title), ":%s", p->run->line);
	pen.box = dialog_frame(200, 200, title, ROLE_FRAME_FOCUS);
	pen.box.h -= pen.box.h > 2;
	p->page = pen.box.h;
	p->follow |= !command_done(p->run) && u->boot_ms - p->run->began_ms > FOLLOW_MS && !p->top;
	/* how long it is, before any of it is drawn: it stays at its end while it grows */
	pen.box.y += 10000;
	draw_output(p->run, &pen);
	pen.box.y -= 10000;
	p->top = pen_limit(&pen, p->follow ? 1 << 20 : p->top);
	pen.row = 0;
	pen.top = p->top;
	draw_output(p->run, &pen);
	say_end(u, p->run, end, sizeof(end));
	put(pen.box.y + pen.box.h, pen.box.x, pen.box.w, ROLE_DIM, end);
}

static void page_key(struct ui *u, struct dialog *d, enum cmd c, int code)
{
	struct page *p = (struct page *)d;

	(void)code;
	if (c == CMD_CLOSE) {
		dialog_close(u);
	} else if (c == CMD_COPY) {
		pthread_mutex_lock(&p->run->lock);
		ui_copy(u, buf_text(&p->run->out), "the output");
		pthread_mutex_unlock(&p->run->lock);
	} else if (c == CMD_COMMAND) {
		command_begin(u);
	} else if (page_move(&p->top, c, p->page)) {
		p->follow = p->top >= 1 << 20;
	}
}

static void page_free(struct dialog *d)
{
	free(d);
}

static const struct dialog_ops page_ops = {
	.where = IN_PAGE, .draw = page_draw, .key = page_key, .free = page_free
};

void dialog_command(struct ui *u, struct command_run *r)
{
	struct page *p = calloc(1, sizeof(*p));

	if (!p)
		return;
	p->dialog.ops = &page_ops;
	p->run = r;
	dialog_close(u);
	u->dialog = &p->dialog;
}
