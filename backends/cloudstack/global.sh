# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The server's own limit, which keeps its administrator out too: a process of ours holds a session open before it is set,
# and puts it back through that.
# shellcheck disable=SC2154 # fd_ is the ledger's, t_ and p_ are the plan's

# shellcheck disable=SC2016 # expands in the process that holds
cloudstack_hold='
export HOME=/root
{
	echo "SET SESSION wait_timeout = 86400; SET GLOBAL max_connections = $3; SELECT CONCAT(\"now \", @@GLOBAL.max_connections);"
	while alive && [ ! -e "$dir/back" ]; do sleep 0.1; done
	echo "SET GLOBAL max_connections = IF(@@GLOBAL.max_connections = $3, $4, @@GLOBAL.max_connections);"
} | "$2" -n -N -B >"$dir/said" 2>&1
'

cloudstack_connections() {
	cloudstack_sql 'SELECT @@GLOBAL.max_connections'
}

cloudstack_global_do() {
	[ "$p_n" -ge 10 ] || { fail EINVAL "no server takes less than 10 connections for all" "db-limit 10 mode=global, or without mode="; return 1; }
	cloudstack_v=$(cloudstack_connections)
	[ "$cloudstack_v" != "$p_n" ] || { fail EBUSY "its limit is $p_n already"; return 1; }
	fd_put max_connections "$cloudstack_v" && fd_put limit "$p_n" && fd_put cloudstack_mode global &&
		host_keep "$cloudstack_hold" "$cloudstack_client" "$p_n" "$cloudstack_v" || return 1
	host_wait 50 cloudstack_said_so || fail EIO "the limit was not set: $(head -n 1 "$fd_dir/said" 2>/dev/null)"
}

cloudstack_said_so() {
	grep -qsx "now $p_n" "$fd_dir/said"
}

cloudstack_global_verify() {
	{ cloudstack_said_so && host_kept; } || fail EIO "the session that holds the limit is gone"
}

# A server that was started anew has forgotten the limit: what it has then is its own.
cloudstack_global_undo() {
	: >"$fd_dir/back"
	host_wait 30 host_not_kept || host_let_go
	cloudstack_n=$(fd_get limit)
	[ "$(cloudstack_connections)" != "$cloudstack_n" ] || cloudstack_sql "SET GLOBAL max_connections = $(fd_get max_connections)"
}

cloudstack_global_gone() {
	cloudstack_v=$(cloudstack_connections) || {
		fail EIO "the database does not say: $(cloudstack_why "$cloudstack_v")" "where it comes back, it comes without the limit"
		return 1
	}
	[ "$cloudstack_v" != "$(fd_get limit)" ] || fail EBUSY "it still takes $cloudstack_v connections alone"
}
