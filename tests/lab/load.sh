# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The part `load:N`: l1…lN for load tests: one sshd in the controller's namespace that answers on all of 127.1.0.0/16, in a
# node of its own, so that nothing that is run there touches this machine. build/lab/load.cfg is for the deck,
# build/lab/load.ssh_config for other tools: only there they have names, since a thousand entries cost each ssh its time.

# load_each N FORMAT - the format once for each node, with its number and the two last bytes of its address
load_each() {
	local i
	for ((i = 1; i <= $1; i++)); do
		# shellcheck disable=SC2059 # that is what it is for
		printf "$2" "$i" $((i / 250)) $((i % 250 + 1))
	done
}

# load_up [N]
load_up() {
	local count=${1:-100} tree
	[[ $count =~ ^([1-9][0-9]{0,2}|1000)$ ]] || die 'load:N, N from 1 to 1000'
	if ! nspawn_running load; then
		tree=$(tree_dir) && rm -f "$STATE/load.whole" && load_start "$tree" && step 'load: login' nspawn_login load || return 1
	fi
	load_config "$count" >"$RUN/load.cfg"
	load_ssh_config "$count" >"$RUN/load.ssh_config"
	say "load: $count nodes"
}

# load_start TREE
load_start() {
	[ -f "$STATE/load.node" ] || {
		nspawn_new load 127.1.0.1 "$1" "$CONTROLLER" && load_setup "$1" "$STATE/nodes/load/upper" &&
			printf '127.1.* %s\n' "$(cut -d' ' -f1,2 "$STATE/load.hostkey.pub")" >>"$RUN/known_hosts"
	} && nspawn_start load
}

# load_setup TREE UPPER - what sets it apart from other nodes
load_setup() {
	mkdir -p "$2/usr/local/bin" &&
		install -m 755 "$LAB/load-shell" "$2/usr/local/bin/" &&
		sed '/^root:/s|[^:]*$|/usr/local/bin/load-shell|' "$1/etc/passwd" >"$2/etc/passwd" &&
		sed 's/^MaxStartups .*/MaxStartups 2000/' "$1/etc/ssh/sshd_config" >"$2/etc/ssh/sshd_config"
}

load_config() {
	printf 'cluster = "load";\nbanner = "green";\nssh_config = "%s/ssh_config";\nnodes = (' "$RUN"
	load_each "$1" '\n\t{ name = "l%d"; host = "127.1.%d.%d"; user = "root"; roles = ( "load" ); disposable = true; },' | sed '$s/,$//'
	printf '\n);\nguard = { max_nodes = 1000; max_injections = 10000; max_ttl = "10m"; };\n'
}

load_ssh_config() {
	load_each "$1" 'Host l%d\n  HostName 127.1.%d.%d\n'
	cat "$RUN/ssh_config"
}

load_down() {
	nspawn_remove load
	rm -f "$RUN"/load.* "$STATE/load.whole"
}

load_status() {
	node_status load 127.1.0.1
	[ ! -f "$RUN/load.ssh_config" ] || printf '  %d nodes\n' "$(grep -c '^Host l[0-9]' "$RUN/load.ssh_config")"
}
