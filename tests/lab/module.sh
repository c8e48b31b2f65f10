# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# faultdeck.ko: built here for the kernel of an emulated host, and loaded there. Never on this machine.

# module_build KHEADERS - print the .ko
module_build() {
	local out=$RUN/module.log
	make -C "$TOP/kmod" KHEADERS="$1" ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu- >"$out" 2>&1 || {
		cat "$out" >&2
		return 1
	}
	find "$TOP/kmod" "$TOP/build" -name faultdeck.ko -printf '%T@ %p\n' 2>/dev/null | sort -n | tail -n 1 | cut -d' ' -f2-
}

# module_load NODE KVER KO - what is loaded already stays, unless the file is another one
module_load() {
	local sum path=/lib/modules/$2/extra/faultdeck.ko
	sum=$(sha256sum <"$3")
	on "$1" "grep -qs '^$sum\$' /run/faultdeck.ko.sum && grep -q '^faultdeck ' /proc/modules" && return
	# shellcheck disable=SC2029 # the node's paths
	on "$1" "cat >$path && { ! grep -q '^faultdeck ' /proc/modules || rmmod faultdeck; } && depmod && insmod $path &&
		echo '$sum' >/run/faultdeck.ko.sum" <"$3"
}

# module_up NODE KVER KHEADERS
module_up() {
	local ko
	[ -f "$TOP/kmod/Makefile" ] || { say "no kmod/Makefile: no module" && return; }
	ko=$(module_build "$3") || return 1
	[ -n "$ko" ] || { say "kmod made no faultdeck.ko" && return 1; }
	emu_login "$1" && module_load "$1" "$2" "$ko"
}
