# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What of CloudStack this node runs: its servers by main class, which is the last word of a long command line, and what
# they lean on by the names of the daemons.
# shellcheck disable=SC2034 # fd_comms is read by core's scan

fd_comms=${fd_comms-/}java/jsvc/jsvc.exec/mariadbd/mysqld/libvirtd/virtqemud/ganesha.nfsd/

# cloudstack_class PID: prints ms agent usage; nothing for another program. Old versions are a Tomcat.
cloudstack_class() {
	case $(tr '\0' '\n' 2>/dev/null <"/proc/$1/cmdline" | tail -n 1) in
	org.apache.cloudstack.ServerDaemon) echo ms ;;
	com.cloud.agent.AgentShell) echo agent ;;
	com.cloud.usage.UsageServer) echo usage ;;
	start) ! grep -qz -e '^-Dcatalina\.\(home\|base\)=/usr/share/cloud' "/proc/$1/cmdline" || echo ms ;;
	esac
}

# jsvc is two processes with the same words: the server is the one whose parent watches it.
cloudstack_watched() {
	read -r fd_stat 2>/dev/null <"/proc/$1/stat" || return 1
	fd_stat=${fd_stat##*) ? }
	read -r fd_comm 2>/dev/null <"/proc/${fd_stat%% *}/comm" || return 1
	case $fd_comm in jsvc*) return 0 ;; esac
	return 1
}

# cloudstack_component PID COMM
cloudstack_component() {
	case $2 in
	java) cloudstack_class "$1" ;;
	jsvc*) ! cloudstack_watched "$1" || cloudstack_class "$1" ;;
	mariadbd | mysqld) echo mysql ;;
	libvirtd | virtqemud) echo libvirt ;;
	ganesha.nfsd) echo nfs ;;
	esac
}
