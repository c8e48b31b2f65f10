// SPDX-License-Identifier: GPL-2.0-or-later
#include "catalogue.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const param_type_words[PARAM_TYPES] = {
	[PARAM_CHOICE] = "choice", [PARAM_INT] = "int",     [PARAM_WORDS] = "words",
	[PARAM_BITS] = "bits",     [PARAM_RANGE] = "range", [PARAM_TEXT] = "text",
	[PARAM_PEERS] = "peers",
};

const char *aftermath_word(enum aftermath a)
{
	static const char *const words[] = {
		[AFTER_HEALS] = "heals", [AFTER_PAUSED] = "paused", [AFTER_DEAD] = "dead"
	};

	return words[a];
}

static void choices_str(const struct param *p, char *dst, size_t n)
{
	size_t len = 0;

	dst[0] = '\0';
	for (const char *const *c = p->choices; c && *c && len < n; c++)
		len += (size_t)snprintf(dst + len, n - len, "%s%s", len ? " " : "", *c);
	if (len >= n && n > 4)
		memcpy(dst + n - 4, "...", 4);
}

static bool is_choice(const struct param *p, const char *word)
{
	for (const char *const *c = p->choices; c && *c; c++)
		if (strcmp(*c, word) == 0)
			return true;
	return false;
}

static bool in_range(const struct param *p, const char *word, int base)
{
	char *end;
	long long v;

	errno = 0;
	v = strtoll(word, &end, base);
	return end != word && !*end && !errno && v >= p->min && v <= p->max;
}

static bool words_valid(const struct param *p, const char *value)
{
	char copy[120], *save = NULL;
	size_t n = 0;

	if (strlen(value) >= sizeof(copy) || value[strlen(value) - 1] == ',')
		return false;
	snprintf(copy, sizeof(copy), "%s", value);
	for (char *w = strtok_r(copy, ",", &save); w; w = strtok_r(NULL, ",", &save), n++)
		if (!is_choice(p, w) && !in_range(p, w, 0))
			return false;
	return n > 0;
}

/* Decimal or 0x…, from *S on; what is behind it goes to *S. */
static bool read_bits(const char **s, uint64_t *out)
{
	bool hex = strncmp(*s, "0x", 2) == 0;
	char *end;

	if (!isxdigit((unsigned char)(*s)[hex ? 2 : 0]))
		return false;
	errno = 0;
	*out = strtoull(*s, &end, hex ? 16 : 10);
	*s = end;
	return !errno;
}

static bool is_bits(const char *value)
{
	uint64_t v;

	return read_bits(&value, &v) && !*value;
}

static bool is_range(const char *value)
{
	uint64_t first, last;

	if (!read_bits(&value, &first) || *value++ != '-' || !read_bits(&value, &last) || *value)
		return false;
	return first <= last && last <= INT64_MAX;
}

bool fault_is(const struct fault *f, const char *name)
{
	const char *dot = strchr(f->name, '.');

	return strcmp(f->name, name) == 0 || (dot && strcmp(dot + 1, name) == 0);
}

int param_check(const struct param *p, const char *value, struct err *e)
{
	char list[300];

	if (!*value)
		return err_set(e, -EINVAL, "%s needs a value", p->name);
	choices_str(p, list, sizeof(list));
	switch (p->type) {
	case PARAM_CHOICE:
		return is_choice(p, value) ? 0
					   : err_set(e, -EINVAL, "%s: '%s' is none of %s", p->name,
						     value, list);
	case PARAM_INT:
		return in_range(p, value, 10)
			       ? 0
			       : err_set(e, -ERANGE,
					 "%s: expected a number from %lld to %lld, found '%s'",
					 p->name, (long long)p->min, (long long)p->max, value);
	case PARAM_WORDS:
		return words_valid(p, value)
			       ? 0
			       : err_set(e, -EINVAL,
					 "%s: '%s' is no comma-separated list of numbers or of %s",
					 p->name, value, list);
	case PARAM_BITS:
		return is_bits(value) ? 0
				      : err_set(e, -EINVAL,
						"%s: expected a number of 64 bits, decimal or 0x…, "
						"found '%s'",
						p->name, value);
	case PARAM_RANGE:
		return is_choice(p, value) || is_range(value)
			       ? 0
			       : err_set(e, -EINVAL, "%s: expected FIRST-LAST or %s, found '%s'",
					 p->name, list, value);
	case PARAM_TEXT:
	case PARAM_PEERS:
		return strcmp(text_clean(list, sizeof(list), value), value) == 0
			       ? 0
			       : err_set(e, -EINVAL, "%s: '%s' is not printable", p->name, value);
	case PARAM_TYPES:
		break;
	}
	return -EINVAL;
}

static bool is_name(const char *have, const char *name, size_t len)
{
	return have && strlen(have) == len && strncmp(have, name, len) == 0;
}

static size_t param_index(const struct fault *f, const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < f->nparams; i++)
		if (is_name(f->params[i].name, name, len) || is_name(f->params[i].alias, name, len))
			break;
	return i;
}

static int unknown_param(const struct fault *f, const char *word, struct err *e)
{
	char list[300];
	size_t len = 0;

	list[0] = '\0';
	for (size_t i = 0; i < f->nparams && len < sizeof(list); i++)
		len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s", i ? " " : "",
					f->params[i].name);
	err_set(e, -EINVAL, "'%s' is no parameter of %s", word, f->name);
	return err_hint(e, "its parameters, as name=value: %s; besides: ttl reason quorum", list);
}

static int param_take(const struct fault *f, const char *word, struct params *out, struct err *e)
{
	const char *eq = strchr(word, '=');
	size_t i = eq ? param_index(f, word, (size_t)(eq - word)) : f->nparams;
	int r;

	if (i == f->nparams)
		return unknown_param(f, word, e);
	if (strlen(eq + 1) >= sizeof(out->value[i]))
		return err_set(e, -ERANGE, "%s: value too long", f->params[i].name);
	r = param_check(&f->params[i], eq + 1, e);
	if (r == 0)
		snprintf(out->value[i], sizeof(out->value[i]), "%s", eq + 1);
	return r;
}

int params_parse(const struct fault *f, const char *const *words, size_t n, struct params *out,
		 struct err *e)
{
	struct params p = { 0 };
	int r;

	for (size_t i = 0; i < n; i++) {
		r = param_take(f, words[i], &p, e);
		if (r)
			return r;
	}
	for (size_t i = 0; i < f->nparams; i++) {
		if (p.value[i][0])
			continue;
		if (!f->params[i].def) {
			err_set(e, -EINVAL, "%s needs %s=", f->name, f->params[i].name);
			return err_hint(e, "%s: %s", f->params[i].name, f->params[i].help);
		}
		snprintf(p.value[i], sizeof(p.value[i]), "%s", f->params[i].def);
	}
	*out = p;
	return 0;
}

const char *params_get(const struct fault *f, const struct params *p, const char *name)
{
	size_t i = param_index(f, name, strlen(name));

	return i < f->nparams ? p->value[i] : NULL;
}

void params_str(const struct fault *f, const struct params *p, char *dst, size_t n)
{
	size_t len = 0;

	if (n)
		dst[0] = '\0';
	for (size_t i = 0; i < f->nparams && len < n; i++) {
		const char *def = f->params[i].def;

		/* the first parameter says what the fault is: always there */
		if (i && def && strcmp(def, p->value[i]) == 0)
			continue;
		len += (size_t)snprintf(dst + len, n - len, "%s%s=%s", len ? " " : "",
					f->params[i].name, p->value[i]);
	}
}
