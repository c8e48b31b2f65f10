// SPDX-License-Identifier: GPL-2.0-or-later
/* Variables of a scenario: {{name}} in any of its texts. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "scenario_priv.h"

#define NAME_BYTES "abcdefghijklmnopqrstuvwxyz0123456789_"

static struct variable *var_named(struct scenario *s, const char *name, size_t n)
{
	for (size_t i = 0; i < s->nvars; i++)
		if (strlen(s->vars[i].name) == n && strncmp(s->vars[i].name, name, n) == 0)
			return &s->vars[i];
	return NULL;
}

/* A value as text: false where it is none, or too long. */
static bool scalar(const config_setting_t *s, char *dst, size_t n)
{
	char raw[SCENARIO_VALUE_MAX + 8];

	switch (config_setting_type(s)) {
	case CONFIG_TYPE_STRING:
		snprintf(raw, sizeof(raw), "%s", config_setting_get_string(s));
		break;
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		snprintf(raw, sizeof(raw), "%lld", config_setting_get_int64(s));
		break;
	default:
		return false;
	}
	return *raw && strcmp(text_clean(dst, n, raw), raw) == 0;
}

static void read_var(struct scenario_load *l, const config_setting_t *s)
{
	const char *name = config_setting_name(s);
	struct scenario *sc = l->s;
	struct variable *v = &sc->vars[sc->nvars];

	if (strspn(name, NAME_BYTES) != strlen(name) || strlen(name) >= sizeof(v->name) ||
	    strcmp(name, "seed") == 0 || strcmp(name, "ttl") == 0) {
		schema_mistake(&l->schema, schema_line(s),
			       "variables.%.60s: expected a name of a-z, 0-9 and _, at most 39 of "
			       "them, and not seed or ttl",
			       name);
		return;
	}
	if (!scalar(s, v->def, sizeof(v->def))) {
		schema_mistake(&l->schema, schema_line(s),
			       "variables.%s: expected a number, or a text of 1 to %d printable "
			       "bytes",
			       name, SCENARIO_VALUE_MAX - 1);
		return;
	}
	snprintf(v->name, sizeof(v->name), "%s", name);
	memcpy(v->value, v->def, sizeof(v->value));
	sc->nvars++;
}

static void read_vars(struct scenario_load *l, const config_setting_t *s)
{
	int n = s ? config_setting_length(s) : 0;

	if (s && config_setting_type(s) != CONFIG_TYPE_GROUP)
		schema_expected(&l->schema, s, "variables", "a group { name = \"value\"; }");
	else if (n > SCENARIO_VARS_MAX)
		schema_mistake(&l->schema, schema_line(s), "variables: at most %d of them",
			       SCENARIO_VARS_MAX);
	else
		for (int i = 0; i < n; i++)
			read_var(l, config_setting_get_elem(s, (unsigned)i));
}

static void bad_word(struct scenario_load *l, const char *word)
{
	char names[300] = "";
	size_t len = 0;

	for (size_t i = 0; i < l->s->nvars && len < sizeof(names); i++)
		len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%s", i ? ", " : "",
					l->s->vars[i].name);
	l->bad_words = true;
	err_set(l->e, -EINVAL, "%s: it is no variable of this scenario, as NAME=VALUE", word);
	err_hint(l->e, l->s->nvars ? "it has: %s" : "it has none%s", names);
}

static void take_words(struct scenario_load *l)
{
	for (size_t i = 0; i < l->nwords; i++) {
		const char *w = l->words[i], *eq = strchr(w, '=');
		struct variable *v = eq ? var_named(l->s, w, (size_t)(eq - w)) : NULL;
		char clean[SCENARIO_VALUE_MAX];

		if (!v) {
			bad_word(l, w);
		} else if (!eq[1] ||
			   strcmp(text_clean(clean, sizeof(clean), eq + 1), eq + 1) != 0) {
			l->bad_words = true;
			err_set(l->e, -EINVAL, "%s: expected 1 to %d printable bytes", v->name,
				SCENARIO_VALUE_MAX - 1);
		} else {
			memcpy(v->value, clean, sizeof(v->value));
		}
	}
}

/* The name in {{…}} at AT, and its length; 0: it is none. */
static size_t reference(const char *at)
{
	size_t n = strspn(at + 2, NAME_BYTES);

	return n && strncmp(at + 2 + n, "}}", 2) == 0 ? n : 0;
}

/* In a command a value is one word of the shell, whatever is in it. */
static void replace(struct scenario_load *l, const config_setting_t *s, const char *text,
		    bool shell, struct buf *out)
{
	const char *at, *from = text;

	while ((at = strstr(from, "{{"))) {
		const size_t n = reference(at);
		const struct variable *v = n ? var_named(l->s, at + 2, n) : NULL;

		buf_add(out, from, (size_t)(at - from));
		if (!n) {
			buf_str(out, "{{");
			from = at + 2;
			continue;
		}
		if (!v)
			schema_mistake(&l->schema, schema_line(s), "there is no variable \"%.*s\"",
				       (int)n, at + 2);
		else if (shell)
			buf_shell(out, v->value);
		else
			buf_str(out, v->value);
		from = at + n + 4;
	}
	buf_str(out, from);
}

static void expand(struct scenario_load *l, config_setting_t *s)
{
	const char *name = config_setting_name(s);
	struct buf out = BUF_INIT(64u << 10);
	int n;

	if (config_setting_type(s) == CONFIG_TYPE_STRING) {
		const char *text = config_setting_get_string(s);

		if (!strstr(text, "{{"))
			return;
		replace(l, s, text, name && strcmp(name, "command") == 0, &out);
		if (out.broken || !config_setting_set_string(s, buf_text(&out)))
			l->schema.oom = true;
		buf_free(&out);
		return;
	}
	n = config_setting_is_aggregate(s) ? config_setting_length(s) : 0;
	for (int i = 0; i < n; i++)
		expand(l, config_setting_get_elem(s, (unsigned)i));
}

void scenario_expand(struct scenario_load *l, config_setting_t *root)
{
	config_setting_t *vars = config_setting_get_member(root, "variables");
	int n = config_setting_length(root);

	read_vars(l, vars);
	take_words(l);
	for (int i = 0; i < n; i++) {
		config_setting_t *s = config_setting_get_elem(root, (unsigned)i);

		if (s != vars)
			expand(l, s);
	}
}
