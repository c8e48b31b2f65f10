# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The collector: one shell that stays, sent once, answers, and is asked again by a line. "fast"
# answers from builtins and /proc alone, since a fork a metric is what makes a refresh slow; "slow", in
# a shell of its own, asks what takes longer. Each answer is a block of lines that ends with a lone ".":
#   :KIND<TAB>NAME  begins an item    KEY<TAB>VALUE  belongs to the item above    !EVENT line
#   ?  "slow" has something to tell: a backend's fast part has set fd_ask_slow, or faults need something
# "run BYTES" runs the text that follows, in a shell of its own: to have one open saves an act what it
# costs to start one. Its last line is status<TAB>NUMBER.
# Behind proc.sh. FD_BACKENDS lists the backends, whose functions NAME_fast and NAME_slow print items. FD_NEEDS lists
# what their faults need as BACKEND:WORD: what BACKEND_has_WORD says, else a command. FD_ROLES: the node's roles.
# shellcheck disable=SC2154 # fd_value and what else proc.sh sets
LC_ALL=C
export LC_ALL

# fd_items: there is an item, for the manifests' own functions.
# shellcheck disable=SC2034
say() {
	printf '%s\t%s\n' "$1" "$2"
	case $1 in :*) fd_items=1 ;; esac
}

PATH=$PATH:/usr/sbin:/sbin
fd_kernel='' fd_arch='' # newer kernels tell without a fork
[ ! -r /proc/sys/kernel/osrelease ] || read -r fd_kernel </proc/sys/kernel/osrelease
[ ! -r /proc/sys/kernel/arch ] || read -r fd_arch </proc/sys/kernel/arch
[ -n "$fd_kernel" ] || fd_kernel=$(uname -r)
[ -n "$fd_arch" ] || fd_arch=$(uname -m)
fd_root=no
while read -r fd_k fd_v _; do
	case $fd_k in Uid:) [ "$fd_v" != 0 ] || fd_root=yes; break ;; esac
done </proc/self/status
fd_boot=
[ ! -r /proc/sys/kernel/random/boot_id ] || read -r fd_boot </proc/sys/kernel/random/boot_id
# a container starts anew under the same kernel: then its first process is another one
! fd_born 1 || fd_boot=$fd_boot.$fd_value

fd_find_lacks() {
	fd_lacks='' fd_asked=' '
	for fd_w in $FD_NEEDS; do
		case "$fd_asked " in *" $fd_w "*) continue ;; esac
		fd_asked="$fd_asked $fd_w"
		fd_h=${fd_w%%:*}_has_${fd_w#*:}
		command -v "$fd_h" >/dev/null 2>&1 || fd_h="command -v ${fd_w#*:}"
		$fd_h >/dev/null 2>&1 || fd_lacks="$fd_lacks${fd_lacks:+ }$fd_w"
	done
}

fd_node() {
	say :node ''
	say arch "$fd_arch"
	say kernel "$fd_kernel"
	say root "$fd_root"
	say boot "$fd_boot"
	read -r fd_load _ </proc/loadavg && say load "$fd_load"
	while read -r fd_k fd_v _; do
		case $fd_k in
		MemTotal:) say mem_total "$((fd_v * 1024))" ;;
		MemAvailable:) say mem_free "$((fd_v * 1024))"; break ;;
		esac
	done </proc/meminfo
}

fd_started() {
	fd_born "$1" && say started "$fd_value"
}

# fd_unit_pid UNIT: the first process of a systemd unit, to fd_pid; from the cgroups, without a fork.
fd_unit_pid() {
	fd_pid=
	for fd_c in /sys/fs/cgroup/*.slice/"$1" /sys/fs/cgroup/systemd/*.slice/"$1"; do
		[ ! -r "$fd_c/cgroup.procs" ] || read -r fd_pid <"$fd_c/cgroup.procs" || fd_pid=
		[ -z "$fd_pid" ] || return 0
	done
	return 1
}

# fd_comm_pid COMM: the first process of that name, to fd_pid.
fd_comm_pid() {
	for fd_x in $fd_found; do
		fd_pid=${fd_x%%:*}
		[ "${fd_x##*:}" != "$1" ] || return 0
	done
	fd_pid=
	return 1
}

# fd_component BACKEND NAME UNIT COMM: a component of a manifest as a service. It is there when its
# unit is known to this node, or its process runs.
fd_component() {
	fd_unit=
	[ -z "$3" ] || [ ! -e "/lib/systemd/system/$3" ] && [ ! -e "/etc/systemd/system/$3" ] || fd_unit=$3
	fd_pid=
	if [ -n "$fd_unit" ]; then
		fd_unit_pid "$fd_unit" || fd_pid=
	elif [ -n "$4" ]; then
		fd_comm_pid "$4" || return 0
	fi
	[ -n "$fd_unit$fd_pid" ] || return 0
	say :service "$2"
	say component "$1.$2"
	[ -z "$fd_unit" ] || say unit "$fd_unit"
	if [ -n "$fd_pid" ]; then
		say state up
		say pid "$fd_pid"
		fd_started "$fd_pid"
	else
		say state down
	fi
}

# fd_say_daemon NAME WORD of NAME_found: takes it apart, and says it.
fd_say_daemon() {
	fd_split "$1" "$2"
	say :service "$fd_name"
	say component "$1.$fd_x"
	say pid "$fd_pid"
	say started "$fd_value"
	[ -z "$fd_v" ] || say unit "$fd_v"
	case $fd_letter in
	T | t) say state stopped ;;
	Z | X) say state down ;;
	*) say state up ;;
	esac
}

# fd_say_down NAME SERVICE [UNIT]: one that should run.
fd_say_down() {
	say :service "$2"
	say component "$1.${2%%-*}"
	[ -z "${3-}" ] || say unit "$3"
	say state down
}

fd_ledger_file() {
	[ -r "$1" ] || return 0
	read -r fd_v <"$1" && say "$2" "$fd_v"
}

fd_ledger() {
	for fd_entry in /run/faultdeck/*/; do
		[ -r "${fd_entry}meta" ] || continue
		fd_id=${fd_entry%/}
		say :injection "${fd_id##*/}"
		say ledger 1
		while IFS= read -r fd_v; do
			printf '%s\n' "$fd_v"
		done <"${fd_entry}meta"
		fd_ledger_file "${fd_entry}state" state
		fd_ledger_file "${fd_entry}deadline" deadline
		fd_ledger_file "${fd_entry}ttl_ms" ttl_ms
	done
}

# A clock of an injection whose entry is not there any more.
fd_clocks() {
	for fd_c in /run/systemd/transient/faultdeck-*-*.timer; do
		fd_id=${fd_c#*/faultdeck-}
		fd_id=${fd_id%-*}
		[ -e "$fd_c" ] || continue
		[ ! -d "/run/faultdeck/$fd_id" ] || continue
		say :injection "$fd_id"
		say lost 1
	done
}

fd_fast() {
	read -r fd_up _ </proc/uptime
	say t "${fd_up%.*}${fd_up#*.}0"
	fd_node
	fd_ledger
	fd_clocks
	fd_ask_slow=''
	fd_scan
	for fd_b in $FD_BACKENDS; do "${fd_b}_fast"; done
	[ -z "$fd_ask_slow$FD_NEEDS" ] || echo '?'
}

# What is missing stays missing for this session: asked once.
fd_slow() {
	[ -n "${fd_asked-}" ] || fd_find_lacks
	say :node ''
	say lacks "$fd_lacks"
	fd_scan
	for fd_b in $FD_BACKENDS; do "${fd_b}_slow"; done
}

fd_run() {
	fd_text=$(head -c "$1")
	(eval "$fd_text") </dev/null 2>&1 3<&-
	say status $?
	fd_text=
}

fd_serve() {
	fd_ask=$1
	while
		case $fd_ask in
		fast) fd_fast ;;
		slow) fd_slow ;;
		run\ *) fd_run "${fd_ask#run }" ;;
		*) return ;;
		esac
		echo .
		read -r fd_ask
	do :; done
}
