# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# hadoop start and stop, a component at a time: behind host/common.sh, host/again.sh, proc.sh, conf.sh, live.sh and
# collect.sh. What has no unit is written down in /run before it is stopped, and started again as it was.
# shellcheck disable=SC2015,SC2034,SC2154 # fd_ is the ledger's, the rest is proc.sh's and collect.sh's

hadoop_kept=/run/faultdeck-hadoop

# hadoop_words COMPONENT: to hadoop_prog and hadoop_sub what Hadoop's own scripts call it.
hadoop_words() {
	case $1 in
	nn) hadoop_prog=hdfs hadoop_sub=namenode ;;
	dn) hadoop_prog=hdfs hadoop_sub=datanode ;;
	snn) hadoop_prog=hdfs hadoop_sub=secondarynamenode ;;
	rm) hadoop_prog=yarn hadoop_sub=resourcemanager ;;
	nm) hadoop_prog=yarn hadoop_sub=nodemanager ;;
	jhs) hadoop_prog=mapred hadoop_sub=historyserver ;;
	esac
}

# hadoop_unit_of COMPONENT: the unit that starts it, by what its file says.
hadoop_unit_of() {
	[ -d /run/systemd/system ] || return 0
	hadoop_words "$1"
	grep -lsi "^ExecStart=.*[ /.]$hadoop_sub\( \|\$\)" /etc/systemd/system/*.service /run/systemd/system/*.service \
		/usr/lib/systemd/system/*.service /lib/systemd/system/*.service | sed 's,.*/,,' | head -n 1
}

# hadoop_held COMPONENT: the injection that keeps it down, or stopped.
hadoop_held() {
	for hadoop_f in /run/faultdeck/*/meta; do
		hadoop_d=${hadoop_f%/meta}
		[ -e "$hadoop_d/own" ] && grep -q "^target	$1[@-]" "$hadoop_f" &&
			grep -q '^fault	hadoop\.\(crash\|hang\|gc-pause\)$' "$hadoop_f" && printf '%s' "${hadoop_d##*/}" && return
	done
}

# hadoop_free COMPONENT: no injection works on it.
hadoop_free() {
	hadoop_id=$(hadoop_held "$1")
	[ -z "$hadoop_id" ] || fail EBUSY "$1 is held by the injection $hadoop_id" "faultdeck --batch restore $hadoop_id"
}

hadoop_took() {
	hadoop_v=$(($(fd_now) - $1))
	printf '%d.%d s' $((hadoop_v / 1000)) $((hadoop_v % 1000 / 100))
}

# ---- stop ----

# How it is started again: what is refused here can still be started by Hadoop's own script, where it is known who does.
hadoop_write_down() {
	fd_dir=$hadoop_kept/$hadoop_c.$hadoop_pid
	umask 077
	mkdir -p "$fd_dir" && printf '%s %s\n' "$hadoop_pid" "$hadoop_born" >"$fd_dir/pids" || {
		fail ENOSPC "$hadoop_kept cannot be written"
		return 1
	}
	hadoop_said=$(host_capture) && {
		fd_put killed "$(fd_now)"
		fd_put pid_file "$(hadoop_pid_file "$hadoop_pid")"
		host_own
		return 0
	}
	rm -rf "$fd_dir"
	[ -n "${hadoop_user-}" ] || { printf '%s\n' "$hadoop_said"; return 1; }
}

hadoop_ended() {
	! host_is "$hadoop_pid" "$hadoop_born" || [ "$(host_state "$hadoop_pid")" = Z ]
}

hadoop_end() {
	if [ -n "$hadoop_u" ]; then
		hadoop_said=$(systemctl stop "$hadoop_u" 2>&1) || { fail EIO "$hadoop_name: $hadoop_said"; return 1; }
	else
		hadoop_write_down || return 1
		kill -TERM "$hadoop_pid"
	fi
	host_wait 200 hadoop_ended || {
		kill -KILL "$hadoop_pid"
		host_wait 50 hadoop_ended
	} || fail EIO "$hadoop_name does not end"
}

# hadoop_stop COMPONENT: all that run here.
hadoop_stop() {
	hadoop_scan
	hadoop_bad=0
	for hadoop_x in $hadoop_found; do
		fd_split hadoop "$hadoop_x"
		[ "$hadoop_c" = "$1" ] || continue
		hadoop_since=$(fd_now)
		{ hadoop_free "$1" && hadoop_end && echo "$hadoop_name stopped, $(hadoop_took "$hadoop_since")"; } || hadoop_bad=1
	done
	return $hadoop_bad
}

# ---- start ----

# hadoop_wants COMPONENT: by cluster.cfg, by what we stopped, else by the units that start at boot.
hadoop_wants() {
	case $hadoop_roles in *" $1 "*) return 0 ;; esac
	for hadoop_d in "$hadoop_kept/$1".*; do
		[ ! -d "$hadoop_d" ] || return 0
	done
	[ "$hadoop_roles" = ' ' ] && hadoop_u=$(hadoop_unit_of "$1") && [ -n "$hadoop_u" ] && systemctl -q is-enabled "$hadoop_u" 2>/dev/null
}

# Those that we stopped, as they were.
hadoop_start_kept() {
	hadoop_n=0
	for fd_dir in "$hadoop_kept/$1".*; do
		[ -d "$fd_dir" ] || continue
		rm -f "$fd_dir/back"
		host_again_is=''
		host_again
		hadoop_repid
		rm -rf "$fd_dir"
		hadoop_n=$((hadoop_n + 1))
	done
	[ "$hadoop_n" -gt 0 ]
}

hadoop_start_script() {
	hadoop_words "$1"
	[ -n "${hadoop_user-}" ] || {
		fail ENOENT "nothing says how $1 is started here: it has no unit, and we did not stop it" \
			"in cluster.cfg: settings = { hadoop_user = \"hdfs\"; hadoop_home = \"/opt/hadoop\"; }"
		return 1
	}
	hadoop_said=$(PATH=$PATH${hadoop_home:+:$hadoop_home/bin} && cd / &&
		setpriv --reuid="$hadoop_user" --regid="$(id -g "$hadoop_user")" --init-groups "$hadoop_prog" --daemon start "$hadoop_sub" 2>&1) ||
		fail EIO "$hadoop_prog --daemon start $hadoop_sub: $(printf '%s' "$hadoop_said" | tail -n 1)"
}

hadoop_begin() {
	! hadoop_start_kept "$1" || return 0
	hadoop_u=$(hadoop_unit_of "$1")
	if [ -n "$hadoop_u" ]; then
		systemctl reset-failed "$hadoop_u" 2>/dev/null
		hadoop_said=$(systemctl start "$hadoop_u" 2>&1) || fail EIO "$1: $(printf '%s' "$hadoop_said" | head -n 1)"
	else
		hadoop_start_script "$1"
	fi
}

# To hadoop_mine_all: those of COMPONENT that run here.
hadoop_find() {
	hadoop_scan
	hadoop_mine_all=
	for hadoop_x in $hadoop_found; do
		case $hadoop_x in *":$1:"*) hadoop_mine_all="$hadoop_mine_all $hadoop_x" ;; esac
	done
	[ -n "$hadoop_mine_all" ]
}

# hadoop_healthy COMPONENT: each that runs is counted as live; a NameNode leaves safe mode when there are DataNodes.
hadoop_healthy() {
	hadoop_bad=0
	for hadoop_x in $hadoop_mine_all; do
		fd_split hadoop "$hadoop_x"
		case $hadoop_letter in T | t) fail EBUSY "$hadoop_name is stopped (SIGSTOP), by somebody else"; return 1 ;; esac
		hadoop_any_state=$1
		hadoop_is_live "$hadoop_pid" "${hadoop_born}0" 60000 || hadoop_bad=1
	done
	return $hadoop_bad
}

# hadoop_start COMPONENT: where it belongs, whatever runs already.
hadoop_start() {
	hadoop_wants "$1" || return 0
	hadoop_since=$(fd_now)
	hadoop_free "$1" || return 1
	hadoop_how='runs already'
	hadoop_find "$1" || {
		hadoop_begin "$1" || return 1
		hadoop_how='started'
		host_wait 100 hadoop_find "$1" || { fail EIO "$1 was started and does not run" "its own log says why"; return 1; }
	}
	rm -rf "$hadoop_kept/$1".*
	hadoop_healthy "$1" && echo "$1 $hadoop_how, $(hadoop_took "$hadoop_since")"
}

# The end of a start: HDFS takes writes again.
hadoop_started() {
	hadoop_find nn || return 0
	hadoop_healthy '' && echo 'HDFS is out of safe mode'
}
