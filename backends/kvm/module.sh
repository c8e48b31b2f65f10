# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The module on this node. Called behind check.sh; answers are lines error, hint, note. A built
# module lies in /run: nothing that we leave survives a reboot.

# shellcheck disable=SC2154 # KVM_MODULE is check.sh's

refuse() {
	printf 'error\t%s\n' "$1"
	[ -z "${2-}" ] || printf 'hint\t%s\n' "$2"
	exit 1
}

module_file() {
	for module_f in /run/faultdeck.ko "/lib/modules/$(uname -r)/extra/faultdeck.ko" \
		"/lib/modules/$(uname -r)/updates/faultdeck.ko"; do
		[ ! -r "$module_f" ] || { printf '%s' "$module_f"; return 0; }
	done
	return 1
}

module_status() {
	if { read -r module_v <"$KVM_MODULE"/version; } 2>/dev/null; then
		printf 'loaded: %s, %s rules armed\n' "$module_v" "$(grep -c '^id=' "$KVM_MODULE"/rules)"
	elif [ -e /sys/module/faultdeck ]; then
		printf 'loaded, but %s cannot be read\n' "$KVM_MODULE"
	else
		printf 'not loaded\n'
	fi
	printf 'file: %s\nkernel: %s\n' "$(module_file || echo none)" "$(uname -r)"
}

# module_load SYMBOLS - "point:function,…", named by hand
module_load() {
	[ "$(id -u)" = 0 ] || refuse "EPERM not root on this node" "log in as root, or allow sudo without a password"
	! { read -r module_v <"$KVM_MODULE"/version; } 2>/dev/null || { echo "already loaded"; return 0; }
	[ "$(kvm_lockdown)" = none ] || refuse "EPERM the kernel is locked down ($(kvm_lockdown))" \
		"boot with secure boot off, or sign the module with a key that the kernel knows"
	module_f=$(module_file) || refuse "ENOENT no faultdeck.ko for $(uname -r) on this node" \
		"faultdeck --batch module build NODE"
	module_v=$(modinfo -F vermagic "$module_f" 2>/dev/null)
	module_v=${module_v%% *}
	[ -z "$module_v" ] || [ "$module_v" = "$(uname -r)" ] ||
		refuse "EINVAL $module_f is for kernel $module_v, this one is $(uname -r)" \
			"faultdeck --batch module build NODE"
	module_out=$(insmod "$module_f" ${1:+"symbols=$1"} 2>&1) || refuse "EIO insmod $module_f: $module_out" "dmesg on the node says more"
	[ -r "$KVM_MODULE"/version ] || refuse "EIO loaded, but $KVM_MODULE is not there" \
		"mount -t debugfs none /sys/kernel/debug"
	read -r module_v <"$KVM_MODULE"/version
	printf 'loaded %s: %s\n' "$module_f" "$module_v"
}

module_unload() {
	[ -e /sys/module/faultdeck ] || { echo "not loaded"; return 0; }
	[ "$(grep -c '^id=' "$KVM_MODULE"/rules 2>/dev/null)" = 0 ] ||
		refuse "EBUSY rules are armed" "faultdeck --batch restore --all"
	module_out=$(rmmod faultdeck 2>&1) || refuse "EBUSY $module_out" \
		"a console that follows its events holds it: close that first"
	[ ! -e /sys/module/faultdeck ] || refuse "EIO rmmod was accepted and the module is still there"
	echo "unloaded"
}

# Builds from the sources in directory $1 against this kernel's own headers.
module_build() {
	[ -e "/lib/modules/$(uname -r)/build/Makefile" ] ||
		refuse "ENOENT no headers of $(uname -r)" "apt install linux-headers-$(uname -r)"
	for module_t in make gcc; do
		command -v $module_t >/dev/null || refuse "ENOENT $module_t is missing" "apt install $module_t"
	done
	module_out=$(make -C "$1" 2>&1) || refuse "EIO the build failed: $(printf '%s' "$module_out" | tail -n 3 | tr '\n' ' ')"
	mv -f "$1/faultdeck.ko" /run/faultdeck.ko && echo "built /run/faultdeck.ko for $(uname -r)"
}
