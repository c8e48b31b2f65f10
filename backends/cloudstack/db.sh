# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# cloudstack.db-limit: behind host/common.sh, keep.sh and this backend's conf.sh, account.sh, global.sh. Which of the two
# it was is asked of the ledger: undo_ and gone_ may run after a do_ that refused.
# shellcheck disable=SC2154 # fd_ is the ledger's, t_ and p_ are the plan's

cloudstack_hex() {
	printf '%s' "$1" | od -An -v -tx1 | tr -d ' \n'
}

# The database lets us in as who we are, and is the kind that we know.
cloudstack_admin() {
	cloudstack_said=$(cloudstack_sql 'SELECT VERSION()') || {
		fail EPERM "the database does not let its administrator in: $(cloudstack_why "$cloudstack_said")" \
			"root of this node has to get in by its socket: mariadb -e 'SELECT 1'"
		return 1
	}
	case $cloudstack_said in
	*MariaDB*) fd_put cloudstack_server mariadb ;;
	[89].*) fd_put cloudstack_server mysql ;;
	*) fail EOPNOTSUPP "it is $cloudstack_said: neither MariaDB nor MySQL 8 or 9" ;;
	esac
}

cloudstack_user_allowed() {
	case $p_user in
	root | mysql | mariadb.sys | '') fail EPERM "the account '$p_user' is the administrator's own: it is never limited"; return 1 ;;
	esac
	cloudstack_who=$(cloudstack_sql 'SELECT CURRENT_USER()')
	[ "${cloudstack_who%@*}" != "$p_user" ] || fail EPERM "'$p_user' is who we are there ourselves: it is never limited"
}

do_() {
	cloudstack_admin && cloudstack_user_allowed || return 1
	for cloudstack_f in /run/faultdeck/*/cloudstack_mode; do
		[ "$cloudstack_f" = '/run/faultdeck/*/cloudstack_mode' ] || {
			fail EBUSY "another injection limits this database already" "restore it first: faultdeck --batch list injections"
			return 1
		}
	done
	"cloudstack_${p_mode}_do" && cloudstack_kill_user
}

verify_() {
	"cloudstack_${p_mode}_verify"
}

undo_() {
	! host_owned || "cloudstack_$(fd_get cloudstack_mode)_undo"
}

gone_() {
	! host_owned || "cloudstack_$(fd_get cloudstack_mode)_gone"
}
