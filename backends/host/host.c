// SPDX-License-Identifier: GPL-2.0-or-later
#include "host.h"

#include <stddef.h>

static const char host_cfg[] =
#include "host/host.cfg.inc"
	;
static const char collect_sh[] =
#include "host/collect.sh.inc"
	;
static const char common_sh[] =
#include "host/common.sh.inc"
	;
static const char ssh_sh[] =
#include "host/ssh.sh.inc"
	;
static const char peers_sh[] =
#include "host/peers.sh.inc"
	;
static const char nft_sh[] =
#include "host/nft.sh.inc"
	;
static const char isolate_sh[] =
#include "host/isolate.sh.inc"
	;
static const char dns_sh[] =
#include "host/dns.sh.inc"
	;
static const char tc_sh[] =
#include "host/tc.sh.inc"
	;
static const char delay_sh[] =
#include "host/delay.sh.inc"
	;
static const char loss_sh[] =
#include "host/loss.sh.inc"
	;
static const char corrupt_sh[] =
#include "host/corrupt.sh.inc"
	;
static const char rate_sh[] =
#include "host/rate.sh.inc"
	;
static const char process_sh[] =
#include "host/process.sh.inc"
	;
static const char hang_sh[] =
#include "host/hang.sh.inc"
	;
static const char unit_sh[] =
#include "host/unit.sh.inc"
	;
static const char stop_sh[] =
#include "host/stop.sh.inc"
	;
static const char again_sh[] =
#include "host/again.sh.inc"
	;
static const char kill_sh[] =
#include "host/kill.sh.inc"
	;
static const char keep_sh[] =
#include "host/keep.sh.inc"
	;
static const char cpu_sh[] =
#include "host/cpu.sh.inc"
	;
static const char memory_sh[] =
#include "host/memory.sh.inc"
	;
static const char disk_sh[] =
#include "host/disk.sh.inc"
	;
static const char freeze_sh[] =
#include "host/freeze.sh.inc"
	;
static const char clock_sh[] =
#include "host/clock.sh.inc"
	;

const struct manifest_file host_files[] = {
	{ "host.cfg", host_cfg },     { "collect.sh", collect_sh },
	{ "common.sh", common_sh },   { "ssh.sh", ssh_sh },
	{ "peers.sh", peers_sh },     { "nft.sh", nft_sh },
	{ "isolate.sh", isolate_sh }, { "dns.sh", dns_sh },
	{ "tc.sh", tc_sh },           { "delay.sh", delay_sh },
	{ "loss.sh", loss_sh },       { "corrupt.sh", corrupt_sh },
	{ "rate.sh", rate_sh },       { "process.sh", process_sh },
	{ "hang.sh", hang_sh },       { "unit.sh", unit_sh },
	{ "stop.sh", stop_sh },       { "again.sh", again_sh },
	{ "kill.sh", kill_sh },       { "keep.sh", keep_sh },
	{ "cpu.sh", cpu_sh },         { "memory.sh", memory_sh },
	{ "disk.sh", disk_sh },       { "freeze.sh", freeze_sh },
	{ "clock.sh", clock_sh },     { NULL, NULL },
};
