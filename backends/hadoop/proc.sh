# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Hadoop's daemons as this node runs them: by main class and start time, under any user, however started.
# For the collector and for faults; a scan is builtins and /proc alone, a new process costs a few forks once.
# shellcheck disable=SC2034 # what is set here is read by the files behind this one

# hadoop_stat PID: to hadoop_born and hadoop_letter (R S T Z …).
hadoop_stat() {
	read -r hadoop_v 2>/dev/null <"/proc/$1/stat" || return 1
	hadoop_v=${hadoop_v##*) }
	hadoop_letter=${hadoop_v%% *}
	# shellcheck disable=SC2086 # the fields behind the name are words
	set -- $hadoop_v
	hadoop_born=${20}
}

# The first word of a java command line, one a line, that is neither an option nor an option's value.
hadoop_main() {
	read -r hadoop_v
	while read -r hadoop_v; do
		case $hadoop_v in
		--*=*) ;;
		-cp | -classpath | --class-path | -p | --module-path | --add-*) read -r hadoop_v ;;
		-* | @* | '') ;;
		*) printf '%s' "$hadoop_v"; return ;;
		esac
	done
}

# hadoop_component PID: prints nn dn rm nm snn jhs, or - for another program.
hadoop_component() {
	case $(tr '\0' '\n' 2>/dev/null <"/proc/$1/cmdline" | hadoop_main) in
	org.apache.hadoop.hdfs.server.namenode.NameNode) echo nn ;;
	org.apache.hadoop.hdfs.server.namenode.SecondaryNameNode) echo snn ;;
	org.apache.hadoop.hdfs.server.datanode.DataNode | org.apache.hadoop.hdfs.server.datanode.SecureDataNodeStarter) echo dn ;;
	org.apache.hadoop.yarn.server.resourcemanager.ResourceManager) echo rm ;;
	org.apache.hadoop.yarn.server.nodemanager.NodeManager) echo nm ;;
	org.apache.hadoop.mapreduce.v2.hs.JobHistoryServer) echo jhs ;;
	*) echo - ;;
	esac
}

# hadoop_unit PID: prints the systemd unit whose main process it is. One that was started by hand may live in
# the cgroup of whatever its shell came from.
hadoop_unit() {
	while IFS= read -r hadoop_v; do
		case $hadoop_v in 0::*.service | *:name=systemd:*.service) ;; *) continue ;; esac
		hadoop_v=${hadoop_v##*/}
		[ "$(systemctl show -p MainPID --value "$hadoop_v" 2>/dev/null)" != "$1" ] || printf '%s' "$hadoop_v"
		return
	done 2>/dev/null <"/proc/$1/cgroup"
}

# hadoop_scan: to hadoop_found, one word PID:BORN:COMPONENT:UNIT:LETTER a daemon. What is known of a process
# stays in hadoop_seen while it lives.
hadoop_scan() {
	hadoop_found='' hadoop_next=''
	for hadoop_f in /proc/[0-9]*/comm; do
		read -r hadoop_v 2>/dev/null <"$hadoop_f" || continue
		case $hadoop_v in java | jsvc*) ;; *) continue ;; esac
		hadoop_pid=${hadoop_f#/proc/}
		hadoop_pid=${hadoop_pid%/comm}
		hadoop_stat "$hadoop_pid" || continue
		case $hadoop_seen in
		*" $hadoop_pid:$hadoop_born:"*)
			hadoop_v=${hadoop_seen#*" $hadoop_pid:$hadoop_born:"}
			hadoop_v=${hadoop_v%% *}
			;;
		*) hadoop_v=$(hadoop_component "$hadoop_pid"):$(hadoop_unit "$hadoop_pid") ;;
		esac
		hadoop_next="$hadoop_next $hadoop_pid:$hadoop_born:$hadoop_v"
		[ "${hadoop_v%%:*}" = - ] || hadoop_found="$hadoop_found $hadoop_pid:$hadoop_born:$hadoop_v:$hadoop_letter"
	done
	hadoop_seen="$hadoop_next "
}

# hadoop_split WORD of hadoop_found: to hadoop_pid, hadoop_born, hadoop_c, hadoop_u, hadoop_letter, and
# hadoop_name: nn, or nn-PID where several run on this node, so that a target never means another one later.
hadoop_split() {
	hadoop_v=$1
	hadoop_pid=${hadoop_v%%:*} hadoop_v=${hadoop_v#*:}
	hadoop_born=${hadoop_v%%:*} hadoop_v=${hadoop_v#*:}
	hadoop_c=${hadoop_v%%:*} hadoop_v=${hadoop_v#*:}
	hadoop_u=${hadoop_v%:*} hadoop_letter=${hadoop_v##*:}
	hadoop_name=$hadoop_c
	case $hadoop_found in *":$hadoop_c:"*":$hadoop_c:"*) hadoop_name=$hadoop_c-$hadoop_pid ;; esac
}
