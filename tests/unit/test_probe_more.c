// SPDX-License-Identifier: GPL-2.0-or-later
/* Pages, expectations, baselines, guests, and probes that come and go while a deck is open. */
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../core/collect.h"
#include "../../core/http.h"
#include "../../core/probe.h"
#include "../../core/probe_read.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static char dir[] = "/tmp/fdmore.XXXXXX";
static struct mistakes mistakes;

/* ---- a server of pages: what it says is in the path ---- */
static struct {
	int fd, port;
	pthread_t thread;
} server;

static const char page[] =
	"{\"beans\":[{\"tag.HAState\":\"active\",\"n\":7,\"x\":1.5,\"no\":false,\"a/b\":1}],\n"
	"\t\"list\":[1,2,3], \"nothing\": null}";

static void serve_one(int fd)
{
	char ask[2048] = "", head[160];
	ssize_t n = read(fd, ask, sizeof(ask) - 1);
	const char *status = strstr(ask, "/503") ? "503 Sorry" : "200 OK";
	int len;

	if (n > 0 && strstr(ask, "/hang"))
		sleep(3);
	if (n > 0 && strstr(ask, "/moved"))
		len = snprintf(head, sizeof(head),
			       "HTTP/1.0 302 Found\r\nLocation: file:///etc/passwd\r\n\r\n");
	else
		len = snprintf(head, sizeof(head), "HTTP/1.0 %s\r\nContent-Length: %zu\r\n\r\n",
			       status, strlen(page));
	if (write(fd, head, (size_t)len) < 0 || write(fd, page, strlen(page)) < 0)
		perror("server");
	shutdown(fd, SHUT_RDWR);
	close(fd);
}

static void *serve(void *arg)
{
	int fd;

	while ((fd = accept(server.fd, NULL, NULL)) >= 0)
		serve_one(fd);
	return arg;
}

static int setup(void **state)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(a);

	(void)state;
	signal(SIGPIPE, SIG_IGN); /* a client may leave before all is said */
	server.fd = socket(AF_INET, SOCK_STREAM, 0);
	if (!mkdtemp(dir) || bind(server.fd, (struct sockaddr *)&a, n) || listen(server.fd, 16) ||
	    getsockname(server.fd, (struct sockaddr *)&a, &n))
		return -1;
	server.port = ntohs(a.sin_port);
	return pthread_create(&server.thread, NULL, serve, NULL);
}

static int teardown(void **state)
{
	char cmd[80];

	(void)state;
	shutdown(server.fd, SHUT_RDWR);
	pthread_join(server.thread, NULL);
	close(server.fd);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	return system(cmd);
}

/* ---- expectations ---- */

static enum probe_state judged(struct probe *p, const char *expect, const char *value)
{
	struct probe_cfg c = { .expect = (char *)expect };

	assert_true(probe_expect_parse(expect, &c.want));
	p->v.cfg = &c;
	return probe_judge(p, value);
}

static void test_expectations(void **state)
{
	static const struct {
		const char *expect, *holds, *fails;
	} t[] = {
		{ "< 5", "4.9", "5" },    { "<= 5", "5", "5.1" },        { ">-1.5", "0", "-1.5" },
		{ ">= 2", "2", "1" },     { "== 3", "3.0", "4" },        { "!= 3", "4", "3" },
		{ "1..5", "5", "5.01" },  { "-2.5..-1", "-1", "0" },     { "== Up", "Up", "Down" },
		{ "!= a b", "a", "a b" }, { "== active", "active", "" }, { "10..20", "10", "9" },
	};
	struct probe p = { .deck = NULL };

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		assert_int_equal(judged(&p, t[i].expect, t[i].holds), PROBE_HOLDS);
		assert_int_equal(judged(&p, t[i].expect, t[i].fails), PROBE_FAILED);
	}
	assert_int_equal(judged(&p, "< 5", "about 3"), PROBE_UNKNOWN);
	assert_int_equal(judged(&p, "< 5", "inf"), PROBE_UNKNOWN);
	assert_int_equal(judged(&p, "< 5", ""), PROBE_UNKNOWN);
}

static void test_baseline(void **state)
{
	struct probe p = { .deck = NULL };

	(void)state;
	assert_int_equal(judged(&p, ">= 80% of baseline", "50"), PROBE_HOLDS); /* this is it */
	assert_int_equal(judged(&p, ">= 80% of baseline", "40"), PROBE_HOLDS);
	assert_int_equal(judged(&p, ">= 80% of baseline", "39"), PROBE_FAILED);
	assert_int_equal(judged(&p, "80..120% of baseline", "61"), PROBE_FAILED);
	assert_int_equal(judged(&p, "80..120% of baseline", "60"), PROBE_HOLDS);
	p.has_baseline = false;
	assert_int_equal(judged(&p, ">= 80% of baseline", "39"), PROBE_HOLDS);
}

/* ---- pages ---- */

static void page_is(const char *cfg_json, const char *body, int want_status, long status,
		    enum probe_state s, const char *says)
{
	struct probe_cfg c = { .json = (char *)cfg_json,
			       .body = (char *)body,
			       .status = want_status };
	char value[160] = "";

	assert_int_equal(http_judge(&c, status, 12.3, page, value, sizeof(value)), s);
	if (!strstr(value, says))
		fail_msg("%s: found \"%s\", expected \"%s\"", cfg_json ? cfg_json : "-", value,
			 says);
}

static void test_pages(void **state)
{
	(void)state;
	page_is(NULL, NULL, 0, 204, PROBE_HOLDS, "12");
	page_is(NULL, NULL, 0, 302, PROBE_FAILED, "HTTP status 302");
	page_is(NULL, NULL, 401, 401, PROBE_HOLDS, "12");
	page_is(NULL, NULL, 401, 200, PROBE_FAILED, "HTTP status 200");
	page_is(NULL, "beans", 0, 200, PROBE_HOLDS, "12");
	page_is(NULL, "bears", 0, 200, PROBE_FAILED, "does not hold \"bears\"");
	page_is("/beans/0/tag.HAState", NULL, 0, 200, PROBE_HOLDS, "active");
	page_is("/beans/0/n", NULL, 0, 200, PROBE_HOLDS, "7");
	page_is("/beans/0/x", NULL, 0, 200, PROBE_HOLDS, "1.5");
	page_is("/beans/0/no", NULL, 0, 200, PROBE_HOLDS, "false");
	page_is("/beans/0/a~1b", NULL, 0, 200, PROBE_HOLDS, "1");
	page_is("/beans/1/n", NULL, 0, 200, PROBE_FAILED, "there is no /beans/1/n");
	page_is("/beans/x", NULL, 0, 200, PROBE_FAILED, "there is no");
	page_is("/list", NULL, 0, 200, PROBE_HOLDS, "3");
	page_is("/nothing", NULL, 0, 200, PROBE_HOLDS, "null");
}

static int get(const char *path, int64_t ms, struct http_page *p, struct err *e)
{
	char url[80];

	snprintf(url, sizeof(url), "http://127.0.0.1:%d%s", server.port, path);
	return http_get(url, ms, -1, p, e);
}

static void test_get(void **state)
{
	struct http_page p = { .body = BUF_INIT(HTTP_BODY_MAX) };
	struct err e = { 0 };

	(void)state;
	setenv("http_proxy", "http://127.0.0.1:1", 1); /* is not asked */
	assert_int_equal(get("/", 5000, &p, &e), 0);
	assert_int_equal(p.status, 200);
	assert_string_equal(buf_text(&p.body), page);
	assert_int_equal(get("/503", 5000, &p, &e), 0);
	assert_int_equal(p.status, 503);
	buf_free(&p.body);
	p.body.max = 10;
	p.body.broken = false;
	assert_int_equal(get("/", 5000, &p, &e), -EMSGSIZE);
	buf_free(&p.body);
	p.body.max = HTTP_BODY_MAX;
	assert_int_equal(get("/moved", 5000, &p, &e), -EINVAL); /* to a file of ours */
	assert_int_equal(get("/hang", 300, &p, &e), -ETIMEDOUT);
	assert_string_equal(e.msg, "no answer in time");
	assert_int_equal(http_get("http://127.0.0.1:1/", 5000, -1, &p, &e), -ENETUNREACH);
	assert_int_equal(http_get("file:///etc/passwd", 5000, -1, &p, &e), -EINVAL);
	unsetenv("http_proxy");
	buf_free(&p.body);
}

/* ---- of an open deck ---- */

static const struct backend *const no_backends[] = { NULL };

static struct config *load(const char *text)
{
	struct config *c = NULL;
	struct err e = { 0 };
	char path[80];
	FILE *f;

	snprintf(path, sizeof(path), "%s/c.cfg", dir);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	if (config_load(path, &c, &mistakes, &e))
		fail_msg("%s: %s", e.msg, mistakes.n ? mistakes.list[0].msg : "");
	return c;
}

static struct deck *open_deck(const struct config *c)
{
	struct deck_opts o = { .cfg = c,
			       .backends = no_backends,
			       .state_dir = dir,
			       .probes = PROBES_ALL,
			       .interval_ms = 100 };
	struct deck *d = NULL;

	assert_int_equal(deck_open(&o, &d, NULL), 0);
	deck_start(d);
	return d;
}

static bool all_asked(const struct snapshot *s, void *arg)
{
	(void)arg;
	for (size_t i = 0; i < s->nprobes; i++)
		if (!s->probes[i].asked)
			return false;
	return true;
}

static void is(const struct snapshot *s, size_t i, enum probe_state want, const char *value)
{
	if (s->probes[i].state == want && strstr(s->probes[i].value, value))
		return;
	fail_msg("%s: %s: %s, expected %s: %s", s->probes[i].name,
		 probe_state_word(s->probes[i].state), s->probes[i].value, probe_state_word(want),
		 value);
}

/* From here, and on a node by its own curl: the same answers. */
static void test_asked(void **state)
{
	static const char *const where[] = { "", "node = \"n1\";" };
	struct buf text = BUF_INIT(16384);
	const struct snapshot *s;
	struct config *c;
	struct deck *d;

	(void)state;
	buf_str(&text, "nodes = ( { name = \"n1\"; host = \"local\"; } );\nprobes = (\n");
	for (size_t i = 0; i < COUNT(where); i++)
		buf_fmt(&text,
			"{ name = \"a%zu\"; http = \"http://127.0.0.1:%d/\"; %s expect = \"< "
			"5000\"; },\n"
			"{ name = \"b%zu\"; http = \"http://127.0.0.1:%d/\"; %s json = "
			"\"/beans/0/tag.HAState\"; expect = \"== active\"; },\n"
			"{ name = \"c%zu\"; http = \"http://127.0.0.1:%d/503\"; %s },\n"
			"{ name = \"d%zu\"; http = \"http://127.0.0.1:1/\"; %s timeout = 1; },\n"
			"{ name = \"e%zu\"; http = \"http://127.0.0.1:%d/\"; %s body = \"]}\"; "
			"},\n",
			i, server.port, where[i], i, server.port, where[i], i, server.port,
			where[i], i, where[i], i, server.port, where[i]);
	buf_str(&text,
		"{ name = \"last\"; command = \"echo 17\"; node = \"n1\"; expect = \"< 17\"; }"
		" );\n");
	c = load(buf_text(&text));
	d = open_deck(c);
	assert_int_equal(deck_wait(d, all_asked, NULL, 30000), 0);
	s = deck_snapshot(d);
	for (size_t i = 0; i < 10; i += 5) {
		is(s, i, PROBE_HOLDS, "");
		is(s, i + 1, PROBE_HOLDS, "active");
		is(s, i + 2, PROBE_FAILED, "HTTP status 503");
		is(s, i + 3, PROBE_FAILED, "onnect");
		is(s, i + 4, PROBE_FAILED, "does not hold");
	}
	is(s, 10, PROBE_FAILED, "17");
	assert_string_equal(s->probes[0].cfg->unit, "ms");
	snapshot_put(s);
	deck_close(d);
	config_free(c);
	buf_free(&text);
}

static struct probe_set *make_set(const char *command, const char *node, size_t n)
{
	struct probe_set *set = calloc(1, sizeof(*set));

	set->refs = 1;
	set->n = n;
	set->list = calloc(n, sizeof(*set->list));
	for (size_t i = 0; i < n; i++) {
		struct probe_cfg *c = &set->list[i];

		c->name = strdup("more");
		c->command = strdup(command);
		c->node = strdup(node);
		c->interval_ms = 1000;
		c->timeout_ms = 5000;
	}
	return set;
}

struct awaited {
	struct probe *p;
	enum probe_state s;
	char value[160];
};

static bool answered(const struct snapshot *s, void *arg)
{
	struct awaited *a = arg;

	(void)s;
	return probe_result(a->p, &a->s, a->value);
}

static void test_come_and_go(void **state)
{
	struct config *c = load("nodes = ( { name = \"n1\"; host = \"local\"; } );\n");
	struct deck *d = open_deck(c);
	static const char *const where[] = { "n1", "local" };
	const struct snapshot *old, *kept = NULL;
	struct err e = { 0 };

	(void)state;
	/* more often than there are slots, and a snapshot that outlives them */
	for (size_t round = 0; round < 2 * PROBES_EXTRA; round++) {
		struct probe_set *set = make_set("echo there", where[round % 2], 1);
		struct awaited a = { .s = PROBE_UNKNOWN };

		assert_int_equal(probe_add(d, set, 0, round % 4 < 2, &a.p, &e), 0);
		if (round < 8) {
			assert_int_equal(deck_wait(d, answered, &a, 20000), 0);
			assert_int_equal(a.s, PROBE_HOLDS);
			assert_string_equal(a.value, "there");
			old = deck_snapshot(d);
			assert_int_equal(old->nprobes,
					 round % 4 < 2 ? 0 : 1); /* commands are not shown */
		} else {
			old = deck_snapshot(d);
		}
		probe_drop(a.p);
		probe_set_unref(set);
		if (old->nprobes)
			assert_string_equal(old->probes[0].cfg->command, "echo there");
		if (round == 2)
			kept = old;
		else
			snapshot_put(old);
	}
	assert_string_equal(kept->probes[0].cfg->command, "echo there");
	snapshot_put(kept);
	old = deck_snapshot(d);
	assert_int_equal(old->nprobes, 0);
	snapshot_put(old);
	{
		struct probe_set *set = make_set("true", "n2", 1);
		struct probe *p = NULL;

		assert_int_equal(probe_add(d, set, 0, true, &p, &e), -EHOSTUNREACH);
		probe_set_unref(set);
	}
	deck_close(d);
	config_free(c);
}

/* A command is run one time only. */
static void test_once(void **state)
{
	struct config *c = load("nodes = ( { name = \"n1\"; host = \"local\"; } );\n");
	struct deck *d = open_deck(c);
	char command[120], path[80];
	struct awaited a = { .s = PROBE_UNKNOWN };
	struct probe_set *set;
	FILE *f;
	int n = 0;

	(void)state;
	snprintf(path, sizeof(path), "%s/once", dir);
	snprintf(command, sizeof(command), "echo x >>%s; exit 3", path);
	set = make_set(command, "n1", 1);
	assert_int_equal(probe_add(d, set, 0, true, &a.p, NULL), 0);
	assert_int_equal(deck_wait(d, answered, &a, 20000), 0);
	assert_int_equal(a.s, PROBE_FAILED);
	assert_string_equal(a.value, "exit status 3");
	usleep(1500000);
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgetc(f) != EOF)
		n++;
	fclose(f);
	assert_int_equal(n, 2);
	probe_drop(a.p);
	probe_set_unref(set);
	deck_close(d);
	config_free(c);
}

/* ---- guests ---- */

static void test_vm(void **state)
{
	static const struct metric m = { "exits", "exits", "/s", KIND_VM, true, 1 };
	struct sample s = { .metric = &m, .value = 12, .known = true };
	struct item items[2] = { { .kind = KIND_NODE },
				 { .kind = KIND_VM, .name = "web1", .state = "running" } };
	struct config *c = load("nodes = ( { name = \"n1\"; host = \"192.0.2.1\"; } );\n"
				"probes = ( { name = \"guest\"; vm = \"vm:web1@n1\"; } );\n");
	struct deck_opts o = {
		.cfg = c, .backends = no_backends, .state_dir = dir, .probes = PROBES_ALL
	};
	struct deck *d = NULL;
	struct probe *p;
	struct node_view *v;

	(void)state;
	assert_int_equal(deck_open(&o, &d, NULL), 0);
	p = &d->probes[0];
	v = d->actors[0].view;
	v->items = items;
	v->nitems = 2;
	pthread_mutex_lock(&d->lock);
	probes_of_view(&d->actors[0]); /* no rate yet */
	assert_int_equal(p->v.state, PROBE_UNKNOWN);
	items[1].samples = &s;
	items[1].nsamples = 1;
	probes_of_view(&d->actors[0]);
	assert_int_equal(p->v.state, PROBE_HOLDS);
	assert_string_equal(p->v.value, "running, 12 exits/s");
	s.value = 0; /* it runs, and does nothing */
	probes_of_view(&d->actors[0]);
	assert_int_equal(p->v.state, PROBE_FAILED);
	s.value = 5;
	items[1].bad = true;
	snprintf(items[1].state, sizeof(items[1].state), "io-error");
	probes_of_view(&d->actors[0]);
	assert_int_equal(p->v.state, PROBE_FAILED);
	assert_string_equal(p->v.value, "io-error");
	v->nitems = 1;
	probes_of_view(&d->actors[0]);
	assert_string_equal(p->v.value, "there is no VM web1");
	pthread_mutex_unlock(&d->lock);
	v->items = NULL;
	v->nitems = 0;
	/* late is not lost: a command is not over because its node is slow to answer */
	p->once = true;
	p->v.asked = false;
	d->actors[0].fast_asked = true;
	probes_lost(&d->actors[0], "no answer within 5 s");
	assert_false(p->v.asked);
	d->actors[0].fast_asked = false;
	probes_lost(&d->actors[0], "gone");
	assert_true(p->v.asked);
	deck_close(d);
	config_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_expectations), cmocka_unit_test(test_baseline),
		cmocka_unit_test(test_pages),        cmocka_unit_test(test_get),
		cmocka_unit_test(test_asked),        cmocka_unit_test(test_come_and_go),
		cmocka_unit_test(test_once),         cmocka_unit_test(test_vm),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
