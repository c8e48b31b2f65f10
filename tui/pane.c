// SPDX-License-Identifier: GPL-2.0-or-later
#include "pane.h"

#include <curses.h>
#include <stdio.h>
#include <string.h>

#include "term.h"

bool list_move(struct list *l, enum cmd c, size_t n)
{
	size_t page = l->page > 1 ? (size_t)l->page - 1 : 1;
	size_t last = n ? n - 1 : 0;

	switch (c) {
	case CMD_UP:
		l->cur -= l->cur > 0;
		return true;
	case CMD_DOWN:
		l->cur += l->cur < last;
		return true;
	case CMD_PGUP:
		l->cur = l->cur > page ? l->cur - page : 0;
		return true;
	case CMD_PGDN:
		l->cur = l->cur + page < last ? l->cur + page : last;
		return true;
	case CMD_HOME:
		l->cur = 0;
		return true;
	case CMD_END:
		l->cur = last;
		return true;
	default:
		return false;
	}
}

void list_show(struct list *l, size_t n, int h)
{
	size_t rows = h > 0 ? (size_t)h : 1;

	l->page = h;
	if (l->cur >= n)
		l->cur = n ? n - 1 : 0;
	if (l->cur < l->top)
		l->top = l->cur;
	if (l->cur >= l->top + rows)
		l->top = l->cur - rows + 1;
	if (l->top + rows > n)
		l->top = n > rows ? n - rows : 0;
}

bool page_move(int *top, enum cmd c, int page)
{
	int step = page > 1 ? page - 1 : 1;

	switch (c) {
	case CMD_UP:
		*top -= *top > 0;
		return true;
	case CMD_DOWN:
		++*top;
		return true;
	case CMD_PGUP:
		*top = *top > step ? *top - step : 0;
		return true;
	case CMD_PGDN:
		*top += step;
		return true;
	case CMD_HOME:
		*top = 0;
		return true;
	case CMD_END:
		*top = 1 << 20; /* the drawing limits it */
		return true;
	default:
		return false;
	}
}

void pane_filter_parse(struct pane_filter *f)
{
	filter_free(f->filter);
	f->filter = filter_new(f->edit.text, f->bad, sizeof(f->bad));
}

void pane_filter_drop(struct pane_filter *f)
{
	edit_set(&f->edit, "");
	pane_filter_parse(f);
}

void edit_set(struct edit *e, const char *text)
{
	snprintf(e->text, sizeof(e->text), "%s", text);
	e->at = strlen(e->text);
}

static bool is_tail(char c)
{
	return (c & 0xc0) == 0x80;
}

static void edit_left(struct edit *e)
{
	while (e->at && is_tail(e->text[--e->at]))
		;
}

static void edit_right(struct edit *e)
{
	if (!e->text[e->at])
		return;
	do
		e->at++;
	while (is_tail(e->text[e->at]));
}

static void edit_cut(struct edit *e)
{
	size_t from = e->at;

	edit_right(e);
	memmove(e->text + from, e->text + e->at, strlen(e->text + e->at) + 1);
	e->at = from;
}

static bool edit_insert(struct edit *e, int code)
{
	unsigned c = (unsigned)code;
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	char s[4] = { (char)c };

	if (n > 1) {
		for (size_t i = n; i-- > 1; c >>= 6)
			s[i] = (char)(0x80 | (c & 0x3f));
		s[0] = (char)(0xf00u >> n | c);
	}
	if (strlen(e->text) + n >= sizeof(e->text))
		return true;
	memmove(e->text + e->at + n, e->text + e->at, strlen(e->text + e->at) + 1);
	memcpy(e->text + e->at, s, n);
	e->at += n;
	return true;
}

bool edit_key(struct edit *e, int code)
{
	switch (code) {
	case TERM_CODE | KEY_LEFT:
		edit_left(e);
		return true;
	case TERM_CODE | KEY_RIGHT:
		edit_right(e);
		return true;
	case TERM_CODE | KEY_HOME:
	case 'A' & 0x1f:
		e->at = 0;
		return true;
	case TERM_CODE | KEY_END:
	case 'E' & 0x1f:
		e->at = strlen(e->text);
		return true;
	case TERM_CODE | KEY_BACKSPACE:
	case 8:
	case 127:
		if (e->at) {
			edit_left(e);
			edit_cut(e);
		}
		return true;
	case TERM_CODE | KEY_DC:
		edit_cut(e);
		return true;
	case 'U' & 0x1f:
		edit_set(e, "");
		return true;
	default:
		return code >= ' ' && code < TERM_CODE && edit_insert(e, code);
	}
}

void edit_draw(const struct edit *e, int y, int x, int w, enum role role, bool focus)
{
	struct box b = { y, x, 1, w };
	char before[sizeof(e->text)];
	const char *from = e->text;
	int cols;

	if (w < 2)
		return;
	put_blank(&b, role);
	snprintf(before, sizeof(before), "%.*s", (int)e->at, e->text);
	cols = text_cols(before);
	while (cols >= w && *from) { /* what is typed stays in sight */
		size_t n = text_fit(from, 1);

		n = n ? n : text_fit(from, 2);
		from += n ? n : 1;
		cols = text_cols(before + (from - e->text));
	}
	put(y, x, w, role, from);
	if (focus)
		frame_cursor(y, x + cols);
}
