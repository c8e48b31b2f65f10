// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

const char *rig(const char *name)
{
	const char *v = getenv(name);

	if (!v)
		fail_msg("%s is not set: this program is started by tests/ssh/run", name);
	return v;
}

int rig_port(const char *name)
{
	return atoi(rig(name));
}

const char *rig_path(const char *name)
{
	static char paths[64][300];
	char path[300];
	size_t i = 0;

	snprintf(path, sizeof(path), "%s/%s", rig("RIG_DIR"), name);
	while (i < COUNT(paths) - 1 && paths[i][0] && strcmp(paths[i], path))
		i++;
	if (!paths[i][0])
		strcpy(paths[i], path);
	assert_string_equal(paths[i], path);
	return paths[i];
}

void rig_write(const char *name, const char *fmt, ...)
{
	FILE *f = fopen(rig_path(name), "we");
	va_list ap;

	assert_non_null(f);
	va_start(ap, fmt);
	vfprintf(f, fmt, ap);
	va_end(ap);
	assert_int_equal(fclose(f), 0);
}

const char *rig_read(const char *name)
{
	static char text[16384];
	FILE *f = fopen(rig_path(name), "re");

	text[0] = '\0';
	if (!f)
		return text;
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	return text;
}

const char *rig_config(bool known, const char *extra)
{
	if (known)
		rig_write("kh", "[127.0.0.1]:%d %s\n[127.0.0.1]:%d %s\n", rig_port("RIG_PORT"),
			  rig("RIG_HOST_KEY"), rig_port("RIG_JUMP_PORT"), rig("RIG_JUMP_KEY"));
	else
		rig_write("kh", "%s", "");
	rig_write("config",
		  "%s\nHost *\n\tUserKnownHostsFile %s\n\tGlobalKnownHostsFile /dev/null\n", extra,
		  rig_path("kh"));
	return rig_path("config");
}

struct node_cfg rig_node(void)
{
	static char host[] = "127.0.0.1", name[] = "node";
	static char key[300];

	snprintf(key, sizeof(key), "%s", rig_path("key"));
	return (struct node_cfg){
		.name = name, .host = host, .port = rig_port("RIG_PORT"), .identity = key
	};
}

struct transport *rig_open(void)
{
	struct transport_opts o = { .ssh_config = rig_config(true, "") };
	struct node_cfg n = rig_node();
	struct transport *t = NULL;
	struct err e = { .code = 0 };

	if (transport_open(&n, &o, &t, &e))
		fail_msg("%s", e.msg);
	return t;
}

int rig_try(struct node_cfg *n, const char *config, struct err *e)
{
	struct transport_opts o = { .ssh_config = config, .connect_ms = 10000 };
	struct transport *t = NULL;
	const int r = transport_open(n, &o, &t, e);

	if (!r) {
		struct transport_cmd c = { .cmd = "exit 5" };
		int status;
		assert_int_equal(transport_run(t, &c, NULL, NULL, &status, e), 0);
		assert_int_equal(status, 5);
	}
	transport_close(t);
	return r;
}

void rig_opens(struct node_cfg *n, const char *config)
{
	struct err e = { .code = 0 };

	if (rig_try(n, config, &e))
		fail_msg("%s (%s)", e.msg, e.hint);
}

void rig_bounded(struct node_cfg *n, struct err *e)
{
	struct transport_opts o = { .ssh_config = rig_config(true, ""), .connect_ms = 600 };
	struct transport *t = NULL;
	const int64_t begin = now_boot_ms();

	assert_int_equal(transport_open(n, &o, &t, e), -ETIMEDOUT);
	const int64_t took = now_boot_ms() - begin;
	assert_null(t);
	assert_true(took >= 550 && took < 2000);
}

int rig_listen(int *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(a);
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(fd, 8), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
	*port = ntohs(a.sin_port);
	return fd;
}

bool rig_gone(pid_t pid)
{
	for (int i = 0; i < 500; i++) {
		if (kill(pid, 0) && errno == ESRCH)
			return true;
		poll(NULL, 0, 10);
	}
	return false;
}

int rig_open_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}
