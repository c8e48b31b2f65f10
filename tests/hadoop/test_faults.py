# SPDX-License-Identifier: GPL-2.0-or-later
"""Safe mode, health, network, pauses and checkpoints: before, injected and restored in Hadoop's own view."""
import pytest

from conftest import LIMIT, wait


def test_safe_mode(lab, deck):
    assert "true" in lab.web("PUT", "/tmp/a", "MKDIRS")
    ident = deck.break_("hdfs-safe", "nn@master")
    assert lab.hdfs()["FSState"] == "safeMode"
    assert "Name node is in safe mode" in lab.web("PUT", "/tmp/b", "MKDIRS")
    refused = deck("--yes", "inject", "hadoop.hdfs-safe", "nn@master", code=1)
    assert "in safe mode already" in refused.out + refused.err
    deck.restored(ident)
    assert lab.hdfs()["FSState"] == "Operational" and "true" in lab.web("PUT", "/tmp/b", "MKDIRS")


# how long after the end of the TTL the NameNode takes writes again, in ms
LATE = """d=$(cat /run/faultdeck/%s/deadline)
while curl -s -m 2 'http://master:9870/jmx?qry=Hadoop:service=NameNode,name=FSNamesystemState' | grep -q '"safeMode"'; do sleep 0.02; done
read u _ </proc/uptime; echo $((${u%%.*}${u#*.}0 - d))"""


def test_safe_mode_ends_with_its_ttl(lab, deck):
    """Not before, and within the 2 s that every fault promises: by a call, since a JVM's start alone takes longer."""
    ident = deck.ident(deck.inject("hadoop.hdfs-safe", "nn@master", "ttl=4s"))
    late = int(lab.on("master", LATE % ident))
    assert 0 <= late < 2000, late
    wait("the console knows", lambda: deck.injection(ident)["state"] == "expired", LIMIT)


@pytest.mark.long
def test_safe_mode_where_no_call_can_be_made(lab, deck):
    """Then it is Hadoop's own program, both ways."""
    lab.on("master", "mount --bind /bin/false /usr/bin/timeout")
    try:
        ident = deck.break_("hdfs-safe", "nn@master")
        assert lab.hdfs()["FSState"] == "safeMode"
        deck.restored(ident)
        assert lab.hdfs()["FSState"] == "Operational"
    finally:
        lab.on("master", "umount /usr/bin/timeout")


@pytest.mark.long
def test_safe_mode_of_its_own_reasons_is_left(lab, deck):
    """The NameNode that entered for us is gone; the one that came waits for DataNodes, and goes on waiting."""
    lab.write("/tmp/waited-for", 9000)  # of one block it would wait for 0.999, which is none
    ident = deck.break_("hdfs-safe", "nn@master")
    try:
        for node in ("slave1", "slave2"):
            lab.on(node, "systemctl stop hadoop-hdfs-datanode")
        lab.on("master", "systemctl restart hadoop-hdfs-namenode")
        wait("it waits", lambda: lab.hdfs().get("FSState") == "safeMode", LIMIT)
        deck.restored(ident)
        assert lab.hdfs()["FSState"] == "safeMode"
    finally:
        for node in ("slave1", "slave2"):
            lab.on(node, "systemctl start hadoop-hdfs-datanode")
    wait("it has left it by itself", lambda: lab.hdfs().get("FSState") == "Operational", LIMIT)
    lab.web("DELETE", "/tmp/waited-for", "DELETE")


def unhealthy(lab, deck, node, reason):
    ident = deck.break_("yarn-health", "nm@" + node)
    state, report = lab.nodemanager(node)
    assert state == "UNHEALTHY" and reason in report, (state, report)
    # nothing can be placed there
    assert lab.ask(8088, "ws/v1/cluster/metrics")["clusterMetrics"]["activeNodes"] == 1
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
    """Its blocks are copied to those that are left, of which slave2 has two here: the second is found by itself."""
    with lab.second_datanode():
        wait("three DataNodes", lambda: lab.datanodes()[0] == 3, LIMIT)
        lab.write("/tmp/copied")
        found = [s for s in deck.services("slave2") if s.startswith("dn-")]
        assert len(found) == 2
        ident = deck.break_("network", "slave1")
        wait("the NameNode counts it dead", lambda: lab.datanodes()[2] == 1, LIMIT)
        wait("the ResourceManager lost it", lambda: lab.nodemanager("slave1")[0] == "LOST", LIMIT)
        wait("no block lacks a copy", lambda: lab.hdfs().get("UnderReplicatedBlocks") == 0, LIMIT)
        assert lab.on("slave1", "echo here") == "here\n"
        deck.restored(ident)
        assert lab.datanodes()[::2] == (3, 0) and lab.nodemanager("slave1")[0] == "RUNNING"
        lab.web("DELETE", "/tmp/copied", "DELETE")


@pytest.mark.long
def test_pauses(lab, deck):
    extra = lambda: lab.bean(9870, "service=NameNode,name=JvmMetrics").get("GcTotalExtraSleepTime")
    wait("its monitor tells", lambda: extra() is not None, LIMIT)
    before = extra()
    ident = deck.break_("gc-pause", "nn@master", "pause=2000", "every=4000")
    wait("its own monitor counts pauses", lambda: (extra() or 0) > before + 3000, LIMIT)
    deck.restored(ident)
    assert lab.on("master", "systemctl list-units --plain --no-legend 'faultdeck-*'") == ""  # what stops it is gone
    assert lab.hdfs()["FSState"] == "Operational"


def test_checkpoints(lab, deck):
    last = lambda: lab.bean(9868, "service=SecondaryNameNode,name=SecondaryNameNodeInfo").get("LastCheckpointTime")
    first = last()
    wait("a checkpoint is made", lambda: last() > first, LIMIT)
    ident = deck.break_("checkpoint-block", "snn@master")
    missed = last()
    log = "grep -c 'Exception in doCheckpoint' /var/log/hadoop/hadoop-hdfs-secondarynamenode-master.log || true"
    failures = int(lab.on("master", log))
    wait("a checkpoint fails", lambda: int(lab.on("master", log)) > failures, LIMIT)
    assert last() == missed
    deck.restored(ident)
    wait("a checkpoint is made again", lambda: last() > missed, LIMIT)


def test_what_the_kernel_cannot_is_said(lab, deck):
    """The build machine's kernel has no netem; where it has, tests/kvm2 sees the delay."""
    if "netem" in lab.on("slave1", "tc qdisc add dev lo root netem delay 1ms 2>&1 && tc qdisc del dev lo root && echo netem", check=False):
        pytest.skip("this kernel has netem")
    for words in (("inject", "hadoop.datanode-slow", "dn@slave1"), ("cluster", "inject-delay", "100ms", "quorum=off")):
        refused = deck("--yes", *words, code=None)
        assert refused.code and "has no netem" in refused.out + refused.err
    for node in ("master", "slave1", "slave2"):
        assert " fd: " not in lab.on(node, "tc qdisc show; ls /run/faultdeck 2>/dev/null", check=False)
