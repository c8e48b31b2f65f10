# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# host.clock-skew: behind common.sh. What is kept is how far the clock is from CLOCK_BOOTTIME, so that
# the time that passes meanwhile is right afterwards; a clock that somebody set right is left alone.
# shellcheck disable=SC2154 # fd_ is the ledger's, t_ and p_ are the plan's

# Milliseconds of the wall clock at the boot.
host_base() {
	host_t=$(date +%s%3N)
	case $host_t in *[!0-9]*) host_t=$(date +%s)000 ;; esac
	printf '%s' "$((host_t - $(fd_now)))"
}

# host_off MS: the clock differs from the base that was kept by about MS.
host_off() {
	host_d=$(($(host_base) - $(fd_get base) - $1))
	[ "$host_d" -gt -1500 ] && [ "$host_d" -lt 1500 ]
}

# host_set BASE
host_set() {
	host_t=$(($1 + $(fd_now)))
	date -s "@$((host_t / 1000)).$(printf '%03d' $((host_t % 1000)))" >/dev/null 2>&1 ||
		date -s "@$((host_t / 1000))" >/dev/null
}

do_() {
	# the first of its kind in this kernel has this number
	if [ "$(readlink /proc/self/ns/pid)" != 'pid:[4026531836]' ]; then
		fail EPERM "this node shares its kernel, and so its clock, with others"
		return 1
	fi
	fd_put base "$(host_base)" && host_own && host_set $(($(fd_get base) + p_seconds * 1000))
}

verify_() {
	host_off $((p_seconds * 1000)) || fail EIO "the clock does not show it: a time service may have set it right"
}

undo_() {
	! host_owned || host_off 0 || host_set "$(fd_get base)"
}

gone_() {
	! host_owned || host_off 0 || fail EIO "the clock is not back"
}
