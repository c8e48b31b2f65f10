# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The kernel's own NFS server: threads of the kernel, which no signal reaches. It is stopped through its unit, where it has one that
# is active, else as it was started, by rpc.nfsd; it hangs by a rule that keeps requests out.
# Behind host/common.sh, ssh.sh, nft.sh or unit.sh, and this backend's conf.sh, live.sh.
# shellcheck disable=SC2154 # fd_ is the ledger's, t_ and p_ are the plan's

cloudstack_nfsd=/proc/fs/nfsd

# Is it meant? Any other server is a process.
cloudstack_by_kernel() {
	[ "$cloudstack_kind" = nfs ] && [ "$t_pid" = 0 ]
}

cloudstack_nfsd_runs() {
	fd_n=0
	read -r fd_n 2>/dev/null <"$cloudstack_nfsd/threads" || return 1
	[ "$fd_n" != 0 ]
}

cloudstack_nfsd_take() {
	cloudstack_nfsd_runs || { fail ENOENT "it does not run"; return 1; }
	: >"$fd_dir/pids"
	cloudstack_port=$(sed 's/.* //' "$cloudstack_nfsd/portlist" | sort -u)
	case $cloudstack_port in '' | *[!0-9]*) fail EOPNOTSUPP "it does not serve at one port alone" "cat $cloudstack_nfsd/portlist"; return 1 ;; esac
	cloudstack_before
}

# What it is: the restore compares.
cloudstack_nfsd_state() {
	cat "$cloudstack_nfsd/threads" "$cloudstack_nfsd/versions" && sort "$cloudstack_nfsd/portlist"
}

# The words for rpc.nfsd that make it so; what /etc/nfs.conf says is overruled. Of NFS 2 the tools know nothing any more.
cloudstack_nfsd_words() {
	printf -- '-p %s' "$cloudstack_port"
	if grep -q '^tcp ' "$cloudstack_nfsd/portlist"; then printf ' -t'; else printf ' -T'; fi
	if grep -q '^udp ' "$cloudstack_nfsd/portlist"; then printf ' -u'; else printf ' -U'; fi
	# shellcheck disable=SC2013 # words
	for cloudstack_v in $(cat "$cloudstack_nfsd/versions"); do
		case $cloudstack_v in
		[-+]2) ;;
		+*) printf ' -V %s' "${cloudstack_v#+}" ;;
		-*) printf ' -N %s' "${cloudstack_v#-}" ;;
		esac
	done
	printf ' %s' "$fd_n"
}

cloudstack_nfsd_crash() {
	cloudstack_nfsd_take || return 1
	if [ -n "$t_unit" ] && host_active "$t_unit"; then
		host_unit_allowed && host_hold || return 1
		systemctl stop "$t_unit" || fail EIO "systemctl could not stop $t_unit"
		return
	fi
	command -v rpc.nfsd >/dev/null || { fail EOPNOTSUPP "rpc.nfsd is not there, which could start it again"; return 1; }
	cloudstack_nfsd_state >"$fd_dir/nfsd" && fd_put words "$(cloudstack_nfsd_words)" && host_own || return 1
	cloudstack_said=$(rpc.nfsd 0 2>&1) || fail EIO "rpc.nfsd: $(printf '%s' "$cloudstack_said" | head -n 1)"
}

cloudstack_nfsd_stopped() {
	! cloudstack_nfsd_runs || fail EIO "its threads are still there"
}

cloudstack_nfsd_start() {
	[ -e "$fd_dir/nfsd" ] || { host_release; return; }
	# shellcheck disable=SC2046 # words
	cloudstack_nfsd_runs || rpc.nfsd $(fd_get words)
}

cloudstack_nfsd_is_back() {
	if [ ! -e "$fd_dir/nfsd" ]; then
		host_released || return 1
	elif [ "$(cloudstack_nfsd_state)" != "$(cat "$fd_dir/nfsd")" ]; then
		fail EIO "it is not as it was: $(cloudstack_nfsd_state | tr '\n' ' ')" "it was $(tr '\n' ' ' <"$fd_dir/nfsd"), by rpc.nfsd $(fd_get words)"
		return 1
	fi
	cloudstack_is_well 0
}

cloudstack_nfsd_hang() {
	host_ssh_ports && cloudstack_nfsd_take || return 1
	case ,$host_ports, in *",$cloudstack_port,"*) fail EPERM "SSH listens on $cloudstack_port too"; return 1 ;; esac
	fd_put port "$cloudstack_port" && host_nft_do <<-EOF_NFT
		chain requests {
			type filter hook input priority -150; policy accept;
			jump exempt
			meta l4proto { tcp, udp } th dport $cloudstack_port drop
		}
	EOF_NFT
}

cloudstack_nfsd_hangs() {
	host_nft_there || fail EIO "the nft table is not there"
}

# A client that waits for its next try, which may be minutes off, is told to connect again.
cloudstack_nfsd_resume() {
	! host_nft_there || nft delete table inet "$host_table"
	ss -K -Htn state established "sport = :$(fd_get port)" >/dev/null 2>&1
	return 0
}

cloudstack_nfsd_runs_again() {
	host_nft_gone && cloudstack_is_well 0
}
