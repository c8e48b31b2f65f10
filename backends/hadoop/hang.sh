# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# hadoop.hang: behind host/common.sh, process.sh, hang.sh and this backend's proc.sh, conf.sh, live.sh.
# shellcheck disable=SC2154 # fd_ is the ledger's, t_ and p_ are the plan's

do_() {
	host_take main && hadoop_before "$(sed 's/ .*//' "$fd_dir/pids")" && host_stop_taken
}

# One that died meanwhile is not ours to bring back.
gone_() {
	host_owned && read -r hadoop_p hadoop_b <"$fd_dir/pids" && host_is "$hadoop_p" "$hadoop_b" || return 0
	host_runs_again && hadoop_is_live "$hadoop_p" "$(fd_now)"
}
