# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What the collector tells of Hadoop: behind proc.sh and conf.sh.
# shellcheck disable=SC2034,SC2154 # FD_ROLES and say are the collector's, the rest is proc.sh's

# hadoop_role WORD of cluster.cfg: to hadoop_r the component that it means.
hadoop_role() {
	case $1 in
	namenode | NameNode | nn) hadoop_r=nn ;;
	datanode | DataNode | dn) hadoop_r=dn ;;
	resourcemanager | ResourceManager | rm) hadoop_r='rm' ;;
	nodemanager | NodeManager | nm) hadoop_r='nm' ;;
	secondarynamenode | SecondaryNameNode | snn) hadoop_r=snn ;;
	historyserver | jobhistoryserver | JobHistoryServer | jhs) hadoop_r=jhs ;;
	*) return 1 ;;
	esac
}

hadoop_roles=
for hadoop_v in ${FD_ROLES-}; do
	! hadoop_role "$hadoop_v" || hadoop_roles="$hadoop_roles $hadoop_r"
done
hadoop_roles="$hadoop_roles "

# To hadoop_odd: what differs from cluster.cfg.
hadoop_compare() {
	hadoop_odd=
	case $hadoop_roles in
	' ' | *" $hadoop_c "*) ;;
	*) hadoop_odd="not among the roles in cluster.cfg" ;;
	esac
}

# hadoop_say_down NAME: unless it runs, or was said.
hadoop_say_down() {
	case "$hadoop_named " in *" $1 "*) return ;; esac
	hadoop_named="$hadoop_named $1"
	fd_say_down hadoop "$1"
}

# What we took down is not gone from the list.
hadoop_say_injected() {
	for hadoop_f in /run/faultdeck/*/meta; do
		[ -r "$hadoop_f" ] || continue
		hadoop_t='' hadoop_k=''
		while IFS='	' read -r hadoop_v hadoop_w; do
			case $hadoop_v in
			fault) hadoop_k=$hadoop_w ;;
			target) hadoop_t=${hadoop_w%%@*} ;;
			esac
		done <"$hadoop_f"
		case $hadoop_k:$hadoop_t in
		hadoop.*:nn | hadoop.*:nn-* | hadoop.*:dn | hadoop.*:dn-* | hadoop.*:rm | hadoop.*:rm-* | hadoop.*:nm | hadoop.*:nm-* | \
			hadoop.*:snn | hadoop.*:snn-* | hadoop.*:jhs | hadoop.*:jhs-*) hadoop_say_down "$hadoop_t" ;;
		esac
	done
}

hadoop_items() {
	fd_daemons hadoop
	hadoop_named=
	for hadoop_x in $hadoop_found; do
		fd_say_daemon hadoop "$hadoop_x"
		hadoop_named="$hadoop_named $hadoop_name $hadoop_c"
		hadoop_compare
		[ -z "$hadoop_odd" ] || say health "$hadoop_odd"
	done
	hadoop_say_injected
	case $hadoop_named$hadoop_roles in *[a-z]*)
		say :node ''
		say hadoop yes
		;;
	esac
	for hadoop_x in $hadoop_roles; do
		hadoop_say_down "$hadoop_x"
	done
}

hadoop_has_fetch() {
	command -v curl || command -v perl
}

# What the host backend finds out of the kernel is true here as well.
hadoop_has_netem() { host_has_netem; }
hadoop_has_htb() { host_has_htb; }
hadoop_has_u32() { host_has_u32; }
hadoop_has_nft() { host_has_nft; }
