/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A process to be hit that does what it is told: functions of this program, called in a child. */
#ifndef SUBJECT_H
#define SUBJECT_H

#include <stdbool.h>
#include <sys/types.h>

struct subject {
	pid_t pid;
	int ask, answer;
	int status; /* of wait(), once it has died */
};

typedef long subject_fn(long arg);

/* What subject_answer gives instead of the function's value. */
#define SUBJECT_DIED (-99990L)
#define SUBJECT_BUSY (-99991L)

struct subject subject_start(const char *comm);
long subject_call(struct subject *s, subject_fn *fn, long arg); /* within a minute */
void subject_ask(struct subject *s, subject_fn *fn, long arg);
long subject_answer(struct subject *s, int ms);
void subject_end(struct subject *s);

#endif
