# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The part `kvm2`: an emulated host of another kernel, without guests, for what this machine's kernel has not: netem, kernel NFS,
# a clock and a reboot of its own. Its config for the deck is build/lab/kvm2.cfg.

# Beyond what every emulated host has.
KVM2_PACKAGES=(e2fsprogs iptables nfs-kernel-server xfsprogs)

kvm2_up() {
	# shellcheck disable=SC2034 # emu.sh reads them
	local EMU_MEMORY=${FDLAB_MEMORY:-1G} EMU_REBOOT=reset found dir kver image
	found=$(kernel_dir "$KERNEL2") || return 1
	read -r dir kver <<<"$found"
	image=$(image_dir "$dir" "$kver" "${KVM2_PACKAGES[@]}") || return 1
	emu_up kvm2 10.77.0.22 '' "$dir/boot/vmlinuz-$kver" "$image" && step 'kvm2: login' emu_login kvm2 || return 1
	deck_config kvm2 kvm2 >"$RUN/kvm2.cfg"
}

kvm2_down() { emu_remove kvm2; }

kvm2_status() { node_status kvm2; }
