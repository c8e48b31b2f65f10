// SPDX-License-Identifier: GPL-2.0-or-later
#include "run_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dirs.h"

#define LOCK_BYTES (1u << 20)

bool targets_overlap(const struct target *a, const struct target *b)
{
	const unsigned guest = 1u << KIND_VM | 1u << KIND_VCPU;

	if (strcmp(a->node, b->node) != 0)
		return false;
	if (a->kind == KIND_NODE || b->kind == KIND_NODE || target_equal(a, b))
		return true;
	return (guest & 1u << a->kind) && (guest & 1u << b->kind) && strcmp(a->name, b->name) == 0;
}

/* What another file says: its first line is the scenario, the others are targets. */
static bool overlaps(const struct scenario_plan *p, const char *line, char *which)
{
	struct target t;

	if (target_parse(line, &t, NULL))
		return false;
	for (size_t i = 0; i < p->nacts; i++)
		for (size_t k = 0; p->acts[i].plan && k < p->acts[i].plan->nitems; k++)
			if (targets_overlap(&t, &p->acts[i].plan->items[k].target)) {
				target_str(which, &t);
				return true;
			}
	return false;
}

static int compare(const struct scenario_plan *p, char *text, struct err *e)
{
	char *save = NULL, *head = strtok_r(text, "\n", &save), who[160], which[TARGET_MAX];

	text_clean(who, sizeof(who), head ? head : "?");
	for (char *l = strtok_r(NULL, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		if (!overlaps(p, l, which))
			continue;
		err_set(e, -EBUSY, "the scenario %s runs on %s", who, which);
		return err_hint(e, "wait for its end, or abort it there");
	}
	return 0;
}

static int read_file(int fd, char *text, size_t n)
{
	ssize_t got = pread(fd, text, n - 1, 0);

	text[got > 0 ? got : 0] = '\0';
	return got < 0 ? -errno : 0;
}

/* 0: nothing in the way. A file that nobody holds is what a killed program left. */
static int look(const struct scenario_plan *p, const char *path, char *text, struct err *e)
{
	int fd = open(path, O_RDWR | O_CLOEXEC), r;

	if (fd < 0)
		return errno == ENOENT ? 0 : err_set(e, -errno, "%s: %s", path, strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
		unlink(path);
		close(fd);
		return 0;
	}
	r = read_file(fd, text, LOCK_BYTES);
	if (!r)
		r = compare(p, text, e);
	close(fd);
	return r;
}

static int look_at_all(const char *dir, const struct scenario_plan *p, struct err *e)
{
	char pattern[600], *text = malloc(LOCK_BYTES);
	glob_t g = { 0 };
	int r = 0;

	if (!text) {
		err_set(e, -ENOMEM, "out of memory");
		return -ENOMEM;
	}
	snprintf(pattern, sizeof(pattern), "%.500s/*.run", dir);
	if (glob(pattern, 0, NULL, &g) == 0)
		for (size_t i = 0; i < g.gl_pathc && !r; i++)
			r = look(p, g.gl_pathv[i], text, e);
	globfree(&g);
	free(text);
	return r;
}

static int write_own(int fd, const struct scenario_plan *p)
{
	struct buf b = BUF_INIT(LOCK_BYTES / 2);
	char name[TARGET_MAX], at[32];
	bool ok;

	buf_fmt(&b, "%s (process %d, since %s)\n", scenario_name(p->scenario), (int)getpid(),
		text_time(at, sizeof(at), now_unix_ms()));
	for (size_t i = 0; i < p->nacts; i++)
		for (size_t k = 0; p->acts[i].plan && k < p->acts[i].plan->nitems; k++)
			buf_fmt(&b, "%s\n", target_str(name, &p->acts[i].plan->items[k].target));
	ok = !b.broken && write(fd, b.data, b.len) == (ssize_t)b.len;
	buf_free(&b);
	return ok ? 0 : -EIO;
}

static int make_own(const char *dir, const struct scenario_plan *p, struct run_lock *out,
		    struct err *e)
{
	unsigned char id[6] = { 0 };
	int r = 0;

	if (getrandom(id, sizeof(id), 0) != sizeof(id))
		memcpy(id, &(uint32_t){ (uint32_t)now_boot_ms() }, sizeof(uint32_t));
	snprintf(out->path, sizeof(out->path), "%.500s/%02x%02x%02x%02x%02x%02x.run", dir, id[0],
		 id[1], id[2], id[3], id[4], id[5]);
	out->fd = open(out->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (out->fd < 0 || flock(out->fd, LOCK_EX | LOCK_NB))
		r = -errno;
	if (!r)
		r = write_own(out->fd, p);
	if (!r)
		return 0;
	run_lock_drop(out);
	return err_set(e, r, "%s: %s", out->path, strerror(-r));
}

int run_lock_take(const char *state_dir, const struct scenario_plan *p, struct run_lock *out,
		  struct err *e)
{
	char dir[512], all[600];
	int fd, r;

	out->fd = -1;
	snprintf(dir, sizeof(dir), "%.480s/runs", state_dir);
	snprintf(all, sizeof(all), "%s/lock", dir);
	r = make_dirs(dir);
	fd = r ? -1 : open(all, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || flock(fd, LOCK_EX)) {
		r = r ? r : -errno;
		if (fd >= 0)
			close(fd);
		return err_set(e, r, "%s: %s", all, strerror(-r));
	}
	r = look_at_all(dir, p, e);
	if (!r)
		r = make_own(dir, p, out, e);
	close(fd);
	return r;
}

void run_lock_drop(struct run_lock *l)
{
	if (l->fd < 0)
		return;
	unlink(l->path);
	close(l->fd);
	l->fd = -1;
}
