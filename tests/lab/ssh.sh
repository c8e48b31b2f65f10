# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Keys of this one lab, and what an operator's ssh needs to use them.

# make_key FILE - unless it is there
make_key() { [ -f "$1" ] || ssh-keygen -q -t ed25519 -N '' -C faultdeck-lab -f "$1"; }

ssh_files() {
	mkdir -p "$RUN" && make_key "$RUN/id_ed25519" && touch "$RUN/known_hosts" || return 1
	[ -f "$RUN/ssh_config" ] || printf '%s\n' 'Host *' "  IdentityFile $RUN/id_ed25519" '  IdentitiesOnly yes' \
		"  UserKnownHostsFile $RUN/known_hosts" '  GlobalKnownHostsFile /dev/null' '  StrictHostKeyChecking yes' \
		'  User root' '  ConnectTimeout 5' >"$RUN/ssh_config"
}

# ssh_node NAME ADDRESS - a host key for the node, and how to reach it
ssh_node() {
	local key
	make_key "$STATE/$1.hostkey" || return 1
	key=$(cut -d' ' -f1,2 "$STATE/$1.hostkey.pub")
	grep -qxF "$2 $key" "$RUN/known_hosts" || printf '%s %s\n' "$2" "$key" >>"$RUN/known_hosts"
	grep -qx "Host $1" "$RUN/ssh_config" || printf 'Host %s\n  HostName %s\n' "$1" "$2" >>"$RUN/ssh_config"
}

# on NODE SCRIPT - run a line of shell on a node
on() { in_controller ssh -F "$RUN/ssh_config" -o BatchMode=yes -o ConnectTimeout=15 "$1" "$2"; }

# quoted WORD… - for a POSIX shell, which joins and splits what ssh sends
quoted() {
	local word out=''
	for word; do
		out+=" '${word//\'/\'\\\'\'}'"
	done
	printf '%s' "${out# }"
}

# lab exec NODE CMD…
verb_exec() {
	local node=${1:?exec NODE CMD…} tty=-T config
	shift
	net_is_up || die "the lab is not up"
	config=$(grep -lsx "Host $node" "$RUN/ssh_config" "$RUN/load.ssh_config" | head -n 1)
	[ -n "$config" ] || die "no node $node"
	[ ! -t 0 ] || [ ! -t 1 ] || tty=-tt
	exec nsenter --net="/run/netns/$CONTROLLER" -- ssh -F "$config" -o LogLevel=ERROR "$tty" "$node" "$(quoted "$@")"
}

# lab ctl CMD…
verb_ctl() {
	[ $# -gt 0 ] || die "ctl CMD…"
	net_is_up || die "the lab is not up"
	[ -z "${FDLAB_USER:-}" ] || set -- setpriv --reuid="${FDLAB_USER%:*}" --regid="${FDLAB_USER#*:}" --init-groups "$@"
	exec nsenter --net="/run/netns/$CONTROLLER" -- "$@"
}
