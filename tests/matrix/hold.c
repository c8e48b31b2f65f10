// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * LD_PRELOADed into faultdeck: its thread stands still at one line of the journal, while the rest
 * of the program goes on. HOLD is "before:STATE" (the line is not written yet) or "after:STATE"
 * (it is fsynced); HOLD_AT.held appears when it stands, and HOLD_AT.go lets it go on.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int held_fd = -1; /* the line was written there, its fsync is still to come */
static int over;

/* Is this the line that is waited for: a whole record with that state. */
static int is_line(const void *buf, size_t n)
{
	const char *hold = getenv("HOLD");
	const char *state = hold ? strchr(hold, ':') : NULL;
	char want[40];

	if (!state || over)
		return 0;
	snprintf(want, sizeof(want), "\"state\":\"%s\"", state + 1);
	return memmem(buf, n, want, strlen(want)) && memmem(buf, n, "\"aftermath\"", 11);
}

static void stand(void)
{
	char path[400];
	FILE *f;

	over = 1;
	snprintf(path, sizeof(path), "%s.held", getenv("HOLD_AT"));
	f = fopen(path, "w");
	if (f)
		fclose(f);
	snprintf(path, sizeof(path), "%s.go", getenv("HOLD_AT"));
	while (access(path, F_OK))
		usleep(5000);
}

ssize_t write(int fd, const void *buf, size_t n)
{
	static ssize_t (*real)(int, const void *, size_t);

	if (!real)
		real = (ssize_t(*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
	if (is_line(buf, n)) {
		if (strncmp(getenv("HOLD"), "before:", 7) == 0)
			stand();
		else
			held_fd = fd;
	}
	return real(fd, buf, n);
}

int fsync(int fd)
{
	static int (*real)(int);
	int r;

	if (!real)
		real = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
	r = real(fd);
	if (fd == held_fd) {
		held_fd = -1;
		stand();
	}
	return r;
}
