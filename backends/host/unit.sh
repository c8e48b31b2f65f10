# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A systemd unit that is held down by a drop-in in /run, and comes back with what depended on it.
# shellcheck disable=SC2154 # fd_ is the ledger's, t_ and p_ are the plan's

host_drop_dir="/run/systemd/system/$t_unit.d"
host_drop="$host_drop_dir/faultdeck-$FD_ID.conf"

host_active() {
	case $(systemctl show -p ActiveState --value "$1") in
	active | activating | reloading) return 0 ;;
	esac
	return 1
}

# What may be stopped, and can be started again: not the units without which nobody reaches this
# node. Notes what runs now and would stop with it.
host_unit_allowed() {
	case $t_unit in
	ssh* | dropbear* | network.service | networking.service | systemd-networkd* | NetworkManager* | \
		wpa_supplicant* | dbus* | systemd-logind* | systemd-journald* | user@* | init.scope | faultdeck-*)
		fail EPERM "$t_unit is part of our own way to this node"
		return 1
		;;
	esac
	host_active "$t_unit" || {
		fail EBUSY "$t_unit does not run: there is nothing to break"
		return 1
	}
	: >"$fd_dir/attached"
	host_attached "$t_unit"
	for host_u in "$t_unit" $(cat "$fd_dir/attached"); do
		[ "$(systemctl show -p Transient --value "$host_u")" != yes ] || {
			fail EBUSY "$host_u is transient: once stopped, systemd does not know it any more"
			return 1
		}
	done
}

# Prints the active units that stop when UNIT stops, and the sockets that would start it again.
host_attached() {
	# shellcheck disable=SC2013 # names of units hold no blanks
	for host_u in $(systemctl show -p RequiredBy -p BoundBy -p ConsistsOf -p TriggeredBy --value "$1"); do
		case $host_u in *.target | *.timer | *.path) continue ;; esac
		! host_active "$host_u" || ! host_new "$host_u" || {
			printf '%s\n' "$host_u" >>"$fd_dir/attached"
			host_attached "$host_u"
		}
	done
}

host_new() {
	! grep -qxF -- "$1" "$fd_dir/attached"
}

# systemd reloads its units only with 16 MiB free in /run: so much is kept for the restore.
host_reserve() {
	fallocate -l 17M "$fd_dir/reserve" 2>/dev/null || {
		rm -f "$fd_dir/reserve"
		fail ENOSPC "systemd needs 16 MiB free in /run to reload its units, now and for the restore"
	}
}

host_reload() {
	host_said=$(systemctl daemon-reload 2>&1) || fail EIO "systemd does not reload its units: $host_said"
}

# systemd knows of the drop-in, whether the file is there or not.
host_known() {
	case $(systemctl show -p DropInPaths --value "$t_unit") in *"$host_drop"*) return 0 ;; esac
	return 1
}

# Keeps the unit from starting, whoever asks.
host_hold() {
	host_reserve || return 1
	[ -d "$host_drop_dir" ] || fd_put made_dir yes
	host_own || return 1
	umask 022
	mkdir -p "$host_drop_dir" && cat >"$host_drop" <<EOF && host_reload
# faultdeck injection $FD_ID: goes with its restore
[Unit]
AssertPathExists=/run/faultdeck/$FD_ID/no-such-file
[Service]
Restart=no
EOF
}

host_sockets() {
	sed -n '/\.socket$/p' "$fd_dir/attached"
}

# The drop-in goes, and what ran runs again.
host_release() {
	host_owned || return 0
	rm -f "$fd_dir/reserve" "$host_drop"
	[ -z "$(fd_get made_dir)" ] || rmdir "$host_drop_dir" 2>/dev/null
	! host_known || host_reload
	systemctl reset-failed "$t_unit" 2>/dev/null
	for host_u in $(host_sockets) "$t_unit" $(cat "$fd_dir/attached"); do
		host_active "$host_u" || systemctl start "$host_u"
	done
}

host_released() {
	host_owned || return 0
	if [ -e "$host_drop" ] || host_known; then
		fail EBUSY "$host_drop is still there, or systemd has not forgotten it"
		return 1
	fi
	for host_u in "$t_unit" $(cat "$fd_dir/attached"); do
		[ "$(systemctl show -p ActiveState --value "$host_u")" = active ] || {
			fail EIO "$host_u does not run again" "systemctl status $host_u"
			return 1
		}
	done
}
