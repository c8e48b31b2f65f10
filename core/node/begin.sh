# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Sent behind FD_ID= and FD_TEXT= (the whole of one injection, see ledger.sh): keeps the text in the
# node's ledger, and only then runs it from there.
umask 077
fd_begin() {
	if [ "$(id -u)" != 0 ]; then
		printf 'error\tEPERM %s is not root on this node\nhint\tlog in as root, or allow sudo without a password for this user\nstate\tfailed\n' "$(id -un)"
		return 1
	fi
	mkdir -p /run/faultdeck && mkdir "/run/faultdeck/$FD_ID" &&
		printf '%s\n' "$FD_TEXT" >"/run/faultdeck/$FD_ID/undo.sh" && return 0
	printf 'error\tENOSPC the ledger in /run/faultdeck cannot be written\nstate\tfailed\n'
	[ -s "/run/faultdeck/$FD_ID/state" ] || rm -rf "/run/faultdeck/$FD_ID"
	return 1
}
fd_begin && exec sh "/run/faultdeck/$FD_ID/undo.sh" inject
