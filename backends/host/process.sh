# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Which processes a fault means: always pid and start time, kept in the ledger, one a line.
# shellcheck disable=SC2154 # fd_ is the ledger's, t_ and p_ are the plan's

# Why PID is never hit; nothing where it may be.
host_protected() {
	read -r host_comm 2>/dev/null <"/proc/$1/comm" || { echo "there is no process $1"; return; }
	[ "$1" != 1 ] || echo "pid 1 is protected"
	[ -n "$(tr '\0' x 2>/dev/null <"/proc/$1/cmdline")" ] || echo "$1 ($host_comm) is a thread of the kernel, or has ended"
	case $host_comm in sshd* | dropbear | systemd | dbus-daemon | dbus-broker* | systemd-logind)
		echo "$1 ($host_comm) is part of our own way to this node" ;;
	esac
	host_p=$$
	while [ "${host_p:-0}" -gt 1 ]; do
		[ "$host_p" != "$1" ] || echo "$1 ($host_comm) is a process of this very session"
		host_p=$(sed -n 's/^PPid:[^0-9]*//p' "/proc/$host_p/status" 2>/dev/null)
	done
}

# The process itself: of a unit its main one.
host_main_pid() {
	case $t_kind:$t_unit in
	service:?*) systemctl show -p MainPID --value "$t_unit" ;;
	*) printf '%s' "$t_pid" ;;
	esac
}

# host_pids SCOPE: prints main, or all that live in the unit's cgroup.
host_pids() {
	host_main=$(host_main_pid)
	[ "${host_main:-0}" != 0 ] || return 0
	if [ "$1" = all ] && [ -n "$t_unit" ]; then
		host_cg=$(systemctl show -p ControlGroup --value "$t_unit")
		for host_c in "/sys/fs/cgroup$host_cg" "/sys/fs/cgroup/systemd$host_cg"; do
			[ ! -d "$host_c" ] || { find "$host_c" -name cgroup.procs -exec cat {} +; return; }
		done
	fi
	printf '%s\n' "$host_main"
}

# host_take SCOPE: writes "PID BORN" lines to the ledger's file pids, or refuses.
host_take() {
	: >"$fd_dir/pids"
	for host_pid in $(host_pids "$1"); do
		host_why=$(host_protected "$host_pid" | head -n 1)
		[ -z "$host_why" ] || { fail EPERM "$host_why"; return 1; }
		host_born=$(fd_start_time "$host_pid") || continue
		[ "$t_kind" != service ] || [ -n "$t_unit" ] || [ "$host_born" = "$t_started" ] || {
			fail EBUSY "$t_name is another process now than the one that was chosen"
			return 1
		}
		printf '%s %s\n' "$host_pid" "$host_born" >>"$fd_dir/pids"
	done
	[ -s "$fd_dir/pids" ] || fail ENOENT "it does not run"
}

# host_each FUNCTION: calls it with PID of each that is still that very process; true if all are, and some were taken.
host_each() {
	host_bad=0
	[ -s "$fd_dir/pids" ] || return 1
	while read -r host_pid host_born; do
		! host_is "$host_pid" "$host_born" || "$1" "$host_pid" || host_bad=1
	done <"$fd_dir/pids"
	return $host_bad
}
