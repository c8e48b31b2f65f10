# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# cloudstack.api-delay: behind host/common.sh, process.sh, ssh.sh, tc.sh and this backend's conf.sh. What leaves from the API's
# port is late, once an answer: the handshake's SYN passes. On every device that has an address, the loopback too: a client
# may be anywhere. The ledger's file dev has a device a line; the sweep looks there as well.
# shellcheck disable=SC2034,SC2154 # fd_ is the ledger's, t_ and p_ are the plan's; the rest is read by tc.sh

cloudstack_devices() {
	ip -o addr show up | sed -n 's/^[0-9]*: \([^ @]*\) .*/\1/p' | sort -u
}

# cloudstack_each_device FUNCTION: with host_dev set; true if all are.
cloudstack_each_device() {
	while read -r host_dev; do
		"$1" || return 1
	done <"$fd_dir/dev"
}

cloudstack_free() {
	host_root_is_default || fail EBUSY "$host_dev has a root qdisc that somebody made: it is left alone" "tc qdisc show dev $host_dev"
}

# cloudstack_late PREF PROTOCOL ip|ip6 OFFSET: of the flags in the TCP header
cloudstack_late() {
	host_filter "$1" "$2" fd:0 match "$3" protocol 6 0xff match "$3" sport "$cloudstack_port" 0xffff match u8 0x02 0x02 at "$4" &&
		host_filter "$1" "$2" fd:4 match "$3" protocol 6 0xff match "$3" sport "$cloudstack_port" 0xffff
}

cloudstack_slow_down() {
	host_tc qdisc add dev "$host_dev" root handle fd: htb default 0 &&
		host_tc class add dev "$host_dev" parent fd: classid fd:4 htb rate 100gbit && host_pass_ssh &&
		cloudstack_late 3 ip ip 33 && cloudstack_late 4 ipv6 ip6 53 &&
		host_tc qdisc add dev "$host_dev" parent fd:4 handle fe: netem delay "${p_ms}ms" limit 100000
}

do_() {
	host_take main && host_ssh_ports || return 1
	cloudstack_api_port
	cloudstack_port=$cloudstack_value
	case ,$host_ports, in *",$cloudstack_port,"*) fail EPERM "SSH listens on $cloudstack_port too"; return 1 ;; esac
	cloudstack_devices >"$fd_dir/dev" && cloudstack_each_device cloudstack_free && host_own && cloudstack_each_device cloudstack_slow_down
}

cloudstack_is_slow() {
	tc qdisc show dev "$host_dev" | grep -q '^qdisc netem fe: parent fd:4 ' || fail EIO "the delay is not on $host_dev"
}

verify_() {
	cloudstack_each_device cloudstack_is_slow
}

cloudstack_clear() {
	! host_there || tc qdisc del dev "$host_dev" root
}

undo_() {
	! host_owned || cloudstack_each_device cloudstack_clear
}

cloudstack_is_clear() {
	host_there
	case $? in
	0) fail EBUSY "the qdisc fd: is still on $host_dev" ;;
	1) return 0 ;;
	*) fail EIO "tc does not say what is on $host_dev" ;;
	esac
}

gone_() {
	! host_owned || cloudstack_each_device cloudstack_is_clear
}
