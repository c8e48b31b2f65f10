// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Stands in for a program that is not there: does nothing, under the name and the words that it is
 * started with. Named jsvc… it is two processes with the same words, as jsvc is: one that serves,
 * and its parent, which watches it.
 */
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	(void)argc;
	if (strstr(argv[0], "jsvc"))
		(void)!fork();
	for (;;)
		pause();
}
