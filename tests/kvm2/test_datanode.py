# SPDX-License-Identifier: GPL-2.0-or-later
"""A real DataNode, on a host whose kernel has netem: what its delays are to clients, by a stopwatch. One file has its only
copy there; slave1's DataNode, which has none, reads it over the network for whoever asks."""
import time

import pytest

from deck import wait
from talk import Talk

pytestmark = pytest.mark.long

CONFIG = """
ssh_config = "%s/ssh_config";
nodes = ( { name = "kvm2"; host = "10.77.0.22"; user = "root"; roles = ( "datanode" ); disposable = true; } );
"""
WEB = "http://%s:9864/webhdfs/v1/tmp/far?user.name=hdfs&namenoderpcaddress=master:8020&op="
WHERE = "http://10.77.0.10:9870/webhdfs/v1/tmp/far?op=GETFILEBLOCKLOCATIONS"
NODES = "http://10.77.0.10:9870/jmx?qry=Hadoop:service=NameNode,name=NameNodeInfo"
SLOW = 2.5  # seconds: less than the 5 s after which a client gives up


def curl(lab, *words):
    return lab.run("ctl", "curl", "-sgf", "-m", "60", *words).stdout


def counted(lab):
    """The NameNode counts it among those that live."""
    return any('"LiveNodes"' in line and "10.77.0.22:9866" in line for line in curl(lab, NODES).splitlines())


def reads(lab, tries=5):
    """The shortest time of a read, in seconds; the first may open connections."""
    best = None
    for _ in range(tries):
        begin = time.monotonic()
        assert curl(lab, WEB % "10.77.0.11" + "OPEN&offset=0") == "far away"
        took = time.monotonic() - begin
        best = took if best is None else min(best, took)
    return best


@pytest.fixture(scope="module")
def datanode(lab):
    """Forgotten afterwards: it is seen dead, and the NameNode started anew."""
    lab.up("hadoop")
    lab.run("datanode", "kvm2")
    curl(lab, "-X", "PUT", "-H", "Content-Type: application/octet-stream", "-d", "far away", WEB % "10.77.0.22" + "CREATE&overwrite=true&replication=1")
    assert '10.77.0.22' in curl(lab, WHERE) and '10.77.0.11' not in curl(lab, WHERE)
    yield
    lab.on("kvm2", "pkill -9 -x java; rm -rf /var/lib/hadoop/data/*")
    lab.on("master", "systemctl restart hadoop-hdfs-namenode")


@pytest.fixture
def deck(lab, datanode, tmp_path):
    (tmp_path / "c.cfg").write_text(CONFIG % lab.dir)
    deck = Talk(lab, tmp_path, str(tmp_path / "c.cfg"))
    deck.sees("dn@kvm2")
    yield deck
    deck("restore", "--all", code=None)
    deck.kill()


def restored(lab, deck, before, *words):
    """Read back: from the node, and by the same stopwatch."""
    deck(*words)
    assert "netem" not in lab.on("kvm2", "tc qdisc show")
    wait("it is as quick as it was", lambda: reads(lab) < before + 0.09 and lab.ping() < 90, 60)
    wait("it is live", lambda: counted(lab), 60)


def test_inject_delay_of_100ms(lab, deck):
    """Each packet that it sends is 100 ms late: a ping by that, a read by that at least."""
    before = reads(lab)
    assert lab.ping(count=10) < 50
    deck("--yes", "cluster", "inject-delay", "100ms")
    assert 100 <= lab.ping(count=10) < 200 and reads(lab) > before + 0.095
    assert counted(lab)
    restored(lab, deck, before, "cluster", "clear-delay")


def test_a_slow_datanode(lab, deck):
    """Its data port alone: pings and heartbeats are as quick as before."""
    before = reads(lab)
    ident = deck.ident(deck.inject("hadoop.datanode-slow", "dn@kvm2", "ms=%d" % (1000 * SLOW)))
    assert reads(lab, 2) > before + SLOW and lab.ping(count=10) < 50
    assert counted(lab)
    restored(lab, deck, before, "restore", ident)
