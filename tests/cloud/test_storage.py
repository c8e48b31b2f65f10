# SPDX-License-Identifier: GPL-2.0-or-later
"""storage-ro and storage-rw: EROFS, then the same options as before and a clean file system; what is refused."""
import pytest

from conftest import LIMIT, POOL, wait

ODD = "/mnt/with a space"
MOUNTS = "grep -e /mnt /proc/self/mountinfo | cut -d' ' -f5-"


@pytest.fixture
def odd(lab):
    lab.on("cs1", "/usr/lib/fdlab/pool '%s' && mkdir -p '%s/inside' /mnt/bound && mount --bind '%s/inside' /mnt/bound" % (ODD, ODD, ODD))
    yield ODD
    lab.on("cs1", "umount /mnt/bound; umount '%s'; fsck.ext4 -fn '/var/lib/with a space.img' >/run/fsck 2>&1 || { cat /run/fsck; exit 1; }; rm '/var/lib/with a space.img'" % ODD)


def writes(lab, path):
    return lab.on("cs1", "echo x >'%s/x' && cat '%s/x' && rm '%s/x'" % (path, path, path), check=False)


def test_pool(lab, deck):
    before = lab.on("cs1", MOUNTS)
    assert "noatime" in before and "commit=30" in before
    done = deck("--yes", "cloudstack", "storage-ro", POOL, "ttl=5m")
    assert "reboots this host" in done.one("plan")["guard"] and done.one("injection")["target"] == "path:%s@cs1" % POOL
    assert "Read-only file system" in writes(lab, POOL) and deck.storage()[POOL]["state"] == "ro"
    wait("the agent would reboot", lambda: "would reboot this host now" in lab.on("cs1", "journalctl -u cloudstack-agent --since -1min"), LIMIT)
    ident = deck("list", "injections").one("injection")["id"]
    assert "read-only already" in deck("--yes", "cloudstack", "storage-ro", POOL, code=1).out
    deck("cloudstack", "storage-rw", POOL)
    assert writes(lab, POOL) == "x\n" and lab.on("cs1", MOUNTS) == before and deck.storage()[POOL]["state"] == "rw"
    deck("restore", ident, code=None)
    assert lab.on("cs1", MOUNTS) == before


def test_path_with_a_space_and_a_bind_of_it(lab, deck, odd):
    """Both are one file system: what is bound elsewhere is read-only too. The bind mount itself is alone, as one of the system's disk is."""
    before = lab.on("cs1", MOUNTS)
    wait("it is listed", lambda: odd in deck.storage(), LIMIT)
    deck("--yes", "cloudstack", "storage-ro", odd)
    assert "Read-only file system" in writes(lab, odd) and "Read-only file system" in writes(lab, "/mnt/bound")
    deck("cloudstack", "storage-rw", odd)
    assert lab.on("cs1", MOUNTS) == before and writes(lab, odd) == writes(lab, "/mnt/bound") == "x\n"
    deck("--yes", "--ttl", "3s", "cloudstack", "storage-ro", "/mnt/bound@cs1")
    assert "Read-only file system" in writes(lab, "/mnt/bound") and writes(lab, odd) == "x\n"
    wait("the node has ended it by itself", lambda: lab.on("cs1", MOUNTS + "; ls /run/faultdeck 2>/dev/null", check=False) == before, 10)


def test_bind_of_the_system_s_disk(lab, deck):
    """Is read-only at that place; the system's own directories, mounted over themselves, never are."""
    lab.on("cs1", "mkdir -p /var/lib/images /mnt/images && mount --bind /var/lib/images /mnt/images && mount -o remount,bind,nosuid,strictatime /mnt/images && mount --bind /etc /etc")
    try:
        before = lab.on("cs1", MOUNTS)
        deck("--yes", "cloudstack", "storage-ro", "/mnt/images@cs1")
        assert "Read-only file system" in writes(lab, "/mnt/images") and writes(lab, "/var/lib/images") == writes(lab, POOL) == "x\n"
        deck("cloudstack", "storage-rw", "/mnt/images")
        assert lab.on("cs1", MOUNTS) == before and "nosuid" in before and writes(lab, "/mnt/images") == "x\n"
        lab.on("cs1", "(exec 8>/mnt/images/disk && exec sleep 97 >/dev/null 2>&1) &")
        said = deck.refused("--yes", "cloudstack", "storage-ro", "/mnt/images@cs1")
        assert "kvm.file-write" in said and "io-hang" not in said  # that would freeze the whole of it
        assert "needs to come back" in deck.refused("--yes", "cloudstack", "storage-ro", "/etc@cs1", code=1)
    finally:
        lab.on("cs1", "pkill -f '^sleep 97'; umount /etc; umount /mnt/images; rm -r /mnt/images /var/lib/images")


def test_open_writers(lab, deck, odd):
    """A VM's disk is open: never forced, and what can be done is said."""
    before = lab.on("cs1", MOUNTS)
    lab.on("cs1", "(exec 8>'%s/disk' && exec sleep 97 >/dev/null 2>&1) & " % odd)
    try:
        said = deck.refused("--yes", "cloudstack", "storage-ro", odd)
        assert "open for writing" in said and "host.io-hang" in said and "kvm.file-write" in said
        assert lab.on("cs1", MOUNTS) == before
    finally:
        lab.on("cs1", "pkill -f '^sleep 97'; rm '%s/disk'" % odd)


def test_a_host_that_would_reboot(lab, deck, tmp_path):
    """Only a disposable one, or where the agent is told not to."""
    with open(deck.config) as f:
        (tmp_path / "c.cfg").write_text(f.read().replace("disposable = true", "disposable = false"))
    deck.config = str(tmp_path / "c.cfg")
    assert "reboots this host" in deck.refused("--yes", "cloudstack", "storage-ro", POOL, code=5)
    # written otherwise, the node finds out
    assert "sysrq" in deck.refused("--yes", "inject", "cloudstack.storage-ro", "path:%s/@cs1" % POOL, code=1)
    lab.on("cs1", "echo reboot.host.and.alert.management.on.heartbeat.timeout=false >>/etc/cloudstack/agent/agent.properties")
    try:
        deck("--yes", "cloudstack", "storage-ro", POOL)
        assert "Read-only file system" in writes(lab, POOL)
        deck("cloudstack", "storage-rw", POOL)
    finally:
        lab.on("cs1", "sed -i /^reboot.host/d /etc/cloudstack/agent/agent.properties")


BAD = {POOL + "/KVMHA": "is no mount", "/": "needs to come back", "/var/lib": "needs to come back", "/run": "needs to come back",
       "/nowhere": "there is no /nowhere", "/dev/shm": "neither a file system on a device"}


def test_refused(lab, deck):
    before = lab.on("cs1", MOUNTS)
    for path, why in BAD.items():
        assert why in deck.refused("--yes", "cloudstack", "storage-ro", path + "@cs1", code=1)
    assert lab.on("cs1", MOUNTS) == before
