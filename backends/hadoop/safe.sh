# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# hadoop.hdfs-safe: behind host/common.sh, host/process.sh, proc.sh, conf.sh, live.sh, client.sh and rpc.sh. There is no way
# in by HTTP. What it shows is asked by HTTP.
# shellcheck disable=SC2154 # fd_ is the ledger's, t_ and p_ are the plan's

hadoop_fs_state() {
	hadoop_v=$(hadoop_fetch "$(fd_get url)$(hadoop_bean FSNamesystemState)")
	hadoop_ok "$hadoop_v" || { printf 'unknown: %s' "$hadoop_v"; return; }
	printf '%s\n' "$hadoop_v" | sed -n 's/^ *"FSState" : "\(.*\)".*/\1/p'
}

# hadoop_safemode enter|leave: by a call, else by Hadoop's own program, which a JVM's start makes late.
hadoop_safemode() {
	read -r hadoop_pid hadoop_born <"$fd_dir/pids"
	case $1 in leave) hadoop_v=1 ;; *) hadoop_v=2 ;; esac
	! hadoop_rpc "$hadoop_pid" "$(fd_get rpc)" "$hadoop_v" || return 0
	hadoop_said=$(hadoop_client "$hadoop_pid" org.apache.hadoop.hdfs.tools.DFSAdmin -fs "hdfs://$(fd_get rpc)" -safemode "$1")
}

do_() {
	host_take main || return 1
	hadoop_pid=$(sed 's/ .*//' "$fd_dir/pids")
	hadoop_configure "$hadoop_pid"
	hadoop_u=$(hadoop_url nn) || { fail EIO "its state cannot be asked: $hadoop_u"; return 1; }
	fd_put url "$hadoop_u"
	fd_put rpc "$(hadoop_fetch "$hadoop_u$(hadoop_bean NameNodeStatus)" | sed -n 's/^ *"HostAndPort" : "\(.*\)".*/\1/p')"
	hadoop_v=$(hadoop_fs_state)
	case $hadoop_v in
	Operational) ;;
	safeMode)
		fail EBUSY "it is in safe mode already, for its own reasons: it is left so" \
			"$(hadoop_fetch "$hadoop_u$(hadoop_bean NameNodeInfo)" | sed -n 's/^ *"Safemode" : "\(.*\)",*/\1/p' | cut -c 1-200)"
		return 1
		;;
	*) fail EIO "its state is $hadoop_v"; return 1 ;;
	esac
	host_own && hadoop_safemode enter
	[ "$(hadoop_fs_state)" != Operational ] || {
		host_disown
		fail EIO "the NameNode does not enter safe mode: $(hadoop_why "${hadoop_said-}")"
	}
}

verify_() {
	[ "$(hadoop_fs_state)" = safeMode ] || fail EIO "the NameNode does not say that it is in safe mode"
}

# Another process than the one that entered is in its own safe mode.
hadoop_same() {
	read -r hadoop_pid hadoop_born <"$fd_dir/pids" && host_is "$hadoop_pid" "$hadoop_born"
}

undo_() {
	host_owned && hadoop_same && [ "$(hadoop_fs_state)" != Operational ] || return 0
	hadoop_configure "$hadoop_pid"
	hadoop_safemode leave
}

gone_() {
	host_owned && hadoop_same || return 0
	hadoop_v=$(hadoop_fs_state)
	[ "$hadoop_v" = Operational ] || fail EIO "its state is $hadoop_v" "$(hadoop_why "${hadoop_said-}")"
}
