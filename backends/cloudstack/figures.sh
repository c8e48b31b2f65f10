# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What each part says of itself, and the database of the whole: behind collect.sh. One question each a refresh.
# shellcheck disable=SC2154 # say is the collector's, the rest is proc.sh's and conf.sh's

# cloudstack_age COLUMN: seconds since then. The servers write UTC or their own time, by version: the nearer one is meant.
cloudstack_age() {
	printf 'LEAST(ABS(TIMESTAMPDIFF(SECOND, %s, UTC_TIMESTAMP())), ABS(TIMESTAMPDIFF(SECOND, %s, NOW())))' "$1" "$1"
}

# cloudstack_called KEY TABLE: prints what the database is called: by db.properties, where this node has it; else the one that
# has such a table.
cloudstack_called() {
	cloudstack_get management db.properties "$1" ''
	[ -n "$cloudstack_value" ] || cloudstack_value=$(cloudstack_sql "SELECT TABLE_SCHEMA FROM information_schema.TABLES WHERE TABLE_NAME = '$2' LIMIT 1")
	case $cloudstack_value in *[!A-Za-z0-9_-]*) ;; *) printf '%s' "$cloudstack_value" ;; esac
}

# To cloudstack_database, once a session. The answer is KEY<TAB>VALUE lines as the collector prints them; what a version has not
# is an error of that line alone. A host is named with its state; servers are where there are several.
cloudstack_questions() {
	cloudstack_db=$(cloudstack_called db.cloud.name mshost)
	cloudstack_udb=$(cloudstack_called db.usage.name usage_job)
	cloudstack_database="
SELECT 'db_used', COUNT(*) FROM information_schema.PROCESSLIST WHERE USER NOT IN ('system user', 'event_scheduler');
SELECT 'db_limit', @@GLOBAL.max_connections;"
	[ -z "$cloudstack_db" ] || cloudstack_database="$cloudstack_database
SELECT 'hosts_up', COUNT(IF(status = 'Up', 1, NULL)) FROM \`$cloudstack_db\`.host WHERE removed IS NULL AND type = 'Routing';
SELECT 'hosts_away', COUNT(IF(status = 'Up', NULL, 1)) FROM \`$cloudstack_db\`.host WHERE removed IS NULL AND type = 'Routing';
SELECT 'health', CONCAT_WS('; ',
	(SELECT CONCAT('hosts: ', GROUP_CONCAT(name, ' ', status ORDER BY id SEPARATOR ', ')) FROM \`$cloudstack_db\`.host
		WHERE removed IS NULL AND type = 'Routing'),
	(SELECT IF(COUNT(*) > 1, CONCAT('servers: ', GROUP_CONCAT(name, ' ', state, ', beat ', $(cloudstack_age last_update), ' s ago'
		ORDER BY id SEPARATOR '; ')), NULL) FROM \`$cloudstack_db\`.mshost WHERE removed IS NULL));
SELECT 'mshost_age', MAX($(cloudstack_age last_update)) FROM \`$cloudstack_db\`.mshost WHERE removed IS NULL AND state = 'Up' HAVING COUNT(*) > 0;"
	[ -z "$cloudstack_udb" ] || cloudstack_database="$cloudstack_database
SELECT 'usage_age', MIN($(cloudstack_age heartbeat)) FROM \`$cloudstack_udb\`.usage_job HAVING COUNT(heartbeat) > 0;"
}

# One connection is held for all questions of this session: a client that reads them from a pipe. Nothing of it stays in a
# directory, and it ends with this shell.
cloudstack_connect() {
	cloudstack_dir=$(mktemp -d /run/.faultdeck-sql.XXXXXX 2>/dev/null) || return 1
	if mkfifo "$cloudstack_dir/ask" "$cloudstack_dir/said" 2>/dev/null; then
		HOME=/root "$cloudstack_client" --connect-timeout=5 --force --unbuffered -N -B -r <"$cloudstack_dir/ask" >"$cloudstack_dir/said" 2>&1 &
		exec 6>"$cloudstack_dir/ask" 7<"$cloudstack_dir/said"
		cloudstack_connected=yes
	fi
	rm -r "$cloudstack_dir"
	[ -n "$cloudstack_connected" ]
}
cloudstack_connected=

# To cloudstack_said, up to a line that we asked for. False where the connection is gone, or nothing came in 8 s.
cloudstack_asked() {
	if [ -z "$cloudstack_connected" ] && ! cloudstack_connect; then
		cloudstack_said=$(cloudstack_sql "$cloudstack_database")
		cloudstack_r=$?
		return "$cloudstack_r"
	fi
	(printf "%s\nSELECT '.';\n" "$cloudstack_database" >&6) 2>/dev/null
	cloudstack_said=$(timeout 8 sed -u -e '/^\.$/q' -e '/^ERROR 20[01][0-9] /q' <&7)
	cloudstack_r=$?
	case $cloudstack_said in *'
.') return 0 ;; esac
	exec 6>&- 7<&-
	cloudstack_connected=
	return 1
}

# What was restarted meanwhile is connected to anew.
cloudstack_ask_database() {
	[ -n "${cloudstack_database-}" ] || cloudstack_questions
	if ! cloudstack_asked && { [ "$cloudstack_r" = 124 ] || ! cloudstack_asked; }; then
		cloudstack_database= # where it was not there when it was asked what it has
		case $cloudstack_r in
		124) say health 'hangs: no answer in 8 s' ;;
		*) say health "$(cloudstack_why "$(printf '%s\n' "$cloudstack_said" | grep ERROR)")" ;;
		esac
	fi
	printf '%s\n' "$cloudstack_said" | grep -e '^[a-z_]*	'
}

# The database may be another node's.
cloudstack_say_ms() {
	cloudstack_api
	cloudstack_v=$(cloudstack_api_words)
	cloudstack_get management db.properties db.cloud.host localhost
	case $cloudstack_value in localhost | 127.* | ::1) ;; *) cloudstack_v="$cloudstack_v; its database is on $cloudstack_value" ;; esac
	say health "$cloudstack_v"
	[ "$cloudstack_code" = 000 ] || say api "$cloudstack_took"
	! cloudstack_v=$(ss -Htn state established 'sport = :8250') || say agents "$(printf '%s' "$cloudstack_v" | grep -c .)"
}

cloudstack_ask() {
	case $cloudstack_c in
	ms) cloudstack_say_ms ;;
	mysql) cloudstack_ask_database ;;
	agent)
		if cloudstack_agent_connected "$cloudstack_pid"; then say health connected; else say health 'not connected to a management server'; fi
		;;
	libvirt | nfs)
		if cloudstack_well "$cloudstack_c" "$cloudstack_pid"; then say health answers; else say health 'does not answer'; fi
		;;
	esac
}

cloudstack_used() {
	df -P 2>/dev/null | while read -r _ _ _ _ cloudstack_v cloudstack_at; do
		case $cloudstack_at in /mnt/*) say :path "$cloudstack_at" && say used "$cloudstack_v" ;; esac
	done
}

cloudstack_slow() {
	fd_daemons cloudstack
	cloudstack_here || return 0
	for cloudstack_x in $cloudstack_found; do
		fd_split cloudstack "$cloudstack_x"
		[ "$cloudstack_letter" != T ] || continue
		case $cloudstack_c in usage) continue ;; esac
		say :service "$cloudstack_name"
		cloudstack_ask
	done
	! cloudstack_kernel_nfs || { say :service nfs && cloudstack_c=nfs && cloudstack_ask; }
	cloudstack_used
}
