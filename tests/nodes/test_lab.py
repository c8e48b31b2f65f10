# SPDX-License-Identifier: GPL-2.0-or-later
"""The lab's own promises: what the tests of faults on nodes stand on."""
import re
import time

import pytest


def test_systemd_runs_and_nothing_failed(nodes):
    for name in ("n1", "n2", "n3"):
        assert nodes.on(name, "systemctl is-system-running") == "running\n"
        assert nodes.on(name, "hostname") == name + "\n"


def test_units_start_and_stop(nodes):
    assert nodes.on("n1", "systemctl start redis-server && redis-cli ping") == "PONG\n"
    assert nodes.on("n1", "systemctl stop redis-server; systemctl is-active redis-server || true") == "inactive\n"


def test_timer_fires_in_time(nodes):
    begin = time.monotonic()
    nodes.on("n1", "systemd-run -q --on-active=1 --timer-property=AccuracySec=100ms touch /run/fired")
    nodes.on("n1", "until [ -e /run/fired ]; do sleep 0.02; done; rm /run/fired", limit=5)
    assert 1 <= time.monotonic() - begin < 2


def test_nft_and_iptables(nodes):
    before = nodes.on("n2", "nft list ruleset; iptables-save")
    assert nodes.ping("10.77.0.102")
    nodes.on("n2", "nft 'table inet t { chain c { type filter hook input priority 0; icmp type echo-request drop; }; }'")
    assert nodes.ping("10.77.0.102") is None
    nodes.on("n2", "nft delete table inet t")
    assert nodes.ping("10.77.0.102")
    nodes.on("n2", "iptables -A INPUT -p icmp -j DROP")
    assert nodes.ping("10.77.0.102") is None
    nodes.on("n2", "iptables -F INPUT; nft delete table ip filter")
    assert nodes.on("n2", "nft list ruleset; iptables-save") == before


def test_tbf_slows_down(nodes):
    def fetch():
        begin = time.monotonic()
        assert len(nodes.on("n2", "head -c 100000 /dev/zero")) == 100000
        return time.monotonic() - begin

    quick = fetch()
    nodes.on("n2", "tc qdisc add dev eth0 root tbf rate 1mbit burst 10k latency 400ms")
    slow = fetch()
    nodes.on("n2", "tc qdisc del dev eth0 root")
    assert slow > quick + 0.4, (quick, slow)


def test_users(nodes):
    assert nodes.on("n1", "id -un", user="ops") == "ops\n"
    assert "password is required" in nodes.on("n1", "sudo -n id -u 2>&1 || true", user="ops")
    assert nodes.on("n1", "sudo -n id -u", user="admin") == "0\n"


def test_addresses(nodes):
    assert nodes.ping("fd77::101")
    assert "default via 10.77.0.1 " in nodes.on("n1", "ip route")
    assert nodes.on("n1", "ping -q -c 1 n3 >/dev/null && echo answered") == "answered\n"


def test_power_cut_leaves_only_the_disk(nodes):
    look = "cat /proc/sys/kernel/random/boot_id; cut -d' ' -f22 /proc/1/stat"
    boot = nodes.on("n3", look).split()
    nodes.on("n3", "touch /root/kept /run/lost; nft add table inet lost; ip link add lost type veth")
    nodes.run("kill", "n3")
    assert nodes.ping("10.77.0.103") is None
    nodes.run("start", "n3")
    assert nodes.on("n3", "ls -d /root/kept /run/lost 2>/dev/null; nft list ruleset; ip -o link show lost 2>/dev/null; true") == "/root/kept\n"
    again = nodes.on("n3", look).split()
    assert boot[0] != again[0] and boot[1] != again[1]
    assert nodes.on("n3", "rm /root/kept; systemctl is-system-running --wait") == "running\n"


def test_cut_and_heal(nodes):
    nodes.run("cut", "n2")
    assert nodes.ping("10.77.0.102") is None
    nodes.run("heal", "n2")
    assert nodes.ping("10.77.0.102")
    nodes.run("heal", "n2")  # what is whole stays so


def test_console_is_kept(nodes):
    with open(nodes.dir + "/n1.console", errors="replace") as console:
        assert re.search(r"Reached target.*Multi-User System", console.read())


def test_down_leaves_nothing(other_lab):
    other_lab.up("nodes:2")
    other_lab.on("n1", "mount -t tmpfs none /mnt; nohup sleep 1000 >/dev/null 2>&1 &")
    assert len(other_lab.traces()) > 5
    other_lab.down()
    assert other_lab.traces() == []


@pytest.mark.parametrize("after", [0.05, 0.15, 0.3, 0.6])
def test_down_cleans_up_after_a_killed_up(other_lab, after):
    up = other_lab.start("up", "nodes:3")
    time.sleep(after)
    up.kill()
    up.wait()
    other_lab.down()
    assert other_lab.traces() == []


def test_two_labs_do_not_meet(nodes, other_lab):
    other_lab.up("nodes:1")
    other_lab.on("n1", "touch /root/other")
    assert nodes.on("n1", "ls /root") == ""
    other_lab.down()
    assert nodes.on("n1", "systemctl is-system-running") == "running\n"


def test_load_nodes(other_lab):
    other_lab.up("load:300")
    exec_ = lambda node, *cmd: other_lab.run("exec", node, *cmd, capture_output=True).stdout
    assert exec_("l1", "sh", "-c", "touch /run/here; echo $SSH_CONNECTION").split()[2] == "127.1.0.2"
    assert exec_("l300", "sh", "-c", "! [ -e /run/here ] && echo $SSH_CONNECTION").split()[2] == "127.1.1.51"
    assert exec_("l1", "ls", "/run/here") == "/run/here\n"  # each has a /run of its own, which lasts
    other_lab.down()
    assert other_lab.traces() == []


def test_foreign_state_is_seen_and_stands_still(nodes):
    def foreign(verb):
        with open(nodes.top + "/tests/lab/foreign.sh") as script:
            return nodes.run("exec", "n3", "sh", "-s", verb, stdin=script, capture_output=True).stdout

    nodes.run("kill", "n3")
    nodes.run("start", "n3")
    empty = foreign("snapshot")
    assert foreign("snapshot") == empty
    assert foreign("install") == ""
    busy = foreign("snapshot")
    nodes.on("n3", "systemd-run -q --wait true; ping -q -c 2 n1; ping -q -c 1 -W 1 192.0.2.1 || true")  # counters count
    assert foreign("snapshot") == busy
    for change, undo in (
        ("nft add rule ip6 foreign mangle tcp dport 99 drop", "nft flush chain ip6 foreign mangle; nft add rule ip6 foreign mangle meta mark set 0x10"),
        ("iptables -A DOCKER-USER -j DROP", "iptables -D DOCKER-USER -j DROP"),
        ("tc qdisc add dev eth0 root tbf rate 1gbit burst 1m latency 9ms", "tc qdisc del dev eth0 root"),
        ("mount -o remount,bind,rw /srv/bound", "mount -o remount,bind,ro /srv/bound"),
        ("sysctl -w net.ipv4.ip_forward=0", "sysctl -w net.ipv4.ip_forward=1"),
        ("touch /etc/new", "rm /etc/new"),
        ("systemctl stop foreign", "systemctl start foreign"),
    ):
        nodes.on("n3", change)
        assert foreign("snapshot") != busy, change
        nodes.on("n3", undo)
    assert foreign("snapshot") == busy
    nodes.on("n3", "rm /etc/foreign.conf /etc/systemd/system/ssh.service.d/foreign.conf")
    nodes.run("kill", "n3")
    nodes.run("start", "n3")
