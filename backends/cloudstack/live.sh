# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Whether what was broken is well again: behind host/common.sh, conf.sh.
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
	! cloudstack_well "$cloudstack_kind" "$(sed 's/ .*//' "$fd_dir/pids")" || fd_put was_well yes
}

# cloudstack_is_well PID
cloudstack_is_well() {
	[ -n "$(fd_get was_well)" ] || return 0
	host_well '' cloudstack_well "$cloudstack_kind" "$1" || fail EIO "$t_name runs again and is not well yet" "restore once more, or see its log"
}
