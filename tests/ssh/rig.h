/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_SSH_RIG_H
#define TESTS_SSH_RIG_H
/* What tests/ssh/run has set up (two sshd on loopback, keys), and the files that a test needs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <cmocka.h>

#include "../../core/transport.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* The value of a variable that the run script exports; the test fails without it. */
const char *rig(const char *name);
int rig_port(const char *name);
/* The path of NAME in the temporary directory; never freed. */
const char *rig_path(const char *name);
void rig_write(const char *name, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Contents of a file of the temporary directory, "" if there is none; one static buffer. */
const char *rig_read(const char *name);

/*
 * An ssh_config for one case: an empty known_hosts "kh", or one where the node's key is known, and
 * EXTRA lines. Returns its path.
 */
const char *rig_config(bool known, const char *extra);
/* The node that sshd listens for, with the right key. */
struct node_cfg rig_node(void);
/* Opens it with everything right; the test fails when it cannot. */
struct transport *rig_open(void);
/* Opens N, runs one command there and closes it; the code of transport_open. */
int rig_try(struct node_cfg *n, const char *config, struct err *e);
/* The same, and the test fails if it does not work. */
void rig_opens(struct node_cfg *n, const char *config);
/* The test fails if opening N does not time out in time. */
void rig_bounded(struct node_cfg *n, struct err *e);

/* A listening socket on loopback that never answers; BACKLOG as for listen. */
int rig_listen(int *port);
/* Waits until process PID is gone; false after some seconds. */
bool rig_gone(pid_t pid);
int rig_open_fds(void);

extern const struct CMUnitTest contract_tests[];
extern const size_t ncontract_tests;
extern const struct CMUnitTest key_tests[];
extern const size_t nkey_tests;
extern const struct CMUnitTest jump_tests[];
extern const size_t njump_tests;

#endif
