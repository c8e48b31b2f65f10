/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SELFTEST_H
#define SELFTEST_H

#include "tap.h"
#include "victim.h"

extern const char *selftest_module; /* the file to load; NULL: what is loaded is used */
bool selftest_load(const char *params);

void test_write_ways(void);
void test_read_ways(void);
void test_path(void);
void test_offsets(void);
void test_short(void);
void test_after(void);
void test_clone_regs(void);
void test_clone_pc(void);
void test_mm_fault(void);
void test_mm_fault_oom(void);
void test_tlb_flush(void);
void test_reclaim(void);
void test_vcpu_regs(void);
void test_vcpu_pc(void);
void test_state_query(void);
void test_state_frozen(void);
void test_version_query(void);
void test_memory_region(void);
void test_region_heir(void);
void test_memory_hva(void);
void test_dirty_log(void);
void test_dirty_ring(void);
void test_stage2_flush(void);
long vm_busy(long unused);
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
void test_unavailable(void);
void test_heirs(void);
void test_missed(void);
void test_missed_returns(void);

struct subject;
/* A memory cgroup that may keep little, and what reads more than that for ever. */
void group_make(void);
void group_join(const struct subject *s);
void group_remove(void);
long reclaim_busy(long unused);

#endif
