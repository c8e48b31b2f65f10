# SPDX-License-Identifier: GPL-2.0-or-later
"""The original tool's words: the same injections as inject, targets completed or listed."""
import os
import subprocess

import pytest

from conftest import LIMIT, TOP, wait


def target(plan):
    """A plan begins with ID FAULT on TARGET for …"""
    return plan["do"][0].split()[3]


def state(deck, ident):
    return deck.injection(ident)["state"]


def test_list(deck):
    found = {(s["service"], s["node"]): s for s in deck("hadoop", "list").of("service")}
    assert set(found) == {(c, "master") for c in ("nn", "rm", "snn", "jhs")} | {(c, n) for c in ("dn", "nm") for n in ("slave1", "slave2")}
    # the first figures come with the slow questions, which no answer waits for
    wait("the NameNode says what it is", lambda: {s["service"]: s for s in deck("hadoop", "list").of("service")}["nn"]["health"] == "active", LIMIT)
    nn = wait("figures", lambda: [s for s in deck("hadoop", "list").of("service") if s["service"] == "nn" and s["figures"].get("live") == 2], LIMIT)[0]
    assert nn["figures"]["dead"] == 0 and nn["figures"]["heap"] > 1e6


def test_the_node_may_be_left_out_only_where_one_fits(deck):
    refused = deck("--yes", "hadoop", "hang", "dn", code=2)
    assert "dn@slave1" in refused.out + refused.err and "dn@slave2" in refused.out + refused.err
    assert deck("--dry-run", "hadoop", "crash", "nn").one("plan")["do"][0].split()[3] == "nn@master"
    assert {target(p) for p in deck("--dry-run", "hadoop", "yarn-health", "fail@all").of("plan")} == {"nm@slave1", "nm@slave2"}


@pytest.mark.long
def test_hang_and_resume(lab, deck):
    ident = deck.ident(deck("--yes", "hadoop", "hang", "dn@slave1"))
    assert deck.injection(ident)["fault"] == "hadoop.hang" and state(deck, ident) == "active"
    wait("it is resumed", lambda: deck("hadoop", "resume", "dn@slave1", code=None).of("injection")[-1]["state"] == "restored", LIMIT)
    wait("it is not stale any more", lambda: lab.datanodes() == (2, 0, 0), LIMIT)
    assert deck("hadoop", "resume", "dn@slave1", code=2).of("injection") == []


def test_an_address_is_its_node(deck):
    plan = deck("--dry-run", "hadoop", "network", "10.77.0.11").one("plan")
    assert target(plan) == "slave1" and "all" in str(plan["do"])
    plans = deck("--dry-run", "hadoop", "network", "10.77.0.99").of("plan")
    assert {target(p) for p in plans} == {"master", "slave1", "slave2"} and "10.77.0.99" in str(plans[0]["do"])


def test_network_and_clear_of_an_address_of_nobody(lab, deck):
    deck("--yes", "hadoop", "network", "10.77.0.99")
    assert "10.77.0.99 drop" in lab.on("slave2", "nft list ruleset")
    deck("hadoop", "network-clear", "10.77.0.99")
    assert lab.on("slave2", "nft list ruleset") == ""


def test_quorum(deck, tmp_path):
    """Of two DataNodes one may be hit, not both; the only NameNode may, and the plan says that it is the only one."""
    with open(deck.config) as f:
        (tmp_path / "c.cfg").write_text(f.read().replace("guard = {", "guard = { quorum = true;"))
    deck.config = str(tmp_path / "c.cfg")
    refused = deck("--yes", "hadoop", "crash", "dn@all", code=5)
    assert "quorum" in refused.out + refused.err
    refused = deck("--yes", "cluster", "inject-network", "10.77.0.99", code=5)
    assert "quorum" in refused.out + refused.err
    plan = deck("--dry-run", "hadoop", "crash", "nn").one("plan")
    assert "only" in plan["guard"], plan
    assert len(deck("--dry-run", "hadoop", "crash", "dn@all", "quorum=off").of("plan")) == 2


def test_roles_are_compared_with_what_runs(lab, deck, tmp_path):
    with open(deck.config) as f:
        text = f.read().replace('roles = ( "datanode", "nodemanager" )', 'roles = ( "datanode", "historyserver" )', 1)
    (tmp_path / "c.cfg").write_text(text)
    deck.config = str(tmp_path / "c.cfg")
    found = deck.services("slave1")
    assert "not among the roles in cluster.cfg" in found["nm"]["health"]
    assert found["jhs"]["state"] == "down" and found["dn"]["state"] == "up"


# why a DataNode's figures are unknown, by how it was started
UNKNOWN = {
    "https": ("-Ddfs.http.policy=HTTPS_ONLY -Ddfs.datanode.https.address=0.0.0.0:9875", "https only"),
    "login": ("-Dhadoop.http.filter.initializers=org.apache.hadoop.security.AuthenticationFilterInitializer -Dhadoop.http.authentication.type=simple "
              "-Dhadoop.http.authentication.simple.anonymous.allowed=false -Dhadoop.http.authentication.signature.secret.file=/run/secret", "wants a login"),
}
KEYSTORE = """keytool -genkeypair -alias d -keyalg RSA -dname CN=slave2 -keystore /run/keystore -storepass secret -keypass secret 2>/dev/null
cat >/etc/hadoop/conf/ssl-server.xml <<'EOF'
<configuration>
<property><name>ssl.server.keystore.location</name><value>/run/keystore</value></property>
<property><name>ssl.server.keystore.password</name><value>secret</value></property>
<property><name>ssl.server.keystore.keypassword</name><value>secret</value></property>
</configuration>
EOF
echo secret >/run/secret; chmod 644 /run/keystore /run/secret"""


@pytest.mark.long
@pytest.mark.parametrize("how", UNKNOWN)
def test_figures_that_cannot_be_asked(lab, deck, how):
    options, why = UNKNOWN[how]
    lab.on("slave2", KEYSTORE)
    with lab.second_datanode(options):
        wait("three DataNodes", lambda: lab.datanodes()[0] == 3, LIMIT)
        wait("it is said why", lambda: [s for s in deck.services("slave2").values() if "unknown: " in (s["health"] or "") and why in s["health"]], LIMIT)
    lab.on("slave2", "rm -f /run/keystore /run/secret /etc/hadoop/conf/ssl-server.xml")


def test_figures_of_one_that_does_not_answer(lab, deck):
    """Its port is shut by somebody else."""
    lab.on("slave1", "nft add table inet shut; nft 'add chain inet shut o { type filter hook output priority 0; }'; nft add rule inet shut o tcp dport 9864 reject with tcp reset")
    try:
        wait("it is said why", lambda: (deck.services("slave1")["dn"]["health"] or "").startswith("unknown: "), LIMIT)
        assert deck.services("slave1")["dn"]["state"] == "up"
    finally:
        lab.on("slave1", "nft delete table inet shut")


def test_where_there_is_no_hadoop(tmp_path):
    """This machine sees the lab's processes: not so in a pid namespace of its own."""
    (tmp_path / "c.cfg").write_text('nodes = ( { name = "here"; host = "local"; } );\n')
    done = subprocess.run(["unshare", "--pid", "--fork", "--mount-proc", os.path.join(TOP, "build/faultdeck"), "-c", str(tmp_path / "c.cfg"),
                           "--batch", "hadoop", "list"], capture_output=True, text=True, env=dict(os.environ, XDG_STATE_HOME=str(tmp_path)))
    assert done.returncode == 4 and "nothing of hadoop is seen" in done.stdout + done.stderr
