# SPDX-License-Identifier: GPL-2.0-or-later
"""A Hadoop cluster of three nodes, and its own view of itself: JMX and REST, asked from where the operator sits."""
import contextlib
import http.client
import json
import os
import subprocess
import sys
import urllib.request

import pytest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(TOP, "tests", d) for d in ("kvm", "nodes", "matrix")]

from deck import Deck, wait  # noqa: E402
from nodes import Nodes  # noqa: E402
from place import at_controller  # noqa: E402

DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
LIMIT = 150  # a cluster on a busy machine
MASTER = "10.77.0.10"
WHERE = {"nn": "master", "snn": "master", "rm": "master", "jhs": "master", "dn": "slave1", "nm": "slave1"}
PORT = {"nn": 9870, "snn": 9868, "rm": 8088, "jhs": 19888}
# a second DataNode on slave2, by the daemon script, as a user of Hadoop starts one by hand
SECOND = ("cd / && export HADOOP_PID_DIR=/run/hadoop/second HADOOP_IDENT_STRING=second && mkdir -p /run/hadoop/second /var/lib/hadoop/data2 && "
          "chown hdfs:hadoop /run/hadoop/second /var/lib/hadoop/data2 && chmod 700 /var/lib/hadoop/data2 && "
          "setpriv --reuid=hdfs --regid=hadoop --clear-groups hdfs --daemon start datanode -Ddfs.datanode.data.dir=/var/lib/hadoop/data2 "
          "-Ddfs.datanode.address=0.0.0.0:9876 -Ddfs.datanode.http.address=0.0.0.0:9874 -Ddfs.datanode.ipc.address=0.0.0.0:9877 ")
SECOND_END = "kill -9 $(cat /run/hadoop/second/*.pid); rm -rf /run/hadoop/second /var/lib/hadoop/data2"


def at(what):
    return "%s@%s" % (what, WHERE[what])


class Cluster(Nodes):
    def on(self, node, script, limit=120, **kw):
        """A unit of Hadoop may take its time on a busy machine."""
        return super().on(node, script, limit=limit, **kw)

    def ask(self, port, path, limit=3, address=MASTER):
        """What a page says, parsed; None where it does not answer. It is asked for too often for a process each time."""
        def get():
            with DIRECT.open("http://%s:%d/%s" % (address, port, path), timeout=limit) as page:
                return json.load(page)

        try:
            return at_controller(get)
        except (OSError, ValueError, http.client.HTTPException):
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

    def answers(self, what):
        return self.ask(PORT[what], "jmx?qry=java.lang:type=Runtime") is not None

    def gone(self, what):
        """Does Hadoop say that it is away?"""
        if what == "dn":
            return self.datanodes()[2] == 1
        if what == "nm":
            return self.nodemanager("slave1")[0] == "LOST"
        return not self.answers(what)

    def back(self, what):
        if what == "dn":
            return self.datanodes()[::2] == (2, 0)
        if what == "nm":
            return self.nodemanager("slave1")[0] == "RUNNING"
        return self.answers(what)

    def whole(self):
        return self.datanodes()[::2] == (2, 0) and self.hdfs().get("FSState") == "Operational" and all(
            self.nodemanager(n)[0] == "RUNNING" for n in ("slave1", "slave2")) and self.ask(19888, "ws/v1/history/info") is not None

    def web(self, method, path, op):
        """WebHDFS from master, which knows the names that it is sent on to; what was said."""
        return self.on("master", "curl -s -L -m 20 -X %s -T /dev/null 'http://master:9870/webhdfs/v1%s?user.name=hdfs&op=%s'" % (method, path, op), check=False)

    def write(self, path, kib=64):
        """A file of random bytes; the sha256 of what was written."""
        return self.on("master", "head -c %dK /dev/urandom >/run/put && curl -sf -L -m 30 -T /run/put "
                       "'http://master:9870/webhdfs/v1%s?user.name=hdfs&op=CREATE&overwrite=true' && sha256sum </run/put" % (kib, path))

    def read(self, path):
        """The sha256 of what is read; "" where nothing can be."""
        return self.on("master", "curl -sf -L -m 5 -o /run/get 'http://master:9870/webhdfs/v1%s?op=OPEN' && sha256sum </run/get" % path, check=False)

    @contextlib.contextmanager
    def second_datanode(self, *options):
        self.on("slave2", SECOND + " ".join(options))
        try:
            yield
        finally:
            self.on("slave2", SECOND_END)
            # it is forgotten when it was seen dead, and the NameNode started anew
            self.on("master", "systemctl restart hadoop-hdfs-namenode")


class HadoopDeck(Deck):
    recovers_in = LIMIT * 2

    def end(self):
        super().end()
        self("restore", "--all", code=None, limit=300)

    def __call__(self, *verbs, limit=300, **kw):
        return super().__call__(*verbs, limit=limit, **kw)

    def break_(self, fault, *words):
        return self.ident(self.inject("hadoop." + fault, *words, "ttl=5m"))

    def services(self, node):
        return {s["service"]: s for s in self("hadoop", "list").of("service") if s["node"] == node}


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
    try:
        wait("the cluster is whole again", lab.whole, LIMIT)
    finally:
        if not lab.whole():  # the next test finds one, whatever went wrong here
            deck("hadoop", "start", code=None)


def pytest_configure(config):
    subprocess.run(["make", "-s", "-C", TOP, "all"], check=True)
