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

# Milliseconds of CLOCK_BOOTTIME.
fd_now() {
	read -r fd_up _ </proc/uptime
	fd_up=${fd_up%.*}${fd_up#*.}0
	printf '%s' "$fd_up"
}

fd_put() {
	printf '%s\n' "$2" >"$fd_dir/.$1" && mv -f "$fd_dir/.$1" "$fd_dir/$1"
}

fd_get() {
	fd_value=
	[ ! -r "$fd_dir/$1" ] || read -r fd_value <"$fd_dir/$1"
	printf '%s' "$fd_value"
}

fd_state() {
	fd_put state "$1" && say state "$1"
}

# The lock is this very file: it goes with the entry. Children must not inherit it (9<&-).
fd_lock() {
	exec 9<"$0" && flock -w 30 9 && [ -d "$fd_dir" ]
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

# The process of the TTL is known by pid and start time, never by pid alone.
fd_start_time() {
	[ -r "/proc/$1/stat" ] || return 1
	read -r fd_stat <"/proc/$1/stat" 2>/dev/null || return 1
	# shellcheck disable=SC2086 # the fields behind the name are words
	set -- ${fd_stat##*) }
	printf '%s' "${20}"
}

# fd_clock_kill UNIT "PID BORN": either may be empty.
fd_clock_kill() {
	[ -z "$1" ] || systemctl stop "$1" 2>/dev/null
	fd_pid=${2%% *}
	[ -z "$fd_pid" ] || [ "$(fd_start_time "$fd_pid")" != "${2##* }" ] ||
		kill -- "-$fd_pid" 2>/dev/null
}

# fd_clock_start TTL_MS: this node ends the injection by itself then. A timer that was overtaken by
# a renewal finds another generation and does nothing. The timer's command is plain words: what
# systemd makes of quotes and dollars changes when somebody reloads its units.
fd_clock_start() {
	fd_gen=$(($(fd_get generation) + 1))
	fd_put ttl_ms "$1" && fd_put deadline "$(($(fd_now) + $1))" || return 1
	fd_s=$((($1 + 999) / 1000))
	if [ -d /run/systemd/system ]; then
		systemd-run --quiet --collect --unit="faultdeck-$FD_ID-$fd_gen" \
			--on-active="$fd_s" --timer-property=AccuracySec=100ms \
			/bin/sh "$fd_dir/undo.sh" clock "$fd_gen" 0 9<&- || return 1
		fd_put unit "faultdeck-$FD_ID-$fd_gen.timer"
	else
		setsid sh "$fd_dir/undo.sh" clock "$fd_gen" "$fd_s" 9<&- </dev/null >/dev/null 2>&1 &
		fd_put sleeper "$! $(fd_start_time $!)"
	fi && fd_put generation "$fd_gen" # last: until then the old clock is the one that counts
}

# fd_clock GENERATION SECONDS: what runs at the end of the TTL, until it has worked.
fd_clock() {
	sleep "$2"
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
		! sh "$0" expire "$1" || return 0
		sleep 2
	done
}

# Called when nothing of ours is left. The directory goes with its last entry.
fd_close() {
	[ "${1-}" = expire ] || fd_clock_kill "$(fd_get unit)" "$(fd_get sleeper)"
	rm -rf "$fd_dir"
	rmdir /run/faultdeck 2>/dev/null
	say state restored
}

fd_end() {
	fd_lock || { say state restored; return 0; }
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
	if ! { fd_lock && fd_meta && fd_clock_start "$FD_TTL_MS"; }; then
		fail ENOSPC "the ledger in /run/faultdeck cannot be written"
		fd_close >/dev/null
		say state failed
		return 1
	fi
	fd_state prepared
	if do_ 9<&- && verify_ 9<&-; then
		fd_state active
		say deadline "$(fd_get deadline)"
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
	fd_lock || {
		fail ENOENT "no injection $FD_ID on this node any more"
		return 1
	}
	if command -v renew_ >/dev/null; then
		renew_ "$1" 9<&- || return 1
	fi
	fd_old_unit=$(fd_get unit)
	fd_old_sleeper=$(fd_get sleeper)
	fd_clock_start "$1" || return 1
	fd_clock_kill "$fd_old_unit" "$fd_old_sleeper"
	say state active
	say deadline "$(fd_get deadline)"
}

fd_main() {
	case $1 in
	inject) fd_inject ;;
	undo | expire) fd_end "$@" ;;
	clock) fd_clock "$2" "$3" ;;
	renew) fd_renew "$2" ;;
	drop) fd_close ;;
	esac
}
