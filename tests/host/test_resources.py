# SPDX-License-Identifier: GPL-2.0-or-later
"""CPU, memory, disk, a frozen file system, the clock: bounded, seen, and given back."""
import os
import shlex
import subprocess
import time

import pytest

from deck import wait


def cpu_used(lab, unit):
    """Seconds of CPU, and the clock's then."""
    used, up = lab.on("n1", "sed -n 's/^usage_usec //p' /sys/fs/cgroup/system.slice/%s/cpu.stat; cat /proc/uptime" % unit).split()[:2]
    return int(used) / 1e6, float(up)


@pytest.mark.parametrize("percent, most", [(100, 110), (20, 40)])
def test_cpu_load(lab, deck, percent, most):
    """The machine may be too busy to give it all: never more, and not nothing."""
    ident = deck.ident(deck.inject("host.cpu-load", "n1", "workers=1", "percent=%d" % percent))
    unit = "faultdeck-%s-keep.service" % ident
    used, began = cpu_used(lab, unit)
    wait("it computes", lambda: cpu_used(lab, unit)[0] > used + 0.4, 30)
    now, ended = cpu_used(lab, unit)
    assert (now - used) / (ended - began) * 100 <= most
    deck("restore", ident)
    assert lab.on("n1", "pgrep -f keep.s[h] || true") == ""


def test_what_holds_ends_by_itself(lab, deck):
    deck.inject("host.cpu-load", "n1", "workers=1", "percent=10", "ttl=2s")
    lab.on("n1", "systemctl stop 'faultdeck-*.timer'")
    wait("it has ended", lambda: lab.on("n1", "pgrep -f keep.s[h] || true") == "", 30)


def test_renewed_it_stays(lab, deck):
    ident = deck.ident(deck.inject("host.cpu-load", "n1", "workers=1", "percent=10", "ttl=3s"))
    deck("renew", ident, "--ttl", "60s")
    time.sleep(4)
    assert lab.on("n1", "pgrep -f keep.s[h] || true") != ""


def held(lab):
    return int(lab.on("n1", "ps -C dd -o rss= | awk '{ s += $1 } END { print s + 0 }'"))


def test_memory(lab, deck):
    ident = deck.ident(deck.inject("host.memory-fill", "n1", "size=200", "leave=64"))
    assert 190 * 1024 < held(lab) < 220 * 1024
    assert set(lab.on("n1", "cat $(pgrep -x dd | sed 's,.*,/proc/&/oom_score_adj,')").split()) == {"1000"}
    deck("restore", ident)
    assert held(lab) == 0


def test_memory_leaves_its_reserve(lab, deck):
    done = deck("--yes", "inject", "host.memory-fill", "n1", "size=1000000", code=None)
    assert done.code == 1 and "would leave less than 256 MiB" in done.out + done.err


def free(lab):
    return int(lab.on("n1", "df -Pm /mnt/d | awk 'NR == 2 { print $4 }'"))


def test_disk(disk, lab, deck):
    before = free(lab)
    ident = deck.ident(deck.inject("host.disk-fill", "path:/mnt/d@n1", "leave=16"))
    assert free(lab) == 16
    assert lab.on("n1", "ls -A /mnt/d") == "keep\n"
    assert "No space" in lab.on("n1", "head -c 20m /dev/zero 2>&1 >/mnt/d/x; rm /mnt/d/x", check=False) or free(lab) >= 16
    deck("restore", ident)
    assert free(lab) == before


@pytest.mark.parametrize("words, why", [(["size=63", "leave=16"], "would leave less than 16"), (["leave=900"], "would leave less than 900")])
def test_disk_leaves_its_reserve(disk, lab, deck, words, why):
    done = deck("--yes", "inject", "host.disk-fill", "path:/mnt/d@n1", *words, code=None)
    assert done.code == 1 and why in done.out + done.err


@pytest.mark.parametrize("target, why", [("path:/run@n1", "the ledger lives"), ("path:/nosuch@n1", "there is no directory"), ("path:/etc/passwd@n1", "no directory")])
def test_disk_refused(lab, deck, target, why):
    done = deck("--yes", "inject", "host.disk-fill", target, code=None)
    assert done.code == 1 and why in done.out + done.err


def test_odd_names_run_nothing(lab, deck):
    name = "/mnt/a 'b' \"c\" $(touch /tmp/pwned); `id` \\ä"
    lab.on("n1", "mkdir -p %s && mount -t tmpfs -o size=64m d %s" % ((shlex.quote(name),) * 2))
    ident = deck.ident(deck.inject("host.disk-fill", "path:%s@n1" % name, "leave=16"))
    deck("restore", ident)
    lab.on("n1", "umount %s && rmdir %s && [ ! -e /tmp/pwned ]" % ((shlex.quote(name),) * 2))


@pytest.mark.parametrize("path", ["/", "/etc", "/run", "/usr/bin", "/var/log"])
def test_what_the_way_back_needs_is_not_frozen(lab, deck, path):
    done = deck("--yes", "inject", "host.io-hang", "path:%s@n1" % path, code=None)
    assert done.code == 1 and "needs to come back" in done.out + done.err
    assert lab.on("n1", "touch /run/x /var/x && rm /run/x /var/x && echo writes") == "writes\n"


def test_a_file_system_that_cannot_be_frozen(disk, lab, deck):
    done = deck("--yes", "inject", "host.io-hang", "path:/mnt/d@n1", code=None)
    assert done.code == 1 and "cannot be frozen" in done.out + done.err


@pytest.fixture
def ext4(lab, tmp_path):
    """A disk of its own in n1: a loop device made here, mounted in the node's mount namespace, and gone with that mount."""
    sh = lambda *words: subprocess.run(words, text=True, capture_output=True, check=True).stdout.strip()
    with open("/run/%s/n1.pid" % lab.prefix) as f:
        nspawn = f.read().split()[0]
    with open("/proc/%s/task/%s/children" % (nspawn, nspawn)) as f:
        init = f.read().split()[0]
    image = tmp_path / "disk"
    sh("truncate", "-s", "64M", str(image))
    sh("mkfs.ext4", "-q", str(image))
    loop = sh("losetup", "--show", "-f", str(image))
    try:
        number = os.stat(loop).st_rdev
        lab.on("n1", "mkdir -p /mnt/e && rm -f /dev/fdloop && mknod /dev/fdloop b %d %d" % (os.major(number), os.minor(number)))
        sh("nsenter", "-t", init, "-m", "mount", "-t", "ext4", "/dev/fdloop", "/mnt/e")
    finally:
        sh("losetup", "-d", loop)  # once nobody has it mounted
    yield
    lab.on("n1", "fsfreeze -u /mnt/e 2>/dev/null; umount /mnt/e; rm /dev/fdloop; rmdir /mnt/e")
    wait("the loop device is free", lambda: str(image) not in sh("losetup", "-a"), 20)


def test_freeze_and_thaw(ext4, lab, deck):
    ident = deck.ident(deck.inject("host.io-hang", "path:/mnt/e@n1"))
    lab.on("n1", "systemd-run -q --collect --unit=writer sh -c 'echo x >/mnt/e/x; sync -f /mnt/e'")
    writer = "p=$(systemctl show -p MainPID --value writer); grep ^State: /proc/$p/status"
    wait("it waits", lambda: "D" in lab.on("n1", writer, check=False), 30)
    deck("restore", ident)
    wait("it goes on", lambda: lab.on("n1", "systemctl is-active writer || true") == "inactive\n", 30)
    assert lab.on("n1", "cat /mnt/e/x") == "x\n"


def test_frozen_by_somebody_else(ext4, lab, deck):
    lab.on("n1", "fsfreeze -f /mnt/e")
    done = deck("--yes", "inject", "host.io-hang", "path:/mnt/e@n1", code=None)
    assert done.code == 1 and "cannot be frozen" in done.out + done.err
    lab.on("n1", "fsfreeze -u /mnt/e")


def test_the_clock_of_a_shared_kernel_is_left_alone(lab, deck):
    before = time.time()
    done = deck("--yes", "inject", "host.clock-skew", "n1", "seconds=-3600", code=None)
    assert done.code == 1 and "has no own_clock" in done.out + done.err
    assert 0 <= time.time() - before < 60
