/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_SCHEMA_H
#define CORE_SCHEMA_H
/*
 * Reading a libconfig file by a table of its keys: cluster.cfg and the manifests. Every mistake is
 * kept with its line and what was expected; unknown keys are mistakes.
 */
#include <libconfig.h>
#include <limits.h>

#include "config.h"
#include "text.h"

#define SCHEMA_FILE_MAX (4 << 20)

struct schema {
	struct mistakes *m;
	char dir[PATH_MAX]; /* of the file: relative paths begin there */
	bool oom;
};

/* Where a value goes: BASE + OFFSET, and its line to BASE + LINE (0: nowhere). */
struct schema_key {
	const char *name;
	int (*read)(struct schema *r, const config_setting_t *s, const char *path, void *dst);
	size_t offset, line;
	bool required;
};
#define SCHEMA_AT(type, field) .offset = offsetof(struct type, field)

/* A whole text file into OUT, which says how much it takes; -ENOENT, -EACCES, -EFBIG … */
int schema_file(const char *path, struct buf *out, struct err *e);
void schema_set_dir(struct schema *r, const char *path);
/* READ takes the root over. 0, -EINVAL (the mistakes are in r->m, sorted) or -ENOMEM. */
int schema_parse(struct schema *r, const char *text,
		 void (*read)(struct schema *r, config_setting_t *root, void *arg), void *arg);
/* Reads G by KEYS, which end with a row without a name, into BASE; PREFIX begins their paths. */
void schema_group(struct schema *r, const config_setting_t *g, const char *prefix,
		  const struct schema_key *keys, void *base);

/* A list of 1 to MAX groups, each read by ITEM into its SIZE bytes of *LIST. */
int schema_list(struct schema *r, const config_setting_t *s, const char *path, int max, size_t size,
		void (*item)(struct schema *r, const config_setting_t *s, const char *prefix,
			     void *base),
		void *list, size_t *n);

void schema_mistake(struct schema *r, int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* "PATH: expected WHAT, found …"; returns -EINVAL. */
int schema_expected(struct schema *r, const config_setting_t *s, const char *path,
		    const char *what);
int schema_line(const config_setting_t *s);
/* NULL where S is no text, or an empty one. */
const char *schema_text(const config_setting_t *s);
/* A copy; notes that there was no memory. */
char *schema_keep(struct schema *r, const char *s);

/* Readers for schema_key. They keep their copy in DST, a char ** or char ***. */
int schema_string(struct schema *r, const config_setting_t *s, const char *path, void *dst);
int schema_name(struct schema *r, const config_setting_t *s, const char *path, void *dst);
int schema_path(struct schema *r, const config_setting_t *s, const char *path, void *dst);
int schema_bool(struct schema *r, const config_setting_t *s, const char *path, void *dst);
int schema_strings(struct schema *r, const config_setting_t *s, const char *path, void *dst);
int schema_paths(struct schema *r, const config_setting_t *s, const char *path, void *dst);
/* A number from 1 to MAX. */
int schema_int(struct schema *r, const config_setting_t *s, const char *path, int *dst, int max);
/* A time from 1s to MAX_MS. */
int schema_duration(struct schema *r, const config_setting_t *s, const char *path, int64_t *dst,
		    int64_t max_ms);
/* Takes NULL, and lists that end early. */
void schema_free_strings(char **list);

#endif
