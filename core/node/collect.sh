# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The collector: one shell that stays, sent once, and asked by a line. "fast" answers from builtins
# and /proc alone, since a fork a metric is what makes a refresh slow; "slow" asks what takes longer.
# Each answer is a block of lines that ends with a lone ".":
#   :KIND<TAB>NAME  begins an item    KEY<TAB>VALUE  belongs to the item above    !EVENT line
# FD_BACKENDS lists the backends, whose functions NAME_fast and NAME_slow print items.
LC_ALL=C
export LC_ALL

say() {
	printf '%s\t%s\n' "$1" "$2"
}

fd_arch=$(uname -m)
fd_kernel=$(uname -r)
fd_root=no
[ "$(id -u)" != 0 ] || fd_root=yes
fd_boot=
[ ! -r /proc/sys/kernel/random/boot_id ] || read -r fd_boot </proc/sys/kernel/random/boot_id

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

fd_fast() {
	read -r fd_up _ </proc/uptime
	say t "${fd_up%.*}${fd_up#*.}0"
	fd_node
	fd_ledger
	for fd_b in $FD_BACKENDS; do "${fd_b}_fast"; done
}

fd_slow() {
	for fd_b in $FD_BACKENDS; do "${fd_b}_slow"; done
}

fd_serve() {
	while read -r fd_ask; do
		case $fd_ask in
		fast) fd_fast ;;
		slow) fd_slow ;;
		*) return ;;
		esac
		echo .
	done
}
