# SPDX-License-Identifier: GPL-2.0-or-later
"""The console on the lab, through a real terminal and by keys alone."""
import os
import re
import signal
import sys
import time

import pytest

from deck import wait

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tui"))
from terminal import Term, choose  # noqa: E402


@pytest.fixture
def console(lab, deck):
    opened = []

    def start(cols=120, rows=36):
        argv = [lab.lab, "ctl", "build/faultdeck", "-c", "cluster.cfg"]
        term = Term(argv, cols=cols, rows=rows, cwd=lab.top, env={"XDG_STATE_HOME": deck.env["XDG_STATE_HOME"]})
        opened.append(term)
        return term

    yield start
    for term in opened:
        term.close()


def pick(term, fault):
    """db1, then FAULT, whose dialog opens."""
    term.wait_for("db1", 40)
    term.wait_for("running", 20)
    choose(term, "1", "kvm." + fault)


def selected(term):
    """The text of the cells that stand out by their background in some row of the lists."""
    rows = []
    for y in range(1, term.screen.lines - 1):
        cells = term.screen.buffer[y]
        rows.append("".join(cells[x].data for x in range(term.screen.columns)
                            if cells[x].bg != "default" or cells[x].reverse))
    return "\n".join(rows)


def test_the_thread_of_part_one(lab, deck, console):
    """Pick db1, file-write, inject, watch the hits and the guest, restore, see it heal."""
    number = lab.last("db1")
    web1 = lab.last("web1")
    term = console()
    pick(term, "file-write")
    text = term.text()
    assert "db1" in text and "point=file-write" in text and "action=return:ENOSPC" in text
    assert "disarm id=" in text and "paused" in text and "disposable" in text
    # Cancel has the focus: Enter alone injects nothing
    term.keys("<Enter>")
    term.wait_gone("Inject kvm.file-write", 5)
    assert deck.rules() == []
    term.keys("<Enter>")
    term.wait_for("Inject kvm.file-write", 5)
    term.keys("<Right><Enter>")
    term.wait_for("INJECTED 1", 15)
    term.wait_for("active", 30)
    wait("db1 is hit", lambda: "EIO" in [w for _, _, w, _ in lab.after("db1", number)], 20)
    term.wait_for(re.compile(r"(hits|hit)\D*[1-9]"), 20)
    shot = os.environ.get("FAULTDECK_SHOT")
    if shot:
        open(shot, "w").write(term.text())
    term.keys("R")
    term.wait_for("restored", 30)
    assert deck.rules() == []
    number = lab.last("db1")
    wait("db1 heals", lambda: [w for _, _, w, _ in lab.after("db1", number)][-2:] == ["ok", "ok"], 20)
    assert {w for _, _, w, _ in lab.after("web1", web1)} == {"ok"}
    term.keys("q")
    assert term.wait_exit(15) == 0
    assert term.sane() == ""


def test_panic_restores_all_and_blocks(lab, deck, console):
    term = console()
    pick(term, "file-read")
    term.keys("<Right><Enter>")
    term.wait_for("INJECTED 1", 15)
    wait("armed", deck.rules, 30)
    term.keys("<F9>")
    wait("everything is restored", lambda: not deck.rules(), 30)
    # the rule goes before the entry that it was undone by
    wait("it is told", lambda: all(i["state"] in ("restored", "expired") for i in deck("list", "injections").of("injection")), 20)


def test_the_terminal_after_a_kill(lab, deck, console):
    for sig in (signal.SIGTERM, signal.SIGSEGV, signal.SIGABRT):
        term = console()
        term.wait_for("kvm1", 30)
        os.kill(term.proc.pid, sig)
        term.wait_exit(20)
        assert term.sane() == "", sig


@pytest.mark.ends_host
@pytest.mark.long
def test_host_gone_while_injected(lab, deck, console):
    """The console goes on, shows the host stale and the injection unknown, and finds the truth again."""
    term = console(140, 40)
    pick(term, "file-write")
    term.keys("<Right><Enter>")
    term.wait_for("active", 40)
    lab.run("kill", "kvm1")
    term.wait_for("stale", 40)
    term.wait_for("unknown", 20)
    age = re.search(r"stale\D{0,20}(\d+) ?s", term.wait_for(re.compile(r"stale\D{0,20}\d+ ?s"), 20))
    assert age, term.text()
    began = time.monotonic()
    term.keys("<Tab>")
    term.pump(0.3)
    assert time.monotonic() - began < 2, "keys are answered while the host is gone"
    lab.run("start", "kvm1")
    lab.up()
    term.keys("<C-l>")
    term.wait_for(re.compile("restored|expired"), 90)
    assert "rebooted" in term.text() or "restored" in term.text()
    term.keys("q")
    term.wait_exit(30)
    assert term.sane() == ""
