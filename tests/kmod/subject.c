// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "subject.h"
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct order {
	subject_fn *fn;
	long arg;
};

static void obey(const char *comm, int ask, int answer)
{
	struct order order;

	prctl(PR_SET_NAME, comm);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (read(ask, &order, sizeof(order)) == sizeof(order)) {
		long value = order.fn(order.arg);

		if (write(answer, &value, sizeof(value)) < 0)
			break;
	}
	_exit(0);
}

struct subject subject_start(const char *comm)
{
	struct subject s = { 0 };
	int ask[2], answer[2];

	if (pipe2(ask, O_CLOEXEC) || pipe2(answer, O_CLOEXEC))
		exit(1);
	s.pid = fork();
	if (!s.pid) {
		close(ask[1]);
		close(answer[0]);
		obey(comm, ask[0], answer[1]);
	}
	close(ask[0]);
	close(answer[1]);
	s.ask = ask[1];
	s.answer = answer[0];
	return s;
}

void subject_ask(struct subject *s, subject_fn *fn, long arg)
{
	struct order order = { fn, arg };

	if (write(s->ask, &order, sizeof(order)) < 0)
		s->status = -1;
}

long subject_answer(struct subject *s, int ms)
{
	struct pollfd p = { .fd = s->answer, .events = POLLIN };
	long value;

	if (poll(&p, 1, ms) == 0)
		return SUBJECT_BUSY;
	if (read(s->answer, &value, sizeof(value)) == sizeof(value))
		return value;
	if (s->pid > 0)
		waitpid(s->pid, &s->status, 0);
	s->pid = 0;
	return SUBJECT_DIED;
}

long subject_call(struct subject *s, subject_fn *fn, long arg)
{
	subject_ask(s, fn, arg);
	return subject_answer(s, 60000);
}

void subject_end(struct subject *s)
{
	close(s->ask);
	close(s->answer);
	if (s->pid > 0) {
		kill(s->pid, SIGKILL);
		waitpid(s->pid, NULL, 0);
	}
	s->pid = 0;
}
