# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What each part says of itself, and the database of the whole: behind collect.sh. One question each a refresh.
# shellcheck disable=SC2154 # say is the collector's, the rest is proc.sh's and conf.sh's

# cloudstack_age COLUMN: seconds since then. The servers write UTC or their own time, by version: the nearer one is meant.
cloudstack_age() {
	printf 'LEAST(ABS(TIMESTAMPDIFF(SECOND, %s, UTC_TIMESTAMP())), ABS(TIMESTAMPDIFF(SECOND, %s, NOW())))' "$1" "$1"
}

# The answer is KEY<TAB>VALUE lines as the collector prints them; what has no tables is a database of something else.
cloudstack_database="
SELECT 'db_used', COUNT(*) FROM information_schema.PROCESSLIST WHERE USER NOT IN ('system user', 'event_scheduler');
SELECT 'db_limit', @@GLOBAL.max_connections;
SELECT 'hosts_up', COUNT(IF(status = 'Up', 1, NULL)) FROM cloud.host WHERE removed IS NULL AND type = 'Routing';
SELECT 'hosts_away', COUNT(IF(status = 'Up', NULL, 1)) FROM cloud.host WHERE removed IS NULL AND type = 'Routing';
SELECT 'health', CONCAT('hosts: ', GROUP_CONCAT(name, ' ', status ORDER BY id SEPARATOR ', ')) FROM cloud.host
	WHERE removed IS NULL AND type = 'Routing' HAVING COUNT(*) > 0;
SELECT 'mshost_age', MAX($(cloudstack_age last_update)) FROM cloud.mshost WHERE removed IS NULL AND state = 'Up' HAVING COUNT(*) > 0;
SELECT 'usage_age', MIN($(cloudstack_age heartbeat)) FROM cloud_usage.usage_job HAVING COUNT(heartbeat) > 0;
"

cloudstack_ask_database() {
	cloudstack_said=$(cloudstack_sql "$cloudstack_database")
	case $? in
	0) ;;
	124) say health 'hangs: no answer in 8 s' ;;
	*) say health "$(cloudstack_why "$(printf '%s\n' "$cloudstack_said" | grep ERROR)")" ;;
	esac
	printf '%s\n' "$cloudstack_said" | grep -e '^[a-z_]*	'
}

cloudstack_ask() {
	case $cloudstack_c in
	ms)
		cloudstack_api
		say health "$(cloudstack_api_words)"
		[ "$cloudstack_code" = 000 ] || say api "$cloudstack_took"
		;;
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
	cloudstack_used
}
