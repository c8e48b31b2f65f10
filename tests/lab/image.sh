# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The disk image that emulated hosts start from, and the initramfs of hosts and guests. Nothing in them belongs to one lab:
# keys and the node's name come with each start.

IMAGE_SUITE=bookworm
IMAGE_SIZE=1536M

words_of() { sed 's/#.*//' "$1"; }

# unpack_modules DIR - newer kernels' are compressed, and a second of this machine is a minute of an emulated one
unpack_modules() { find "$1" -name '*.ko.xz' -exec xz -d {} +; }

# copy_modules KDIR KVER DEST MODULE… - these and what they need, and the order to load them in
copy_modules() {
	local kdir=$1 kver=$2 dest=$3 name path
	shift 3
	mkdir -p "$dest/modules"
	for name; do
		modprobe -d "$kdir" -S "$kver" --show-depends "$name" || return 1
	done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r path; do
		cp "$path" "$dest/modules/" && unpack_modules "$dest/modules" || return 1
		basename "${path%.xz}" >>"$dest/modules/order"
	done
}

cpio_of() { (cd "$1" && find . -mindepth 1 | cpio -o -H newc -R 0:0 --quiet); }

# make_guest_cpio KDIR KVER TMP - the guest's initramfs: init and the driver of its disk
make_guest_cpio() {
	local root=$3/guest-root
	mkdir -p "$root"
	copy_modules "$1" "$2" "$root" virtio_pci virtio_blk || return 1
	aarch64-linux-gnu-gcc -O2 -Wall -Wextra -Werror -static -s -o "$root/init" "$LAB/guest/init.c" || return 1
	cpio_of "$root" >"$3/guest.cpio"
	rm -rf "$root"
}

# make_stage1 KDIR KVER ROOT TMP
make_stage1() {
	local root=$4/stage1-root
	mkdir -p "$root/bin"
	copy_modules "$1" "$2" "$root" virtio_pci virtio_blk virtio_net ext4 || return 1
	cp "$3/bin/busybox" "$root/bin/"
	install -m 755 "$LAB/node/stage1" "$root/init"
	cpio_of "$root" >"$4/stage1.cpio"
	rm -rf "$root"
}

# install_packages ROOT PACKAGE… - unpacked, not configured: no foreign code runs on this machine
install_packages() {
	local root=$1 dir
	shift
	dir=$(apt_dir "$IMAGE_SUITE") || return 1
	mkdir -p "$root"/usr/{bin,sbin,lib}
	ln -s usr/bin usr/sbin usr/lib "$root/"
	rm -f "$dir"/cache/archives/*.deb
	apt-get -qq -y -c "$dir/apt.conf" install --download-only '?and(?essential,?architecture(arm64))' \
		"$@" >/dev/null || return 1
	unpack "$root" "$dir"/cache/archives/*.deb
}

# write_accounts ROOT - root and ops log in by the lab's key; ops may nothing, admin may everything by sudo
write_accounts() {
	local etc=$1/etc user uid=1000
	cp "$1/usr/share/base-passwd/passwd.master" "$etc/passwd" &&
		cp "$1/usr/share/base-passwd/group.master" "$etc/group" || return 1
	sed -i 's|^root:.*|root:x:0:0:root:/root:/bin/bash|' "$etc/passwd"
	echo 'sshd:x:100:65534::/run/sshd:/usr/sbin/nologin' >>"$etc/passwd"
	for user in ops admin; do
		echo "$user:x:$uid:$uid::/home/$user:/bin/bash" >>"$etc/passwd"
		echo "$user:x:$uid:" >>"$etc/group"
		install -d -o "$uid" -g "$uid" "$1/home/$user" || return 1
		uid=$((uid + 1))
	done
	awk -F: '{ print $1 ":*:19000:0:99999:7:::" }' "$etc/passwd" >"$etc/shadow"
	chmod 600 "$etc/shadow"
	write_sudo "$etc"
}

# write_sudo ETC - and the PAM files that a package's script would have written
write_sudo() {
	local kind
	echo 'admin ALL=(ALL) NOPASSWD: ALL' >"$1/sudoers.d/admin" || return 1
	for kind in auth account password session session-noninteractive; do
		echo "${kind%-*} required pam_unix.so" >"$1/pam.d/common-$kind"
	done
}

write_sshd_config() {
	cat >"$1/etc/ssh/sshd_config" <<-'EOF'
		HostKey /etc/ssh/ssh_host_ed25519_key
		AuthorizedKeysFile /etc/ssh/lab_keys
		PermitRootLogin prohibit-password
		PasswordAuthentication no
		UsePAM no
		UseDNS no
		MaxStartups 100
		MaxSessions 100
		Subsystem sftp internal-sftp
	EOF
}

# install_kernel KDIR KVER ROOT - the kernel for guests, and the modules that a host may want
install_kernel() {
	local from=$1/lib/modules/$2 to=$3/usr/lib/modules/$2
	mkdir -p "$to/kernel/drivers/net" "$to/extra" "$3/boot" &&
		cp "$1/boot/vmlinuz-$2" "$3/boot/vmlinuz" &&
		cp "$1/boot/config-$2" "$3/boot/" &&
		cp -r "$from"/kernel/{fs,net,crypto,lib} "$to/kernel/" &&
		cp -r "$from"/kernel/drivers/{block,virtio,vhost,md} "$to/kernel/drivers/" &&
		cp "$from"/kernel/drivers/net/*.ko* "$to/kernel/drivers/net/" &&
		cp "$from"/modules.{builtin,builtin.modinfo,order} "$to/" || return 1
	rm -rf "$to"/kernel/net/{wireless,mac80211,bluetooth}
	unpack_modules "$to" &&
		depmod -b "$3" "$2"
}

# link_iptables DIR
link_iptables() {
	local name
	[ -f "$1/xtables-nft-multi" ] || return 0
	for name in ip{,6}tables{,-save,-restore}; do
		ln -sf xtables-nft-multi "$1/$name" || return 1
	done
}

# finish_root ROOT - what packages' scripts would have done, less what nobody reads here
finish_root() {
	local root=$1
	rm -rf "$root"/usr/share/{doc,man,locale,info,lintian,bug,zoneinfo} "$root"/usr/lib/systemd
	ln -sf mawk "$root/usr/bin/awk" && link_iptables "$root/usr/sbin" &&
		install -D -m 755 "$LAB/node/guest" "$root/usr/lib/fdlab/guest" &&
		rm -f "$root/usr/sbin/init" &&
		install -m 755 "$LAB/node/init" "$root/usr/sbin/init" &&
		mkdir -p "$root"/{root,proc,sys,dev,run,tmp,var/lib/fdlab} &&
		chmod 1777 "$root/tmp" && chmod 700 "$root/root"
}

# make_root KDIR KVER PACKAGES ROOT
make_root() {
	local packages
	read -ra packages <<<"$3"
	mkdir "$4" &&
		step '  packages' install_packages "$4" "${packages[@]}" &&
		write_accounts "$4" &&
		write_sshd_config "$4" &&
		install_kernel "$1" "$2" "$4" &&
		finish_root "$4"
}

# make_image KDIR KVER PACKAGES TMP FINAL - disk.raw, stage1.cpio; PACKAGES is one word
make_image() {
	local root=$4/root
	make_root "$1" "$2" "$3" "$root" &&
		make_guest_cpio "$1" "$2" "$4" &&
		mv "$4/guest.cpio" "$root/usr/lib/fdlab/" &&
		make_stage1 "$1" "$2" "$root" "$4" &&
		: >"$4/disk.raw" &&
		step '  file system' mke2fs -q -t ext4 -d "$root" "$4/disk.raw" "$IMAGE_SIZE" &&
		rm -rf "$root"
}

# image_dir KDIR KVER PACKAGE… - the image for a kernel, with packages beyond node/packages; what it was made from is its key
image_dir() {
	local key stamp packages
	packages=$({ words_of "$LAB/node/packages" && printf '%s\n' "${@:3}"; } | grep . | sort -u | paste -sd' ')
	stamp=$(apt_stamp "$IMAGE_SUITE") || return 1
	key=$(cat <(echo "$stamp $1 $packages") "$LAB"/image.sh "$LAB"/node/* "$LAB"/guest/* | hash_of)
	cached image "$key" make_image "$1" "$2" "$packages"
}
