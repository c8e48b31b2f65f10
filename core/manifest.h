/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_MANIFEST_H
#define CORE_MANIFEST_H
/*
 * A backend without C: NAME.cfg (libconfig) and sh files in one directory, or the same texts in
 * this binary. docs/backends.md is its reference; every mistake is reported with its line.
 */
#include "catalogue.h"

#define MANIFEST_MAX_FAULTS 200
#define MANIFEST_MAX_SCRIPT (96u << 10) /* of one fault, and of the collector */

/* A text that is in the binary; a list of them ends with one without a name. */
struct manifest_file {
	const char *name, *text;
};

/* The texts of the backends in this binary; ends with one without a name. */
struct manifest_library {
	const char *name; /* of the backend */
	const struct manifest_file *files;
};

/*
 * A list of sh files may name those of a backend in LIB as BACKEND/FILE.sh.
 * DIR's last part is NAME. 0 and *OUT, or a negative errno with *OUT untouched; -EINVAL: the
 * mistakes are in M, and are those of the file PATH (of PATH_MAX bytes).
 */
int manifest_load(const char *dir, const struct manifest_library *lib, struct backend **out,
		  struct mistakes *m, char *path, struct err *e);
int manifest_embedded(const char *name, const struct manifest_library *lib, struct backend **out,
		      struct mistakes *m, struct err *e);
/* Only for what these two gave. Takes NULL, returns NULL. */
struct backend *manifest_free(struct backend *b);

#endif
