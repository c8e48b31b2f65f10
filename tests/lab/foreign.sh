#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What on a node is not ours: runs there (ssh NODE sh -s VERB <foreign.sh), as root.
#   snapshot   print the state that a fault must leave as it was, byte for byte the same while nobody changes it
#   install    make a node busy as firewalld, docker and an administrator would; says what this kernel has not
export LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin

has() { command -v "$1" >/dev/null; }

# show TITLE CMD…: one part of the snapshot
show() {
	echo "== $1"
	shift
	"$@" 2>&1
}

# without counters, handles and what passes by itself
nft_rules() { nft -s list ruleset | sed 's/ expires [0-9a-z]*//g'; }

# for iptables-save and ip6tables-save
saved() { "$1" | sed '/^#/d; s/ \[[0-9]*:[0-9]*\]$//'; }

devices() { ls /sys/class/net; }

tc_state() {
	for dev in $(devices); do
		echo "$dev"
		tc qdisc show dev "$dev" | sed 's/ refcnt [0-9]*//; s/ direct_packets_stat [0-9]*//'
		tc class show dev "$dev"
		tc qdisc show dev "$dev" | sed 's/^qdisc \(clsact\|ingress\) .*/ingress\negress/; s/^qdisc [^ ]* \([^ ]*\) .*/parent \1/' |
			while read -r parent; do
				# shellcheck disable=SC2086 # one or two words
				tc filter show dev "$dev" $parent 2>/dev/null
			done
	done
}

# less the ids, which tell nothing, and what systemd drops when it comes round to it
mounts() { cut -d' ' -f3- /proc/self/mountinfo | grep -v ' /run/credentials/'; }

# less what counts or changes by itself
sysctls() {
	sysctl -a 2>/dev/null | grep -v -E '^(kernel\.random|fs\.(dentry-state|file-nr|inode-|aio-nr|quota)|kernel\.(ns_last_pid|pty\.nr)|net\.netfilter\.nf_conntrack_count|kernel\.perf_event_max_sample_rate|kernel\.perf_cpu)'
}

etc_files() {
	find /etc -printf '%p %y %m %U:%G %l\n' | sort
	find /etc -type f -exec sha256sum {} + | sort -k 2
}

# less transient units of others that look at the node at the same time
units() {
	systemctl list-units --all --plain --no-legend --no-pager --full | awk '{ print $1, $2, $3, $4 }' | grep -v -e '^run-[ru]' -e '^run-credentials'
	systemctl list-unit-files --no-legend --no-pager
	find /run/systemd/system /run/systemd/transient -type f -exec sha256sum {} + 2>/dev/null | sort -k 2
}

network() {
	ip -o link
	ip -o addr
	ip rule
	ip -6 rule
	ip route show table all | sed 's/ expires [0-9]*sec//'
}

# what the kernel itself still has to do to new addresses and links
settle() {
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
		ip -6 -o addr | grep -q tentative || ip -o link show up | grep -q 'state UNKNOWN.*link/ether' || return
		sleep 0.2
	done
}

snapshot() {
	settle
	! has nft || show nft nft_rules
	! has iptables-save || show iptables saved iptables-save
	! has ip6tables-save || show ip6tables saved ip6tables-save
	show tc tc_state
	show network network
	show mounts mounts
	show sysctl sysctls
	show /etc etc_files
	[ ! -d /run/systemd/system ] || show units units
}

# firewalld's own table, cut short: zones, sets, counters, a verdict map
install_firewalld() {
	nft -f - <<-'RULES'
		table inet firewalld {
			set blocked {
				type ipv4_addr
				flags interval
				elements = { 192.0.2.0/24, 198.51.100.7 }
			}
			set seen { type ipv4_addr; flags dynamic, timeout; timeout 1d; }
			counter dropped { }
			map ports { type inet_service : verdict; elements = { 22 : accept, 53 : jump filter_IN_public_deny }; }
			chain filter_IN_public_deny { }
			chain filter_INPUT_POLICIES {
				ip saddr @blocked counter name dropped drop comment "blocked"
				tcp dport vmap @ports
				tcp dport 4444 limit rate 5/minute add @seen { ip saddr } reject with tcp reset
				accept
			}
			chain filter_PREROUTING { type filter hook prerouting priority filter + 10; policy accept; }
			chain filter_INPUT {
				type filter hook input priority filter + 10; policy accept;
				ct state { established, related } accept
				iifname "lo" accept
				jump filter_INPUT_POLICIES
			}
			chain filter_OUTPUT { type filter hook output priority filter + 10; policy accept; oifname "lo" accept; }
		}
		table ip6 foreign {
			chain mangle { type route hook output priority mangle; policy accept; meta mark set 0x10; }
		}
	RULES
}

# docker0 with a container's link, and the chains that dockerd makes through iptables
install_docker() {
	ip link add docker0 type bridge && ip addr add 172.17.0.1/16 dev docker0 && ip link set docker0 up
	ip link add vethf00 type veth peer name vethf01 && ip link set vethf00 master docker0 up && ip link set vethf01 up
	sysctl -q -w net.ipv4.ip_forward=1
	has iptables-restore || return 0
	iptables-restore --noflush <<-'RULES'
		*nat
		:DOCKER - [0:0]
		-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
		-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
		-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
		-A DOCKER -i docker0 -j RETURN
		-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80
		COMMIT
		*filter
		:FORWARD DROP [0:0]
		:DOCKER - [0:0]
		:DOCKER-ISOLATION-STAGE-1 - [0:0]
		:DOCKER-ISOLATION-STAGE-2 - [0:0]
		:DOCKER-USER - [0:0]
		-A FORWARD -j DOCKER-USER
		-A FORWARD -j DOCKER-ISOLATION-STAGE-1
		-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
		-A FORWARD -o docker0 -j DOCKER
		-A FORWARD -i docker0 ! -o docker0 -j ACCEPT
		-A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT
		-A DOCKER-ISOLATION-STAGE-1 -i docker0 ! -o docker0 -j DOCKER-ISOLATION-STAGE-2
		-A DOCKER-ISOLATION-STAGE-1 -j RETURN
		-A DOCKER-ISOLATION-STAGE-2 -o docker0 -j DROP
		-A DOCKER-ISOLATION-STAGE-2 -j RETURN
		-A DOCKER-USER -j RETURN
		COMMIT
	RULES
}

# shaping on a device that is not the node's own way out
install_tc() {
	ip link add foreign0 type veth peer name foreign1 && ip link set foreign0 up && ip link set foreign1 up
	tc qdisc add dev foreign0 root handle 1: htb default 10 &&
		tc class add dev foreign0 parent 1: classid 1:10 htb rate 100mbit quantum 1514 &&
		tc class add dev foreign0 parent 1: classid 1:20 htb rate 1mbit ceil 2mbit quantum 1514 &&
		tc qdisc add dev foreign0 parent 1:20 handle 20: tbf rate 1mbit burst 32k latency 50ms &&
		tc filter add dev foreign0 parent 1: protocol ip prio 5 u32 match ip dst 192.0.2.1 flowid 1:20
	tc qdisc add dev foreign1 clsact &&
		tc filter add dev foreign1 ingress protocol ip prio 7 u32 match ip src 192.0.2.2 action mirred egress redirect dev lo
}

install_rest() {
	mkdir -p /srv/foreign /srv/bound && mount -t tmpfs -o size=1m,nosuid foreign /srv/foreign &&
		mount --bind /srv/foreign /srv/bound && mount -o remount,bind,ro /srv/bound
	echo 'kept by the administrator' >/etc/foreign.conf
	ip rule add fwmark 0x77 lookup 77 && ip route add blackhole 203.0.113.0/24 table 77
	[ -d /run/systemd/system ] || return 0
	mkdir -p /etc/systemd/system/ssh.service.d /run/systemd/system
	printf '[Service]\nEnvironment=FOREIGN=1\n' >/etc/systemd/system/ssh.service.d/foreign.conf
	printf '[Service]\nExecStart=/bin/sleep infinity\n' >/run/systemd/system/foreign.service
	systemctl daemon-reload && systemctl start foreign.service
}

case ${1-} in
snapshot) snapshot ;;
install)
	! has nft || install_firewalld
	install_docker
	install_tc
	install_rest
	;;
*) echo 'usage: foreign.sh snapshot | install' >&2 && exit 2 ;;
esac
