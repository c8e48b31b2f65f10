# SPDX-License-Identifier: GPL-2.0-or-later
"""tc: what the build machine's kernel has (htb) in full; netem is refused here, and runs on the emulated KVM hosts."""
import os
import time

import pytest

from deck import wait

ADDRESS = {"n1": "10.77.0.101", "n2": "10.77.0.102"}


def slow_ping(lab, count=4, size=1400):
    """ICMP of SIZE bytes from n1 to n2: milliseconds of the mean round trip."""
    text = lab.on("n1", "ping -q -c %d -i 0.01 -s %d %s" % (count, size, ADDRESS["n2"]))
    return float(text.rsplit("= ", 1)[1].split("/")[1])


def test_rate_is_slow_and_ssh_is_not(lab, deck):
    quick = slow_ping(lab)
    ident = deck.ident(deck.inject("host.net-rate", "n1", "peer=n2", "kbit=64"))
    assert slow_ping(lab, 8) > quick + 50
    begin = time.monotonic()
    assert len(lab.on("n1", "head -c 200000 /dev/zero")) == 200000  # at 64 kbit/s: 25 s
    assert time.monotonic() - begin < 20
    deck("restore", ident)
    assert slow_ping(lab) < 20


def test_rate_for_all_passes_ssh_over_both_protocols(lab, deck):
    deck.inject("host.net-rate", "link:eth0@n1", "peer=all", "kbit=8")
    for words in (["n1"], ["root@fd77::101"]):
        begin = time.monotonic()
        done = lab.run("ctl", "ssh", "-F", lab.dir + "/ssh_config", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
                       *words, "head -c 100000 /dev/zero", check=False, capture_output=True)
        assert len(done.stdout) == 100000 and time.monotonic() - begin < 60  # at 8 kbit/s: 100 s
    deck("restore", "--all")


def test_foreign_qdisc_is_refused_untouched(lab, deck):
    lab.on("n1", "tc qdisc add dev eth0 root tbf rate 100mbit burst 100k latency 400ms")
    before = lab.on("n1", "tc qdisc show dev eth0")
    done = deck("--yes", "inject", "host.net-rate", "n1", "peer=n2", code=None)
    assert done.code == 1 and "somebody made" in done.out + done.err
    assert lab.on("n1", "tc qdisc show dev eth0") == before
    lab.on("n1", "tc qdisc del dev eth0 root")


def test_second_one_on_a_device_is_refused(lab, deck):
    deck.inject("host.net-rate", "n1", "peer=n2", "kbit=1000")
    before = lab.on("n1", "tc class show dev eth0; tc filter show dev eth0")
    done = deck("--yes", "inject", "host.net-rate", "n1", "peer=n3", code=None)
    assert done.code == 1 and "somebody made" in done.out + done.err
    assert lab.on("n1", "tc class show dev eth0; tc filter show dev eth0") == before


def test_only_the_ports_that_are_meant(lab, deck):
    deck.inject("host.net-rate", "n1", "peer=n2", "ports=6379,80", "kbit=8")
    assert slow_ping(lab) < 20
    assert "match" in lab.on("n1", "tc filter show dev eth0")


def test_no_device_leads_there(lab, deck):
    done = deck("--yes", "inject", "host.net-rate", "link:nosuch0@n1", code=None)
    assert done.code == 1 and "no device" in done.out + done.err


def test_ttl(lab, deck):
    deck.inject("host.net-rate", "n1", "peer=n2", "ttl=2s")
    wait("nothing of ours is left", lambda: lab.ours(["n1"]) == "", 30)
    assert "htb fd:" not in lab.on("n1", "tc qdisc show")


@pytest.mark.parametrize("fault", ["net-delay", "net-loss", "net-corrupt"])
def test_what_the_kernel_lacks_is_said(lab, deck, fault):
    """The build machine's kernel mostly has no netem; where it has, the faults fit (tests/kvm2 shows what they do)."""
    has = os.system("unshare -n tc qdisc add dev lo root netem delay 1ms 2>/dev/null") == 0
    listed = [f for f in deck("list", "faults", "n1").of("fault") if f["fault"] == "host." + fault]
    assert listed[0]["reason"] == (None if has else "n1 has no netem")
    assert has != any("netem missing" in o["line"] for o in deck("check", "n1", code=None).of("output"))
    if not has:
        done = deck("--yes", "inject", "host." + fault, "n1", "peer=n2", code=None)
        assert done.code != 0 and "n1 has no netem" in done.out + done.err
