/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BACKENDS_BACKENDS_H
#define BACKENDS_BACKENDS_H
/* What can be broken: each a folder below this one, all behind struct backend. */
#include "../core/catalogue.h"

/* NULL-terminated. */
extern const struct backend *const backends[];

#endif
