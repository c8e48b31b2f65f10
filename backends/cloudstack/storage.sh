# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# cloudstack.storage-ro: behind host/common.sh and this backend's conf.sh. A remount, with all the options that were there,
# given back the same way.
# shellcheck disable=SC2154 # fd_ is the ledger's, t_ and p_ are the plan's

# cloudstack_mount DIRECTORY: to cloudstack_source, _type, _vfs and _fs: the options of the mount and of its file system.
cloudstack_mount() {
	cloudstack_source=$(findmnt -n -v -o SOURCE --mountpoint "$1" | tail -n 1) && [ -n "$cloudstack_source" ] && cloudstack_type=$(findmnt -n -o FSTYPE --mountpoint "$1" | tail -n 1) &&
		cloudstack_vfs=$(findmnt -n -o VFS-OPTIONS --mountpoint "$1" | tail -n 1) && cloudstack_fs=$(findmnt -n -o FS-OPTIONS --mountpoint "$1" | tail -n 1)
}

# cloudstack_system DEVICE: what of this node's own lives there; nothing where that is none.
cloudstack_system() {
	for cloudstack_d in / /run /usr /bin /lib /etc /dev /tmp /var /var/log /var/lib /root /home /boot "$fd_dir"; do
		[ "$(stat -c %d "$cloudstack_d" 2>/dev/null)" != "$1" ] || { echo "$cloudstack_d"; return; }
	done
}

cloudstack_find() {
	case $t_name in /*) ;; *) fail EINVAL "$t_name: a path begins with /"; return 1 ;; esac
	cloudstack_at=$(readlink -e -- "$t_name") || { fail ENOENT "there is no $t_name on this node" "faultdeck --batch cloudstack list"; return 1; }
	cloudstack_d=$(cloudstack_system "$(stat -c %d "$cloudstack_at")")
	[ -z "$cloudstack_d" ] || {
		fail EPERM "$t_name is on the file system of $cloudstack_d, which this node needs to come back" "storage has one of its own"
		return 1
	}
	cloudstack_mount "$cloudstack_at" || {
		fail EINVAL "$t_name is no mount" "it is on $(findmnt -n -o TARGET -T "$cloudstack_at"): name that"
		return 1
	}
}

cloudstack_may() {
	case $cloudstack_source in
	/dev/*) ;;
	*) fail EOPNOTSUPP "$cloudstack_type of $cloudstack_source is no file system on a device of this node" "crash nfs or hang nfs, where its server is; host.net-isolate to it"; return 1 ;;
	esac
	case ,$cloudstack_vfs,$cloudstack_fs, in *,ro,*) fail EBUSY "it is read-only already, for its own reasons: it is left so"; return 1 ;; esac
	[ -z "$t_disposable" ] || return 0
	! cloudstack_file agent agent.properties || {
		cloudstack_get agent agent.properties reboot.host.and.alert.management.on.heartbeat.timeout true
		[ "$cloudstack_value" = false ] || {
			fail EPERM "the agent would reboot this host through sysrq when it cannot write its heartbeat" \
				"reboot.host.and.alert.management.on.heartbeat.timeout=false in $cloudstack_path, or disposable = true in cluster.cfg"
			return 1
		}
	}
}

# cloudstack_remount ro|rw: the other options as they were captured. What is given twice counts the last time.
cloudstack_remount() {
	cloudstack_o=$(printf '%s,%s' "$(cat "$fd_dir/vfs")" "$(cat "$fd_dir/fs")" | tr ',' '\n' | grep -vx -e rw -e ro | sort -u | paste -sd,)
	mount -n -o "remount,$1,$cloudstack_o" -- "$(cat "$fd_dir/source")" "$(cat "$fd_dir/at")" 2>&1
}

cloudstack_make_ro() {
	cloudstack_said=$(cloudstack_remount ro)
}

do_() {
	cloudstack_find && cloudstack_may || return 1
	printf '%s' "$cloudstack_at" >"$fd_dir/at" && printf '%s' "$cloudstack_source" >"$fd_dir/source" &&
		printf '%s' "$cloudstack_vfs" >"$fd_dir/vfs" && printf '%s' "$cloudstack_fs" >"$fd_dir/fs" && host_own || return 1
	! host_wait 10 cloudstack_make_ro || return 0 # the agent may be writing its heartbeat just now
	host_disown
	case $cloudstack_said in
	*busy*) fail EBUSY "files are open for writing there: the kernel does not make it read-only" \
		"host.io-hang path:… freezes it; kvm.file-write errno=EROFS hits the VMs' processes alone; or stop what writes" ;;
	*) fail EIO "mount: $(printf '%s' "$cloudstack_said" | head -n 1)" ;;
	esac
}

cloudstack_still_mounted() {
	cloudstack_mount "$(cat "$fd_dir/at")" && [ "$cloudstack_source" = "$(cat "$fd_dir/source")" ]
}

verify_() {
	cloudstack_still_mounted && case ,$cloudstack_fs, in *,ro,*) return 0 ;; esac
	fail EIO "the file system is not read-only"
}

undo_() {
	host_owned && cloudstack_still_mounted || return 0
	cloudstack_same || cloudstack_remount rw
}

cloudstack_same() {
	[ "$cloudstack_vfs $cloudstack_fs" = "$(cat "$fd_dir/vfs") $(cat "$fd_dir/fs")" ]
}

# One that was unmounted meanwhile comes back as it is mounted then.
gone_() {
	host_owned && cloudstack_still_mounted || return 0
	cloudstack_same || fail EBUSY "it is $cloudstack_vfs $cloudstack_fs, and was $(cat "$fd_dir/vfs") $(cat "$fd_dir/fs")"
}
