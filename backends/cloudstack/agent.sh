# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# cloudstack.agent-disconnect: behind host/common.sh, process.sh, ssh.sh, nft.sh and this backend's conf.sh, proc.sh, live.sh.
# The port is that of agent.properties, to whichever management server; SSH passes.
# shellcheck disable=SC2154 # fd_ is the ledger's, t_ and p_ are the plan's

# What ss -K sends to end a connection has to get through; nothing else does.
cloudstack_verdict() {
	case $p_mode in
	reset) printf 'tcp flags & rst == 0 reject with tcp reset' ;;
	drop) printf 'drop' ;;
	esac
}

cloudstack_cut() {
	host_nft_do <<-EOF_NFT
		chain from_server {
			type filter hook input priority -150; policy accept;
			jump exempt
			tcp sport $cloudstack_port $(cloudstack_verdict)
		}
		chain to_server {
			type filter hook output priority -150; policy accept;
			jump exempt
			tcp dport $cloudstack_port $(cloudstack_verdict)
		}
	EOF_NFT
}

# The kernel says to both ends that it is over. Where it cannot, the next ping finds out.
cloudstack_end_connections() {
	[ "$p_mode" = drop ] || ss -K -Htn state established "dport = :$cloudstack_port" >/dev/null 2>&1
	return 0
}

do_() {
	cloudstack_take && host_ssh_ports || return 1
	cloudstack_agent_connected "$cloudstack_pid" || {
		fail EBUSY "the agent is not connected to a management server: there is nothing to cut" "ss -tn 'dport = :$cloudstack_value'"
		return 1
	}
	cloudstack_port=$cloudstack_value
	case ,$host_ports, in *",$cloudstack_port,"*) fail EPERM "SSH listens on $cloudstack_port too"; return 1 ;; esac
	cloudstack_before && cloudstack_cut && cloudstack_end_connections
}

# It comes again after its back-off, 5 s; a dropped one may not have noticed.
gone_() {
	host_owned || return 0
	host_nft_gone || return 1
	cloudstack_server "$(host_main_pid)"
	cloudstack_is_well "$cloudstack_pid"
}
