// SPDX-License-Identifier: GPL-2.0-or-later
/* Prints the section of the man page about the kernel module's points, out of the module's own
 * table; the Makefile puts it into docs/faultdeck.1. */
#include <stdio.h>

#include "../kmod/names.h"
#include "../kmod/points.h"

#define FORM(sym, name, form) form,
static const char *const forms[] = { FDK_ACTIONS(FORM) };
#define KEY(sym, name) name,
static const char *const keys[] = { FDK_KEYS(KEY) };

static void print_bits(const char *what, unsigned int bits, const char *const *names)
{
	const char *comma = "";

	if (!bits)
		return;
	printf("%s: ", what);
	for (; bits; bits &= bits - 1, comma = ", ")
		printf("%s%s", comma, names[__builtin_ctz(bits)]);
	printf(".\n");
}

static void print_values(const struct fdk_point *p)
{
	const char *comma = "VALUE: ";

	for (const unsigned short *e = p->errnos; e && *e; e++, comma = ", ")
		printf("%s%s", comma, fdk_name_of(fdk_errnos, *e)->name);
	for (const struct fdk_name *c = p->codes; c && c->name; c++, comma = ", ")
		printf("%s%s", comma, c->name);
	if (p->errnos || p->codes)
		printf("%s.\n", p->result == FDK_RESULT_NUMBER ? ", or a number from 0 on" : "");
}

static void print_point(const struct fdk_point *p)
{
	printf(".It Cm %s\nHooks", p->name);
	for (const struct fdk_candidate *c = p->candidates; c->symbol; c++)
		printf("%s %s", c == p->candidates ? "" : ", else", c->symbol);
	printf(".\nWhat it changes: %s.\n", p->value);
	print_bits("Actions", p->actions, forms);
	print_values(p);
	print_bits("Keys of its own", p->keys, keys);
	printf("Danger: %s.\n", p->danger);
}

int main(void)
{
	printf(".Sh POINTS OF THE KERNEL MODULE\n"
	       "What faults of\n.Cm kvm\nhook, the first function that the kernel has and lets "
	       "probe;\n"
	       ".Cm list Cm points Ar node\nsays what a node has, and why not.\n"
	       ".Bl -tag -width Ds\n");
	for (unsigned int i = 0; i < fdk_points_n; i++)
		print_point(&fdk_points[i]);
	printf(".El\n");
	return 0;
}
