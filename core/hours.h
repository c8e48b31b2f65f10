/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_HOURS_H
#define CORE_HOURS_H
/* guard.hours: "mon-fri 09:00-17:00", "sat,sun 10:00-12:00", "22:00-06:00" (every day). */
#include <stdbool.h>
#include <time.h>

/* A window belongs to the day that it begins on; one that ends before it begins passes midnight. */
struct hours {
	unsigned days;  /* bit for each of tm_wday */
	int first, end; /* minutes of the day, END excluded */
};
/* 0 or -EINVAL. */
int hours_parse(const char *s, struct hours *out);
bool hours_hold(const struct hours *h, const struct tm *now);

#endif
