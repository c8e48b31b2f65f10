# SPDX-License-Identifier: GPL-2.0-or-later
"""Old versions' wrappers, the modular libvirt, a command line of 36 KB; by stand-ins that have the true command line and do nothing
(standin.c); the real ones are in test_old.py. And where databases are called otherwise, or live elsewhere."""
import os
import subprocess

import pytest

from conftest import LIMIT, TOP, UNSIGNED, CloudDeck, wait

JARS = ":".join("/usr/share/cloudstack-management/lib/%04d-some-library-of-cloudstack.jar" % i for i in range(560))
TOMCAT = "-Djava.util.logging.config.file=/x -Dcatalina.base=%s -Dcatalina.home=%s -Djava.io.tmpdir=/tmp org.apache.catalina.startup.Bootstrap start"
# component and node, program, words
STANDINS = [
    ("agent", "mgmt", "jsvc.exec", "-cp /usr/share/cloudstack-agent/lib/x.jar -pidfile /run/a.pid -errfile SYSLOG com.cloud.agent.AgentShell"),
    ("ms", "cs1", "java", TOMCAT % (("/usr/share/cloudstack-management",) * 2)),
    ("usage", "cs1", "java", "-Dpid=7 -cp %s com.cloud.usage.UsageServer" % JARS),
    ("libvirt", "mgmt", "virtqemud", "--timeout 120"),
]
OTHERS = [("mgmt", "java", TOMCAT % ("/opt/shop", "/usr/share/tomcat9")), ("mgmt", "java", "-cp x com.example.AgentShell"), ("cs1", "java", "-jar org.apache.cloudstack.ServerDaemon x")]


@pytest.fixture(scope="module")
def standins(lab):
    program = os.path.join(TOP, "build/standin")
    subprocess.run(["gcc", "-O1", "-static", "-o", program, os.path.join(TOP, "tests/cloud/standin.c")], check=True)
    ssh = ["ctl", "ssh", "-F", os.path.join(lab.dir, "ssh_config"), "-l", "root"]
    for node in ("mgmt", "cs1"):
        with open(program, "rb") as f:
            lab.run(*ssh, node, "mkdir -p /run/standin && cat >/run/standin/it && cd /run/standin && chmod +x it && for n in java jsvc.exec virtqemud; do cp it $n; done", stdin=f)
    for node, name, words in [s[1:] for s in STANDINS] + OTHERS:
        lab.on(node, "setsid -f /run/standin/%s %s </dev/null >/dev/null 2>&1" % (name, words))
    yield
    for node in ("mgmt", "cs1"):
        lab.on(node, "for p in /proc/[0-9]*; do case $(readlink $p/exe) in /run/standin/*) kill -9 ${p#/proc/} ;; esac; done; rm -r /run/standin")


def rows(deck):
    return {(s["service"], s["node"]): s for s in deck("cloudstack", "list").of("service")}


def test_found_by_what_they_are(lab, deck, standins):
    found = rows(deck)
    assert all((what, node) in found for what, node, _, _ in STANDINS), sorted(found)
    assert len(found) == 6 + len(STANDINS)  # and nothing else
    pid = found["agent", "mgmt"]["pid"]
    assert "jsvc" in lab.on("mgmt", "cat /proc/$(sed -n 's/^PPid:.//p' /proc/%d/status)/comm" % pid)  # the one that serves
    # each is hit, and no other
    for what, node, _, _ in STANDINS[::3]:
        ident = deck.break_("hang", "%s@%s" % (what, node))
        assert [n for n, s in rows(deck).items() if s["state"] == "stopped"] == [(what, node)]
        deck.restored(ident)
    assert {s["state"] for s in rows(deck).values()} == {"up"}


# what the kernel's NFS server shows, and its unit; the real one is on kvm2, which has no systemd (tests/kvm2/test_nfs.py)
NFSD = """mount -t tmpfs fake /proc/fs && mkdir /proc/fs/nfsd && echo tcp 2049 >/proc/fs/nfsd/portlist && echo +4 >/proc/fs/nfsd/versions && echo 0 >/proc/fs/nfsd/threads &&
printf '[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sh -c "echo 8 >/proc/fs/nfsd/threads"\nExecStop=/bin/sh -c "echo 0 >/proc/fs/nfsd/threads"\n[Install]\nWantedBy=multi-user.target\n' >/lib/systemd/system/nfs-server.service &&
systemctl daemon-reload && systemctl -q enable --now nfs-server"""


def test_the_kernel_s_nfs_server_through_its_unit(lab, deck):
    lab.on("cs1", NFSD)
    try:
        assert rows(deck)["nfs", "cs1"]["state"] == "up"
        ident = deck.break_("crash", "nfs@cs1")
        assert lab.on("cs1", "cat /proc/fs/nfsd/threads; systemctl is-active nfs-server; systemctl start nfs-server 2>&1", check=False).startswith("0\ninactive\nAssertion failed")
        assert rows(deck)["nfs", "cs1"]["state"] == "down"
        deck.restored(ident)
        assert lab.on("cs1", "cat /proc/fs/nfsd/threads; systemctl is-active nfs-server") == "8\nactive\n"
    finally:
        deck.end()
        lab.on("cs1", "systemctl -q disable --now nfs-server; umount /proc/fs; rm /lib/systemd/system/nfs-server.service; systemctl daemon-reload")


@pytest.mark.long
def test_local_storage_of_libvirt_s(lab, deck):
    lab.on("cs1", "virsh -q pool-create-as local dir --target /var/lib/libvirt/images")
    try:
        row = deck.storage()["/var/lib/libvirt/images"]
        assert (row["kind"], row["state"], row["node"]) == ("pool", "rw", "cs1")
        assert "needs to come back" in deck.refused("--yes", "cloudstack", "storage-ro", "/var/lib/libvirt/images", code=1)
    finally:
        lab.on("cs1", "virsh -q pool-destroy local")


@pytest.mark.long
def test_databases_of_other_names(lab, deck):
    """As db.properties calls them; where that is not on the database's node, those that have the tables."""
    conf = "/etc/cloudstack/management/db.properties"
    lab.on("mgmt", "mariadb -e \"CREATE DATABASE other; CREATE TABLE other.host LIKE cloud.host; CREATE TABLE other.mshost LIKE cloud.mshost; INSERT INTO other.host (id, name, guid, status, type) VALUES (1, 'h9', 'x', 'Down', 'Routing')\" && "
                   "cp -p %s /run/conf && sed -i 's/^db.cloud.name=.*/db.cloud.name=other/' %s" % (conf, conf))
    try:
        wait("it is asked for its hosts", lambda: deck.services()["mysql"]["health"] == "hosts: h9 Down", LIMIT)
        assert deck.services()["mysql"]["figures"]["hosts_away"] == 1
        lab.on("mgmt", "mariadb -e 'DROP DATABASE other'; rm %s" % conf)
        wait("it is found by its tables", lambda: deck.services()["mysql"]["health"] == "hosts: cs1 Up", LIMIT)
    finally:
        lab.on("mgmt", "cp -p /run/conf %s; mariadb -e 'DROP DATABASE IF EXISTS other'" % conf)


@pytest.mark.long
def test_one_connection_to_the_database(lab, deck, tmp_path):
    """Held as long as the console asks; made anew when it is gone."""
    ours = "SELECT GROUP_CONCAT(ID) FROM information_schema.PROCESSLIST WHERE USER = 'root' AND ID != CONNECTION_ID()"
    kept = CloudDeck(lab, tmp_path / "kept", deck.config, kept=True)
    try:
        for _ in range(3):
            assert kept.services()["mysql"]["figures"]["hosts_up"] == 1
        first = lab.sql(ours)
        assert first.isdigit()
        lab.sql("KILL " + first)
        wait("it is there again", lambda: kept.services()["mysql"]["figures"].get("hosts_up") == 1 and lab.sql(ours).isdigit(), LIMIT)
        assert lab.sql(ours) != first
        lab.on("mgmt", "systemctl kill -s STOP mariadb")
        try:
            wait("it is shown that it hangs", lambda: kept.services()["mysql"]["state"] == "stopped", LIMIT)
        finally:
            lab.on("mgmt", "systemctl kill -s CONT mariadb")
        wait("it is asked again", lambda: kept.services()["mysql"]["health"] == "hosts: cs1 Up", LIMIT)
    finally:
        kept.pipe.end()
    wait("it ends with the console", lambda: lab.sql(ours) == "NULL", 10)
    assert lab.on("mgmt", "ls -A /run | grep faultdeck || true") == ""


@pytest.fixture
def second(lab, deck):
    """A second management server, on cs1, whose database is on mgmt."""
    lab.sql("INSERT INTO cloud.mshost (id, msid, name, state) VALUES (2, 77, 'cs1', 'Down')")
    conf = "/etc/cloudstack/management/db.properties"
    lab.on("cs1", "cp -p {0} /run/conf && sed -i 's/127.0.0.1/10.77.0.30/; $a lab.msid=77' {0} && systemctl start cloudstack-management".format(conf))
    wait("it answers", lambda: lab.call(host="10.77.0.31")[0] == 401, LIMIT)
    yield
    lab.on("cs1", "systemctl stop cloudstack-management; cp -p /run/conf " + conf)
    lab.sql("DELETE FROM cloud.mshost WHERE id = 2")


@pytest.mark.long
def test_several_servers_and_a_database_elsewhere(lab, deck, second):
    found = rows(deck)
    assert found["ms", "cs1"]["health"] == "healthy (401); its database is on 10.77.0.30" and found["ms", "mgmt"]["health"] == "healthy (401)"
    assert "servers: mgmt Up, beat " in found["mysql", "mgmt"]["health"] and "; cs1 Up, beat " in found["mysql", "mgmt"]["health"]
    said = deck.refused("--yes", "cloudstack", "crash", "ms", code=2)
    assert "ms@mgmt" in said and "ms@cs1" in said
    ident = deck.break_("crash", "ms@cs1")
    assert lab.call(host="10.77.0.31")[0] == 0 and lab.call()[0] == 401 and lab.host() == "Up"
    wait("its heartbeat is old, by SIGKILL it is still Up", lambda: rows(deck)["mysql", "mgmt"]["figures"]["mshost_age"] > 5, LIMIT)
    deck.restored(ident)
    wait("it answers", lambda: lab.call(UNSIGNED, host="10.77.0.31")[0] == 401, LIMIT)
    assert "there is no service 'mysql'" in deck.refused("--yes", "cloudstack", "db-limit@cs1", code=2)
    done = deck("--yes", "cloudstack", "db-limit", "ttl=2m")
    assert done.of("injection")[-1]["target"] == "mysql@mgmt" and lab.sql("SELECT 7") == "7"
    beats = lambda: lab.sql("SELECT last_update FROM cloud.mshost WHERE id = 2")
    wait("it hits the server on the other node as well", lambda: not lab.goes_on(beats), LIMIT)
    deck("cloudstack", "db-restore")
    assert lab.goes_on(beats)
