# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# cloudstack.hang: behind host/common.sh, process.sh, hang.sh and this backend's conf.sh, live.sh.
# shellcheck disable=SC2154 # fd_ is the ledger's, t_ and p_ are the plan's

do_() {
	host_take main && cloudstack_before && host_stop_taken
}

# One that died meanwhile is not ours to bring back.
gone_() {
	host_owned && read -r cloudstack_p cloudstack_b <"$fd_dir/pids" && host_is "$cloudstack_p" "$cloudstack_b" || return 0
	host_runs_again && cloudstack_is_well "$cloudstack_p"
}
