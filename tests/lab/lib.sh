# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What every part of the lab uses: words on the screen, the cache, the lock, processes by pid and start time.

# A trap runs under the redirections of what it interrupted: SAY is where an `up` keeps the real standard error.
say() { printf 'lab: %s\n' "$*" >&"${SAY:-2}"; }
die() { say "$*"; exit 1; }

# now_ms - milliseconds that a clock change does not bend
now_ms() {
	local up
	read -r up _ </proc/uptime
	up=${up/./}
	printf '%s\n' "${up}0"
}

seconds_since() {
	local ms=$(($(now_ms) - $1))
	printf '%d.%02d s' $((ms / 1000)) $((ms % 1000 / 10))
}

# step NAME CMD… - run one step and say how long it took
step() {
	local name=$1 start
	start=$(now_ms)
	shift
	"$@" || {
		say "$name: failed"
		return 1
	}
	say "$name: $(seconds_since "$start")"
}

# hash_of - the first 16 hex digits of the SHA-256 of standard input
hash_of() { sha256sum | cut -c1-16; }

# locked NAME CMD… - one process at a time; other labs may share the cache
locked() {
	local lock=$CACHE/.$1.lock
	shift
	mkdir -p "$CACHE"
	(flock 7 && "$@") 7>"$lock"
}

# cached KIND KEY MAKER… - print the directory of an artefact, made by `MAKER… TMPDIR FINALDIR` where it is missing
cached() {
	local dir=$CACHE/$1/$2
	[ -d "$dir" ] || locked "$1" make_cached "$@" >&2 || return 1
	touch "$dir"
	printf '%s\n' "$dir"
}

# make_cached - the directory appears by a rename, so that it is never half made
make_cached() {
	local kind=$1 dir=$CACHE/$1/$2 start
	shift 2
	[ ! -d "$dir" ] || return 0 # while we waited
	start=$(now_ms)
	rm -rf "$dir.tmp"
	mkdir -p "$dir.tmp"
	"$@" "$dir.tmp" "$dir" || {
		rm -rf "$dir.tmp"
		return 1
	}
	mv "$dir.tmp" "$dir"
	say "made $kind: $(seconds_since "$start")"
	prune "$CACHE/$kind"
}

# sweep - what an interrupted maker left, unless another one is at work
sweep() {
	local dir
	for dir in "$CACHE"/*/; do
		(flock -n 7 && rm -rf "$dir"*.tmp) 7>"$CACHE/.$(basename "$dir").lock"
	done
}

# prune DIR - artefacts of one kind that nobody used for a fortnight
prune() { find "$1" -mindepth 1 -maxdepth 1 -mtime +14 -exec rm -rf {} +; }

# One lab is brought up or down at a time. Descriptor 9 is closed in what outlives us (see spawn).
take_lock() {
	exec 9>"/run/lock/$PREFIX"
	flock -n 9 || {
		say "waiting for another lab command"
		flock 9
	}
}

# start_time PID - the pid's start, which tells it from a later process of the same number
start_time() {
	local stat
	stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
	# shellcheck disable=SC2086 # the words after the command's name
	set -- ${stat##*) }
	printf '%s\n' "${20}"
}

# record NAME PID - remember a process that the lab has to end
record() { printf '%s %s\n' "$2" "$(start_time "$2")" >"$STATE/$1.pid"; }

# pid_of NAME - the recorded pid, where that very process still runs
pid_of() {
	local pid start
	[ -f "$STATE/$1.pid" ] && read -r pid start <"$STATE/$1.pid" || return 1
	[ "$(start_time "$pid")" = "$start" ] && printf '%s\n' "$pid"
}

# end NAME - end a recorded process and wait until it is gone
end() {
	local pid i
	if pid=$(pid_of "$1"); then
		kill -KILL "$pid" 2>/dev/null
		for ((i = 0; i < 200; i++)); do
			pid_of "$1" >/dev/null || break
			sleep 0.02
		done
	fi
	rm -f "$STATE/$1.pid"
}

# spawn NAME LOG CMD… - start CMD in a session of its own, so that a Ctrl-C of ours ends it only through down.
# A signal waits until the pid is recorded.
spawn() {
	local name=$1 log=$2
	shift 2
	spawning=yes
	: >"$log" # before the child does: what an earlier one wrote must not be taken for its own
	setsid "$@" 8>&- 9>&- </dev/null >"$log" 2>&1 &
	record "$name" $!
	disown # bash has nothing to say when it is killed
	spawning=
	[ -z "$interrupted" ] || interrupt
}

spawning='' interrupted=''

# interrupt - what INT, TERM and HUP do to an `up`
interrupt() {
	interrupted=yes
	[ -n "$spawning" ] || give_up interrupted 130
}

# wait_for SECONDS CMD… - poll until CMD succeeds
wait_for() {
	local end=$(($(now_ms) + $1 * 1000))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$(now_ms)" -lt "$end" ] || return 1
		sleep 0.1
	done
}
