# SPDX-License-Identifier: GPL-2.0-or-later
"""A Hadoop cluster of three nodes, and its own view of itself: JMX and REST, asked from where the operator sits."""
import json
import os
import subprocess
import sys

import pytest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(TOP, "tests", d) for d in ("kvm", "nodes")]

from deck import Deck, wait  # noqa: E402
from nodes import Nodes  # noqa: E402

LIMIT = 150  # a cluster on a busy machine


class Cluster(Nodes):
    def ask(self, port, path):
        """What a page says, parsed; None where it does not answer."""
        done = self.run("ctl", "curl", "-sg", "-m", "20", "http://10.77.0.10:%d/%s" % (port, path), check=False, capture_output=True)
        try:
            return json.loads(done.stdout)
        except ValueError:
            return None

    def bean(self, port, query):
        beans = (self.ask(port, "jmx?qry=Hadoop:" + query) or {"beans": []})["beans"]
        return beans[0] if beans else {}

    def hdfs(self):
        return self.bean(9870, "service=NameNode,name=FSNamesystemState")

    def datanodes(self):
        """(live, stale, dead), as the NameNode counts them."""
        s = self.hdfs()
        return tuple(s.get("Num%sDataNodes" % w) for w in ("Live", "Stale", "Dead"))

    def nodemanager(self, name):
        """The state and health report of a node's newest entry in the ResourceManager."""
        nodes = ((self.ask(8088, "ws/v1/cluster/nodes") or {}).get("nodes") or {}).get("node", [])
        mine = [n for n in nodes if n["nodeHostName"] == name]
        newest = max(mine, key=lambda n: (n["state"] != "LOST", n["lastHealthUpdate"]), default={"state": None, "healthReport": ""})
        return newest["state"], newest["healthReport"]

    def whole(self):
        return self.datanodes()[::2] == (2, 0) and self.hdfs().get("FSState") == "Operational" and all(
            self.nodemanager(n)[0] == "RUNNING" for n in ("slave1", "slave2")) and self.ask(19888, "ws/v1/history/info") is not None


class HadoopDeck(Deck):
    def end(self):
        self("restore", "--all", code=None, limit=300)

    def __call__(self, *verbs, limit=300, **kw):
        return super().__call__(*verbs, limit=limit, **kw)

    def ident(self, done):
        return done.of("injection")[-1]["id"]

    def restored(self, ident):
        """Restores until it is known to be; a daemon may take longer than one answer waits."""
        wait("%s is restored" % ident, lambda: self("restore", ident, code=None).of("injection")[-1]["state"] == "restored", LIMIT * 2)


@pytest.fixture(scope="session")
def lab():
    lab = Cluster(TOP)
    was_up = lab.is_up()
    lab.up("hadoop")
    yield lab
    if not was_up:
        lab.down()


@pytest.fixture
def deck(lab, tmp_path):
    """Batch verbs; before and afterwards the cluster is whole."""
    wait("the cluster is whole", lab.whole, LIMIT)
    deck = HadoopDeck(lab, tmp_path, os.path.join(lab.dir, "hadoop.cfg"))
    yield deck
    deck.end()
    wait("the cluster is whole again", lab.whole, LIMIT)


def pytest_configure(config):
    subprocess.run(["make", "-s", "-C", TOP, "all"], check=True)
