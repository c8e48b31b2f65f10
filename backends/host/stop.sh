# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# host.service-stop: behind common.sh and unit.sh.
# shellcheck disable=SC2154 # fd_ is the ledger's, t_ and p_ are the plan's

do_() {
	host_unit_allowed && host_hold || return 1
	# shellcheck disable=SC2046 # names of units hold no blanks
	systemctl stop $(host_sockets) "$t_unit" || fail EIO "systemctl could not stop $t_unit"
}

verify_() {
	! host_active "$t_unit" || fail EIO "$t_unit still runs"
}

undo_() {
	host_release
}

gone_() {
	host_released
}
