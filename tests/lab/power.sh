# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The power of any node: of emulated hosts (emu.sh) and of those that share this kernel (nspawn.sh).

# power_kind NAME - which of the two
power_kind() {
	if [ -f "$STATE/$1.emu" ]; then
		echo emu
	elif [ -f "$STATE/$1.node" ]; then
		echo nspawn
	else
		die "no node $1"
	fi
}

# lab kill NODE - as if its power failed
verb_kill() {
	local kind
	kind=$(power_kind "${1:?kill NODE}") || exit 1
	"${kind}_off" "$1"
}

# lab start NODE - as if its power came back: only its disk is as it was; the guests start with the host
verb_start() {
	local kind
	kind=$(power_kind "${1:?start NODE}") || exit 1
	"${kind}_running" "$1" || "${kind}_start" "$1" || exit 1
	step "$1: login" "${kind}_login" "$1" || exit 1
}
