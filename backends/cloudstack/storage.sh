# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# cloudstack.storage-ro: behind host/common.sh and this backend's conf.sh. A remount, with all the options that were there,
# given back the same way: of the whole file system, which other mounts of it share (a device, NFS), or of a bind mount alone.
# shellcheck disable=SC2154 # fd_ is the ledger's, t_ and p_ are the plan's

# cloudstack_column COLUMN DIRECTORY: of what is mounted there last.
cloudstack_column() {
	findmnt -n -v -o "$1" --mountpoint "$2" | tail -n 1
}

# cloudstack_mount DIRECTORY: to cloudstack_source, _type, _vfs and _fs: the options of the mount and of its file system.
cloudstack_mount() {
	cloudstack_source=$(cloudstack_column SOURCE "$1") && [ -n "$cloudstack_source" ] && cloudstack_type=$(cloudstack_column FSTYPE "$1") &&
		cloudstack_vfs=$(cloudstack_column VFS-OPTIONS "$1") && cloudstack_fs=$(cloudstack_column FS-OPTIONS "$1")
}

# cloudstack_hits DIRECTORY: would it be read-only too?
cloudstack_hits() {
	case $cloudstack_form in
	bind) [ "$(findmnt -n -o TARGET -T "$1" 2>/dev/null | tail -n 1)" = "$cloudstack_at" ] ;;
	*) [ "$(stat -c %d "$1" 2>/dev/null)" = "$(stat -c %d "$cloudstack_at")" ] ;;
	esac
}

# What of this node's own lives there; nothing where that is none.
cloudstack_system() {
	for cloudstack_d in / /run /usr /bin /lib /etc /dev /tmp /var /var/log /var/lib /root /home /boot "$fd_dir"; do
		! cloudstack_hits "$cloudstack_d" || { echo "$cloudstack_d"; return; }
	done
}

# To cloudstack_form. A part of a file system that is mounted once more is read-only at that place alone; of NFS any mount may be
# of a part.
cloudstack_find_form() {
	case $cloudstack_type:$(cloudstack_column FSROOT "$cloudstack_at") in
	nfs*) cloudstack_form=nfs ;;
	*:/?*) cloudstack_form=bind ;;
	*) cloudstack_form=whole ;;
	esac
}

cloudstack_find() {
	case $t_name in /*) ;; *) fail EINVAL "$t_name: a path begins with /"; return 1 ;; esac
	cloudstack_at=$(readlink -e -- "$t_name") || { fail ENOENT "there is no $t_name on this node" "faultdeck --batch cloudstack list"; return 1; }
	cloudstack_form=whole
	! cloudstack_mount "$cloudstack_at" || cloudstack_find_form
	cloudstack_d=$(cloudstack_system)
	[ -z "$cloudstack_d" ] || {
		fail EPERM "$t_name is on the file system of $cloudstack_d, which this node needs to come back" "storage has one of its own"
		return 1
	}
	[ -n "$cloudstack_source" ] || {
		fail EINVAL "$t_name is no mount" "it is on $(findmnt -n -o TARGET -T "$cloudstack_at"): name that"
		return 1
	}
}

cloudstack_may() {
	case $cloudstack_form:$cloudstack_type:$cloudstack_source in
	*:tmpfs:* | *:devtmpfs:* | *:proc:* | *:sysfs:* | *:cgroup*) ;;
	nfs:* | bind:* | *:/dev/*) cloudstack_type= ;;
	esac
	[ -z "$cloudstack_type" ] || { fail EOPNOTSUPP "$cloudstack_type of $cloudstack_source is neither a file system on a device of this node nor NFS"; return 1; }
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

# cloudstack_options FILE…: as they were captured, but whether it is read-only.
cloudstack_options() {
	for cloudstack_f; do cat "$fd_dir/$cloudstack_f"; echo; done | tr ',' '\n' | grep -vx -e rw -e ro -e '' | sort -u | paste -sd,
}

# cloudstack_remount ro|rw. Of NFS the kernel keeps what it is not told; what it shows is more than it takes, and its helper would
# ask the server. What is given twice counts the last time.
cloudstack_remount() {
	case $(cat "$fd_dir/form") in
	nfs) set -- -i -o "remount,$1,$(cloudstack_options vfs)" ;;
	bind) set -- -o "remount,bind,$1,$(cloudstack_options vfs)" ;;
	whole) set -- -o "remount,$1,$(cloudstack_options vfs fs)" ;;
	esac
	mount -n "$@" -- "$(cat "$fd_dir/source")" "$(cat "$fd_dir/at")" 2>&1
}

cloudstack_make_ro() {
	cloudstack_said=$(cloudstack_remount ro)
}

do_() {
	cloudstack_find && cloudstack_may || return 1
	printf '%s' "$cloudstack_at" >"$fd_dir/at" && printf '%s' "$cloudstack_source" >"$fd_dir/source" &&
		printf '%s' "$cloudstack_form" >"$fd_dir/form" && printf '%s' "$cloudstack_vfs" >"$fd_dir/vfs" && printf '%s' "$cloudstack_fs" >"$fd_dir/fs" && host_own || return 1
	! host_wait 10 cloudstack_make_ro || return 0 # the agent may be writing its heartbeat just now
	host_disown
	case $cloudstack_said in
	*busy*)
		cloudstack_o="kvm.file-write errno=EROFS hits the VMs' processes alone; or stop what writes"
		[ "$cloudstack_form" != whole ] || cloudstack_o="host.io-hang path:… freezes it; $cloudstack_o"
		fail EBUSY "files are open for writing there: the kernel does not make it read-only" "$cloudstack_o"
		;;
	*) fail EIO "mount: $(printf '%s' "$cloudstack_said" | head -n 1)" ;;
	esac
}

cloudstack_still_mounted() {
	cloudstack_mount "$(cat "$fd_dir/at")" && [ "$cloudstack_source" = "$(cat "$fd_dir/source")" ]
}

verify_() {
	cloudstack_still_mounted && case ,$cloudstack_vfs,$cloudstack_fs, in *,ro,*) return 0 ;; esac
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
