// SPDX-License-Identifier: GPL-2.0-or-later
#include "keys.h"

#include <curses.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "term.h"

#define COMMAND(e, k, w, b, h) [CMD_##e] = { .keys = (k), .bar = (b), .help = (h), .where = (w) },
static const struct command commands[CMD_COUNT] = {
	[CMD_NONE] = { .keys = "", .bar = "", .help = "", .where = 0 }, COMMANDS(COMMAND)
};
#undef COMMAND

/* More than one code may be the same key: terminals differ. */
static const struct {
	const char *name;
	int code;
} named[] = {
	{ "Enter", '\r' },
	{ "Enter", '\n' },
	{ "Enter", TERM_CODE | KEY_ENTER },
	{ "Space", ' ' },
	{ "Tab", '\t' },
	{ "S-Tab", TERM_CODE | KEY_BTAB },
	{ "Esc", 27 },
	{ "Up", TERM_CODE | KEY_UP },
	{ "Down", TERM_CODE | KEY_DOWN },
	{ "Left", TERM_CODE | KEY_LEFT },
	{ "Right", TERM_CODE | KEY_RIGHT },
	{ "PgUp", TERM_CODE | KEY_PPAGE },
	{ "PgDn", TERM_CODE | KEY_NPAGE },
	{ "Home", TERM_CODE | KEY_HOME },
	{ "End", TERM_CODE | KEY_END },
	{ "End", TERM_CODE | KEY_LL },
};

const struct command *command(enum cmd c)
{
	return &commands[c];
}

/* True if the name of N bytes at S is the key CODE. */
static bool is_key(const char *s, size_t n, int code)
{
	if (n == 1)
		return code == (unsigned char)s[0];
	if (n == 3 && s[0] == 'C' && s[1] == '-')
		return code == (s[2] & 0x1f);
	if (s[0] == 'F' && s[1] >= '0' && s[1] <= '9')
		return code == (TERM_CODE | KEY_F((int)strtol(s + 1, NULL, 10)));
	for (size_t i = 0; i < sizeof(named) / sizeof(*named); i++)
		if (strlen(named[i].name) == n && strncmp(named[i].name, s, n) == 0 &&
		    named[i].code == code)
			return true;
	return false;
}

bool keys_has(enum cmd c, int code)
{
	for (const char *s = commands[c].keys; *s;) {
		size_t n = strcspn(s, " ");

		if (is_key(s, n, code))
			return true;
		s += n + (s[n] == ' ');
	}
	return false;
}

enum cmd keys_find(int code, unsigned where, bool typing)
{
	if (typing && code >= ' ' && code < TERM_CODE && code != 127)
		return CMD_NONE;
	for (int c = 1; c < CMD_COUNT; c++)
		if (commands[c].where & where && keys_has((enum cmd)c, code))
			return (enum cmd)c;
	return CMD_NONE;
}

bool keys_name(enum cmd c, unsigned i, char *dst, size_t n)
{
	const char *s = commands[c].keys;
	size_t len;

	for (; i && *s; i--) {
		s += strcspn(s, " ");
		s += *s == ' ';
	}
	len = strcspn(s, " ");
	if (!len)
		return false;
	if (len == 3 && s[1] == '-' && s[0] == 'C')
		snprintf(dst, n, "Ctrl-%c", s[2] & ~0x20);
	else if (len > 2 && s[1] == '-' && s[0] == 'S')
		snprintf(dst, n, "Shift-%.*s", (int)len - 2, s + 2);
	else
		snprintf(dst, n, "%.*s", (int)len, s);
	return true;
}
