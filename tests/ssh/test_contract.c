// SPDX-License-Identifier: GPL-2.0-or-later
/* What a transport promises, asked of both: over SSH and host = "local". */
#include "rig.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../core/ssh_priv.h"

#define MIB (1u << 20)

struct answer {
	struct buf out, err;
	int status, r;
	struct err e;
	int64_t took;
};

static struct answer run_for(struct transport *t, const char *cmd, const void *in, size_t n, int ms)
{
	struct transport_cmd c = { .cmd = cmd, .in = in, .in_len = n, .timeout_ms = ms };
	struct answer a = { .out = BUF_INIT(TRANSPORT_MAX_OUT),
			    .err = BUF_INIT(TRANSPORT_MAX_OUT) };
	const int64_t begin = now_boot_ms();

	a.status = -77;
	a.r = transport_run(t, &c, &a.out, &a.err, &a.status, &a.e);
	a.took = now_boot_ms() - begin;
	return a;
}

static struct answer run(struct transport *t, const char *cmd)
{
	return run_for(t, cmd, NULL, 0, 0);
}

static void done(struct answer *a)
{
	buf_free(&a->out);
	buf_free(&a->err);
}

static void assert_usable(struct transport *t)
{
	struct answer a = run(t, "echo still here");

	assert_int_equal(a.r, 0);
	assert_string_equal(buf_text(&a.out), "still here\n");
	done(&a);
}

static char *pattern(size_t n)
{
	char *p = malloc(n);

	assert_non_null(p);
	for (size_t i = 0; i < n; i++)
		p[i] = (char)(i * 7 + i / 251);
	return p;
}

static void test_streams_and_status(void **state)
{
	struct answer a = run_for(*state, "cat; echo problem >&2; exit 7", "in\0put", 6, 0);

	assert_int_equal(a.r, 0);
	assert_int_equal(a.status, 7);
	assert_int_equal(a.out.len, 6);
	assert_memory_equal(a.out.data, "in\0put", 6);
	assert_string_equal(buf_text(&a.err), "problem\n");
	done(&a);
	a = run(*state, "true");
	assert_int_equal(a.r, 0);
	assert_int_equal(a.status, 0);
	assert_int_equal(a.out.len + a.err.len, 0);
	done(&a);
}

static void test_death_by_signal(void **state)
{
	struct answer a = run(*state, "kill -TERM $$; sleep 10");

	assert_int_equal(a.r, 0);
	assert_int_equal(a.status, 128 + 15);
	done(&a);
}

static void test_a_mebibyte_each_way(void **state)
{
	char *data = pattern(MIB);
	struct answer a = run_for(*state, "cat", data, MIB, 30000);

	assert_int_equal(a.r, 0);
	assert_int_equal(a.status, 0);
	assert_int_equal(a.out.len, MIB);
	assert_memory_equal(a.out.data, data, MIB);
	done(&a);
	/* writes a lot before it reads, then the other way round, on both streams */
	a = run_for(*state, "head -c 1048576 /dev/zero; cat >&2; head -c 1048576 /dev/zero", data,
		    MIB, 30000);
	assert_int_equal(a.r, 0);
	assert_int_equal(a.out.len, 2 * MIB);
	assert_int_equal(a.err.len, MIB);
	assert_memory_equal(a.err.data, data, MIB);
	done(&a);
	free(data);
}

static void test_input_that_nobody_reads(void **state)
{
	char *data = pattern(4 * MIB);
	struct answer a = run_for(*state, "exit 3", data, 4 * MIB, 10000);

	assert_int_equal(a.r, 0);
	assert_int_equal(a.status, 3);
	done(&a);
	assert_usable(*state);
	free(data);
}

/*
 * PID is gone. sshd passes a signal on to a command, but not where it runs as root (as it does for
 * root's own sessions): there nobody promises it.
 */
static void assert_ended(struct transport *t, const char *number)
{
	const pid_t pid = (pid_t)atoi(number);

	assert_true(pid > 1);
	if (t->ops->run == ssh_run && getuid() == 0)
		kill(pid, SIGKILL);
	assert_true(rig_gone(pid));
}

static void test_time_out_ends_the_command(void **state)
{
	char cmd[400];

	unlink(rig_path("pid"));
	snprintf(cmd, sizeof(cmd), "(sleep 300 & echo $! >%s; wait)", rig_path("pid"));
	struct answer a = run_for(*state, cmd, NULL, 0, 1500);
	assert_int_equal(a.r, -ETIMEDOUT);
	assert_int_equal(a.e.code, -ETIMEDOUT);
	assert_int_equal(a.status, -77);
	assert_true(a.took >= 1500 && a.took < 4000);
	done(&a);
	assert_ended(*state, rig_read("pid"));
	assert_usable(*state);
}

static void test_time_out_of_a_deaf_command(void **state)
{
	char cmd[400];

	unlink(rig_path("pid"));
	snprintf(cmd, sizeof(cmd), "echo $$ >%s; exec sleep 300 <&- >&- 2>&-", rig_path("pid"));
	struct answer a = run_for(*state, cmd, NULL, 0, 1500);
	assert_int_equal(a.r, -ETIMEDOUT);
	assert_true(a.took >= 1500 && a.took < 4000);
	done(&a);
	assert_ended(*state, rig_read("pid"));
}

static void test_time_out_of_a_chatty_command(void **state)
{
	struct transport_cmd c = { .cmd = "while :; do echo chatter; done", .timeout_ms = 500 };
	const int64_t begin = now_boot_ms();
	int status;

	assert_int_equal(transport_run(*state, &c, NULL, NULL, &status, NULL), -ETIMEDOUT);
	assert_true(now_boot_ms() - begin < 3000);
}

static void test_answer_is_bounded(void **state)
{
	static const char *const cmds[] = { "yes", "yes >&2" };
	struct transport_cmd c = { .timeout_ms = 10000 };
	int status = -77;
	struct err e;

	for (size_t i = 0; i < COUNT(cmds); i++) {
		struct buf b = BUF_INIT(100000);
		c.cmd = cmds[i];
		assert_int_equal(transport_run(*state, &c, &b, &b, &status, &e), -EMSGSIZE);
		assert_int_equal(status, -77);
		assert_true(b.len <= 100000);
		buf_free(&b);
	}
}

static void test_discarded_answers(void **state)
{
	struct transport_cmd c = { .cmd = "head -c 300000 /dev/zero; echo e >&2; exit 4" };
	int status;

	assert_int_equal(transport_run(*state, &c, NULL, NULL, &status, NULL), 0);
	assert_int_equal(status, 4);
}

/* ---- channels ---- */

/* Reads until N bytes are there. */
static void read_all(struct chan *c, struct buf *b, size_t n)
{
	struct err e = { .code = 0 };

	while (b->len < n)
		if (chan_read(c, b, 10000, &e))
			fail_msg("after %zu bytes: %s", b->len, e.msg);
}

static void test_channel_talks(void **state)
{
	struct buf b = BUF_INIT(MIB * 2);
	struct chan *c;

	assert_int_equal(chan_open(*state, "echo noise >&2; exec cat", &c, NULL), 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(chan_write(c, "tick\n", 5, 5000, NULL), 0);
		read_all(c, &b, 5);
		assert_string_equal(buf_text(&b), "tick\n");
		buf_clear(&b);
		assert_usable(*state); /* a command beside it */
	}
	const int64_t begin = now_boot_ms();
	assert_int_equal(chan_read(c, &b, 300, NULL), -ETIMEDOUT);
	assert_true(now_boot_ms() - begin >= 300 && now_boot_ms() - begin < 2000);
	assert_int_equal(b.len, 0);
	assert_null(chan_close(c));
	buf_free(&b);
}

static void test_channel_takes_a_mebibyte(void **state)
{
	char *data = pattern(MIB);
	struct buf b = BUF_INIT(100);
	struct chan *c;

	assert_int_equal(chan_open(*state, "head -c 1048576 | cksum; cat >/dev/null", &c, NULL), 0);
	assert_int_equal(chan_write(c, data, MIB, 20000, NULL), 0);
	read_all(c, &b, 12);
	assert_non_null(strstr(buf_text(&b), " 1048576\n"));
	chan_close(c);
	buf_free(&b);
	free(data);
}

static void test_channel_end(void **state)
{
	struct buf b = BUF_INIT(100);
	struct chan *c;
	struct err e;
	int r;

	assert_int_equal(chan_open(*state, "echo last words; exit 1", &c, NULL), 0);
	while ((r = chan_read(c, &b, 10000, &e)) == 0)
		;
	assert_int_equal(r, -EPIPE);
	assert_string_equal(buf_text(&b), "last words\n");
	assert_int_equal(chan_read(c, &b, 10000, &e), -EPIPE);
	assert_int_equal(chan_write(c, "x", 1, 1000, &e), -EPIPE);
	chan_close(c);
	buf_free(&b);
	assert_usable(*state);
}

static void test_channel_bounds(void **state)
{
	char *data = pattern(8 * MIB);
	struct buf b = BUF_INIT(1000);
	struct chan *c;
	int r;

	assert_int_equal(chan_open(*state, "exec yes", &c, NULL), 0);
	while ((r = chan_read(c, &b, 10000, NULL)) == 0)
		;
	assert_int_equal(r, -EMSGSIZE);
	chan_close(c);
	buf_free(&b);
	assert_int_equal(chan_open(*state, "exec sleep 4", &c, NULL), 0);
	const int64_t begin = now_boot_ms();
	assert_int_equal(chan_write(c, data, 8 * MIB, 500, NULL), -ETIMEDOUT);
	assert_true(now_boot_ms() - begin < 3000);
	chan_close(c);
	assert_usable(*state);
	free(data);
}

static void test_channel_close_ends_the_command(void **state)
{
	struct buf b = BUF_INIT(100);
	struct chan *c;

	assert_int_equal(chan_open(*state, "echo $$; trap '' HUP PIPE; exec sleep 300", &c, NULL),
			 0);
	read_all(c, &b, 2);
	chan_close(c);
	assert_ended(*state, buf_text(&b));
	buf_free(&b);
}

static void test_close_ends_the_channels(void **state)
{
	struct node_cfg local = { .local = true };
	struct transport_opts o = { .connect_ms = 0 };
	struct buf b = BUF_INIT(100);
	struct transport *t = NULL;
	struct chan *c, *d;

	(void)state;
	assert_int_equal(transport_open(&local, &o, &t, NULL), 0);
	assert_int_equal(chan_open(t, "echo $$; exec sleep 300", &c, NULL), 0);
	assert_int_equal(chan_open(t, "exec sleep 300", &d, NULL), 0);
	read_all(c, &b, 2);
	assert_null(transport_close(t));
	assert_true(rig_gone((pid_t)atoi(buf_text(&b))));
	buf_free(&b);
	assert_null(transport_close(NULL));
	assert_null(chan_close(NULL));
}

static int open_ssh(void **state)
{
	*state = rig_open();
	return 0;
}

static int open_local(void **state)
{
	struct node_cfg local = { .local = true };
	struct transport_opts o = { .connect_ms = 0 };

	return transport_open(&local, &o, (struct transport **)state, NULL);
}

static int close_it(void **state)
{
	transport_close(*state);
	return 0;
}

/* clang-format off */
#define BOTH(test) { "ssh: " #test, test, open_ssh, close_it, NULL }, \
		   { "local: " #test, test, open_local, close_it, NULL }
/* clang-format on */

const struct CMUnitTest contract_tests[] = {
	BOTH(test_streams_and_status),
	BOTH(test_death_by_signal),
	BOTH(test_a_mebibyte_each_way),
	BOTH(test_input_that_nobody_reads),
	BOTH(test_time_out_ends_the_command),
	BOTH(test_time_out_of_a_deaf_command),
	BOTH(test_time_out_of_a_chatty_command),
	BOTH(test_answer_is_bounded),
	BOTH(test_discarded_answers),
	BOTH(test_channel_talks),
	BOTH(test_channel_takes_a_mebibyte),
	BOTH(test_channel_end),
	BOTH(test_channel_bounds),
	BOTH(test_channel_close_ends_the_command),
	cmocka_unit_test(test_close_ends_the_channels),
};
const size_t ncontract_tests = COUNT(contract_tests);
