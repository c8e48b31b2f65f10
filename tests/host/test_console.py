# SPDX-License-Identifier: GPL-2.0-or-later
"""The console on nodes: an abort probe that fails, its block, and what cannot be restored."""
import os
import re
import sys
import time

import pytest

from conftest import TOP
from deck import wait

sys.path.insert(0, os.path.join(TOP, "tests/tui"))
from terminal import Term  # noqa: E402

PROBE = """probes = ( { name = "redis answers"; command = "redis-cli ping"; node = "n1"; interval = "1s"; timeout = "2s"; abort = true; } );"""


@pytest.fixture
def console(lab):
    opened = []

    def start(deck):
        argv = [lab.lab, "ctl", "build/faultdeck", "-c", deck.config]
        opened.append(Term(argv, cols=140, rows=40, cwd=lab.top, env={"XDG_STATE_HOME": deck.env["XDG_STATE_HOME"]}))
        return opened[-1]
    yield start
    for term in opened:
        term.close()


def test_an_abort_probe_restores_blocks_and_is_lifted(lab, guarded, console):
    ada = guarded("ada", "", PROBE)
    ident = ada.ident(ada.inject("host.dns-fail", "n2", "ttl=300s", "reason=drill 12"))
    term = console(ada)
    term.wait_for("drill 12", 20)
    term.keys("5")
    term.wait_for("redis answers", 10)
    term.wait_for("holds: PONG, since ", 10)
    lab.on("n1", "systemctl stop redis-server")
    try:
        term.wait_for("NEW INJECTIONS ARE BLOCKED", 20)
        term.wait_for('abort probe "redis answers" failed: Could not connect', 5)
        wait("it is restored", lambda: ident not in lab.on("n2", "ls /run/faultdeck 2>/dev/null || true"), 20)
        term.keys("L")  # lifted, and the guard goes on to refuse
        term.wait_gone("ARE BLOCKED", 5)
        assert "1 probe failed" in term.text()
        refused = ada.inject("host.dns-fail", "n2", code=5).of("error")[0]["message"]
        assert "does not hold" in refused
    finally:
        lab.on("n1", "systemctl start redis-server")
    term.wait_for("holds: PONG, since ", 20)
    term.wait_for("restored", 5)
    assert ada.inject("host.dns-fail", "n2").one("injection")["state"] == "active"
    ada("restore", "--all")


def test_force_is_asked_for_and_said(lab, guarded, console):
    ada = guarded("ada", "")
    ident = ada.ident(ada.inject("host.dns-fail", "n2", "ttl=300s"))
    lab.on("n2", "cd /run/faultdeck/%s && sed -i 's/^gone_() {/gone_() { fail EBUSY stuck; return 1; }; old_() {/' undo.sh" % ident)
    term = console(ada)
    term.wait_for(ident, 20)
    term.keys("<Tab><Tab><Tab>R")
    term.wait_for("EBUSY stuck", 20)
    term.keys("R")
    term.wait_for("Force it off the list", 5)
    assert "WITHOUT proof" in term.text()
    term.keys("<Right><Right><Enter>")
    term.wait_for("forced: taken off the list without proof", 20)
    time.sleep(0.5)
    assert lab.on("n2", "ls /run/faultdeck 2>/dev/null || true") == ""


SCENARIO = """description = "the load of n1 is high for a moment";
steps = ( { inject = "host.cpu-load"; on = "n1"; ttl = "30s"; as = "busy"; }, { wait = "{{hold}}"; }, { restore = "busy"; } );
variables = { hold = "2s"; };
"""


def test_scenario_status_restore_all_and_another_cluster(lab, guarded, console, tmp_path):
    """Entries 4 to 7, from start to finish and by keys alone."""
    (tmp_path / "busy.cfg").write_text(SCENARIO)
    ada = guarded("ada", "", 'scenarios = ( "%s" );' % tmp_path)
    other = tmp_path / "other.cfg"
    other.write_text(open(ada.config).read().split("guard")[0].replace('"n1"', '"m1"').replace('"nodes"', '"other"'))
    term = console(ada)
    term.wait_for("3/3 nodes", 30)
    term.keys("4/")  # keys of a list mean nothing in a dialog
    term.wait_for("the load of n1 is high for a moment")
    while "host.cpu-load n1" not in term.text():
        term.keys("<Down>")
    term.keys("<Enter>")
    term.wait_for("Run busy")
    term.keys("<Tab><Enter>")
    term.wait_for("Scenario busy")
    term.wait_for("passed", 40)
    assert lab.ours(("n1",)) == ""
    term.keys("<Enter>")
    term.wait_for("Report")
    assert "busy" in term.text() and "host.cpu-load" in term.text()
    term.keys("<Esc>5")
    term.wait_for("3 of 3 nodes up")
    ada.inject("host.dns-fail", "n2", "ttl=300s")
    term.wait_for(re.compile(r"host.dns-fail +n2 .*active"), 20)
    term.keys("7<C-u>%s<Enter>" % other)
    term.wait_for("m1 ", 20)
    term.wait_for("3/3 nodes", 20)
    term.wait_for(re.compile(r"dns-fail +n2"), 10)
    term.keys("6<Tab><Enter>")
    term.wait_for(re.compile(r"dns-fail .*restored"), 30)
    assert lab.ours(("n2",)) == ""
