# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# host.net-delay, -loss, -corrupt, -rate: behind common.sh, ssh.sh and peers.sh. What
# leaves through one device: an own root qdisc fd:, where only what is meant goes to the class fd:4.
# SSH, ARP and neighbour discovery never do.
# shellcheck disable=SC2154 # fd_ is the ledger's, t_ and p_ are the plan's

# The device that leads to an address, to a network by its first one.
host_way() {
	case $1 in
	all | */0) ip -o route show default && ip -o -6 route show default ;;
	*) ip -o route get "${1%/*}" ;;
	esac 2>/dev/null | sed -n 's/.* dev \([^ ]*\).*/\1/p' | head -n 1
}

# To host_dev: the link that was named, or the one that leads to the peers.
host_device() {
	host_dev=
	[ "$t_kind" != link ] || host_dev=$t_name
	for host_a in $host_peers; do
		[ "$t_kind" != link ] || break
		host_w=$(host_way "$host_a")
		[ "$host_w" = "${host_dev:-$host_w}" ] || {
			fail EINVAL "the peers are behind $host_dev and $host_w: one device at a time" "name it: link:DEV@NODE"
			return 1
		}
		host_dev=$host_w
	done
	[ -e "/sys/class/net/${host_dev:-none}" ] || {
		fail ENOENT "no device leads there" "name one: link:DEV@NODE"
		return 1
	}
}

# The kernel's own default has the handle 0: whatever it is called.
host_root_is_default() {
	host_q=$(tc qdisc show dev "$host_dev") || return 1
	! printf '%s\n' "$host_q" | grep ' root ' | grep -qv '^qdisc [a-z_]* 0: root '
}

host_tc() {
	host_said=$(tc "$@" 2>&1) || fail EIO "tc $1 $2: $(printf '%s' "$host_said" | head -n 1)"
}

# host_filter PREF PROTOCOL CLASS MATCH…
host_filter() {
	host_p=$1 host_proto=$2 host_c=$3
	shift 3
	host_tc filter add dev "$host_dev" parent fd: pref "$host_p" protocol "$host_proto" u32 "$@" flowid "$host_c"
}

host_pass_ssh() {
	for host_port in $(printf '%s' "$host_ports" | tr ',' ' '); do
		for host_side in sport dport; do
			host_filter 1 ip fd:0 match ip protocol 6 0xff match ip "$host_side" "$host_port" 0xffff &&
				host_filter 2 ipv6 fd:0 match ip6 protocol 6 0xff match ip6 "$host_side" "$host_port" 0xffff ||
				return 1
		done
	done
	for host_type in 133 134 135 136; do
		host_filter 2 ipv6 fd:0 match ip6 protocol 58 0xff match u8 "$host_type" 0xff at 40 || return 1
	done
}

# host_meant PREF PROTOCOL ip|ip6 ADDRESS: to that peer, all of it or the ports that are meant.
host_meant() {
	for host_port in $(printf '%s' "$p_ports" | tr ',' ' '); do
		if [ "$host_port" = all ]; then
			host_filter "$1" "$2" fd:4 match "$3" dst "$4" || return 1
		else
			host_filter "$1" "$2" fd:4 match "$3" dst "$4" match "$3" dport "$host_port" 0xffff &&
				host_filter "$1" "$2" fd:4 match "$3" dst "$4" match "$3" sport "$host_port" 0xffff || return 1
		fi
	done
}

host_pick_peers() {
	[ "$host_peers" != all ] || host_peers='0.0.0.0/0 ::/0'
	for host_a in $host_peers; do
		case $host_a in
		*:*) host_meant 4 ipv6 ip6 "$host_a" ;;
		*) host_meant 3 ip ip "$host_a" ;;
		esac || return 1
	done
}

# host_shape RATE: the tree without what is done in fd:4.
host_shape() {
	host_tc qdisc add dev "$host_dev" root handle fd: htb default 0 &&
		host_tc class add dev "$host_dev" parent fd: classid fd:4 htb rate "$1" &&
		host_pass_ssh && host_pick_peers
}

host_dev_of() {
	host_dev=$(fd_get dev)
}

do_() {
	host_resolve && host_ssh_ports && host_device || return 1
	host_root_is_default || {
		fail EBUSY "$host_dev has a root qdisc that somebody made: it is left alone" "tc qdisc show dev $host_dev"
		return 1
	}
	fd_put dev "$host_dev" && host_own && host_disturb
}

# host_netem WORDS…: what the kernel does to the packets in fd:4.
host_netem() {
	host_shape 100gbit && host_tc qdisc add dev "$host_dev" parent fd:4 handle fe: netem "$@"
}

verify_() {
	host_dev_of
	tc class show dev "$host_dev" | grep -q '^class htb fd:4 ' || { fail EIO "the class fd:4 is not on $host_dev"; return 1; }
	[ "$FD_FAULT" = host.net-rate ] || tc qdisc show dev "$host_dev" | grep -q '^qdisc netem fe: parent fd:4 ' ||
		fail EIO "there is no netem in the class fd:4 of $host_dev"
}

host_there() {
	host_q=$(tc qdisc show dev "$host_dev" 2>/dev/null) || { [ ! -e "/sys/class/net/$host_dev" ] && return 1; return 2; }
	case $host_q in *'qdisc htb fd: root '*) return 0 ;; esac
	return 1
}

undo_() {
	host_owned || return 0
	host_dev_of
	! host_there || tc qdisc del dev "$host_dev" root
}

gone_() {
	host_owned || return 0
	host_dev_of
	host_there
	case $? in
	0) fail EBUSY "the qdisc fd: is still on $host_dev" ;;
	1) return 0 ;;
	*) fail EIO "tc does not say what is on $host_dev" ;;
	esac
}
