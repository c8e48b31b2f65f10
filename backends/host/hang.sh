# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# host.process-hang: behind common.sh and process.sh. SIGSTOP, and SIGCONT to the same processes.
# shellcheck disable=SC2154 # fd_ is the ledger's, t_ and p_ are the plan's

host_runs() {
	case $(host_state "$1") in T | t) return 1 ;; esac
}

host_hangs() {
	! host_runs "$1"
}

host_stop() {
	kill -STOP "$1"
}

host_cont() {
	kill -CONT "$1"
}

# What host_take took.
host_stop_taken() {
	host_each host_runs || {
		fail EBUSY "it is stopped already, by somebody else"
		return 1
	}
	host_own && host_each host_stop
}

do_() {
	host_take "$p_scope" && host_stop_taken
}

host_stopped() {
	host_wait 20 host_each host_hangs || fail EIO "it was sent SIGSTOP and does not stop"
}

verify_() {
	host_stopped
}

undo_() {
	! host_owned || host_each host_cont
}

host_runs_again() {
	! host_owned || host_wait 20 host_each host_runs || fail EIO "it was sent SIGCONT and is still stopped"
}

gone_() {
	host_runs_again
}
