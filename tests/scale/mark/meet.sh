# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The nodes of a load share /tmp.
# shellcheck disable=SC2154 # given
do_() { mkdir -p /tmp/fdmeet; }
verify_() { [ -d /tmp/fdmeet ]; }
undo_() {
	: >"/tmp/fdmeet/$FD_ID"
	mark_left=30
	until gone_ || [ "$mark_left" = 0 ]; do
		mark_left=$((mark_left - 1))
		sleep 1
	done
}
gone_() {
	set -- /tmp/fdmeet/*
	[ $# -ge "$p_nodes" ]
}
