/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_ERR_H
#define CORE_ERR_H
/*
 * The message object that goes with every negative errno of core. Core prints nothing: the face
 * decides how to show it. A NULL struct err is allowed everywhere and keeps nothing.
 */
struct err {
	int code;       /* negative errno, 0 when nothing failed */
	char msg[480];  /* what happened, one line, printable */
	char hint[320]; /* what to do about it, one line, may be empty */
};

/* Both clean what they print (see text.h) and return CODE, so that a caller can `return
 * err_set(…)`. */
int err_set(struct err *e, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Adds the hint to an error that is set already; returns its code. */
int err_hint(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
