# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What VMs are and have now: all of libvirt's by one question, each other by its own monitor. Behind qmp.sh and collect.sh.
# shellcheck disable=SC2154 # kvm_pids and kvm_tab are collect.sh's

kvm_domstats() {
	timeout 8 virsh -c qemu:///system -r domstats --state --block --interface "$@" 2>/dev/null
}

# To kvm_live. --nowait: a guest that is busy holds up no other; libvirt has it since 4.5.
kvm_ask_libvirt() {
	kvm_live=
	for kvm_pid in $kvm_pids; do
		eval "kvm_l=\$kvm_virt_$kvm_pid"
		[ -n "$kvm_l" ] || continue
		kvm_live=$({ kvm_domstats --nowait || kvm_domstats; } |
			sed -n "s/^Domain: '\(.*\)'\$/domain=\1/p; s/^ *\(state\.[a-z]*=\)/\1/p; s/^ *\(block\|net\)\.[0-9]*\.\(name\|path\)=/\1.\2=/p")
		return
	done
}

# The numbers of libvirt's API.
kvm_state_of() {
	case $1.$2 in
	1.*) kvm_state=running ;;
	3.5) kvm_state=io-error ;;
	3.*) kvm_state=paused ;;
	esac
}

# kvm_of_libvirt NAME: from kvm_live its state to kvm_state, and to kvm_devices the drives and network devices that it has, a line
# each; false where it is not there.
kvm_of_libvirt() {
	kvm_devices='' kvm_in='' kvm_s=''
	while IFS= read -r kvm_w; do
		case $kvm_in:$kvm_w in
		":domain=$1") kvm_in=1 ;;
		1:domain=*) break ;;
		1:state.state=*) kvm_s=${kvm_w#*=} ;;
		1:state.reason=*) kvm_state_of "$kvm_s" "${kvm_w#*=}" ;;
		1:block.path=*) kvm_devices="$kvm_devices ${kvm_w#*=}" ;;
		1:*.name=*)
			kvm_devices="$kvm_devices
${kvm_w%%.*} ${kvm_w#*=}"
			;;
		esac
	done <<EOF
$kvm_live
EOF
	[ -n "$kvm_in" ]
}

# kvm_of_qmp SOCKET: the same by the VM's own monitor, in one connection; false where it did not answer all.
kvm_of_qmp() {
	kvm_devices=
	kvm_said=$(kvm_qmp "$1" query-status 'info block' 'info network')
	case $kvm_said in *'"status": "'*)
		kvm_state=${kvm_said#*\"status\": \"}
		kvm_state=${kvm_state%%\"*}
		;;
	esac
	while IFS= read -r kvm_w; do
		case $kvm_w in
		.) return 0 ;;
		*"$kvm_tab "* | *"$kvm_tab") ;; # more of the one above
		'info block'* | 'info network'*)
			kvm_w=${kvm_w#info }
			kvm_devices="$kvm_devices
${kvm_w%%"$kvm_tab"*} ${kvm_w#*"$kvm_tab"}"
			;;
		esac
	done <<EOF
$kvm_said
EOF
	return 1
}
