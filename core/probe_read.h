/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_PROBE_READ_H
#define CORE_PROBE_READ_H
/* Reading the group `probes`, and what its words mean. */
#include "schema.h"

/* For the schema of cluster.cfg: DST is config.probes. */
int probe_cfg_read(struct schema *r, const config_setting_t *s, const char *path, void *dst);
/* When all of C is read: the nodes that they name. */
void probe_cfg_check(struct schema *r, const struct config *c);
void probe_cfg_free(struct probe_cfg *list, size_t n);
/* False where S is none. */
bool probe_expect_parse(const char *s, struct probe_expect *out);
/* A list of groups with the keys of those in cluster.cfg, for a file that may name any of its
 * nodes; *LIST is malloc'd. */
int probe_cfg_list(struct schema *r, const config_setting_t *s, const char *path,
		   struct probe_cfg **list, size_t *n);
void probe_cfg_check_list(struct schema *r, const struct config *c, const struct probe_cfg *list,
			  size_t n);
/* "HOST:PORT" or "[ADDRESS]:PORT"; HOST has N bytes. */
bool probe_host_port(const char *s, char *host, size_t n, unsigned *port);

#endif
