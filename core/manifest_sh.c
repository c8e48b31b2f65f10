// SPDX-License-Identifier: GPL-2.0-or-later
/* The sh files of a manifest: read, checked, and put together for the collector. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "manifest_priv.h"
#include "ssh_spawn.h"

static int sh_name(struct schema *r, int line, const char *path, const char *name)
{
	size_t n = strlen(name);

	if (n > 3 && n < 64 && strcmp(name + n - 3, ".sh") == 0 && name[0] != '.' &&
	    !strchr(name, '/'))
		return 0;
	schema_mistake(r, line, "%s: expected a file NAME.sh of the same directory, found \"%s\"",
		       path, name);
	return -EINVAL;
}

const struct manifest_file *manifest_files(const struct manifest_library *lib, const char *name)
{
	for (; lib->name; lib++)
		if (strcmp(lib->name, name) == 0)
			return lib->files;
	return NULL;
}

const char *manifest_text(const struct manifest_file *files, const char *name)
{
	for (; files->name; files++)
		if (strcmp(files->name, name) == 0)
			return files->text;
	return NULL;
}

/* What `sh -n` says of TEXT: "" nothing. SAID holds N bytes. */
static void syntax_of(const char *file, char *said, size_t n)
{
	struct buf cmd = BUF_INIT(8192);
	ssize_t got = 0, more = 0;
	int ends[2];
	pid_t pid;

	buf_str(&cmd, "exec sh -n ");
	buf_shell(&cmd, file);
	if (!cmd.broken && sh_pair(ends) == 0) {
		if (sh_spawn(buf_text(&cmd), ends[1], ends[1], ends[1], &pid) == 0) {
			close_fd(&ends[1]);
			while ((more = read(ends[0], said + got, n - 1 - (size_t)got)) > 0)
				got += more;
			close_fd(&ends[0]);
			waitpid(pid, NULL, 0);
		}
		close_fd(&ends[0]);
		close_fd(&ends[1]);
	}
	said[got] = '\0';
	said[strcspn(said, "\n")] = '\0';
	buf_free(&cmd);
}

/* BACKEND/FILE.sh of a backend in this binary. */
static int add_shared(struct schema *r, int line, const char *path, const char *name,
		      struct buf *out)
{
	const struct manifest_file *files;
	const char *text = NULL, *slash = strchr(name, '/');
	char backend[64];

	snprintf(backend, sizeof(backend), "%.*s", (int)(slash - name), name);
	files = manifest_files(load_of(r)->lib, backend);
	if (files)
		text = manifest_text(files, slash + 1);
	if (text)
		return buf_str(out, text);
	schema_mistake(r, line, "%s: there is no %s among the files of this program", path, name);
	return -EINVAL;
}

/* Adds the text of the file NAME to OUT. */
static int add_file(struct schema *r, int line, const char *path, const char *name, struct buf *out)
{
	const struct load *l = load_of(r);
	char file[PATH_MAX + 70], said[300];
	struct err e = { .code = 0 };

	if (strchr(name, '/') && name[0] >= 'a' && name[0] <= 'z')
		return add_shared(r, line, path, name, out);
	if (sh_name(r, line, path, name))
		return -EINVAL;
	if (l->files)
		return buf_str(out, manifest_text(l->files, name));
	snprintf(file, sizeof(file), "%s/%s", r->dir, name);
	if (schema_file(file, out, &e)) {
		schema_mistake(r, line, "%s: %s", path,
			       out->broken ? "the files are too long together" : e.msg);
		return -EINVAL;
	}
	syntax_of(file, said, sizeof(said));
	if (said[0])
		schema_mistake(r, line, "%s: %s", path, said);
	return said[0] ? -EINVAL : 0;
}

/* "NAME() {" at the beginning of a line. */
static bool defines(const char *text, const char *name)
{
	size_t n = strlen(name);

	for (const char *at = strstr(text, name); at; at = strstr(at + 1, name))
		if ((at == text || at[-1] == '\n') && strncmp(at + n, "()", 2) == 0)
			return true;
	return false;
}

/* The files of a list, one behind the other; *DST is freed with the manifest. */
static int read_files(struct schema *r, const config_setting_t *s, const char *path, char **dst)
{
	struct buf text = BUF_INIT(MANIFEST_MAX_SCRIPT);
	char **files = NULL;
	int ret = schema_strings(r, s, path, &files);

	for (char **f = files; !ret && *f; f++)
		ret = add_file(r, schema_line(s), path, *f, &text);
	schema_free_strings(files);
	*dst = text.data;
	return ret;
}

static int read_script(struct schema *r, const config_setting_t *s, const char *path, char **dst,
		       const char *const *wanted)
{
	int ret = read_files(r, s, path, dst);

	for (; !ret && *wanted; wanted++)
		if (!*dst || !defines(*dst, *wanted))
			schema_mistake(r, schema_line(s), "%s: no file defines %s()", path,
				       *wanted);
	return ret;
}

int manifest_shell(struct schema *r, const config_setting_t *s, const char *path, void *dst)
{
	return read_files(r, s, path, dst);
}

int manifest_script(struct schema *r, const config_setting_t *s, const char *path, void *dst)
{
	static const char *const wanted[] = { "do_", "undo_", "verify_", "gone_", NULL };

	return read_script(r, s, path, dst, wanted);
}

int manifest_collect(struct schema *r, const config_setting_t *s, const char *path, void *dst)
{
	const char *v = schema_text(s);
	struct buf text = BUF_INIT(MANIFEST_MAX_SCRIPT);
	int ret;

	if (!v)
		return read_files(r, s, path, dst);
	ret = add_file(r, schema_line(s), path, v, &text);
	*(char **)dst = text.data;
	return ret;
}

/* NAME_fast finds the components, then asks the manifest's own; what it has not is empty. */
int manifest_collector(struct manifest *m)
{
	static const char *const parts[] = { "slow", "sweep" };
	struct buf b = BUF_INIT(MANIFEST_MAX_SCRIPT * 2);
	char fn[64];

	buf_str(&b, m->collect ? m->collect : "");
	for (size_t i = 0; i < m->ncomponents; i++)
		if (m->components[i].comm) {
			buf_str(&b, "fd_comms=${fd_comms-/}");
			buf_shell(&b, m->components[i].comm);
			buf_str(&b, "/\n");
		}
	buf_fmt(&b, "%s_fast() {\nfd_items=\n", m->name);
	for (size_t i = 0; i < m->ncomponents; i++) {
		const struct component *c = &m->components[i];

		if (!c->unit && !c->comm)
			continue;
		buf_fmt(&b, "fd_component %s %s ", m->name, c->name);
		buf_shell(&b, c->unit ? c->unit : "");
		buf_str(&b, " ");
		buf_shell(&b, c->comm ? c->comm : "");
		buf_str(&b, "\n");
	}
	snprintf(fn, sizeof(fn), "%s_items", m->name);
	buf_fmt(&b, "%s\n", m->collect && defines(m->collect, fn) ? fn : ":");
	snprintf(fn, sizeof(fn), "%s_slow", m->name);
	/* it tells more of items, where there are some */
	buf_fmt(&b, "%s\n}\n",
		m->collect && defines(m->collect, fn) ? "[ -z \"$fd_items\" ] || fd_ask_slow=1"
						      : ":");
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		snprintf(fn, sizeof(fn), "%s_%s", m->name, parts[i]);
		if (!m->collect || !defines(m->collect, fn))
			buf_fmt(&b, "%s() { :; }\n", fn);
	}
	free(m->collect);
	m->collect = b.data;
	return b.broken ? -ENOMEM : 0;
}
