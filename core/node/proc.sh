# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Processes, by builtins and /proc alone. Sent ahead of the collector, and of every act and operation.
# shellcheck disable=SC2034,SC2154 # what is set here is read behind it, and by eval

# fd_born PID: its start time, in ticks since the boot, to fd_value, and the letter of its state (R S T Z …) to fd_letter.
fd_born() {
	[ -r "/proc/$1/stat" ] || return 1
	read -r fd_stat 2>/dev/null <"/proc/$1/stat" || return 1
	fd_stat=${fd_stat##*) }
	fd_letter=${fd_stat%% *}
	# by words: a pattern of twenty stars costs a shell as much as twenty forks
	# shellcheck disable=SC2086
	set -- $fd_stat
	fd_value=${20}
}

# The names that backends ask for, each behind and before a slash: NAME's file adds its own.
fd_comms=/

# fd_scan: to fd_found, one word PID:BORN:LETTER:COMM a process that has one of those names. One scan serves all backends.
fd_scan() {
	fd_found=
	for fd_f in /proc/[0-9]*/comm; do
		read -r fd_comm 2>/dev/null <"$fd_f" || continue
		case $fd_comms in *"/$fd_comm/"*) ;; *) continue ;; esac
		fd_pid=${fd_f#/proc/}
		fd_pid=${fd_pid%/comm}
		! fd_born "$fd_pid" || fd_found="$fd_found $fd_pid:$fd_value:$fd_letter:$fd_comm"
	done
}

# fd_unit_of PID: prints the systemd unit whose main process it is, or that process's parent is, by the same words: one that
# watches it. One that was started by hand may live in the cgroup of whatever its shell came from.
fd_unit_of() {
	while IFS= read -r fd_v; do
		case $fd_v in 0::*.service | *:name=systemd:*.service) ;; *) continue ;; esac
		fd_v=${fd_v##*/}
		fd_main=$(systemctl show -p MainPID --value "$fd_v" 2>/dev/null)
		[ "$fd_main" != "$1" ] && ! fd_watches "$fd_main" "$1" || printf '%s' "$fd_v"
		return
	done 2>/dev/null <"/proc/$1/cgroup"
}

# fd_watches MAIN PID
fd_watches() {
	fd_born "$2" || return 1
	case $fd_stat in [A-Za-z]\ "$1"\ *) ;; *) return 1 ;; esac
	[ "$(tr '\0' '\n' 2>/dev/null <"/proc/$1/cmdline")" = "$(tr '\0' '\n' 2>/dev/null <"/proc/$2/cmdline")" ]
}

# fd_daemons NAME: to NAME_found, one word PID:BORN:LETTER:COMPONENT:UNIT a process of fd_found for which NAME_component
# PID COMM prints a component. What is known of a process stays in NAME_known while it lives: a new one costs a few
# forks, once.
fd_daemons() {
	eval "fd_known=\${$1_known-}"
	fd_list='' fd_next=' '
	for fd_x in $fd_found; do
		fd_comm=${fd_x##*:}
		fd_x=${fd_x%:*}
		fd_key=${fd_x%:*}
		case $fd_known in
		*" $fd_key="*)
			fd_v=${fd_known#*" $fd_key="}
			fd_v=${fd_v%% *}
			;;
		*)
			fd_v=$("$1_component" "${fd_key%:*}" "$fd_comm")
			[ -z "$fd_v" ] || fd_v=$fd_v:$(fd_unit_of "${fd_key%:*}")
			;;
		esac
		fd_next="$fd_next$fd_key=$fd_v "
		[ -z "$fd_v" ] || fd_list="$fd_list $fd_x:$fd_v"
	done
	eval "$1_known=\$fd_next $1_found=\$fd_list"
}

# fd_split NAME WORD of NAME_found: to NAME_pid, _born, _letter, _c the component, _u the unit, and _name: the component, or
# COMPONENT-PID where several run on this node, so that a target never comes to mean another one.
fd_split() {
	fd_pid=${2%%:*} fd_v=${2#*:}
	fd_value=${fd_v%%:*} fd_v=${fd_v#*:}
	fd_letter=${fd_v%%:*} fd_v=${fd_v#*:}
	fd_x=${fd_v%%:*} fd_v=${fd_v#*:}
	fd_name=$fd_x
	eval "fd_list=\$$1_found"
	case $fd_list in *":$fd_x:"*":$fd_x:"*) fd_name=$fd_x-$fd_pid ;; esac
	eval "$1_pid=\$fd_pid $1_born=\$fd_value $1_letter=\$fd_letter $1_c=\$fd_x $1_u=\$fd_v $1_name=\$fd_name"
}
