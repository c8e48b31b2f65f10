// SPDX-License-Identifier: GPL-2.0-or-later
/* import FILE: the original tool's cluster.conf, `name,ip,port,Role,Role…` a line, to cluster.cfg.
 */
#include "import.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../core/text.h"
#include "batch.h"

#define LINES_MAX  1000
#define FIELDS_MAX 20

/* What has been read; the output stands until all lines are known to be good. */
struct import {
	const char *path;
	struct buf out;
	char *names[LINES_MAX];
	int lines[LINES_MAX];
	size_t n;
	int bad;
};

static void mistake(struct import *im, int line, const char *what, const char *value)
{
	char clean[80];

	fprintf(stderr, "%s:%d: %s: '%s'\n", im->path, line, what,
		text_clean(clean, sizeof(clean), value));
	im->bad++;
}

static char *trim(char *s)
{
	size_t n;

	while (isspace((unsigned char)*s))
		s++;
	n = strlen(s);
	while (n && isspace((unsigned char)s[n - 1]))
		s[--n] = '\0';
	return s;
}

/* Letters, digits and what ALSO has: nothing that would need quotes. */
static bool is_plain(const char *s, const char *also)
{
	if (!*s || strlen(s) > 63)
		return false;
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr(also, *s))
			return false;
	return true;
}

static bool is_port(const char *s)
{
	char *end;
	long v = strtol(s, &end, 10);

	return isdigit((unsigned char)*s) && !*end && v > 0 && v < 65536;
}

static size_t split(char *line, char **f)
{
	size_t n = 0;

	for (char *at = line; at && n < FIELDS_MAX; n++) {
		char *comma = strchr(at, ',');

		if (comma)
			*comma++ = '\0';
		f[n] = trim(at);
		at = comma;
	}
	return n;
}

static bool is_new(struct import *im, int line, const char *name)
{
	char what[80];

	for (size_t i = 0; i < im->n; i++) {
		if (strcmp(im->names[i], name) != 0)
			continue;
		snprintf(what, sizeof(what), "the name of line %d again", im->lines[i]);
		mistake(im, line, what, name);
		return false;
	}
	if (im->n == LINES_MAX) {
		mistake(im, line, "more nodes than can be taken", name);
		return false;
	}
	im->names[im->n] = strdup(name);
	im->lines[im->n] = line;
	return im->names[im->n++];
}

static bool is_good(struct import *im, int line, char **f, size_t n)
{
	int before = im->bad;

	if (n < 4) {
		mistake(im, line, "expected name,ip,port,Role,Role…", f[0]);
		return false;
	}
	if (!is_plain(f[0], "._-"))
		mistake(im, line, "expected a name of letters, digits, . _ and -", f[0]);
	if (!is_plain(f[1], ".:-"))
		mistake(im, line, "expected an address or a host's name", f[1]);
	if (!is_port(f[2]))
		mistake(im, line, "expected a port from 1 to 65535", f[2]);
	for (size_t i = 3; i < n; i++)
		if (!is_plain(f[i], "_-"))
			mistake(im, line, "expected a role", f[i]);
	return im->bad == before && is_new(im, line, f[0]);
}

static void take_line(struct import *im, int line, char *text)
{
	char *f[FIELDS_MAX];
	size_t n;

	text[strcspn(text, "#")] = '\0';
	text = trim(text);
	if (!*text)
		return;
	n = split(text, f);
	if (!is_good(im, line, f, n))
		return;
	buf_fmt(&im->out,
		"%s\t{ name = \"%s\"; host = \"%s\"; port = %ld; user = \"root\"; roles = ( ",
		im->n > 1 ? ",\n" : "", f[0], f[1], strtol(f[2], NULL, 10));
	for (size_t i = 3; i < n; i++) {
		for (char *c = f[i]; *c; c++)
			*c = (char)tolower((unsigned char)*c);
		buf_fmt(&im->out, "%s\"%s\"", i > 3 ? ", " : "", f[i]);
	}
	buf_str(&im->out, " ); }");
}

static int print(const struct import *im)
{
	if (!im->n)
		fprintf(stderr, "%s: there is no node in it\n", im->path);
	if (im->bad || !im->n)
		return EXIT_CONFIG;
	if (im->out.broken)
		return EXIT_FAILED;
	printf("# from %s\nnodes = (\n%s\n);\n"
	       "guard = { max_nodes = 1; max_injections = 3; max_ttl = \"5m\"; };\n",
	       im->path, im->out.data);
	return fflush(stdout) ? EXIT_FAILED : EXIT_DONE;
}

int import_main(const char *path)
{
	struct import im = { .path = path, .out = BUF_INIT(1u << 20) };
	FILE *f = fopen(path, "re");
	char text[1024];
	int r;

	if (!f) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return EXIT_CONFIG;
	}
	for (int line = 1; fgets(text, sizeof(text), f); line++)
		take_line(&im, line, text);
	fclose(f);
	r = print(&im);
	for (size_t i = 0; i < im.n; i++)
		free(im.names[i]);
	buf_free(&im.out);
	return r;
}
