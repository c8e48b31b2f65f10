# SPDX-License-Identifier: GPL-2.0-or-later
"""The other points of the module, each before / injected / restored, on a guest or a program of the emulated host."""
import os
import re
import subprocess

import pytest

from deck import Prog, soon, wait

QEMU = (
    "qemu-system-aarch64 -M virt,gic-version=3 -cpu host -accel kvm -m 64 -nodefaults -display none -S -name new1 "
    "-daemonize -pidfile /run/new1.pid 2>&1 && { echo STARTED; kill $(cat /run/new1.pid); }"
)


@pytest.fixture(scope="module")
def prog(lab, tmp_path_factory):
    """Starts the program on kvm1 with a mode; ends all of them at the end."""
    binary = str(tmp_path_factory.mktemp("prog") / "prog")
    here = os.path.join(lab.top, "tests")
    subprocess.run(["aarch64-linux-gnu-gcc", "-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror", "-static", "-pthread", "-o", binary,
                    here + "/kvm/prog.c", here + "/kmod/guest.c"], check=True)
    lab.send(binary, "/run/prog")
    started = []

    def start(*words):
        started.append(Prog(lab, *words))
        return started[-1]

    yield start
    for p in started:
        p.end()


@pytest.fixture
def db1(lab):
    """db1, whole again afterwards whatever was done to it."""
    yield "db1"
    number = lab.last("db1")
    if not lab.lives("db1") or not soon(lambda: [w for _, _, w, _ in lab.after("db1", number)][-2:] == ["ok", "ok"], 8):
        lab.restart("db1")


def inject(deck, fault, target, *words):
    injection = deck.inject(fault, target, *words, "ttl=60s").one("injection")
    assert injection["state"] == "active"
    return injection["id"]


def hits(deck, ident):
    return int([r for r in deck.rules() if r["id"] == ident][0]["injected"])


def restore(deck, ident):
    assert deck("restore", ident).one("injection")["state"] == "restored"
    assert deck.rules() == []


def test_cpu_fi_kills_the_new_task_only(deck, prog):
    p, other = prog("fork"), prog("fork")
    assert set(p.says("ok")) == {"ok"}
    ident = inject(deck, "kvm.cpu-fi", p.target, "type=1", "times=-1")
    p.says(("SEGV", "BUS"))
    assert set(other.says("ok")) == {"ok"}
    assert p.alive()
    restore(deck, ident)
    assert set(p.says("ok")) == {"ok"}


def test_cpu_fi_refuses_what_could_return_to_the_kernel(deck, prog):
    p = prog("fork")
    done = deck("--yes", "inject", "kvm.cpu-fi", p.target, "reg=PSTATE", "how=flip", "value=3", code=None)
    assert done.code == 2 and "PSTATE" in done.out + done.err


def test_vcpu_regs_change_what_the_guest_computes(lab, deck, db1):
    for guest in ("db1", "web1"):
        lab.on("echo sum on >/run/qemu/%s.con.in" % guest)
        wait(guest + " computes", lambda: len(lab.sums(guest)) >= 2, 40)
    assert set(lab.sums("db1")) == {"ok"}
    pid = lab.pid("db1")
    # the exit that is hit may be one of the guest's kernel, which does not care about X9
    for _ in range(6):
        ident = inject(deck, "kvm.vcpu-regs", "vm:db1/0@kvm1", "reg=X9", "how=xor", "value=0x10")
        n = len(lab.sums("db1"))
        wait("the rule hits", lambda: hits(deck, ident) == 1, 10)
        wait("two sums more", lambda: len(lab.sums("db1")) >= n + 2, 40)
        restore(deck, ident)
        if "bad" in lab.sums("db1"):
            break
    assert "bad" in lab.sums("db1")
    wait("the next sums are right", lambda: lab.sums("db1")[-2:] == ["ok", "ok"], 40)
    assert set(lab.sums("web1")) == {"ok"}
    assert lab.pid("db1") == pid and lab.guest_status("db1") == "running"
    for guest in ("db1", "web1"):
        lab.on("echo sum off >/run/qemu/%s.con.in" % guest)


def test_vcpu_pc_is_a_fault_of_the_guest(lab, deck, db1):
    """Its init is killed, or its kernel panics: it says no more. The other guest goes on."""
    web1 = lab.last("web1")
    ident = inject(deck, "kvm.vcpu-regs", "vm:db1@kvm1", "reg=PC", "value=62")
    wait("the rule hits", lambda: hits(deck, ident) == 1, 10)
    restore(deck, ident)

    def silent():
        n, seen = lab.last("db1"), lab.last("web1")
        wait("web1 writes on", lambda: len(lab.after("web1", seen)) >= 3, 20)
        return lab.last("db1") == n

    wait("db1 says no more", silent, 30)
    assert {w for _, _, w, _ in lab.after("web1", web1)} == {"ok"}


def test_memory_load_sigbus_hits_the_target_only(deck, prog):
    p, other = prog("touch"), prog("touch")
    p.says("ok")
    ident = inject(deck, "kvm.memory-load", p.target, "result=SIGBUS", "range=0x10000000-0x10000fff")
    p.says("BUS")
    assert set(other.says("ok")) == {"ok"}
    restore(deck, ident)
    assert set(p.says("ok")) == {"ok"}


def test_memory_load_oom_spins_until_the_restore(deck, prog):
    p, other = prog("touch"), prog("touch")
    p.says("ok")
    ident = inject(deck, "kvm.memory-load", p.target, "result=OOM")
    wait("the kernel tries again and again", lambda: hits(deck, ident) > 1000, 20)
    n = p.now()
    other.says("ok")
    assert p.now() <= n + 1, "the target gets nowhere"
    restore(deck, ident)
    assert set(p.says("ok")) == {"ok"}


@pytest.mark.parametrize("where,mode,right,wrong", [("process", "stale", "no", "yes"), ("guest", "guest", "new", "old")])
def test_memory_update_uses_a_stale_translation(deck, prog, where, mode, right, wrong):
    p = prog(mode)
    assert set(p.says(right)) == {right}
    plan = deck("--dry-run", "inject", "kvm.memory-update", p.target, "where=" + where).one("plan")
    assert "cannot be undone in the target" in str(plan)
    ident = inject(deck, "kvm.memory-update", p.target, "where=" + where)
    p.says(wrong, n=1)
    restore(deck, ident)
    assert set(p.says(right)) == {right}


def test_memory_region_hits_the_next_vm(lab, deck):
    ident = inject(deck, "kvm.memory-region", "new-vm@kvm1", "errno=ENOMEM")
    said = lab.on(QEMU, check=False)
    assert "STARTED" not in said and "Cannot allocate memory" in said, said
    restore(deck, ident)
    assert "STARTED" in lab.on(QEMU, check=False)


def test_memory_region_ends_a_running_vm(lab, deck, db1):
    pid = lab.pid("db1")
    plan = deck("--dry-run", "inject", "kvm.memory-region", "vm:db1@kvm1").one("plan")
    assert "has to be started again" in str(plan["undo"]), plan
    ident = inject(deck, "kvm.memory-region", "vm:db1@kvm1")
    # a migration makes QEMU switch the dirty log of its slots on
    lab.qmp("db1", "migrate", uri="exec:cat >/dev/null")
    wait("QEMU aborts", lambda: not lab.on("kill -0 %d 2>/dev/null && echo lives" % pid), 30)
    assert lab.guest_status("web1") == "running"
    restore(deck, ident)


@pytest.mark.long
def test_memory_hva_takes_the_memory_from_the_next_vm(lab, deck):
    ident = inject(deck, "kvm.memory-hva", "new-vm@kvm1")
    lab.on("/usr/lib/fdlab/guest start hva1")
    wait("the rule hits", lambda: hits(deck, ident) > 0, 20)
    assert not soon(lambda: "up" in lab.on("cat /run/qemu/hva1.console"), 5)
    restore(deck, ident)
    lab.on("/usr/lib/fdlab/guest restart hva1")
    wait("the next one boots", lambda: "hva1 up" in lab.on("cat /run/qemu/hva1.console"), 40)
    lab.on("/usr/lib/fdlab/guest stop hva1")


def registers(lab):
    said = lab.qmp("db1", "human-monitor-command", **{"command-line": "info registers"})["return"]
    return int(re.search(r"PC=([0-9a-f]+)", said).group(1), 16), int(re.search(r"PSTATE=([0-9a-f]+)", said).group(1), 16)


def test_state_query_tells_a_false_pc_and_the_guest_goes_on(lab, deck):
    number = lab.last("db1")
    assert registers(lab)[0] != 0x123450
    ident = inject(deck, "kvm.state-query", "vm:db1@kvm1", "reg=PC", "how=set", "value=0x123450")
    assert [registers(lab)[0] for _ in range(3)] == [0x123450] * 3
    assert registers(lab)[1] & 0xF != 0x123450 & 0xF
    seen = lab.last("db1")
    wait("the guest writes on", lambda: len(lab.after("db1", seen)) >= 3, 20)
    restore(deck, ident)
    assert registers(lab)[0] != 0x123450
    assert {w for _, _, w, _ in lab.after("db1", number)} == {"ok"}


@pytest.mark.long
def test_state_query_frozen_and_pstate(lab, deck):
    ident = inject(deck, "kvm.state-query", "vm:db1/0@kvm1", "reg=PC", "how=freeze")
    assert len({registers(lab)[0] for _ in range(4)}) == 1
    restore(deck, ident)
    ident = inject(deck, "kvm.state-query", "vm:db1/0@kvm1", "reg=PSTATE", "how=set", "value=0xf00003c5")
    assert registers(lab)[1] == 0xF00003C5
    restore(deck, ident)
    seen = lab.last("db1")
    wait("the guest writes on", lambda: len(lab.after("db1", seen)) >= 2, 20)


def test_version_query_keeps_the_next_vm_from_starting(lab, deck):
    assert "STARTED" in lab.on(QEMU, check=False)
    ident = inject(deck, "kvm.version-query", "new-vm@kvm1", "answer=11")
    said = lab.on(QEMU, check=False)
    assert "STARTED" not in said and "kvm version too old" in said, said
    restore(deck, ident)
    assert "STARTED" in lab.on(QEMU, check=False)


MIGRANT = (
    "qemu-system-aarch64 -M virt,gic-version=3 -accel kvm -cpu host -m 96M -nodefaults -no-user-config -display none "
    "-kernel /boot/vmlinuz -initrd /usr/lib/fdlab/guest.cpio -append 'console=ttyAMA0 quiet fdlab.name=mig' "
)


class Migrant:
    """A guest that computes, and moves from one QEMU into the next: mig1, mig2, …"""

    def __init__(self, lab):
        self.lab, self.n = lab, 1

    def boot(self):
        lab = self.lab
        lab.on("mkdir -p /run/qemu /run/mig; mkfifo /run/mig/con.in /run/mig/con.out; "
               "setsid cat </run/mig/con.out >/run/mig/said 2>/dev/null &")
        self.start("-chardev pipe,id=c,path=/run/mig/con -serial chardev:c")
        wait("mig1 is up", lambda: "mig up" in lab.on("cat /run/mig/said"), 120)
        lab.on("echo sum on >/run/mig/con.in")
        wait("it computes", lambda: "sum ok" in lab.on("cat /run/mig/said"), 60)

    def start(self, words):
        self.lab.on("%s -name mig%d -qmp unix:/run/qemu/mig%d.qmp,server=on,wait=off %s >/run/mig/log%d 2>&1 </dev/null & "
                    "echo $! >>/run/mig/pids" % (MIGRANT, self.n, self.n, words, self.n))
        wait("mig%d answers" % self.n, lambda: "qmp" in self.lab.on("ls /run/qemu/mig%d.qmp" % self.n, check=False), 20)

    def memory(self, n):
        self.lab.qmp("mig%d" % n, "pmemsave", val=0x40000000, size=96 << 20, filename="/run/mig/memory")
        return self.lab.on("md5sum </run/mig/memory; rm -f /run/mig/memory")

    def seen(self, name):
        return self.lab.qmp(name, "query-migrate")["return"]

    def move(self, meanwhile=lambda: None):
        """Are the memories of both the same when it has moved? MEANWHILE: when it has, before anything else is done."""
        old = "mig%d" % self.n
        self.n += 1
        self.start("-serial null -S -incoming unix:/run/mig/sock")
        assert "return" in self.lab.qmp(old, "migrate", uri="unix:/run/mig/sock")
        wait("all was sent once", lambda: self.seen(old)["ram"]["dirty-sync-count"] > 1, 120)
        # it writes on: the rest may take as long as a slow machine needs
        self.lab.qmp(old, "migrate-set-parameters", **{"downtime-limit": 60000})
        wait("it has moved", lambda: self.seen(old)["status"] == "completed", 120)
        meanwhile()
        return self.memory(self.n - 1) == self.memory(self.n)

    def end(self):
        self.lab.on("kill -9 $(cat /run/mig/pids); rm -rf /run/mig /run/qemu/mig*")


@pytest.fixture
def migrant(lab):
    migrant = Migrant(lab)
    try:
        migrant.boot()
        yield migrant
    finally:
        migrant.end()


@pytest.mark.long
def test_a_migration_with_a_lying_dirty_log_gives_other_memory(lab, deck, migrant):
    assert migrant.move(), "the same without the fault"
    lab.qmp("mig2", "cont")
    wait("it is seen", lambda: [v for v in deck("status").of("vm") if v["vm"] == "mig2" and v["state"] == "running"], 60)
    ident = inject(deck, "kvm.dirty-log", "vm:mig2@kvm1", "share=100")
    n = []

    def over():
        n.append(hits(deck, ident))
        restore(deck, ident)

    assert not migrant.move(over)
    assert n[0] > 0


def test_reclaim_frees_nothing_for_the_target(lab, deck, prog):
    lab.on("mount | grep -q cgroup2 || { mkdir -p /run/cg; mount -t cgroup2 none /run/cg; }")
    root = lab.on("mount | awk '$5 == \"cgroup2\" { print $3; exit }'").strip()
    group = root + "/fdtest"
    lab.on("echo +memory >%s/cgroup.subtree_control; mkdir -p %s && echo 12M >%s/memory.max; "
           "[ -s /var/tmp/big ] || dd if=/dev/zero of=/var/tmp/big bs=1M count=32 2>/dev/null; sync" % (root, group, group))
    p = prog("read", "/var/tmp/big")
    lab.on("echo %d >%s/cgroup.procs" % (p.pid, group))
    assert set(p.says("ok")) == {"ok"}

    def kills():
        return int(re.search(r"oom_kill (\d+)", lab.on("cat %s/memory.events" % group)).group(1))

    before = kills()
    ident = inject(deck, "kvm.reclaim", p.target)
    wait("the group meets the OOM killer", lambda: kills() > before, 30)
    assert hits(deck, ident) > 0
    wait("the target is gone", lambda: not p.alive(), 10)
    restore(deck, ident)
    p = prog("read", "/var/tmp/big")
    lab.on("echo %d >%s/cgroup.procs" % (p.pid, group))
    before = kills()
    assert set(p.says("ok")) == {"ok"} and kills() == before
    p.end()
    lab.on("rmdir %s; rm -f /var/tmp/big" % group)


@pytest.mark.long
def test_write_by_path_and_after(lab, deck):
    """Only the disk's own file is meant; and a write that was done but told otherwise is on the disk."""
    number = lab.last("db1")
    ident = inject(deck, "kvm.file-write", "vm:db1@kvm1", "errno=EIO", "path=/var/lib/fdlab/db1.raw")
    wait("db1 reports failed writes", lambda: [w for _, _, w, _ in lab.after("db1", number)].count("EIO") >= 2, 20)
    restore(deck, ident)
    number = lab.last("db1")
    wait("whole again", lambda: [w for _, _, w, _ in lab.after("db1", number)][-1:] == ["ok"], 20)
    ident = inject(deck, "kvm.file-write", "vm:db1@kvm1", "errno=EIO", "path=/var/lib/other")
    seen = lab.last("db1")
    wait("three lines", lambda: len(lab.after("db1", seen)) >= 3, 20)
    restore(deck, ident)
    assert {w for _, _, w, _ in lab.after("db1", seen)} == {"ok"}
