# SPDX-License-Identifier: GPL-2.0-or-later
"""What a reboot from inside leaves: nothing of ours, whatever was active, and the consoles say so. And what else only this kernel has."""
import pytest

from deck import wait
from ways import inject_all, offset

pytestmark = pytest.mark.long

BOOT = "cat /proc/sys/kernel/random/boot_id"

NFS = """
set -e
modprobe nfsd
mountpoint -q /proc/fs/nfsd || mount -t nfsd nfsd /proc/fs/nfsd
mkdir -p /srv/export /mnt/nfs
exportfs -i -o rw,no_root_squash,no_subtree_check,fsid=1 '*:/srv/export'
rpc.nfsd -N 3 -U 2
rpc.mountd -N 2 -N 3
mount -t nfs4 -o soft,timeo=100 127.0.0.1:/srv/export /mnt/nfs
echo through >/mnt/nfs/x
cat /srv/export/x
"""


def test_kernel_nfs(lab):
    try:
        assert lab.on("kvm2", NFS, limit=200) == "through\n"
    finally:
        lab.on("kvm2", "umount /mnt/nfs; rpc.nfsd 0; pkill rpc.mountd; exportfs -au; umount /proc/fs/nfsd; rm -rf /srv/export", check=False)


@pytest.mark.parametrize("how", ["from inside", "power"])
def test_reboot_in_the_midst_of_every_way(lab, deck, how):
    before = lab.on("kvm2", BOOT)
    inject_all(lab, deck, "10m")
    known = {i["id"] for i in deck("list", "injections").of("injection") if i["state"] == "active"}
    assert len(known) == 8
    if how == "power":
        lab.run("kill", "kvm2")
    else:
        lab.crash("kvm2")
    lab.forget("kvm2")
    lab.run("start", "kvm2")
    wait("it is another boot", lambda: lab.on("kvm2", BOOT, check=False) not in ("", before), 120)
    assert lab.ours(["kvm2"]) == "" and abs(offset(lab)) < 60

    def ended():
        states = {i["id"]: (i["state"], i["reason"]) for i in deck("list", "injections").of("injection") if i["id"] in known}
        return len(states) == 8 and all(s == ("restored", "the node was rebooted: nothing of it is left") for s in states.values())

    wait("the console knows of the reboot", ended, 60)
    assert deck("restore", "--all").code == 0
    lab.serve()
    assert lab.quick() and lab.ping() is not None
