# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# hadoop.yarn-health: behind host/common.sh, host/process.sh, proc.sh, conf.sh and live.sh. The NodeManager's own
# check fails: its script has ours mounted over it, else its local directories are mounted read-only over
# themselves. What is open there stays usable, and no data is touched.
# shellcheck disable=SC2015,SC2016,SC2154 # fd_ is the ledger's, t_ and p_ are the plan's

# The script that it was told to run, if any.
hadoop_script() {
	for hadoop_n in $(hadoop_get yarn.nodemanager.health-checker.scripts script | tr ',' ' '); do
		hadoop_v=$(hadoop_get "yarn.nodemanager.health-checker.$hadoop_n.path" '')
		[ -z "$hadoop_v" ] || [ ! -f "$hadoop_v" ] || { printf '%s' "$hadoop_v"; return; }
	done
}

# hadoop_mount_id PATH: of what is mounted there on top; nothing where nothing is.
hadoop_mount_id() {
	awk -v p="$1" '$5 == p { id = $1 } END { print id }' /proc/self/mountinfo
}

# Notes PATH and what is mounted there already.
hadoop_plan_mount() {
	printf '%s %s\n' "$1" "$(hadoop_mount_id "$1")" >>"$fd_dir/mounts"
}

hadoop_fail_script() {
	case $1 in *[!A-Za-z0-9/._-]*) fail EINVAL "the path of its health script is not plain: $1"; return 1 ;; esac
	cat >"$fd_dir/health.sh" <<-EOF
		#!/bin/sh
		echo "ERROR faultdeck $FD_ID"
	EOF
	chmod 755 "$fd_dir/health.sh"
	hadoop_plan_mount "$1" && host_own && mount --bind "$fd_dir/health.sh" "$1" && mount -o remount,bind,exec "$1" ||
		fail EIO "our script cannot be mounted over $1"
}

hadoop_fail_dirs() {
	for hadoop_d in $(hadoop_get yarn.nodemanager.local-dirs '${hadoop.tmp.dir}/nm-local-dir' | tr ',' ' '); do
		hadoop_d=${hadoop_d#file://}
		case $hadoop_d in *[!A-Za-z0-9/._-]*) fail EINVAL "the path of a local directory is not plain: $hadoop_d"; return 1 ;; esac
		hadoop_plan_mount "$(readlink -f "$hadoop_d")" || return 1
	done
	host_own || return 1
	while read -r hadoop_d _; do
		mount --bind "$hadoop_d" "$hadoop_d" && mount -o remount,bind,ro "$hadoop_d" || {
			fail EIO "$hadoop_d cannot be mounted read-only over itself"
			return 1
		}
	done <"$fd_dir/mounts"
}

do_() {
	host_take main || return 1
	hadoop_pid=$(sed 's/ .*//' "$fd_dir/pids")
	hadoop_before "$hadoop_pid" || return 1
	hadoop_s=$(hadoop_script)
	if [ -n "$hadoop_s" ]; then
		fd_put interval "$(hadoop_get yarn.nodemanager.health-checker.interval-ms 600000)"
		hadoop_fail_script "$hadoop_s"
	elif [ "$(hadoop_get yarn.nodemanager.disk-health-checker.enable true)" = true ]; then
		fd_put interval "$(hadoop_get yarn.nodemanager.disk-health-checker.interval-ms 120000)"
		hadoop_fail_dirs
	else
		fail EPERM "this NodeManager has no health script, and does not check its disks: nothing can fail"
	fi
}

hadoop_is_unhealthy() {
	for hadoop_x in $(hadoop_resourcemanagers); do
		! hadoop_count_nm "$hadoop_x" || [ "${hadoop_v%% *}" != UNHEALTHY ] || return 0
	done
	return 1
}

# It must see what was mounted; and the ResourceManager must know it where the check comes within this time.
verify_() {
	[ -s "$fd_dir/mounts" ] || { fail EIO "nothing was mounted"; return 1; }
	read -r hadoop_pid _ <"$fd_dir/pids"
	while read -r hadoop_d _; do
		grep -q " $hadoop_d " "/proc/$hadoop_pid/mounts" || { fail EIO "the NodeManager does not see what is mounted on $hadoop_d"; return 1; }
	done <"$fd_dir/mounts"
	[ "$(fd_get interval)" -le 20000 ] || return 0
	host_wait 60 hadoop_is_unhealthy || fail EIO "the ResourceManager does not call it unhealthy"
}

undo_() {
	host_owned || return 0
	while read -r hadoop_d hadoop_id; do
		[ "$(hadoop_mount_id "$hadoop_d")" = "$hadoop_id" ] || umount "$hadoop_d" 2>/dev/null || umount -l "$hadoop_d"
	done <"$fd_dir/mounts"
}

gone_() {
	host_owned || return 0
	while read -r hadoop_d hadoop_id; do
		[ "$(hadoop_mount_id "$hadoop_d")" = "$hadoop_id" ] || { fail EBUSY "$hadoop_d is still mounted over"; return 1; }
	done <"$fd_dir/mounts"
	read -r hadoop_pid hadoop_born <"$fd_dir/pids"
	! host_is "$hadoop_pid" "$hadoop_born" || hadoop_is_live "$hadoop_pid" 0
}
