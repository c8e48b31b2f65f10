# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154 # p_port: a parameter

redis() {
	timeout 3 redis-cli -p "$p_port" "$@"
}

# PUBLISH to nobody changes nothing, and waits like a write.
answers() {
	[ -n "$(timeout 1 redis-cli -p "$p_port" publish "faultdeck-$FD_ID" probe 2>/dev/null)" ]
}

# Redis ends a pause by itself: a second after ours, so that it is ours that ends it. Only writes: a
# server that pauses all commands does not take the one that ends it either.
pause() {
	[ "$(redis client pause $(($1 + 1000)) WRITE)" = OK ] ||
		fail EIO "redis on port $p_port does not take it"
}

do_() {
	answers || {
		fail EBUSY "redis on port $p_port does not answer, or is paused already"
		return 1
	}
	fd_put paused yes && pause "$FD_TTL_MS"
}

verify_() {
	! answers || fail EIO "it is not paused"
}

undo_() {
	[ -z "$(fd_get paused)" ] || redis client unpause >/dev/null
}

gone_() {
	[ -z "$(fd_get paused)" ] || answers || fail EIO "redis on port $p_port does not answer"
}

renew_() {
	pause "$1"
}
