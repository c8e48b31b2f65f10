// SPDX-License-Identifier: GPL-2.0-or-later
/* Manifests: each mistake with its line, and what a good one becomes. */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../core/collect.h"
#include "../../core/manifest.h"

static const struct manifest_file host_files[] = {
#include "host/host.files.inc"
	{ NULL, NULL },
};
static const struct manifest_file hadoop_files[] = {
#include "hadoop/hadoop.files.inc"
	{ NULL, NULL },
};
static const struct manifest_file cloudstack_files[] = {
#include "cloudstack/cloudstack.files.inc"
	{ NULL, NULL },
};
static const struct manifest_library library[] = {
	{ "host", host_files },
	{ "hadoop", hadoop_files },
	{ "cloudstack", cloudstack_files },
	{ NULL, NULL },
};

#define SH_GOOD                                                                                    \
	"do_() {\n	:\n}\nundo_() {\n	:\n}\nverify_() {\n	:\n}\ngone_() {\n	"                       \
	":\n}\n"
/* a fault, its first line being line N of the file */
#define FAULT(name, more)                                                                          \
	"{ name = \"" name "\"; summary = \"s\"; seen = \"s\"; undone = \"u\"; risk = \"r\";\n"    \
	" targets = ( \"node\" ); after = \"a\"; recovery = \"5s\"; do = ( \"d\" );\n"             \
	" undo = ( \"u\" ); sh = ( \"a.sh\" );\n" more " }"

static char dir[64];
static struct mistakes mistakes;

static void put(const char *name, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
	fclose(f);
}

static int setup(void **state)
{
	char top[] = "/tmp/fdmanifest.XXXXXX";

	(void)state;
	assert_non_null(mkdtemp(top));
	snprintf(dir, sizeof(dir), "%s/mine", top);
	assert_int_equal(mkdir(dir, 0700), 0);
	put("a.sh", SH_GOOD);
	return 0;
}

static int teardown(void **state)
{
	char cmd[128];

	(void)state;
	snprintf(cmd, sizeof(cmd), "rm -rf %.*s", (int)(strrchr(dir, '/') - dir), dir);
	return system(cmd);
}

static int load(const char *text, struct backend **b)
{
	char path[PATH_MAX];
	struct err e;

	put("mine.cfg", text);
	return manifest_load(dir, library, b, &mistakes, path, &e);
}

/* TEXT has one mistake, in LINE, and its words hold SAYS. */
static void one_mistake(const char *text, int line, const char *says)
{
	struct backend *b = NULL;

	assert_int_equal(load(text, &b), -EINVAL);
	assert_null(b);
	if (mistakes.n != 1 || mistakes.list[0].line != line ||
	    !strstr(mistakes.list[0].msg, says)) {
		for (size_t i = 0; i < mistakes.n; i++)
			print_message("%d: %s\n", mistakes.list[i].line, mistakes.list[i].msg);
		print_message("expected one, in line %d: %s\n", line, says);
		fail();
	}
}

static void test_mistakes(void **state)
{
	static const struct {
		const char *text, *says;
		int line;
	} t[] = {
		{ "faults = (\n", "syntax error", 2 },
		{ "metrics = ( { key = \"a\"; label = \"a\"; } );\n", "faults: is missing", 0 },
		{ "faults = 5;", "faults: expected a list of groups", 1 },
		{ "fault = 1;\nfaults = (" FAULT("a", "") ");", "unknown key, did you mean faults?",
		  1 },
		{ "faults = (\n" FAULT("a", "sumary = 5;") ");", "faults[0].sumary: unknown key",
		  5 },
		{ "faults = (\n" FAULT("A b", "") ");", "faults[0].name: expected a name of a-z",
		  2 },
		{ "faults = (\n" FAULT("a", "") ",\n" FAULT("a", "") ");",
		  "faults[1].name: \"a\" is the name of the fault in line 2 too", 6 },
		{ "faults = (\n" FAULT("a", "flags = ( \"kernal\" );") ");",
		  "faults[0].flags: expected kernel or lasting, found \"kernal\"", 5 },
		{ "faults = (\n" FAULT("a", "aftermath = \"gone\";") ");",
		  "expected heals, paused or dead, found \"gone\"", 5 },
		{ "faults = (\n" FAULT("a", "needs = ( \"no; reboot\" );") ");", "is no name of",
		  5 },
		{ "faults = (\n" FAULT("a", "components = ( \"web\" );") ");",
		  "faults[0].components: there is no component \"web\"", 2 },
		{ "faults = (\n" FAULT("a", "params = ( { name = \"n\"; type = \"int\"; min = 1;\n"
					    "max = 9; def = \"10\"; help = \"h\"; } );") ");",
		  "faults[0].params[0].def: n: expected a number from 1 to 9, found '10'", 5 },
		{ "faults = (\n" FAULT("a", "params = ( { name = \"n\"; type = \"integer\";\n"
					    "help = \"h\"; } );") ");",
		  "expected choice, int, words, bits, range, text or peers, found \"integer\"", 5 },
		{ "faults = (\n" FAULT("a", "params = ( { name = \"n\"; type = \"choice\";\n"
					    "help = \"h\"; } );") ");",
		  "params[0].choices: is missing", 5 },
		{ "faults = (\n" FAULT("a", "params = ( { name = \"n\"; type = \"int\"; min = 5;\n"
					    "max = 5; help = \"h\"; } );") ");",
		  "min: expected less than max", 5 },
		{ "faults = (\n" FAULT(
			  "a", "params = ( { name = \"n\"; type = \"text\"; help = \"h\"; },\n"
			       "{ name = \"n\"; type = \"text\"; help = \"h\"; } );") ");",
		  "params[1].name: \"n\" is there twice", 5 },
		{ "faults = (\n" FAULT(
			  "a",
			  "params = ( { name = \"PATH\"; type = \"text\"; help = \"h\"; } );") ");",
		  "params[0].name: expected a name of a-z", 5 },
		{ "components = ( { name = \"web\"; } );\nfaults = (" FAULT("a", "") ");",
		  "components[0].unit: is missing, and so is comm", 1 },
		{ "metrics = ( { key = \"a\"; label = \"a\"; kind = \"vm\"; } );\nfaults = (" FAULT(
			  "a", "") ");",
		  "metrics[0].kind: expected node, service, pid, path or link", 1 },
		{ "collect = \"../x.sh\";\nfaults = (" FAULT("a", "") ");",
		  "collect: expected a file NAME.sh of the same directory", 1 },
		{ "probes = ( { name = \"a\"; command = \"true\"; tcp = \"h:1\"; } );\nfaults = "
		  "(" FAULT("a", "") ");",
		  "probes[0].tcp: unknown key", 1 },
		{ "probes = ( {\nname = \"a\"; component = \"web\"; command = \"true\"; } "
		  ");\nfaults = (" FAULT("a", "") ");",
		  "probes[0].component: there is no component \"web\"", 1 },
		{ "probes = (\n{ name = \"a\"; metric = \"lod\"; expect = \"< 5\"; } );\nfaults = "
		  "(" FAULT("a", "") ");",
		  "probes[0].metric: there is no metric \"lod\" of a node", 2 },
		{ "faults = (\n" FAULT("a", "params = ( { name = \"reason\"; type = \"text\";\n"
					    "help = \"h\"; } );") ");",
		  "params[0].name: \"reason\" is a word of inject itself", 5 },
		{ "operations = ( {\nwords = \"go\"; help = \"h\"; timeout = \"5s\"; sh = ( "
		  "\"a.sh\" ); steps = ( \"x\" ); } );\nfaults = (" FAULT("a", "") ");",
		  "operations[0].component: is missing, and so is attribute", 1 },
		{ "operations = (\n{ words = \"go\"; help = \"h\"; timeout = \"5s\"; sh = ( "
		  "\"a.sh\" ); steps = ( \"x\" ); component = \"web\"; } );\nfaults = (" FAULT(
			  "a", "") ");",
		  "operations[0].component: there is no component \"web\"", 2 },
		{ "verbs = (\n{ words = \"go\"; fault = \"b\"; } );\nfaults = (" FAULT("a",
										       "") ");",
		  "verbs[0].fault: there is no fault \"b\"", 2 },
		{ "settings = ( \"no-good\" );\nfaults = (" FAULT("a", "") ");",
		  "settings: 'no-good' is no name of a-z", 1 },
		{ "collect = \"none.sh\";\nfaults = (" FAULT("a", "") ");", "No such file", 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++)
		one_mistake(t[i].text, t[i].line, t[i].says);
}

static void test_all_at_once(void **state)
{
	struct backend *b = NULL;

	(void)state;
	assert_int_equal(load("x = 1;\ny = 2;\nfaults = ( 3 );\n", &b), -EINVAL);
	assert_int_equal(mistakes.n, 3);
	for (size_t i = 0; i < mistakes.n; i++)
		assert_int_equal(mistakes.list[i].line, i + 1);
}

static void test_sh_files(void **state)
{
	static const char use[] = "faults = (\n" FAULT("a", "") ");";

	(void)state;
	put("a.sh", "do_() {\n	:\n}\nundo_() {\n	:\n}\nverify_() {\n	:\n}\n# gone_()\n");
	one_mistake(use, 4, "faults[0].sh: no file defines gone_()");
	put("a.sh", SH_GOOD "if true; then\n");
	one_mistake(use, 4, "yntax error");
	put("a.sh", SH_GOOD);
}

static void test_words_in_braces(void **state)
{
	(void)state;
	one_mistake(
		"faults = ( { name = \"a\"; summary = \"s\"; seen = \"s\"; undone = \"u\"; risk = "
		"\"r\";\n"
		"targets = ( \"node\" ); after = \"a\"; recovery = \"5s\"; do = ( \"{oops}\" );\n"
		"undo = ( \"{id} {name}\" ); sh = ( \"a.sh\" ); } );",
		1, "{oops} is no parameter and no attribute");
}

static void test_name_of_the_directory(void **state)
{
	char path[PATH_MAX];
	struct backend *b = NULL;
	struct err e;

	(void)state;
	assert_int_equal(manifest_load("/tmp/No Good", library, &b, &mistakes, path, &e), -EINVAL);
	assert_non_null(strstr(e.msg, "the directory's name is the backend's"));
	assert_int_equal(manifest_load("/tmp/nowhere", library, &b, &mistakes, path, &e), -ENOENT);
	assert_string_equal(path, "/tmp/nowhere/nowhere.cfg");
}

/* ---- what a good one does ---- */
static struct node_view *node(const char *fast, const struct backend *const *backends)
{
	struct collect_in in = { .fast = fast, .slow = "", .backends = backends };
	static struct node_cfg cfg = { .name = "n1", .host = "192.0.2.1" };
	struct node_view *v = calloc(1, sizeof(*v));

	v->refs = 1;
	v->cfg = &cfg;
	assert_int_equal(collect_view(&in, v, NULL), 0);
	return v;
}

/* What a shell makes of the act's variables: quoting as it is really read. */
static void shell_says(const struct act *act, const char *print, char *out, size_t n)
{
	char path[128], cmd[160];
	FILE *f, *p;

	put("run.sh", buf_text(&act->script));
	snprintf(path, sizeof(path), "%s/run.sh", dir);
	f = fopen(path, "a");
	fprintf(f, "%s\n", print);
	fclose(f);
	snprintf(cmd, sizeof(cmd), "sh %s", path);
	p = popen(cmd, "r");
	out[fread(out, 1, n - 1, p)] = '\0';
	assert_int_equal(pclose(p), 0);
}

static const char *const words[] = { "text=it's \"$(id)\" `id`; -n \\ \xc3\xa4", "text=-rf *",
				     "text=a\\" };

static void test_plan(void **state)
{
	struct backend *b = NULL;
	struct node_cfg peers[] = {
		{ .name = "n1", .host = "192.0.2.1", .roles = (char *[]){ NULL } }
	};
	struct config cfg = { .nodes = peers, .nnodes = 1 };
	struct target t = { .kind = KIND_SERVICE, .node = "n1", .name = "web" };
	struct node_view *v;
	char out[400], why[200];

	(void)state;
	assert_int_equal(load("components = ( { name = \"web\"; comm = \"httpd\"; } );\n"
			      "metrics = ( { key = \"hits\"; label = \"hits\"; unit = \"/s\"; "
			      "counter = true; } );\n"
			      "faults = ( { name = \"slow\"; summary = \"s\"; seen = \"s\"; undone "
			      "= \"u\"; risk = \"r\";\n"
			      "targets = ( \"service\" ); after = \"a\"; recovery = \"5s\"; "
			      "components = ( \"web\" );\n"
			      "attributes = ( \"port\" ); do = ( \"{text} at {port} {id}\" ); undo "
			      "= ( \"u\" );\n"
			      "params = ( { name = \"text\"; type = \"text\"; help = \"h\"; } ); "
			      "sh = ( \"a.sh\" ); } );",
			      &b),
			 0);
	assert_string_equal(b->faults[0].name, "mine.slow");
	assert_non_null(strstr(b->collect_sh, "mine_sweep() { :; }"));
	v = node("t\t1\n:node\t\n:service\tweb\ncomponent\tmine.web\nport\t80;id\n:"
		 "service\tx\ncomponent\tmine.y\n:service\tz\ncomponent\tmine.web\n",
		 (const struct backend *const[]){ b, NULL });
	assert_null(b->unfit(b, &b->faults[0], &t, v, why, sizeof(why)));
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		struct params p;
		struct plan_in in = { &cfg, &b->faults[0], &t, v, &p, "id1", 1000 };
		struct act act = { .script.max = 65536,
				   .do_lines.max = 4096,
				   .undo_lines.max = 4096 };
		char want[300];

		assert_int_equal(params_parse(&b->faults[0], &words[i], 1, &p, NULL), 0);
		assert_int_equal(b->plan(b, &in, &act, NULL), 0);
		shell_says(&act, "printf '%s|%s' \"$p_text\" \"$t_port\"", out, sizeof(out));
		snprintf(want, sizeof(want), "%s|80;id", words[i] + 5);
		assert_string_equal(out, want);
		snprintf(want, sizeof(want), "%s at 80;id id1\n", words[i] + 5);
		assert_string_equal(buf_text(&act.do_lines), want);
		buf_free(&act.script);
		buf_free(&act.do_lines);
		buf_free(&act.undo_lines);
	}
	snprintf(t.name, sizeof(t.name), "x");
	assert_non_null(
		strstr(b->unfit(b, &b->faults[0], &t, v, why, sizeof(why)), "no component"));
	snprintf(t.name, sizeof(t.name), "z");
	assert_non_null(strstr(b->unfit(b, &b->faults[0], &t, v, why, sizeof(why)), "has no port"));
	node_view_unref(v);
	manifest_free(b);
}

static void test_operations(void **state)
{
	struct backend *b = NULL;

	(void)state;
	assert_int_equal(
		load("operations = (\n"
		     "{ words = \"go\"; help = \"h\"; timeout = \"5s\"; attribute = \"x\"; "
		     "takes_down = true; sh "
		     "= ( \"a.sh\" ); steps = ( \"one\", \"two\" ); },\n"
		     "{ words = \"go on\"; help = \"h\"; timeout = \"1m\"; component = "
		     "\"web\"; sh = ( \"a.sh\" ); steps = ( \"three\" ); } );\n"
		     "components = ( { name = \"web\"; comm = \"httpd\"; } );\n"
		     "settings = ( \"user\" );\n"
		     "faults = (" FAULT("a", "") ");",
		     &b),
		0);
	assert_int_equal(b->noperations, 3);
	assert_string_equal(b->operations[0].verb, "mine");
	assert_string_equal(b->operations[1].word, "go");
	assert_string_equal(b->operations[1].attribute, "x");
	assert_string_equal(b->operations[2].component, "mine.web");
	assert_int_equal(b->operations[2].timeout_ms, 60000);
	assert_true(b->operations[0].changes);
	/* the guard is asked before the first step, not in the midst of it */
	assert_true(b->operations[0].takes_down);
	assert_false(b->operations[1].takes_down);
	assert_false(b->operations[2].takes_down);
	assert_string_equal(b->settings[0], "user");
	manifest_free(b);
}

static void is_good(const char *name, const char *defines)
{
	struct backend *b = NULL;
	struct err e;

	if (manifest_embedded(name, library, &b, &mistakes, &e)) {
		for (size_t i = 0; i < mistakes.n; i++)
			print_message("%d: %s\n", mistakes.list[i].line, mistakes.list[i].msg);
		fail();
	}
	assert_non_null(strstr(b->collect_sh, defines));
	manifest_free(b);
}

static void test_embedded_are_good(void **state)
{
	(void)state;
	is_good("host", "host_fast()");
	is_good("hadoop", "hadoop_fast()");
	is_good("cloudstack", "cloudstack_fast()");
}

/* A list of files may name one of another backend that is in this program. */
static void test_shared_files(void **state)
{
	struct backend *b = NULL;

	(void)state;
	assert_int_equal(load("faults = ( " FAULT("f", "") " );\n", &b), 0);
	manifest_free(b);
	put("good.sh", SH_GOOD);
	assert_int_equal(
		load("faults = ( { name = \"f\"; summary = \"s\"; seen = \"s\"; undone = "
		     "\"u\"; risk = \"r\"; targets = ( \"node\" ); after = \"a\"; recovery = "
		     "\"5s\"; do = ( \"d\" ); undo = ( \"u\" ); sh = ( \"host/common.sh\", "
		     "\"good.sh\" ); } );\n",
		     &b),
		0);
	manifest_free(b);
	one_mistake(
		"faults = (\n{ name = \"f\"; summary = \"s\"; seen = \"s\"; undone = \"u\"; risk = "
		"\"r\"; targets = ( \"node\" ); after = \"a\"; recovery = \"5s\"; do = ( \"d\" ); "
		"undo = ( \"u\" );\nsh = ( \"host/none.sh\", \"good.sh\" ); } );\n",
		3, "there is no host/none.sh among the files of this program");
}

/* ---- peers ---- */
static void test_peers(void **state)
{
	struct node_cfg nodes[] = {
		{ .name = "n1", .host = "192.0.2.1", .roles = (char *[]){ "db", NULL } },
		{ .name = "n2",
		  .host = "gate",
		  .address = "192.0.2.2",
		  .roles = (char *[]){ "db", NULL } },
		{ .name = "small", .host = "small.example.org", .roles = (char *[]){ NULL } },
		{ .name = "here", .host = "local", .local = true, .roles = (char *[]){ NULL } },
	};
	static const struct {
		const char *value, *out;
		int r;
	} t[] = {
		{ "n2", "192.0.2.2", 0 },
		{ "role:db,small", "192.0.2.2 small.example.org", 0 },
		{ "small,all", "all", 0 },
		{ "2001:db8::/32,198.51.100.0/24,::1", "2001:db8::/32 198.51.100.0/24 ::1", 0 },
		{ "n1", "", -EINVAL },
		{ "here", "", -EINVAL },
		{ "role:none", "", -ENOENT },
		{ "198.51.100.0/33", "", -ENOENT },
		{ "198.51.100.0/8x", "", -ENOENT },
		{ "-rf", "", -ENOENT },
		{ ",", "", -EINVAL },
	};
	struct config cfg = { .nodes = nodes, .nnodes = 4 };

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		struct buf out = BUF_INIT(4096);

		assert_int_equal(peers_expand(&cfg, &nodes[0], t[i].value, &out, NULL), t[i].r);
		if (!t[i].r)
			assert_string_equal(buf_text(&out), t[i].out);
		buf_free(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_all_at_once),
		cmocka_unit_test(test_sh_files),
		cmocka_unit_test(test_words_in_braces),
		cmocka_unit_test(test_operations),
		cmocka_unit_test(test_plan),
		cmocka_unit_test(test_name_of_the_directory),
		cmocka_unit_test(test_embedded_are_good),
		cmocka_unit_test(test_shared_files),
		cmocka_unit_test(test_peers),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
