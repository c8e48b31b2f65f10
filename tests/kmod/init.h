/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef INIT_H
#define INIT_H

/* As process 1: sets the machine up, returns in a child, and powers off when that ends. */
void init_if_first(void);

#endif
