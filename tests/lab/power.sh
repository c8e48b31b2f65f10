# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Any node: emulated hosts (emu.sh) and those that share this kernel (nspawn.sh). Their power, and what is told of them.

# power_kind NAME - which of the two
power_kind() {
	if [ -f "$STATE/$1.emu" ]; then
		echo emu
	elif [ -f "$STATE/$1.node" ]; then
		echo nspawn
	else
		die "no node $1"
	fi
}

# lab kill NODE - as if its power failed
verb_kill() {
	local kind
	kind=$(power_kind "${1:?kill NODE}") || exit 1
	"${kind}_off" "$1"
}

# lab start NODE - as if its power came back: only its disk is as it was; the guests start with the host
verb_start() {
	local kind
	kind=$(power_kind "${1:?start NODE}") || exit 1
	"${kind}_running" "$1" || "${kind}_start" "$1" || exit 1
	step "$1: login" "${kind}_login" "$1" || exit 1
}

# node_address NAME - the first word of what its start needs
node_address() {
	local address
	read -r address _ <"$STATE/$1.$(power_kind "$1" | sed s/nspawn/node/)" && printf '%s\n' "$address"
}

# node_status NAME
node_status() {
	local pid
	if pid=$(pid_of "$1"); then
		printf '%s %s up pid %s for %s s\n' "$1" "$(node_address "$1")" "$pid" "$(ps -o etimes= -p "$pid" | tr -d ' ')"
	else
		printf '%s down\n' "$1"
	fi
}

# deck_config CLUSTER NAME… - a cluster.cfg of these nodes
deck_config() {
	local name sep=''
	printf 'cluster = "%s";\nbanner = "green";\nssh_config = "%s/ssh_config";\nnodes = (' "$1" "$RUN"
	shift
	for name; do
		printf '%s\n\t{ name = "%s"; host = "%s"; user = "root"; roles = ( "node" ); disposable = true; }' \
			"$sep" "$name" "$(node_address "$name")"
		sep=,
	done
	printf '\n);\nguard = { max_nodes = 20; max_injections = 1000; max_ttl = "10m"; };\n'
}
