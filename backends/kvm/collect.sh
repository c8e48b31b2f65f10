# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What a KVM host tells of itself, for core/node/collect.sh. A VM is a process that holds a kvm-vm
# descriptor: KVM's own debugfs names them (PID-FD), and where debugfs cannot be read, /proc does,
# asked rarely since that looks at every descriptor of the machine.
KVM_DEBUG=/sys/kernel/debug/kvm
KVM_MODULE=/sys/kernel/debug/faultdeck
kvm_tab=$(printf '\t')
kvm_pids=
kvm_seen=none
kvm_page='' kvm_hz='' # asked when there is a VM

# kvm_device OPTION WORDS: a line of kvm_devices; and of kvm_others, where it is no drive and no network device. The buses that
# libvirt makes for each are no news.
kvm_device() {
	case $2 in *pcie-root-port* | *pcie-pci-bridge*) return ;; esac
	kvm_devices="$kvm_devices$1 $2
"
	kvm_d=${2#\{\"driver\":\"}
	case $1:${kvm_d%%[,\"]*} in
	-device:*blk* | -device:*net* | -device:*-hd | -device:*-cd | -device:*-block | -device:*-storage | -device:nvme* | -device:floppy | \
		-device:e1000* | -device:rtl8139 | -device:igb | -device:ne2k* | -device:i825* | -device:tulip) ;;
	-device:*)
		kvm_others="$kvm_others$1 $2
"
		;;
	esac
}

# kvm_say_devices LINES, one a device
kvm_say_devices() {
	kvm_count=0
	while IFS= read -r kvm_d; do
		[ -n "$kvm_d" ] || continue
		[ "$kvm_count" -lt 40 ] || break
		printf 'device:%d\t%.220s\n' "$kvm_count" "$kvm_d"
		kvm_count=$((kvm_count + 1))
	done <<EOF
$1
EOF
}

# Takes one word of a command line; what follows a -name, -qmp … is kept. Names are text for a
# screen: tabs and newlines are gone before (tr), and only the name proper is taken.
kvm_arg() {
	case $kvm_prev in
	-name)
		kvm_n=${1#guest=}
		# libvirt's way to say it, and it keeps the monitor for itself
		[ "$kvm_n" = "$1" ] || ! command -v virsh >/dev/null || kvm_libvirt=1
		kvm_n=${kvm_n%%,*}
		;;
	-qmp)
		case $1 in unix:*) kvm_q=${1#unix:}; kvm_q=${kvm_q%%,*} ;; esac
		;;
	-chardev)
		case $1 in
		socket,*path=*)
			kvm_c=${1#*id=}
			kvm_c=${kvm_c%%,*}
			kvm_p=${1#*path=}
			kvm_chardevs="$kvm_chardevs $kvm_c=${kvm_p%%,*}"
			;;
		esac
		;;
	-mon)
		case $1 in
		*mode=control*)
			kvm_c=${1#*chardev=}
			for kvm_p in $kvm_chardevs; do
				[ "${kvm_p%%=*}" != "${kvm_c%%,*}" ] || kvm_q=${kvm_p#*=}
			done
			;;
		esac
		;;
	-device | -drive | -blockdev | -netdev | -nic | -cdrom | -hd[a-d])
		kvm_device "$kvm_prev" "$1"
		;;
	esac
	kvm_prev=$1
}

# Learns a process once: the name that it was given, how to ask it, the devices that it was given.
kvm_learn() {
	[ -n "$kvm_hz" ] || {
		kvm_page=$(getconf PAGESIZE 2>/dev/null || echo 4096)
		kvm_hz=$(getconf CLK_TCK 2>/dev/null || echo 100)
	}
	kvm_prev='' kvm_n='' kvm_q='' kvm_libvirt='' kvm_chardevs='' kvm_other='' kvm_devices='' kvm_others=''
	kvm_words=$(tr '\0\n\t' '\n  ' <"/proc/$1/cmdline" 2>/dev/null) || return 1
	while IFS= read -r kvm_w; do
		kvm_arg "$kvm_w"
	done <<EOF
$kvm_words
EOF
	[ -z "$kvm_libvirt" ] || kvm_q=''
	[ -n "$kvm_n" ] || { read -r kvm_n <"/proc/$1/comm" && kvm_n=$kvm_n-$1; } 2>/dev/null
	for kvm_p in $kvm_pids; do
		# two VMs of one name: the later one is told apart by its pid
		[ "$kvm_p" != "$1" ] || continue
		eval "kvm_other=\${kvm_name_$kvm_p-}"
		[ "$kvm_other" != "$kvm_n" ] || kvm_n="$kvm_n#$1"
	done
	eval "kvm_name_$1=\$kvm_n kvm_qmp_$1=\$kvm_q kvm_virt_$1=\$kvm_libvirt kvm_dev_$1=\$kvm_devices kvm_fix_$1=\$kvm_others"
}

kvm_discover_proc() {
	find /proc/[0-9]*/fd -maxdepth 1 -lname 'anon_inode:kvm-vm' 2>/dev/null |
		sed 's,^/proc/\([0-9]*\)/.*,\1,' | sort -un | tr '\n' ' '
}

kvm_turn=0
kvm_events_open=
kvm_discover() {
	kvm_found=
	if [ -r $KVM_DEBUG ]; then
		for kvm_d in "$KVM_DEBUG"/[0-9]*-*; do
			[ -d "$kvm_d" ] || continue
			kvm_d=${kvm_d##*/}
			case " $kvm_found" in *" ${kvm_d%%-*} "*) ;; *) kvm_found="$kvm_found${kvm_d%%-*} " ;; esac
		done
	elif [ ! -e /dev/kvm ]; then
		: # nobody can have made one
	elif [ $((kvm_turn % 10)) = 0 ]; then
		kvm_found=$(kvm_discover_proc)
	else
		kvm_found=$kvm_seen
	fi
	kvm_turn=$((kvm_turn + 1))
	[ "$kvm_found" != "$kvm_seen" ] || return 0
	kvm_seen=$kvm_found
	kvm_pids=$kvm_found
	for kvm_pid in $kvm_pids; do kvm_learn "$kvm_pid"; done
}

kvm_vcpus() {
	kvm_count=0
	for kvm_t in /proc/"$1"/task/*/comm; do
		read -r kvm_c <"$kvm_t" || continue
		case $kvm_c in
		'CPU '*/KVM)
			kvm_c=${kvm_c#CPU }
			kvm_t=${kvm_t%/comm}
			say "vcpu${kvm_c%/KVM}_tid" "${kvm_t##*/}"
			kvm_count=$((kvm_count + 1))
			;;
		esac
	done 2>/dev/null
	say vcpus "$kvm_count"
}

kvm_figures() {
	read -r kvm_stat <"/proc/$1/stat" || return 0
	# shellcheck disable=SC2086 # the fields behind the name are words
	set -- "$1" ${kvm_stat##*) }
	say cpu "$(((${13} + ${14}) * 1000 / kvm_hz))"
	say started "${21}"
	say rss "$((${23} * kvm_page))"
	while read -r kvm_k kvm_v; do
		case $kvm_k in write_bytes:) say write "$kvm_v" ;; read_bytes:) say read "$kvm_v" ;; esac
	done <"/proc/$1/io"
	for kvm_d in "$KVM_DEBUG/$1"-*/exits; do
		[ ! -r "$kvm_d" ] || { read -r kvm_v <"$kvm_d" && say exits "$kvm_v"; }
	done
}

kvm_rules() {
	[ -r $KVM_MODULE/rules ] || return 0
	while read -r kvm_line; do
		case $kvm_line in id=*) ;; *) continue ;; esac
		for kvm_w in $kvm_line; do
			case $kvm_w in
			id=*) say :injection "${kvm_w#id=}"; say rule "$kvm_line" ;;
			injected=*) say hits "${kvm_w#*=}" ;;
			left_ms=*) say left_ms "${kvm_w#*=}" ;;
			esac
		done
	done <$KVM_MODULE/rules
}

# What the module has for this reader now; each read takes what is there.
kvm_read_events() {
	timeout 2 dd bs=64k count=16 iflag=nonblock <&3 2>/dev/null
}

# Events stay on one descriptor, which knows where this reader is. FD_EVENTS=held begins with what
# the module still holds, new with what comes.
kvm_events() {
	[ "${FD_EVENTS-none}" != none ] || return 0
	if [ ! -e $KVM_MODULE/events ]; then
		[ -z "$kvm_events_open" ] || exec 3<&-
		kvm_events_open=
		return 0
	fi
	if [ -z "$kvm_events_open" ]; then
		[ -r $KVM_MODULE/events ] && exec 3<$KVM_MODULE/events || return 0
		kvm_events_open=1
		[ "$FD_EVENTS" = held ] || kvm_read_events >/dev/null
	fi
	kvm_read_events | sed 's/^/!/'
}

kvm_module() {
	# root may read it, it seems, also where a kernel that is locked down opens it for nobody
	if [ -r $KVM_MODULE/version ] && read -r _ kvm_v _ <$KVM_MODULE/version; then
		say module "$kvm_v"
	elif [ -d /sys/module/faultdeck ]; then
		say module unreadable
	else
		say module absent
	fi
}

kvm_fast() {
	say :node ''
	kvm_module 2>/dev/null
	if [ -e /dev/kvm ]; then say kvm yes; else say kvm no; fi
	kvm_discover
	for kvm_pid in $kvm_pids; do
		[ -d "/proc/$kvm_pid" ] || continue
		kvm_l=''
		eval "kvm_n=\$kvm_name_$kvm_pid kvm_q=\$kvm_qmp_$kvm_pid kvm_l=\$kvm_virt_$kvm_pid"
		say :vm "$kvm_n"
		say pid "$kvm_pid"
		[ -z "$kvm_q" ] || say qmp "$kvm_q"
		[ -z "$kvm_l" ] || say libvirt "$kvm_l"
		kvm_figures "$kvm_pid" 2>/dev/null
		kvm_vcpus "$kvm_pid"
	done
	# shellcheck disable=SC2034 # the collector's
	if [ -n "$kvm_pids" ] || [ -r $KVM_MODULE/points ]; then fd_ask_slow=1; fi
	kvm_rules 2>/dev/null
	kvm_events
}

# Asks what takes long: the VMs themselves, and the module's list of points. Drives and network devices may have been plugged and
# unplugged since the VM was started: as it says itself, else as its command line does.
kvm_slow() {
	kvm_discover
	kvm_ask_libvirt
	for kvm_pid in $kvm_pids; do
		kvm_l=''
		eval "kvm_n=\$kvm_name_$kvm_pid kvm_q=\$kvm_qmp_$kvm_pid kvm_l=\$kvm_virt_$kvm_pid kvm_given=\$kvm_dev_$kvm_pid kvm_others=\$kvm_fix_$kvm_pid"
		say :vm "$kvm_n"
		kvm_state=
		if { [ -n "$kvm_q" ] && kvm_of_qmp "$kvm_q"; } || { [ -n "$kvm_l" ] && kvm_of_libvirt "$kvm_n"; }; then
			kvm_given="$kvm_devices
$kvm_others"
		fi
		kvm_say_devices "$kvm_given"
		[ -z "$kvm_state" ] || say state "$kvm_state"
	done
	[ -r $KVM_MODULE/points ] || return 0
	say :node ''
	while IFS="$kvm_tab" read -r kvm_c kvm_p kvm_v _; do
		case $kvm_c in '#'* | '') continue ;; esac
		say "point:$kvm_c" "$kvm_v ($kvm_p)"
	done <$KVM_MODULE/points
}

# kvm_sweep [ID]: ends rules that no ledger entry speaks for; with an id only that one.
kvm_sweep() {
	[ -r $KVM_MODULE/rules ] || return 0
	# shellcheck disable=SC2013 # ids hold no blanks
	for kvm_w in $(sed -n 's/^id=\([A-Za-z0-9_-]*\) .*/\1/p' $KVM_MODULE/rules); do
		[ -z "$1" ] || [ "$1" = "$kvm_w" ] || continue
		[ ! -d "/run/faultdeck/$kvm_w" ] || continue
		if printf 'disarm id=%s\n' "$kvm_w" >$KVM_MODULE/control; then
			printf 'swept\t%s\n' "$kvm_w"
		else
			printf 'kept\t%s the module did not disarm it\n' "$kvm_w"
		fi
	done
}
