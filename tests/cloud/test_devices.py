# SPDX-License-Identifier: GPL-2.0-or-later
"""What a guest of libvirt's has, as it is plugged and unplugged: what the collector says of it on a real libvirt. The guest is emulated, and no VM
of KVM's: the collector's own functions are told of its process. By QEMU's own monitor alone: tests/kvm/test_devices.py."""
import os

import pytest

from conftest import TOP, wait

FILES = ("kvm/qmp.sh", "kvm/collect.sh", "kvm/live.sh")
ASK = """
say() { printf '%%s\\t%%s\\n' "$1" "$2"; }
kvm_discover() { :; }
kvm_pids='%s'
for p in $kvm_pids; do kvm_learn "$p"; done
kvm_slow
"""
GUEST = """<domain type='qemu'><name>%s</name><memory unit='MiB'>32</memory><vcpu>1</vcpu><os><type arch='x86_64' machine='pc'>hvm</type></os><devices>
<emulator>/usr/bin/qemu-system-x86_64</emulator><controller type='usb' model='qemu-xhci' ports='8'/>
<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='/run/plug/first.img'/><target dev='sda' bus='usb'/></disk></devices></domain>"""
DISK = "<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='/run/plug/second one.img'/><target dev='sdb' bus='usb'/></disk>"
LINK = "<interface type='ethernet'><target dev='plugged0'/><model type='usb-net'/></interface>"
NAMES = ("plug", "it's plugged")


@pytest.fixture
def guests(lab):
    def virsh(script):
        return lab.on("cs1", script.replace("virsh", "virsh -q -c qemu:///system"))

    virsh("mkdir -p /run/plug && truncate -s 1M /run/plug/first.img '/run/plug/second one.img'")
    for k, name in enumerate(NAMES):
        virsh("cat >/run/plug/guest.xml <<'X'\n%s\nX\nvirsh create /run/plug/guest.xml" % (GUEST % name.replace("'", "&apos;")).replace("first.img", "first.img" if not k else "second one.img"))
    yield virsh
    virsh("for g in plug \"it's plugged\"; do virsh destroy \"$g\"; done; rm -r /run/plug")


def test_three_states(lab, guests):
    text = "".join(open(os.path.join(TOP, "backends", f)).read() for f in FILES)
    pids = lab.on("cs1", "for g in plug it*plugged; do cat /run/libvirt/qemu/$g.pid; echo; done").split()
    lab.on("cs1", "cat >/run/plug/ask.sh <<'THE END'\n%s%s\nTHE END\n" % (text, ASK % " ".join(pids)))
    # counts what is begun for the question
    lab.on("cs1", "printf '#!/bin/sh\\necho x >>/run/plug/begun\\nexec /usr/bin/virsh \"$@\"\\n' >/run/plug/virsh && chmod +x /run/plug/virsh")

    def said():
        lab.on("cs1", "rm -f /run/plug/begun")
        parts = lab.on("cs1", "PATH=/run/plug:$PATH sh /run/plug/ask.sh").split(":vm\t")[1:]
        assert lab.on("cs1", "wc -l </run/plug/begun") == "1\n"  # one for all guests
        found = {}
        for part in parts:
            name, *lines = part.strip().split("\n")
            facts = dict(line.split("\t", 1) for line in lines)
            assert facts["state"] == "running"
            found[name] = [v for k, v in facts.items() if k.startswith("device:") and not v.startswith("-device ")]
        return [found[n] for n in NAMES]

    first, second = "block sda /run/plug/first.img", "block sda /run/plug/second one.img"
    assert said() == [[first], [second]]
    guests("cat >/run/plug/disk.xml <<'X'\n%s\nX\ncat >/run/plug/link.xml <<'X'\n%s\nX\nvirsh detach-disk \"it's plugged\" sda\nvirsh attach-device plug /run/plug/disk.xml; virsh attach-device plug /run/plug/link.xml" % (DISK, LINK))
    plugged, other = said()
    assert sorted(plugged) == [first, "block sdb /run/plug/second one.img", "net plugged0"] and other == []
    guests("virsh detach-device plug /run/plug/link.xml; virsh detach-disk plug sda")
    wait("they are gone", lambda: said()[0] == ["block sdb /run/plug/second one.img"], 10)
    guests("virsh suspend plug")
    assert "state\tpaused" in lab.on("cs1", "sh /run/plug/ask.sh")
