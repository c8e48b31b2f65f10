# SPDX-License-Identifier: GPL-2.0-or-later
"""What a guest has, as it is plugged and unplugged by its monitor; a libvirt's: tests/cloud/test_devices.py."""
import pytest

from deck import wait

START = """mkdir -p /run/qemu && for d in 1 2; do truncate -s 1M /run/qemu/plug$d.img; done
setsid qemu-system-aarch64 -name plug,debug-threads=on -M virt,gic-version=3 -accel kvm -cpu host -m 64 -nodefaults -no-user-config -display none -S \
-qmp unix:/run/qemu/plug.qmp,server=on,wait=off -device qemu-xhci -drive file=/run/qemu/plug1.img,if=none,id=first,format=raw -device usb-storage,drive=first,id=one \
>/run/qemu/plug.log 2>&1 </dev/null & echo $! >/run/qemu/plug.pid"""


@pytest.fixture
def plug(lab):
    lab.on(START)
    wait("its monitor listens", lambda: "yes" in lab.on("[ -S /run/qemu/plug.qmp ] && echo yes"), 30)
    yield lambda *what, **words: lab.qmp("plug", *what, **words)
    lab.on("kill -9 $(cat /run/qemu/plug.pid); rm -f /run/qemu/plug*")


@pytest.mark.long
def test_three_states(lab, deck, plug):
    def facts():
        return [f["value"] for f in deck("show", "vm:plug@kvm1").of("fact") if f["key"].startswith("device:")]

    def shown(*want):
        """Each of WANT is of one device, of its kind; and there is no other drive or network device. The bus is shown, too."""
        found = facts()
        live = [f for f in found if not f.startswith("-")]
        return len(live) == len(want) and all(any(a in f and f.startswith(kind) for f in live) for kind, a in want) and "-device qemu-xhci" in found

    wait("it is seen", lambda: "plug" in {v["vm"] for v in deck("status").of("vm")}, 60)
    wait("the drive that it was started with", lambda: shown(("block ", "plug1.img")), 60)
    for command, words in (("blockdev-add", {"driver": "file", "filename": "/run/qemu/plug2.img", "node-name": "second"}),
                           ("device_add", {"driver": "usb-storage", "drive": "second", "id": "two"}),
                           ("netdev_add", {"type": "user", "id": "third"}), ("device_add", {"driver": "usb-net", "netdev": "third", "id": "three"})):
        answer = plug(command, **words)
        assert "return" in answer, answer
    wait("both that were plugged", lambda: shown(("block ", "plug1.img"), ("block ", "plug2.img"), ("network ", "type=nic")), 60)
    for ident in ("one", "three"):
        assert "return" in plug("device_del", id=ident)
    assert "return" in plug("netdev_del", id="third")
    wait("what was unplugged is gone", lambda: shown(("block ", "plug2.img")), 60)
