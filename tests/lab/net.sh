# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# One bridge in a namespace of its own, and the controller's namespace, where the operator sits.

SWITCH=$PREFIX-sw
CONTROLLER=$PREFIX-ctl

in_switch() { nsenter --net="/run/netns/$SWITCH" -- "$@"; }
in_controller() { nsenter --net="/run/netns/$CONTROLLER" -- "$@"; }

net_is_up() { [ -e "/run/netns/$CONTROLLER" ]; }

net_up() {
	! net_is_up || return 0
	ip netns add "$SWITCH" &&
		ip -n "$SWITCH" link add br0 type bridge &&
		ip -n "$SWITCH" link set br0 up &&
		ip -n "$SWITCH" link set lo up &&
		ip netns add "$CONTROLLER" &&
		ip link add eth0 netns "$CONTROLLER" type veth peer name ctl netns "$SWITCH" &&
		ip -n "$SWITCH" link set ctl master br0 up &&
		ip -n "$CONTROLLER" addr add 10.77.0.1/24 dev eth0 &&
		ip -n "$CONTROLLER" addr add fd77::1/64 dev eth0 nodad &&
		ip -n "$CONTROLLER" link set eth0 up &&
		ip -n "$CONTROLLER" link set lo up &&
		net_knife
}

# net_knife - ports in the set `cut` pass nothing either way, silently: ARP still does, so that nobody is told
net_knife() {
	in_switch nft -f - <<-'EOF'
		table bridge lab {
			set cut { type ifname; }
			chain forward {
				type filter hook forward priority filter
				ether type arp accept
				iifname @cut drop
				oifname @cut drop
			}
		}
	EOF
}

# net_has PORT
net_has() { net_is_up && ip -n "$SWITCH" link show dev "$1" >/dev/null 2>&1; }

# lab cut NODE, heal NODE - the switch loses all packets of a node, and no longer does
verb_cut() {
	net_has "${1:?cut NODE}" || die "no node $1"
	in_switch nft add element bridge lab cut "{ \"$1\" }"
}

verb_heal() {
	net_has "${1:?heal NODE}" || die "no node $1"
	in_switch nft "add element bridge lab cut { \"$1\" }; delete element bridge lab cut { \"$1\" }"
}

# net_tap NAME - a port of the switch for an emulator
net_tap() {
	! ip -n "$SWITCH" link show dev "$1" >/dev/null 2>&1 || return 0
	ip -n "$SWITCH" tuntap add dev "$1" mode tap &&
		ip -n "$SWITCH" link set dev "$1" master br0 up
}

net_down() {
	local name
	for name in "$CONTROLLER" "$SWITCH"; do
		[ ! -e "/run/netns/$name" ] || ip netns del "$name"
	done
}
