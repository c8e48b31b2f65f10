// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A crowd of nodes that costs nothing: a stand-in SSH server (libssh's) whose answers are canned,
 * so that the console is measured and not the shells of a thousand nodes on the same machine; and
 * one that stops where it is told to, which no sshd does.
 *
 *   crowd HOSTKEY PORT:MODE…        all addresses of 127.0.0.0/8; says "ready" when all listen
 *
 * MODE: answer, or where it hangs: kex, auth, open, exec, output. An "empty" is answered by an
 * empty block, a restore-all after as long as one takes on a node.
 */
#include <arpa/inet.h>
#include <libssh/callbacks.h>
#include <libssh/libssh.h>
#include <libssh/server.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define SWEEP_MS 150

enum mode { ANSWER, KEX, AUTH, OPEN, EXEC, OUTPUT, MODES };
static const char *const mode_words[MODES] = { "answer", "kex", "auth", "open", "exec", "output" };
static const char *host_key;

struct client {
	int fd;
	enum mode mode;
	ssh_session s;
	ssh_event event;
	struct ssh_server_callbacks_struct server;
	struct ssh_channel_callbacks_struct channel;
};

static void hang(void)
{
	for (;;)
		pause();
}

static void answer(ssh_channel ch, bool slow)
{
	static const char *const services[] = { "dbus", "ssh", "systemd-journald",
						"systemd-logind" };
	struct timespec now;
	char text[2048];
	int n;

	clock_gettime(CLOCK_BOOTTIME, &now);
	if (slow) {
		ssh_channel_write(ch, ":node\t\nlacks\t\n.\n", 16);
		return;
	}
	n = snprintf(
		text, sizeof(text),
		"t\t%lld\n:node\t\narch\tx86_64\nkernel\t6.1.0-51-amd64\nroot\tyes\n"
		"boot\t00000000-0000-4000-8000-000000000000\nload\t0.42\n"
		"mem_total\t25276514304\nmem_free\t23593082880\n:node\t\nmodule\tabsent\nkvm\tno\n",
		(long long)now.tv_sec * 1000 + now.tv_nsec / 1000000);
	for (size_t i = 0; i < sizeof(services) / sizeof(*services); i++)
		n += snprintf(text + n, sizeof(text) - (size_t)n,
			      ":service\t%s\nunit\t%s.service\nstate\tup\npid\t%zu\nstarted\t%zu\n"
			      "rss\t5242880\ncpu\t%lld\n",
			      services[i], services[i], 100 + i, 113000 + i,
			      (long long)now.tv_sec * 10);
	ssh_channel_write(ch, text, (uint32_t)n);
	ssh_channel_write(ch, "?\n.\n", 4); /* as a node does whose faults need something */
}

static bool ends(const char *data, uint32_t len, const char *with)
{
	const size_t n = strlen(with);

	return len >= n && memcmp(data + len - n, with, n) == 0;
}

static int on_data(ssh_session s, ssh_channel ch, void *data, uint32_t len, int is_stderr,
		   void *arg)
{
	const struct client *c = arg;

	(void)s, (void)is_stderr;
	if (c->mode != ANSWER) {
		return (int)len;
	} else if (ends(data, len, "_sweep ''\n")) {
		usleep(SWEEP_MS * 1000);
		ssh_channel_write(ch, "swept\tone\nstatus\t0\n.\n", 21);
	} else if (ends(data, len, "empty\n")) {
		ssh_channel_write(ch, ".\n", 2);
	} else if (ends(data, len, "fast\n") || ends(data, len, "fast\nexit\n")) {
		answer(ch, false);
	} else if (ends(data, len, "slow\n") || ends(data, len, "slow\nexit\n")) {
		answer(ch, true);
	}
	return (int)len;
}

static int on_exec(ssh_session s, ssh_channel ch, const char *cmd, void *arg)
{
	const struct client *c = arg;

	(void)s, (void)ch, (void)cmd;
	if (c->mode == EXEC)
		hang();
	return 0;
}

static ssh_channel on_open(ssh_session s, void *arg)
{
	struct client *c = arg;
	ssh_channel ch;

	if (c->mode == OPEN)
		hang();
	ch = ssh_channel_new(s);
	ssh_set_channel_callbacks(ch, &c->channel);
	return ch;
}

static int on_pubkey(ssh_session s, const char *user, struct ssh_key_struct *key, char state,
		     void *arg)
{
	const struct client *c = arg;

	(void)s, (void)user, (void)key, (void)state;
	if (c->mode == AUTH)
		hang();
	return SSH_AUTH_SUCCESS;
}

static void *serve(void *arg)
{
	struct client *c = arg;
	ssh_bind b = ssh_bind_new();
	const int off = 0, on = 1;

	if (c->mode == KEX)
		hang();
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	c->s = ssh_new();
	ssh_bind_options_set(b, SSH_BIND_OPTIONS_PROCESS_CONFIG, &off);
	ssh_bind_options_set(b, SSH_BIND_OPTIONS_HOSTKEY, host_key);
	ssh_callbacks_init(&c->server);
	c->server.userdata = c;
	c->server.auth_pubkey_function = on_pubkey;
	c->server.channel_open_request_session_function = on_open;
	ssh_callbacks_init(&c->channel);
	c->channel.userdata = c;
	c->channel.channel_exec_request_function = on_exec;
	c->channel.channel_data_function = on_data;
	if (ssh_bind_accept_fd(b, c->s, c->fd) == SSH_OK) {
		ssh_set_server_callbacks(c->s, &c->server);
		ssh_set_auth_methods(c->s, SSH_AUTH_METHOD_PUBLICKEY);
		c->event = ssh_event_new();
		if (ssh_handle_key_exchange(c->s) == SSH_OK &&
		    ssh_event_add_session(c->event, c->s) == SSH_OK)
			while (ssh_event_dopoll(c->event, -1) != SSH_ERROR &&
			       ssh_is_connected(c->s))
				;
		ssh_event_free(c->event);
	}
	ssh_disconnect(c->s);
	ssh_free(c->s);
	ssh_bind_free(b);
	free(c);
	return NULL;
}

struct port {
	int fd;
	enum mode mode;
};

static void *listen_on(void *arg)
{
	const struct port *p = arg;
	pthread_attr_t attr;
	pthread_t id;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 256u << 10);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	for (;;) {
		struct client *c = calloc(1, sizeof(*c));

		c->mode = p->mode;
		c->fd = accept(p->fd, NULL, NULL);
		if (c->fd < 0 || pthread_create(&id, &attr, serve, c))
			exit(1);
	}
}

static int open_port(const char *word, struct port *p)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	const char *mode = strchr(word, ':');
	const int on = 1;

	a.sin_port = htons((uint16_t)strtol(word, NULL, 10));
	for (p->mode = 0; p->mode < MODES && mode; p->mode++)
		if (strcmp(mode + 1, mode_words[p->mode]) == 0)
			break;
	p->fd = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(p->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (!mode || p->mode == MODES || bind(p->fd, (struct sockaddr *)&a, sizeof(a)) ||
	    listen(p->fd, 4096))
		return -1;
	return 0;
}

int main(int argc, char **argv)
{
	struct rlimit files;
	pthread_t id;

	if (argc < 3)
		return 2;
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	host_key = argv[1];
	ssh_init();
	for (int i = 2; i < argc; i++) {
		struct port *p = calloc(1, sizeof(*p));

		if (open_port(argv[i], p)) {
			perror(argv[i]);
			return 1;
		}
		pthread_create(&id, NULL, listen_on, p);
	}
	puts("ready");
	fflush(stdout);
	hang();
}
