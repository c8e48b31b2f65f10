// SPDX-License-Identifier: GPL-2.0-or-later
/* The clusters of one console: the one that is shown, and those that still have injections. */
#include <stdlib.h>
#include <string.h>

#include "console_ui.h"

size_t ui_active(const struct ui *u)
{
	size_t n = 0;

	for (size_t k = 0; k < u->nclusters; k++)
		n += snapshot_active(u->cluster[k].snap);
	return n;
}

size_t ui_nodes(const struct ui *u)
{
	size_t n = 0;

	for (size_t k = 0; k < u->nclusters; k++)
		n += u->cluster[k].snap->nnodes;
	return n;
}

bool ui_panic(const struct ui *u)
{
	for (size_t k = 0; k < u->nclusters; k++)
		if (u->cluster[k].snap->panic)
			return true;
	return false;
}

struct leaver {
	void (*close)(struct cluster *c);
	struct cluster c;
};

static void *end_sessions(void *arg)
{
	struct leaver *l = arg;

	l->close(&l->c);
	free(l);
	return NULL;
}

/* Closing may wait for an act that runs; the screen does not. */
static void let_go(struct ui *u, struct shown_cluster *s)
{
	pthread_t *grown = realloc(u->leavers, (u->nleaving + 1) * sizeof(*grown));
	struct leaver *l = malloc(sizeof(*l));

	snapshot_put(s->snap);
	if (grown)
		u->leavers = grown;
	if (l)
		*l = (struct leaver){ .close = u->opts->close, .c = s->c };
	if (l && grown && !pthread_create(&u->leavers[u->nleaving], NULL, end_sessions, l)) {
		u->nleaving++;
		return;
	}
	free(l);
	u->opts->close(&s->c);
}

static void drop(struct ui *u, size_t k)
{
	let_go(u, &u->cluster[k]);
	memmove(&u->cluster[k], &u->cluster[k + 1], (--u->nclusters - k) * sizeof(*u->cluster));
}

void ui_drop_clusters(struct ui *u)
{
	for (size_t k = u->nclusters; k-- > 1;)
		if (!u->cluster[k].snap->ninjections && !u->cluster[k].snap->panic)
			drop(u, k);
}

/* Nothing of what was selected, marked or measured means anything there. */
static void forget(struct ui *u)
{
	struct hist *h = hist_new();

	targets_free(&u->targets);
	faults_free(&u->faults);
	u->targets = (struct targets){ .has_cur = false };
	u->faults = (struct faults){ .n = 0 };
	u->detail_top = 0;
	if (!h)
		return;
	hist_free(u->hist);
	u->hist = h;
}

void ui_add_cluster(struct ui *u, const struct cluster *c)
{
	memmove(&u->cluster[1], &u->cluster[0], u->nclusters++ * sizeof(*u->cluster));
	u->cluster[0] = (struct shown_cluster){ .c = *c, .snap = deck_snapshot(c->deck) };
	u->deck = c->deck;
	u->cfg = c->cfg;
	u->snap = u->cluster[0].snap;
	forget(u);
	theme_start(&u->theme, u->cfg->banner);
	ui_drop_clusters(u);
	ui_update(u);
}
