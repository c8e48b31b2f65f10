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

# The packages of one kernel. Its build tools run here, so they are this machine's architecture.
kernel_packages() {
	local suite=$1 kver=$2 arch=$3 kbuild
	kbuild=$(apt_depends "$suite" "linux-headers-$kver:$arch" 'linux-kbuild-[^ :]*') || return 1
	[ "$arch" = arm64 ] && printf '%s\n' "linux-image-$kver:$arch"
	printf '%s\n' "linux-headers-$kver:$arch" "linux-headers-${kver%-*}-common" \
		"$kbuild:$(dpkg --print-architecture)"
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
	[ "$arch" != arm64 ] || depmod -b "$tmp" "$kver" || return 1
	rm -rf "$debs" "$tmp"/usr/{share/doc,share/bug,share/lintian} "$tmp/usr/lib/linux-image-$kver"
}

# kernel_dir NAME [ARCH] - print the unpacked kernel's directory and its version
kernel_dir() {
	local arch=${2:-arm64} row suite meta image kver key dir
	row=$(kernel_row "$1") || return 1
	read -r suite meta <<<"$row"
	image=$(kernel_image "$suite" "$meta" "$arch") || return 1
	kver=${image#linux-image-}
	key=$kver-$(declare -f make_kernel kernel_packages unpack | hash_of)
	dir=$(cached kernel "$key" make_kernel "$suite" "$kver" "$arch") || return 1
	printf '%s %s\n' "$dir" "$kver"
}

# kernel_env NAME [ARCH] - the kernel as assignments, for a Makefile or a shell
kernel_env() {
	local found dir kver
	found=$(kernel_dir "$@") || return 1
	read -r dir kver <<<"$found"
	printf '%s\n' "KVER=$kver" "KHEADERS=$dir/usr/src/linux-headers-$kver"
	[ -f "$dir/boot/vmlinuz-$kver" ] || return 0
	printf '%s\n' "VMLINUZ=$dir/boot/vmlinuz-$kver" "MODULES=$dir/lib/modules/$kver"
}

# lab kernel [NAME [ARCH]] - also leaves build/lab/kernel.env for the default kernel
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
