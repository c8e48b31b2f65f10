# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# host.dns-fail: behind common.sh, ssh.sh and nft.sh. Questions that leave this node or go to a
# resolver on it fail; no file is touched. DNS over HTTPS looks like HTTPS and passes.
# shellcheck disable=SC2154 # fd_ is the ledger's, t_ and p_ are the plan's

do_() {
	host_ssh_ports || return 1
	case $p_how in
	drop) host_tcp=drop host_udp=drop ;;
	*) host_tcp='reject with tcp reset' host_udp='reject' ;;
	esac
	host_nft_do <<EOF
	chain questions {
		type filter hook output priority -150; policy accept;
		jump exempt
		udp dport { 53, 853 } $host_udp
		tcp dport { 53, 853 } $host_tcp
	}
EOF
}
