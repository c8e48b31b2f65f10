// SPDX-License-Identifier: GPL-2.0-or-later
#include "term_draw.h"

#include <curses.h>
#include <langinfo.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "core/text.h"

#define WIDEST 1024 /* columns of one put */

static struct {
	bool utf8;    /* the terminal takes Unicode … */
	bool symbols; /* … and its font has more than lines */
	enum role base;
	int cursor_y, cursor_x; /* -1: hidden */
} the;

static const char *const glyphs[GLYPH_COUNT][2] = {
#define GLYPH_TEXT(e, u, a) [GLYPH_##e] = { a, u },
	GLYPHS(GLYPH_TEXT)
#undef GLYPH_TEXT
};

static const struct {
	const char *text[2];
	const char *word;
	enum role role;
} marks[MARK_COUNT] = {
#define MARK_TEXT(e, u, a, w, r) [MARK_##e] = { { a, u }, w, ROLE_##r },
	MARKS(MARK_TEXT)
#undef MARK_TEXT
};

void draw_start(void)
{
	const char *name = getenv("TERM");

	the.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	if (name && strncmp(name, "vt", 2) == 0)
		the.utf8 = false;
	the.symbols = the.utf8 && !(name && strncmp(name, "linux", 5) == 0);
	the.base = ROLE_TEXT;
}

void frame_begin(void)
{
	theme_clear();
	erase();
	draw_base(ROLE_TEXT);
	the.cursor_y = -1;
}

void frame_cursor(int y, int x)
{
	the.cursor_y = y < LINES ? y : LINES - 1;
	the.cursor_x = x < COLS ? x : COLS - 1;
}

void frame_end(bool all)
{
	if (all)
		clearok(curscr, TRUE);
	curs_set(the.cursor_y >= 0);
	if (the.cursor_y >= 0)
		move(the.cursor_y, the.cursor_x);
	wnoutrefresh(stdscr);
	doupdate();
}

enum chart_style draw_chart_style(void)
{
	/* no font of the Linux console has any of the signs (console-setup 1.221: █ alone) */
	if (!the.symbols)
		return CHART_ASCII;
	return theme_chart() == CHART_AUTO ? CHART_BRAILLE : theme_chart();
}

const char *glyph(enum glyph g)
{
	bool line = g >= GLYPH_HLINE && g <= GLYPH_BTEE;

	return glyphs[g][line ? the.utf8 : the.symbols];
}

const char *mark_glyph(enum mark m)
{
	return marks[m].text[the.symbols];
}

const char *mark_word(enum mark m)
{
	return marks[m].word;
}

enum role mark_role(enum mark m)
{
	return marks[m].role;
}

/* The next character of valid UTF-8 (core cleans all text); returns its bytes, 0 at the end. */
static size_t next_char(const char *s, wchar_t *c)
{
	const unsigned char *u = (const unsigned char *)s;
	size_t n = u[0] < 0x80 ? 1 : u[0] < 0xe0 ? 2 : u[0] < 0xf0 ? 3 : 4;
	unsigned v = n == 1 ? u[0] : u[0] & (0xffu >> (n + 1));

	if (!u[0])
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((u[i] & 0xc0) != 0x80) {
			*c = L'?';
			return i;
		}
		v = v << 6 | (u[i] & 0x3f);
	}
	*c = (wchar_t)v;
	return n;
}

/* Columns of C; changes what this terminal cannot show to '?'. */
static int char_cols(wchar_t *c)
{
	int n;

	if (*c >= L' ' && *c < 0x7f)
		return 1;
	n = the.utf8 ? wcwidth(*c) : -1;
	if (n >= 0)
		return n;
	*c = L'?';
	return 1;
}

int text_cols(const char *s)
{
	int cols = 0;
	wchar_t c;

	for (size_t n; (n = next_char(s, &c)); s += n)
		cols += char_cols(&c);
	return cols;
}

size_t text_fit(const char *s, int cols)
{
	size_t at = 0;
	wchar_t c;

	for (size_t n; (n = next_char(s + at, &c)); at += n) {
		cols -= char_cols(&c);
		if (cols < 0)
			break;
	}
	return at;
}

size_t text_wrap(const char *s, int cols)
{
	size_t fit = text_fit(s, cols > 2 ? cols : 2);
	size_t at = fit;

	if (!s[fit])
		return fit;
	while (at && s[at] != ' ')
		at--;
	if (at < fit / 3) /* one long word: cut it */
		return fit;
	return at + 1;
}

void draw_base(enum role base)
{
	the.base = base;
}

static void add_chars(int y, int x, enum role role, const wchar_t *s, int n)
{
	theme_use(role, the.base);
	mvaddnwstr(y, x, s, n);
}

int put(int y, int x, int w, enum role role, const char *s)
{
	wchar_t out[WIDEST + 8], c;
	int n = 0, cols = 0, cut_n = 0, cut_cols = 0, width;

	if (y < 0 || y >= LINES || x < 0 || x >= COLS)
		return 0;
	w = w < COLS - x ? w : COLS - x;
	w = w < WIDEST ? w : WIDEST;
	if (w <= 0)
		return 0;
	for (size_t len; (len = next_char(s, &c)); s += len) {
		width = char_cols(&c);
		if ((!width && !cols) || n > WIDEST)
			continue; /* nothing to combine with, or too much */
		if (cols + width > w) {
			next_char(glyph(GLYPH_MORE), &c);
			out[cut_n] = c;
			add_chars(y, x, role, out, cut_n + 1);
			return cut_cols + 1;
		}
		out[n++] = c;
		cols += width;
		if (cols < w) {
			cut_n = n;
			cut_cols = cols;
		}
	}
	add_chars(y, x, role, out, n);
	return cols;
}

int putf(int y, int x, int w, enum role role, const char *fmt, ...)
{
	char s[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(s, sizeof(s), fmt, ap);
	va_end(ap);
	return put(y, x, w, role, s);
}

int put_right(int y, int x, int w, enum role role, const char *s)
{
	int cols = text_cols(s);

	return cols <= w ? put(y, x + w - cols, cols, role, s) : put(y, x, w, role, s);
}

void put_fill(int y, int x, int w, enum role role, enum glyph g)
{
	for (int i = 0; i < w; i++)
		put(y, x + i, 1, role, glyph(g));
}

void put_blank(const struct box *b, enum role role)
{
	for (int y = b->y; y < b->y + b->h && y < LINES; y++)
		if (y >= 0)
			putf(y, b->x, b->w, role, "%*s", b->w < 1000 ? b->w : 1000, "");
}

bool pen_row(struct pen *p, int *y)
{
	int at = p->row++ - p->top;

	*y = p->box.y + at;
	return at >= 0 && at < p->box.h;
}

void pen_text(struct pen *p, const char *label, int label_w, enum role role, const char *text)
{
	char line[1024];
	int y, w = p->box.w - label_w;

	if (w < 8) { /* too narrow for two columns */
		w = p->box.w;
		label_w = 0;
	}
	do {
		size_t n = text_wrap(text, w);

		if (pen_row(p, &y)) {
			snprintf(line, sizeof(line), "%.*s", (int)(n - (n && text[n - 1] == ' ')),
				 text);
			put(y, p->box.x, label_w - 1, ROLE_DIM, label);
			put(y, p->box.x + label_w, w, role, line);
		}
		label = "";
		text += n;
	} while (*text);
}

void pen_lines(struct pen *p, const char *label, int label_w, const char *text)
{
	char line[1024];

	while (*text) {
		size_t n = strcspn(text, "\n");

		snprintf(line, sizeof(line), "%.*s", (int)n, text);
		text_clean(line, sizeof(line), line);
		pen_text(p, label, label_w, ROLE_TEXT, line);
		text += n + (text[n] == '\n');
		label = "";
	}
}

int pen_limit(const struct pen *p, int top)
{
	if (top > p->row - p->box.h)
		top = p->row - p->box.h;
	return top > 0 ? top : 0;
}
