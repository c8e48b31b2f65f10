# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# We never cut our own path: the ports of SSH on this node, found before anything is changed.
# shellcheck disable=SC2154 # fd_ is the ledger's, t_ and p_ are the plan's

# The server's port of the SSH connection that this runs in; sudo hides it, so ancestors are asked.
host_session_port() {
	host_p=$$
	while [ "${host_p:-0}" -gt 1 ]; do
		host_c=$(tr '\0' '\n' 2>/dev/null <"/proc/$host_p/environ" |
			sed -n 's/^SSH_CONNECTION=[^ ]* [0-9]* [^ ]* \([0-9]*\)$/\1/p')
		[ -z "$host_c" ] || { printf '%s\n' "$host_c"; return 0; }
		host_p=$(sed -n 's/^PPid:[^0-9]*//p' "/proc/$host_p/status" 2>/dev/null)
	done
}

# Where sshd listens now, also where systemd holds the socket for it.
host_listen_ports() {
	host_all=$(ss -Htlnp) || return 1
	printf '%s\n' "$host_all" | sed -n '/"\(sshd[^"]*\|dropbear\)"/s/^LISTEN *[0-9]* *[0-9]* *[^ ]*:\([0-9]*\) .*/\1/p'
	if [ -d /run/systemd/system ]; then
		systemctl show -p Listen --value ssh.socket sshd.socket dropbear.socket |
			sed -n 's/^.*:\([0-9]*\) (Stream).*/\1/p'
	fi
}

# To host_ports, comma-separated: also those of nodes that are reached through this one.
host_ssh_ports() {
	host_listen=$(host_listen_ports) || {
		fail EIO "it cannot be found out where SSH listens on this node (ss)"
		return 1
	}
	# shellcheck disable=SC2046,SC2086 # numbers
	host_ports=$(printf '%s\n' $host_listen $(host_session_port) $t_jump_ports | sort -nu | paste -sd, -)
	[ -n "$host_ports" ] || fail EPERM "no port is found where SSH listens on this node" \
		"a fault of the network could cut us off: it is refused"
}
