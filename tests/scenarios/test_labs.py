# SPDX-License-Identifier: GPL-2.0-or-later
"""The presets of guests, Hadoop and the cloud, each on its lab: all of them long."""
import json
import os
import re

import pytest

from conftest import Report, ScenarioDeck, TOP, wait

pytestmark = pytest.mark.long
POOL = "/mnt/6e3f1c2a-9d41-4c0e-8a57-2b1f0d9e4c11"
SECOND = ("cd / && export HADOOP_PID_DIR=/run/hadoop/second HADOOP_IDENT_STRING=second && mkdir -p /run/hadoop/second /var/lib/hadoop/data2 && "
          "chown hdfs:hadoop /run/hadoop/second /var/lib/hadoop/data2 && chmod 700 /var/lib/hadoop/data2 && "
          "setpriv --reuid=hdfs --regid=hadoop --clear-groups hdfs --daemon start datanode -Ddfs.datanode.data.dir=/var/lib/hadoop/data2 "
          "-Ddfs.datanode.address=0.0.0.0:9876 -Ddfs.datanode.http.address=0.0.0.0:9874 -Ddfs.datanode.ipc.address=0.0.0.0:9877")


def deck_on(lab, part, tmp_path):
    lab.up(part)
    config = os.path.join(lab.dir, part + ".cfg")
    if part == "kvm":
        with open(os.path.join(TOP, "cluster.cfg")) as f:
            config = tmp_path / "kvm.cfg"
            config.write_text(re.sub("build/lab", lab.dir, f.read()))
    return ScenarioDeck(lab, tmp_path, str(config))


def run(lab, part, tmp_path, name, *words, nodes=(), during=None, limit=400):
    """The scenario on its lab; DURING is waited for while it runs. Its report."""
    deck = deck_on(lab, part, tmp_path)
    where = os.path.join(str(tmp_path), "report")
    p = deck.start("--yes", "run", name, *words, "--report", where)
    if during:
        wait("it is seen without our code", during, 120)
    out, _ = p.communicate(timeout=limit)
    assert p.returncode == 0, out
    report = Report(where)
    assert report["verdict"] == "passed" and report.clean() and report.steps("failed") == []
    assert all(f["state"] in ("restored", "expired") for f in report["faults"])
    for node in nodes:
        assert "faultdeck" not in lab.on(node, "ls /run", check=False)
    return report


def test_vm_disk_full(lab, tmp_path):
    last = "tail -n 1 /run/qemu/db1.console"
    lab.up("kvm")
    assert "write ok" in lab.on("kvm1", last)
    report = run(lab, "kvm", tmp_path, "vm-disk-full", "hold=5s", nodes=("kvm1",), during=lambda: "write ok" not in lab.on("kvm1", last))
    wait("it writes", lambda: "write ok" in lab.on("kvm1", last), 30)
    # the module's own events, in the operator's clock: while the fault was there, by 50 ms
    began, ended = (report["faults"][0][k] for k in ("armed", "ended"))
    assert report["events_seen"] > 0 and all(began <= e["time"] <= ended for e in report["events"])


def test_vm_bit_flips(lab, tmp_path):
    report = run(lab, "kvm", tmp_path, "vm-bit-flips", "flips=2", "over=10s", "seed=4", nodes=("kvm1",))
    assert len(report["faults"]) == 2 and any(f["hits"] for f in report["faults"])
    wait("it writes", lambda: "write ok" in lab.on("kvm1", "tail -n 1 /run/qemu/db1.console"), 60)


def test_namenode_crash(lab, tmp_path):
    report = run(lab, "hadoop", tmp_path, "namenode-crash", nodes=("master",),
                 during=lambda: "Connection refused" in lab.on("master", "curl -sS http://master:9870/jmx 2>&1 | head -c 200; true", check=False) or
                 "Couldn't connect" in lab.on("master", "curl -sS http://master:9870/jmx 2>&1 | head -c 200; true", check=False))
    assert "value of Pi" in report["steps"][-1]["message"]


def test_datanode_partition(lab, tmp_path):
    lab.up("hadoop")
    state = lambda: lab.on("master", "curl -sg 'http://master:9870/jmx?qry=Hadoop:service=NameNode,name=FSNamesystemState'")  # noqa: E731
    lab.on("slave2", SECOND)
    try:
        wait("three DataNodes", lambda: json.loads(state())["beans"][0]["NumLiveDataNodes"] == 3, 120)
        lab.on("master", "head -c 64K /dev/urandom >/run/put && curl -sf -L -m 30 -T /run/put 'http://master:9870/webhdfs/v1/tmp/copied?user.name=hdfs&op=CREATE&overwrite=true'")
        run(lab, "hadoop", tmp_path, "datanode-partition", nodes=("slave1",),
            during=lambda: json.loads(state())["beans"][0]["NumDeadDataNodes"] == 1)
    finally:
        lab.on("slave2", "kill -9 $(cat /run/hadoop/second/*.pid); rm -rf /run/hadoop/second /var/lib/hadoop/data2")
        lab.on("master", "systemctl restart hadoop-hdfs-namenode", limit=120)


def test_yarn_unhealthy(lab, tmp_path):
    run(lab, "hadoop", tmp_path, "yarn-unhealthy", "hold=5s", nodes=("slave1",),
        during=lambda: '"unhealthyNodes":1' in lab.on("master", "curl -s http://master:8088/ws/v1/cluster/metrics"))


def test_resourcemanager_hang(lab, tmp_path):
    run(lab, "hadoop", tmp_path, "resourcemanager-hang", "hold=5s", nodes=("master",),
        during=lambda: lab.on("master", "curl -s -m 2 http://master:8088/ws/v1/cluster/info; echo $?", check=False) == "28\n")


def test_management_hang(lab, tmp_path):
    run(lab, "cloud", tmp_path, "management-hang", "hold=5s", nodes=("mgmt",),
        during=lambda: lab.on("mgmt", "curl -s -m 2 http://localhost:8080/client/; echo $?", check=False) == "28\n")


def test_database_exhausted(lab, tmp_path):
    report = run(lab, "cloud", tmp_path, "database-exhausted", "hold=5s", nodes=("mgmt",),
                 during=lambda: "ERROR 1226" in lab.on("mgmt", "mariadb -h127.0.0.1 -ucloud -pcloudsecret -NBe 'SELECT 7' 2>&1", check=False))
    root = next(p for p in report["probes"] if p["probe"] == "database answers root")
    assert {s for _, s, _ in root["points"]} == {"holds"} and root["value"] == "7"


def test_storage_readonly(lab, tmp_path):
    run(lab, "cloud", tmp_path, "storage-readonly", "hold=5s", nodes=("cs1",),
        during=lambda: " ro," in lab.on("cs1", "grep ' %s ' /proc/self/mounts" % POOL))
    assert " rw," in lab.on("cs1", "grep ' %s ' /proc/self/mounts" % POOL)


def test_agent_disconnect(lab, tmp_path):
    run(lab, "cloud", tmp_path, "agent-disconnect", nodes=("cs1",),
        during=lambda: lab.on("mgmt", "mariadb -NBe \"SELECT status FROM cloud.host WHERE name = 'cs1'\"") != "Up\n")
