# SPDX-License-Identifier: GPL-2.0-or-later
"""A node without systemd: processes, resources, a frozen disk, the clock of a kernel of its own; the TTL is a sleeper."""
import time

import pytest

from deck import wait
from talk import changed
from ways import DISKS, NO_DISKS, NO_VICTIMS, inject_all, offset, victim


@pytest.fixture(scope="module", autouse=True)
def kept(lab):
    """What is not ours is there when all is over as it was before, with a busy firewall of somebody else's."""
    if "firewalld" not in lab.on("kvm2", "nft list tables"):
        assert lab.foreign("kvm2", "install") == ""
    lab.on("kvm2", "uptime; modprobe loop; modprobe ext4; modprobe xfs; modprobe sch_netem; sysctl -a >/dev/null 2>&1")
    before = lab.foreign_of(["kvm2"])
    yield
    assert changed(before, lab.foreign_of(["kvm2"])) == ""


@pytest.fixture(scope="module")
def disks(kept, lab):
    lab.on("kvm2", DISKS, limit=300)
    yield
    lab.on("kvm2", NO_DISKS)
    assert lab.on("kvm2", "losetup -a") == ""


@pytest.fixture
def plain(lab):
    yield victim(lab, "victim1")
    lab.on("kvm2", NO_VICTIMS)


def writes(lab, name="victim1"):
    """It writes on."""
    size = lab.on("kvm2", "stat -c %%s /run/%s.out" % name)
    return lab.on("kvm2", "for i in 1 2 3 4 5 6 7 8 9 10; do sleep 0.3; [ $(stat -c %%s /run/%s.out) = %s ] || { echo on; break; }; done"
                  % (name, size.strip())) == "on\n"


@pytest.mark.parametrize("fs", ["ext4", "xfs"])
def test_a_frozen_disk(disks, lab, deck, fs):
    ident = deck.ident(deck.inject("host.io-hang", "path:/mnt/%s@kvm2" % fs))
    pid = lab.on("kvm2", "setsid sh -c 'exec sh -c \"echo x >/mnt/%s/x\"' </dev/null >/dev/null 2>&1 & echo $!" % fs).strip()
    wait("it waits", lambda: "D" in lab.on("kvm2", "grep ^State: /proc/%s/status" % pid), 30)
    deck("restore", ident)
    lab.on("kvm2", "while [ -e /proc/%s ]; do sleep 0.1; done" % pid)
    assert lab.on("kvm2", "cat /mnt/%s/x" % fs) == "x\n"


@pytest.mark.long
def test_disk(disks, lab, deck):
    free = "df -Pm /mnt/ext4 | tail -n 1"
    before = int(lab.on("kvm2", free).split()[3])
    ident = deck.ident(deck.inject("host.disk-fill", "path:/mnt/ext4@kvm2", "leave=20"))
    assert abs(int(lab.on("kvm2", free).split()[3]) - 20) <= 1 and "faultdeck" not in lab.on("kvm2", "ls -A /mnt/ext4")
    deck("restore", ident)
    assert abs(int(lab.on("kvm2", free).split()[3]) - before) <= 1


@pytest.mark.long
def test_memory(lab, deck):
    available = "sed -n 's/^MemAvailable: *\\([0-9]*\\) kB/\\1/p' /proc/meminfo"
    before = int(lab.on("kvm2", available))
    ident = deck.ident(deck.inject("host.memory-fill", "kvm2", "size=200", "leave=64"))
    assert int(lab.on("kvm2", available)) < before - 150 * 1024
    deck("restore", ident)
    assert int(lab.on("kvm2", available)) > before - 50 * 1024


@pytest.mark.long
def test_cpu(lab, deck):
    ident = deck.ident(deck.inject("host.cpu-load", "kvm2"))
    assert int(lab.on("kvm2", "pgrep -fc keep.s[h]")) == 3  # two CPUs, and who waits for them
    wait("both are busy", lambda: float(lab.on("kvm2", "cat /proc/loadavg").split()[0]) > 0.7, 60)
    deck("restore", ident)
    assert lab.on("kvm2", "pgrep -f keep.s[h] || true") == ""


def test_hang(plain, lab, deck):
    assert writes(lab)
    ident = deck.ident(deck.inject("host.process-hang", "pid:%s@kvm2" % plain))
    assert not writes(lab)
    deck("restore", ident)
    assert writes(lab)


def test_kill(plain, lab, deck):
    ident = deck.ident(deck.inject("host.process-kill", "pid:%s@kvm2" % plain))
    assert not writes(lab) and lab.on("kvm2", "pgrep -f '^busybox sh /run/victim1' || true") == ""
    deck("restore", ident)
    assert writes(lab)


@pytest.mark.long
def test_there_are_no_units(lab, deck):
    reasons = {f["fault"]: f["reason"] for f in deck("list", "faults", "kvm2").of("fault") if f["fault"].startswith("host.")}
    assert reasons.pop("host.service-stop") and reasons["host.net-delay"] is None and reasons["host.clock-skew"] is None


@pytest.mark.parametrize("seconds", [7200, -7200])
def test_the_clock_and_the_ttl_beside_it(lab, deck, seconds):
    """Operator's and node's TTL go by the time since the boot, whatever the clock says."""
    assert abs(offset(lab)) < 60
    ident = deck.ident(deck.inject("host.clock-skew", "kvm2", "seconds=%d" % seconds, "ttl=60s"))
    assert abs(offset(lab) - seconds) < 60
    assert 0 < deck.injection(ident)["left_ms"] <= 60000
    deck("restore", ident)
    assert abs(offset(lab)) < 60
    begin = time.monotonic()
    ident = deck.ident(deck.inject("host.clock-skew", "kvm2", "seconds=%d" % seconds, "ttl=5s"))
    wait("it ends", lambda: lab.ours(["kvm2"]) == "", 30)
    assert time.monotonic() - begin >= 5 and abs(offset(lab)) < 60
    wait("the console knows", lambda: deck.injection(ident)["state"] == "expired", 30)


@pytest.mark.long
def test_every_way_ends_without_the_operator(disks, lab, deck):
    """SIGKILL of the console; no systemd is there to keep the time."""
    inject_all(lab, deck, "40s")
    deck.kill()
    assert lab.ours(["kvm2"]) != ""
    wait("all has ended", lambda: lab.ours(["kvm2"]) == "", 90)
    assert writes(lab, "victim1") and writes(lab, "victim2") and abs(offset(lab)) < 60
    assert lab.on("kvm2", "echo x >/mnt/ext4/y; cat /mnt/ext4/y") == "x\n"
    lab.on("kvm2", NO_VICTIMS)
