// SPDX-License-Identifier: GPL-2.0-or-later
#include "host.h"

#include <stddef.h>

static const char cfg[] =
#include "host/host.cfg.inc"
	;
static const char collect[] =
#include "host/collect.sh.inc"
	;
static const char common[] =
#include "host/common.sh.inc"
	;
static const char ssh[] =
#include "host/ssh.sh.inc"
	;
static const char nft[] =
#include "host/nft.sh.inc"
	;
static const char isolate[] =
#include "host/isolate.sh.inc"
	;
static const char dns[] =
#include "host/dns.sh.inc"
	;
static const char process[] =
#include "host/process.sh.inc"
	;
static const char hang[] =
#include "host/hang.sh.inc"
	;
static const char unit[] =
#include "host/unit.sh.inc"
	;
static const char stop[] =
#include "host/stop.sh.inc"
	;

const struct manifest_file host_files[] = {
	{ "host.cfg", cfg }, { "collect.sh", collect }, { "common.sh", common },
	{ "ssh.sh", ssh },   { "nft.sh", nft },         { "isolate.sh", isolate },
	{ "dns.sh", dns },   { "process.sh", process }, { "hang.sh", hang },
	{ "unit.sh", unit }, { "stop.sh", stop },       { NULL, NULL },
};
