# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# host.io-hang: behind common.sh. A frozen file system: whoever writes waits. Never one that the way
# back needs.
# shellcheck disable=SC2154 # fd_ is the ledger's, t_ and p_ are the plan's

host_mount() {
	findmnt -n -o TARGET -T "$t_name"
}

do_() {
	host_m=$(host_mount)
	[ -n "$host_m" ] || {
		fail ENOENT "there is no $t_name"
		return 1
	}
	host_dev=$(stat -c %d "$host_m")
	for host_d in / /run /usr /bin /lib /etc /dev /tmp /var /var/log /var/tmp /root /home "$fd_dir"; do
		[ "$(stat -c %d "$host_d" 2>/dev/null)" != "$host_dev" ] || {
			fail EPERM "$host_m also holds $host_d, which this node needs to come back"
			return 1
		}
	done
	fd_put mount "$host_m" && host_own || return 1
	host_said=$(fsfreeze -f "$host_m" 2>&1) && return 0
	host_disown
	fail EBUSY "it cannot be frozen: ${host_said##*: }" "tmpfs and network file systems cannot; a snapshot may hold it frozen"
}

# Freezing what is frozen is refused as busy.
verify_() {
	case $(LC_ALL=C fsfreeze -f "$(fd_get mount)" 2>&1) in *busy*) return 0 ;; esac
	fail EIO "it was not frozen"
}

undo_() {
	! host_owned || fsfreeze -u "$(fd_get mount)" 2>/dev/null
}

# Thawing what is not frozen is refused as invalid: that is how it is known.
gone_() {
	host_owned || return 0
	case $(LC_ALL=C fsfreeze -u "$(fd_get mount)" 2>&1) in
	*'Invalid argument'*) return 0 ;;
	esac
	case $(LC_ALL=C fsfreeze -u "$(fd_get mount)" 2>&1) in
	*'Invalid argument'*) return 0 ;;
	esac
	fail EIO "$(fd_get mount) does not thaw"
}
