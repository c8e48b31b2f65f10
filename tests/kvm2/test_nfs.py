# SPDX-License-Identifier: GPL-2.0-or-later
"""The kernel's own NFS server, and a storage that is mounted from it: on the emulated host, whose kernel has both. It has no
systemd: what is stopped comes back by rpc.nfsd; tests/cloud has the way through its unit."""
import pytest

from deck import wait
from talk import Talk

pytestmark = pytest.mark.long

CONFIG = """
ssh_config = "%s/ssh_config";
nodes = ( { name = "kvm2"; host = "10.77.0.22"; user = "root"; roles = ( "nfs" ); disposable = true; } );
"""
POOL = "/mnt/nfs pool"
# odd on purpose: three threads, no NFS 3, no UDP; clients hold on for ever
UP = """
set -e
modprobe nfsd
mountpoint -q /proc/fs/nfsd || mount -t nfsd nfsd /proc/fs/nfsd
mkdir -p /srv/export '%s'
exportfs -i -o rw,no_root_squash,no_subtree_check,fsid=1 '*:/srv/export'
echo 10 >/proc/fs/nfsd/nfsv4leasetime; echo 10 >/proc/fs/nfsd/nfsv4gracetime
rpc.nfsd -N 3 -U 3
rpc.mountd -N 2 -N 3
mount -t nfs4 -o hard,noatime,nosuid,timeo=50 127.0.0.1:/srv/export '%s'
""" % (POOL, POOL)
DOWN = "umount -f '%s'; rpc.nfsd 0; pkill rpc.mountd; exportfs -au; umount /proc/fs/nfsd; rm -rf /srv/export '%s'" % (POOL, POOL)
STATE = "cd /proc/fs/nfsd && cat threads versions && sort portlist; nft list tables; ls /run/faultdeck 2>/dev/null || true"
MOUNTS = "grep -e /mnt /proc/self/mountinfo | cut -d' ' -f5-"
WRITES = "timeout %%d sh -c 'echo %%s >\"%s/x\" && cat /srv/export/x' 2>&1" % POOL


@pytest.fixture(scope="module")
def served(lab):
    lab.on("kvm2", UP)
    yield
    lab.on("kvm2", DOWN, check=False)


@pytest.fixture
def deck(lab, served, tmp_path):
    (tmp_path / "c.cfg").write_text(CONFIG % lab.dir)
    deck = Talk(lab, tmp_path, str(tmp_path / "c.cfg"))
    deck.sees("nfs@kvm2")
    yield deck
    deck("restore", "--all", code=None, limit=200)
    deck.kill()


def writes(lab, word="w", limit=60):
    return lab.on("kvm2", WRITES % (limit, word), check=False)


def waits(lab):
    """A client that began while it is broken: it waits, and writes when it can."""
    lab.on("kvm2", "setsid sh -c 'echo later >\"%s/y\"; echo done >/run/y' </dev/null >/dev/null 2>&1 &" % POOL)
    return lab.on("kvm2", "sleep 3; cat /run/y 2>/dev/null || echo waits") == "waits\n"


def went_on(lab):
    wait("the client that waited goes on", lambda: lab.on("kvm2", "cat /run/y /srv/export/y 2>/dev/null", check=False) == "done\nlater\n", 90)
    lab.on("kvm2", "rm /run/y /srv/export/y")


@pytest.mark.parametrize("fault", ["crash", "hang"])
def test_broken_and_back(lab, deck, fault):
    before = lab.on("kvm2", STATE)
    assert before.startswith("3\n") and "-3" in before and "udp" not in before and writes(lab, "one") == "one\n"
    ident = deck.ident(deck("--yes", "inject", "cloudstack." + fault, "nfs@kvm2", "ttl=5m", limit=120))
    assert waits(lab)
    if fault == "crash":
        assert lab.on("kvm2", "cat /proc/fs/nfsd/threads") == "0\n"
    other = Talk(lab, deck.env["XDG_STATE_HOME"] + "/other", deck.config)
    other("restore", ident, limit=120)
    assert lab.on("kvm2", STATE) == before
    went_on(lab)
    assert writes(lab, "two") == "two\n"
    other("restore", ident, limit=120)
    other.kill()
    assert lab.on("kvm2", STATE) == before


@pytest.mark.parametrize("fault", ["crash", "hang"])
def test_ends_without_the_console(lab, deck, fault):
    before = lab.on("kvm2", STATE)
    deck("--yes", "inject", "cloudstack." + fault, "nfs@kvm2", "ttl=20s", limit=120)
    deck.kill()
    assert waits(lab) and lab.on("kvm2", STATE) != before
    wait("the node has ended it", lambda: lab.on("kvm2", STATE) == before, 60)
    went_on(lab)


def test_storage_from_there(lab, deck):
    before = lab.on("kvm2", MOUNTS)
    assert "noatime" in before and "nosuid" in before and writes(lab) == "w\n"
    deck("--yes", "cloudstack", "storage-ro", POOL, limit=120)
    assert "Read-only file system" in writes(lab)
    deck("cloudstack", "storage-rw", POOL, limit=120)
    assert lab.on("kvm2", MOUNTS) == before and writes(lab) == "w\n"
    lab.on("kvm2", "setsid sh -c 'exec 8>\"%s/disk\" && exec sleep 97' </dev/null >/dev/null 2>&1 &" % POOL)
    try:
        refused = deck("--yes", "cloudstack", "storage-ro", POOL, code=1, limit=120).out
        assert "open for writing" in refused and "kvm.file-write" in refused and "io-hang" not in refused
        assert lab.on("kvm2", MOUNTS) == before
    finally:
        lab.on("kvm2", "pkill -f '^sleep 97'; rm '%s/disk'" % POOL)
    deck("--yes", "cloudstack", "storage-ro", POOL, "ttl=15s", limit=120)
    deck.kill()
    assert "ro," in lab.on("kvm2", MOUNTS)
    wait("the node has ended it", lambda: lab.on("kvm2", MOUNTS + "; ls /run/faultdeck 2>/dev/null", check=False) == before, 60)
    assert writes(lab) == "w\n"
