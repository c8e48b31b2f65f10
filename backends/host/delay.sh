# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# host.net-delay: behind tc.sh.
# shellcheck disable=SC2154 # fd_ is the ledger's, t_ and p_ are the plan's

host_disturb() {
	host_netem delay "${p_ms}ms" "${p_jitter}ms"
}
