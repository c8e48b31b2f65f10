/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TUI_KEYS_H
#define TUI_KEYS_H
/*
 * The one list of what can be done by a key: it gives the enum, the keys, the words at the foot of
 * the screen and the help page.
 */
#include <stdbool.h>
#include <stddef.h>

/* Where a command is known, or-ed; the first five are the panes in the order of Tab. */
enum where {
	IN_TARGETS = 1 << 0,
	IN_DETAIL = 1 << 1,
	IN_FAULTS = 1 << 2,
	IN_INJECTED = 1 << 3,
	IN_LOG = 1 << 4,
	IN_PANES = (1 << 5) - 1,
	IN_DIALOG = 1 << 5, /* buttons and fields */
	IN_PAGE = 1 << 6,   /* help */
	IN_PANIC = 1 << 7,
	IN_FILTER = 1 << 8,  /* the line of the filter is being typed */
	IN_COMMAND = 1 << 9, /* the `:` line is being typed */
	IN_RUN = 1 << 10,    /* the page of a scenario that runs */
	IN_ALL = (1 << 11) - 1,
	ACTS = 1 << 16 /* changes something on a node: greyed where --readonly */
};
#define IN_LISTS (IN_PANES | IN_DIALOG | IN_PAGE | IN_RUN | IN_PANIC)

/*
 * C(enum, keys, where, bar, help). Keys by name, apart by a space. BAR is the word at the foot of
 * the screen, "" where it is not worth the room; the order here is the order there.
 */
#define COMMANDS(C)                                                                                \
	C(INJECT, "Enter", IN_FAULTS | ACTS, "inject", "open the dialog that injects this fault")  \
	C(FAULTS, "Enter", IN_TARGETS, "faults",                                                   \
	  "to the faults that fit; a new host key: to its question")                               \
	C(ACCEPT, "Enter", IN_DETAIL, "", "look at the new host key of this node, and accept it")  \
	C(SHOW, "Enter", IN_INJECTED, "show target", "select the target of this injection")        \
	C(PRESS, "Enter", IN_DIALOG, "press", "press the button; from a field: to the next one")   \
	C(DONE, "Enter", IN_FILTER, "keep the filter", "keep the filter and go back to the list")  \
	C(LIFT, "L", IN_PANIC, "lift the block",                                                   \
	  "lift the block: new injections are allowed again")                                      \
	C(RUN, "Enter", IN_COMMAND, "run", "run the verb")                                         \
	C(COMPLETE, "Tab", IN_COMMAND, "complete", "complete the word; again: the next that fits") \
	C(MARK, "Space", IN_TARGETS | IN_INJECTED, "mark",                                         \
	  "mark or unmark; every action honours the marks")                                        \
	C(RESTORE, "F8 R", IN_PANES | ACTS, "restore",                                             \
	  "restore what is marked or selected here, at once")                                      \
	C(RENEW, "+ n N", IN_INJECTED | ACTS, "renew",                                             \
	  "begin the TTL of the injection anew, as long as it was")                                \
	C(PANIC, "F9 C-x X", IN_ALL | ACTS, "restore all + stop",                                  \
	  "restore everything at once and block new injections (X: not while typing)")             \
	C(HELP, "F1 ?", IN_PANES, "help", "this page")                                             \
	C(QUIT, "q F10", IN_PANES | IN_PANIC, "quit", "quit; asks while anything is injected")     \
	C(FILTER, "/ F4", IN_PANES, "filter",                                                      \
	  "filter this list: words that a row must have, !word: must not, state:down: in that "    \
	  "column, ~regex")                                                                        \
	C(COMMAND, ": F2", IN_PANES | IN_PAGE, "command",                                          \
	  "run any batch verb, as after --batch; Tab completes, Up goes back in history")          \
	C(SORT, "s F6", IN_TARGETS, "sort", "sort: by name, what needs a look, the first figure")  \
	C(COPY, "y", IN_LOG | IN_INJECTED | IN_PAGE, "copy",                                       \
	  "copy the line, id or output to your clipboard (OSC 52)")                                \
	C(COPY_ALL, "Y", IN_LOG, "", "copy all lines that are shown")                              \
	C(EXPORT, "w", IN_LOG, "to a file", "write all lines that are shown to a new file here")   \
	C(NEXT, "Tab", IN_PANES | IN_DIALOG, "next", "to the next pane or field")                  \
	C(PREV, "S-Tab", IN_PANES | IN_DIALOG, "", "to the one before")                            \
	C(ACK, "a", IN_INJECTED, "off the list", "take a finished injection off the list")         \
	C(ACK_ALL, "A", IN_INJECTED, "", "take all finished injections off the list")              \
	C(PAUSE, "p", IN_RUN | ACTS, "pause", "no new step is begun; again: go on")                \
	C(SKIP, "s", IN_RUN | ACTS, "skip", "what the scenario waits for counts as over")          \
	C(ABORT, "a", IN_RUN | ACTS, "abort", "restore what the scenario injected, and end it")    \
	C(REPORT, "Enter", IN_RUN, "report", "the report of a scenario that is over")              \
	C(CLOSE, "Esc q", IN_PAGE | IN_RUN, "close", "close this page")                            \
	C(CANCEL, "Esc", IN_DIALOG | IN_FILTER | IN_COMMAND, "cancel",                             \
	  "close the dialog; drop the filter")                                                     \
	C(BACK, "Esc", IN_PANES, "", "drop the message, the filter, then the marks")               \
	C(UP, "Up k", IN_LISTS | IN_COMMAND, "", "up")                                             \
	C(DOWN, "Down j", IN_LISTS | IN_COMMAND, "", "down")                                       \
	C(LEFT, "Left h", IN_TARGETS | IN_DIALOG, "", "fold; go up; the choice before")            \
	C(RIGHT, "Right l", IN_TARGETS | IN_DIALOG, "", "unfold; the next choice")                 \
	C(PGUP, "PgUp C-b", IN_LISTS, "", "a page up")                                             \
	C(PGDN, "PgDn C-f", IN_LISTS, "", "a page down")                                           \
	C(HOME, "Home g", IN_LISTS, "", "to the first")                                            \
	C(END, "End G", IN_LISTS, "", "to the last")                                               \
	C(VMS, "1", IN_PANES, "", "VM faults: to the virtual machines")                            \
	C(HADOOP, "2", IN_PANES, "", "Hadoop: to its daemons and faults")                          \
	C(CLOUDSTACK, "3", IN_PANES, "", "CloudStack: to its servers, storage and faults")         \
	C(SCENARIOS, "4", IN_PANES, "", "scenarios, the one that runs, and reports")               \
	C(STATUS, "5", IN_PANES, "", "status of the cluster, all nodes on one page")               \
	C(RESTORE_ALL, "6", IN_PANES | ACTS, "",                                                   \
	  "restore all: ask every node what is there and end it")                                  \
	C(LOAD, "7", IN_PANES, "", "load the configuration of another cluster")                    \
	C(REFRESH, "F5 r", IN_PANES, "", "ask all nodes again now")                                \
	C(ZOOM_IN, "z", IN_PANES, "", "charts over a shorter time: 1 min, 5 min, 15 min, 1 h")     \
	C(ZOOM_OUT, "Z", IN_PANES, "", "charts over a longer time")                                \
	C(THEME, "T", IN_PANES, "", "choose a theme; it is shown while you choose")                \
	C(REDRAW, "C-l", IN_ALL, "", "draw the screen again")                                      \
	C(SUSPEND, "C-z", IN_ALL, "", "suspend; fg comes back")

#define CMD_ENUM(e, k, w, b, h) CMD_##e,
enum cmd { CMD_NONE, COMMANDS(CMD_ENUM) CMD_COUNT };
#undef CMD_ENUM

struct command {
	const char *keys, *bar, *help;
	unsigned where;
};
const struct command *command(enum cmd c);

/* True if CODE is one of C's keys. */
bool keys_has(enum cmd c, int code);
/* What the key CODE (term_key) does in WHERE. TYPING: characters belong to the text, not to us. */
enum cmd keys_find(int code, unsigned where, bool typing);
/* The I-th key of C as text for the screen ("F9", "Ctrl-X", "Shift-Tab"); false: has no more. */
bool keys_name(enum cmd c, unsigned i, char *dst, size_t n);

#endif
