# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What the collector tells of CloudStack: behind proc.sh and conf.sh. Builtins and /proc alone.
# shellcheck disable=SC2034,SC2154 # FD_ROLES and say are the collector's, the rest is set by fd_split

# cloudstack_role WORD of cluster.cfg: to cloudstack_r the component that it means.
cloudstack_role() {
	case $1 in
	management | management-server | ms) cloudstack_r=ms ;;
	agent) cloudstack_r=agent ;;
	usage) cloudstack_r=usage ;;
	mysql | database) cloudstack_r=mysql ;;
	nfs | storage) cloudstack_r=nfs ;;
	libvirt) cloudstack_r=libvirt ;;
	*) return 1 ;;
	esac
}

cloudstack_roles=' '
for cloudstack_v in ${FD_ROLES-}; do
	! cloudstack_role "$cloudstack_v" || cloudstack_roles="$cloudstack_roles$cloudstack_r "
done

# cloudstack_enabled UNIT: systemd would start it at boot.
cloudstack_enabled() {
	for cloudstack_f in /etc/systemd/system/*.wants/"$1.service"; do
		[ ! -e "$cloudstack_f" ] || [ -c "/etc/systemd/system/$1.service" ] || return 0
	done
	return 1
}

# Does this node have to do with CloudStack? A database or an NFS server alone may be anybody's.
cloudstack_here() {
	case "$cloudstack_found$cloudstack_roles" in *:ms:* | *:agent:* | *:usage:* | *[a-z]' '*) return 0 ;; esac
	[ -d /var/lib/mysql/cloud ] || cloudstack_enabled cloudstack-management || cloudstack_enabled cloudstack-agent
}

# cloudstack_say_down COMPONENT UNIT…: one that does not run, and should.
cloudstack_say_down() {
	cloudstack_c=$1
	case $cloudstack_found in *":$cloudstack_c:"*) return ;; esac
	shift
	cloudstack_u=
	for cloudstack_v; do
		! cloudstack_enabled "$cloudstack_v" || cloudstack_u=$cloudstack_v.service
	done
	case $cloudstack_u$cloudstack_roles in *.service* | *" $cloudstack_c "*) ;; *) return ;; esac
	fd_say_down cloudstack "$cloudstack_c" "$cloudstack_u"
}

# The kernel's own NFS server has no process: its number of threads tells whether it runs.
cloudstack_kernel_nfs() {
	cloudstack_n=0
	read -r cloudstack_n 2>/dev/null </proc/fs/nfsd/threads || return 1
	[ "$cloudstack_n" != 0 ]
}

cloudstack_say_kernel_nfs() {
	say :service nfs
	say component cloudstack.nfs
	[ ! -d /run/systemd/system ] || [ ! -e /lib/systemd/system/nfs-server.service ] || say unit nfs-server.service
	say state up
}

# To cloudstack_reboots: the agent here would reboot the host when it cannot write its heartbeat.
cloudstack_danger() {
	cloudstack_reboots=
	cloudstack_file agent agent.properties || return 0
	cloudstack_get agent agent.properties reboot.host.and.alert.management.on.heartbeat.timeout true
	[ "$cloudstack_value" = false ] || cloudstack_reboots='the agent reboots this host when it cannot write its heartbeat there'
}

# cloudstack_say_path DIRECTORY KIND OPTIONS, as /proc/mounts has them
cloudstack_say_path() {
	cloudstack_v=$1
	case $1 in *\\*) cloudstack_v=$(printf '%b' "$1") ;; esac
	say :path "$cloudstack_v"
	say component cloudstack.storage
	say kind "$2"
	case $3 in ro | ro,*) say state ro ;; *) say state rw ;; esac
	[ -z "$cloudstack_reboots" ] || say reboots "$cloudstack_reboots"
}

# A pool of libvirt's that is a directory somewhere else: local storage.
cloudstack_pools() {
	for cloudstack_f in /run/libvirt/storage/*.xml; do
		[ -r "$cloudstack_f" ] || continue
		while read -r cloudstack_v; do
			case $cloudstack_v in '<path>'/mnt/*) continue ;; '<path>'/*) ;; *) continue ;; esac
			cloudstack_at=${cloudstack_v#<path>}
			cloudstack_at=${cloudstack_at%%</path>*}
			cloudstack_o=ro
			[ ! -w "$cloudstack_at" ] || cloudstack_o=rw
			cloudstack_say_path "$cloudstack_at" pool "$cloudstack_o"
		done <"$cloudstack_f"
	done
}

# CloudStack mounts its storage below /mnt.
cloudstack_paths() {
	cloudstack_danger
	cloudstack_pools
	while read -r _ cloudstack_at cloudstack_k cloudstack_o _; do
		case $cloudstack_at in /mnt/*) cloudstack_say_path "$cloudstack_at" "$cloudstack_k" "$cloudstack_o" ;; esac
	done </proc/self/mounts
}

cloudstack_guests() {
	cloudstack_n=0
	for cloudstack_f in /run/libvirt/qemu/*.pid; do
		case $cloudstack_f in */driver.pid | *'*'*) ;; *) cloudstack_n=$((cloudstack_n + 1)) ;; esac
	done
	say domains "$cloudstack_n"
}

cloudstack_items() {
	fd_daemons cloudstack
	cloudstack_here || return 0
	for cloudstack_x in $cloudstack_found; do
		fd_say_daemon cloudstack "$cloudstack_x"
		[ "$cloudstack_c" != libvirt ] || cloudstack_guests
	done
	cloudstack_say_down ms cloudstack-management
	cloudstack_say_down agent cloudstack-agent
	cloudstack_say_down usage cloudstack-usage
	cloudstack_say_down mysql mariadb mysqld mysql
	cloudstack_say_down libvirt libvirtd virtqemud
	if cloudstack_kernel_nfs; then cloudstack_say_kernel_nfs; else cloudstack_say_down nfs nfs-ganesha nfs-server; fi
	cloudstack_paths
}

# What the kernel has is what the host backend finds out.
cloudstack_has_netem() { host_has_netem; }
cloudstack_has_htb() { host_has_htb; }
cloudstack_has_u32() { host_has_u32; }
cloudstack_has_nft() { host_has_nft; }
