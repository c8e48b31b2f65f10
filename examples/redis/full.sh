# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154 # p_port: a parameter

redis() {
	timeout 3 redis-cli -p "$p_port" "$@"
}

# config get answers the name and the value, a line each.
value() {
	redis config get "$1" | sed -n 2p
}

# What was there is in the ledger before anything is changed. undo_ also runs where do_ failed: it
# goes by what was noted.
do_() {
	was=$(value maxmemory)
	policy=$(value maxmemory-policy)
	[ -n "$was$policy" ] || {
		fail EIO "redis on port $p_port does not answer"
		return 1
	}
	fd_put was "$was" && fd_put policy "$policy" &&
		redis config set maxmemory-policy noeviction >/dev/null && redis config set maxmemory 1 >/dev/null
}

verify_() {
	[ "$(value maxmemory)" = 1 ] || fail EIO "maxmemory is not what was set"
}

undo_() {
	[ -n "$(fd_get policy)" ] || return 0
	redis config set maxmemory "$(fd_get was)" >/dev/null
	redis config set maxmemory-policy "$(fd_get policy)" >/dev/null
}

gone_() {
	[ -n "$(fd_get policy)" ] || return 0
	[ "$(value maxmemory) $(value maxmemory-policy)" = "$(fd_get was) $(fd_get policy)" ] ||
		fail EIO "redis on port $p_port has not its own limits again"
}
