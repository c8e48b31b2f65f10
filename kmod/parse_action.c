// SPDX-License-Identifier: GPL-2.0-or-later
/* The parser's part for action=; plain C. */
#include "parse_priv.h"
#include "names.h"
#include "regs.h"

static int set_errno(struct parser *p, struct word w)
{
	const struct fdk_point *point = p->spec->point;
	const struct fdk_name *row;
	long long v = 0;
	int rc = 0;

	if (w.len && w.s[0] == '-') {
		w.s++;
		w.len--;
	}
	row = fdk_name_find(fdk_errnos, w.s, w.len);
	if (row)
		v = row->value;
	else
		rc = fdk_read_number(&w, &v);
	if (rc == -EINVAL)
		return fdk_refuse(p->e, EINVAL, w.col, "action: no such errno");
	if (rc || v <= 0 || v > 4095 || !fdk_point_takes_errno(point, (unsigned int)v))
		return fdk_refuse(p->e, ERANGE, w.col, "%s never fails with this errno; see points",
				  point->name);
	p->spec->action.value = -v;
	return 0;
}

static int set_code(struct parser *p, struct word w)
{
	const struct fdk_name *row = fdk_name_find(p->spec->point->codes, w.s, w.len);

	if (!row)
		return fdk_refuse(p->e, ERANGE, w.col, "%s never ends so; see points",
				  p->spec->point->name);
	p->spec->action.value = row->value;
	return 0;
}

/* The VALUE of return: and after:. An errno is given by name or number, with or without its minus;
 * where plain numbers are results as well, with it. */
static int set_result(struct parser *p, struct word w)
{
	bool number = w.len && w.s[0] >= '0' && w.s[0] <= '9';
	int rc;

	if (p->spec->point->result == FDK_RESULT_CODE)
		return set_code(p, w);
	if (p->spec->point->result != FDK_RESULT_NUMBER || !number)
		return set_errno(p, w);
	rc = fdk_read_number(&w, &p->spec->action.value);
	if (rc == -EINVAL)
		return fdk_refuse(p->e, EINVAL, w.col, "action: not a number");
	if (rc || p->spec->action.value > 0x7fffffff)
		return fdk_refuse(p->e, ERANGE, w.col, "action: a number of 31 bits");
	return 0;
}

static int set_short(struct parser *p, struct word w)
{
	int rc = fdk_read_number(&w, &p->spec->action.value);

	if (rc == -EINVAL)
		return fdk_refuse(p->e, EINVAL, w.col, "action: not a number");
	if (rc || p->spec->action.value < 0 || p->spec->action.value > 0x7fffffff)
		return fdk_refuse(p->e, ERANGE, w.col, "action: from 0 to 2147483647 bytes");
	return 0;
}

static int set_share(struct parser *p, struct word w)
{
	struct word name, number;
	int rc;

	if (!fdk_split(&w, '=', &name, &number) || !fdk_is_word(&name, "share"))
		return fdk_refuse(p->e, EINVAL, w.col, "action: write it as clear:share=PERCENT");
	rc = fdk_read_number(&number, &p->spec->action.value);
	if (rc == -EINVAL)
		return fdk_refuse(p->e, EINVAL, number.col, "action: not a number");
	if (rc || p->spec->action.value < 1 || p->spec->action.value > 100)
		return fdk_refuse(p->e, ERANGE, number.col, "action: from 1 to 100 per cent");
	return 0;
}

static int set_reg_value(struct parser *p, struct word w)
{
	struct fdk_action *action = &p->spec->action;
	bool flags = action->reg == FDK_REG_PSTATE && p->spec->point->flags_only;
	unsigned long long v = 0;
	int rc = fdk_read_bits(&w, &v);

	if (rc == -EINVAL)
		return fdk_refuse(p->e, EINVAL, w.col, "action: not a number");
	if (rc || (action->kind == FDK_ACT_FLIP && v > 63))
		return fdk_refuse(p->e, ERANGE, w.col, "action: a register has 64 bits");
	action->value = (long long)v;
	action->mask = flags ? FDK_PSTATE_FLAGS : ~0ULL;
	if (fdk_reg_exceeds(action, action->mask))
		return fdk_refuse(p->e, ERANGE, w.col,
				  "PSTATE: only N Z C V, bits 31 to 28; the others are no data");
	return 0;
}

/* REG, or REG:NUMBER. */
static int set_reg(struct parser *p, struct word w)
{
	struct word name, number;
	bool two = fdk_split(&w, ':', &name, &number);

	p->spec->action.reg = fdk_reg_find(name.s, name.len);
	if (p->spec->action.reg < 0)
		return fdk_refuse(p->e, EINVAL, name.col,
				  "action: no such register: X0 to X30, SP, PC, PSTATE");
	if (p->spec->action.kind == FDK_ACT_FREEZE && !two)
		return 0;
	if (p->spec->action.kind == FDK_ACT_FREEZE || !two)
		return fdk_refuse(p->e, EINVAL, number.col, "write it as %s",
				  fdk_action_forms[p->spec->action.kind]);
	return set_reg_value(p, number);
}

/* Two kinds are called clear: the one that the point takes is meant. */
static int find_action(const struct fdk_point *point, const struct word *name)
{
	int found = -1;

	for (int act = FDK_ACT_N - 1; act >= 0; act--) {
		if (!fdk_is_word(name, fdk_action_names[act]))
			continue;
		if (point->actions & FDK_BIT(act))
			return act;
		found = act;
	}
	return found;
}

static int set_action_value(struct parser *p, const struct word *rest)
{
	static int (*const readers[])(struct parser *, struct word) = {
		[FDK_ACT_RETURN] = set_result, [FDK_ACT_AFTER] = set_result,
		[FDK_ACT_SHORT] = set_short,   [FDK_ACT_FLIP] = set_reg,
		[FDK_ACT_SET] = set_reg,       [FDK_ACT_XOR] = set_reg,
		[FDK_ACT_OR] = set_reg,        [FDK_ACT_CLEAR] = set_reg,
		[FDK_ACT_FREEZE] = set_reg,    [FDK_ACT_HIDE] = set_share,
	};

	return readers[p->spec->action.kind](p, *rest);
}

int fdk_set_action(struct parser *p, enum fdk_key key)
{
	const struct word *w = &p->val[key];
	const struct fdk_point *point = p->spec->point;
	struct word kind, rest;
	bool valued = fdk_split(w, ':', &kind, &rest);
	int act = find_action(point, &kind);

	if (act < 0)
		return fdk_refuse(p->e, EINVAL, w->col, "no such action");
	if (!(point->actions & FDK_BIT(act)))
		return fdk_refuse(p->e, EINVAL, w->col, "%s does not take %s", point->name,
				  fdk_action_names[act]);
	p->spec->action.kind = (enum fdk_act)act;
	if (act == FDK_ACT_SKIP && valued)
		return fdk_refuse(p->e, EINVAL, rest.col - 1, "%s takes no value",
				  fdk_action_names[act]);
	if (act == FDK_ACT_SKIP)
		return 0;
	if (!rest.len)
		return fdk_refuse(p->e, EINVAL, rest.col - valued, "write it as %s",
				  fdk_action_forms[act]);
	return set_action_value(p, &rest);
}
