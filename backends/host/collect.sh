# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# host_can MODULE COMMAND…: the kernel has it. Where its modules are known nothing is loaded to find out;
# else it is tried, in a network of its own that goes at once.
host_can() {
	host_m=$1
	shift
	if [ -d "/lib/modules/$(uname -r)" ] && command -v modprobe; then
		modprobe -nq "$host_m"
	else
		unshare -n "$@"
	fi
}

host_has_netem() {
	host_can sch_netem tc qdisc add dev lo root netem delay 1ms
}

host_has_htb() {
	host_can sch_htb tc qdisc add dev lo root handle fd: htb
}

host_has_u32() {
	host_can cls_u32 sh -c 'tc qdisc add dev lo ingress && tc filter add dev lo parent ffff: u32 match u32 0 0'
}

# The program alone is not enough.
host_has_nft() {
	command -v nft && host_can nf_tables nft add table inet faultdeck
}

# The first pid namespace of a kernel has this number.
host_has_own_clock() {
	[ "$(readlink /proc/self/ns/pid)" = 'pid:[4026531836]' ]
}

# What every node tells: the systemd services that have processes, from the cgroups, without a fork.
# shellcheck disable=SC2034 # fd_ variables are the collector's

host_service() {
	host_u=${1##*/}
	host_pid=
	read -r host_pid <"$1/cgroup.procs" || return 0
	say :service "${host_u%.service}"
	say unit "$host_u"
	say state up
	say pid "$host_pid"
	fd_started "$host_pid"
	[ ! -r "$1/memory.current" ] || { read -r host_v <"$1/memory.current" && say rss "$host_v"; }
	while read -r host_k host_v; do
		[ "$host_k" != usage_usec ] || { say cpu "$((host_v / 1000))"; break; }
	done <"$1/cpu.stat"
}

# Devices of the network that somebody switched on, but lo; their figures from the kernel's one table.
host_links() {
	while read -r host_d host_v; do
		case $host_d in lo: | *[!:]) continue ;; esac # headings end with no colon
		host_d=${host_d%:}
		host_k=
		[ ! -r "/sys/class/net/$host_d/flags" ] || read -r host_k <"/sys/class/net/$host_d/flags"
		case $host_k in *[13579bdf]) ;; *) continue ;; esac # IFF_UP
		say :link "$host_d"
		read -r host_k <"/sys/class/net/$host_d/operstate" && say state "$host_k"
		# shellcheck disable=SC2086 # bytes packets errs drop fifo frame compressed multicast, in and out
		set -- $host_v
		say rx "$1"
		say tx "$9"
	done </proc/net/dev 2>/dev/null
}

host_items() {
	for host_c in /sys/fs/cgroup/*.slice/*.service /sys/fs/cgroup/*.slice/*.slice/*.service \
		/sys/fs/cgroup/systemd/*.slice/*.service; do
		[ ! -r "$host_c/cgroup.procs" ] || host_service "$host_c" 2>/dev/null
	done
	# held down by us: not gone from the list
	for host_c in /run/systemd/system/*.service.d/faultdeck-*.conf; do
		[ -e "$host_c" ] || continue
		host_u=${host_c%/*}
		host_u=${host_u##*/}
		host_u=${host_u%.d}
		[ -d "/sys/fs/cgroup/system.slice/$host_u" ] || {
			say :service "${host_u%.service}"
			say unit "$host_u"
			say state down
		}
	done
	host_links
}

# host_swept ID COMMAND…: what is left without a ledger entry is ended.
host_swept() {
	host_id=$1
	shift
	[ ! -d "/run/faultdeck/$host_id" ] || return 0
	[ -z "$host_only" ] || [ "$host_only" = "$host_id" ] || return 0
	if "$@" >/dev/null 2>&1; then
		printf 'swept\t%s\n' "$host_id"
	else
		printf 'kept\t%s %s failed\n' "$host_id" "$*"
	fi
}

# host_ask COMMAND…: to host_said. Where it is there and fails, nobody knows what is left; a kernel that has
# nothing of the kind has nothing left.
host_ask() {
	host_said=
	command -v "$1" >/dev/null || return 0
	host_said=$("$@" 2>&1) && return 0
	case $host_said in *'not supported'*) ;; *) printf 'kept\t%s cannot be asked: %s\n' "$1" "$(printf '%s' "$host_said" | head -n 1)" ;; esac
	host_said=
}

# host_sweep [ID]
host_sweep() {
	host_only=$1
	host_ask nft list tables
	for host_t in $(printf '%s\n' "$host_said" | sed -n 's/^table inet faultdeck_//p'); do
		host_swept "$host_t" nft delete table inet "faultdeck_$host_t"
	done
	for host_c in /run/systemd/system/*.service.d/faultdeck-*.conf; do
		[ -e "$host_c" ] || continue
		host_id=${host_c##*/faultdeck-}
		host_swept "${host_id%.conf}" host_undrop "$host_c"
	done
	host_sweep_tc
}

# A qdisc of ours on a device that no entry of the ledger speaks of.
host_sweep_tc() {
	[ -z "$host_only" ] || return 0
	host_ask tc qdisc show
	for host_d in $(printf '%s\n' "$host_said" | sed -n 's/^qdisc htb fd: dev \([^ ]*\) root .*/\1/p'); do
		grep -qsx "$host_d" /run/faultdeck/*/dev || host_swept "tc-$host_d" tc qdisc del dev "$host_d" root
	done
}

host_undrop() {
	rm -f "$1"
	rmdir "${1%/*}" 2>/dev/null
	systemctl daemon-reload
}
