# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Nodes with a real systemd: an overlay of the root tree in systemd-nspawn, with a network namespace and cgroups of its own.
# All that belongs to one is found by its name, so that nothing has to be known of it to take it away.

NSPAWN_DISK=${FDLAB_DISK:-512M}

# nspawn_cgroups NAME - its directory in each hierarchy that systemd uses; the last one can be killed as a whole
nspawn_cgroups() {
	local top=/sys/fs/cgroup
	if [ -f $top/cgroup.procs ]; then
		printf '%s\n' "$top/$PREFIX-$1"
	else
		printf '%s\n' "$top/systemd/$PREFIX-$1" "$top/unified/$PREFIX-$1"
	fi
}

nspawn_running() { grep -qs '^populated 1' "$(nspawn_cgroups "$1" | tail -n 1)/cgroup.events"; }

# nspawn_known - the nodes that there are, whole or not
nspawn_known() {
	local path
	for path in "$STATE"/nodes/*/; do
		[ ! -d "$path" ] || basename "$path"
	done
}

# nspawn_hosts - the other nodes' names
nspawn_hosts() {
	printf '127.0.0.1 localhost\n10.77.0.1 controller\n10.77.0.21 kvm1\n10.77.0.22 kvm2\n10.77.0.10 master\n10.77.0.11 slave1\n10.77.0.12 slave2\n10.77.0.30 mgmt\n10.77.0.31 cs1\n10.77.0.32 cs2\n'
	for ((i = 1; i <= 20; i++)); do printf '10.77.0.%d n%d\n' $((100 + i)) "$i"; done
}

# nspawn_address NAME - as the others know it
nspawn_address() { nspawn_hosts | sed -n "s/ $1\$//p"; }

# nspawn_part_down PART NAME… - those of its nodes that were made, and what was written for it
nspawn_part_down() {
	local part=$1 name known=()
	shift
	for name; do
		[ ! -e "$STATE/nodes/$name" ] || known+=("$name")
	done
	nspawn_remove "${known[@]}"
	rm -f "$RUN/$part.cfg" "$STATE/$part.whole"
}

# nspawn_part_status NAME…
nspawn_part_status() {
	local name
	for name; do
		[ ! -f "$STATE/$name.node" ] || node_status "$name"
	done
}

# nspawn_identity NAME ETC - what tells it from the others; nspawn would take a missing machine-id for a first boot
nspawn_identity() {
	mkdir -p "$2/ssh" &&
		printf '%s\n' "$1" >"$2/hostname" &&
		tr -d - </proc/sys/kernel/random/uuid >"$2/machine-id" &&
		nspawn_hosts >"$2/hosts" &&
		install -m 600 "$STATE/$1.hostkey" "$2/ssh/ssh_host_ed25519_key" &&
		install -m 644 "$RUN/id_ed25519.pub" "$2/ssh/lab_keys"
}

# nspawn_disk NAME - a tmpfs that lasts until the lab goes down; what the node writes is in upper
nspawn_disk() {
	local disk=$STATE/nodes/$1
	mkdir -p "$disk" &&
		mount -t tmpfs -o "size=$NSPAWN_DISK,mode=755" "$PREFIX-$1" "$disk" &&
		mkdir "$disk"/{upper,work,root} && nspawn_identity "$1" "$disk/upper/etc"
}

# nspawn_net NAME ADDRESS - a fresh namespace, since what a node did to its network is gone with its power; its card stays
nspawn_net() {
	local netns=$PREFIX-$1
	ip netns add "$netns" &&
		ip link add eth0 netns "$netns" address "$(printf 52:54:00:4d:01:%02x "${2##*.}")" type veth peer name "$1" netns "$SWITCH" &&
		ip -n "$SWITCH" link set dev "$1" master br0 up &&
		ip -n "$netns" addr add "$2/24" dev eth0 &&
		ip -n "$netns" addr add "fd77::${2##*.}/64" dev eth0 nodad &&
		ip -n "$netns" link set lo up &&
		ip -n "$netns" link set eth0 up &&
		ip -n "$netns" route add default via 10.77.0.1
}

# nspawn_new NAME ADDRESS TREE [NETNS] - what a start needs is kept, so that it can follow a power cut
nspawn_new() {
	ssh_node "$1" "$2" && nspawn_disk "$1" && printf '%s\n' "${*:2}" >"$STATE/$1.node"
}

# nspawn_start NAME - switch the machine on
nspawn_start() {
	local name=$1 address tree netns cgroups
	read -r address tree netns <"$STATE/$name.node" && nspawn_off "$name" || return 1
	[ -n "$netns" ] || nspawn_net "$name" "$address" || return 1
	mapfile -t cgroups < <(nspawn_cgroups "$name")
	mkdir "${cgroups[@]}" &&
		spawn "$name" "$RUN/$name.console" unshare --mount --propagation slave "$LAB/boot-node" "$PREFIX-$name" \
			"/run/netns/${netns:-$PREFIX-$name}" "$tree" "$STATE/nodes/$name" "${cgroups[@]}"
}

# nspawn_kill NAME - end all its processes at once
nspawn_kill() {
	local kill
	kill=$(nspawn_cgroups "$1" | tail -n 1)/cgroup.kill
	[ ! -e "$kill" ] || echo 1 >"$kill"
}

# nspawn_gone NAME - no process is left, nor can one join any more that was just being started
nspawn_gone() {
	local path
	nspawn_kill "$1"
	for path in $(nspawn_cgroups "$1"); do
		[ ! -d "$path" ] || find "$path" -depth -type d -exec rmdir {} + || return 1
	done
}

# nspawn_off NAME - as if its power failed: only the disk stays
nspawn_off() {
	wait_for 20 nspawn_gone "$1" || return 1
	rm -f "$STATE/$1.pid"
	# a namespace that goes takes its links along only later
	! net_has "$1" || ip -n "$SWITCH" link del dev "$1"
	[ ! -e "/run/netns/$PREFIX-$1" ] || ip netns del "$PREFIX-$1"
}

# nspawn_booted NAME - wait until its boot has come to its end
nspawn_booted() {
	local end=$(($(now_ms) + 60000))
	until grep -qs '^fdlab: up' "$RUN/$1.console"; do
		if ! pid_of "$1" >/dev/null || [ "$(now_ms)" -gt "$end" ]; then
			say "$1 did not come up; its last words:"
			tail -n 5 "$RUN/$1.console" >&2
			return 1
		fi
		sleep 0.1
	done
}

# nspawn_login NAME… - wait until all have booted and let us in
nspawn_login() {
	local name pid pids=()
	for name; do
		nspawn_booted "$name" || return 1
		on "$name" true & # all at once: most of a login is waiting
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid" || return 1
	done
}

# nspawn_remove NAME… - all that there is of them
nspawn_remove() {
	local name
	for name; do
		nspawn_kill "$name" # before any of them is waited for
	done
	for name; do
		nspawn_off "$name"
		! mountpoint -q "$STATE/nodes/$name" || umount "$STATE/nodes/$name"
		rm -rf "${STATE:?}/nodes/$name" "$STATE/$name".* "$RUN/$name".*
	done
}
