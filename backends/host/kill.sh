# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# host.process-kill: behind common.sh, process.sh, unit.sh and again.sh. A unit is held down and started
# again; any other process is started as it was.
# shellcheck disable=SC2154 # fd_ is the ledger's, t_ and p_ are the plan's

host_kill() {
	kill -KILL "$1"
}

host_dead() {
	[ "$(host_state "$1")" = Z ]
}

# What host_take took.
host_kill_taken() {
	if [ -n "$t_unit" ]; then
		host_unit_allowed || return 1
		[ "$p_hold" = no ] || host_hold || return 1
		host_own || return 1
	else
		host_capture && fd_put killed "$(fd_now)" && host_own && host_keep_cgroup || return 1
	fi
	host_each host_kill
}

do_() {
	host_take main && host_kill_taken
}

host_killed() {
	host_wait 50 host_each host_dead || fail EIO "it was sent SIGKILL and is still there"
}

verify_() {
	host_killed
}

host_bring_back() {
	if [ -n "$t_unit" ]; then host_release; else host_again; fi
}

host_brought_back() {
	if [ -n "$t_unit" ]; then host_released; else host_is_back; fi
}

undo_() {
	host_bring_back
}

gone_() {
	host_brought_back
}
