// SPDX-License-Identifier: GPL-2.0-or-later
/* The host's key: known, unknown, accepted, changed, revoked. */
#include "rig.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int open_with(struct transport_opts *o, struct err *e)
{
	struct node_cfg n = rig_node();
	struct transport *t = NULL;
	const int r = transport_open(&n, o, &t, e);

	assert_int_equal(r == 0, t != NULL);
	transport_close(t);
	return r;
}

static void test_unknown_key_is_refused(void **state)
{
	struct transport_opts o = { .ssh_config = rig_config(false, "") };
	char sha[80];
	struct err e;

	(void)state;
	assert_int_equal(open_with(&o, &e), -ENOKEY);
	assert_true(transport_fingerprint(&e, sha, sizeof(sha)));
	assert_string_equal(sha, rig("RIG_HOST_SHA"));
	assert_non_null(strstr(e.hint, "--accept-new"));
	assert_string_equal(rig_read("kh"), "");
	/* nothing was learnt from the refusal, and another refusal gives no fingerprint */
	assert_int_equal(open_with(&o, &e), -ENOKEY);
	err_set(&e, -EACCES, "SHA256:x");
	assert_false(transport_fingerprint(&e, sha, sizeof(sha)));
	assert_string_equal(sha, "");
}

static void test_strict_checking_cannot_be_switched_off(void **state)
{
	struct transport_opts o = { .ssh_config = rig_config(
					    false, "StrictHostKeyChecking no\nLogLevel DEBUG3") };

	(void)state;
	assert_int_equal(open_with(&o, NULL), -ENOKEY);
	assert_string_equal(rig_read("kh"), "");
}

static void test_accept_new(void **state)
{
	struct transport_opts o = { .ssh_config = rig_config(false, ""), .accept_new = true };

	(void)state;
	assert_int_equal(open_with(&o, NULL), 0);
	assert_non_null(strstr(rig_read("kh"), rig("RIG_HOST_KEY")));
	o.accept_new = false;
	assert_int_equal(open_with(&o, NULL), 0);
}

static void test_accept_by_fingerprint(void **state)
{
	struct transport_opts o = { .ssh_config = rig_config(false, "") };

	(void)state;
	o.accept_fingerprint = rig("RIG_OTHER_SHA");
	assert_int_equal(open_with(&o, NULL), -ENOKEY);
	o.accept_fingerprint = "";
	assert_int_equal(open_with(&o, NULL), -ENOKEY);
	o.accept_fingerprint = "SHA256:";
	assert_int_equal(open_with(&o, NULL), -ENOKEY);
	assert_string_equal(rig_read("kh"), "");
	o.accept_fingerprint = rig("RIG_HOST_SHA");
	assert_int_equal(open_with(&o, NULL), 0);
	assert_non_null(strstr(rig_read("kh"), rig("RIG_HOST_KEY")));
	o.accept_fingerprint = NULL;
	assert_int_equal(open_with(&o, NULL), 0);
}

/* A key that is not the known one is refused whatever is said, and known_hosts stays as it is. */
static void assert_changed(const char *known_sha)
{
	struct transport_opts o = { .ssh_config = rig_path("config") };
	char before[2000];
	struct err e;

	snprintf(before, sizeof(before), "%s", rig_read("kh"));
	for (int i = 0; i < 3; i++) {
		o.accept_new = i == 1;
		o.accept_fingerprint = i == 2 ? rig("RIG_HOST_SHA") : NULL;
		assert_int_equal(open_with(&o, &e), -EKEYREJECTED);
		assert_non_null(strstr(e.msg, known_sha));
		assert_non_null(strstr(e.msg, rig("RIG_HOST_SHA")));
		assert_non_null(strstr(e.msg, rig_path("kh")));
		assert_non_null(strstr(e.msg, "line 2"));
		assert_string_equal(rig_read("kh"), before);
	}
}

static void test_changed_key_is_refused(void **state)
{
	(void)state;
	rig_config(false, "");
	rig_write("kh", "# a comment\n[127.0.0.1]:%d %s\n", rig_port("RIG_PORT"),
		  rig("RIG_JUMP_KEY"));
	assert_changed(rig("RIG_JUMP_SHA"));
}

static void test_key_of_another_type_is_a_changed_one(void **state)
{
	(void)state;
	rig_config(false, "");
	rig_write("kh", "example.org %s\n[127.0.0.1]:%d %s\n", rig("RIG_JUMP_KEY"),
		  rig_port("RIG_PORT"), rig("RIG_OTHER_KEY"));
	assert_changed(rig("RIG_OTHER_SHA"));
}

static void test_key_of_another_port_is_not_this_one(void **state)
{
	struct transport_opts o = { .ssh_config = rig_config(false, "") };

	(void)state;
	rig_write("kh", "[127.0.0.1]:%d %s\nexample.org %s\n", rig_port("RIG_JUMP_PORT"),
		  rig("RIG_HOST_KEY"), rig("RIG_HOST_KEY"));
	assert_int_equal(open_with(&o, NULL), -ENOKEY);
}

static void test_revoked_key_is_refused(void **state)
{
	struct transport_opts o = { .ssh_config = rig_config(false, ""), .accept_new = true };
	const int port = rig_port("RIG_PORT");
	struct err e;

	(void)state;
	rig_write("kh", "@revoked [127.0.0.1]:%d %s\n", port, rig("RIG_HOST_KEY"));
	assert_int_equal(open_with(&o, &e), -EKEYREJECTED);
	assert_non_null(strstr(e.msg, rig("RIG_HOST_SHA")));
	rig_write("kh", "[127.0.0.1]:%d %s\n@revoked * %s\n", port, rig("RIG_HOST_KEY"),
		  rig("RIG_HOST_KEY"));
	assert_int_equal(open_with(&o, &e), -EKEYREJECTED);
}

const struct CMUnitTest key_tests[] = {
	cmocka_unit_test(test_unknown_key_is_refused),
	cmocka_unit_test(test_strict_checking_cannot_be_switched_off),
	cmocka_unit_test(test_accept_new),
	cmocka_unit_test(test_accept_by_fingerprint),
	cmocka_unit_test(test_changed_key_is_refused),
	cmocka_unit_test(test_key_of_another_type_is_a_changed_one),
	cmocka_unit_test(test_key_of_another_port_is_not_this_one),
	cmocka_unit_test(test_revoked_key_is_refused),
};
const size_t nkey_tests = COUNT(key_tests);
