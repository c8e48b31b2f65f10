# SPDX-License-Identifier: GPL-2.0-or-later
"""Delay, loss, corruption and rate with a kernel that has netem: before, injected, restored, all seen from outside."""
import os
import time

import pytest

from outside import PEER2, SLOW, V6

EVERY = bool(os.environ.get("FD_ALL"))  # tests/run --all
DELAY = "ms=%d" % (1000 * SLOW)


def restored(lab, deck, ident):
    deck("restore", ident)
    assert "netem" not in lab.on("kvm2", "tc qdisc show") and lab.quick()


@pytest.mark.long
def test_delay(lab, deck):
    assert lab.quick() and lab.quick(address=V6) and lab.ping() < 1000 * SLOW
    ident = deck.ident(deck.inject("host.net-delay", "kvm2", DELAY))
    assert lab.slow() and lab.slow(address=V6) and lab.ping() > 1000 * SLOW
    assert lab.quick(22) and lab.quick(2222)  # SSH's greeting
    restored(lab, deck, ident)
    assert lab.quick(address=V6) and lab.ping() < 1000 * SLOW


@pytest.mark.long
def test_delay_for_one_port(lab, deck):
    ident = deck.ident(deck.inject("host.net-delay", "kvm2", DELAY, "ports=7080,99"))
    assert lab.slow() and lab.slow(address=V6)
    assert lab.quick(7081) and lab.ping() < 1000 * SLOW
    restored(lab, deck, ident)


@pytest.mark.long
def test_delay_for_peers(lab, deck):
    ident = deck.ident(deck.inject("host.net-delay", "kvm2", DELAY, "peer=fd77::1,10.77.0.2"))
    assert lab.slow(source=PEER2) and lab.slow(address=V6)
    assert lab.quick() and lab.quick(address=V6, source="fd77::2")
    restored(lab, deck, ident)


def test_delay_of_a_link(lab, deck):
    inside = "ping -q -c 2 -i 0.2 127.0.0.1 | sed -n 's,.*= \\([0-9.]*\\)/.*,\\1,p'"
    assert float(lab.on("kvm2", inside)) < 2000
    ident = deck.ident(deck.inject("host.net-delay", "link:lo@kvm2", "ms=1000"))
    assert float(lab.on("kvm2", inside)) > 2000  # there and back
    assert lab.quick()
    restored(lab, deck, ident)
    assert float(lab.on("kvm2", inside)) < 2000


def test_loss(lab, deck):
    ident = deck.ident(deck.inject("host.net-loss", "kvm2", "percent=100", "peer=all"))
    assert lab.answers(limit=2) is None and lab.answers(address=V6, limit=2) is None and lab.ping(limit=1) is None
    assert lab.ways_in() == {}
    restored(lab, deck, ident)
    ident = deck.ident(deck.inject("host.net-loss", "kvm2", "percent=50", "peer=10.77.0.1"))
    out = lab.run("ctl", "ping", "-q", "-c", "60", "-i", "0.02", "-W", "4", "10.77.0.22", check=False).stdout
    assert 10 <= int(out.split(" packet loss")[0].split()[-1].split(".")[0].rstrip("%")) <= 90, out
    assert lab.ping(source=PEER2, count=8) is not None
    restored(lab, deck, ident)


@pytest.mark.long
def test_corrupt(lab, deck):
    before = lab.checksum_errors()
    assert lab.ping(count=8) is not None and lab.checksum_errors() == before
    ident = deck.ident(deck.inject("host.net-corrupt", "kvm2", "percent=100", "peer=10.77.0.1"))
    lab.ping(count=10, limit=1)
    assert lab.checksum_errors() >= before + 5
    restored(lab, deck, ident)
    before = lab.checksum_errors()
    assert lab.ping(count=8) is not None and lab.checksum_errors() == before


def test_rate(lab, deck):
    assert lab.quick(7081)
    ident = deck.ident(deck.inject("host.net-rate", "kvm2", "kbit=150", "ports=7081"))
    assert lab.slow(7081)  # 64 KiB: 3.5 s
    restored(lab, deck, ident)
    assert lab.quick(7081)


@pytest.mark.long
@pytest.mark.parametrize("fault, words", [
    ("host.net-delay", ["ms=60000", "peer=10.77.0.1,fd77::1"]),
    ("host.net-rate", ["kbit=8", "peer=0.0.0.0/0,::/0"]),
    ("host.net-isolate", ["peer=all"]),
] + EVERY * [
    ("host.net-loss", ["percent=100", "peer=10.77.0.1,fd77::1"]), ("host.net-delay", ["ms=60000"]),
    ("host.net-corrupt", ["percent=100"]), ("host.net-rate", ["kbit=8", "peer=10.77.0.1"]),
    ("host.net-isolate", ["peer=10.77.0.1,fd77::1,10.77.0.2"]), ("host.dns-fail", ["how=drop"]),
])
def test_never_cut_ourselves_off(lab, deck, fault, words):
    """By no peer, address or device; another console gets through too."""
    ident = deck.ident(deck.inject(fault, "kvm2", *words))
    assert lab.ways_in() == {}
    other = type(deck)(lab, os.path.join(deck.env["XDG_STATE_HOME"], "other"), deck.config)
    assert ident in [i["id"] for i in other("list", "injections").of("injection")]
    other("restore", ident)
    other.kill()
    assert lab.ours(["kvm2"]) == ""


@pytest.mark.long
def test_on_the_default_route_s_device_by_name(lab, deck):
    ident = deck.ident(deck.inject("host.net-loss", "link:eth0@kvm2", "percent=100"))
    assert lab.answers(limit=2) is None and lab.ways_in() == {}
    restored(lab, deck, ident)


@pytest.mark.long
@pytest.mark.parametrize("qdisc", ["handle 9: fq_codel limit 77", "handle fd: htb default 0", "tbf rate 100mbit burst 100k latency 400ms"])
def test_a_qdisc_of_somebody_is_refused_untouched(lab, deck, qdisc):
    lab.on("kvm2", "tc qdisc add dev eth0 root " + qdisc)
    try:
        before = lab.on("kvm2", "tc -d qdisc show dev eth0 | sed 's/direct_packets_stat [0-9]*//'; tc class show dev eth0; tc filter show dev eth0")
        for fault in ("delay", "loss", "corrupt", "rate"):
            done = deck("--yes", "inject", "host.net-" + fault, "kvm2", code=1)
            assert "somebody made" in done.out
        assert lab.on("kvm2", "tc -d qdisc show dev eth0 | sed 's/direct_packets_stat [0-9]*//'; tc class show dev eth0; tc filter show dev eth0") == before
    finally:
        lab.on("kvm2", "tc qdisc del dev eth0 root")


@pytest.mark.long
def test_peers_behind_two_devices(lab, deck):
    lab.on("kvm2", "ip link add other type dummy && ip addr add 192.0.2.1/24 dev other && ip link set other up")
    try:
        done = deck("--yes", "inject", "host.net-loss", "kvm2", "peer=10.77.0.1,192.0.2.7", code=1)
        assert "behind eth0 and other" in done.out
        assert "fd:" not in lab.on("kvm2", "tc qdisc show")
    finally:
        lab.on("kvm2", "ip link del other")


def test_isolate(lab, deck):
    for direction in ("both", "in", "out"):
        ident = deck.ident(deck.inject("host.net-isolate", "kvm2", "peer=10.77.0.2,fd77::1", "direction=" + direction))
        assert lab.answers(source=PEER2, limit=2) is None and lab.answers(address=V6, limit=2) is None
        assert lab.answers() is not None and lab.answers(address=V6, source="fd77::2") is not None
        deck("restore", ident)
        assert lab.answers(source=PEER2) is not None and lab.answers(address=V6) is not None


@pytest.mark.long
@pytest.mark.parametrize("how", ["reject", "drop"])
def test_dns(lab, deck, how):
    ask = "timeout 20 busybox nslookup nosuch.test 10.77.0.1 2>&1 || true"
    assert "NXDOMAIN" in lab.on("kvm2", ask)
    ident = deck.ident(deck.inject("host.dns-fail", "kvm2", "how=" + how))
    assert "NXDOMAIN" not in lab.on("kvm2", ask)
    deck("restore", ident)
    assert "NXDOMAIN" in lab.on("kvm2", ask)


def test_ttl_of_a_qdisc(lab, deck):
    begin = time.monotonic()
    deck.inject("host.net-delay", "kvm2", DELAY, "ttl=8s")
    assert lab.slow()
    lab.on("kvm2", "while [ -e /run/faultdeck ]; do sleep 0.2; done")
    assert time.monotonic() - begin < 30 and "netem" not in lab.on("kvm2", "tc qdisc show")
