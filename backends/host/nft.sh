# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# One nft table an injection, which is made and removed as a whole and touches no other.
# shellcheck disable=SC2154 # fd_ is the ledger's, t_ and p_ are the plan's

host_table="faultdeck_$FD_ID"

# Printed into the table: what passes whatever is asked. SSH both ways, and what an address, a
# neighbour and a path need to stay: DHCP, neighbour discovery, packet-too-big.
host_exempt() {
	cat <<EOF
	chain exempt {
		tcp dport { $host_ports } accept
		tcp sport { $host_ports } accept
		icmp code frag-needed icmp type destination-unreachable accept
		icmpv6 type { packet-too-big, nd-router-solicit, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert } accept
		udp dport { 67, 68, 546, 547 } accept
	}
EOF
}

# Takes the chains on its input. `create` fails where a table of that name is already.
host_nft_do() {
	host_own || return 1
	host_said=$({
		printf 'create table inet %s\ntable inet %s {\n' "$host_table" "$host_table"
		host_exempt
		cat
		printf '}\n'
	} | nft -f - 2>&1) && return 0
	host_disown
	fail EIO "nft: $(printf '%s' "$host_said" | head -n 1)"
}

verify_() {
	nft list table inet "$host_table" >/dev/null || fail EIO "the nft table is not there"
}

# 0 it is there, 1 it is not, 2 it cannot be known.
host_nft_there() {
	host_tables=$(nft list tables) || return 2
	case "
$host_tables
" in *"
table inet $host_table
"*) return 0 ;; esac
	return 1
}

undo_() {
	! host_owned || ! host_nft_there || nft delete table inet "$host_table"
}

host_nft_gone() {
	host_owned || return 0
	host_nft_there
	case $? in
	0) fail EBUSY "the table inet $host_table is still there" ;;
	1) return 0 ;;
	*) fail EIO "nft cannot list its tables" ;;
	esac
}

gone_() {
	host_nft_gone
}
