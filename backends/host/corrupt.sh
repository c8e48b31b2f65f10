# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# host.net-corrupt: behind tc.sh.
# shellcheck disable=SC2154 # fd_ is the ledger's, t_ and p_ are the plan's

host_disturb() {
	host_netem corrupt "$p_percent%"
}
