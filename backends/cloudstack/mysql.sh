# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The same limit of a MySQL 8 or 9, behind account.sh: its accounts are rows of mysql.user, it runs no text, and ends sessions one
# by one. Tried on a 9.7; of an 8 by its manual.
# shellcheck disable=SC2034,SC2154 # cloudstack_said is read by account.sh; fd_ is the ledger's, t_ and p_ are the plan's

# The third word is the limit, as it is on disk.
cloudstack_mysql_accounts() {
	cloudstack_sql "SELECT HEX(User), HEX(Host), max_user_connections FROM mysql.user
		WHERE User = CONVERT(0x$(cloudstack_hex "$p_user") USING utf8mb4)"
}

# cloudstack_mysql_words WORDS BEHIND of the account @u@@h: an SQL expression, NULL where it is gone
cloudstack_mysql_words() {
	printf "(SELECT CONCAT('%s ', QUOTE(User), '@', QUOTE(Host), '%s') FROM mysql.user WHERE User = @u AND Host = @h)" "$1" "$2"
}

cloudstack_mysql_names() {
	printf "SET sql_log_bin = 0, @u = CONVERT(0x%s USING utf8mb4), @h = CONVERT(0x%s USING utf8mb4);" "$1" "$2"
}

# cloudstack_mysql_alter USER HOST LIMIT: in memory; the row stays what it is.
cloudstack_mysql_alter() {
	cloudstack_said=$(cloudstack_sql "$(cloudstack_mysql_names "$1" "$2")
		SET @now = (SELECT max_user_connections FROM mysql.user WHERE User = @u AND Host = @h);
		SET @s = IFNULL($(cloudstack_mysql_words 'ALTER USER' " WITH MAX_USER_CONNECTIONS $3"), 'DO 0');
		PREPARE s FROM @s; EXECUTE s;
		UPDATE mysql.user SET max_user_connections = @now WHERE User = @u AND Host = @h")
}

cloudstack_mysql_show() {
	cloudstack_v=$(cloudstack_sql "$(cloudstack_mysql_names "$1" "$2") SELECT IFNULL($(cloudstack_mysql_words 'SHOW CREATE USER' ''), 'DO 0')") || {
		printf '%s' "$cloudstack_v"
		return 1
	}
	cloudstack_sql "$cloudstack_v"
}

# One that has ended meanwhile is no error.
cloudstack_mysql_kill() {
	cloudstack_v=$(cloudstack_sql "SELECT CONCAT('KILL ', ID, ';') FROM information_schema.PROCESSLIST
		WHERE USER = CONVERT(0x$(cloudstack_hex "$p_user") USING utf8mb4)") && printf '%s\n' "$cloudstack_v" |
		HOME=/root timeout 8 "$cloudstack_client" --connect-timeout=5 --force >/dev/null 2>&1
}
