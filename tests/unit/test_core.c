// SPDX-License-Identifier: GPL-2.0-or-later
// sources: backends/kvm/faults.c kmod/points.c kmod/names.c kmod/regs.c kmod/words.c
/* Targets, parameters, the journal and what a collector's text becomes. */
#include <errno.h>
#include <fcntl.h>
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

#include "../../backends/kvm/kvm.h"
#include "../../core/collect.h"
#include "../../core/journal.h"

/* ---- targets ---- */
static void test_targets(void **state)
{
	static const struct {
		const char *text;
		enum kind kind;
		const char *name, *node;
	} good[] = {
		{ "kvm1", KIND_NODE, "", "kvm1" },
		{ "nn@master", KIND_SERVICE, "nn", "master" },
		{ "vm:db1@kvm1", KIND_VM, "db1", "kvm1" },
		{ "vm:a@b@kvm1", KIND_VM, "a@b", "kvm1" },
		{ "vm:a/b@kvm1", KIND_VM, "a/b", "kvm1" },
		{ "vm:db1/2@kvm1", KIND_VCPU, "db1", "kvm1" },
		{ "new-vm@kvm1", KIND_NEW_VM, "", "kvm1" },
		{ "pid:12@kvm1", KIND_PID, "12", "kvm1" },
		{ "path:/mnt/a b@cs1", KIND_PATH, "/mnt/a b", "cs1" },
		{ "link:eth0@n1", KIND_LINK, "eth0", "n1" },
		{ "vm:db1", KIND_VM, "db1", "" },
	};
	static const char *const bad[] = { "",        "@kvm1",   "vm:@kvm1",         "disk:x@n",
					   "pid:0@n", "pid:x@n", "pid:99999999999@n" };
	struct target t;
	char text[TARGET_MAX];
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		assert_int_equal(target_parse(good[i].text, &t, &e), 0);
		assert_int_equal(t.kind, good[i].kind);
		assert_string_equal(t.name, good[i].name);
		assert_string_equal(t.node, good[i].node);
		if (t.node[0])
			assert_string_equal(target_str(text, &t), good[i].text);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(target_parse(bad[i], &t, &e), -EINVAL);
		assert_non_null(strstr(e.hint, "vm:NAME@NODE"));
	}
}

/* ---- parameters ---- */
static void test_params(void **state)
{
	const struct fault *f = &kvm_faults[1];
	const char *good[] = { "errno=EIO", "times=5" }, *bad = "times=x", *odd = "size=3";
	struct params p;
	struct err e;
	char text[200];

	(void)state;
	assert_int_equal(params_parse(f, good, 2, &p, &e), 0);
	assert_string_equal(params_get(f, &p, "errno"), "EIO");
	assert_string_equal(params_get(f, &p, "probability"), "100");
	params_str(f, &p, text, sizeof(text));
	assert_string_equal(text, "errno=EIO times=5");
	assert_int_equal(params_parse(f, &bad, 1, &p, &e), -ERANGE);
	assert_non_null(strstr(e.msg, "from -1 to 1000000000"));
	assert_int_equal(params_parse(f, &odd, 1, &p, &e), -EINVAL);
	assert_non_null(strstr(e.hint, "probability"));
}

/* ---- journal ---- */
struct seen {
	char ids[8][ID_MAX];
	enum inj_state states[8];
	int n;
};

static void see(const struct injection *i, void *arg)
{
	struct seen *s = arg;

	assert_true(s->n < 8);
	memcpy(s->ids[s->n], i->id, ID_MAX);
	s->states[s->n++] = i->state;
}

static void put(struct journal *j, const char *id, enum inj_state state)
{
	struct injection i = { .state = state, .ttl_ms = 30000, .hits = -1 };

	snprintf(i.id, sizeof(i.id), "%s", id);
	snprintf(i.params, sizeof(i.params), "name=\"%s\"\x1b[31m", id);
	assert_int_equal(journal_write(j, &i, NULL), 0);
}

static void test_journal(void **state)
{
	char dir[] = "/tmp/fdtest.XXXXXX", path[64], file[96];
	struct journal *j = NULL;
	struct seen s = { .n = 0 };
	struct injection found;
	struct err e;
	size_t bad;
	int fd;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/a/b", dir);
	snprintf(file, sizeof(file), "%s/journal", path);
	assert_int_equal(journal_open(path, &j, &e), 0);
	put(j, "one", STATE_JOURNALED);
	put(j, "two", STATE_ACTIVE);
	put(j, "one", STATE_RESTORED);
	/* a crash in the middle of a record, then another console's next one */
	fd = open(file, O_WRONLY | O_APPEND);
	assert_int_equal(write(fd, "{\"id\":\"thr", 10), 10);
	close(fd);
	put(j, "four", STATE_JOURNALED);
	assert_int_equal(journal_read(j, see, &s, &bad, &e), 0);
	assert_int_equal(bad, 1);
	assert_int_equal(s.n, 2);
	assert_string_equal(s.ids[0], "two");
	assert_string_equal(s.ids[1], "four");
	assert_true(journal_find(j, "one", &found));
	assert_int_equal(found.state, STATE_RESTORED);
	assert_null(strchr(found.params, '\x1b'));
	assert_false(journal_find(j, "five", &found));
	journal_close(j);
	unlink(file);
	rmdir(path);
	snprintf(path, sizeof(path), "%s/a", dir);
	rmdir(path);
	rmdir(dir);
}

static void test_journal_full_disk(void **state)
{
	struct journal *j = NULL;
	struct err e;

	(void)state;
	assert_int_equal(journal_open("/proc/nowhere", &j, &e), -ENOENT);
	assert_non_null(strstr(e.hint, "nothing is injected without a journal"));
}

/* ---- collector ---- */
static const struct metric metrics[] = {
	{ "exits", "exits", "/s", KIND_VM, true, 1 },
};
static const struct backend backend = { .name = "t", .metrics = metrics, .nmetrics = 1 };
static const struct backend *const backends[] = { &backend, NULL };
static int events;

static void on_event(const char *line, void *arg)
{
	(void)arg;
	assert_null(strchr(line, '\x1b'));
	events++;
}

static struct node_view *view(const char *fast, const char *slow, const struct node_view *prev)
{
	struct collect_in in = { fast, slow, prev, backends, on_event, NULL };
	struct node_view *v = calloc(1, sizeof(*v));

	v->refs = 1;
	if (collect_view(&in, v, NULL) == 0)
		return v;
	free(v);
	return NULL;
}

static void test_collect(void **state)
{
	struct node_view *a =
		view("t\t10000\n:node\t\narch\taarch64\n:vm\tdb1\npid\t7\nexits\t100\n"
		     "!id=x \x1b[2Jy\n:oven\tz\nheat\t1\n",
		     ":vm\tdb1\nstate\tio-error\n:vm\tgone\nstate\trunning\n", NULL);
	struct node_view *b, *c;

	(void)state;
	assert_non_null(a);
	assert_int_equal(events, 1);
	assert_int_equal(a->nitems, 2);
	assert_string_equal(item_attr(&a->items[0], "arch"), "aarch64");
	assert_string_equal(a->items[1].state, "io-error");
	assert_true(a->items[1].bad);
	assert_null(item_sample(&a->items[1], "exits"));
	b = view("t\t12000\n:node\t\n:vm\tdb1\npid\t7\nexits\t300\n", "", a);
	assert_int_equal((int)item_sample(&b->items[1], "exits")->value, 100);
	/* another process of the same name has no rate yet */
	c = view("t\t13000\n:node\t\n:vm\tdb1\npid\t8\nexits\t900\n", "", b);
	assert_null(item_sample(&c->items[1], "exits"));
	node_view_unref(a);
	node_view_unref(b);
	node_view_unref(c);
	assert_null(view("\x7f"
			 "ELF not a collector\n",
			 "", NULL));
}

static void test_a_server_and_its_unit(void **state)
{
	struct node_view *v =
		view("t\t1\n:node\t\n:service\tmariadb\nunit\tmariadb."
		     "service\nstate\tup\npid\t5\nrss\t9\n"
		     ":service\tssh\nunit\tssh.service\n:service\tmysql\ncomponent\tc.mysql\n"
		     "unit\tmariadb.service\nstate\tstopped\npid\t6\n",
		     "", NULL);
	const struct item *i = node_view_item(v, KIND_SERVICE, "mysql");

	(void)state;
	assert_int_equal(v->nitems, 3);
	assert_int_equal(i->pid, 6);
	assert_string_equal(i->state, "stopped");
	assert_string_equal(item_attr(i, "rss"), "9");
	/* by the unit's name, too */
	assert_ptr_equal(node_view_item(v, KIND_SERVICE, "mariadb"), i);
	assert_null(node_view_item(v, KIND_SERVICE, "maria"));
	assert_non_null(node_view_item(v, KIND_SERVICE, "ssh"));
	node_view_unref(v);
}

static void test_block_end(void **state)
{
	struct buf b = BUF_INIT(100);

	(void)state;
	assert_int_equal(collect_block_end(&b), -1);
	buf_str(&b, "a\tb.\n");
	assert_int_equal(collect_block_end(&b), -1);
	buf_str(&b, ".\n");
	assert_int_equal(collect_block_end(&b), 5);
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_targets),
		cmocka_unit_test(test_params),
		cmocka_unit_test(test_journal),
		cmocka_unit_test(test_journal_full_disk),
		cmocka_unit_test(test_collect),
		cmocka_unit_test(test_block_end),
		cmocka_unit_test(test_a_server_and_its_unit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
