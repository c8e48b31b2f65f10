# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# host.cpu-load: behind common.sh and keep.sh. Workers that compute for a share of each second.
# shellcheck disable=SC2154 # fd_ is the ledger's, t_ and p_ are the plan's

# shellcheck disable=SC2016 # expands in the process that holds
host_burn='
burn() {
	while alive; do
		from=${up%.*}${up#*.}
		to=$((from + $1))
		while [ "${up%.*}${up#*.}" -lt "$to" ]; do
			i=0
			while [ "$i" -lt 500 ]; do i=$((i + 1)); done
			read -r up _ </proc/uptime
		done
		[ "$1" = 100 ] || sleep "$2"
	done
}
n=0
while [ "$n" -lt "$2" ]; do
	burn "$3" "$4" &
	n=$((n + 1))
done
echo "$n" >"$dir/burning"
wait
'

do_() {
	host_n=$p_workers
	[ "$host_n" != 0 ] || host_n=$(grep -c '^processor' /proc/cpuinfo)
	host_keep "$host_burn" "$host_n" "$p_percent" "$(printf '0.%02d' $((100 - p_percent)))"
}

# systemd calls it active before its text runs
verify_() {
	{ host_wait 50 [ -s "$fd_dir/burning" ] && host_kept; } || fail EIO "the workers do not run"
}
