# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# For every fault of this backend. undo_ also runs after a do_ that refused: what is foreign stays
# as it is, since only what host_own has noted is undone.
# shellcheck disable=SC2154 # fd_ is the ledger's, t_ and p_ are the plan's

PATH=$PATH:/usr/sbin:/sbin

host_own() {
	fd_put own yes
}

host_disown() {
	rm -f "$fd_dir/own"
}

host_owned() {
	[ -e "$fd_dir/own" ]
}

# host_is PID BORN: that very process is there, and no later one of the same number.
host_is() {
	[ -n "$2" ] && [ "$(fd_start_time "$1")" = "$2" ]
}

# The letter of its state: R S D T Z …
host_state() {
	read -r host_stat 2>/dev/null <"/proc/$1/stat" || return 1
	host_stat=${host_stat##*) }
	printf '%s' "${host_stat%% *}"
}

# host_wait TENTHS COMMAND…: until it is true.
host_wait() {
	host_left=$1
	shift
	until "$@"; do
		[ "$host_left" -gt 0 ] || return 1
		host_left=$((host_left - 1))
		sleep 0.1
	done
}

# host_well MS COMMAND…: at most that long, half a minute where it is empty: the clock of the TTL comes again, and so may the
# operator. By the clock, since a question takes its own time.
host_well() {
	host_end=$(($(fd_now) + ${1:-28000}))
	shift
	until "$@"; do
		[ "$(fd_now)" -lt "$host_end" ] || return 1
		sleep 0.3
	done
}
