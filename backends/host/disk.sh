# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# host.disk-fill: behind common.sh and keep.sh. A file without a name, held open: it is gone with its
# process, whatever ends that.
# shellcheck disable=SC2154 # fd_ is the ledger's, t_ and p_ are the plan's

# shellcheck disable=SC2016 # expands in the process that holds
host_fill='
exec 8>"$2/.faultdeck-$3" || exit 1
rm -f "$2/.faultdeck-$3"
fallocate -l "${4}K" /proc/self/fd/8 2>/dev/null || dd if=/dev/zero bs=1024k count="$(($4 / 1024))" >&8 2>/dev/null
echo yes >"$dir/filled"
stay
'

# KiB that everybody may still write below DIRECTORY.
host_free() {
	df -Pk "$1" | { read -r _; read -r _ _ _ host_v _; echo "$host_v"; }
}

do_() {
	host_at=$(readlink -f -- "$t_name")
	[ -d "$host_at" ] || {
		fail ENOENT "there is no directory $t_name"
		return 1
	}
	[ "$(stat -c %d "$host_at")" != "$(stat -c %d "$fd_dir")" ] || {
		fail EPERM "the ledger lives on this file system"
		return 1
	}
	host_a=$(host_free "$host_at")
	host_kib=$((p_size * 1024))
	[ "$p_size" != 0 ] || host_kib=$((host_a - p_leave * 1024))
	if [ "$host_kib" -lt 1024 ] || [ $((host_a - host_kib)) -lt $((p_leave * 1024)) ]; then
		fail ENOSPC "$((host_a / 1024)) MiB are free: that would leave less than $p_leave MiB"
		return 1
	fi
	fd_put free "$host_a" && fd_put fill "$host_kib" && ln -s "$host_at" "$fd_dir/at" &&
		host_keep "$host_fill" "$fd_dir/at" "$FD_ID" "$host_kib"
}

host_filled() {
	[ -e "$fd_dir/filled" ]
}

verify_() {
	host_wait 300 host_filled || {
		fail EIO "the file is not there after 30 s: the disk is too slow, or quota stops it"
		return 1
	}
	[ "$(host_free "$fd_dir/at/")" -lt $(($(fd_get free) - $(fd_get fill) / 2)) ] ||
		fail EIO "the file was written, and the file system is not fuller"
}
