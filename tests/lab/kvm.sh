# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The part `kvm`: the emulated host kvm1 with the guests web1 and db1, and the module.

KVM_GUESTS=(web1 db1)
KVM_PACKAGES=(qemu-system-arm)

kvm_up() {
	local found dir kver image ko
	found=$(kernel_dir "$KERNEL") || return 1
	read -r dir kver <<<"$found"
	verb_kernel >/dev/null
	image=$(image_dir "$dir" "$kver" "${KVM_PACKAGES[@]}") || return 1
	emu_up kvm1 10.77.0.21 "${KVM_GUESTS[*]}" "$dir/boot/vmlinuz-$kver" "$image" || return 1
	# while the host boots
	step 'module: build' module_build "$kver" "$dir/usr/src/linux-headers-$kver" >"$STATE/ko" || return 1
	ko=$(cat "$STATE/ko")
	if emu_greeted kvm1 && on kvm1 "$(module_test "$(hash_of <"$ko")") && $(guests_test "${KVM_GUESTS[@]}")" 2>/dev/null; then
		say 'kvm1: up already'
		return
	fi
	step 'kvm1: login' emu_login kvm1 &&
		step 'kvm1: module' module_load kvm1 "$kver" "$ko" &&
		step 'kvm1: guests' kvm_guests kvm1 "${KVM_GUESTS[@]}"
}

kvm_down() {
	emu_remove kvm1
	rm -f "$STATE/kvm.whole"
}

kvm_status() {
	node_status kvm1
	emu_running kvm1 || return 0
	# shellcheck disable=SC2016 # the node's variables
	on kvm1 '/usr/lib/fdlab/guest list; cat /sys/kernel/debug/faultdeck/version 2>/dev/null' | sed 's/^/  /'
}

# guests_test GUEST… - shell that is true on a host where each of these runs and has written
guests_test() {
	local guest
	printf true
	for guest; do
		printf ' && /usr/lib/fdlab/guest list | grep -q "^guest %s " && grep -qs "write ok" /run/qemu/%s.console' \
			"$guest" "$guest"
	done
}

# kvm_guests NODE GUEST… - start those that do not run, wait until they write
kvm_guests() {
	local node=$1 guest
	shift
	for guest; do
		printf '/usr/lib/fdlab/guest up %s;' "$guest"
	done | on "$node" sh && wait_for 90 on "$node" "$(guests_test "$@")"
}

# lab guest NAME [start|stop|restart] [aio=MODE] - on kvm1
verb_guest() {
	local name=${1:?guest NAME} verb=restart
	shift
	case ${1:-} in start | stop | restart) verb=$1 && shift ;; esac
	on kvm1 "/usr/lib/fdlab/guest $verb $(quoted "$name" "$@")" || exit
	[ "$verb" = stop ] || step "$name writes" wait_for 60 on kvm1 "$(guests_test "$name")" || exit 1
}
