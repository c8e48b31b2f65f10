// SPDX-License-Identifier: GPL-2.0-or-later
/* Probes and commands that come and go while a deck is open: those of a scenario. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "probe.h"
#include "probe_read.h"

struct probe_set *probe_set_ref(struct probe_set *s)
{
	if (s)
		__atomic_add_fetch(&s->refs, 1, __ATOMIC_ACQ_REL);
	return s;
}

struct probe_set *probe_set_unref(struct probe_set *s)
{
	if (!s || __atomic_sub_fetch(&s->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return NULL;
	probe_cfg_free(s->list, s->n);
	free(s);
	return NULL;
}

/* One whose owner is gone, and whose thread has ended. */
static struct probe *free_slot(struct deck *d)
{
	for (size_t i = 0; i < d->nprobes; i++) {
		struct probe *p = &d->probes[i];

		if (!p->gone || p->alive)
			continue;
		if (p->threaded)
			pthread_join(p->thread, NULL);
		probe_set_unref(p->set);
		memset(p, 0, sizeof(*p));
		return p;
	}
	return d->nprobes < d->probes_max ? &d->probes[d->nprobes++] : NULL;
}

int probe_add(struct deck *d, struct probe_set *set, size_t i, bool once, struct probe **out,
	      struct err *e)
{
	const struct probe_cfg *c = &set->list[i];
	struct target of;
	struct actor *a;
	struct probe *p;

	pthread_mutex_lock(&d->lock);
	if (!probe_about(d, c, &of, &a)) {
		pthread_mutex_unlock(&d->lock);
		return err_set(e, -EHOSTUNREACH, "%s: its node is not asked here", c->name);
	}
	p = free_slot(d);
	if (!p) {
		pthread_mutex_unlock(&d->lock);
		return err_set(e, -ENOSPC, "%s: too many are asked at a time", c->name);
	}
	probe_init(p, d, c, a);
	p->of = of;
	p->once = once;
	p->set = probe_set_ref(set);
	if (!once && d->more != set) {
		probe_set_unref(d->more);
		d->more = probe_set_ref(set);
	}
	if (!a)
		probe_thread(p);
	else
		actor_hurry(a);
	deck_changed(d);
	pthread_mutex_unlock(&d->lock);
	*out = p;
	return 0;
}

void probe_drop(struct probe *p)
{
	struct deck *d = p->deck;

	pthread_mutex_lock(&d->lock);
	p->gone = true;
	p->listed = false;
	p->actor = NULL; /* which neither asks nor answers it any more */
	pthread_cond_broadcast(&d->closing);
	deck_changed(d);
	pthread_mutex_unlock(&d->lock);
}

bool probe_result(struct probe *p, enum probe_state *s, char *value)
{
	bool asked;

	pthread_mutex_lock(&p->deck->lock);
	asked = p->v.asked;
	*s = p->v.state;
	memcpy(value, p->v.value, sizeof(p->v.value));
	pthread_mutex_unlock(&p->deck->lock);
	return asked;
}

void probes_baseline(struct deck *d)
{
	pthread_mutex_lock(&d->lock);
	for (size_t i = 0; i < d->nprobes; i++)
		d->probes[i].has_baseline = false;
	pthread_mutex_unlock(&d->lock);
}
