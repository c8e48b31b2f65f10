# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Preflight: what this node has and lacks for faults of KVM. Lines ok|warn|fail<TAB>WHAT<TAB>WORDS.
KVM_MODULE=/sys/kernel/debug/faultdeck

tell() {
	printf '%s\t%s\t%s\n' "$1" "$2" "$3"
}

check_root() {
	if [ "$(id -u)" = 0 ]; then
		tell ok root "yes"
	else
		tell fail root "$(id -un) is not root: log in as root, or allow sudo without a password"
	fi
}

check_kvm() {
	if [ -e /dev/kvm ]; then
		tell ok kvm "/dev/kvm"
	else
		tell fail kvm "no /dev/kvm: this kernel or machine has no KVM"
	fi
}

check_debugfs() {
	if [ ! -d /sys/kernel/debug/kprobes ]; then
		tell fail debugfs "not mounted or not readable: mount -t debugfs none /sys/kernel/debug"
	else
		tell ok debugfs "/sys/kernel/debug"
	fi
	if read -r check_k </proc/kallsyms && [ "${check_k%% *}" != 0000000000000000 ]; then
		tell ok kallsyms readable
	else
		tell warn kallsyms "addresses are hidden: the module still finds functions by name"
	fi
}

# The word in brackets is the one in force.
kvm_lockdown() {
	read -r check_l 2>/dev/null </sys/kernel/security/lockdown || check_l='[none]'
	check_l=${check_l#*\[}
	printf '%s' "${check_l%%]*}"
}

check_lockdown() {
	check_l=$(kvm_lockdown)
	if [ "$check_l" = none ]; then
		tell ok lockdown none
	else
		tell fail lockdown "$check_l: an unsigned module and debugfs are refused; boot with secure boot off, or sign the module"
	fi
}

check_module() {
	if { read -r check_v <$KVM_MODULE/version; } 2>/dev/null; then
		tell ok module "$check_v"
	elif [ -e /sys/module/faultdeck ]; then
		tell fail module "loaded, but $KVM_MODULE cannot be read"
	elif [ -e "/lib/modules/$(uname -r)/extra/faultdeck.ko" ] || [ -e /run/faultdeck.ko ]; then
		tell fail module "built and not loaded: faultdeck --batch module load NODE"
	else
		tell fail module "neither loaded nor built: faultdeck --batch module build NODE"
	fi
	if [ -e "/lib/modules/$(uname -r)/build/Makefile" ]; then
		tell ok headers "/lib/modules/$(uname -r)/build"
	else
		tell warn headers "none for $(uname -r): the module can only be built where they are"
	fi
}

check_tools() {
	for check_t in flock setsid find timeout; do
		command -v $check_t >/dev/null || tell fail tools "$check_t is missing"
	done
	if command -v perl >/dev/null || command -v python3 >/dev/null; then
		tell ok qmp "a VM can be asked whether it runs"
	else
		tell warn qmp "neither perl nor python3: a paused VM cannot be resumed by the node"
	fi
}

kvm_check() {
	tell ok kernel "$(uname -r) $(uname -m)"
	check_root
	check_kvm
	check_debugfs
	check_lockdown
	check_module
	check_tools
}
