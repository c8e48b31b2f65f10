/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TUI_THEME_H
#define TUI_THEME_H
/*
 * What each thing on the screen looks like: a table of roles × attributes per theme. The table here
 * is the only place that knows a colour.
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

/*
 * After the screen was started. NAME NULL: dark where there are colours, else mono; an unknown name
 * gives the same and returns false. BANNER is a colour's name from cluster.cfg.
 */
bool theme_start(const char *name, const char *banner);
/* Another cluster is shown: its banner. */
void theme_banner(const char *banner);
/* The next characters are in ROLE, on the background of BASE where ROLE has none of its own. */
void theme_use(enum role role, enum role base);

#endif
