# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# host.net-isolate: behind common.sh, ssh.sh, peers.sh and nft.sh.
# shellcheck disable=SC2154 # fd_ is the ledger's, t_ and p_ are the plan's

# host_drops saddr|daddr: one rule an address.
host_drops() {
	case $host_peers in all) echo "		drop"; return ;; esac
	for host_a in $host_peers; do
		case $host_a in
		*:*) echo "		ip6 $1 $host_a drop" ;;
		*) echo "		ip $1 $host_a drop" ;;
		esac
	done
}

# host_chain NAME HOOK INTERFACE ADDRESS
host_chain() {
	printf '	chain %s {\n		type filter hook %s priority -150; policy accept;\n' "$1" "$2"
	printf '		%s "lo" accept\n		jump exempt\n' "$3"
	host_drops "$4"
	printf '	}\n'
}

host_isolate() {
	host_resolve && host_ssh_ports || return 1
	{
		[ "$p_direction" = out ] || host_chain from_peers input iif saddr
		[ "$p_direction" = in ] || host_chain to_peers output oif daddr
	} | host_nft_do
}

do_() {
	host_isolate
}
