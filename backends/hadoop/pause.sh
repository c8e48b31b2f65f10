# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# hadoop.gc-pause: behind host/common.sh, keep.sh, process.sh, hang.sh and this backend's proc.sh, conf.sh, live.sh.
# shellcheck disable=SC2154 # fd_ is the ledger's, t_ and p_ are the plan's

# shellcheck disable=SC2016 # expands in the process that holds
hadoop_pauses='
same() {
	read -r s 2>/dev/null <"/proc/$2/stat" || return 1
	set -- "$3" ${s##*) }
	[ "$1" = "${21}" ]
}
while alive && same "$@"; do
	kill -STOP "$2"
	sleep "$4"
	kill -CONT "$2"
	sleep "$5"
done
'

hadoop_seconds() {
	printf '%d.%03d' $(($1 / 1000)) $(($1 % 1000))
}

do_() {
	host_take main || return 1
	read -r hadoop_pid hadoop_born <"$fd_dir/pids"
	hadoop_before "$hadoop_pid" || return 1
	host_keep "$hadoop_pauses" "$hadoop_pid" "$hadoop_born" "$(hadoop_seconds "$p_pause")" "$(hadoop_seconds "$p_every")"
}

verify_() {
	{ host_kept && host_wait 100 host_each host_hangs; } || fail EIO "it was not seen stopped"
}

undo_() {
	! host_owned || { host_let_go; host_each host_cont; }
}

gone_() {
	! host_owned || { host_wait 20 host_not_kept || fail EBUSY "our process still runs"; } && host_runs_again
}
