# SPDX-License-Identifier: GPL-2.0-or-later
"""Safe mode, health, network, pauses and checkpoints: before, injected and restored in Hadoop's own view."""
from conftest import LIMIT, wait

PUT = "http://10.77.0.10:9870/webhdfs/v1/tmp/%s?op=MKDIRS&user.name=hdfs"


def write(lab, name):
    """What HDFS says to somebody who makes a directory."""
    return lab.run("ctl", "curl", "-s", "-m", "20", "-X", "PUT", PUT % name, check=False, capture_output=True).stdout


def test_safe_mode(lab, deck):
    assert "true" in write(lab, "a")
    ident = deck.ident(deck.inject("hadoop.hdfs-safe", "nn@master", "ttl=5m"))
    assert lab.hdfs()["FSState"] == "safeMode"
    assert "Name node is in safe mode" in write(lab, "b")
    refused = deck("--yes", "inject", "hadoop.hdfs-safe", "nn@master", code=1)
    assert "in safe mode already" in refused.out + refused.err
    deck.restored(ident)
    assert lab.hdfs()["FSState"] == "Operational" and "true" in write(lab, "b")


def unhealthy(lab, deck, node, reason):
    ident = deck.ident(deck.inject("hadoop.yarn-health", "nm@" + node, "ttl=5m"))
    state, report = lab.nodemanager(node)
    assert state == "UNHEALTHY" and reason in report, (state, report)
    deck.restored(ident)
    assert lab.nodemanager(node) == ("RUNNING", "")


def test_health_by_its_script(lab, deck):
    before = lab.on("slave1", "md5sum /etc/hadoop/health.sh; cat /proc/mounts")
    unhealthy(lab, deck, "slave1", "faultdeck")
    assert lab.on("slave1", "md5sum /etc/hadoop/health.sh; cat /proc/mounts") == before


def test_health_by_its_directories(lab, deck):
    before = lab.on("slave2", "find /var/lib/hadoop/local | sort; cat /proc/mounts")
    unhealthy(lab, deck, "slave2", "local-dirs")
    assert lab.on("slave2", "find /var/lib/hadoop/local | sort; cat /proc/mounts") == before


def test_network(lab, deck):
    ident = deck.ident(deck.inject("hadoop.network", "slave1", "ttl=5m"))
    wait("the NameNode counts it dead", lambda: lab.datanodes()[2] == 1, LIMIT)
    wait("the ResourceManager lost it", lambda: lab.nodemanager("slave1")[0] == "LOST", LIMIT)
    assert lab.on("slave1", "echo here") == "here\n"
    deck.restored(ident)
    assert lab.datanodes() == (2, 0, 0) and lab.nodemanager("slave1")[0] == "RUNNING"


def test_pauses(lab, deck):
    extra = lambda: lab.bean(9870, "service=NameNode,name=JvmMetrics").get("GcTotalExtraSleepTime")
    before = extra()
    ident = deck.ident(deck.inject("hadoop.gc-pause", "nn@master", "pause=2000", "every=4000", "ttl=5m"))
    wait("its own monitor counts pauses", lambda: (extra() or 0) > before + 3000, LIMIT)
    deck.restored(ident)
    assert lab.hdfs()["FSState"] == "Operational"


def test_checkpoints(lab, deck):
    last = lambda: lab.bean(9868, "service=SecondaryNameNode,name=SecondaryNameNodeInfo").get("LastCheckpointTime")
    first = last()
    wait("a checkpoint is made", lambda: last() > first, LIMIT)
    ident = deck.ident(deck.inject("hadoop.checkpoint-block", "snn@master", "ttl=5m"))
    missed = last()
    log = "grep -c 'Exception in doCheckpoint' /var/log/hadoop/hadoop-hdfs-secondarynamenode-master.log || true"
    failures = int(lab.on("master", log))
    wait("a checkpoint fails", lambda: int(lab.on("master", log)) > failures, LIMIT)
    assert last() == missed
    deck.restored(ident)
    wait("a checkpoint is made again", lambda: last() > missed, LIMIT)
