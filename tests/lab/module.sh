# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# faultdeck.ko: built here for the kernel of an emulated host, and loaded there. Never on this machine.

# module_sources DIR - make DIR's sources those of kmod/, touching only what differs
module_sources() {
	local file
	mkdir -p "$1" || return 1
	for file in "$1"/*.[ch]; do
		[ -f "$TOP/kmod/${file##*/}" ] || [[ $file = *.mod.c ]] || rm -f "$file"
	done
	for file in "$TOP"/kmod/{Makefile,Kbuild,*.[ch]}; do
		[[ $file = *.mod.c ]] || cmp -s "$file" "$1/${file##*/}" || cp "$file" "$1/" || return 1
	done
}

# module_build KVER KHEADERS - print the .ko. Each kernel has a copy of the sources, since kbuild leaves its objects beside them;
# the outer make's variables (CC=clang) are not meant for a kernel that another compiler made.
module_build() {
	local dir=$TOP/build/kmod/$1
	module_sources "$dir" || return 1
	# shellcheck disable=SC2086 # words
	env -u MAKEFLAGS -u MFLAGS -u MAKEOVERRIDES make -C "$dir" KHEADERS="$2" ARCH=arm64 \
		CROSS_COMPILE=aarch64-linux-gnu- $KMAKE >"$dir/log" 2>&1 || {
		cat "$dir/log" >&2
		return 1
	}
	# nine tenths of it are debug information, and the emulated host decrypts every byte
	aarch64-linux-gnu-strip --strip-debug -o "$dir/lab.ko" "$dir/faultdeck.ko" && printf '%s\n' "$dir/lab.ko"
}

# module_test SUM - shell that is true on a node where just this file is loaded
module_test() { printf "grep -qs '^%s' /run/fdlab.ko && grep -q '^faultdeck ' /proc/modules" "$1"; }

# module_load NODE KVER KO - what is loaded already stays, unless it is another one. modprobe finds it when depmod,
# which takes seconds under emulation, has come round.
module_load() {
	local path=/lib/modules/$2/extra/faultdeck.ko sum
	sum=$(hash_of <"$3")
	on "$1" "if $(module_test "$sum"); then exit; fi
		cat >$path && { ! grep -q '^faultdeck ' /proc/modules || rmmod faultdeck; } && insmod $path &&
		echo $sum >/run/fdlab.ko && { nice -n 19 depmod >/dev/null 2>&1 </dev/null & }" <"$3"
}
