# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# cloudstack.crash: behind host/common.sh, process.sh, unit.sh, again.sh, kill.sh and this backend's conf.sh, proc.sh, live.sh, nfsd.sh.
# shellcheck disable=SC2154 # fd_ is the ledger's, t_ and p_ are the plan's

do_() {
	if cloudstack_by_kernel; then cloudstack_nfsd_crash; else cloudstack_take_watched && cloudstack_before && host_kill_taken; fi
}

verify_() {
	if cloudstack_by_kernel; then cloudstack_nfsd_stopped; else host_killed; fi
}

undo_() {
	host_owned || return 0
	if cloudstack_by_kernel; then cloudstack_nfsd_start; else host_bring_back; fi
}

gone_() {
	host_owned || return 0
	if cloudstack_by_kernel; then cloudstack_nfsd_is_back; return; fi
	host_brought_back || return 1
	cloudstack_p=$(host_main_pid)
	[ -n "$t_unit" ] || cloudstack_p=$(fd_get back)
	cloudstack_server "${cloudstack_p%% *}"
	cloudstack_is_well "$cloudstack_pid"
}
