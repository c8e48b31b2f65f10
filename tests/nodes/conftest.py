# SPDX-License-Identifier: GPL-2.0-or-later
"""Three nodes with a real systemd: brought up once; what was up before stays up."""
import os

import pytest

from nodes import Nodes

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


@pytest.fixture(scope="session")
def nodes():
    nodes = Nodes(TOP)
    was_up = nodes.is_up()
    nodes.up("nodes:3")
    yield nodes
    if not was_up:
        nodes.down()


@pytest.fixture
def other_lab(tmp_path):
    """A lab beside that one, not yet up."""
    lab = Nodes(TOP, "fdtwo%d" % os.getpid(), tmp_path / "lab")
    yield lab
    lab.down()
