# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Sent behind FD_ID= and FD_TEXT= (the whole of one injection, see ledger.sh): keeps the text in the
# node's ledger, and only then runs it from there. fd_root is the collector's.
# shellcheck disable=SC2154
umask 077
fd_dir=/run/faultdeck/$FD_ID

# The directory above goes with its last entry: perhaps just now.
fd_claim() {
	mkdir "$fd_dir" 2>/dev/null || { mkdir -p /run/faultdeck && mkdir "$fd_dir"; }
}

fd_begin() {
	if [ "$fd_root" != yes ]; then
		printf 'error\tEPERM %s is not root on this node\nhint\tlog in as root, or allow sudo without a password for this user\nstate\tfailed\n' "$(id -un)"
		return 1
	fi
	# by a rename: a text that is there is whole
	{ fd_claim 2>/dev/null || fd_claim; } && printf '%s\n' "$FD_TEXT" >"$fd_dir/.undo.sh" &&
		mv "$fd_dir/.undo.sh" "$fd_dir/undo.sh" && return 0
	printf 'error\tENOSPC the ledger in /run/faultdeck cannot be written\nstate\tfailed\n'
	[ -e "$fd_dir/undo.sh" ] || rm -rf "$fd_dir"
	rmdir /run/faultdeck 2>/dev/null
	return 1
}
fd_begin && exec sh "$fd_dir/undo.sh" inject
