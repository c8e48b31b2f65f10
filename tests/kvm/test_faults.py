# SPDX-License-Identifier: GPL-2.0-or-later
"""The faults of the first thread, each before / injected / restored, seen from the guest itself."""
import os
import signal
import subprocess
import time

import pytest

from deck import wait


def writes(lab, guest, number, disk="vda"):
    return [w for _, _, w, _ in lab.after(guest, number, disk)]


def reads(lab, guest, number):
    return [r for _, _, _, r in lab.after(guest, number)]


def healthy(lab, guest, what=writes):
    """The guest's next I/O succeeds."""
    number = lab.last(guest)
    wait("%s writes and reads" % guest, lambda: what(lab, guest, number)[-2:] == ["ok", "ok"], 20)


def test_write_enospc_fails_db1_and_nobody_else(lab, deck):
    healthy(lab, "db1")
    healthy(lab, "web1")
    db1, web1 = lab.last("db1"), lab.last("web1")

    began = time.monotonic()
    injected = deck.inject("kvm.file-write", "vm:db1@kvm1", "errno=ENOSPC", "ttl=60s").one("injection")
    assert injected["state"] == "active" and injected["aftermath"] == "paused"
    wait("db1 reports a failed write", lambda: set(writes(lab, "db1", db1)) - {"ok"}, 10)
    seen = lab.last("db1")
    wait("and nothing but failed ones", lambda: len(lab.after("db1", seen)) >= 3, 15)
    assert "ok" not in writes(lab, "db1", seen)
    assert set(reads(lab, "db1", seen)) == {"ok"}
    assert set(writes(lab, "web1", web1)) == {"ok"}
    assert injected["id"] == deck.rules()[0]["id"]
    assert time.monotonic() - began < 60, "the TTL must not be what restores"

    restored = deck("restore", injected["id"]).one("injection")
    assert restored["state"] == "restored"
    assert deck.rules() == []
    healthy(lab, "db1")
    states = [j["state"] for j in deck.journal() if j["id"] == injected["id"]]
    assert states == ["journaled", "active", "restoring", "restored"]


def test_read_eio_fails_db1_and_nobody_else(lab, deck):
    healthy(lab, "db1", reads)
    web1, db1 = lab.last("web1"), lab.last("db1")
    ident = deck.inject("kvm.file-read", "vm:db1@kvm1", "errno=EIO", "ttl=60s").one("injection")["id"]
    wait("db1 reports failed reads", lambda: reads(lab, "db1", db1).count("EIO") >= 3, 15)
    assert set(writes(lab, "db1", db1)) == {"ok"}
    assert set(reads(lab, "web1", web1)) == {"ok"}
    deck("restore", ident)
    healthy(lab, "db1", reads)


def test_hits_are_the_events(lab, deck):
    stream = deck.start("events", "--follow")
    wait("the stream is open", lambda: lab.on("fuser /sys/kernel/debug/faultdeck/events 2>/dev/null; "
         "ls -l /proc/[0-9]*/fd 2>/dev/null | grep -c faultdeck/events").split()[-1] != "0", 20)
    db1 = lab.last("db1")
    ident = deck.inject("kvm.file-write", "vm:db1@kvm1", "times=3", "ttl=60s").one("injection")["id"]
    wait("three hits", lambda: deck.rules()[0]["injected"] == "3", 20)
    wait("db1 writes again by itself", lambda: writes(lab, "db1", db1)[-1:] == ["ok"], 20)
    deck("restore", ident)
    time_limit = time.monotonic() + 10
    events = []
    os.set_blocking(stream.stdout.fileno(), False)
    while len(events) < 3 and time.monotonic() < time_limit:
        chunk = stream.stdout.readline()
        if '"event"' in chunk and ident in chunk:
            events.append(chunk)
        elif not chunk:
            time.sleep(0.1)
    os.killpg(stream.pid, signal.SIGINT)
    rest = stream.communicate(timeout=20)[0] or ""
    events += [l for l in rest.splitlines() if '"event"' in l and ident in l]
    assert len(events) == 3, events
    assert all('"tgid":%d' % lab.pid("db1") in e for e in events)


def test_ioctl_deny_hits_the_next_vm_only(lab, deck):
    web1 = lab.pid("web1")
    ident = deck.inject("kvm.ioctl-deny", "new-vm@kvm1", "cmd=KVM_CREATE_VCPU", "errno=EPERM", "ttl=60s")
    ident = ident.one("injection")["id"]
    new = (
        "qemu-system-aarch64 -M virt,gic-version=3 -cpu host -accel kvm -m 64 -nodefaults -display none -S -name new1 "
        "-daemonize -pidfile /run/new1.pid 2>&1 && { echo STARTED; kill $(cat /run/new1.pid); }"
    )
    said = lab.on(new, check=False)
    # QEMU's own words: it makes a vCPU to ask the host for its features
    assert "STARTED" not in said and said.startswith("qemu-system-aarch64: "), said
    assert lab.pid("web1") == web1
    healthy(lab, "web1")
    assert deck.rules()[0]["injected"] != "0"
    deck("restore", ident)
    assert "STARTED" in lab.on(new, check=False)


def test_enospc_pauses_a_vm_with_werror_enospc_and_the_restore_resumes_it(lab, deck):
    number = lab.last("db1", "vdb")
    lab.on("echo vdb on >/run/qemu/db1.con.in")
    wait("db1 writes its second disk", lambda: "ok" in writes(lab, "db1", number, "vdb"), 20)
    assert lab.guest_status("db1") == "running"

    plan = deck("--dry-run", "inject", "kvm.file-write", "vm:db1@kvm1", "errno=ENOSPC").one("plan")
    assert "cont" in str(plan["undo"])
    injected = deck.inject("kvm.file-write", "vm:db1@kvm1", "errno=ENOSPC", "ttl=60s").one("injection")
    assert injected["aftermath"] == "paused"
    wait("QEMU pauses db1", lambda: lab.guest_status("db1") == "io-error", 20)
    shown = wait("the screen says so", lambda: (deck.injection(injected["id"]) or {}).get("effect"), 10)
    assert "paused" in shown and "io-error" in shown, shown
    vm = [v for v in deck("status").of("vm") if v["vm"] == "db1"][0]
    assert vm["state"] == "io-error"

    restored = deck("restore", injected["id"]).one("injection")
    assert restored["state"] == "restored"
    assert lab.guest_status("db1") == "running"
    number = lab.last("db1", "vdb")
    wait("its writes succeed again", lambda: writes(lab, "db1", number, "vdb")[-1:] == ["ok"], 20)
    lab.on("echo vdb off >/run/qemu/db1.con.in")


def test_a_paused_vm_is_resumed_by_the_node_itself_at_the_ttl(lab, deck):
    lab.on("echo vdb on >/run/qemu/db1.con.in")
    deck.inject("kvm.file-write", "vm:db1@kvm1", "errno=ENOSPC", "ttl=8s")
    wait("QEMU pauses db1", lambda: lab.guest_status("db1") == "io-error", 20)
    wait("the node resumes it", lambda: lab.guest_status("db1") == "running", 20)
    lab.on("echo vdb off >/run/qemu/db1.con.in")
    healthy(lab, "db1")


@pytest.mark.long
@pytest.mark.parametrize("aio", ["native", "io_uring"])
def test_every_way_of_disk_io_is_hit(lab, deck, aio):
    """The third, threads, is what all other tests use."""
    lab.restart("db1", "aio=" + aio)
    healthy(lab, "db1")
    number = lab.last("db1")
    deck.inject("kvm.file-write", "vm:db1@kvm1", "errno=EIO", "ttl=60s")
    deck.inject("kvm.file-read", "vm:db1@kvm1", "errno=EIO", "ttl=60s")
    wait("writes fail with aio=" + aio, lambda: writes(lab, "db1", number).count("EIO") >= 2, 20)
    wait("reads fail with aio=" + aio, lambda: reads(lab, "db1", number).count("EIO") >= 2, 20)
    assert all(int(r["injected"]) >= 2 for r in deck.rules())
    deck("restore", "--all")
    assert deck.rules() == []
    healthy(lab, "db1")
    healthy(lab, "db1", reads)


def test_other_traffic_of_the_vm_is_not_hit(lab, deck):
    number = lab.last("db1")
    ident = deck.inject("kvm.file-write", "vm:db1@kvm1", "errno=EIO", "ttl=60s").one("injection")["id"]
    wait("five lines", lambda: len(lab.after("db1", number)) >= 5, 20)
    deck("restore", ident)
    wait("the next one", lambda: writes(lab, "db1", number)[-1:] == ["ok"], 10)
    numbers = [n for n, _, _, _ in lab.after("db1", number)]
    assert numbers == list(range(numbers[0], numbers[-1] + 1)), "the console lost a line"
    assert lab.guest_status("db1") == "running", "its QMP socket answers"


def test_files_all_says_what_it_does(lab, deck):
    plan = deck("--dry-run", "inject", "kvm.file-write", "vm:db1@kvm1", "files=all").one("plan")
    assert "files=all" in str(plan["do"])
    fault = [f for f in deck("list", "faults").of("fault") if f["fault"] == "kvm.file-write"][0]
    assert "eventfds" in str(fault["params"])


def test_ttl_heals_when_the_console_is_killed_right_after_the_injection(lab, deck):
    number = lab.last("db1")
    p = deck.start("--yes", "inject", "kvm.file-write", "vm:db1@kvm1", "errno=EIO", "ttl=6s", "--wait")
    wait("armed", deck.rules, 90)
    armed = time.monotonic()
    ident = deck.rules()[0]["id"]
    os.killpg(p.pid, signal.SIGKILL)
    wait("db1 is hit", lambda: "EIO" in writes(lab, "db1", number), 10)
    wait("the rule is gone", lambda: not deck.rules(), 10)
    assert time.monotonic() - armed < 6 + 2.5
    healthy(lab, "db1")
    wait("the ledger is gone", lambda: lab.on("test ! -e /run/faultdeck && echo gone"), 10)
    wait("it is known to be over", lambda: (deck.injection(ident) or {"state": "expired"})["state"] == "expired", 10)


def test_ctrl_c_restores_what_this_run_injected(lab, deck):
    p = deck.start("--yes", "inject", "kvm.file-write", "vm:db1@kvm1", "errno=EIO", "ttl=60s", "--wait")
    wait("armed", deck.rules, 90)
    os.killpg(p.pid, signal.SIGINT)
    p.communicate(timeout=90)
    assert p.returncode == 130
    assert deck.rules() == []


def test_rmmod_is_refused_while_rules_are_armed(lab, alone):
    ident = alone.inject("kvm.file-write", "vm:db1@kvm1", "times=1", "ttl=60s").one("injection")["id"]
    done = alone("module", "unload", "kvm1", code=1)
    assert "rules are armed" in done.out + done.err
    assert alone.rules()[0]["id"] == ident
    alone("restore", ident)


@pytest.mark.long
def test_module_unload_load_status(lab, alone):
    alone("module", "unload", "kvm1")
    assert "not loaded" in alone("module", "status", "kvm1", text=True).out
    done = alone("--yes", "inject", "kvm.file-write", "vm:db1@kvm1", code=None)
    assert done.code in (1, 2, 4) and "module is not loaded" in done.out + done.err
    check = alone("check", "kvm1", code=1)
    assert "module load" in check.out + check.err
    alone("module", "load", "kvm1")
    assert "loaded: faultdeck" in alone("module", "status", "kvm1", text=True).out


def test_renew_moves_the_end(lab, deck):
    ident = deck.inject("kvm.file-write", "vm:db1@kvm1", "times=1", "ttl=5s").one("injection")["id"]
    deck("renew", ident, "--ttl", "60s")
    assert int(deck.rules()[0]["left_ms"]) > 20000
    left = deck.injection(ident)["left_ms"]
    assert 20000 < left <= 60000
    deck("restore", ident)
