# SPDX-License-Identifier: GPL-2.0-or-later
"""Three nodes, two with a busy firewall of somebody else's; what a fault leaves of it is compared byte for byte."""
import os
import re
import signal
import subprocess
import sys

import pytest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(TOP, "tests", d) for d in ("kvm", "nodes")]

from deck import wait  # noqa: E402
from talk import HostDeck, Labs, Talk, changed  # noqa: E402, F401

BUSY = ("n1", "n2")


@pytest.fixture(scope="session")
def lab():
    lab = Labs(TOP)
    was_up = lab.is_up()
    lab.up("nodes:3")
    for name in BUSY:
        if lab.on(name, "ls /run/systemd/system/foreign.service 2>/dev/null || true") == "":
            assert lab.foreign(name, "install") == ""
        lab.on(name, "systemctl start redis-server")
    yield lab
    for name in ("n1", "n2", "n3"):
        lab.forget(name)
    if not was_up:
        lab.down()


@pytest.fixture(scope="session")
def talk(lab, tmp_path_factory):
    talk = Talk(lab, tmp_path_factory.mktemp("operator"), os.path.join(lab.dir, "nodes.cfg"))
    yield talk
    talk.kill()


@pytest.fixture(scope="module")
def kept(lab):
    """After the tests of a file n1 and n2 are what they were before, in all that is not ours."""
    before = lab.foreign_of(BUSY)
    yield
    assert changed(before, lab.foreign_of(BUSY)) == ""


@pytest.fixture
def deck(lab, talk, kept):
    """Batch verbs; after each test nothing of ours is left."""
    yield talk
    if lab.ours(BUSY):
        talk.end()
        wait("nothing of ours is left", lambda: lab.ours(BUSY) == "", 20)


@pytest.fixture
def guarded(lab, tmp_path):
    """guarded(OPERATOR, GUARD, …): batch verbs of an operator with that guard and a journal of its own."""
    with open(os.path.join(lab.dir, "nodes.cfg")) as f:
        nodes = re.sub(r"\nguard = .*", "", f.read())
    made = []

    def make(operator, guard, more=""):
        path = tmp_path / (operator + ".cfg")
        path.write_text(nodes + "guard = {\n%s\n};\n%s\n" % (guard, more))
        made.append(HostDeck(lab, tmp_path / operator, str(path)))
        return made[-1]
    make.guard_line = nodes.count("\n") + 1
    yield make
    for deck in made:
        for p in deck.started:
            if p.poll() is None:
                os.killpg(p.pid, signal.SIGKILL)
            p.communicate()
    if made:
        made[0].end()


@pytest.fixture
def disk(lab):
    lab.on("n1", "mkdir -p /mnt/d && mount -t tmpfs -o size=64m d /mnt/d && echo keep >/mnt/d/keep")
    yield
    lab.on("n1", "cat /mnt/d/keep && umount /mnt/d && rmdir /mnt/d")


def pytest_configure(config):
    subprocess.run(["make", "-s", "-C", TOP, "all"], check=True)
