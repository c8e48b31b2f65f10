# SPDX-License-Identifier: GPL-2.0-or-later
"""Scenarios on the lab: what they did is looked at by plain ssh, and their reports by other people's tools."""
import contextlib
import datetime
import json
import os
import re
import signal
import subprocess
import sys
import xml.etree.ElementTree

import pytest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(TOP, "tests", d) for d in ("kvm", "nodes", "host")]

from deck import wait  # noqa: E402, F401
from talk import HostDeck, Labs  # noqa: E402

REPORT = ("results.json", "junit.xml", "report.html", "events.ndjson")


class Report:
    """A report directory, each of its forms read by somebody else's reader."""

    def __init__(self, path):
        self.path = path
        assert sorted(os.listdir(path)) == sorted(REPORT)
        with open(os.path.join(path, "results.json")) as f:
            self.results = json.load(f)
        with open(os.path.join(path, "events.ndjson")) as f:
            self.events = [json.loads(line) for line in f]
        with open(os.path.join(path, "report.html")) as f:
            self.html = f.read()
        self.suite = xml.etree.ElementTree.parse(os.path.join(path, "junit.xml")).getroot().find("testsuite")
        self.valid()

    def __getitem__(self, key):
        return self.results[key]

    def valid(self):
        page, junit = (os.path.join(self.path, n) for n in ("report.html", "junit.xml"))
        said = subprocess.run(["tidy", "-q", "-e", "-utf8", page], capture_output=True, text=True)
        assert said.returncode == 0, said.stderr
        schema = os.path.join(TOP, "tests/scenarios/junit.xsd")
        said = subprocess.run(["xmllint", "--noout", "--schema", schema, junit], capture_output=True, text=True)
        assert said.returncode == 0, said.stderr
        cases = self.suite.findall("testcase")
        for key, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(self.suite.get(key)) == sum(c.find(tag) is not None for c in cases)
        assert int(self.suite.get("tests")) == len(cases)

    def steps(self, state):
        return [s["step"] for s in self["steps"] if s["state"] == state]

    def clean(self):
        return all(r["state"] == "clean" for r in self["residue"])


def millis(stamp):
    return datetime.datetime.fromisoformat(stamp.replace("Z", "+00:00")).timestamp() * 1000


def so_far(where):
    """The events of a run that goes on."""
    path = os.path.join(where, "events.ndjson")
    if not os.path.exists(path):
        return []
    with open(path) as f:
        return [json.loads(line) for line in f.read().rpartition("\n")[0].splitlines()]


class ScenarioDeck(HostDeck):
    reports = 0

    def run(self, *words, code=0, limit=120):
        """Runs a scenario to its end: the verb's result and the report."""
        self.reports += 1
        path = os.path.join(self.env["XDG_STATE_HOME"], "report%d" % self.reports)
        done = self("--yes", "run", *words, "--report", path, code=code, limit=limit)
        return done, Report(path)

    def write(self, text):
        path = os.path.join(self.env["XDG_STATE_HOME"], "s.cfg")
        with open(path, "w") as f:
            f.write(text)
        return path


DECKS = []  # of this test
SECOND = ("cd / && export HADOOP_PID_DIR=/run/hadoop/second HADOOP_IDENT_STRING=second && mkdir -p /run/hadoop/second /var/lib/hadoop/data2 && "
          "chown hdfs:hadoop /run/hadoop/second /var/lib/hadoop/data2 && chmod 700 /var/lib/hadoop/data2 && "
          "setpriv --reuid=hdfs --regid=hadoop --clear-groups hdfs --daemon start datanode -Ddfs.datanode.data.dir=/var/lib/hadoop/data2 "
          "-Ddfs.datanode.address=0.0.0.0:9876 -Ddfs.datanode.http.address=0.0.0.0:9874 -Ddfs.datanode.ipc.address=0.0.0.0:9877")


def deck_on(lab, part, state):
    """Batch verbs for a part of the lab, which is up then."""
    lab.up(part)
    config = os.path.join(lab.dir, part + ".cfg")
    if part == "kvm":
        config = os.path.join(lab.dir, "kvm1.cfg")
        with open(os.path.join(TOP, "cluster.cfg")) as shipped, open(config, "w") as ours:
            ours.write(re.sub("build/lab", lab.dir, shipped.read()))
    elif part == "nodes:3":
        config = os.path.join(lab.dir, "nodes.cfg")
    DECKS.append(ScenarioDeck(lab, state, config))
    return DECKS[-1]


@pytest.fixture(autouse=True)
def no_runner_stays():
    """Also where a test ends in the midst of a run."""
    yield
    for deck in DECKS:
        for p in deck.started:
            if p.poll() is None:
                os.killpg(p.pid, signal.SIGKILL)
            p.communicate()
    DECKS.clear()


def dfs_state(lab):
    return json.loads(lab.on("master", "curl -sg 'http://master:9870/jmx?qry=Hadoop:service=NameNode,name=FSNamesystemState'"))["beans"][0]


@contextlib.contextmanager
def third_datanode(lab):
    """Of two alone, no block can be copied to another. With a file of two copies."""
    lab.on("slave2", SECOND)
    try:
        wait("three DataNodes", lambda: dfs_state(lab)["NumLiveDataNodes"] == 3, 120)
        lab.on("master", "head -c 64K /dev/urandom >/run/put && curl -sf -L -m 30 -T /run/put 'http://master:9870/webhdfs/v1/tmp/copied?user.name=hdfs&op=CREATE&overwrite=true'")
        yield
    finally:
        lab.on("slave2", "kill -9 $(cat /run/hadoop/second/*.pid); rm -rf /run/hadoop/second /var/lib/hadoop/data2")
        lab.on("master", "systemctl restart hadoop-hdfs-namenode", limit=120)


@pytest.fixture(scope="session")
def lab():
    lab = Labs(TOP)
    was_up = lab.is_up()
    lab.up("nodes:3")
    for name in ("n1", "n2", "n3"):
        lab.on(name, "systemctl start redis-server")
    yield lab
    for name in ("n1", "n2", "n3"):
        lab.forget(name)
    if not was_up:
        lab.down()


@pytest.fixture
def deck(lab, tmp_path):
    """Batch verbs of an operator with a journal of its own; afterwards nothing of ours is on any node."""
    deck = ScenarioDeck(lab, tmp_path, os.path.join(lab.dir, "nodes.cfg"))
    yield deck
    for p in deck.started:
        if p.poll() is None:
            p.kill()
        p.communicate()
    if lab.ours(("n1", "n2", "n3")):
        deck.end()
        wait("nothing of ours is left", lambda: lab.ours(("n1", "n2", "n3")) == "", 20)


def pytest_configure(config):
    subprocess.run(["make", "-s", "-C", TOP, "all"], check=True)
