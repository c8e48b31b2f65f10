// SPDX-License-Identifier: GPL-2.0-or-later
/* SSH sessions against a real sshd: connecting, keys, ssh_config, death, threads. */
#include "rig.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- keys ---- */

static void test_wrong_key(void **state)
{
	struct node_cfg n = rig_node();
	struct err e;

	(void)state;
	n.identity = (char *)(uintptr_t)rig_path("wrong");
	assert_int_equal(rig_try(&n, rig_config(true, ""), &e), -EACCES);
	assert_non_null(strstr(e.msg, "no key was accepted"));
	assert_non_null(strstr(e.hint, "wrong"));
	n.identity = (char *)(uintptr_t)rig_path("missing");
	assert_int_equal(rig_try(&n, rig_config(true, ""), &e), -EACCES);
	assert_non_null(strstr(e.msg, "cannot be read"));
	n.identity = (char *)(uintptr_t)rig_path("config");
	assert_int_equal(rig_try(&n, rig_config(true, ""), &e), -EACCES);
	assert_non_null(strstr(e.msg, "not a private key"));
}

static void test_passphrase_is_never_asked(void **state)
{
	struct node_cfg n = rig_node();
	char extra[400];
	struct err e;

	(void)state;
	n.identity = (char *)(uintptr_t)rig_path("locked");
	assert_int_equal(rig_try(&n, rig_config(true, ""), &e), -EACCES);
	assert_non_null(strstr(e.msg, "passphrase"));
	assert_non_null(strstr(e.hint, "ssh-add"));
	/* by ssh_config: passed over, and said */
	n.identity = NULL;
	unlink(rig_path("locked.pub"));
	snprintf(extra, sizeof(extra), "IdentityFile %s", rig_path("locked"));
	assert_int_equal(rig_try(&n, rig_config(true, extra), &e), -EACCES);
	assert_non_null(strstr(e.msg, "passphrase"));
	assert_non_null(strstr(e.hint, "ssh-agent"));
}

static void test_agent(void **state)
{
	struct node_cfg n = rig_node();
	char extra[400];

	(void)state;
	n.identity = NULL;
	snprintf(extra, sizeof(extra), "IdentityFile %s", rig_path("missing"));
	assert_int_equal(rig_try(&n, rig_config(true, extra), NULL), -EACCES);
	setenv("SSH_AUTH_SOCK", rig_path("agent"), 1);
	rig_opens(&n, rig_config(true, extra));
	/* identity is this key only: the agent's right one is not offered */
	n.identity = (char *)(uintptr_t)rig_path("wrong");
	assert_int_equal(rig_try(&n, rig_config(true, ""), NULL), -EACCES);
	unsetenv("SSH_AUTH_SOCK");
}

/* ---- reaching the host ---- */

static void test_refused_port(void **state)
{
	struct node_cfg n = rig_node();
	struct err e;

	(void)state;
	close(rig_listen(&n.port));
	assert_int_equal(rig_try(&n, rig_config(true, ""), &e), -ECONNREFUSED);
	assert_non_null(strstr(e.msg, "127.0.0.1"));
	assert_true(e.hint[0]);
}

static void test_unknown_name(void **state)
{
	/* longer than a label may be: refused by the resolver itself, nobody is asked */
	static char host[] =
		"a123456789a123456789a123456789a123456789a123456789a123456789a123456789";
	struct node_cfg n = rig_node();

	(void)state;
	n.host = host;
	assert_int_equal(rig_try(&n, rig_config(true, ""), NULL), -ENOENT);
}

/*
 * Stands before libc's: two names that no test could ask of a real name server. One has an address
 * where nothing listens before the right one; for the other the name server is silent.
 */
int getaddrinfo(const char *host, const char *port, const struct addrinfo *hints,
		struct addrinfo **list)
{
	int (*libc)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
	int r;

	*(void **)&libc = dlsym(RTLD_NEXT, "getaddrinfo");
	if (hints && hints->ai_flags & AI_NUMERICHOST)
		return libc(host, port, hints, list);
	if (strcmp(host, "silent.test") == 0)
		poll(NULL, 0, 1500);
	if (strcmp(host, "two.test") != 0)
		return libc(host, port, hints, list);
	r = libc("127.0.0.2", port, hints, list);
	return r ? r : libc("127.0.0.1", port, hints, &(*list)->ai_next);
}

static void test_second_address(void **state)
{
	static char host[] = "two.test";
	struct node_cfg n = rig_node();
	char extra[400];

	(void)state;
	n.host = host;
	rig_write("kh2", "[two.test]:%d %s\n", n.port, rig("RIG_HOST_KEY"));
	snprintf(extra, sizeof(extra), "UserKnownHostsFile %s", rig_path("kh2"));
	rig_opens(&n, rig_config(true, extra));
}

static void test_silent_name_server_is_bounded(void **state)
{
	static char host[] = "silent.test";
	struct transport_opts o = { .ssh_config = rig_config(true, ""), .connect_ms = 400 };
	struct node_cfg n = rig_node();
	struct transport *t = NULL;
	const int64_t begin = now_boot_ms();
	struct err e;

	(void)state;
	n.host = host;
	assert_int_equal(transport_open(&n, &o, &t, &e), -ETIMEDOUT);
	assert_non_null(strstr(e.msg, "name server"));
	assert_true(now_boot_ms() - begin < 1200);
}

struct server {
	int fd;
	const char *say; /* one byte each 20 ms; NULL: nothing */
	bool again;      /* from the beginning, for ever */
	volatile bool stop;
};

static void *trickle(void *arg)
{
	struct server *s = arg;
	const int c = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC);

	for (const char *p = s->say; !s->stop; p += *p != '\0') {
		if (!*p && s->again)
			p = s->say;
		if (*p && send(c, p, 1, MSG_NOSIGNAL) < 0)
			break;
		poll(NULL, 0, 20);
	}
	close(c);
	return NULL;
}

static void test_silent_servers_are_bounded(void **state)
{
	static const struct server kinds[] = {
		{ .say = "" },
		{ .say = "SSH-2.0-OpenSSH_9.2\r\n" },
		{ .say = "words before the banner\r\n", .again = true },
		{ .say = "SSH-2.0-a-banner-that-never-ends", .again = false },
	};
	struct node_cfg n = rig_node();
	struct err e;

	(void)state;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		struct server s = kinds[i];
		pthread_t id;
		s.fd = rig_listen(&n.port);
		assert_int_equal(pthread_create(&id, NULL, trickle, &s), 0);
		rig_bounded(&n, &e);
		s.stop = true;
		pthread_join(id, NULL);
		close(s.fd);
	}
	/* nobody even accepts */
	const int fd = rig_listen(&n.port);
	rig_bounded(&n, &e);
	close(fd);
}

static void test_not_an_ssh_server(void **state)
{
	struct server s = { .say = "220 mail.example.org ESMTP\r\n", .stop = false };
	struct node_cfg n = rig_node();
	pthread_t id;
	int r;

	(void)state;
	s.fd = rig_listen(&n.port);
	shutdown(s.fd, SHUT_RD); /* refuses what comes */
	r = rig_try(&n, rig_config(true, ""), NULL);
	assert_true(r == -ECONNREFUSED || r == -EPROTO);
	close(s.fd);
	s.fd = rig_listen(&n.port);
	s.say = "";
	s.stop = true; /* closes at once */
	assert_int_equal(pthread_create(&id, NULL, trickle, &s), 0);
	assert_int_equal(rig_try(&n, rig_config(true, ""), NULL), -EPROTO);
	pthread_join(id, NULL);
	close(s.fd);
}

/* ---- ssh_config ---- */

static void test_ssh_config_is_honoured(void **state)
{
	static char alias[] = "the-node";
	struct node_cfg n = { .name = alias, .host = alias };
	char extra[800];
	const char *config;

	(void)state;
	rig_write("kh2", "[127.0.0.1]:%d %s\n", rig_port("RIG_PORT"), rig("RIG_HOST_KEY"));
	snprintf(extra, sizeof(extra),
		 "Host the-node\n\tHostName 127.0.0.1\n\tPort %d\n\tUser %s\n\tIdentityFile %s\n"
		 "\tUserKnownHostsFile %s\n",
		 rig_port("RIG_PORT"), rig("RIG_USER"), rig_path("key"), rig_path("kh2"));
	config = rig_config(false, extra);
	rig_opens(&n, config);
	/* cluster.cfg wins */
	close(rig_listen(&n.port));
	assert_int_equal(rig_try(&n, config, NULL), -ECONNREFUSED);
	n.port = 0;
	n.user = (char *)(uintptr_t) "nobody-of-that-name";
	assert_int_equal(rig_try(&n, config, NULL), -EACCES);
	n.user = NULL;
	n.identity = (char *)(uintptr_t)rig_path("wrong");
	assert_int_equal(rig_try(&n, config, NULL), -EACCES);
}

static void test_ssh_config_that_is_missing(void **state)
{
	struct node_cfg n = rig_node();
	struct err e;

	(void)state;
	assert_int_equal(rig_try(&n, rig_path("no-such-config"), &e), -EINVAL);
	assert_non_null(strstr(e.msg, "no-such-config"));
}

static void test_nothing_is_printed(void **state)
{
	struct node_cfg n = rig_node();
	const int saved = dup(2);
	const int fd = open(rig_path("stderr"), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);

	(void)state;
	dup2(fd, 2);
	const int r = rig_try(&n, rig_config(true, "LogLevel DEBUG3"), NULL);
	dup2(saved, 2);
	close(saved);
	close(fd);
	assert_int_equal(r, 0);
	assert_string_equal(rig_read("stderr"), "");
}

/* ---- sessions that die, and many of them ---- */

static pid_t session_pid(struct transport *t)
{
	struct buf b = BUF_INIT(100);
	struct transport_cmd c = { .cmd = "echo $PPID" };
	int status;

	assert_int_equal(transport_run(t, &c, &b, NULL, &status, NULL), 0);
	const pid_t pid = (pid_t)atoi(buf_text(&b));
	assert_true(pid > 1);
	buf_free(&b);
	return pid;
}

static void *kill_soon(void *arg)
{
	poll(NULL, 0, 300);
	kill(*(pid_t *)arg, SIGKILL);
	return NULL;
}

static void test_session_killed(void **state)
{
	struct transport_cmd c = { .cmd = "exec sleep 8", .timeout_ms = 20000 };
	struct transport *t = *state;
	pid_t pid = session_pid(t);
	struct buf b = BUF_INIT(100);
	struct chan *ch;
	pthread_t id;
	struct err e;
	int status = -77;

	assert_int_equal(chan_open(t, "exec cat", &ch, NULL), 0);
	assert_int_equal(pthread_create(&id, NULL, kill_soon, &pid), 0);
	const int64_t begin = now_boot_ms();
	assert_int_equal(transport_run(t, &c, &b, NULL, &status, &e), -EPIPE);
	assert_true(now_boot_ms() - begin < 5000);
	assert_true(e.msg[0]);
	assert_int_equal(status, -77);
	pthread_join(id, NULL);
	assert_int_equal(transport_run(t, &c, &b, NULL, &status, &e), -EPIPE);
	assert_int_equal(chan_read(ch, &b, 1000, &e), -EPIPE);
	assert_int_equal(chan_write(ch, "x", 1, 1000, &e), -EPIPE);
	buf_free(&b);
}

static void test_session_killed_while_idle(void **state)
{
	struct transport_cmd c = { .cmd = "true" };
	const pid_t pid = session_pid(*state);
	int status;

	kill(pid, SIGKILL);
	assert_true(rig_gone(pid));
	assert_int_equal(transport_run(*state, &c, NULL, NULL, &status, NULL), -EPIPE);
}

static void test_too_many_channels(void **state)
{
	struct transport_cmd c = { .cmd = "true" };
	struct chan *ch[8];
	struct err e;
	int r = 0, n = 0, status;

	while (n < 8 && !(r = chan_open(*state, "exec cat", &ch[n], &e)))
		n++;
	assert_int_equal(n, 5); /* MaxSessions */
	assert_int_equal(r, -EPROTO);
	assert_non_null(strstr(e.hint, "MaxSessions"));
	chan_close(ch[0]);
	/* the session is none the worse for it; sshd may need a moment for the closed one */
	for (int i = 0; i < 100; i++) {
		r = transport_run(*state, &c, NULL, NULL, &status, &e);
		if (r != -EPROTO)
			break;
		poll(NULL, 0, 20);
	}
	assert_int_equal(r, 0);
}

static void *one_of_many(void *config)
{
	struct node_cfg n = rig_node();
	struct transport_opts o = { .ssh_config = config, .connect_ms = 30000 };
	intptr_t bad = 0;

	for (int i = 0; i < 3; i++) {
		struct transport_cmd c = { .cmd = "exit 9" };
		struct transport *t = NULL;
		int status = 0;
		if (transport_open(&n, &o, &t, NULL))
			return (void *)(intptr_t)100;
		for (int k = 0; k < 5; k++)
			bad += transport_run(t, &c, NULL, NULL, &status, NULL) || status != 9;
		transport_close(t);
	}
	return (void *)bad;
}

static void test_sessions_in_threads(void **state)
{
	char config[300];
	pthread_t id[4];

	(void)state;
	snprintf(config, sizeof(config), "%s", rig_config(true, ""));
	for (size_t i = 0; i < COUNT(id); i++)
		assert_int_equal(pthread_create(&id[i], NULL, one_of_many, config), 0);
	for (size_t i = 0; i < COUNT(id); i++) {
		void *bad;
		pthread_join(id[i], &bad);
		assert_null(bad);
	}
}

/* ---- */

static int open_ssh(void **state)
{
	*state = rig_open();
	return 0;
}

static int close_ssh(void **state)
{
	transport_close(*state);
	return 0;
}

/* Last: all of the above left no descriptor open and no child behind. */
static int fds_before;
static void test_nothing_is_left(void **state)
{
	(void)state;
	assert_int_equal(rig_open_fds(), fds_before);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static const struct CMUnitTest session_tests[] = {
	cmocka_unit_test(test_wrong_key),
	cmocka_unit_test(test_passphrase_is_never_asked),
	cmocka_unit_test(test_agent),
	cmocka_unit_test(test_refused_port),
	cmocka_unit_test(test_unknown_name),
	cmocka_unit_test(test_second_address),
	cmocka_unit_test(test_silent_name_server_is_bounded),
	cmocka_unit_test(test_silent_servers_are_bounded),
	cmocka_unit_test(test_not_an_ssh_server),
	cmocka_unit_test(test_ssh_config_is_honoured),
	cmocka_unit_test(test_ssh_config_that_is_missing),
	cmocka_unit_test(test_nothing_is_printed),
	cmocka_unit_test_setup_teardown(test_session_killed, open_ssh, close_ssh),
	cmocka_unit_test_setup_teardown(test_session_killed_while_idle, open_ssh, close_ssh),
	cmocka_unit_test_setup_teardown(test_too_many_channels, open_ssh, close_ssh),
	cmocka_unit_test(test_sessions_in_threads),
};

static void add(struct CMUnitTest *all, size_t *n, const struct CMUnitTest *more, size_t nmore)
{
	memcpy(all + *n, more, nmore * sizeof(*more));
	*n += nmore;
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest last = cmocka_unit_test(test_nothing_is_left);
	static struct CMUnitTest all[100];
	size_t n = 0;

	add(all, &n, contract_tests, ncontract_tests);
	add(all, &n, key_tests, nkey_tests);
	add(all, &n, jump_tests, njump_tests);
	add(all, &n, session_tests, COUNT(session_tests));
	add(all, &n, &last, 1);
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	fds_before = rig_open_fds();
	return _cmocka_run_group_tests("ssh", all, n, NULL, NULL);
}
