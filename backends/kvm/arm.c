// SPDX-License-Identifier: GPL-2.0-or-later
/* From a fault's parameters to a command of the module's control language. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kvm.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static const struct kvm_fault *row_of(const struct fault *f)
{
	return &kvm_points[f - kvm_faults];
}

const char *kvm_point(const struct fault *f, const struct params *p)
{
	const struct kvm_fault *k = row_of(f);

	if (k->other && strcmp(params_get(f, p, k->other_by), k->other_is) != 0)
		return k->other;
	return k->point;
}

/* A word of the module's language: what is not plain is written \xHH. */
static void add_word(struct buf *b, const char *s)
{
	for (; *s; s++) {
		if (*s > ' ' && *s <= '~' && *s != '\\')
			buf_fmt(b, "%c", *s);
		else
			buf_fmt(b, "\\x%02x", (unsigned char)*s);
	}
}

/* Parameters that are keys of the module, but for one value that says: not given. */
static void add_keys(struct buf *b, const struct fault *f, const struct target *t,
		     const struct params *p)
{
	static const struct {
		const char *name, *none;
	} keys[] = { { "files", "" },    { "cmd", "" },   { "path", "any" },
		     { "range", "all" }, { "ext", "-1" }, { "vcpu", "-1" } };

	for (size_t i = 0; i < COUNT(keys); i++) {
		const char *value = params_get(f, p, keys[i].name);

		if (t->kind == KIND_VCPU && strcmp(keys[i].name, "vcpu") == 0) {
			buf_fmt(b, " vcpu=%d", t->vcpu);
		} else if (value && strcmp(value, keys[i].none) != 0) {
			buf_fmt(b, " %s=", keys[i].name);
			add_word(b, value);
		}
	}
}

static void add_file_action(struct buf *b, const struct fault *f, const struct params *p)
{
	const char *how = params_get(f, p, "how");

	if (strcmp(how, "short") == 0)
		buf_fmt(b, " action=short:%s", params_get(f, p, "bytes"));
	else
		buf_fmt(b, " action=%s:%s", strcmp(how, "after") == 0 ? "after" : "return",
			params_get(f, p, "errno"));
}

/* N Z C V are bits 31 to 28 of PSTATE: a flag alone is flipped, or set to 0 or to 1. */
static void add_flag_action(struct buf *b, const char *how, char flag, const char *value)
{
	int bit = 31 - (int)(strchr("NZCV", flag) - "NZCV");
	bool clear = strcmp(how, "clear") == 0 ||
		     (strcmp(how, "set") == 0 && strtoull(value, NULL, 0) == 0);

	if (strcmp(how, "flip") == 0 || strcmp(how, "xor") == 0)
		buf_fmt(b, " action=flip:PSTATE:%d", bit);
	else
		buf_fmt(b, " action=%s:PSTATE:0x%x", clear ? "clear" : "or", 1u << bit);
}

static void add_reg_action(struct buf *b, const struct fault *f, const struct params *p)
{
	const char *reg = params_get(f, p, "reg"), *how = params_get(f, p, "how");
	const char *value = params_get(f, p, "value");

	if (strlen(reg) == 1 && strchr("NZCV", *reg)) {
		add_flag_action(b, how, *reg, value);
		return;
	}
	/* the original tool's fault type 1 */
	buf_fmt(b, " action=%s:%s", how, strcmp(reg, "1") == 0 ? "PC" : reg);
	if (strcmp(how, "freeze") != 0)
		buf_fmt(b, ":%s", value);
}

static void add_action(struct buf *b, const struct fault *f, const struct params *p)
{
	switch (row_of(f)->action) {
	case KVM_ACT_RETURN:
		buf_fmt(b, " action=return:%s", p->value[0]);
		break;
	case KVM_ACT_FILE:
		add_file_action(b, f, p);
		break;
	case KVM_ACT_REG:
		add_reg_action(b, f, p);
		break;
	case KVM_ACT_SHARE:
		buf_fmt(b, " action=clear:share=%s", params_get(f, p, "share"));
		break;
	case KVM_ACT_SKIP:
		buf_str(b, " action=skip");
		break;
	case KVM_ACT_BAD:
		buf_str(b, " action=return:BAD");
		break;
	}
}

void kvm_arm(struct buf *b, const struct fault *f, const struct target *t, const struct params *p,
	     const char *id, int pid, int64_t ttl_ms)
{
	static const char *const gate[] = { "probability", "interval", "times", "space" };

	buf_fmt(b, "arm id=%s point=%s", id, kvm_point(f, p));
	if (t->kind == KIND_NEW_VM)
		buf_fmt(b, " comm=%s", params_get(f, p, "comm"));
	else
		buf_fmt(b, " tgid=%d", pid);
	add_keys(b, f, t, p);
	add_action(b, f, p);
	for (size_t i = 0; i < COUNT(gate); i++)
		buf_fmt(b, " %s=%s", gate[i], params_get(f, p, gate[i]));
	buf_fmt(b, " ttl_ms=%lld", (long long)ttl_ms);
}
