# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What each daemon says of itself: behind collect.sh. One HTTP exchange a daemon and refresh, no JVM.
# shellcheck disable=SC2016,SC2034,SC2154 # the program is awk's; say is the collector's, the rest is proc.sh's and conf.sh's

# JMX as Hadoop prints it, one key a line, to KEY<TAB>VALUE for the collector.
hadoop_figures='
function out(k, v) { gsub(/[",]/, "", v); printf "%s\t%s\n", k, v }
/^ *"name" : "Hadoop:/ { bean = $0; sub(/.*,name=/, "", bean); sub(/",?$/, "", bean); next }
{ key = $1; gsub(/"/, "", key); value = $0; sub(/^[^:]*: /, "", value); sub(/,$/, "", value) }
bean == "JvmMetrics" && key == "MemHeapUsedM" { out("heap", value * 1048576) }
bean ~ /^RpcActivity/ && key == "RpcQueueTimeAvgTime" && value + 0 > wait { wait = value + 0 }
bean ~ /^RpcActivity/ && key == "CallQueueLength" { queue += value; rpc = 1 }
bean == "NameNodeStatus" && key == "State" { gsub(/"/, "", value); state = value }
bean == "NameNodeInfo" && key == "Safemode" { gsub(/"/, "", value); safe = substr(value, 1, 150) }
bean == "FSNamesystemState" && key == "NumLiveDataNodes" { out("live", value) }
bean == "FSNamesystemState" && key == "NumStaleDataNodes" { out("stale", value) }
bean == "FSNamesystemState" && key == "NumDeadDataNodes" { out("dead", value) }
bean == "FSNamesystemState" && key == "UnderReplicatedBlocks" { out("under_replicated", value) }
bean == "FSNamesystem" && key == "MissingBlocks" { out("missing", value) }
bean == "FSNamesystem" && key == "CapacityUsed" { out("used", value) }
bean == "FSNamesystem" && key == "CapacityTotal" { out("capacity", value) }
bean == "SecondaryNameNodeInfo" && key == "LastCheckpointTime" { out("checkpoint", now - int(value / 1000)) }
bean == "ClusterMetrics" && key == "NumActiveNMs" { out("nodes", value) }
bean == "ClusterMetrics" && key == "NumUnhealthyNMs" { out("unhealthy", value) }
bean == "ClusterMetrics" && key == "NumLostNMs" { out("lost", value) }
bean == "QueueMetrics,q0=root" && key == "AppsRunning" { out("apps", value) }
bean == "QueueMetrics,q0=root" && key == "AppsPending" { out("pending", value) }
END {
	if (rpc) { out("rpc_queue", queue); out("rpc_wait", wait) }
	if (state == "") state = "answers"
	if (safe != "") state = state "; " safe
	printf "health\t%s\n", state
}'

# What a process is asked stays known while it lives.
hadoop_address_of() {
	case $hadoop_urls in
	*" $hadoop_pid:$hadoop_born="*)
		hadoop_u=${hadoop_urls#*" $hadoop_pid:$hadoop_born="}
		hadoop_u=${hadoop_u%% *}
		;;
	*)
		hadoop_configure "$hadoop_pid"
		hadoop_u=$(hadoop_url "$hadoop_c") || hadoop_u=-$(printf '%s' "$hadoop_u" | tr ' ' '_')
		hadoop_urls="$hadoop_urls$hadoop_pid:$hadoop_born=$hadoop_u "
		;;
	esac
}
hadoop_urls=' '

hadoop_ask() {
	hadoop_compare
	hadoop_odd=${hadoop_odd:+"; $hadoop_odd"}
	case $hadoop_u in
	-*) say health "unknown: $(printf '%s' "${hadoop_u#-}" | tr '_' ' ')$hadoop_odd"; return ;;
	esac
	hadoop_said=$(hadoop_fetch "$hadoop_u/jmx?qry=Hadoop:*")
	if hadoop_ok "$hadoop_said"; then
		printf '%s\n' "$hadoop_said" | awk -v "now=$(date +%s)" "$hadoop_figures" | sed "/^health/s/\$/$hadoop_odd/"
	else
		say health "unknown: $hadoop_said$hadoop_odd"
	fi
}

hadoop_slow() {
	fd_daemons hadoop
	for hadoop_x in $hadoop_found; do
		fd_split hadoop "$hadoop_x"
		[ "$hadoop_letter" != T ] || continue
		hadoop_address_of
		say :service "$hadoop_name"
		hadoop_ask
	done
}
