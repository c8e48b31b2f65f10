/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_DIRS_H
#define CORE_DIRS_H

/* Makes DIR and its missing parents, for the operator alone; 0 or a negative errno. */
int make_dirs(const char *dir);

#endif
