# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Who the peers are: addresses, names that this node looks up, or all.
# shellcheck disable=SC2154 # fd_ is the ledger's, t_ and p_ are the plan's

# Names of cluster.cfg to addresses, as this node sees them.
host_resolve() {
	host_peers=
	for host_w in $p_peer; do
		case $host_w in
		all | *:*) host_a=$host_w ;;
		*[!0-9./]*)
			host_a=$(getent ahosts "$host_w" | sed 's/ .*//' | sort -u | tr '\n' ' ')
			[ -n "$host_a" ] || {
				fail ENOENT "this node does not know the address of $host_w" \
					"give the peer an address = \"…\" in cluster.cfg"
				return 1
			}
			;;
		*) host_a=$host_w ;;
		esac
		host_peers="$host_peers${host_peers:+ }${host_a% }"
	done
}
