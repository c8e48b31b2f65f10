# SPDX-License-Identifier: GPL-2.0-or-later
"""Entry 2 of the console, by keys alone."""
import os
import re
import sys

from deck import wait

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tui"))
from terminal import Term, choose  # noqa: E402


def test_a_datanode_hangs_and_goes_on(lab, deck):
    term = Term([lab.lab, "ctl", "build/faultdeck", "-c", "build/lab/hadoop.cfg"], cwd=lab.top, env={"XDG_STATE_HOME": deck.env["XDG_STATE_HOME"]})
    try:
        term.wait_for("3/3 nodes", 60)
        wait("its daemons are there", lambda: term.pump(0.3) >= 0 and "nn" in term.text(), 30)
        choose(term, "2", "hadoop.hang", "~^dn@slave1")
        assert "kill -STOP" in term.text() and "dn@slave1" in term.text()
        term.keys("<Right><Enter>")
        wait("it stops", lambda: term.pump(0.3) >= 0 and lab.datanodes()[1] == 1, 60)
        term.keys("R")
        term.wait_for(re.compile(r"hadoop.hang +dn@slave1.*restored"), 60)
        wait("nothing is stale", lambda: lab.datanodes() == (2, 0, 0), 30)
    finally:
        term.close()
