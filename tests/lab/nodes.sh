# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The part `nodes:N`: n1…nN with a real systemd, and build/lab/nodes.cfg for the deck.

# nodes_up [N]
nodes_up() {
	local count=${1:-3} tree name new=()
	[[ $count =~ ^([1-9]|1[0-9]|20)$ ]] || die 'nodes:N, N from 1 to 20'
	for ((i = 1; i <= count; i++)); do
		nspawn_running "n$i" || new+=("n$i")
	done
	if [ ${#new[@]} != 0 ]; then
		tree=$(tree_dir) && rm -f "$STATE/nodes.whole" &&
			step "nodes: ${#new[@]} switched on" nodes_start "$tree" "${new[@]}" &&
			step 'nodes: login' nspawn_login "${new[@]}" || return 1
	fi
	mapfile -t new < <(nodes_names)
	deck_config nodes "${new[@]}" >"$RUN/nodes.cfg"
}

# nodes_start TREE NAME…
nodes_start() {
	local tree=$1 name
	shift
	for name; do
		[ -f "$STATE/$name.node" ] || nspawn_new "$name" "10.77.0.$((100 + ${name#n}))" "$tree" || return 1
		nspawn_start "$name" || return 1
	done
}

nodes_names() { nspawn_known | grep -x 'n[0-9]*' | sort -V; }

nodes_down() {
	local names
	mapfile -t names < <(nodes_names)
	nspawn_part_down nodes "${names[@]}"
}

nodes_status() {
	local names
	mapfile -t names < <(nodes_names)
	nspawn_part_status "${names[@]}"
}
