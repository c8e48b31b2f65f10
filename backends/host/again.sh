# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A process without a unit, as /proc shows it, to a text that starts it again: argv, environment, cwd,
# user, umask, limits, output files, cgroup. What cannot be given back is refused before the kill.
# shellcheck disable=SC2154 # fd_ is the ledger's, t_ and p_ are the plan's

# The NUL-separated words of a file, each quoted; bytes, whatever they mean to somebody.
host_words() {
	LC_ALL=C sed -z "s/'/'\\\\''/g; s/^/'/; s/\$/' /" "$1" | tr -d '\0'
}

host_quoted() {
	printf "'%s'" "$(printf '%s' "$1" | LC_ALL=C sed "s/'/'\\\\''/g")"
}

host_field() {
	sed -n "s/^$2:[^0-9a-f]*//p" "/proc/$1/status" | tr '\t' ' '
}

host_cannot() {
	fail EPERM "it could not be started again as it was: $1" "run it as a systemd unit"
}

# Its first word must lead to its program: else the command line was written over.
host_same_program() {
	host_exe=$(readlink "/proc/$1/exe") || { host_cannot "its program cannot be read"; return 1; }
	host_first=$(tr '\0' '\n' <"/proc/$1/cmdline" | head -n 1)
	host_path=$(tr '\0' '\n' <"/proc/$1/environ" | sed -n 's/^PATH=//p' | head -n 1)
	host_found=$(cd "/proc/$1/cwd" && PATH=${host_path:-/usr/bin:/bin} && command -v -- "$host_first")
	host_found=$(cd "/proc/$1/cwd" && readlink -f -- "$host_found")
	[ "$host_found" = "$host_exe" ] || { host_cannot "its command line is not the one that it was started by"; return 1; }
	# env would read it as a variable, and what is no variable as a command
	case $host_first in *=*) host_cannot "its name holds a ="; return 1 ;; esac
	! LC_ALL=C grep -zqv '^[^=]..*=\|^[^=]=' "/proc/$1/environ" || host_cannot "its environment was written over"
}

host_same_world() {
	for host_n in mnt pid net user; do
		[ "$(readlink "/proc/$1/ns/$host_n")" = "$(readlink "/proc/1/ns/$host_n")" ] || {
			host_cannot "it lives in a container"
			return 1
		}
	done
	# shellcheck disable=SC2046 # numbers
	set -- "$1" $(host_field "$1" Uid)
	host_want=0000000000000000
	[ "$2" != 0 ] || host_want=$(host_field 1 CapEff)
	[ "$2 $(host_field "$1" CapEff)" = "$3 $host_want" ] || host_cannot "it has capabilities of its own"
}

host_same_file() {
	[ "$(stat -L -c %d:%i -- "$1")" = "$(stat -L -c %d:%i -- "$2")" ]
}

# host_fdinfo PID FD pos|flags, as /proc shows it: flags are octal.
host_fdinfo() {
	sed -n "s/^$3:[^0-9]*//p" "/proc/$1/fdinfo/$2"
}

# What tells one open file from another: where it leads, its flags less close-on-exec, and its place
# where that matters.
host_opened() {
	host_flags=$(($(host_fdinfo "$1" "$2" flags) & ~02000000))
	[ $((host_flags & 02000)) = 0 ] || { printf '%s append' "$host_flags"; return; }
	printf '%s %s' "$host_flags" "$(host_fdinfo "$1" "$2" pos)"
}

# host_shares PID FD: a lower descriptor of the same open file, to host_e.
host_shares() {
	for host_e in 0 1 2 3 4 5 6 7 8; do
		[ "$host_e" -lt "$2" ] || return 1
		[ "$(readlink "/proc/$1/fd/$host_e")" != "$(readlink "/proc/$1/fd/$2")" ] ||
			[ "$(host_opened "$1" "$host_e")" != "$(host_opened "$1" "$2")" ] || return 0
	done
	return 1
}

# host_output PID FD: one that appends does so again. Another goes on at its place, or at the end where it
# was there; it is opened for reading too, since a shell would empty it else.
host_output() {
	host_q=$(host_quoted "$host_to")
	if host_shares "$1" "$2"; then
		printf 'exec %s>&%s\n' "$2" "$host_e"
	elif [ $((host_flags & 02000)) != 0 ]; then
		printf 'exec %s>>%s\n' "$2" "$host_q"
	else
		printf 'exec %s<>%s\n' "$2" "$host_q"
		[ -f "$host_to" ] || return 0
		host_pos=$(host_fdinfo "$1" "$2" pos)
		# shellcheck disable=SC2016 # expands in that process
		[ "$host_pos" -lt "$(stat -c %s -- "$host_to")" ] || host_pos='"$(stat -c %s -- '$host_q')"'
		printf 'dd bs=1 count=0 skip=%s <&%s 2>/dev/null\n' "$host_pos" "$2"
	fi
}

# host_file PID FD: prints the redirection that opens the same file, or refuses.
host_file() {
	host_to=$(readlink "/proc/$1/fd/$2") || { [ "$2" -gt 2 ] || printf 'exec %s>&-\n' "$2"; return 0; }
	host_flags=$(host_fdinfo "$1" "$2" flags)
	case $((host_flags & 3)):$host_to in
	*:/dev/null) printf 'exec %s<>/dev/null\n' "$2" ;;
	0:/*) [ "$2" != 0 ] || printf 'exec 0<%s\n' "$(host_quoted "$host_to")" ;;
	*:*' (deleted)' | *:[!/]*) [ "$2" -gt 2 ] || host_cannot "its file $2 is ${host_to%%:*}" ;;
	*)
		host_same_file "$host_to" "/proc/$1/fd/$2" || { host_cannot "its file $2 is not $host_to any more"; return 1; }
		host_output "$1" "$2"
		;;
	esac
}

host_dir() {
	host_to=$(readlink "/proc/$1/cwd")
	host_same_file "$host_to" "/proc/$1/cwd" 2>/dev/null || { host_cannot "its directory is gone"; return 1; }
	printf 'cd %s || exit 1\n' "$(host_quoted "$host_to")"
}

host_files() {
	for host_fd in 0 1 2 3 4 5 6 7 8 9; do
		host_file "$1" "$host_fd" || return 1
	done
}

host_limits() {
	printf 'prlimit --pid $$'
	while read -r host_o host_l; do
		sed -n "s/^Max $host_l  *\([^ ]*\)  *\([^ ]*\).*/ --$host_o=\1:\2/p" "/proc/$1/limits" | tr -d '\n'
	done <<-EOF
		cpu cpu time
		fsize file size
		data data size
		stack stack size
		core core file size
		rss resident set
		nproc processes
		nofile open files
		memlock locked memory
		as address space
		locks file locks
		sigpending pending signals
		msgqueue msgqueue size
		nice nice priority
		rtprio realtime priority
		rttime realtime timeout
	EOF
	printf '\n'
}

# The directories of its cgroups.
host_cgroups() {
	while IFS=: read -r _ host_c host_path; do
		for host_d in "/sys/fs/cgroup/${host_c#name=}" /sys/fs/cgroup/unified; do
			[ -n "$host_c" ] || [ "$host_d" != /sys/fs/cgroup/ ] || host_d=/sys/fs/cgroup
			[ ! -w "$host_d$host_path/cgroup.procs" ] || { printf '%s\n' "$host_d$host_path/cgroup.procs"; break; }
		done
	done <"/proc/$1/cgroup"
}

host_groups() {
	host_g=$(host_field "$1" Groups | tr -s ' ' ',')
	host_g=${host_g%,}
	if [ -n "$host_g" ]; then printf -- '--groups=%s' "$host_g"; else printf -- '--clear-groups'; fi
}

# The signals that it ignores, one a line. SIGPIPE is ignored where this runs, and a shell cannot change that.
host_ignored() {
	host_mask=$(host_field "$1" SigIgn)
	host_n=1
	while [ "$host_n" -le 31 ]; do
		[ $((0x${host_mask#????????} >> (host_n - 1) & 1)) = 0 ] || echo "$host_n"
		host_n=$((host_n + 1))
	done
}

host_signals() {
	host_ign=$(host_ignored "$1" | tr '\n' ' ')
	[ -z "$host_ign" ] || printf "trap '' %s\n" "$host_ign"
	case " $host_ign" in *' 13 '*) host_env='env -i' ;; *) host_env='env --default-signal=PIPE -i' ;; esac
	$host_env true 2>/dev/null || host_cannot "env cannot give it its signals here"
}

# The text that becomes the process: everything by exec, so that the pid stays the same.
host_text() {
	host_cgroups "$1" | while read -r host_c; do printf 'echo $$ >%s\n' "$(host_quoted "$host_c")"; done
	printf 'echo %s >/proc/$$/oom_score_adj\n' "$(cat "/proc/$1/oom_score_adj")"
	host_limits "$1"
	printf 'renice -n %s -p $$ >/dev/null\n' "$(host_nice "$1")"
	host_dir "$1" && host_files "$1" && host_signals "$1" || return 1
	printf 'umask %s\nexec setpriv --reuid=%s --regid=%s %s ' "$(host_field "$1" Umask)" \
		"$(host_field "$1" Uid | cut -d' ' -f1)" "$(host_field "$1" Gid | cut -d' ' -f1)" "$(host_groups "$1")"
	[ "$(host_field "$1" NoNewPrivs)" != 1 ] || printf -- '--no-new-privs '
	printf '%s -- ' "$host_env"
	host_words "/proc/$1/environ"
	host_words "/proc/$1/cmdline"
	printf '\n'
}

host_nice() {
	read -r host_v <"/proc/$1/stat"
	# shellcheck disable=SC2086 # the fields behind the name are words
	set -- ${host_v##*) }
	printf '%s' "${17}"
}

host_capture() {
	host_pid=$(sed 's/ .*//' "$fd_dir/pids")
	host_same_program "$host_pid" && host_same_world "$host_pid" || return 1
	host_text "$host_pid" >"$fd_dir/again.sh" || {
		# the reason went into the file instead of to the operator
		sed -n '/^\(error\|hint\)	/p' "$fd_dir/again.sh"
		return 1
	}
	cp "/proc/$host_pid/cmdline" "$fd_dir/cmdline" && host_cgroups "$host_pid" >"$fd_dir/cgroups"
}

# An empty scope of systemd vanishes: a process of ours keeps its place.
host_keep_cgroup() {
	# shellcheck disable=SC2016 # expands in that process
	setsid sh -c 'while [ -e "$0/cgroups" ]; do sleep 1; done' "$fd_dir" </dev/null >/dev/null 2>&1 &
	host_k=$!
	while read -r host_c; do
		echo "$host_k" >"$host_c"
	done <"$fd_dir/cgroups"
	return 0
}

# host_same_words PID; cmp would go by the sizes, and those of /proc are 0.
host_same_words() {
	[ "$(tr '\0' '\n' 2>/dev/null <"/proc/$1/cmdline")" = "$(tr '\0' '\n' <"$fd_dir/cmdline")" ]
}

# host_back PID BORN: this is it. A full disk keeps it from being noted, but not from being known here.
host_back() {
	host_again_is="$1 $2"
	fd_put back "$host_again_is"
	return 0
}

# Somebody may have started it meanwhile: by the same words, and after the kill.
host_find_again() {
	for host_c in /proc/[0-9]*; do
		host_same_words "${host_c#/proc/}" || continue
		host_born=$(fd_start_time "${host_c#/proc/}") || continue
		[ "$((host_born * 10))" -ge "$(fd_get killed)" ] || continue
		host_back "${host_c#/proc/}" "$host_born"
		return 0
	done
	return 1
}

host_alive_again() {
	host_b=${host_again_is:-$(fd_get back)}
	[ -n "$host_b" ] && host_is "${host_b%% *}" "${host_b##* }" && [ "$(host_state "${host_b%% *}")" != Z ]
}

# Half-done: then it is back without us.
host_never_killed() {
	read -r host_pid host_born <"$fd_dir/pids"
	host_is "$host_pid" "$host_born" && [ "$(host_state "$host_pid")" != Z ] && host_back "$host_pid" "$host_born"
}

host_again() {
	if ! host_owned || host_alive_again || host_find_again; then return 0; fi
	! host_never_killed || return 0
	setsid sh "$fd_dir/again.sh" </dev/null >/dev/null 2>&1 &
	host_k=$!
	host_wait 30 host_same_words "$host_k"
	sleep 0.5
	host_back "$host_k" "$(fd_start_time "$host_k")"
}

host_is_back() {
	host_owned || return 0
	host_alive_again || fail EIO "it was started again and has ended" "its own log says why"
}
