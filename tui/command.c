// SPDX-License-Identifier: GPL-2.0-or-later
#include "command.h"

#include <curses.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console_ui.h"

#define SHOWN_ROWS 8

static void look(struct ui *u)
{
	struct command_line *c = &u->command;

	if (!c->found)
		c->found = calloc(1, sizeof(*c->found));
	if (c->found)
		complete(u, c->edit.text, c->edit.at, c->found);
	c->cycle = 0;
}

void command_begin(struct ui *u)
{
	u->command.typing = true;
	u->command.at = u->command.nhistory;
	edit_set(&u->command.edit, "");
	look(u);
}

static void remember(struct command_line *c, const char *line)
{
	char *copy;

	if (c->nhistory && strcmp(c->history[c->nhistory - 1], line) == 0)
		return;
	copy = strdup(line);
	if (!copy)
		return;
	if (c->nhistory == HISTORY_MAX) {
		free(c->history[0]);
		memmove(c->history, c->history + 1, --c->nhistory * sizeof(*c->history));
	}
	c->history[c->nhistory++] = copy;
}

static void walk_history(struct ui *u, bool up)
{
	struct command_line *c = &u->command;

	if (up ? !c->at : c->at == c->nhistory)
		return;
	c->at += up ? (size_t)-1 : 1;
	edit_set(&c->edit, c->at < c->nhistory ? c->history[c->at] : "");
	look(u);
}

static void run_line(struct ui *u)
{
	struct command_line *c = &u->command;
	const char *line = c->edit.text + strspn(c->edit.text, " :");

	c->typing = false;
	if (!*line)
		return;
	remember(c, line);
	if (c->run && !command_done(c->run)) {
		ui_say(u, true, "another command is running still; Ctrl-C ends it");
		dialog_command(u, c->run);
		return;
	}
	dialog_close(u);
	c->run = command_end(c->run);
	c->run = command_start(u, line);
	if (c->run)
		dialog_command(u, c->run);
}

/* ---- completion ---- */

/* Replaces the typed part of the word by WORD. */
static void put_word(struct command_line *c, const char *word, const char *behind)
{
	char line[sizeof(c->edit.text)];
	size_t from = c->edit.at - c->found->typed, n;

	snprintf(line, sizeof(line), "%.*s%s%s", (int)from, c->edit.text, word, behind);
	n = strlen(line);
	snprintf(line + n, sizeof(line) - n, "%s", c->edit.text + c->edit.at);
	edit_set(&c->edit, line);
	c->edit.at = n;
	c->found->typed = n - from;
}

static size_t common(const struct candidates *f)
{
	size_t n = strlen(f->word[0]);

	for (size_t k = 1; k < f->n; k++) {
		size_t same = 0;

		while (same < n && f->word[0][same] == f->word[k][same])
			same++;
		n = same;
	}
	return n;
}

/* First as far as all agree, then one after the other. */
static void complete_word(struct ui *u)
{
	struct command_line *c = &u->command;
	struct candidates *f = c->found;
	char word[CANDIDATE_BYTES];
	size_t n;

	if (!f || !f->n)
		return;
	n = f->dropped ? 0 : common(f);
	if (f->n == 1 && !c->cycle) {
		bool open = f->word[0][strlen(f->word[0]) - 1] == '=';

		put_word(c, f->word[0], open ? "" : " ");
		look(u);
	} else if (n > f->typed && !c->cycle) {
		snprintf(word, sizeof(word), "%.*s", (int)n, f->word[0]);
		put_word(c, word, "");
		look(u);
	} else {
		size_t cycle = c->cycle;

		put_word(c, f->word[cycle % f->n], "");
		c->cycle = cycle + 1;
	}
}

void command_key(struct ui *u, enum cmd c, int code)
{
	switch (c) {
	case CMD_CANCEL:
		u->command.typing = false;
		break;
	case CMD_RUN:
		run_line(u);
		break;
	case CMD_COMPLETE:
		complete_word(u);
		break;
	case CMD_UP:
	case CMD_DOWN:
		walk_history(u, c == CMD_UP);
		break;
	default:
		if (code == 127 && !u->command.edit.text[0])
			u->command.typing = false;
		else if (edit_key(&u->command.edit, code))
			look(u);
	}
}

/* ---- drawing ---- */

static void draw_candidates(const struct command_line *c, int foot)
{
	const struct candidates *f = c->found;
	int w = 12, n = (int)f->n, columns, rows;

	for (int k = 0; k < n; k++)
		w = text_cols(f->word[k]) + 2 > w ? text_cols(f->word[k]) + 2 : w;
	w = w < COLS ? w : COLS;
	columns = COLS / w;
	rows = (n + columns - 1) / columns;
	rows = rows < SHOWN_ROWS ? rows : SHOWN_ROWS;
	rows = rows < foot - 1 ? rows : foot - 1;
	for (int y = 0; y < rows; y++) {
		struct box line = { foot - rows + y, 0, 1, COLS };

		put_blank(&line, ROLE_BAR);
		for (int x = 0; x < columns; x++) {
			int k = y + x * rows;
			bool here = c->cycle && (size_t)k == (c->cycle - 1) % f->n;

			if (k < n)
				put(line.y, x * w + 1, w - 1, here ? ROLE_SELECTED : ROLE_BAR,
				    f->word[k]);
		}
	}
}

void command_draw(struct ui *u)
{
	struct command_line *c = &u->command;
	int foot = LINES - 1;
	struct box line = { foot, 0, 1, COLS };

	if (c->found && c->found->n)
		draw_candidates(c, foot);
	put_blank(&line, ROLE_FIELD_FOCUS);
	put(foot, 0, 1, ROLE_FIELD_FOCUS, ":");
	edit_draw(&c->edit, foot, 1, COLS - 1, ROLE_FIELD_FOCUS, true);
}

bool command_cancel(struct ui *u)
{
	if (!u->command.run || command_done(u->command.run))
		return false;
	command_stop(u->command.run);
	ui_say(u, false, "asked to end; what it injected is restored");
	return true;
}

void command_free(struct ui *u)
{
	struct command_line *c = &u->command;

	if (c->run)
		command_stop(c->run);
	c->run = command_end(c->run);
	for (size_t k = 0; k < c->nhistory; k++)
		free(c->history[k]);
	free(c->found);
}
