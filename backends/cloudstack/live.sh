# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Whom it means, and whether what was broken is well again: behind host/common.sh, process.sh, conf.sh, proc.sh.
# shellcheck disable=SC2154 # fd_ is the ledger's, t_ and p_ are the plan's

cloudstack_kind=${t_name%%-*}

# What was not well before need not be afterwards; what cannot be asked is not hit.
cloudstack_before() {
	case $cloudstack_kind in
	ms) cloudstack_v=curl ;;
	libvirt) cloudstack_v=virsh ;;
	nfs) cloudstack_v=perl ;;
	*) cloudstack_v="sh" ;;
	esac
	command -v "$cloudstack_v" >/dev/null || {
		fail EOPNOTSUPP "this node has no $cloudstack_v, which tells whether $t_name is well"
		return 1
	}
	! cloudstack_well "$cloudstack_kind" "$(sed -n '$s/ .*//p' "$fd_dir/pids")" || fd_put was_well yes
}

cloudstack_note() {
	host_born=$(fd_start_time "$1") && printf '%s %s\n' "$1" "$host_born" >>"$fd_dir/pids"
}

# The server itself, where a jsvc watches it: a unit's main process is either of them.
cloudstack_take() {
	host_take main || return 1
	cloudstack_server "$(sed 's/ .*//' "$fd_dir/pids")"
	[ -z "$cloudstack_watcher" ] || { : >"$fd_dir/pids" && cloudstack_note "$cloudstack_pid"; } || fail ENOENT "it does not run"
}

# And before it who would start it again.
cloudstack_take_watched() {
	cloudstack_take || return 1
	[ -n "$cloudstack_watcher" ] || return 0
	[ -n "$t_unit" ] || { fail EOPNOTSUPP "jsvc runs it without a unit, and would have to be started as it was" "run it as a systemd unit"; return 1; }
	{ : >"$fd_dir/pids" && cloudstack_note "$cloudstack_watcher" && cloudstack_note "$cloudstack_pid"; } || fail ENOENT "it does not run"
}

# cloudstack_is_well PID
cloudstack_is_well() {
	[ -n "$(fd_get was_well)" ] || return 0
	host_well '' cloudstack_well "$cloudstack_kind" "$1" || fail EIO "$t_name runs again and is not well yet" "restore once more, or see its log"
}
