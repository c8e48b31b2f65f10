# SPDX-License-Identifier: GPL-2.0-or-later
"""A CloudStack of old, on cs2 (tests/lab/old.sh): servers below a real jsvc and in a real Tomcat, a MySQL, virtqemud: each found, broken and
well again in its own clients' view."""
import os

import pytest

from conftest import LIMIT, SIGNED, CloudDeck, wait

HOST = "10.77.0.32"
CLASSES = {"agent": "com.cloud.agent.AgentShell", "usage": "com.cloud.usage.UsageServer"}
pytestmark = pytest.mark.long


class Old:
    """cs2 as its clients see it."""

    def __init__(self, lab):
        self.lab = lab

    def on(self, script, check=True):
        return self.lab.on("cs2", script, check=check)

    def sql(self, text):
        return self.on('timeout 5 mysql -NBre "%s" 2>/dev/null' % text, check=False).strip()

    def host(self):
        return self.sql("SELECT status FROM cloud.host WHERE name = 'cs2'")

    def listed(self, limit=2):
        return self.lab.call(SIGNED, limit=limit, host=HOST)[1]

    def guest(self):
        return self.on("pgrep -f guest=i-2-3-V[M]", check=False).split()

    def answers(self, what):
        return {
            "ms": lambda: self.lab.call(host=HOST)[0] == 401,
            "agent": lambda: self.host() == "Up",
            "usage": lambda: self.lab.goes_on(lambda: self.sql("SELECT heartbeat FROM cloud_usage.usage_job")),
            "mysql": lambda: self.sql("SELECT 7") == "7" and '"state":"' in self.listed(),
            "libvirt": lambda: "running" in self.on("timeout 3 virsh -c qemu:///system -q list --state-running", check=False),
        }[what]()

    def whole(self):
        return self.answers("ms") and self.host() == "Up" and self.answers("libvirt")


@pytest.fixture(scope="module")
def old(lab):
    lab.up("old")
    return Old(lab)


@pytest.fixture
def deck(lab, old, tmp_path):
    wait("cs2 is whole", old.whole, LIMIT)
    deck = CloudDeck(lab, tmp_path, os.path.join(lab.dir, "old.cfg"))
    deck.nodes = ("cs2",)
    yield deck
    deck.end()
    wait("cs2 is whole again", old.whole, LIMIT)


def jsvcs(old, what):
    """Of a class: its processes as (pid, parent)."""
    said = old.on("for p in $(pgrep -f '^jsvc.exec.* %s$'); do awk '/^PPid/ { print %s, $2 }' p=$p /proc/$p/status; done" % (CLASSES[what], "p"), check=False)
    return [tuple(map(int, line.split())) for line in said.splitlines()]


def test_found(old, deck):
    """Of jsvc's processes the one that serves, and the unit of either way to start it."""
    found = wait("they are asked", lambda: (lambda s: s if s["ms"]["health"] and s["mysql"]["health"] and s["libvirt"]["health"] else None)(deck.services()), LIMIT)
    assert sorted(found) == ["agent", "libvirt", "ms", "mysql", "usage"] and {s["state"] for s in found.values()} == {"up"}
    assert found["ms"]["health"] == "healthy (401)" and found["agent"]["health"] == "connected" and found["libvirt"]["health"] == "answers"
    assert found["mysql"]["health"] == "hosts: cs2 Up" and found["libvirt"]["figures"]["domains"] == 1
    for what in CLASSES:
        all_of_it = dict(jsvcs(old, what))
        pid = found[what]["pid"]
        assert len(all_of_it) == 3 and all_of_it[pid] in all_of_it and "libjvm" in old.on("cat /proc/%d/maps" % pid)
    assert old.on("cat /proc/%d/cmdline" % found["ms"]["pid"]).replace("\0", " ").endswith("org.apache.catalina.startup.Bootstrap start ")
    assert old.on("cat /proc/%d/comm /proc/%d/comm" % (found["libvirt"]["pid"], found["mysql"]["pid"])) == "virtqemud\nmysqld\n"


@pytest.mark.parametrize("what", ["ms", "agent", "usage", "mysql", "libvirt"])
@pytest.mark.parametrize("fault, state", [("crash", "down"), ("hang", "stopped")])
def test_each_is_broken_and_well_again(old, deck, fault, state, what):
    guest = old.guest()
    assert old.answers(what)
    pid = deck.services()[what]["pid"]
    ident = deck.break_(fault, what + "@cs2")
    assert {n for n, s in deck.services().items() if s["state"] != "up"} == {what}
    if what == "agent":  # a hung one is behind on ping after 5 s
        wait("its host is in Alert", lambda: old.host() == "Alert", 15)
    elif (fault, what) != ("hang", "mysql"):
        assert not old.answers(what)
    else:
        assert old.sql("SELECT 7") == ""
    if fault == "crash" and what in CLASSES:
        wait("no jsvc is left that would start it again", lambda: not jsvcs(old, what), 10)
    deck.restored(ident)
    wait("%s is well" % what, lambda: old.answers(what), 15)
    assert (deck.services()[what]["pid"] == pid) == (fault == "hang") and old.guest() == guest != []
    assert what not in CLASSES or len(jsvcs(old, what)) == 3


def test_an_agent_is_cut_off(old, deck):
    ident = deck.break_("agent-disconnect", "agent@cs2")
    wait("its host is in Alert", lambda: old.host() == "Alert", 2)
    deck.restored(ident)
    wait("its host is Up", lambda: old.host() == "Up", 10)
    assert old.on("nft list ruleset") == ""


@pytest.mark.parametrize("out", ["SYSLOG", "/dev/null"])
def test_jsvc_without_a_unit(old, deck, out):
    """As an init script starts it. It cannot be started as it was, and is not killed; it hangs as any other."""
    jsvc = old.on("sed -n 's/^ExecStart=//p' /lib/systemd/system/cloudstack-usage.service").strip().replace("SYSLOG", out).replace("cloudstack-usage.pid", "other.pid")
    old.on(jsvc)
    try:
        wait("it runs", lambda: old.on("cat /run/other.pid", check=False).strip().isdigit(), LIMIT)
        pid = int(old.on("cat /run/other.pid"))
        name = "usage-%d" % pid
        wait("both are found, and no more", lambda: sum(n.startswith("usage") for n in deck.services()) == 2 and name in deck.services(), LIMIT)
        assert "run it as a systemd unit" in deck.refused("--yes", "cloudstack", "crash", name + "@cs2", code=1)
        ident = deck.break_("hang", name + "@cs2")
        assert old.on("cut -d' ' -f3 /proc/%d/stat" % pid) == "T\n" and [n for n, s in deck.services().items() if s["state"] == "stopped"] == [name]
        deck.restored(ident)
        assert old.on("cut -d' ' -f3 /proc/%d/stat" % pid) == "S\n"
    finally:
        old.on("kill $(cat /run/other.pid); for i in $(seq 100); do [ -e /run/other.pid ] || break; sleep 0.1; done")


ROWS = "SELECT * FROM mysql.user WHERE User = 'cloud' ORDER BY Host; SHOW CREATE USER 'cloud'@'localhost'; SHOW CREATE USER 'cloud'@'%'"
CLIENT = "mysql -h127.0.0.1 -ucloud -pcloudsecret --get-server-public-key -NBe 'SELECT 7' 2>&1"


@pytest.fixture
def rows(old, deck):
    """The accounts, one of them limited to 7, in memory and on disk."""
    old.sql("ALTER USER 'cloud'@'%' WITH MAX_USER_CONNECTIONS 7")
    before = old.sql(ROWS)
    assert before.count("MAX_USER_CONNECTIONS 7") == 1
    yield before
    old.sql("ALTER USER 'cloud'@'%' WITH MAX_USER_CONNECTIONS 0")


def disk(rows):
    return rows.split("CREATE USER")[0]


def test_limit_of_the_account_on_mysql(old, deck, rows):
    ident = deck.break_("db-limit", "mysql@cs2")
    wait("a client of that account is refused", lambda: "ERROR 1226" in old.on(CLIENT, check=False), LIMIT)
    wait("a signed call comes back empty", lambda: old.lab.call(SIGNED, limit=8, host=HOST)[:2] == (200, ""), LIMIT)
    limited = old.sql(ROWS)
    assert limited.count("MAX_USER_CONNECTIONS 1") == 2 and disk(limited) == disk(rows) and old.sql("SELECT 7") == "7"
    assert "already" in deck("--yes", "cloudstack", "db-limit", "2", code=1).out
    deck.restored(ident)
    wait("it heals", lambda: '"state":"Up"' in old.listed(1), 1)
    assert old.sql(ROWS) == rows
    deck("restore", ident, code=None)
    assert old.sql(ROWS) == rows


def test_limit_ends_by_itself_on_mysql(old, deck, rows):
    deck("--yes", "--ttl", "3s", "cloudstack", "db-limit", "2")
    assert old.sql(ROWS).count("MAX_USER_CONNECTIONS 2") == 2
    wait("the node has ended it by itself", lambda: old.sql(ROWS) == rows, 10)


def test_mysql_that_restarts_meanwhile(old, deck, rows):
    ident = deck.break_("db-limit", "mysql@cs2")
    old.on("systemctl kill -s KILL mysql; systemctl restart mysql")
    wait("it is back without the limit", lambda: old.sql(ROWS) == rows, LIMIT)
    deck.restored(ident)
    assert old.sql(ROWS) == rows


def test_limit_of_all_on_mysql(old, deck):
    old.sql("SET GLOBAL max_connections = 137")
    try:
        ident = deck.break_("db-limit", "mysql@cs2", "mode=global", "n=10")
        assert old.sql("SELECT @@max_connections") == "10"
        old.on("for i in 1 2 3 4 5 6 7 8 9 10 11 12; do (mysql -h127.0.0.1 -ucloud -pcloudsecret --get-server-public-key -e 'SELECT SLEEP(60)' >/dev/null 2>&1 &) ; done")
        wait("the server is full", lambda: "ERROR 1040" in old.on(CLIENT, check=False), LIMIT)
        deck.restored(ident)
        assert old.sql("SELECT @@max_connections") == "137" and "7\n" in old.on(CLIENT)
    finally:
        old.on("pkill -f SLEEP", check=False)
        old.sql("SET GLOBAL max_connections = 151")
