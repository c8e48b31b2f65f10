# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The root tree that nodes with a real systemd share as the lower layer of their overlays. Nothing in it belongs to one lab.

# What cannot work in a container, wakes the machine for nothing, or starts what no test asked for
TREE_MASKED=(apt-daily.timer apt-daily-upgrade.timer console-getty.service container-getty@.service dpkg-db-backup.timer
	e2scrub_all.timer e2scrub_reap.service fstrim.timer getty.target systemd-firstboot.service)

# tree_users ROOT - root, ops and admin log in by the lab's key; ops may nothing, admin may everything by sudo
tree_users() {
	local user
	for user in ops admin; do
		useradd --root "$1" --create-home --shell /bin/bash --password '*' "$user" || return 1
	done
	usermod --root "$1" --password '*' root &&
		echo 'admin ALL=(ALL) NOPASSWD: ALL' >"$1/etc/sudoers.d/admin"
}

# tree_greeter ROOT - says on the console that the boot has come to its end
tree_greeter() {
	local dir=$1/etc/systemd/system
	cat >"$dir/fdlab-greeter.service" <<-'UNIT'
		[Service]
		Type=idle
		ExecStart=/bin/echo "fdlab: up"
		StandardOutput=tty
	UNIT
	mkdir -p "$dir/multi-user.target.wants" &&
		ln -s ../fdlab-greeter.service "$dir/multi-user.target.wants/"
}

# tree_units ROOT - all that is started at boot is sshd and what systemd itself needs
tree_units() {
	local unit
	for unit in "${TREE_MASKED[@]}"; do
		ln -sf /dev/null "$1/etc/systemd/system/$unit" || return 1
	done
	systemctl --root "$1" --quiet disable redis-server.service nftables.service &&
		tree_greeter "$1"
}

# tree_debootstrap ROOT PACKAGE… - configured, by the packages' own scripts, in a chroot; Java's want the directory of man pages.
# Our descriptors are closed: mmdebstrap hands its next free one to sh by number, and dash takes one digit.
tree_debootstrap() {
	local root=$1
	shift
	# shellcheck disable=SC2016 # the hook's own argument
	apt_sources "$IMAGE_SUITE" | mmdebstrap --quiet --variant=minbase --include="$(IFS=, && echo "$*")" \
		--aptopt='Acquire::Retries "5"' --essential-hook='mkdir -p "$1/usr/share/man/man1"' \
		--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' "$IMAGE_SUITE" "$root" - 7>&- 8>&- 9>&-
}

# make_tree PACKAGES TMP FINAL - PACKAGES is one word
make_tree() {
	local root=$2/root packages
	read -ra packages <<<"$1"
	chmod 700 "$2" # programs with the set-user-id bit are in it
	tree_debootstrap "$root" "${packages[@]}" &&
		tree_users "$root" && write_sshd_config "$root" && tree_units "$root" &&
		rm -rf "$root"/etc/ssh/ssh_host_* "$root"/etc/{hostname,machine-id,resolv.conf} "$root"/var/cache/apt/*.bin
}

# tree_dir [PACKAGE…] - print the tree's root; a part may name packages beyond tree/packages
tree_dir() {
	local packages key stamp dir
	packages=$({ words_of "$LAB/tree/packages" && printf "%s\n" "$@"; } | grep . | sort -u | paste -sd' ')
	stamp=$(apt_stamp "$IMAGE_SUITE") || return 1
	key=$(echo "$stamp $packages $(declare -f make_tree tree_debootstrap tree_users tree_units tree_greeter write_sshd_config)" \
		"${TREE_MASKED[@]}" | hash_of)
	dir=$(cached tree "$key" make_tree "$packages") && printf '%s\n' "$dir/root"
}
