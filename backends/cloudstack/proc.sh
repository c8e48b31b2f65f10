# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What of CloudStack this node runs: its servers by main class, which is the last word of a long command line, and what
# they lean on by the names of the daemons.
# shellcheck disable=SC2034 # fd_comms is read by core's scan

fd_comms=${fd_comms-/}java/jsvc/jsvc.exec/mariadbd/mysqld/libvirtd/virtqemud/ganesha.nfsd/

# cloudstack_class PID: prints ms agent usage; nothing for another program. Old versions are a Tomcat, by java or by jsvc.
cloudstack_class() {
	case $(tr '\0' '\n' 2>/dev/null <"/proc/$1/cmdline" | tail -n 1) in
	org.apache.cloudstack.ServerDaemon) echo ms ;;
	com.cloud.agent.AgentShell) echo agent ;;
	com.cloud.usage.UsageServer) echo usage ;;
	start | org.apache.catalina.startup.Bootstrap) ! grep -qz -e '^-Dcatalina\.\(home\|base\)=/usr/share/cloud' "/proc/$1/cmdline" || echo ms ;;
	esac
}

# cloudstack_above PID: its parent, to cloudstack_up, and the first process of its session, to cloudstack_first.
cloudstack_above() {
	fd_born "$1" || return 1
	# shellcheck disable=SC2086,SC2154 # state, parent, group, session …
	set -- $fd_stat
	cloudstack_up=$2 cloudstack_first=$4
}

# jsvc is up to three processes with the same words: one that starts the server and watches it, the server, and one that
# passes what the server says on to syslog. The server is the one that writes where its watcher writes; a watcher that leaves
# its own parent behind begins a session.
cloudstack_watched() {
	cloudstack_above "$1" && [ "$cloudstack_first" != "$1" ] || return 1
	read -r fd_comm 2>/dev/null <"/proc/$cloudstack_up/comm" || return 1
	case $fd_comm in jsvc*) ;; *) return 1 ;; esac
	for fd_v in 1 2; do
		[ "$(readlink "/proc/$1/fd/$fd_v")" = "$(readlink "/proc/$cloudstack_up/fd/$fd_v")" ] || return 1
	done
}

# cloudstack_server PID: to cloudstack_pid the one that serves, and to cloudstack_watcher the jsvc that watches it, if any does,
# where PID is either of them.
cloudstack_server() {
	cloudstack_pid=$1 cloudstack_watcher=
	read -r fd_comm 2>/dev/null <"/proc/$1/comm" || return 0
	case $fd_comm in jsvc*) ;; *) return 0 ;; esac
	# shellcheck disable=SC2013 # numbers
	for cloudstack_v in "$1" $(cat "/proc/$1/task"/*/children 2>/dev/null); do
		! cloudstack_watched "$cloudstack_v" || { cloudstack_pid=$cloudstack_v cloudstack_watcher=$cloudstack_up; return; }
	done
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
