/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TUI_TERM_DRAW_H
#define TUI_TERM_DRAW_H
/*
 * Putting text on the screen: the only place that counts columns, so that wide and combining
 * characters stay aligned, and the only place that knows whether marks are Unicode or ASCII.
 */
#include <stdbool.h>
#include <stddef.h>

#include "theme.h"

/* GLYPH(enum, unicode, ascii): signs without a meaning of their own. */
#define GLYPHS(GLYPH)                                                                              \
	GLYPH(FOLDED, "▸", ">")                                                                    \
	GLYPH(UNFOLDED, "▾", "v")                                                                  \
	GLYPH(CHOSEN, "◆", "*")                                                                    \
	GLYPH(BAR_FULL, "▰", "=")                                                                  \
	GLYPH(BAR_EMPTY, "▱", ".")                                                                 \
	GLYPH(HLINE, "─", "-")                                                                     \
	GLYPH(VLINE, "│", "|")                                                                     \
	GLYPH(ULCORNER, "┌", "+")                                                                  \
	GLYPH(URCORNER, "┐", "+")                                                                  \
	GLYPH(LLCORNER, "└", "+")                                                                  \
	GLYPH(LRCORNER, "┘", "+")                                                                  \
	GLYPH(TTEE, "┬", "+")                                                                      \
	GLYPH(BTEE, "┴", "+")                                                                      \
	GLYPH(MORE, "…", "~")                                                                      \
	GLYPH(UP, "↑", "^")                                                                        \
	GLYPH(DOWN, "↓", "v")                                                                      \
	GLYPH(UNDO, "↺", "u")                                                                      \
	GLYPH(LASTING, "!", "!")                                                                   \
	GLYPH(CHOICE, "↔", "=")                                                                    \
	GLYPH(TO, "→", ">")
#define GLYPH_ENUM(e, u, a) GLYPH_##e,
enum glyph { GLYPHS(GLYPH_ENUM) GLYPH_COUNT };
#undef GLYPH_ENUM

/* MARK(enum, unicode, ascii, word, role): the state of a thing by shape, word and colour. */
#define MARKS(MARK)                                                                                \
	MARK(UP, "●", "+", "up", UP)                                                               \
	MARK(INJECTED, "▲", "!", "injected", INJECTED)                                             \
	MARK(DOWN, "■", "#", "down or failed", DOWN)                                               \
	MARK(STALE, "◌", "~", "stale", STALE)                                                      \
	MARK(HOLDS, "✓", "v", "probe holds", UP)                                                   \
	MARK(PROBE, "✗", "x", "probe failed", DOWN)                                                \
	MARK(UNKNOWN, "?", "?", "unknown", UNKNOWN)                                                \
	MARK(GONE, "○", "o", "restored or expired", DIM)
#define MARK_ENUM(e, u, a, w, r) MARK_##e,
enum mark { MARKS(MARK_ENUM) MARK_COUNT };
#undef MARK_ENUM

/* After the screen was started: looks at the locale and TERM. */
void draw_start(void);
/* As the theme says where that can be shown, else the finest that can; never CHART_AUTO. */
enum chart_style draw_chart_style(void);
const char *glyph(enum glyph g);
const char *mark_glyph(enum mark m);
const char *mark_word(enum mark m);
enum role mark_role(enum mark m);

struct box {
	int y, x, h, w;
};

/* Begins a frame: everything is empty and the cursor hidden. */
void frame_begin(void);
/* The terminal's cursor stands here at the end of this frame. */
void frame_cursor(int y, int x);
/* The one update of the terminal; ALL: also what it should show already. */
void frame_end(bool all);

/* Columns that S takes, and bytes of S that fit into COLS columns. */
int text_cols(const char *s);
size_t text_fit(const char *s, int cols);
/* Bytes of S for one line of COLS columns, broken at a space where there is one; 0 at the end. */
size_t text_wrap(const char *s, int cols);

/* What ROLEs without a background are drawn on, until the next call. */
void draw_base(enum role base);
/* Writes at most W columns of S; what does not fit ends in "…". Returns the columns written. */
int put(int y, int x, int w, enum role role, const char *s);
int putf(int y, int x, int w, enum role role, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
/* The same, at the right end of the W columns; returns the columns written. */
int put_right(int y, int x, int w, enum role role, const char *s);
void put_fill(int y, int x, int w, enum role role, enum glyph g);
void put_blank(const struct box *b, enum role role);

/*
 * A page that is longer than its box: rows are counted from 0, those outside of the box are not
 * drawn, and at the end `row` is how long the page is.
 */
struct pen {
	struct box box;
	int top; /* the row that is drawn first */
	int row;
};
/* True if the next row is visible: its line on the screen is *Y. Moves on either way. */
bool pen_row(struct pen *p, int *y);
/* LABEL in a column of LABEL_W, then TEXT wrapped behind it; "" gives an empty row. */
void pen_text(struct pen *p, const char *label, int label_w, enum role role, const char *text);
/* The same of each line of TEXT, cleaned; LABEL stands before the first. */
void pen_lines(struct pen *p, const char *label, int label_w, const char *text);
/* Keeps TOP within what there is. */
int pen_limit(const struct pen *p, int top);

#endif
