# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# hadoop.checkpoint-block: behind host/common.sh, process.sh, ssh.sh, nft.sh and this backend's proc.sh, conf.sh, live.sh.
# What the SecondaryNameNode's user opens to the pages of NameNodes, where images go through, is reset.
# shellcheck disable=SC2154 # fd_ is the ledger's, t_ and p_ are the plan's

do_() {
	host_take main && host_ssh_ports || return 1
	hadoop_pid=$(sed 's/ .*//' "$fd_dir/pids")
	hadoop_before "$hadoop_pid" || return 1
	hadoop_ports=$(hadoop_namenodes | sed 's/.*://' | sort -u | paste -sd, -)
	[ -n "$hadoop_ports" ] || { fail ENOENT "its configuration names no NameNode"; return 1; }
	host_nft_do <<-EOF
		chain images {
			type filter hook output priority -150; policy accept;
			jump exempt
			meta skuid $(sed -n 's/^Uid:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$hadoop_pid/status") tcp dport { $hadoop_ports } reject with tcp reset
		}
	EOF
}
