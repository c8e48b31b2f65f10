# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# host.memory-fill: behind common.sh and keep.sh. dd holds blocks of zeroes that nobody takes from it;
# where memory gets short all the same, the kernel ends these processes first.
# shellcheck disable=SC2154 # fd_ is the ledger's, t_ and p_ are the plan's

# shellcheck disable=SC2016 # expands in the process that holds
host_fill='
echo 1000 >/proc/self/oom_score_adj
left=$2
{
	while [ "$left" -gt 0 ]; do
		n=$((left > 512 ? 512 : left))
		dd if=/dev/zero bs="${n}M" count=1 2>/dev/null &
		echo $! >>"$dir/blocks"
		left=$((left - n))
	done
	wait
} | stay
'

host_available() {
	sed -n 's/^MemAvailable: *\([0-9]*\) kB/\1/p' /proc/meminfo
}

do_() {
	host_a=$(($(host_available) / 1024))
	if [ $((host_a - p_size)) -lt "$p_leave" ]; then
		fail ENOSPC "$host_a MiB are available: $p_size would leave less than $p_leave MiB"
		return 1
	fi
	host_keep "$host_fill" "$p_size"
}

# KiB that our blocks really hold.
host_held() {
	host_sum=0
	[ -e "$fd_dir/blocks" ] || return 1
	while read -r host_b; do
		host_v=$(sed -n 's/^VmRSS:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$host_b/status" 2>/dev/null)
		host_sum=$((host_sum + ${host_v:-0}))
	done <"$fd_dir/blocks"
	[ "$host_sum" -ge $((p_size * 1024 * 95 / 100)) ]
}

verify_() {
	host_wait 300 host_held || fail EIO "only $((host_sum / 1024)) of $p_size MiB are held"
}
