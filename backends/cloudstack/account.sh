# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A limit of each account's own, in the server's memory alone: ALTER USER, then the row goes back as it was on disk, without
# FLUSH. The ledger's file accounts has a line each: user, host and row as hex digits, which no name can break out of.
# shellcheck disable=SC2154 # fd_ is the ledger's, t_ and p_ are the plan's

cloudstack_is_mysql() {
	[ "$(fd_get cloudstack_server)" = mysql ]
}

cloudstack_accounts() {
	! cloudstack_is_mysql || { cloudstack_mysql_accounts; return; }
	cloudstack_sql "SELECT HEX(User), HEX(Host), HEX(Priv) FROM mysql.global_priv
		WHERE User = CONVERT(0x$(cloudstack_hex "$p_user") USING utf8mb4) AND JSON_VALUE(Priv, '\$.is_role') IS NULL"
}

# cloudstack_names USER HOST, as hex: to @u, @h; and the row as it is now, to @now.
cloudstack_names() {
	printf "SET sql_log_bin = 0, @u = CONVERT(0x%s USING utf8mb4), @h = CONVERT(0x%s USING utf8mb4);
SET @now = (SELECT Priv FROM mysql.global_priv WHERE User = @u AND Host = @h);" "$1" "$2"
}

# cloudstack_alter LIMIT ROW, both as SQL. An account that is gone stays so.
cloudstack_alter() {
	printf "EXECUTE IMMEDIATE IF(@now IS NULL, 'DO 0', CONCAT('ALTER USER ', QUOTE(@u), '@', QUOTE(@h), ' WITH MAX_USER_CONNECTIONS ', %s));
UPDATE mysql.global_priv SET Priv = %s WHERE User = @u AND Host = @h;" "$1" "$2"
}

# cloudstack_each FUNCTION: with the three words of each account.
cloudstack_each() {
	while read -r cloudstack_a_user cloudstack_a_host cloudstack_a_row; do
		"$1" "$cloudstack_a_user" "$cloudstack_a_host" "$cloudstack_a_row" || return 1
	done <"$fd_dir/accounts"
}

cloudstack_limit() {
	if cloudstack_is_mysql; then cloudstack_mysql_alter "$1" "$2" "$p_n"; return; fi
	cloudstack_said=$(cloudstack_sql "$(cloudstack_names "$1" "$2") $(cloudstack_alter "$p_n" @now)")
}

cloudstack_limit_one() {
	cloudstack_limit "$1" "$2" || fail EIO "the limit cannot be set: $(cloudstack_why "$cloudstack_said")"
}

cloudstack_account_do() {
	cloudstack_accounts >"$fd_dir/accounts"
	[ -s "$fd_dir/accounts" ] || {
		fail ENOENT "the database has no account '$p_user'" "user=NAME is CloudStack's, as db.cloud.username in db.properties"
		return 1
	}
	fd_put cloudstack_mode account && host_own && cloudstack_each cloudstack_limit_one
}

cloudstack_show() {
	if cloudstack_is_mysql; then cloudstack_mysql_show "$1" "$2"; return; fi
	cloudstack_sql "$(cloudstack_names "$1" "$2") EXECUTE IMMEDIATE IF(@now IS NULL, 'DO 0', CONCAT('SHOW CREATE USER ', QUOTE(@u), '@', QUOTE(@h)))"
}

# cloudstack_in_force USER HOST: prints the limit that the server goes by; 0 none.
cloudstack_in_force() {
	cloudstack_said=$(cloudstack_show "$1" "$2") || return 1
	case $cloudstack_said in
	*' MAX_USER_CONNECTIONS '*)
		cloudstack_said=${cloudstack_said##* MAX_USER_CONNECTIONS }
		printf '%s' "${cloudstack_said%%[!0-9]*}"
		;;
	*) printf 0 ;;
	esac
}

cloudstack_is_limited() {
	[ "$(cloudstack_in_force "$1" "$2")" = "$p_n" ] || fail EIO "the server does not go by the limit"
}

cloudstack_account_verify() {
	cloudstack_each cloudstack_is_limited
}

# The row that was captured goes back, unless somebody has changed more of it than the limit meanwhile.
cloudstack_unlimit_one() {
	! cloudstack_is_mysql || { cloudstack_mysql_alter "$1" "$2" "$3"; return; }
	cloudstack_said=$(cloudstack_sql "$(cloudstack_names "$1" "$2")
		SET @was = CONVERT(0x$3 USING utf8mb4), @key = '\$.max_user_connections';
		SET @row = IF(JSON_REMOVE(@now, @key) = JSON_REMOVE(@was, @key), @was, @now);
		$(cloudstack_alter "IFNULL(JSON_VALUE(@was, @key), 0)" @row)")
}

cloudstack_account_undo() {
	cloudstack_each cloudstack_unlimit_one
}

cloudstack_was() {
	! cloudstack_is_mysql || { printf '%s' "$1"; return; }
	cloudstack_sql "SELECT IFNULL(JSON_VALUE(CONVERT(0x$1 USING utf8mb4), '\$.max_user_connections'), 0)"
}

cloudstack_is_unlimited() {
	cloudstack_v=$(cloudstack_in_force "$1" "$2") || {
		fail EIO "the database does not say: $(cloudstack_why "$cloudstack_said")" "where it comes back, it comes without the limit"
		return 1
	}
	[ "$cloudstack_v" = "$(cloudstack_was "$3")" ] || fail EBUSY "an account is still limited to $cloudstack_v"
}

cloudstack_account_gone() {
	cloudstack_each cloudstack_is_unlimited
}

# Sessions that are open are not counted.
cloudstack_kill_user() {
	! cloudstack_is_mysql || { cloudstack_mysql_kill; return; }
	cloudstack_said=$(cloudstack_sql "$(cloudstack_names "$(cloudstack_hex "$p_user")" 00) EXECUTE IMMEDIATE CONCAT('KILL USER ', QUOTE(@u))") ||
		fail EIO "open sessions cannot be ended: $(cloudstack_why "$cloudstack_said")"
}
