# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What of CloudStack this node runs: its servers by main class, which is the last word of a long command line, and what
# they lean on by the names of the daemons.
# shellcheck disable=SC2034 # fd_comms is read by core's scan

fd_comms=${fd_comms-/}java/jsvc/jsvc.exec/mariadbd/mysqld/libvirtd/virtqemud/ganesha.nfsd/

# cloudstack_class PID: prints ms agent usage; nothing for another program. Old versions are jsvc's, or a Tomcat.
cloudstack_class() {
	case $(tr '\0' '\n' 2>/dev/null <"/proc/$1/cmdline" | tail -n 1) in
	org.apache.cloudstack.ServerDaemon) echo ms ;;
	com.cloud.agent.AgentShell) echo agent ;;
	com.cloud.usage.UsageServer) echo usage ;;
	start) grep -qz -e '^-Dcatalina\.home=/usr/share/cloud' "/proc/$1/cmdline" && echo ms ;;
	esac
}

# cloudstack_component PID COMM
cloudstack_component() {
	case $2 in
	java | jsvc*) cloudstack_class "$1" ;;
	mariadbd | mysqld) echo mysql ;;
	libvirtd | virtqemud) echo libvirt ;;
	ganesha.nfsd) echo nfs ;;
	esac
}
