# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The part `kvm`: the emulated host kvm1 with the guests web1 and db1, and the module.

kvm_up() {
	local found dir kver image
	found=$(kernel_dir "$KERNEL") || return 1
	read -r dir kver <<<"$found"
	verb_kernel >/dev/null
	image=$(image_dir "$dir" "$kver") || return 1
	if ! emu_running kvm1; then
		emu_prepare kvm1 10.77.0.21 web1,db1 "$dir" "$kver" "$image" && emu_start kvm1 || return 1
	fi
	step 'kvm1: login' emu_login kvm1 &&
		step 'kvm1: module' module_up kvm1 "$kver" "$dir/usr/src/linux-headers-$kver" &&
		step 'kvm1: guests write' wait_for 90 guests_write kvm1 web1 db1
}

kvm_down() {
	end kvm1
	rm -f "$RUN"/kvm1.* "$STATE"/kvm1.*
}

kvm_status() {
	node_status kvm1 10.77.0.21
	emu_running kvm1 || return 0
	# shellcheck disable=SC2016 # the node's variables
	on kvm1 '/usr/lib/fdlab/guest list; cat /sys/kernel/debug/faultdeck/version 2>/dev/null' | sed 's/^/  /'
}

# node_status NAME ADDRESS
node_status() {
	local pid
	if pid=$(pid_of "$1"); then
		printf '%s %s up pid %s for %s s\n' "$1" "$2" "$pid" "$(ps -o etimes= -p "$pid" | tr -d ' ')"
	else
		printf '%s %s down\n' "$1" "$2"
	fi
}

# guests_write NODE GUEST… - each has written a block
guests_write() {
	local node=$1 guest test=true
	shift
	for guest; do
		test+=" && grep -qs 'write ok' /run/qemu/$guest.console"
	done
	on "$node" "$test"
}

# lab guest NAME [start|stop|restart] [aio=MODE] - on kvm1
verb_guest() {
	local name=${1:?guest NAME} verb=restart
	shift
	case ${1:-} in start | stop | restart) verb=$1 && shift ;; esac
	on kvm1 "/usr/lib/fdlab/guest $verb $(quoted "$name" "$@")" || exit
	[ "$verb" = stop ] || step "$name writes" wait_for 60 guests_write kvm1 "$name"
}
