# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# hadoop.network: behind host/common.sh, ssh.sh, peers.sh, nft.sh, isolate.sh and this backend's proc.sh, conf.sh, live.sh.
# shellcheck disable=SC2034,SC2154 # fd_ is the ledger's, t_ and p_ are the plan's; p_direction is isolate.sh's

do_() {
	p_direction=both
	hadoop_scan
	: >"$fd_dir/pids"
	for hadoop_each in $hadoop_found; do
		hadoop_before "${hadoop_each%%:*}" || return 1
		fd_split hadoop "$hadoop_each"
		printf '%s %s\n' "$hadoop_pid" "$hadoop_born" >>"$fd_dir/pids"
	done
	host_isolate
}

gone_() {
	host_owned || return 0
	host_nft_gone || return 1
	hadoop_since=$(fd_now)
	while read -r hadoop_p hadoop_b; do
		! host_is "$hadoop_p" "$hadoop_b" || hadoop_is_live "$hadoop_p" "$hadoop_since" || return 1
	done <"$fd_dir/pids"
}
