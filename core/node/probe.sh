# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Asks conditions: one shell that stays, on a node or where the operator is. A question is a line
# `fd_probe NUMBER SECONDS COMMAND`; its answer, whenever it comes, a line NUMBER<TAB>STATUS<TAB>VALUE.
# Each runs on its own, so that one that hangs delays no other; STATUS is empty where more came than
# is read.
PATH=$PATH:/usr/sbin:/sbin
fd_tab=$(printf '\t')

fd_limited() {
	if command -v timeout >/dev/null 2>&1; then
		timeout -k 1 "$1" sh -c "$2" 2>&1 </dev/null
	else
		sh -c "$2" 2>&1 </dev/null
	fi
	printf '\n\t%s\n' "$?"
}

fd_read_answer() {
	IFS= read -r fd_value
	fd_status=
	while IFS= read -r fd_line; do
		case $fd_line in "$fd_tab"*) fd_status=${fd_line#?} ;; esac
	done
	printf '%s\t%s\t%s\n' "$1" "$fd_status" "$fd_value"
}

fd_probe() {
	fd_limited "$2" "$3" | head -c 4096 | fd_read_answer "$1" &
}
