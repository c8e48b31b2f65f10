# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What of CloudStack this node runs: its servers by main class, which is the last word of a long command line, and what
# they lean on by the names of the daemons. A scan is builtins and /proc alone; a new process costs a few forks once.
# shellcheck disable=SC2034 # what is set here is read by the files behind this one

# cloudstack_stat PID: to cloudstack_born and cloudstack_letter (R S T Z …).
cloudstack_stat() {
	read -r cloudstack_v 2>/dev/null <"/proc/$1/stat" || return 1
	cloudstack_v=${cloudstack_v##*) }
	cloudstack_letter=${cloudstack_v%% *}
	# shellcheck disable=SC2086 # the fields behind the name are words
	set -- $cloudstack_v
	cloudstack_born=${20}
}

# cloudstack_class PID: prints ms agent usage, or - for another program. Old versions are jsvc's, or a Tomcat.
cloudstack_class() {
	case $(tr '\0' '\n' 2>/dev/null <"/proc/$1/cmdline" | tail -n 1) in
	org.apache.cloudstack.ServerDaemon) echo ms ;;
	com.cloud.agent.AgentShell) echo agent ;;
	com.cloud.usage.UsageServer) echo usage ;;
	start) grep -qz -e '^-Dcatalina\.home=/usr/share/cloud' "/proc/$1/cmdline" && echo ms || echo - ;;
	*) echo - ;;
	esac
}

# cloudstack_component COMM PID
cloudstack_component() {
	case $1 in
	java | jsvc*) cloudstack_class "$2" ;;
	mariadbd | mysqld) echo mysql ;;
	libvirtd | virtqemud) echo libvirt ;;
	ganesha.nfsd) echo nfs ;;
	esac
}

# cloudstack_unit PID: prints the systemd unit whose main process it is.
cloudstack_unit() {
	while IFS= read -r cloudstack_v; do
		case $cloudstack_v in 0::*.service | *:name=systemd:*.service) ;; *) continue ;; esac
		cloudstack_v=${cloudstack_v##*/}
		[ "$(systemctl show -p MainPID --value "$cloudstack_v" 2>/dev/null)" != "$1" ] || printf '%s' "$cloudstack_v"
		return
	done 2>/dev/null <"/proc/$1/cgroup"
}

# cloudstack_scan: to cloudstack_found, one word PID:BORN:COMPONENT:UNIT:LETTER a daemon. What is known of a process
# stays in cloudstack_seen while it lives.
cloudstack_scan() {
	cloudstack_found='' cloudstack_next=''
	for cloudstack_f in /proc/[0-9]*/comm; do
		read -r cloudstack_comm 2>/dev/null <"$cloudstack_f" || continue
		case $cloudstack_comm in java | jsvc* | mariadbd | mysqld | libvirtd | virtqemud | ganesha.nfsd) ;; *) continue ;; esac
		cloudstack_pid=${cloudstack_f#/proc/}
		cloudstack_pid=${cloudstack_pid%/comm}
		cloudstack_stat "$cloudstack_pid" || continue
		case $cloudstack_seen in
		*" $cloudstack_pid:$cloudstack_born:"*)
			cloudstack_v=${cloudstack_seen#*" $cloudstack_pid:$cloudstack_born:"}
			cloudstack_v=${cloudstack_v%% *}
			;;
		*) cloudstack_v=$(cloudstack_component "$cloudstack_comm" "$cloudstack_pid"):$(cloudstack_unit "$cloudstack_pid") ;;
		esac
		cloudstack_next="$cloudstack_next $cloudstack_pid:$cloudstack_born:$cloudstack_v"
		[ "${cloudstack_v%%:*}" = - ] || cloudstack_found="$cloudstack_found $cloudstack_pid:$cloudstack_born:$cloudstack_v:$cloudstack_letter"
	done
	cloudstack_seen="$cloudstack_next "
}
cloudstack_seen=' '

# cloudstack_split WORD of cloudstack_found: to cloudstack_pid, _born, _c, _u, _letter, and cloudstack_name: ms, or
# ms-PID where several run on this node, so that a target never means another one later.
cloudstack_split() {
	cloudstack_v=$1
	cloudstack_pid=${cloudstack_v%%:*} cloudstack_v=${cloudstack_v#*:}
	cloudstack_born=${cloudstack_v%%:*} cloudstack_v=${cloudstack_v#*:}
	cloudstack_c=${cloudstack_v%%:*} cloudstack_v=${cloudstack_v#*:}
	cloudstack_u=${cloudstack_v%:*} cloudstack_letter=${cloudstack_v##*:}
	cloudstack_name=$cloudstack_c
	case $cloudstack_found in *":$cloudstack_c:"*":$cloudstack_c:"*) cloudstack_name=$cloudstack_c-$cloudstack_pid ;; esac
}
