# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# One rule of the module, as an act for core/node/ledger.sh. KVM_ARM is the control command; KVM_QMP
# or KVM_LIBVIRT name the VM, both are "" where the target is none (then nothing is resumed).
KVM_MODULE=/sys/kernel/debug/faultdeck

kvm_has_vm() {
	[ -n "$KVM_QMP$KVM_LIBVIRT" ]
}

# The module says in `error` why it refused; the caret's lines become one.
kvm_control() {
	kvm_said=$( (printf '%s\n' "$1" >$KVM_MODULE/control) 2>&1) && return 0
	kvm_why=
	while IFS= read -r kvm_line; do
		case $kvm_line in *[!\ ^~]*) kvm_why="$kvm_why${kvm_why:+ | }$kvm_line" ;; esac
	done <$KVM_MODULE/error
	fail "${kvm_said##*: }" "the module refused: $kvm_why"
}

# 0 the rule is there, 1 it is not, 2 it cannot be known.
kvm_rule_there() {
	[ -d $KVM_MODULE ] || { [ -r /sys/module/faultdeck/refcnt ] && return 2; return 1; }
	kvm_rules=$(cat $KVM_MODULE/rules 2>/dev/null) || return 2
	case " $(printf '%s' "$kvm_rules" | tr '\n' ' ') " in
	*" id=$FD_ID "*) return 0 ;;
	esac
	return 1
}

do_() {
	if [ ! -e $KVM_MODULE/control ]; then
		fail ENODEV "the module is not loaded on this node (no $KVM_MODULE)" \
			"faultdeck --batch module load NODE"
		return 1
	fi
	if kvm_has_vm; then
		fd_put before "$(kvm_vm_status "$KVM_QMP" "$KVM_LIBVIRT")"
	fi
	kvm_control "$KVM_ARM"
}

verify_() {
	kvm_rule_there || fail EIO "the rule was accepted and is not in $KVM_MODULE/rules"
}

# A VM whose process is gone, or is nothing any more but for its parent to take note of.
kvm_ended() {
	kvm_stat=
	{ read -r kvm_stat <"/proc/$KVM_PID/stat"; } 2>/dev/null || :
	case ${kvm_stat##*) } in '' | Z* | X*) return 0 ;; esac
	return 1
}

# What the VM says of itself, to kvm_now: "ended" of one that is gone. One that is just ending answers
# no more, and is not gone yet.
kvm_ask() {
	for _ in 1 2 3; do
		kvm_now=ended
		! kvm_ended || return 0
		kvm_now=$(kvm_vm_status "$KVM_QMP" "$KVM_LIBVIRT") && return 0
		sleep 1
	done
	return 1
}

# A VM that QEMU stopped for our I/O error goes on by `cont`; one that was stopped before stays so.
kvm_resume() {
	kvm_has_vm && [ "$(fd_get before)" = running ] || return 0
	for _ in 1 2 3 4 5; do
		kvm_ask || return 1
		[ "$kvm_now" = io-error ] || return 0
		kvm_vm_cont "$KVM_QMP" "$KVM_LIBVIRT"
		# QEMU tries the failed request again at once: see whether it stays
		sleep 0.3
	done
}

undo_() {
	kvm_rule_there
	case $? in
	0) kvm_control "disarm id=$FD_ID" ;;
	esac
	kvm_resume
}

# Nothing of ours is left: no rule, and the VM is not stopped because of it.
gone_() {
	kvm_rule_there
	case $? in
	0) fail EBUSY "the rule is still in $KVM_MODULE/rules"; return 1 ;;
	2) fail EIO "$KVM_MODULE/rules cannot be read" "mount -t debugfs none /sys/kernel/debug"; return 1 ;;
	esac
	kvm_has_vm && [ "$(fd_get before)" = running ] || return 0
	kvm_ask || {
		fail EIO "the VM does not say whether it runs" "look at it; restore --force takes this off the list"
		return 1
	}
	[ "$kvm_now" != io-error ] || fail EIO "the VM is paused again (io-error): its disk fails for another reason"
}

renew_() {
	kvm_control "renew id=$FD_ID ttl_ms=$1"
}
