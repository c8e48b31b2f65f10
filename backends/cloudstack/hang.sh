# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# cloudstack.hang: behind host/common.sh, process.sh, ssh.sh, nft.sh, hang.sh and this backend's conf.sh, proc.sh, live.sh, nfsd.sh.
# shellcheck disable=SC2154 # fd_ is the ledger's, t_ and p_ are the plan's

do_() {
	if cloudstack_by_kernel; then cloudstack_nfsd_hang; else cloudstack_take && cloudstack_before && host_stop_taken; fi
}

verify_() {
	if cloudstack_by_kernel; then cloudstack_nfsd_hangs; else host_stopped; fi
}

undo_() {
	host_owned || return 0
	if cloudstack_by_kernel; then cloudstack_nfsd_resume; else host_each host_cont; fi
}

# One that died meanwhile is not ours to bring back.
gone_() {
	host_owned || return 0
	if cloudstack_by_kernel; then cloudstack_nfsd_runs_again; return; fi
	read -r cloudstack_p cloudstack_b <"$fd_dir/pids" && host_is "$cloudstack_p" "$cloudstack_b" || return 0
	host_runs_again && cloudstack_is_well "$cloudstack_p"
}
