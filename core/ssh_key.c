// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The host's key. libssh says whether it is the known one; where it is not, known_hosts is read
 * once more, for what the operator must be told: which key is known, in which file and line.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ssh_priv.h"

#define FINGERPRINT_MAX 80

struct known {
	char fingerprint[FINGERPRINT_MAX]; /* of the first key that is known; "" none */
	char *file;                        /* where it is; NULL: none is known */
	int line;
	bool revoked; /* the offered key is marked @revoked */
};

static void fingerprint(ssh_key key, char *dst, size_t n)
{
	unsigned char *hash = NULL;
	size_t len;
	char *text = NULL;

	snprintf(dst, n, "(unreadable)");
	if (key && ssh_get_publickey_hash(key, SSH_PUBLICKEY_HASH_SHA256, &hash, &len) == 0)
		text = ssh_get_fingerprint_hash(SSH_PUBLICKEY_HASH_SHA256, hash, len);
	if (text)
		snprintf(dst, n, "%s", text);
	ssh_string_free_char(text);
	ssh_clean_pubkey_hash(&hash);
}

/* NAME as known_hosts has it: the port only where it is not 22. */
static int host_word(ssh_session s, char *dst, size_t n)
{
	char *host = NULL;
	unsigned port = 22;

	if (ssh_options_get(s, SSH_OPTIONS_HOST, &host) != SSH_OK)
		return -EPROTO;
	ssh_options_get_port(s, &port);
	for (char *p = host; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	snprintf(dst, n, port == 22 ? "%s" : "[%s]:%u", host, port);
	ssh_string_free_char(host);
	return 0;
}

static void look_at_line(const char *host, char *line, int number, const char *file,
			 ssh_key offered, struct known *k)
{
	static const char revoked[] = "@revoked ";
	struct ssh_knownhosts_entry *entry = NULL;
	const bool mark = strncmp(line, revoked, sizeof(revoked) - 1) == 0;

	line[strcspn(line, "\r\n")] = '\0';
	if (ssh_known_hosts_parse_line(host, mark ? line + sizeof(revoked) - 1 : line, &entry))
		return;
	if (mark) {
		k->revoked |= ssh_key_cmp(entry->publickey, offered, SSH_KEY_CMP_PUBLIC) == 0;
	} else if (!k->file) {
		k->file = strdup(file);
		k->line = number;
		fingerprint(entry->publickey, k->fingerprint, sizeof(k->fingerprint));
	}
	ssh_knownhosts_entry_free(entry);
}

static void look_at_file(const char *host, const char *file, ssh_key offered, struct known *k)
{
	FILE *f = fopen(file, "re");
	char *line = NULL;
	size_t cap = 0;

	if (!f)
		return;
	for (int number = 1; getline(&line, &cap, f) > 0; number++)
		if (*line != '#' && *line != '\n')
			look_at_line(host, line, number, file, offered, k);
	free(line);
	fclose(f);
}

static int look_up(ssh_session s, ssh_key offered, struct known *k)
{
	static const enum ssh_options_e files[] = { SSH_OPTIONS_KNOWNHOSTS,
						    SSH_OPTIONS_GLOBAL_KNOWNHOSTS };
	char host[300];
	const int r = host_word(s, host, sizeof(host));

	for (size_t i = 0; !r && i < sizeof(files) / sizeof(files[0]); i++) {
		char *file = NULL;
		if (ssh_options_get(s, files[i], &file) == SSH_OK)
			look_at_file(host, file, offered, k);
		ssh_string_free_char(file);
	}
	return r;
}

static int changed(const struct node_cfg *n, const struct known *k, const char *now, struct err *e)
{
	err_set(e, -EKEYREJECTED,
		"%s: THE HOST KEY HAS CHANGED: known is %s (%s line %d), the host offers %s",
		n->host, k->fingerprint, k->file ? k->file : "known_hosts", k->line, now);
	return err_hint(e,
			"somebody may be in between. Only if the host was really set up anew: "
			"delete line %d of %s",
			k->line, k->file ? k->file : "known_hosts");
}

static int unknown(struct ssh_t *t, const struct node_cfg *n, const struct transport_opts *o,
		   const char *now, struct err *e)
{
	const bool yes = o->accept_fingerprint && strcmp(o->accept_fingerprint, now) == 0;

	if (o->accept_new || yes) {
		if (ssh_session_update_known_hosts(t->s) == SSH_OK)
			return 0;
		return err_set(e, -EPROTO, "%s: its key cannot be written to known_hosts: %s",
			       n->host, ssh_get_error(t->s));
	}
	err_set(e, -ENOKEY, "%s: the host key is not known: %s", n->host, now);
	return err_hint(e, "compare it with `ssh-keygen -lf` of the key on the host; then "
			   "--accept-new, or yes in the console");
}

static int judge(struct ssh_t *t, const struct node_cfg *n, const struct transport_opts *o,
		 ssh_key offered, struct err *e)
{
	const enum ssh_known_hosts_e verdict = ssh_session_is_known_server(t->s);
	struct known k = { .file = NULL };
	char now[FINGERPRINT_MAX];
	int r = look_up(t->s, offered, &k);

	fingerprint(offered, now, sizeof(now));
	if (r || verdict == SSH_KNOWN_HOSTS_ERROR)
		r = err_set(e, -EPROTO, "%s: %s", n->host, ssh_get_error(t->s));
	else if (k.revoked)
		r = err_set(e, -EKEYREJECTED, "%s: the host key is revoked in known_hosts: %s",
			    n->host, now);
	else if (verdict == SSH_KNOWN_HOSTS_OK)
		r = 0;
	else if (verdict == SSH_KNOWN_HOSTS_CHANGED || verdict == SSH_KNOWN_HOSTS_OTHER || k.file)
		r = changed(n, &k, now, e); /* a known key of another type is as good as changed */
	else
		r = unknown(t, n, o, now, e);
	free(k.file);
	return r;
}

int ssh_key_check(struct ssh_t *t, const struct node_cfg *n, const struct transport_opts *o,
		  struct err *e)
{
	ssh_key offered = NULL;

	if (ssh_get_server_publickey(t->s, &offered) != SSH_OK)
		return err_set(e, -EPROTO, "%s: %s", n->host, ssh_get_error(t->s));
	const int r = judge(t, n, o, offered, e);
	ssh_key_free(offered);
	return r;
}
