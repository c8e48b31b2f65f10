/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SELFTEST_H
#define SELFTEST_H

#include "tap.h"
#include "victim.h"

extern const char *selftest_module; /* the file to load; NULL: what is loaded is used */
bool selftest_load(void);

void test_refusals(void);
void test_noise(void);
void test_events_stream(void);
void test_events_overflow(void);
void test_thousand_rules(void);
void test_times_smp(void);
void test_storm(void);
void test_hook_cycles(void);
void test_two_writers(void);
void test_unload(void);

#endif
