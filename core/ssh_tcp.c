// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The TCP connection under an SSH session. libssh's own tries the first address of a name only,
 * waits for the resolver without a bound, and tells the reason in words; this one tries them all
 * within one deadline and knows the errno.
 */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "ssh_priv.h"
#include "ssh_spawn.h"

/* A peer that is gone without a word is noticed within about half a minute. */
#define KEEP_IDLE_S     15
#define KEEP_INTERVAL_S 5
#define KEEP_COUNT      3
#define UNACKED_MS      30000

#define LOOKUP_SLICE_MS 200 /* how soon a lookup sees that nobody waits for it any more */

/* ---- names: getaddrinfo has no time-out, so it runs in a thread that may be left behind ---- */

struct lookup {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool done, abandoned; /* who comes second frees */
	int rc;
	struct addrinfo *list;
	char port[8];
	char host[256];
};

static const struct addrinfo any_stream = { .ai_socktype = SOCK_STREAM };

static void lookup_free(struct lookup *l)
{
	if (l->list)
		freeaddrinfo(l->list);
	pthread_cond_destroy(&l->changed);
	pthread_mutex_destroy(&l->lock);
	free(l);
}

static void *lookup_thread(void *arg)
{
	struct lookup *l = arg;
	struct addrinfo *list = NULL;
	const int rc = getaddrinfo(l->host, l->port, &any_stream, &list);

	pthread_mutex_lock(&l->lock);
	l->rc = rc;
	l->list = rc ? NULL : list;
	l->done = true;
	const bool mine = l->abandoned;
	pthread_cond_signal(&l->changed);
	pthread_mutex_unlock(&l->lock);
	if (mine)
		lookup_free(l);
	return NULL;
}

static int lookup_start(struct lookup *l)
{
	pthread_attr_t attr;
	pthread_t id;
	sigset_t all;

	pthread_mutex_init(&l->lock, NULL);
	pthread_cond_init(&l->changed, NULL);
	sigfillset(&all);
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setsigmask_np(&attr, &all); /* the program's signals are for its own threads */
	const int r = pthread_create(&id, &attr, lookup_thread, l);
	pthread_attr_destroy(&attr);
	return r;
}

static bool is_cancelled(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) > 0;
}

/* Until L has changed, END has passed, or one slice; true when the time is over. */
static bool lookup_slice(struct lookup *l, int64_t end)
{
	const int64_t left = end - now_boot_ms();
	struct timespec ts;

	if (left <= 0)
		return true;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	ts.tv_nsec += (long)(left < LOOKUP_SLICE_MS ? left : LOOKUP_SLICE_MS) * 1000000;
	if (ts.tv_nsec >= 1000000000) {
		ts.tv_sec++;
		ts.tv_nsec -= 1000000000;
	}
	pthread_cond_clockwait(&l->changed, &l->lock, CLOCK_MONOTONIC, &ts);
	return false;
}

/* Takes the answer from L, which is not to be used after it; EAI_AGAIN when there was none. */
static int lookup_wait(struct lookup *l, const struct tcp_limit *t, struct addrinfo **list)
{
	pthread_mutex_lock(&l->lock);
	while (!l->done && !is_cancelled(t->cancel_fd) && !lookup_slice(l, t->end))
		;
	const bool done = l->done;
	const int rc = done ? l->rc : EAI_AGAIN;
	if (done && !rc) {
		*list = l->list;
		l->list = NULL;
	}
	l->abandoned = true;
	pthread_mutex_unlock(&l->lock);
	if (done)
		lookup_free(l);
	return rc;
}

static int resolve(const struct tcp_limit *t, const char *host, unsigned port,
		   struct addrinfo **list)
{
	struct addrinfo numeric = any_stream;
	struct lookup *l = calloc(1, sizeof(*l));

	if (!l)
		return EAI_MEMORY;
	snprintf(l->port, sizeof(l->port), "%u", port);
	numeric.ai_flags = AI_NUMERICHOST;
	if (getaddrinfo(host, l->port, &numeric, list) == 0) {
		free(l);
		return 0;
	}
	if (strlen(host) >= sizeof(l->host)) {
		free(l);
		return EAI_NONAME;
	}
	snprintf(l->host, sizeof(l->host), "%s", host);
	if (lookup_start(l)) {
		lookup_free(l);
		return EAI_MEMORY;
	}
	return lookup_wait(l, t, list);
}

/* ---- connecting ---- */

static void set_options(int fd)
{
	static const struct {
		int level, name, value;
	} options[] = {
		{ IPPROTO_TCP, TCP_NODELAY, 1 },
		{ SOL_SOCKET, SO_KEEPALIVE, 1 },
		{ IPPROTO_TCP, TCP_KEEPIDLE, KEEP_IDLE_S },
		{ IPPROTO_TCP, TCP_KEEPINTVL, KEEP_INTERVAL_S },
		{ IPPROTO_TCP, TCP_KEEPCNT, KEEP_COUNT },
		{ IPPROTO_TCP, TCP_USER_TIMEOUT, UNACKED_MS },
	};

	/* each is a help, none is needed */
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		setsockopt(fd, options[i].level, options[i].name, &options[i].value,
			   sizeof(options[i].value));
}

/* 0 or the errno of the connection that FD has begun. */
static int await_connection(int fd, int cancel_fd, int64_t end)
{
	struct pollfd p[] = { { .fd = fd, .events = POLLOUT },
			      { .fd = cancel_fd, .events = POLLIN } };
	int why = 0;
	socklen_t n = sizeof(why);

	for (;;) {
		const int64_t left = end - now_boot_ms();
		const int r = poll(p, 2, left > 0 ? (int)left : 0);
		if (r == 0 || (r > 0 && p[1].revents))
			return ETIMEDOUT;
		if (r > 0)
			break;
		if (errno != EINTR)
			return errno;
	}
	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &why, &n) ? errno : why;
}

static int connect_one(const struct addrinfo *a, int cancel_fd, int64_t end, int *out)
{
	int fd =
		socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, a->ai_protocol);
	int why = 0;

	if (fd < 0)
		return errno;
	set_options(fd);
	if (connect(fd, a->ai_addr, a->ai_addrlen))
		why = errno == EINPROGRESS ? await_connection(fd, cancel_fd, end) : errno;
	if (why)
		close_fd(&fd);
	else
		*out = fd;
	return why;
}

/* Each address gets its share of the time that is left, so that a dead first one costs not all. */
static int connect_any(const struct tcp_limit *t, const struct addrinfo *list, int *fd)
{
	int left = 0, why = EHOSTUNREACH;

	for (const struct addrinfo *a = list; a; a = a->ai_next)
		left++;
	for (const struct addrinfo *a = list; a; a = a->ai_next, left--) {
		const int64_t now = now_boot_ms();
		const int r = connect_one(a, t->cancel_fd, now + (t->end - now) / left, fd);

		if (r == 0)
			return 0;
		if (why != ECONNREFUSED) /* a host that answers says more than one that does not */
			why = r;
	}
	return why;
}

static int refused(const char *host, unsigned port, int why, struct err *e)
{
	static const struct {
		int why, code;
		const char *hint;
	} known[] = {
		{ ECONNREFUSED, -ECONNREFUSED, "is sshd running there, and is the port right?" },
		{ ETIMEDOUT, -ETIMEDOUT, "check the address, the port and firewalls" },
		{ ECONNRESET, -ECONNREFUSED, "something on the way resets the connection" },
	};

	err_set(e, -EHOSTUNREACH, "%s port %u: %s", host, port, strerror(why));
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (known[i].why != why)
			continue;
		err_set(e, known[i].code, "%s port %u: %s", host, port, strerror(why));
		return err_hint(e, "%s", known[i].hint);
	}
	return err_hint(e, "check the address and the network");
}

int ssh_tcp(const struct tcp_limit *t, const char *host, unsigned port, int *fd, struct err *e)
{
	struct addrinfo *list = NULL;
	const int rc = resolve(t, host, port, &list);

	if (rc == EAI_AGAIN && now_boot_ms() >= t->end) {
		err_set(e, -ETIMEDOUT, "%s: the name server did not answer in time", host);
		return err_hint(e, "check /etc/resolv.conf, or give the address as host");
	}
	if (rc) {
		err_set(e, -ENOENT, "%s: %s", host, gai_strerror(rc));
		return err_hint(e, "check host in cluster.cfg");
	}
	const int why = connect_any(t, list, fd);
	freeaddrinfo(list);
	return why ? refused(host, port, why, e) : 0;
}
