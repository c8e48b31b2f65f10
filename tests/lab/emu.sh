# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Emulated ARM64 hosts: QEMU without acceleration, on a port of the lab's switch.

EMU_CPU=${FDLAB_CPU:-max,pauth=off,sve=off} # VHE, and none of what is slow to emulate
EMU_MEMORY=${FDLAB_MEMORY:-2G}
EMU_REBOOT=shutdown # what a reboot from inside does: ends the emulator, so that a panic is noticed, or `reset`
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

# emu_words ADDRESS GUESTS KERNEL IMAGE - all that makes the machine what it is, one a line
emu_words() { printf '%s\n' "$@" "$EMU_APPEND" "$EMU_CPU" "$EMU_MEMORY" "$EMU_REBOOT"; }

# emu_up NAME ADDRESS GUESTS KERNEL IMAGE - start the machine, unless just this one runs.
# What a start needs is kept, so that it can follow a power cut.
emu_up() {
	local name=$1 image=$5 words
	words=$(emu_words "${@:2}")
	if [ "$words" != "$(cat "$STATE/$name.emu" 2>/dev/null)" ]; then
		end "$name"
		rm -f "$RUN/$name.disk" "$STATE/$PART.whole"
		ssh_node "$name" "$2" && emu_initrd "$name" "$image" && net_tap "$name" &&
			cp --sparse=always --reflink=auto "$image/disk.raw" "$RUN/$name.disk" || return 1
		printf '%s\n' "$words" >"$STATE/$name.emu"
	fi
	emu_running "$name" || emu_start "$name"
}

# emu_start NAME - switch the machine on
emu_start() {
	local name=$1 words append
	mapfile -t words <"$STATE/$name.emu"
	append="console=ttyAMA0 panic=-1 quiet net.ifnames=0 fdlab.name=$name fdlab.address=${words[0]}"
	append+=" fdlab.guests=${words[1]// /,} ${words[4]}"
	rm -f "$RUN/$name.console"
	spawn "$name" "$RUN/$name.log" nsenter --net="/run/netns/$SWITCH" -- qemu-system-aarch64 -name "$name" \
		-M virt,virtualization=on,gic-version=3 -cpu "${words[5]}" -accel tcg,thread=multi -smp 2 -m "${words[6]}" \
		-nodefaults -no-user-config -display none -action reboot="${words[7]}" -serial "file:$RUN/$name.console" \
		-kernel "${words[2]}" -initrd "$STATE/$name.initrd" -append "$append" \
		-drive "file=$RUN/$name.disk,if=none,id=root,format=raw,cache=unsafe" -device virtio-blk-pci,drive=root,romfile= \
		-netdev "tap,id=net,ifname=$name,script=no,downscript=no" \
		-device "virtio-net-pci,netdev=net,romfile=,mac=52:54:00:4d:00:$(printf %02x "${words[0]##*.}")"
}

# emu_greeted NAME - its init has come to its end
emu_greeted() { grep -qs '^fdlab: ' "$RUN/$1.console"; }

emu_running() { pid_of "$1" >/dev/null; }

# emu_off NAME - as if its power failed
emu_off() { end "$1"; }

# emu_remove NAME - all that there is of it
emu_remove() {
	end "$1"
	rm -f "$RUN/$1".* "$STATE/$1".*
}

# emu_died NAME - say what is known of an emulator that is gone
emu_died() {
	say "$1 is gone; its last words:"
	tail -n 5 "$RUN/$1.log" "$RUN/$1.console" >&2
	return 1
}

# emu_login NAME - wait until ssh works
emu_login() {
	local end=$(($(now_ms) + 90000))
	until emu_greeted "$1" && on "$1" true 2>"$STATE/$1.ssh"; do
		emu_running "$1" || emu_died "$1" || return 1
		[ "$(now_ms)" -lt "$end" ] || { cat "$STATE/$1.ssh" >&2 && return 1; }
		sleep 0.1
	done
}
