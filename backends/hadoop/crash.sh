# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# hadoop.crash: behind host/common.sh, process.sh, unit.sh, again.sh, kill.sh and this backend's proc.sh, conf.sh, live.sh.
# shellcheck disable=SC2154 # fd_ is the ledger's, t_ and p_ are the plan's

do_() {
	host_take main || return 1
	hadoop_p=$(sed 's/ .*//' "$fd_dir/pids")
	hadoop_before "$hadoop_p" || return 1
	[ -n "$t_unit" ] || fd_put pid_file "$(hadoop_pid_file "$hadoop_p")"
	host_kill_taken
}

undo_() {
	host_bring_back
	hadoop_repid
}

gone_() {
	host_owned || return 0
	host_brought_back || return 1
	hadoop_p=$(host_main_pid)
	[ -n "$t_unit" ] || hadoop_p=$(fd_get back)
	hadoop_is_live "${hadoop_p%% *}" "$(hadoop_age "${hadoop_p%% *}")"
}
