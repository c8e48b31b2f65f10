# SPDX-License-Identifier: GPL-2.0-or-later
"""Entry 3 of the console, by keys alone."""
import os
import re
import sys

from conftest import LIMIT, wait

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tui"))
from terminal import Term, choose  # noqa: E402


def test_an_agent_is_cut_off_and_comes_back(lab, deck):
    term = Term([lab.lab, "ctl", "build/faultdeck", "-c", "build/lab/cloud.cfg"], cwd=lab.top, env={"XDG_STATE_HOME": deck.env["XDG_STATE_HOME"]})
    try:
        term.wait_for("2/2 nodes", 60)
        wait("its servers are there", lambda: term.pump(0.3) >= 0 and "agent" in term.text(), LIMIT)
        choose(term, "3", "cloudstack.agent-disconnect", "~^agent@cs1")
        term.keys("<Right><Enter>")
        wait("its host is in Alert", lambda: term.pump(0.1) >= 0 and lab.host() == "Alert", LIMIT)
        term.keys("R")
        term.wait_for(re.compile(r"agent@cs1.*restored"), 30)
        wait("its host is Up", lambda: lab.host() == "Up", 20)
    finally:
        term.close()
