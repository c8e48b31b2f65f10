// SPDX-License-Identifier: GPL-2.0-or-later
/* Who is meant by peer=: the words of an operator to the addresses that a node sees. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalogue.h"

#define ROLE "role:"

/* 192.0.2.7, 192.0.2.0/24, 2001:db8::/32 */
static bool is_address(const char *word)
{
	unsigned char a[16];
	char text[INET6_ADDRSTRLEN], *end = NULL;
	size_t len = strcspn(word, "/");
	bool six;

	if (len >= sizeof(text))
		return false;
	snprintf(text, sizeof(text), "%.*s", (int)len, word);
	six = strchr(text, ':');
	if (inet_pton(six ? AF_INET6 : AF_INET, text, a) != 1)
		return false;
	if (!word[len])
		return true;
	return word[len + 1] >= '0' && word[len + 1] <= '9' &&
	       strtol(word + len + 1, &end, 10) <= (six ? 128 : 32) && !*end;
}

static int add_node(const struct node_cfg *n, struct buf *out, struct err *e)
{
	const char *a = n->address ? n->address : n->host;

	if (!n->address && n->local) {
		err_set(e, -EINVAL, "%s: it is not known where its peers see it", n->name);
		return err_hint(e, "give it an address = \"…\" in cluster.cfg");
	}
	return buf_fmt(out, "%s%s", out->len ? " " : "", a);
}

static int add_role(const struct config *cfg, const struct node_cfg *self, const char *role,
		    struct buf *out, struct err *e)
{
	size_t before = out->len;
	int r = 0;

	for (size_t i = 0; i < cfg->nnodes && !r; i++) {
		const struct node_cfg *n = &cfg->nodes[i];

		for (char **w = n->roles; *w && n != self && !r; w++)
			if (strcmp(*w, role) == 0)
				r = add_node(n, out, e);
	}
	if (!r && out->len == before)
		r = err_set(e, -ENOENT, "no other node has the role '%s'", role);
	return r;
}

static int add_word(const struct config *cfg, const struct node_cfg *self, const char *word,
		    struct buf *out, struct err *e)
{
	const struct node_cfg *n = config_node(cfg, word);

	if (n == self)
		return err_set(e, -EINVAL, "'%s' is the target itself, no peer", word);
	if (n)
		return add_node(n, out, e);
	if (strncmp(word, ROLE, strlen(ROLE)) == 0)
		return add_role(cfg, self, word + strlen(ROLE), out, e);
	if (is_address(word))
		return buf_fmt(out, "%s%s", out->len ? " " : "", word);
	err_set(e, -ENOENT, "'%s' is no node, no role and no address", word);
	return err_hint(e, "a peer is a node of cluster.cfg, role:NAME, an address, or all");
}

int peers_expand(const struct config *cfg, const struct node_cfg *self, const char *value,
		 struct buf *out, struct err *e)
{
	char copy[sizeof(((struct params *)0)->value[0])], *save = NULL;
	bool all = false; /* everybody, whoever else was named */
	int r = 0;

	snprintf(copy, sizeof(copy), "%s", value);
	for (char *w = strtok_r(copy, ",", &save); w && !r; w = strtok_r(NULL, ",", &save)) {
		if (strcmp(w, "all") == 0)
			all = true;
		else
			r = add_word(cfg, self, w, out, e);
	}
	if (!r && all) {
		buf_clear(out);
		return buf_str(out, "all");
	}
	return r || out->len ? r : err_set(e, -EINVAL, "no peer was given");
}
