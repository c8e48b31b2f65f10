# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Whether those that count a daemon count it as live: behind proc.sh and conf.sh. What cannot be asked is no yes.
# shellcheck disable=SC2015,SC2034,SC2154 # fd_ is the ledger's, the rest is proc.sh's and conf.sh's

hadoop_limit=8

hadoop_bean() {
	printf '/jmx?qry=Hadoop:service=NameNode,name=%s' "$1"
}

# The pages of all NameNodes that this daemon's configuration knows, HOST:PORT a line.
hadoop_namenodes() {
	hadoop_w=$(printf '%s\n' "$hadoop_conf" | sed -n 's/^dfs\.namenode\.http-address\.[^	]*	//p')
	[ -z "$hadoop_w" ] || { printf '%s\n' "$hadoop_w"; return; }
	hadoop_w=$(hadoop_get dfs.namenode.http-address 0.0.0.0:9870)
	case $hadoop_w in 0.0.0.0:*) hadoop_w=$(hadoop_fs_host):${hadoop_w##*:} ;; esac
	printf '%s\n' "$hadoop_w"
}

hadoop_resourcemanagers() {
	hadoop_w=$(printf '%s\n' "$hadoop_conf" | sed -n 's/^yarn\.resourcemanager\.webapp\.address\.[^	]*	//p')
	[ -n "$hadoop_w" ] || hadoop_w=$(printf '%s\n' "$hadoop_conf" | sed -n 's/^yarn\.resourcemanager\.hostname\.[^	]*	\(.*\)/\1:8088/p')
	[ -n "$hadoop_w" ] || hadoop_w=$(hadoop_get yarn.resourcemanager.webapp.address "$(hadoop_get yarn.resourcemanager.hostname 0.0.0.0):8088")
	printf '%s\n' "$hadoop_w"
}

# The names that others may know this node by.
hadoop_names() {
	{
		hostname
		hostname -f
		for hadoop_a in $(hadoop_addresses); do getent hosts "$hadoop_a"; done
	} 2>/dev/null | tr -s ' ' '\n' | sort -u
}

# hadoop_count_dn NAMENODE: to hadoop_v how long ago it heard of this DataNode, in s; "" it does not count it.
hadoop_count_dn() {
	hadoop_v=$(hadoop_fetch "http://$1$(hadoop_bean NameNodeInfo)")
	hadoop_ok "$hadoop_v" || { hadoop_not="the NameNode $1 cannot be asked: $hadoop_v"; return 1; }
	hadoop_port=$(hadoop_get dfs.datanode.address 0.0.0.0:9866)
	hadoop_me=$(for hadoop_a in $(hadoop_addresses); do printf '"xferaddr":"%s:%s"\n' "$hadoop_a" "${hadoop_port##*:}"; done)
	hadoop_v=$(printf '%s' "$hadoop_v" | sed -n 's/^ *"LiveNodes" : //p' | sed 's/},\\"/\n/g' | tr -d '\134' |
		grep -F -e "$hadoop_me" | sed -n 's/.*"lastContact":\([0-9]*\).*/\1/p')
	hadoop_not="the NameNode $1 does not count it as live"
}

# hadoop_count_nm RESOURCEMANAGER: to hadoop_v "STATE LASTHEALTHUPDATE" of this NodeManager's newest entry.
hadoop_count_nm() {
	hadoop_v=$(hadoop_fetch "http://$1/ws/v1/cluster/nodes")
	hadoop_ok "$hadoop_v" || { hadoop_not="the ResourceManager $1 cannot be asked: $hadoop_v"; return 1; }
	hadoop_port=$(hadoop_web nm)
	hadoop_me=$(for hadoop_a in $(hadoop_names); do printf '"nodeHTTPAddress":"%s:%s"\n' "$hadoop_a" "${hadoop_port##*:}"; done)
	hadoop_v=$(printf '%s' "$hadoop_v" | sed 's/{"rack"/\n&/g' | grep -F -e "$hadoop_me" |
		sed -n 's/.*"state":"\([A-Z]*\)".*"lastHealthUpdate":\([0-9]*\).*/\2 \1/p' | sort -n | tail -n 1)
	hadoop_v="${hadoop_v#* } ${hadoop_v%% *}"
	hadoop_not="the ResourceManager $1 calls it ${hadoop_v%% *}"
	[ "$hadoop_v" != ' ' ] || hadoop_not="the ResourceManager $1 does not know it"
}

# hadoop_live_COMPONENT SINCE, in ms of CLOCK_BOOTTIME: as they know it after that.
hadoop_live_nn() {
	hadoop_v=$(hadoop_fetch "$(hadoop_url nn)$(hadoop_bean FSNamesystemState)")
	hadoop_ok "$hadoop_v" || { hadoop_not="the NameNode does not answer: $hadoop_v"; return 1; }
	[ -z "${hadoop_any_state-}" ] || return 0
	hadoop_not="the NameNode is in safe mode"
	case $hadoop_v in *'"FSState" : "Operational"'*) return 0 ;; esac
	[ "$(fd_get was_safe)" = yes ]
}

hadoop_live_dn() {
	for hadoop_x in $(hadoop_namenodes); do
		hadoop_count_dn "$hadoop_x" && [ -n "$hadoop_v" ] && [ "$(($(fd_now) - hadoop_v * 1000))" -ge "$1" ] || return 1
	done
}

hadoop_live_rm() {
	hadoop_v=$(hadoop_fetch "$(hadoop_url rm)/ws/v1/cluster/metrics")
	hadoop_ok "$hadoop_v" || { hadoop_not="the ResourceManager does not answer: $hadoop_v"; return 1; }
	hadoop_v=$(printf '%s' "$hadoop_v" | sed -n 's/.*"activeNodes":\([0-9]*\).*/\1/p')
	hadoop_not="the ResourceManager has ${hadoop_v:-no} active nodes, and had $(fd_get nodes)"
	[ -n "$hadoop_v" ] && [ "$hadoop_v" -ge "0$(fd_get nodes)" ]
}

# A standby answers no list: one that does is enough.
hadoop_live_nm() {
	for hadoop_x in $(hadoop_resourcemanagers); do
		hadoop_count_nm "$hadoop_x" || continue
		[ "${hadoop_v%% *}" = RUNNING ] || return 1
		[ "${hadoop_v##* }" -ge "$(($(date +%s) * 1000 - $(fd_now) + $1 - 1000))" ] || {
			hadoop_not="the ResourceManager $hadoop_x has not heard of it since"
			return 1
		}
		return 0
	done
	return 1
}

hadoop_live_web() {
	hadoop_v=$(hadoop_fetch "$(hadoop_url "$1")/jmx?qry=java.lang:type=Runtime")
	hadoop_ok "$hadoop_v" || { hadoop_not="it does not answer: $hadoop_v"; return 1; }
}

# hadoop_live PID SINCE
hadoop_live() {
	hadoop_c=$(hadoop_component "$1")
	hadoop_configure "$1"
	case $hadoop_c in
	nn | dn | rm | nm) "hadoop_live_$hadoop_c" "$2" ;;
	snn | jhs) hadoop_live_web "$hadoop_c" ;;
	*) hadoop_not="process $1 is no daemon of Hadoop"; return 1 ;;
	esac
}

# hadoop_before PID: what is kept of how it was; a daemon in trouble is not broken further.
hadoop_before() {
	hadoop_c=$(hadoop_component "$1")
	[ -n "$hadoop_c" ] || { fail EBUSY "process $1 is no daemon of Hadoop any more"; return 1; }
	hadoop_configure "$1"
	fd_put nodes 0
	case $hadoop_c in
	nn) hadoop_live_nn 0 || fd_put was_safe yes ;;
	rm)
		hadoop_live_rm 0
		fd_put nodes "${hadoop_v:-0}"
		;;
	dn | nm)
		hadoop_live "$1" 0 || case $hadoop_not in *'cannot be asked'*) ;; *) fail EBUSY "$hadoop_not: there is nothing to break"; return 1 ;; esac
		;;
	esac
}

# hadoop_is_live PID SINCE [MS]
hadoop_is_live() {
	host_well "${3-}" hadoop_live "$1" "$2" || fail EIO "$hadoop_not" "it runs again; restore once more, or see its log"
}

# hadoop_age PID: when it was started, in ms of CLOCK_BOOTTIME.
hadoop_age() {
	hadoop_v=$(fd_start_time "$1") && printf '%s' "${hadoop_v}0"
}
