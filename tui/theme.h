/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TUI_THEME_H
#define TUI_THEME_H
/*
 * What each thing on the screen looks like: a table of roles × attributes, from a theme file
 * (theme_file.h). Nothing else knows a colour, but for the banners that cluster.cfg names.
 */
#include <stdbool.h>

/* ROLE(enum, word): the word names the role in a theme file. */
#define ROLES(ROLE)                                                                                \
	ROLE(TEXT, "text")                                                                         \
	ROLE(DIM, "dim")                                                                           \
	ROLE(GREYED, "greyed")                                                                     \
	ROLE(TITLE, "title")                                                                       \
	ROLE(TITLE_FOCUS, "title-focus")                                                           \
	ROLE(FRAME, "frame")                                                                       \
	ROLE(FRAME_FOCUS, "frame-focus")                                                           \
	ROLE(SELECTED, "selected")                                                                 \
	ROLE(SELECTED_AWAY, "selected-away")                                                       \
	ROLE(MARKED, "marked")                                                                     \
	ROLE(UP, "up")                                                                             \
	ROLE(INJECTED, "injected")                                                                 \
	ROLE(DOWN, "down")                                                                         \
	ROLE(STALE, "stale")                                                                       \
	ROLE(UNKNOWN, "unknown")                                                                   \
	ROLE(WARN, "warn")                                                                         \
	ROLE(ERROR, "error")                                                                       \
	ROLE(BAR, "bar")                                                                           \
	ROLE(BAR_DIM, "bar-dim")                                                                   \
	ROLE(KEY, "key")                                                                           \
	ROLE(SIGN, "sign")                                                                         \
	ROLE(PANIC, "panic")                                                                       \
	ROLE(BANNER, "banner")                                                                     \
	ROLE(BUTTON, "button")                                                                     \
	ROLE(BUTTON_FOCUS, "button-focus")                                                         \
	ROLE(FIELD, "field")                                                                       \
	ROLE(FIELD_FOCUS, "field-focus")                                                           \
	ROLE(FIELD_BAD, "field-bad")                                                               \
	ROLE(CHART, "chart")
#define ROLE_ENUM(e, w) ROLE_##e,
enum role { ROLES(ROLE_ENUM) ROLE_COUNT };
#undef ROLE_ENUM

#define COLOUR_NONE (-1) /* the terminal's own */

struct look {
	short fg, bg;     /* of 256 colours */
	short fg16, bg16; /* of 16; 8 and up become bold where there are only 8 */
	bool bold, dim, underline, reverse;
};

/* CHART(enum, word): the word is what a theme file calls it. */
#define CHART_STYLES(CHART)                                                                        \
	CHART(AUTO, "auto") /* as the terminal can */                                              \
	CHART(BRAILLE, "braille")                                                                  \
	CHART(BLOCK, "block")                                                                      \
	CHART(ASCII, "ascii")
#define CHART_ENUM(e, w) CHART_##e,
enum chart_style { CHART_STYLES(CHART_ENUM) CHART_STYLE_COUNT };
#undef CHART_ENUM

struct theme {
	char name[64];
	char about[120];
	enum chart_style chart;
	struct look look[ROLE_COUNT];
};

/*
 * After the screen was started: T is how everything looks from the next frame on. It has to stay
 * where it is. Where the terminal has no colours, or NO_COLOR is set, T should have none either.
 * BANNER is a colour's name from cluster.cfg.
 */
void theme_start(const struct theme *t, const char *banner);
/* True if the terminal has colours and may use them. Asks the terminal, not the theme. */
bool theme_colours(void);
/* What T asks for in charts. */
enum chart_style theme_chart(void);
/* Empty cells of the screen get the theme's background. */
void theme_clear(void);
/*
 * The next characters are in ROLE, on the background of BASE where ROLE has none of its own. On the
 * selected row everything has that row's own colour, so that it can be read.
 */
void theme_use(enum role role, enum role base);

#endif
