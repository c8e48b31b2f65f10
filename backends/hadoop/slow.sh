# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# hadoop.delay and datanode-slow: behind host/common.sh, process.sh, ssh.sh, peers.sh, tc.sh and this backend's proc.sh,
# conf.sh, live.sh. The device is the one that has this node's own address; a DataNode's port is the one that it serves.
# shellcheck disable=SC2034,SC2154 # fd_ is the ledger's, t_ and p_ are the plan's; the rest is read by tc.sh

# To host_dev: where the other nodes see this one, by its own name, else where its default route leads, else any.
hadoop_device() {
	for hadoop_a in $(getent ahosts "$(hostname)" | sed 's/ .*//' | sort -u); do
		host_dev=$(ip -o addr show to "$hadoop_a" | sed -n 's/^[0-9]*: \([^ ]*\) .*/\1/p' | head -n 1)
		case $host_dev in lo | '') ;; *) return 0 ;; esac
	done
	host_dev=$(host_way all)
	[ -n "$host_dev" ] || host_dev=$(ip -o addr show scope global | sed -n '1s/^[0-9]*: \([^ ]*\) .*/\1/p')
	[ -e "/sys/class/net/${host_dev:-none}" ] || fail ENOENT "no device of this node has its address"
}

hadoop_data_port() {
	host_take main || return 1
	hadoop_pid=$(sed 's/ .*//' "$fd_dir/pids")
	hadoop_before "$hadoop_pid" || return 1
	p_ports=$(hadoop_get dfs.datanode.address 0.0.0.0:9866)
	p_ports=${p_ports##*:}
	[ "$p_ports" -gt 0 ] 2>/dev/null || fail ENOENT "the DataNode's data port is not configured: $p_ports"
}

do_() {
	p_ports=all
	case $t_kind in service) hadoop_data_port || return 1 ;; esac
	host_resolve && host_ssh_ports && hadoop_device || return 1
	host_root_is_default || {
		fail EBUSY "$host_dev has a root qdisc that somebody made: it is left alone" "tc qdisc show dev $host_dev"
		return 1
	}
	fd_put dev "$host_dev" && host_own && host_netem delay "${p_ms}ms"
}
