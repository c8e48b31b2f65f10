/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_CONFIG_H
#define CORE_CONFIG_H
/*
 * cluster.cfg (libconfig). DESIGN section 6: every mistake is reported with file, line and what was
 * expected; a syntax error alone, else all mistakes of the file at once; unknown keys are mistakes.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "hours.h"
#include "probe_cfg.h"

#define CONFIG_MAX_NODES    10000
#define CONFIG_MAX_MISTAKES 200
#define CONFIG_PLACES_MAX   8 /* directories of scenarios */

/* symbols = { file-write = "rw_verify_area"; }: the function to hook for a point, named by hand. */
struct symbol_cfg {
	char *point, *function;
};

/* settings = { hadoop_user = "hdfs"; }: what a backend cannot find out by itself; it lists the
 * names. */
struct setting_cfg {
	char *name, *value;
	int line;
};

struct node_cfg {
	char *name;     /* unique, printable, no '@', ':', '/', ',' or space; at most 63 bytes */
	char *host;     /* what SSH connects to; "local" is this machine, without SSH */
	int port;       /* 1–65535, 0: as ssh_config says, else 22 */
	char *address;  /* where peers see it, NULL: as host */
	char *user;     /* NULL: as ssh_config says, else the operator's name */
	char *identity; /* private key file, NULL: agent and ssh_config */
	char *jump;     /* [user@]host[:port] of a jump host, NULL: none */
	char **roles;   /* NULL-terminated, may be empty, never NULL */
	bool disposable;
	bool local; /* host = "local" */
	struct symbol_cfg *symbols;
	size_t nsymbols;
	int line; /* where the group begins in cluster.cfg */
};

/* A limit that the file does not give is 0 (or NULL) with line 0: no such limit. */
struct guard_cfg {
	int max_nodes, max_nodes_line;
	int max_injections, max_injections_line;
	int64_t max_ttl_ms;
	int max_ttl_line;
	char **protected_nodes; /* NULL-terminated, NULL: none */
	int protected_line;
	bool quorum;
	int quorum_line;
	struct hours *hours; /* one of them must hold */
	char **hours_text;   /* as written, parallel to hours */
	size_t nhours;
	int hours_line;
};

struct config {
	char *path;
	char *cluster;    /* `cluster = "lab"`, else the file's name without .cfg */
	char *banner;     /* colour name of the banner: "green" (default), "red" … */
	char *theme;      /* NULL: the console's default */
	char *ssh_config; /* instead of ~/.ssh/config; relative to cluster.cfg; NULL: the user's own
			   */
	struct node_cfg *nodes;
	size_t nnodes;
	struct guard_cfg guard;
	struct probe_cfg *probes;
	size_t nprobes;
	struct setting_cfg *settings;
	size_t nsettings;
	char **backends;  /* directories of the user's own backends; NULL: none */
	char **scenarios; /* of scenarios; NULL: none besides the usual ones */
};

struct mistake {
	int line; /* 0: the file as a whole */
	char msg[320];
};

struct mistakes {
	struct mistake list[CONFIG_MAX_MISTAKES];
	size_t n;       /* listed */
	size_t dropped; /* over the limit, counted only */
};

/*
 * Reads PATH. 0 and *OUT (to be freed with config_free), or a negative errno with *OUT untouched:
 * -ENOENT, -EACCES … the file cannot be read; -EINVAL the mistakes are listed in M, in the order of
 * their lines. M is reset first.
 */
int config_load(const char *path, struct config **out, struct mistakes *m, struct err *e);
struct config *config_free(struct config *c);
/* NULL if there is none. */
const struct node_cfg *config_node(const struct config *c, const char *name);

#endif
