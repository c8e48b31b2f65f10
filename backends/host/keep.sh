# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A process of our own that holds something while the injection lasts. It lives outside of the session
# and ends by itself: its text begins with host_alive_text, and goes on while host_alive is true.
# shellcheck disable=SC2154 # fd_ is the ledger's, t_ and p_ are the plan's

# shellcheck disable=SC2016 # expands in the process that holds
host_alive_text='
dir=$1
alive() {
	read -r up _ </proc/uptime
	read -r end 2>/dev/null <"$dir/deadline" && [ "${up%.*}${up#*.}0" -lt "$end" ]
}
stay() {
	while alive; do sleep 0.5; done
}
'

# host_keep TEXT WORD…: starts it; the words are plain ones.
host_keep() {
	printf '%s\n%s\n' "$host_alive_text" "$1" >"$fd_dir/keep.sh" || return 1
	shift
	host_own || return 1
	if [ -d /run/systemd/system ]; then
		systemd-run --quiet --collect --unit="faultdeck-$FD_ID-keep" /bin/sh "$fd_dir/keep.sh" "$fd_dir" "$@"
		return
	fi
	setsid sh "$fd_dir/keep.sh" "$fd_dir" "$@" </dev/null >/dev/null 2>&1 &
	fd_put keeper "$! $(fd_start_time $!)"
}

# 0 it runs, 1 it does not.
host_kept() {
	if [ -d /run/systemd/system ]; then
		case $(systemctl show -p ActiveState --value "faultdeck-$FD_ID-keep.service") in
		inactive | failed) return 1 ;;
		esac
		return 0
	fi
	host_k=$(fd_get keeper)
	[ -n "$host_k" ] && host_is "${host_k%% *}" "${host_k##* }" && [ "$(host_state "${host_k%% *}")" != Z ]
}

host_let_go() {
	host_owned && host_kept || return 0
	if [ -d /run/systemd/system ]; then
		systemctl stop "faultdeck-$FD_ID-keep.service"
	else
		# not -TERM: dash would take the -- behind it for a number
		kill -s TERM -- "-${host_k%% *}"
		host_wait 20 host_not_kept || kill -s KILL -- "-${host_k%% *}"
	fi
}

host_not_kept() {
	! host_kept
}

undo_() {
	host_let_go
}

gone_() {
	! host_owned || host_wait 20 host_not_kept || fail EBUSY "our process still runs"
}
