// SPDX-License-Identifier: GPL-2.0-or-later
/* The control language's parser; plain C. */
#include "parse_priv.h"
#include "names.h"
#include "words.h"

/* How the value of a key is read. A number goes to the long long at `at` in the spec. */
struct key_row {
	int (*set)(struct parser *p, enum fdk_key key);
	long long lo, hi;
	size_t at;
};

#define NAME_OF(sym, name)           name,
#define ACTION_NAME(sym, name, form) name,
#define ACTION_FORM(sym, name, form) form,
const char *const fdk_verb_names[] = { FDK_VERBS(NAME_OF) };
const char *const fdk_key_names[] = { FDK_KEYS(NAME_OF) };
const char *const fdk_action_names[] = { FDK_ACTIONS(ACTION_NAME) };
const char *const fdk_action_forms[] = { FDK_ACTIONS(ACTION_FORM) };

#define FILTER_KEYS (FDK_BIT(FDK_KEY_TGID) | FDK_BIT(FDK_KEY_TID) | FDK_BIT(FDK_KEY_COMM))

static const unsigned int verb_keys[] = {
	[FDK_VERB_ARM] = FDK_BIT(FDK_KEY_N) - 1,
	[FDK_VERB_RENEW] = FDK_BIT(FDK_KEY_ID) | FDK_BIT(FDK_KEY_TTL_MS),
	[FDK_VERB_DISARM] = FDK_BIT(FDK_KEY_ID),
};

int fdk_refuse(struct fdk_err *e, int err, unsigned int col, const char *fmt, ...)
{
	va_list args;

	e->err = err;
	e->col = col;
	va_start(args, fmt);
	fdk_vsnprintf(e->why, sizeof(e->why), fmt, args);
	va_end(args);
	return -err;
}

static int refuse_value(struct parser *p, enum fdk_key key, int err, const char *why)
{
	return fdk_refuse(p->e, err, p->val[key].col, "%s: %s", fdk_key_names[key], why);
}

bool fdk_is_word(const struct word *w, const char *s)
{
	return strlen(s) == w->len && !memcmp(s, w->s, w->len);
}

static int index_of(const struct word *w, const char *const *names, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		if (fdk_is_word(w, names[i]))
			return (int)i;
	}
	return -1;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 99;
}

int fdk_read_bits(const struct word *w, unsigned long long *out)
{
	bool hex = w->len > 2 && w->s[0] == '0' && w->s[1] == 'x';
	unsigned int base = hex ? 16 : 10;
	unsigned long long v = 0;
	bool big = false;

	for (size_t i = hex ? 2 : 0; i < w->len; i++) {
		unsigned int d = (unsigned int)digit(w->s[i]);

		if (d >= base)
			return -EINVAL;
		big = big || v > ~0ULL / base || v * base > ~0ULL - d;
		v = v * base + d;
	}
	*out = v;
	return !w->len ? -EINVAL : big ? -ERANGE : 0;
}

int fdk_read_number(const struct word *w, long long *out)
{
	bool minus = w->len && w->s[0] == '-';
	struct word abs = { w->s + minus, w->len - minus, w->col };
	unsigned long long v;
	int rc = fdk_read_bits(&abs, &v);

	if (!rc && v > ~0ULL >> 1)
		rc = -ERANGE;
	if (!rc)
		*out = minus ? -(long long)v : (long long)v;
	return rc;
}

bool fdk_split(const struct word *w, char sep, struct word *left, struct word *right)
{
	const char *at = memchr(w->s, sep, w->len);
	size_t n = at ? (size_t)(at - w->s) : w->len;

	*left = (struct word){ w->s, n, w->col };
	*right = (struct word){ w->s + n, 0, w->col + (unsigned int)n };
	if (at)
		*right = (struct word){ at + 1, w->len - n - 1, w->col + (unsigned int)n + 1 };
	return at != NULL;
}

static const struct key_row key_rows[];

static int set_number(struct parser *p, enum fdk_key key)
{
	const struct key_row *row = &key_rows[key];
	long long v = 0;
	int rc = fdk_read_number(&p->val[key], &v);

	if (rc == -EINVAL)
		return refuse_value(p, key, EINVAL, "not a number");
	if (rc || v < row->lo || v > row->hi)
		return fdk_refuse(p->e, ERANGE, p->val[key].col, "%s is from %lld to %lld",
				  fdk_key_names[key], row->lo, row->hi);
	memcpy((char *)p->spec + row->at, &v, sizeof(v));
	return 0;
}

static bool is_id_char(char c)
{
	return digit(c) < 10 || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	       c == '-';
}

static int set_id(struct parser *p, enum fdk_key key)
{
	const struct word *w = &p->val[key];

	for (size_t i = 0; i < w->len; i++) {
		if (!is_id_char(w->s[i]))
			return fdk_refuse(p->e, EINVAL, w->col + (unsigned int)i,
					  "id: only A-Z a-z 0-9 _ and -");
	}
	if (w->len > FDK_ID_MAX)
		return fdk_refuse(p->e, ERANGE, w->col, "id: at most %d bytes", FDK_ID_MAX);
	memcpy(p->spec->id, w->s, w->len);
	p->spec->id[w->len] = 0;
	return 0;
}

static int set_point(struct parser *p, enum fdk_key key)
{
	p->spec->point = fdk_point_find(p->val[key].s, p->val[key].len);
	if (!p->spec->point)
		return refuse_value(p, key, ENOENT, "no such point");
	for (int k = 0; k < FDK_KEY_N; k++) {
		if (FDK_BIT(k) & p->spec->keys & ~(FDK_KEYS_COMMON | p->spec->point->keys))
			return fdk_refuse(p->e, EINVAL, p->key[k].col,
					  "%s takes no %s=", p->spec->point->name,
					  fdk_key_names[k]);
	}
	return 0;
}

static int set_comm(struct parser *p, enum fdk_key key)
{
	int n = fdk_word_read(p->val[key].s, p->val[key].len, p->spec->comm, FDK_COMM_MAX);

	if (n == -EINVAL)
		return refuse_value(p, key, EINVAL,
				    "\\ is followed by xHH or \\; never a zero byte");
	if (n < 0)
		return fdk_refuse(p->e, ERANGE, p->val[key].col,
				  "comm: at most %d bytes, the kernel cuts names there",
				  FDK_COMM_MAX);
	p->spec->comm[n] = 0;
	return 0;
}

static int set_cmd_item(struct parser *p, const struct word *w)
{
	const struct fdk_point *point = p->spec->point;
	const struct fdk_name *row = point ? fdk_name_find(point->cmds, w->s, w->len) : NULL;
	long long v = row ? row->value : 0;
	int rc = row ? 0 : fdk_read_number(w, &v);

	if (rc == -EINVAL)
		return fdk_refuse(p->e, EINVAL, w->col,
				  "cmd: no ioctl that is known here, and not a number");
	if (rc || v < 0 || v > 0xffffffffLL)
		return fdk_refuse(p->e, ERANGE, w->col, "cmd: a number of 32 bits");
	if (p->spec->cmds == FDK_CMDS_MAX)
		return fdk_refuse(p->e, ERANGE, w->col, "cmd: at most %d in a list", FDK_CMDS_MAX);
	p->spec->cmd[p->spec->cmds++] = (unsigned int)v;
	return 0;
}

static int set_cmd(struct parser *p, enum fdk_key key)
{
	const struct word *list = &p->val[key];
	size_t at = 0;

	while (at <= list->len) {
		const char *comma = memchr(list->s + at, ',', list->len - at);
		size_t n = comma ? (size_t)(comma - list->s) - at : list->len - at;
		struct word w = { list->s + at, n, list->col + (unsigned int)at };
		int rc = set_cmd_item(p, &w);

		if (rc)
			return rc;
		at += n + 1;
	}
	return 0;
}

static int set_files(struct parser *p, enum fdk_key key)
{
	p->spec->files_all = fdk_is_word(&p->val[key], "all");
	if (!p->spec->files_all && !fdk_is_word(&p->val[key], "regular"))
		return refuse_value(p, key, EINVAL, "regular or all");
	return 0;
}

static int set_path(struct parser *p, enum fdk_key key)
{
	int n = fdk_word_read(p->val[key].s, p->val[key].len, p->spec->path, FDK_PATH_MAX);

	if (n == -EINVAL || p->spec->path[0] != '/')
		return refuse_value(p, key, EINVAL, "begins with /; \\ is followed by xHH or \\");
	if (n < 0)
		return fdk_refuse(p->e, ERANGE, p->val[key].col, "path: at most %d bytes",
				  FDK_PATH_MAX);
	p->spec->path[n] = 0;
	return 0;
}

/* LO-HI, both in it, or one number. */
static int set_range(struct parser *p, enum fdk_key key)
{
	struct word lo, hi;
	bool two = fdk_split(&p->val[key], '-', &lo, &hi);
	int rc = fdk_read_bits(&lo, &p->spec->lo);
	int rc2 = two ? fdk_read_bits(&hi, &p->spec->hi) : 0;

	if (!two)
		p->spec->hi = p->spec->lo;
	if (rc == -EINVAL || rc2 == -EINVAL)
		return refuse_value(p, key, EINVAL, "FIRST-LAST, two numbers");
	if (rc || rc2 || p->spec->hi > FDK_RANGE_MAX)
		return refuse_value(p, key, ERANGE, "numbers of 63 bits");
	if (p->spec->lo > p->spec->hi)
		return refuse_value(p, key, ERANGE, "the first is behind the last");
	return 0;
}

#define TEXT(fn)                                                                                   \
	{                                                                                          \
		fn, 0, 0, 0                                                                        \
	}
#define NUMBER(lo, hi, field)                                                                      \
	{                                                                                          \
		set_number, lo, hi, offsetof(struct fdk_spec, field)                               \
	}

static const struct key_row key_rows[] = {
	[FDK_KEY_ID] = TEXT(set_id),
	[FDK_KEY_POINT] = TEXT(set_point),
	[FDK_KEY_TGID] = NUMBER(1, FDK_PID_MAX, tgid),
	[FDK_KEY_TID] = NUMBER(1, FDK_PID_MAX, tid),
	[FDK_KEY_COMM] = TEXT(set_comm),
	[FDK_KEY_INHERIT] = NUMBER(0, 1, inherit),
	[FDK_KEY_CMD] = TEXT(set_cmd),
	[FDK_KEY_EXT] = NUMBER(0, FDK_EXT_MAX, ext),
	[FDK_KEY_FILES] = TEXT(set_files),
	[FDK_KEY_PATH] = TEXT(set_path),
	[FDK_KEY_RANGE] = TEXT(set_range),
	[FDK_KEY_VCPU] = NUMBER(0, FDK_VCPU_MAX, vcpu),
	[FDK_KEY_ACTION] = TEXT(fdk_set_action),
	[FDK_KEY_PROBABILITY] = NUMBER(0, 100, gate.probability),
	[FDK_KEY_INTERVAL] = NUMBER(1, FDK_COUNT_MAX, gate.interval),
	[FDK_KEY_TIMES] = NUMBER(FDK_TIMES_ENDLESS, FDK_COUNT_MAX, gate.times),
	[FDK_KEY_SPACE] = NUMBER(0, FDK_SPACE_MAX, gate.space),
	[FDK_KEY_TTL_MS] = NUMBER(1, FDK_TTL_MAX_MS, ttl_ms),
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool next_word(const char *line, size_t len, size_t *at, struct word *w)
{
	while (*at < len && is_blank(line[*at]))
		(*at)++;
	w->s = line + *at;
	w->col = (unsigned int)*at;
	while (*at < len && !is_blank(line[*at]))
		(*at)++;
	w->len = *at - w->col;
	return w->len > 0;
}

static int note_key(struct parser *p, const struct word *w)
{
	const char *eq = memchr(w->s, '=', w->len);
	struct word name = { w->s, eq ? (size_t)(eq - w->s) : w->len, w->col };
	int key = index_of(&name, fdk_key_names, FDK_KEY_N);
	const char *verb = fdk_verb_names[p->spec->verb];

	if (!eq)
		return fdk_refuse(p->e, EINVAL, w->col, "expected key=value");
	if (key < 0)
		return fdk_refuse(p->e, EINVAL, w->col, "no such key");
	if (!(verb_keys[p->spec->verb] & FDK_BIT(key)))
		return fdk_refuse(p->e, EINVAL, w->col, "%s takes no %s=", verb,
				  fdk_key_names[key]);
	if (p->spec->keys & FDK_BIT(key))
		return fdk_refuse(p->e, EINVAL, w->col, "%s= is given twice", fdk_key_names[key]);
	p->key[key] = name;
	p->val[key] =
		(struct word){ eq + 1, w->len - name.len - 1, w->col + (unsigned int)name.len + 1 };
	p->spec->col[key] = (unsigned short)p->val[key].col;
	p->spec->keys |= FDK_BIT(key);
	if (!p->val[key].len)
		return refuse_value(p, (enum fdk_key)key, EINVAL, "no value");
	return 0;
}

static int note_words(struct parser *p, const char *line, size_t len)
{
	struct word w;
	size_t at = 0;
	int verb, rc;

	if (!next_word(line, len, &at, &w))
		return fdk_refuse(p->e, EINVAL, 0, "no command");
	verb = index_of(&w, fdk_verb_names, FDK_VERB_N);
	if (verb < 0)
		return fdk_refuse(p->e, EINVAL, w.col, "no such command: arm, renew or disarm");
	p->spec->verb = (enum fdk_verb)verb;
	while (next_word(line, len, &at, &w)) {
		if (verb == FDK_VERB_DISARM && fdk_is_word(&w, "all") && !p->spec->all) {
			p->spec->all = true;
			continue;
		}
		rc = note_key(p, &w);
		if (rc)
			return rc;
	}
	return 0;
}

static int need(struct parser *p, enum fdk_key key, int err)
{
	if (p->spec->keys & FDK_BIT(key))
		return 0;
	return fdk_refuse(p->e, err, p->spec->end, "%s needs %s=", fdk_verb_names[p->spec->verb],
			  fdk_key_names[key]);
}

static int check_arm(struct parser *p)
{
	int rc = need(p, FDK_KEY_POINT, EINVAL);

	if (!rc)
		rc = need(p, FDK_KEY_ACTION, EINVAL);
	if (!rc)
		rc = need(p, FDK_KEY_TTL_MS, ERANGE);
	if (!rc && !(p->spec->keys & FILTER_KEYS))
		rc = fdk_refuse(p->e, EPERM, p->spec->end, "no target: tgid=, tid= or comm=");
	return rc;
}

static int check_needs(struct parser *p)
{
	int rc;

	if (p->spec->all && p->spec->keys)
		return fdk_refuse(p->e, EINVAL, p->key[FDK_KEY_ID].col, "all, or an id");
	if (p->spec->all)
		return 0;
	rc = need(p, FDK_KEY_ID, EINVAL);
	if (!rc && p->spec->verb == FDK_VERB_ARM)
		rc = check_arm(p);
	if (!rc && p->spec->verb == FDK_VERB_RENEW)
		rc = need(p, FDK_KEY_TTL_MS, ERANGE);
	return rc;
}

static int set_values(struct parser *p)
{
	int rc = 0;

	for (int k = 0; k < FDK_KEY_N && !rc; k++) {
		/* These are read by what their point takes. */
		if ((k == FDK_KEY_ACTION || k == FDK_KEY_CMD) && !p->spec->point)
			continue;
		if (p->spec->keys & FDK_BIT(k))
			rc = key_rows[k].set(p, (enum fdk_key)k);
	}
	return rc;
}

static void set_defaults(struct fdk_spec *spec, size_t len)
{
	memset(spec, 0, sizeof(*spec));
	spec->end = (unsigned short)len;
	for (int k = 0; k < FDK_KEY_N; k++)
		spec->col[k] = spec->end;
	spec->gate = (struct fdk_gate_spec){ .probability = 100,
					     .interval = 1,
					     .times = FDK_TIMES_ENDLESS };
}

int fdk_parse(const char *line, size_t len, struct fdk_spec *spec, struct fdk_err *e)
{
	struct parser p = { .spec = spec, .e = e };
	int rc;

	if (len && line[len - 1] == '\n')
		len--;
	if (len > FDK_LINE_MAX)
		return fdk_refuse(e, E2BIG, FDK_LINE_MAX, "a command has at most %d bytes",
				  FDK_LINE_MAX);
	set_defaults(spec, len);
	for (size_t i = 0; i < len; i++) {
		if (line[i] != '\t' && (line[i] < ' ' || line[i] > '~'))
			return fdk_refuse(
				e, EINVAL, (unsigned int)i,
				"one line of printable ASCII; write other bytes as \\xHH");
	}
	rc = note_words(&p, line, len);
	if (!rc)
		rc = set_values(&p);
	return rc ? rc : check_needs(&p);
}
