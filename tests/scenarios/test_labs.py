# SPDX-License-Identifier: GPL-2.0-or-later
"""The presets of guests, Hadoop and the cloud, each on its lab: all of them long."""
import os
import time

import pytest

from conftest import Report, TOP, deck_on, dfs_state, millis, third_datanode, wait
from deck import Pipe

pytestmark = pytest.mark.long
POOL = "/mnt/6e3f1c2a-9d41-4c0e-8a57-2b1f0d9e4c11"


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


def test_migration_dirty_log(lab, tmp_path):
    guest = lambda verb: lab.on("kvm1", "/usr/lib/fdlab/guest %s db1" % verb)  # noqa: E731
    lab.up("kvm")
    guest("move")
    assert guest("same") == "0 of 40960 pages differ\n"  # without the fault
    guest("restart")
    wait("it writes", lambda: "write ok" in lab.on("kvm1", "tail -n 1 /run/qemu/db1.console", check=False), 60)
    report = run(lab, "kvm", tmp_path, "migration-dirty-log", nodes=("kvm1",), limit=580,
                 during=lambda: lab.on("kvm1", "grep -E 'point=dirty-log .* injected=[1-9]' /sys/kernel/debug/faultdeck/rules", check=False))
    said = {s["name"].split()[0]: s["message"] for s in report["steps"]}
    assert int(said["arrived-damaged"].split(" of 40960 pages")[0]) > 0
    assert said["arrived-whole"] == "0 of 40960 pages differ"
    hidden = [(int(e["from"]), int(e["to"])) for e in report["events"]]
    assert hidden and all(to == 0 for _, to in hidden) and report["faults"][0]["hits"] > 0  # share=100
    wait("it writes", lambda: "write ok" in lab.on("kvm1", "tail -n 1 /run/qemu/db1.console"), 60)


class Clock:
    """kvm1's clock since its boot, and when its shell did what it was asked: between two moments of ours."""

    def __init__(self, lab):
        ssh = ["ctl", "ssh", "-F", os.path.join(lab.dir, "ssh_config"), "-l", "root", "kvm1", "sh"]
        self.shell = Pipe([lab.lab, *ssh], TOP, lab.env)
        self.pid = int(self.ask("echo $$")[1])

    def ask(self, what):
        before = time.time()
        said, _ = self.shell.ask(what + "; echo @\n", rb"@\n", 60)
        return before, said, time.time()

    def offset(self):
        """What has to be added to its clock to have ours, in seconds; half of what it may be off."""
        low, high = float("-inf"), float("inf")
        for _ in range(200):
            before, up, after = self.ask("read up idle </proc/uptime; echo $up")
            low, high = max(low, before - float(up) - 0.01), min(high, after - float(up))
            if high - low < 0.02:
                break
        return (low + high) / 2, (high - low) / 2


def test_times_of_a_host_whose_clock_is_off(lab, tmp_path):
    """kvm1 has a kernel of its own, and its wall clock is an hour ahead: the report is in our time all the same, by 50 ms."""
    deck = deck_on(lab, "kvm", tmp_path)
    clock = Clock(lab)
    path = deck.write('description = "d"; steps = ( { inject = "kvm.file-write"; on = "pid:%d@kvm1"; params = ( "errno=EIO" ); ttl = "2m"; as = "eio"; },\n'
                      '{ wait = "15s"; }, { restore = "eio"; }, { wait = "1s"; } );' % clock.pid)
    write = "echo x >/run/clock; echo $?"
    where = os.path.join(str(tmp_path), "report")
    lab.on("kvm1", "date -s '+1 hour'")
    try:
        assert float(lab.on("kvm1", "date +%s")) - time.time() > 3500
        assert clock.ask(write)[1] == "0\n"
        p = deck.start("--yes", "run", path, "--report", where)
        wait("its writes fail", lambda: clock.ask(write)[1] == "1\n", 60)
        asked = [clock.ask(write) for _ in range(20)]
        offset, error = clock.offset()
        out, _ = p.communicate(timeout=120)
        assert p.returncode == 0, out
        assert clock.ask(write)[1] == "0\n"
    finally:
        lab.on("kvm1", "date -s @%d; rm -f /run/clock" % time.time())
        clock.shell.end()
    report = Report(where)
    fault = report["faults"][0]
    seen = [(millis(e["time"]) / 1000, float(e["node_boottime"])) for e in report["events"]]
    print("the offset is known by ± %.1f ms; the report's is %.1f ms off; the quickest of our writes took %.1f ms" % (
        error * 1000, max(abs(at - boot - offset) for at, boot in seen) * 1000, min(c - a for a, _, c in asked) * 1000))
    assert error < 0.02, "the machine is too busy to tell"
    assert {said for _, said, _ in asked} == {"1\n"} and len(seen) > len(asked)
    # by the node's clock, whose offset we have measured ourselves
    assert all(abs(at - (boot + offset)) < 0.05 for at, boot in seen)
    # by ours, from outside: the last writes are those that we asked for
    for (before, _, after), (at, _) in zip(asked, seen[-len(asked):]):
        assert before - 0.05 < at < after + 0.05
    journal = {j["state"]: millis(j["time"]) for j in deck.journal() if j["id"] == fault["id"]}
    assert abs(millis(fault["active"]) - journal["active"]) < 1 and abs(millis(fault["ended"]) - journal["restored"]) < 1
    assert journal["journaled"] - 50 < millis(fault["armed"]) < journal["active"] + 50
    assert all(millis(fault["armed"]) - 50 < at * 1000 < journal["restored"] + 50 for at, _ in seen)


def test_namenode_crash(lab, tmp_path):
    report = run(lab, "hadoop", tmp_path, "namenode-crash", nodes=("master",),
                 during=lambda: "Connection refused" in lab.on("master", "curl -sS http://master:9870/jmx 2>&1 | head -c 200; true", check=False) or
                 "Couldn't connect" in lab.on("master", "curl -sS http://master:9870/jmx 2>&1 | head -c 200; true", check=False))
    assert "value of Pi" in report["steps"][-1]["message"]  # of the job that it died under
    lives = next(p for p in report["probes"] if p["probe"] == "job computes")
    away = [t for t, s, _ in next(p for p in report["probes"] if p["probe"] == "NameNode is active")["points"] if s == "failed"]
    assert any(s == "holds" and away[0] <= t <= away[-1] for t, s, _ in lives["points"])


def test_datanode_partition(lab, tmp_path):
    lab.up("hadoop")
    with third_datanode(lab):
        run(lab, "hadoop", tmp_path, "datanode-partition", nodes=("slave1",), during=lambda: dfs_state(lab)["NumDeadDataNodes"] == 1)


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
