# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# One injection on this node. The operator sends this file, a few FD_ variables and the functions
# do_ undo_ verify_ gone_ (and renew_, where the act has a clock of its own) as one text; begin.sh
# keeps the text as /run/faultdeck/ID/undo.sh before anything is changed and runs it from there, so
# that what the ledger holds is exactly what runs, also when the operator is gone.
#
#   sh undo.sh inject | undo | expire GENERATION |
#              clock GENERATION SECONDS | renew TTL_MS | drop
#
# drop takes it off the ledger with its clock, without a proof that anything was undone.
#
# Answers are lines KEY<TAB>VALUE: state, deadline, error (NAME and text), hint, note. FD_: ID FAULT TARGET
# OWNER PARAMS PURPOSE STARTED (ms since 1970) TTL_MS AFTERMATH.

fd_dir=/run/faultdeck/$FD_ID

say() {
	printf '%s\t%s\n' "$1" "$2"
}

# fail ERRNO TEXT [HINT]: says why and is false, for `cmd || fail …` and `return`.
fail() {
	say error "$1 $2"
	[ -z "${3-}" ] || say hint "$3"
	return 1
}

# Milliseconds of CLOCK_BOOTTIME, to fd_up: $(…) is a fork, which is what an injection waits for.
fd_clock_now() {
	read -r fd_up _ </proc/uptime
	fd_up=${fd_up%.*}${fd_up#*.}0
}

fd_now() {
	fd_clock_now
	printf '%s' "$fd_up"
}

# What changes counts by a rename, what is new by being there.
fd_put() {
	[ -e "$fd_dir/$1" ] || {
		printf '%s\n' "$2" >"$fd_dir/$1"
		return
	}
	printf '%s\n' "$2" >"$fd_dir/.$1" && mv -f "$fd_dir/.$1" "$fd_dir/$1"
}

# fd_load KEY: to fd_value.
fd_load() {
	fd_value=
	[ ! -r "$fd_dir/$1" ] || read -r fd_value <"$fd_dir/$1"
}

fd_get() {
	fd_load "$1"
	printf '%s' "$fd_value"
}

# Always by a rename: whoever looks at the entry meanwhile finds a whole word. With /run full the word is written over the
# old one, which takes no room: a restore that waits for others is not shown as active.
fd_state() {
	{ printf '%s\n' "$1" >"$fd_dir/.state" && mv -f "$fd_dir/.state" "$fd_dir/state"; } 2>/dev/null ||
		printf '%s\n' "$1" 1<>"$fd_dir/state" || return 1
	say state "$1"
}

# fd_lock TENTHS: 0 it is ours, 1 the entry is gone, 2 somebody else had it all the time. The lock is this
# very file: it goes with the entry. Children must not inherit it (9<&-).
fd_lock() {
	[ -d "$fd_dir" ] && command exec 9<"$0" || return 1
	fd_left=$1
	until flock -n 9; do
		[ "$fd_left" -gt 0 ] || return 2
		fd_left=$((fd_left - 1))
		sleep 0.1
	done
	[ -d "$fd_dir" ] || return 1
	fd_born $$ && printf '%s %s\n' "$$" "$fd_value" 2>/dev/null >"$fd_dir/holder"
	return 0
}

fd_session() {
	read -r fd_stat <"/proc/$1/stat" || return 1
	# shellcheck disable=SC2086 # the fields behind the name are words
	set -- ${fd_stat##*) }
	printf '%s' "$4"
}

# What does not end in time is ended: children first, so that none of them goes on with it. Those of
# another session are clocks, keepers, and what was started again.
fd_kill_tree() {
	kill -STOP "$1"
	# shellcheck disable=SC2013 # numbers
	for fd_child in $(cat "/proc/$1/task"/*/children); do
		[ "$(fd_session "$fd_child")" != "$2" ] || fd_kill_tree "$fd_child" "$2"
	done
	kill -KILL "$1"
}

# The TTL does not wait for an act, or a restore, that hangs.
fd_lock_for_ttl() {
	fd_lock 5
	case $? in 0) return 0 ;; 1) return 1 ;; esac
	fd_holder=$(fd_get holder)
	[ -z "$fd_holder" ] || [ "$(fd_start_time "${fd_holder%% *}")" != "${fd_holder##* }" ] ||
		fd_kill_tree "${fd_holder%% *}" "$(fd_session "${fd_holder%% *}")" 2>/dev/null
	fd_lock 50
}

fd_meta() {
	{
		say fault "$FD_FAULT"
		say target "$FD_TARGET"
		say owner "$FD_OWNER"
		say params "$FD_PARAMS"
		say purpose "$FD_PURPOSE"
		say started "$FD_STARTED"
		say aftermath "$FD_AFTERMATH"
	} >"$fd_dir/meta"
}

# A process is known by pid and start time, never by pid alone.
fd_start_time() {
	fd_born "$1" && printf '%s' "$fd_value"
}

# fd_clock_kill GENERATION "PID BORN": of a timer, a pattern is taken too; of a sleeper.
fd_clock_kill() {
	[ ! -d /run/systemd/system ] || systemctl stop "faultdeck-$FD_ID-$1.timer" 2>/dev/null
	fd_pid=${2%% *}
	[ -z "$fd_pid" ] || [ "$(fd_start_time "$fd_pid")" != "${2##* }" ] ||
		kill -- "-$fd_pid" 2>/dev/null || kill "$fd_pid" 2>/dev/null # one just begun is not its group's first yet
}

# fd_clock_run GENERATION TTL_MS. The timer's command is plain words: what systemd makes of quotes and
# dollars changes when somebody reloads its units.
fd_clock_run() {
	if [ -d /run/systemd/system ]; then
		systemd-run --quiet --collect --unit="faultdeck-$FD_ID-$1" \
			--on-active="$2ms" --timer-property=AccuracySec=100ms \
			/bin/sh "$fd_dir/undo.sh" clock "$1" 0 9<&-
		return
	fi
	setsid sh "$fd_dir/undo.sh" clock "$1" $((($2 + 999) / 1000)) 9<&- </dev/null >/dev/null 2>&1 &
	fd_put sleeper "$! $(fd_start_time $!)" || { kill -- "-$!" 2>/dev/null || kill "$!"; return 1; }
}

# fd_clock_start TTL_MS: this node ends the injection by itself then. A timer that was overtaken by a
# renewal finds another generation and does nothing. All that is said of it is written before; where
# there was one it counts by a rename, which a full disk does not stop: the generation last.
fd_clock_start() {
	fd_load generation
	fd_gen=$((fd_value + 1)) fd_dot=.
	[ -n "$fd_value" ] || fd_dot=
	fd_clock_now
	printf '%s\n' "$1" >"$fd_dir/${fd_dot}ttl_ms" && printf '%s\n' "$((fd_up + $1))" >"$fd_dir/${fd_dot}deadline" &&
		printf '%s\n' "$fd_gen" >"$fd_dir/${fd_dot}generation" && fd_clock_run "$fd_gen" "$1" || return 1
	[ -n "$fd_dot" ] || return 0
	for fd_f in ttl_ms deadline generation; do
		mv -f "$fd_dir/.$fd_f" "$fd_dir/$fd_f" || return 1
	done
}

# fd_clock GENERATION SECONDS: what runs at the end of the TTL, until it has worked.
fd_clock() {
	sleep "$2"
	fd_pause=1
	while [ -e "$0" ] && ! sh "$0" expire "$1"; do
		sleep "$fd_pause"
		[ "$fd_pause" -ge 30 ] || fd_pause=$((fd_pause * 2))
	done
}

# Called when nothing of ours is left. The directory goes with its last entry. systemd forgets a timer a
# little after it has ended: seen without the entry it would look like one whose entry was deleted.
fd_close() {
	[ "${1-}" = expire ] || fd_clock_kill '[0-9]*' "$(fd_get sleeper)"
	rm -rf /run/systemd/transient/"faultdeck-$FD_ID"-*.timer "$fd_dir"
	rmdir /run/faultdeck 2>/dev/null
	say state restored
}

fd_end() {
	if [ "$1" = expire ]; then fd_lock_for_ttl; else fd_lock 300; fi
	case $? in
	1) say state restored; return 0 ;;
	2)
		say state unknown
		fail EBUSY "something else works on it: its injection, or another restore" "try again"
		return 1
		;;
	esac
	[ "$1" != expire ] || [ "$2" = "$(fd_get generation)" ] || return 0
	fd_state restoring
	undo_ 9<&-
	if gone_ 9<&-; then
		fd_close "$1"
	else
		fd_put state unknown
		say state unknown
		return 1
	fi
}

fd_inject() {
	if ! { fd_lock 300 && fd_meta && fd_clock_start "$FD_TTL_MS"; }; then
		fail ENOSPC "the ledger in /run/faultdeck cannot be written"
		fd_close >/dev/null
		say state failed
		return 1
	fi
	fd_state prepared
	if do_ 9<&- && verify_ 9<&- && fd_put state active; then
		say state active
		fd_load deadline
		say deadline "$fd_value"
		return 0
	fi
	undo_ >/dev/null 9<&-
	if gone_ 9<&-; then
		fd_close >/dev/null
		say state failed
	else
		fd_put state unknown
		say state unknown
	fi
	return 1
}

# The old clock goes when the new one runs: there is no moment without one.
fd_renew() {
	fd_lock 300 || {
		fail ENOENT "no injection $FD_ID on this node any more, or something else works on it"
		return 1
	}
	if command -v renew_ >/dev/null; then
		renew_ "$1" 9<&- || return 1
	fi
	fd_old=$(fd_get generation)
	fd_old_sleeper=$(fd_get sleeper)
	fd_clock_start "$1" || {
		fail ENOSPC "the new TTL cannot be kept in /run/faultdeck: the old one holds"
		return 1
	}
	fd_clock_kill "$fd_old" "$fd_old_sleeper"
	say state active
	say deadline "$(fd_get deadline)"
}

# An operator who is gone does not end what was begun.
fd_main() {
	trap '' PIPE
	case $1 in
	inject) fd_inject ;;
	undo | expire) fd_end "$@" ;;
	clock) fd_clock "$2" "$3" ;;
	renew) fd_renew "$2" ;;
	drop) fd_close ;;
	esac
}
