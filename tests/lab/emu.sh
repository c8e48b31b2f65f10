# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Emulated ARM64 hosts: QEMU without acceleration, on a port of the lab's switch.

EMU_CPU=${FDLAB_CPU:-max,pauth=off,sve=off} # VHE, and none of what is slow to emulate
EMU_MEMORY=${FDLAB_MEMORY:-2G}
EMU_APPEND=${FDLAB_APPEND:-}

# emu_initrd NAME IMAGE - stage 1 and this lab's keys
emu_initrd() {
	local keys=$STATE/$1.keys etc=$STATE/$1.keys/keys/etc/ssh
	mkdir -p "$etc"
	chmod 755 "$keys/keys" "$keys/keys/etc"
	install -m 600 "$STATE/$1.hostkey" "$etc/ssh_host_ed25519_key"
	install -m 644 "$RUN/id_ed25519.pub" "$etc/lab_keys"
	{ cat "$2/stage1.cpio" && cpio_of "$keys"; } >"$STATE/$1.initrd"
	rm -rf "$keys"
}

# emu_prepare NAME ADDRESS GUESTS KDIR KVER IMAGE - all that a start needs, so that a power cut can be followed by another
emu_prepare() {
	local name=$1
	ssh_node "$name" "$2" && emu_initrd "$name" "$6" && net_tap "$name" || return 1
	[ -f "$RUN/$name.disk" ] || cp --sparse=always --reflink=auto "$6/disk.raw" "$RUN/$name.disk" || return 1
	cat >"$STATE/$name.emu" <<-EOF
		address=$2 guests=$3 kernel=$(printf %q "$4/boot/vmlinuz-$5")
	EOF
}

# emu_start NAME - switch the machine on
emu_start() {
	local name=$1 address guests kernel
	# shellcheck source=/dev/null
	. "$STATE/$name.emu"
	: >"$RUN/$name.console"
	spawn "$name" "$RUN/$name.log" nsenter --net="/run/netns/$SWITCH" -- qemu-system-aarch64 -name "$name" \
		-M virt,virtualization=on,gic-version=3 -cpu "$EMU_CPU" -accel tcg,thread=multi -smp 2 -m "$EMU_MEMORY" \
		-nodefaults -no-user-config -display none -no-reboot -serial "file:$RUN/$name.console" \
		-kernel "$kernel" -initrd "$STATE/$name.initrd" \
		-append "console=ttyAMA0 panic=-1 quiet net.ifnames=0 fdlab.name=$name fdlab.address=$address/24 fdlab.guests=$guests $EMU_APPEND" \
		-drive "file=$RUN/$name.disk,if=none,id=root,format=raw,cache=unsafe" -device virtio-blk-pci,drive=root,romfile= \
		-netdev "tap,id=net,ifname=$name,script=no,downscript=no" \
		-device "virtio-net-pci,netdev=net,romfile=,mac=52:54:00:4d:00:$(printf %02x "${address##*.}")"
}

emu_running() { pid_of "$1" >/dev/null; }

# emu_died NAME - say what is known of an emulator that is gone
emu_died() {
	say "$1 is gone; its last words:"
	tail -n 5 "$RUN/$1.log" "$RUN/$1.console" >&2
	return 1
}

# emu_login NAME - wait until ssh works
emu_login() {
	local end=$(($(now_ms) + 90000))
	until grep -q '^fdlab: ' "$RUN/$1.console" && on "$1" true 2>"$STATE/$1.ssh"; do
		emu_running "$1" || emu_died "$1" || return 1
		[ "$(now_ms)" -lt "$end" ] || { cat "$STATE/$1.ssh" >&2 && return 1; }
		sleep 0.1
	done
}

# lab kill NODE - as if its power failed
verb_kill() {
	[ -f "$STATE/${1:?kill NODE}.emu" ] || die "no emulated node $1"
	end "$1"
}

# lab start NODE - as if its power came back: the module is not loaded, the guests start with the host
verb_start() {
	[ -f "$STATE/${1:?start NODE}.emu" ] || die "no emulated node $1"
	emu_running "$1" || emu_start "$1"
	step "$1: login" emu_login "$1" || exit 1
}
