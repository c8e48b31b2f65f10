# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# hadoop test and yarn-refresh, by Hadoop's own programs: behind host/common.sh, proc.sh, conf.sh, live.sh and client.sh.
# shellcheck disable=SC2015,SC2034,SC2154 # fd_ is the ledger's, the rest is proc.sh's and conf.sh's

# hadoop_first COMPONENT: to hadoop_pid, with its configuration.
hadoop_first() {
	hadoop_scan
	for hadoop_x in $hadoop_found; do
		fd_split hadoop "$hadoop_x"
		[ "$hadoop_c" != "$1" ] || { hadoop_configure "$hadoop_pid"; return 0; }
	done
	fail ENOENT "no $1 runs here any more"
}

# hadoop_timed WHAT CLASS WORD…: says how long it took, or what Hadoop said.
hadoop_timed() {
	hadoop_since=$(fd_now)
	hadoop_what=$1
	shift
	hadoop_said=$(hadoop_client "$hadoop_pid" "$@") || { fail EIO "$hadoop_what: $(hadoop_why "$hadoop_said")"; return 1; }
	hadoop_v=$(($(fd_now) - hadoop_since))
	printf '%s: %d.%d s\n' "$hadoop_what" $((hadoop_v / 1000)) $((hadoop_v % 1000 / 100))
}

hadoop_sum() {
	sha256sum <"$1" | cut -c 1-64
}

hadoop_round_trip() {
	hadoop_to=/tmp/faultdeck-test-$(hostname)-$$
	hadoop_timed "wrote 1 MiB to $hadoop_to" org.apache.hadoop.fs.FsShell -put "$1/out" "$hadoop_to" || return 1
	hadoop_timed "read it back" org.apache.hadoop.fs.FsShell -get "$hadoop_to" "$1/in" && {
		hadoop_v=$(hadoop_sum "$1/in")
		[ "$hadoop_v" = "$(hadoop_sum "$1/out")" ] && echo "its checksum is the same: sha256 $hadoop_v" ||
			fail EIO "what is read is not what was written"
	}
	hadoop_r=$?
	hadoop_timed "deleted it" org.apache.hadoop.fs.FsShell -rm -skipTrash "$hadoop_to" && return "$hadoop_r"
}

# A file of our own into HDFS, out of it, and deleted.
hadoop_test() {
	hadoop_first nn && hadoop_dir=$(mktemp -d /tmp/faultdeck.XXXXXX) || return 1
	head -c 1048576 /dev/urandom >"$hadoop_dir/out" && chown -R "$(hadoop_as "$hadoop_pid")" "$hadoop_dir" &&
		hadoop_round_trip "$hadoop_dir"
	hadoop_r=$?
	rm -rf "$hadoop_dir"
	return "$hadoop_r"
}

# The jar of Hadoop's examples: beside the others in the class path, or where its own tree has it.
hadoop_examples() {
	{
		hadoop_classpath "$hadoop_pid" | tr ':' '\n' | sed -n 's,/\*$,,p'
		printf '%s\n' "$(hadoop_env "$hadoop_pid" HADOOP_HOME)/share/hadoop/mapreduce" /usr/lib/hadoop-mapreduce
	} | while read -r hadoop_d; do
		for hadoop_f in "$hadoop_d"/hadoop-mapreduce-examples-*.jar; do
			case $hadoop_f in *-sources.jar | *'*'*) ;; *) printf '%s' "$hadoop_f"; return ;; esac
		done
	done
}

hadoop_test_mr() {
	hadoop_first nn || return 1
	hadoop_jar=$(hadoop_examples)
	[ -n "$hadoop_jar" ] || { fail ENOENT "there is no jar of Hadoop's examples on this node"; return 1; }
	hadoop_timed 'a job of two maps and a reduce' org.apache.hadoop.util.RunJar "$hadoop_jar" pi 2 10 &&
		printf '%s\n' "$hadoop_said" | grep 'Pi is'
}

# What the ResourceManager says of its nodes and queues.
hadoop_yarn_says() {
	hadoop_u=$(hadoop_url rm)
	hadoop_fetch "$hadoop_u/ws/v1/cluster/metrics" |
		sed -n 's/.*"lostNodes":\([0-9]*\).*"unhealthyNodes":\([0-9]*\).*"decommissionedNodes":\([0-9]*\).*"activeNodes":\([0-9]*\).*/nodes: \4 active, \3 decommissioned, \2 unhealthy, \1 lost/p'
	hadoop_v=$(hadoop_fetch "$hadoop_u/ws/v1/cluster/scheduler")
	case $hadoop_v in
	*'"queuePath"'*)
		printf '%s' "$hadoop_v" | sed 's/"queuePath"/\n&/g' |
			sed -n 's/^"queuePath":"\([^"]*\)","capacity":\([0-9.]*\).*/queue \1: \2 %/p'
		;;
	*) # before Hadoop 3.4 a queue has no path there
		printf '%s' "$hadoop_v" | sed 's/"capacity"/\n&/g' |
			sed -n 's/^"capacity":\([0-9.]*\),[^{}]*"queueName":"\([^"]*\)".*/queue \2: \1 %/p'
		;;
	esac
}

hadoop_refresh() {
	hadoop_first rm && hadoop_timed 'nodes refreshed' org.apache.hadoop.yarn.client.cli.RMAdminCLI -refreshNodes &&
		hadoop_timed 'queues refreshed' org.apache.hadoop.yarn.client.cli.RMAdminCLI -refreshQueues && hadoop_yarn_says
}
