/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TUI_IMPORT_H
#define TUI_IMPORT_H

/* Prints the cluster.cfg that the original tool's cluster.conf in PATH means; an exit status.
 * Mistakes go to standard error with their lines, and then nothing is printed. */
int import_main(const char *path);

#endif
