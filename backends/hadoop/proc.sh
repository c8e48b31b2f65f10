# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Hadoop's daemons as this node runs them: by main class and start time, under any user, however started.
# shellcheck disable=SC2034 # fd_comms is read by core's scan

fd_comms=${fd_comms-/}java/jsvc/jsvc.exec/

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

# hadoop_component PID: prints nn dn rm nm snn jhs; nothing for another program.
hadoop_component() {
	case $(tr '\0' '\n' 2>/dev/null <"/proc/$1/cmdline" | hadoop_main) in
	org.apache.hadoop.hdfs.server.namenode.NameNode) echo nn ;;
	org.apache.hadoop.hdfs.server.namenode.SecondaryNameNode) echo snn ;;
	org.apache.hadoop.hdfs.server.datanode.DataNode | org.apache.hadoop.hdfs.server.datanode.SecureDataNodeStarter) echo dn ;;
	org.apache.hadoop.yarn.server.resourcemanager.ResourceManager) echo rm ;;
	org.apache.hadoop.yarn.server.nodemanager.NodeManager) echo nm ;;
	org.apache.hadoop.mapreduce.v2.hs.JobHistoryServer) echo jhs ;;
	esac
}

# hadoop_scan: outside of the collector, which scans for all.
hadoop_scan() {
	fd_scan
	fd_daemons hadoop
}
