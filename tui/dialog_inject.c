// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The dialog that injects. Its targets are those of the moment it was opened; what it shows as do
 * and undo comes from the plan object that the engine then runs.
 */
#include <curses.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console_ui.h"
#include "core/text.h"
#include "term.h"

#define LABEL_W 12
#define FIELD_W 16

/* Behind the fault's own fields: what every injection takes. */
static const char *const on_off[] = { "on", "off", NULL };
static const struct param reason_field = { .name = "reason",
					   .type = PARAM_TEXT,
					   .help = "yours, as in: drill 12; kept with it" };
static const struct param quorum_field = { .name = "quorum",
					   .type = PARAM_CHOICE,
					   .choices = on_off,
					   .help = "off: a role may lose its majority" };
static const struct param ttl_field = {
	.name = "TTL",
	.type = PARAM_TEXT,
	.help = "30s, 2m, 1h: the node ends it by itself after this long"
};
#define FIELDS_MAX (PARAMS_MAX + 3)

/* The places of the focus: the fields, then the two buttons. */
struct inject {
	struct dialog dialog;
	const struct fault *fault;
	const struct config *cfg;
	struct target *targets;
	size_t ntargets;
	struct edit field[FIELDS_MAX];
	const struct param *param[FIELDS_MAX];
	char bad[FIELDS_MAX][480];
	size_t nfields, cur;
	struct plan *plan; /* NULL: cannot be planned, `why` says it */
	struct err why;
	int top, page, focus_row;
	bool follow; /* the focus moved: keep it in sight */
};

static bool on_field(const struct inject *j)
{
	return j->cur < j->nfields;
}

static bool is_choice(const struct inject *j, size_t k)
{
	return j->param[k]->type == PARAM_CHOICE;
}

/* ---- the plan ---- */

static int check_ttl(const char *s, int64_t *ms, struct err *e)
{
	if (text_duration(s, ms) || *ms < 1000)
		return err_set(e, -1, "a duration from 1s up: 30s, 2m, 1h");
	return 0;
}

/* One field into R; what is wrong with it to E. */
static int check_field(const struct inject *j, size_t k, struct plan_req *r, struct err *e)
{
	const char *text = j->field[k].text;

	if (j->param[k] == &ttl_field)
		return check_ttl(text, &r->ttl_ms, e);
	if (j->param[k] == &reason_field)
		r->purpose = text;
	else if (j->param[k] == &quorum_field)
		r->no_quorum = strcmp(text, "off") == 0;
	else if (snprintf(r->params.value[k], sizeof(r->params.value[k]), "%s", text) >=
		 (int)sizeof(r->params.value[k]))
		return err_set(e, -E2BIG, "at most %zu bytes", sizeof(r->params.value[k]) - 1);
	return k < j->fault->nparams ? param_check(j->param[k], text, e) : 0;
}

static bool check_fields(struct inject *j, struct plan_req *r)
{
	bool good = true;

	for (size_t k = 0; k < j->nfields; k++) {
		struct err e = { 0 };
		int bad = check_field(j, k, r, &e);

		snprintf(j->bad[k], sizeof(j->bad[k]), "%s", bad ? e.msg : "");
		good = good && !bad;
	}
	return good;
}

static void plan_again(struct ui *u, struct inject *j)
{
	struct plan_req r = { .fault = j->fault, .targets = j->targets, .ntargets = j->ntargets };

	j->plan = plan_free(j->plan);
	memset(&j->why, 0, sizeof(j->why));
	if (!check_fields(j, &r))
		err_set(&j->why, -1, "a value is wrong; its field says what fits");
	else
		deck_plan(u->deck, &r, &j->plan, &j->why);
}

/* Why it cannot be injected now, or NULL. */
static const char *forbidden(const struct ui *u, const struct inject *j)
{
	if (u->readonly)
		return "this console was started with --readonly: it plans, but does not inject";
	if (u->snap->panic)
		return "new injections are blocked until the block is lifted";
	if (!j->plan)
		return j->why.msg;
	return j->plan->refused ? j->plan->guard : NULL;
}

/* ---- completion of what is typed ---- */

/* True if WORD, of N bytes, begins with what is typed; then MORE is the whole text with it. */
static bool completes(const char *text, size_t from, const char *word, char *more, size_t n)
{
	size_t typed = strlen(text + from);

	if (!typed || strlen(word) <= typed || strncmp(word, text + from, typed) != 0)
		return false;
	snprintf(more, n, "%.*s%s", (int)from, text, word);
	return true;
}

/* What Right makes of a field whose cursor is at its end: of lists, the last word is completed. */
static bool completion(const struct inject *j, size_t k, char *more, size_t n)
{
	const struct param *p = j->param[k];
	const char *text = j->field[k].text, *comma = strrchr(text, ',');
	size_t from = comma ? (size_t)(comma - text) + 1 : 0;
	char role[80];

	if (p->type == PARAM_CHOICE || j->field[k].at != strlen(text))
		return false;
	for (const char *const *c = p->choices; c && *c; c++)
		if (completes(text, from, *c, more, n))
			return true;
	for (size_t i = 0; p->type == PARAM_PEERS && i < j->cfg->nnodes; i++) {
		const struct node_cfg *node = &j->cfg->nodes[i];

		if (completes(text, from, node->name, more, n))
			return true;
		for (char *const *r = node->roles; *r; r++) {
			snprintf(role, sizeof(role), "role:%s", *r);
			if (completes(text, from, role, more, n))
				return true;
		}
	}
	return p->type == PARAM_PEERS && completes(text, from, "all", more, n);
}

/* ---- drawing ---- */

static void range_str(const struct param *p, char *dst, size_t n)
{
	const char *unit = p->unit ? p->unit : "";

	if (p->max >= 1000000000) /* no bound that anybody meets */
		snprintf(dst, n, "from %lld%s%s", (long long)p->min, *unit ? " " : "", unit);
	else
		snprintf(dst, n, "%lld to %lld%s%s", (long long)p->min, (long long)p->max,
			 *unit ? " " : "", unit);
}

/* "ENOSPC EROFS EIO", as many as there is room for. */
static void choices_str(const struct param *p, char *dst, size_t n)
{
	size_t len = 0;

	*dst = '\0';
	for (const char *const *c = p->choices; c && *c && len + strlen(*c) + 2 < n; c++)
		len += (size_t)snprintf(dst + len, n - len, "%s%s", len ? " " : "", *c);
}

/* What fits into the field, and what it is for; or what is wrong with it. */
static void field_note(const struct inject *j, size_t k, char *dst, size_t n)
{
	const struct param *p = j->param[k];
	const char *help = p->help ? p->help : "";
	char range[80], more[sizeof(j->field[k].text)];

	if (j->cur == k && completion(j, k, more, sizeof(more))) {
		snprintf(dst, n, "Right: %s", more);
	} else if (j->bad[k][0]) {
		snprintf(dst, n, "%s", j->bad[k]);
	} else if (p->type == PARAM_CHOICE && j->cur == k) {
		choices_str(p, range, sizeof(range));
		snprintf(dst, n, "%s  %s: %s", glyph(GLYPH_CHOICE), range, help);
	} else if (p->type == PARAM_CHOICE) {
		snprintf(dst, n, "%s  %s", glyph(GLYPH_CHOICE), help);
	} else if (p->type == PARAM_INT) {
		range_str(p, range, sizeof(range));
		snprintf(dst, n, "%s: %s", range, help);
	} else {
		snprintf(dst, n, "%s", help);
	}
}

static void draw_field(struct inject *j, struct pen *p, size_t k)
{
	bool here = j->cur == k;
	const struct param *param = j->param[k];
	enum role role = j->bad[k][0] ? ROLE_FIELD_BAD : here ? ROLE_FIELD_FOCUS : ROLE_FIELD;
	char note[500];
	int y, x = p->box.x + LABEL_W;

	if (here)
		j->focus_row = p->row;
	if (!pen_row(p, &y))
		return;
	put(y, p->box.x, LABEL_W - 1, here ? ROLE_TITLE_FOCUS : ROLE_DIM, param->name);
	put(y, x, 1, role, here ? ">" : "[");
	edit_draw(&j->field[k], y, x + 1, FIELD_W, role, here && !is_choice(j, k));
	put(y, x + FIELD_W + 1, 1, role, here ? "<" : "]");
	field_note(j, k, note, sizeof(note));
	put(y, x + FIELD_W + 3, p->box.w - LABEL_W - FIELD_W - 3,
	    j->bad[k][0] ? ROLE_ERROR : ROLE_DIM, note);
}

/* Whether it may be done comes before what will be done: that can be long. */
static void draw_verdict(const struct ui *u, const struct inject *j, struct pen *p)
{
	const char *no = forbidden(u, j);

	if (j->plan)
		pen_text(p, "guard", LABEL_W, j->plan->refused ? ROLE_ERROR : ROLE_UP,
			 j->plan->guard);
	if (no && !(j->plan && j->plan->refused))
		pen_text(p, "cannot", LABEL_W, ROLE_ERROR, no);
	if (!j->plan && j->why.hint[0])
		pen_text(p, "to do", LABEL_W, ROLE_TEXT, j->why.hint);
}

static void draw_plan(const struct inject *j, struct pen *p)
{
	char name[TARGET_MAX];

	for (size_t k = 0; j->plan && k < j->plan->nitems; k++) {
		const struct plan_item *i = &j->plan->items[k];

		pen_text(p, "", 0, ROLE_TEXT, "");
		if (j->plan->nitems > 1)
			pen_text(p, "on", LABEL_W, ROLE_TITLE, target_str(name, &i->target));
		pen_lines(p, "do", LABEL_W, buf_text(&i->act.do_lines));
		pen_lines(p, "undo", LABEL_W, buf_text(&i->act.undo_lines));
	}
}

static void draw_words(const struct inject *j, struct pen *p)
{
	const struct fault *f = j->fault;
	const char *word = aftermath_word(f->aftermath), *text = f->after_text ? f->after_text : "";
	bool said = strncmp(text, word, strlen(word)) == 0;
	char after[600];

	if (f->risk && *f->risk)
		pen_text(p, "risk", LABEL_W, ROLE_WARN, f->risk);
	snprintf(after, sizeof(after), "%s%s%s", said ? "" : word, said || !*text ? "" : ": ",
		 text);
	pen_text(p, "aftermath", LABEL_W, f->aftermath == AFTER_HEALS ? ROLE_TEXT : ROLE_WARN,
		 after);
	if (f->flags & FAULT_LASTING)
		pen_text(p, "", LABEL_W, ROLE_DOWN, "what it does in the target cannot be undone");
}

static struct pen draw_body(const struct ui *u, struct inject *j, const struct box *b)
{
	struct pen p = { .box = *b, .top = j->top };
	char name[TARGET_MAX];

	for (size_t k = 0; k < j->ntargets; k++)
		pen_text(&p, k ? "" : "target", LABEL_W, ROLE_TITLE_FOCUS,
			 target_str(name, &j->targets[k]));
	for (size_t k = 0; k < j->nfields; k++)
		draw_field(j, &p, k);
	pen_text(&p, "", 0, ROLE_TEXT, "");
	draw_verdict(u, j, &p);
	draw_words(j, &p);
	draw_plan(j, &p);
	return p;
}

static void follow_focus(struct inject *j, const struct pen *p)
{
	if (j->follow && on_field(j)) {
		if (j->focus_row < j->top)
			j->top = j->focus_row < 2 ? 0 : j->focus_row;
		if (j->focus_row >= j->top + p->box.h)
			j->top = j->focus_row - p->box.h + 1;
	}
	j->follow = false;
	j->top = pen_limit(p, j->top);
}

static void inject_draw(struct ui *u, struct dialog *d)
{
	struct inject *j = (struct inject *)d;
	const struct button buttons[] = { { "Cancel", NULL },
					  { forbidden(u, j) ? "cannot inject" : "Inject", NULL } };
	struct box probe = { -1, 0, 0, (COLS < 104 ? COLS : 104) - 4 }, b;
	char title[100];
	struct pen p = draw_body(u, j, &probe);

	snprintf(title, sizeof(title), "%s %s", u->readonly ? "Plan" : "Inject", j->fault->name);
	b = dialog_page(p.row, 104, title);
	p.box = b;
	j->page = b.h;
	follow_focus(j, &p);
	draw_body(u, j, &b);
	dialog_page_foot(&b, p.row, j->top, buttons, on_field(j) ? 9 : j->cur - j->nfields);
}

/* ---- keys ---- */

static void choose(struct inject *j, size_t k, int step)
{
	const char *const *c = j->param[k]->choices;
	int n = 0, at = 0;

	for (; c[n]; n++)
		if (strcmp(c[n], j->field[k].text) == 0)
			at = n;
	if (n)
		edit_set(&j->field[k], c[(at + step + n) % n]);
}

/* A letter goes to the next choice that begins with it. */
static bool choose_letter(struct inject *j, size_t k, int code)
{
	const char *const *c = j->param[k]->choices;
	char before[sizeof(j->field[k].text)];

	snprintf(before, sizeof(before), "%s", j->field[k].text);
	for (int n = 0; c[n]; n++) {
		choose(j, k, 1);
		if (code < 128 && (j->field[k].text[0] | 0x20) == (code | 0x20))
			return true;
	}
	edit_set(&j->field[k], before);
	return false;
}

static bool field_key(struct inject *j, enum cmd c, int code)
{
	char more[sizeof(j->field[0].text)];

	if (c == CMD_RIGHT && completion(j, j->cur, more, sizeof(more))) {
		edit_set(&j->field[j->cur], more);
		return true;
	}
	if (!is_choice(j, j->cur))
		return edit_key(&j->field[j->cur], code);
	if (c == CMD_LEFT || c == CMD_RIGHT) {
		choose(j, j->cur, c == CMD_LEFT ? -1 : 1);
		return true;
	}
	return code > ' ' && code < TERM_CODE && choose_letter(j, j->cur, code);
}

static void inject_now(struct ui *u, struct inject *j)
{
	const char *no = forbidden(u, j);
	struct err e = { 0 };
	size_t n;

	if (no) {
		ui_say(u, true, "%s", no);
		return;
	}
	n = j->plan->nitems;
	if (deck_inject(u->deck, j->plan, &e)) {
		ui_say(u, true, "%s%s%s", e.msg, e.hint[0] ? "; " : "", e.hint);
		return;
	}
	ui_say(u, false, "injecting %s into %zu target%s", j->fault->name, n, n == 1 ? "" : "s");
	dialog_close(u);
	ui_focus(u, PANE_INJECTED);
}

static void press(struct ui *u, struct inject *j)
{
	if (on_field(j))
		j->cur++;
	else if (j->cur == j->nfields)
		dialog_close(u);
	else
		inject_now(u, j);
}

static void inject_key(struct ui *u, struct dialog *d, enum cmd c, int code)
{
	struct inject *j = (struct inject *)d;
	size_t places = j->nfields + 2;

	if (on_field(j) && c != CMD_PRESS && field_key(j, c, code)) {
		plan_again(u, j);
		return;
	}
	j->follow = true;
	switch (c) {
	case CMD_CANCEL:
		dialog_close(u);
		break;
	case CMD_PRESS:
		press(u, j);
		break;
	case CMD_NEXT:
	case CMD_DOWN:
	case CMD_RIGHT:
		j->cur = (j->cur + 1) % places;
		break;
	case CMD_PREV:
	case CMD_UP:
	case CMD_LEFT:
		j->cur = (j->cur + places - 1) % places;
		break;
	default:
		j->follow = false;
		page_move(&j->top, c, j->page);
	}
}

static void inject_update(struct ui *u, struct dialog *d)
{
	struct inject *j = (struct inject *)d;

	if (j->plan)
		deck_judge(u->deck, j->plan);
	else
		plan_again(u, j);
}

static bool inject_typing(const struct dialog *d)
{
	return on_field((const struct inject *)d);
}

static void inject_free(struct dialog *d)
{
	struct inject *j = (struct inject *)d;

	plan_free(j->plan);
	free(j->targets);
	free(j);
}

static const struct dialog_ops inject_ops = { .where = IN_DIALOG,
					      .draw = inject_draw,
					      .key = inject_key,
					      .update = inject_update,
					      .typing = inject_typing,
					      .free = inject_free };

static void add_field(struct inject *j, const struct param *p, const char *text)
{
	edit_set(&j->field[j->nfields], text);
	j->param[j->nfields++] = p;
}

static void fill_fields(struct inject *j, bool quorum)
{
	for (size_t k = 0; k < j->fault->nparams && k < PARAMS_MAX; k++) {
		const struct param *p = &j->fault->params[k];

		add_field(j, p, p->def ? p->def : "");
	}
	add_field(j, &reason_field, "");
	if (quorum)
		add_field(j, &quorum_field, "on");
	add_field(j, &ttl_field, "60s");
	j->cur = j->nfields; /* Cancel */
}

void dialog_inject(struct ui *u, const struct fault *f)
{
	struct inject *j = calloc(1, sizeof(*j));
	const struct target *list;
	size_t n = targets_chosen(u, &list);

	if (j)
		j->targets = calloc(n + 1, sizeof(*j->targets));
	if (!j || !j->targets) {
		free(j);
		ui_say(u, true, "out of memory");
		return;
	}
	j->dialog.ops = &inject_ops;
	j->fault = f;
	j->cfg = u->cfg;
	for (size_t k = 0; k < n; k++)
		j->targets[j->ntargets++] = fault_target(f, &list[k]);
	fill_fields(j, u->cfg->guard.quorum);
	plan_again(u, j);
	dialog_close(u);
	u->dialog = &j->dialog;
}
