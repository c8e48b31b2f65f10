# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Asks conditions: one shell that stays, on a node or where the operator is. A question is a line
# `fd_probe NUMBER SECONDS COMMAND` or `fd_page NUMBER SECONDS URL`; its answer, whenever it comes, a line NUMBER<TAB>STATUS<TAB>VALUE.
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

# A page, in one line behind its status and the seconds that it took; straight, whatever proxy is set.
fd_get() {
	if command -v curl >/dev/null 2>&1; then
		fd_said=$(curl -gsSL --proto '=http,https' --proto-redir '=http,https' --noproxy '*' --max-redirs 5 -m "$1" \
			-w '\n%{http_code} %{time_total}' -- "$2" 2>&1 </dev/null)
	else
		fd_said='there is no curl
0 0' && (exit 127)
	fi
	set -- $?
	printf '%s ' "${fd_said##*
}"
	printf '%s' "${fd_said%
*}" | tr '\n\t\r' '   '
	printf '\n\t%s\n' "$1"
}

# fd_page NUMBER SECONDS URL: VALUE is STATUS SECONDS TEXT
fd_page() {
	fd_get "$2" "$3" | head -c 65536 | fd_read_answer "$1" &
}

fd_probe() {
	fd_limited "$2" "$3" | head -c 4096 | fd_read_answer "$1" &
}
