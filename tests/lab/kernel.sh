# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Kernels for the emulated hosts and the headers to build modules for them.

# kernel_row NAME - print "SUITE META" of the table's row
kernel_row() {
	awk -v n="$1" '$1 == n { print $2, $3; found = 1 } END { exit !found }' "$LAB/kernels.tab" ||
		die "no kernel $1 in tests/lab/kernels.tab"
}

# kernel_image SUITE META ARCH - the image package that the meta package stands for today
kernel_image() {
	local image stamp note
	stamp=$(apt_stamp "$1") || return 1
	note=$CACHE/kernel/.$1-$2-$3-$stamp
	if [ ! -s "$note" ]; then
		image=$(apt_depends "$1" "$2-$3:$3" 'linux-image-[0-9][^ :]*')
		[ -n "$image" ] || die "$1 has no $2-$3"
		mkdir -p "$CACHE/kernel"
		printf '%s\n' "$image" >"$note"
	fi
	cat "$note"
}

# Newer packages split the image.
KERNEL_PARTS='linux-image linux-binary linux-modules linux-base'

# has_package SUITE NAME:ARCH
has_package() { apt-cache -c "$(apt_dir "$1")/apt.conf" show "$2" >/dev/null 2>&1; }

# The packages of one kernel. Its build tools run here, so they are this machine's architecture.
kernel_packages() {
	local suite=$1 kver=$2 arch=$3 kbuild part
	kbuild=$(apt_depends "$suite" "linux-headers-$kver:$arch" 'linux-kbuild-[^ :]*') || return 1
	for part in $KERNEL_PARTS; do
		[ "$arch" != arm64 ] || ! has_package "$suite" "$part-$kver:$arch" || printf '%s\n' "$part-$kver:$arch"
	done
	printf '%s\n' "linux-headers-$kver:$arch" "linux-headers-${kver%-*}-common" \
		"$kbuild:$(dpkg --print-architecture)"
}

# Libraries that build tools of a newer Debian want, aside from those of this machine.
NEWER=trixie
make_newer_libs() {
	local arch debs=$1/debs
	arch=$(dpkg --print-architecture)
	mkdir "$debs"
	apt_fetch $NEWER "$debs" "libc6:$arch" "libelf1t64:$arch" "zlib1g:$arch" "libzstd1:$arch" &&
		unpack "$1" "$debs"/*.deb && rm -rf "$debs"
}

# wrap_tools DIR FINAL - let each tool that does not run here run with those libraries
wrap_tools() {
	local tool tools libs loader
	mapfile -t tools < <(find "$1/usr/lib" -path '*linux-kbuild*' -type f -perm -u+x -exec grep -l '^.ELF' {} +)
	for tool in "${tools[@]}"; do
		ldd "$tool" 2>&1 | grep -q 'not found' || continue
		libs=$(cached libs "$(apt_stamp $NEWER)" make_newer_libs) || return 1
		loader=$(find "$libs" -name 'ld-linux-*' | head -n 1)
		mv "$tool" "$tool.bin" || return 1
		printf '#!/bin/sh\nexec %s --library-path %s %s "$@"\n' "$loader" "${loader%/*}" "$2${tool#"$1"}.bin" >"$tool"
		chmod +x "$tool"
	done
}

# make_kernel SUITE KVER ARCH TMP FINAL
make_kernel() {
	local suite=$1 kver=$2 arch=$3 tmp=$4 final=$5 debs=$4/debs packages
	mkdir "$debs"
	mapfile -t packages < <(kernel_packages "$suite" "$kver" "$arch")
	apt_fetch "$suite" "$debs" "${packages[@]}" || return 1
	unpack "$tmp" "$debs"/*.deb || return 1
	# the one absolute path that the headers' own build has
	sed -i "s|/usr/src/|$final/usr/src/|" "$tmp/usr/src/linux-headers-$kver/Makefile"
	wrap_tools "$tmp" "$final" || return 1
	if [ -d "$tmp/usr/lib/modules" ] && [ ! -d "$tmp/lib/modules" ]; then
		mkdir -p "$tmp/lib" "$tmp/boot"
		mv "$tmp/usr/lib/modules" "$tmp/lib/"
	fi
	if [ -f "$tmp/lib/modules/$kver/vmlinuz" ]; then
		mv "$tmp/lib/modules/$kver/vmlinuz" "$tmp/boot/vmlinuz-$kver"
		mv "$tmp/lib/modules/$kver/config" "$tmp/boot/config-$kver"
	fi
	[ "$arch" != arm64 ] || depmod -b "$tmp" "$kver" || return 1
	rm -rf "$debs" "$tmp"/usr/{share/doc,share/bug,share/lintian} "$tmp/usr/lib/linux-image-$kver"
}

# make_debug_kernel TMP FINAL - a Debian kernel built here with debug.config; minutes, once
make_debug_kernel() {
	local tmp=$1 src debs=$1/debs
	mkdir "$debs"
	apt_fetch bookworm "$debs" linux-source-6.1 && unpack "$tmp" "$debs"/*.deb &&
		tar -C "$tmp" -xf "$tmp"/usr/src/linux-source-6.1.tar.xz || return 1
	rm -rf "$debs" "${tmp:?}/usr"
	src=$tmp/linux-source-6.1
	{
		make -C "$src" ARCH=arm64 CC=clang allnoconfig KCONFIG_ALLCONFIG="$LAB/debug.config" &&
			nice make -C "$src" -j"$(nproc)" ARCH=arm64 CC=clang CROSS_COMPILE=aarch64-linux-gnu- Image modules &&
			make -C "$src" ARCH=arm64 CC=clang modules_install INSTALL_MOD_PATH="$tmp"
	} >"$tmp/log" 2>&1 || {
		tail -n 30 "$tmp/log" >&2
		return 1
	}
	find "$src" -name '*.o' ! -path '*/scripts/*' ! -name module.lds -delete
}

# debug_env - as kernel_env, of the kernel that looks for bugs
debug_env() {
	local dir modules
	dir=$(cached debug "$(cat <(apt_stamp bookworm) "$LAB/debug.config" <(declare -f make_debug_kernel) | hash_of)" \
		make_debug_kernel) || return 1
	modules=$(echo "$dir"/lib/modules/*)
	printf '%s\n' "KVER=${modules##*/}" "KHEADERS=$dir/linux-source-6.1" "KMAKE=CC=clang" \
		"VMLINUZ=$dir/linux-source-6.1/arch/arm64/boot/Image" "MODULES=$modules"
}

# kernel_dir NAME [ARCH] - print the unpacked kernel's directory and its version
kernel_dir() {
	local arch=${2:-arm64} row suite meta image kver key dir
	row=$(kernel_row "$1") || return 1
	read -r suite meta <<<"$row"
	image=$(kernel_image "$suite" "$meta" "$arch") || return 1
	kver=${image#linux-image-}
	key=$kver-$(declare -f make_kernel kernel_packages wrap_tools unpack | hash_of)
	dir=$(cached kernel "$key" make_kernel "$suite" "$kver" "$arch") || return 1
	printf '%s %s\n' "$dir" "$kver"
}

# Words for make that any of the kernels takes: this machine's compiler instead of the one that made the kernel, without what
# only a newer one can do.
KMAKE='CC=aarch64-linux-gnu-gcc CONFIG_CC_HAS_MIN_FUNCTION_ALIGNMENT= CONFIG_DEBUG_INFO_BTF_MODULES= KCFLAGS=-Wno-attributes'

# kernel_env NAME [ARCH] - the kernel as assignments, for a Makefile or a shell
kernel_env() {
	local found dir kver
	[ "$1" != debug ] || { debug_env && return; }
	found=$(kernel_dir "$@") || return 1
	read -r dir kver <<<"$found"
	printf '%s\n' "KVER=$kver" "KHEADERS=$dir/usr/src/linux-headers-$kver" "KMAKE='$KMAKE'"
	[ -f "$dir/boot/vmlinuz-$kver" ] || return 0
	printf '%s\n' "VMLINUZ=$dir/boot/vmlinuz-$kver" "MODULES=$dir/lib/modules/$kver"
}

# lab kernel [NAME [ARCH]] - NAME of kernels.tab, or debug; also leaves build/lab/kernel.env for the default kernel
verb_kernel() {
	local name=${1:-$KERNEL} arch=${2:-arm64} env
	env=$(kernel_env "$name" "$arch") || exit 1
	if [ "$name" = "$KERNEL" ] && [ "$arch" = arm64 ]; then
		mkdir -p "$RUN"
		printf '%s\n' "$env" >"$RUN/kernel.env"
		give_back
	fi
	printf '%s\n' "$env"
}
