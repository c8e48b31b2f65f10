# SPDX-License-Identifier: GPL-2.0-or-later
"""kvm2: a kernel of its own, without systemd, with what the build machine's kernel has not. n1 is its neighbour."""
import os
import subprocess
import sys

import pytest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(TOP, "tests", d) for d in ("kvm", "nodes", "host")]

from deck import wait  # noqa: E402
from outside import Outside  # noqa: E402
from talk import Talk  # noqa: E402

# n1 is reached through kvm2, at a port of its own
NODES = """
ssh_config = "%s/ssh_config";
nodes = (
	{ name = "kvm2"; host = "10.77.0.22"; user = "root"; roles = ( "host" ); disposable = true; },
	{ name = "n1"; host = "10.77.0.101"; port = 2222; user = "root"; jump = "root@10.77.0.22"; roles = ( "behind" ); disposable = true; }
);
guard = { max_nodes = 2; max_injections = 100; max_ttl = "10m"; };
"""


@pytest.fixture(scope="session")
def lab():
    lab = Outside(TOP)
    was_up = lab.is_up()
    lab.up("kvm2", "nodes:1")
    try:
        lab.prepare()
        yield lab
    finally:
        lab.finish()
    if not was_up:
        lab.down()


@pytest.fixture(scope="session")
def config(lab, tmp_path_factory):
    path = tmp_path_factory.mktemp("config") / "cluster.cfg"
    path.write_text(NODES % lab.dir)
    return str(path)


@pytest.fixture(scope="session")
def talk(lab, config, tmp_path_factory):
    talk = Talk(lab, tmp_path_factory.mktemp("operator"), config)
    yield talk
    talk.kill()


@pytest.fixture
def deck(lab, talk):
    yield talk
    if lab.ours(["kvm2"]):
        talk.end()
        wait("nothing of ours is left", lambda: lab.ours(["kvm2"]) == "", 60)


def pytest_configure(config):
    subprocess.run(["make", "-s", "-C", TOP, "all"], check=True)
