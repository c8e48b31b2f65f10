// SPDX-License-Identifier: GPL-2.0-or-later
#include "hours.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#define DAY 1440

static int day_of(const char *s)
{
	static const char *const days[] = { "sun", "mon", "tue", "wed", "thu", "fri", "sat" };

	for (int d = 0; d < 7; d++)
		if (strncmp(s, days[d], 3) == 0)
			return d;
	return -1;
}

/* DAY or DAY-DAY, apart by commas; what is behind them goes to *S. */
static int parse_days(const char **s, unsigned *out)
{
	const char *p = *s;
	int from, to;

	for (*out = 0;; p++) {
		from = to = day_of(p);
		if (from < 0)
			return -EINVAL;
		p += 3;
		if (*p == '-') {
			to = day_of(p + 1);
			if (to < 0)
				return -EINVAL;
			p += 4;
		}
		for (int d = from;; d = (d + 1) % 7) {
			*out |= 1u << d;
			if (d == to)
				break;
		}
		if (*p != ',')
			break;
	}
	*s = p;
	return 0;
}

/* HH:MM, 00:00 to 24:00, to minutes; -1. */
static int parse_minutes(const char *s)
{
	int h, m;

	for (int i = 0; i < 5; i++)
		if (i == 2 ? s[i] != ':' : !isdigit((unsigned char)s[i]))
			return -1;
	h = (s[0] - '0') * 10 + s[1] - '0';
	m = (s[3] - '0') * 10 + s[4] - '0';
	return m < 60 && h * 60 + m <= DAY ? h * 60 + m : -1;
}

int hours_parse(const char *s, struct hours *out)
{
	struct hours h = { .days = 0x7f };

	if (isalpha((unsigned char)*s)) {
		if (parse_days(&s, &h.days) || *s != ' ')
			return -EINVAL;
		s += strspn(s, " ");
	}
	h.first = parse_minutes(s);
	if (h.first < 0 || h.first == DAY || s[5] != '-')
		return -EINVAL;
	h.end = parse_minutes(s + 6);
	if (h.end < 0 || h.end == h.first || s[11])
		return -EINVAL;
	*out = h;
	return 0;
}

bool hours_hold(const struct hours *h, const struct tm *now)
{
	int minute = now->tm_hour * 60 + now->tm_min;
	bool today = h->days >> now->tm_wday & 1, yesterday = h->days >> (now->tm_wday + 6) % 7 & 1;

	if (h->first < h->end)
		return today && minute >= h->first && minute < h->end;
	return (today && minute >= h->first) || (yesterday && minute < h->end);
}
