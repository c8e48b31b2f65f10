// SPDX-License-Identifier: GPL-2.0-or-later
/* Jump hosts: a second sshd carries the connection, by cluster.cfg or by ssh_config. */
#include "rig.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char *jump_spec(int port)
{
	static char spec[200];

	snprintf(spec, sizeof(spec), "%s@127.0.0.1:%d", rig("RIG_USER"), port);
	return spec;
}

static void test_jump_host(void **state)
{
	struct node_cfg n = rig_node();
	struct transport_opts o = { .ssh_config = rig_config(true, "") };
	struct transport *t = NULL;
	struct err e = { .code = 0 };
	struct buf out = BUF_INIT(TRANSPORT_MAX_OUT);
	static char data[1u << 20];
	struct transport_cmd c = { .cmd = "cat", .in = data, .in_len = sizeof(data) };
	int status;

	(void)state;
	n.jump = jump_spec(rig_port("RIG_JUMP_PORT"));
	if (transport_open(&n, &o, &t, &e))
		fail_msg("%s (%s)", e.msg, e.hint);
	assert_int_equal(transport_run(t, &c, &out, NULL, &status, &e), 0);
	assert_int_equal(out.len, sizeof(data));
	buf_free(&out);
	transport_close(t);
	/* the node itself carries nothing on: it was the jump host that did */
	n.jump = jump_spec(rig_port("RIG_PORT"));
	assert_int_not_equal(rig_try(&n, rig_config(true, ""), NULL), 0);
}

static void test_jump_host_that_refuses(void **state)
{
	struct node_cfg n = rig_node();
	struct err e;
	int port;

	(void)state;
	close(rig_listen(&port));
	n.jump = jump_spec(port);
	assert_int_equal(rig_try(&n, rig_config(true, ""), &e), -ECONNREFUSED);
	assert_non_null(strstr(e.msg, "on the way"));
	n.jump = jump_spec(rig_port("RIG_JUMP_PORT"));
	assert_int_equal(rig_try(&n, rig_config(false, ""), &e), -ENOKEY);
	assert_non_null(strstr(e.hint, "jump host"));
	n.identity = (char *)(uintptr_t)rig_path("wrong");
	assert_int_equal(rig_try(&n, rig_config(true, "IdentitiesOnly yes"), &e), -EACCES);
	/* the jump host is well, the node behind it is not there */
	n = rig_node();
	n.jump = jump_spec(rig_port("RIG_JUMP_PORT"));
	n.port = port;
	assert_int_equal(rig_try(&n, rig_config(true, ""), &e), -ECONNREFUSED);
}

static void test_jump_to_a_silent_server_is_bounded(void **state)
{
	struct node_cfg n = rig_node();
	int port;
	const int fd = rig_listen(&port);

	(void)state;
	n.jump = jump_spec(port);
	rig_bounded(&n, NULL);
	n.jump = jump_spec(rig_port("RIG_JUMP_PORT"));
	n.port = port;
	rig_bounded(&n, NULL);
	close(fd);
}

static void test_key_is_checked_behind_a_jump_host(void **state)
{
	struct node_cfg n = rig_node();
	char sha[80];
	struct err e;

	(void)state;
	n.jump = jump_spec(rig_port("RIG_JUMP_PORT"));
	rig_config(true, "");
	rig_write("kh", "[127.0.0.1]:%d %s\n", rig_port("RIG_JUMP_PORT"), rig("RIG_JUMP_KEY"));
	assert_int_equal(rig_try(&n, rig_path("config"), &e), -ENOKEY);
	assert_true(transport_fingerprint(&e, sha, sizeof(sha)));
	assert_string_equal(sha, rig("RIG_HOST_SHA"));
}

/* Both ways that ssh_config has; the jump host is known by its alias in the same file only. */
static void test_jump_in_ssh_config(void **state)
{
	static char host[] = "the-node";
	struct node_cfg n = rig_node();
	char ways[2][400], extra[1200];

	(void)state;
	n.host = host;
	snprintf(ways[0], sizeof(ways[0]), "ProxyJump the-jump");
	snprintf(ways[1], sizeof(ways[1]), "ProxyCommand ssh -F %s -W %%h:%%p the-jump",
		 rig_path("config"));
	for (size_t i = 0; i < 4; i++) {
		snprintf(extra, sizeof(extra),
			 "Host the-jump\n\tHostName 127.0.0.1\n\tPort %d\n\tUser %s\n"
			 "\tIdentityFile %s\n\tPubkeyAuthentication %s\n\tBatchMode yes\n"
			 "Host the-node\n\tHostName 127.0.0.1\n\t%s\n",
			 rig_port("RIG_JUMP_PORT"), rig("RIG_USER"), rig_path("key"),
			 i % 2 ? "no" : "yes", ways[i / 2]);
		if (i % 2 == 0)
			rig_opens(&n, rig_config(true, extra));
		else
			assert_int_equal(rig_try(&n, rig_config(true, extra), NULL), -EACCES);
	}
}

const struct CMUnitTest jump_tests[] = {
	cmocka_unit_test(test_jump_host),
	cmocka_unit_test(test_jump_host_that_refuses),
	cmocka_unit_test(test_jump_to_a_silent_server_is_bounded),
	cmocka_unit_test(test_key_is_checked_behind_a_jump_host),
	cmocka_unit_test(test_jump_in_ssh_config),
};
const size_t njump_tests = COUNT(jump_tests);
