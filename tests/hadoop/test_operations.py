# SPDX-License-Identifier: GPL-2.0-or-later
"""start, stop, test, yarn-refresh: from whatever there is."""
import re
import time

import pytest

from conftest import LIMIT, WHERE, wait

NODES = ("master", "slave1", "slave2")


def javas(lab):
    return sum(len(lab.on(n, "pgrep -x java || true").split()) for n in NODES)


@pytest.mark.long
def test_stop_and_start_as_the_original_script_called_it(lab, deck):
    deck("cluster", "stop")
    assert javas(lab) == 0
    assert {s["state"] for s in deck("hadoop", "list").of("service")} == {"down"}
    said = deck("cluster", "start").out
    assert lab.whole() and "HDFS is out of safe mode" in said


# what the guard has against a stop of all, and what it says
GUARDS = {
    "protected": ('guard = { protected = ( "slave2" ); };', "", ["slave2 is never a target"]),
    "hours": ('guard = { hours = "%s 00:00-24:00"; };' % ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[(time.localtime().tm_wday + 3) % 7], "", ["hours = "]),
    "probe": ("guard = { };", 'probes = ( { name = "holds"; command = "false"; node = "slave1"; abort = true; } );', ['abort probe "holds"', "failed"]),
}


@pytest.mark.parametrize("rule", GUARDS)
def test_a_stop_that_the_guard_refuses(lab, deck, tmp_path, rule):
    """Nothing is touched on any node; the rule and its line are said. start takes nothing down."""
    guard, more, says = GUARDS[rule]
    with open(deck.config) as f:
        nodes = re.sub(r"\nguard = .*", "", f.read())
    (tmp_path / "c.cfg").write_text(nodes + guard + "\n" + more + "\n")
    deck.config = str(tmp_path / "c.cfg")
    before = javas(lab)
    for done in (deck("cluster", "stop", code=5), deck("--dry-run", "hadoop", "stop", code=5)):
        error = done.of("error")[0]
        assert error["code"] == "EPERM" and "c.cfg:%d)" % (nodes.count("\n") + 1 + (rule == "probe")) in error["message"], error
        assert all(s in error["message"] for s in says)
    assert done.of("plan")[0]["guard"] == error["message"]
    assert javas(lab) == before
    if rule == "protected":
        deck("hadoop", "start")


@pytest.mark.long
def test_start_of_what_is_down(lab, deck):
    lab.on("master", "systemctl stop hadoop-yarn-resourcemanager hadoop-hdfs-secondarynamenode")
    lab.on("slave1", "kill -9 $(cat /run/hadoop/hadoop-yarn-nodemanager.pid)")
    pids = lab.on("slave2", "pgrep -x java")
    said = deck("hadoop", "start").out
    assert lab.whole() and lab.on("slave2", "pgrep -x java") == pids
    assert "nn runs already" in said and "rm started" in said and "snn started" in said


def test_what_an_injection_holds_is_not_started(lab, deck):
    ident = deck.break_("crash", "dn@slave1")
    refused = deck("hadoop", "start", code=1)
    assert "held by the injection " + ident in refused.out + refused.err
    deck.restored(ident)


@pytest.mark.long
def test_what_an_injection_holds_is_not_stopped(lab, deck):
    ident = deck.break_("hang", "nm@slave2")
    refused = deck("hadoop", "stop", code=1)
    assert "held by the injection " + ident in refused.out + refused.err and javas(lab) == 1
    deck("hadoop", "start", code=1)
    deck.restored(ident)
    assert lab.whole()


@pytest.mark.long
@pytest.mark.parametrize("up", ["nn", "dn", "rm", "nm", "snn", "jhs"])
def test_start_from_one_daemon(lab, deck, up):
    deck("hadoop", "stop")
    unit = lab.on(WHERE[up], "ls /usr/lib/systemd/system | grep '%s'" % {
        "nn": "hdfs-namenode", "dn": "datanode", "rm": "resourcemanager", "nm": "nodemanager", "snn": "secondary", "jhs": "history"}[up]).strip()
    lab.on(WHERE[up], "systemctl start " + unit, check=False)
    deck("hadoop", "start")
    assert lab.whole()


@pytest.mark.long
def test_a_daemon_that_was_started_by_hand(lab, deck):
    """No unit: it is written down, and comes back with its pid file."""
    lab.on("slave1", "systemctl stop hadoop-hdfs-datanode; cd /; setpriv --reuid=hdfs --regid=hadoop --clear-groups hdfs --daemon start datanode")
    wait("it is live", lambda: lab.datanodes()[0] == 2, LIMIT)
    ident = deck.break_("crash", "dn@slave1")
    wait("it is dead", lambda: lab.gone("dn"), LIMIT)
    deck.restored(ident)
    assert lab.back("dn")
    deck("hadoop", "stop")
    deck("hadoop", "start")
    assert lab.whole()
    assert lab.on("slave1", "cat /run/hadoop/hadoop-hdfs-datanode.pid") == lab.on("slave1", "pgrep -f '[D]proc_datanode'")
    assert "inactive" in lab.on("slave1", "systemctl is-active hadoop-hdfs-datanode", check=False)
    lab.on("slave1", "kill $(cat /run/hadoop/hadoop-hdfs-datanode.pid); while pgrep -f '[D]proc_datanode' >/dev/null; do sleep 0.1; done; "
           "systemctl start hadoop-hdfs-datanode; rmdir /run/faultdeck-hadoop")


def test_a_file_there_and_back(lab, deck):
    said = deck("cluster", "test").out
    for word in ("wrote 1 MiB", "read it back", "its checksum is the same", "deleted it"):
        assert word in said
    assert "faultdeck-test" not in lab.web("GET", "/tmp", "LISTSTATUS")
    ident = deck.break_("hdfs-safe", "nn@master")
    refused = deck("hadoop", "test", code=1)
    assert "Name node is in safe mode" in refused.out + refused.err  # Hadoop's own words
    deck.restored(ident)


@pytest.mark.long
def test_a_user_who_may_not(lab, deck, tmp_path):
    with open(deck.config) as f:
        (tmp_path / "c.cfg").write_text(f.read() + 'settings = { hadoop_user = "nobody"; };\n')
    deck.config = str(tmp_path / "c.cfg")
    lab.web("PUT", "/tmp", "SETPERMISSION&permission=755")
    try:
        refused = deck("hadoop", "test", code=1)
        assert "Permission denied: user=nobody" in refused.out + refused.err
    finally:
        lab.web("PUT", "/tmp", "SETPERMISSION&permission=1777")
    assert "its checksum is the same" in deck("hadoop", "test").out


def test_refresh(lab, deck):
    """A node on the exclude list is decommissioned, and back when it is not; a changed queue shows."""
    conf = "/etc/hadoop/conf/"
    scheduler = lab.on("master", "cat %scapacity-scheduler.xml" % conf)
    lab.on("master", "echo slave1 >%syarn.exclude; sed -i 's,</configuration>,<property><name>yarn.scheduler.capacity.root.default.user-limit-factor"
           "</name><value>2.5</value></property>&,' %scapacity-scheduler.xml" % (conf, conf))
    try:
        said = deck("hadoop", "yarn-refresh").out
        wait("it is decommissioned", lambda: lab.nodemanager("slave1")[0] == "DECOMMISSIONED", LIMIT)
        queue = lab.ask(8088, "ws/v1/cluster/scheduler")["scheduler"]["schedulerInfo"]["queues"]["queue"][0]
        assert queue["userLimitFactor"] == 2.5 and re.search(r"queue (root\.)?default: 100", said), said  # 3.3 tells no paths
        lab.on("master", "sed -i 's,<value>100</value>,<value>50</value>,' %scapacity-scheduler.xml" % conf)
        refused = deck("hadoop", "yarn-refresh", code=1).of("error")[0]["message"]
        assert "Exception: " in refused, refused  # Hadoop's own words, and not the end of its trace
    finally:
        lab.on("master", ": >%syarn.exclude; cat >%scapacity-scheduler.xml <<'EOF'\n%sEOF" % (conf, conf, scheduler))
        deck("hadoop", "yarn-refresh")
        deck("hadoop", "start")  # a NodeManager that is decommissioned ends
    assert lab.nodemanager("slave1")[0] == "RUNNING"


@pytest.fixture
def examples(lab):
    if not lab.on("master", "ls /opt/hadoop/jars/hadoop-mapreduce-examples-*.jar", check=False):
        pytest.skip("Maven has this version without its examples")


@pytest.mark.long
def test_a_job(lab, examples, deck):
    """It was one of the ResourceManager's, which another test's that ends just now is not."""
    apps = lambda: {a["id"]: a["finalStatus"] for a in ((lab.ask(8088, "ws/v1/cluster/apps") or {}).get("apps") or {}).get("app", [])}
    before = set(apps())
    assert "Pi is" in deck("hadoop", "test", "mr").out
    wait("it has ended well", lambda: [s for i, s in apps().items() if i not in before] == ["SUCCEEDED"], LIMIT)


@pytest.mark.long
def test_a_job_outlives_a_nodemanager(lab, examples, deck):
    """One whose containers were on it is run again elsewhere."""
    running = lambda: (lab.ask(8088, "ws/v1/cluster/metrics") or {"clusterMetrics": {}})["clusterMetrics"].get("containersAllocated", 0)
    job = deck.start("hadoop", "test", "mr")
    wait("it has containers", lambda: running() >= 2, LIMIT)
    node = "slave1" if int(lab.on("slave1", "pgrep -cf container_ || true")) else "slave2"
    ident = deck.break_("crash", "nm@" + node)
    out, err = job.communicate(timeout=280)
    assert job.returncode == 0 and "Pi is" in out, out + err
    deck.restored(ident)
