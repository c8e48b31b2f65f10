// SPDX-License-Identifier: GPL-2.0-or-later
/* What a node told besides figures: keys become words, ticks a time, lists one line. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "pane_detail.h"

#define TICKS 100 /* a second, in /proc: the same on every Linux that KVM runs on */

static bool begins(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

/* "2 d 3:04:05" */
static void age_str(char *dst, size_t n, int64_t ms)
{
	char left[32];
	int64_t days = ms / 86400000;

	if (days)
		snprintf(dst, n, "%" PRId64 " d %s", days,
			 ui_left(left, sizeof(left), ms % 86400000));
	else
		ui_left(dst, n, ms);
}

/* Ticks since the boot of V's node: how long ago, and when by the operator's clock. */
static void draw_started(struct ui *u, struct pen *p, const struct node_view *v, const char *ticks)
{
	int64_t age = (int64_t)v->t_ms - strtoll(ticks, NULL, 10) * 1000 / TICKS;
	time_t at = (time_t)((u->unix_ms - (u->boot_ms - v->seen_boot_ms) - age) / 1000);
	char line[100], ago[40], when[40] = "";
	struct tm tm;

	if (v->t_ms <= 0 || age < 0)
		return;
	age_str(ago, sizeof(ago), age);
	if (localtime_r(&at, &tm))
		strftime(when, sizeof(when), age < 86400000 ? "%H:%M:%S" : "%F %H:%M", &tm);
	snprintf(line, sizeof(line), "%s, %s ago", when, ago);
	pen_text(p, "started", LABEL_W, ROLE_TEXT, line);
}

/* "vcpu0_tid 4130" → "vcpu 0   thread 4130" */
static void draw_vcpu(struct pen *p, const struct attr *a)
{
	char label[32], line[64];

	snprintf(label, sizeof(label), "vCPU %.*s", (int)strspn(a->key + 4, "0123456789"),
		 a->key + 4);
	snprintf(line, sizeof(line), "thread %s", a->value);
	pen_text(p, label, LABEL_W, ROLE_TEXT, line);
}

/* Where the module can hook: those that are ready are a number, the others have a reason. */
static void draw_points(struct pen *p, const struct item *i)
{
	size_t ready = 0, n = 0;
	char line[400];

	for (size_t k = 0; k < i->nattrs; k++)
		if (begins(i->attrs[k].key, "point:")) {
			n++;
			ready += begins(i->attrs[k].value, "ready");
		}
	if (!n)
		return;
	snprintf(line, sizeof(line), "%zu of %zu ready", ready, n);
	pen_text(p, "points", LABEL_W, ROLE_TEXT, line);
	for (size_t k = 0; k < i->nattrs; k++) {
		const struct attr *a = &i->attrs[k];

		if (!begins(a->key, "point:") || begins(a->value, "ready"))
			continue;
		snprintf(line, sizeof(line), "%s: %s", a->key + strlen("point:"), a->value);
		pen_text(p, "", LABEL_W, ROLE_STALE, line);
	}
}

static const struct {
	const char *key, *label;
} words[] = {
	{ "boot", "boot id" },    { "kvm", "/dev/kvm" }, { "qmp", "monitor" },
	{ "libvirt", "libvirt" }, { "vcpus", "vCPUs" },  { "root", "as root" },
};

static const char *label_of(const char *key)
{
	for (size_t k = 0; k < sizeof(words) / sizeof(*words); k++)
		if (strcmp(words[k].key, key) == 0)
			return words[k].label;
	return key;
}

void detail_facts(struct ui *u, struct pen *p, const struct node_view *v, const struct item *i)
{
	for (size_t k = 0; k < i->nattrs; k++) {
		const struct attr *a = &i->attrs[k];

		if (strcmp(a->key, "started") == 0)
			draw_started(u, p, v, a->value);
		else if (begins(a->key, "vcpu") && strstr(a->key, "_tid"))
			draw_vcpu(p, a);
		else if (begins(a->key, "device:"))
			pen_text(p, "device", LABEL_W, ROLE_TEXT, a->value);
		else if (!begins(a->key, "point:") && strcmp(a->key, "health") != 0)
			pen_text(p, label_of(a->key), LABEL_W, ROLE_TEXT, a->value);
	}
	draw_points(p, i);
	if (i->nattrs)
		pen_text(p, "", 0, ROLE_TEXT, "");
}

/* ---- events ---- */

struct events {
	struct pen *pen;
	int n;
	bool titled;
};

static bool draw_event(const struct log_shown *s, void *arg)
{
	struct events *e = arg;
	char clock[16], line[560], count[40] = "";

	if (!e->titled)
		pen_text(e->pen, "", 0, ROLE_TITLE, "last events");
	e->titled = true;
	if (s->count > 1)
		snprintf(count, sizeof(count), "%" PRIu64 " times: ", s->count);
	snprintf(line, sizeof(line), "%s%s", count, s->text);
	pen_text(e->pen, ui_clock(clock, sizeof(clock), s->unix_ms), LABEL_W,
		 s->code ? ROLE_ERROR : ROLE_TEXT, line);
	return ++e->n < 8;
}

void detail_events(struct ui *u, struct pen *p, const struct target *t)
{
	struct events e = { .pen = p };

	log_of_target(u, t, draw_event, &e);
}
