# SPDX-License-Identifier: GPL-2.0-or-later
"""Restores by somebody else, after the power of the node failed in between, twice; and what ends with nobody there."""
import pytest

from conftest import LIMIT, POOL, WHERE, CloudDeck, wait
from test_storage import MOUNTS, writes


def test_another_operator(lab, deck, tmp_path):
    """Who has no journal of it finds it on the nodes."""
    before = lab.on("cs1", MOUNTS)
    idents = [deck.break_("storage-ro", "path:%s@cs1" % POOL), deck.break_("db-limit", "mysql@mgmt", "n=3")]
    other = CloudDeck(lab, tmp_path / "other", deck.config)
    assert {i["id"] for i in other("list", "injections").of("injection")} == set(idents)
    other("restore", *idents)
    assert lab.on("cs1", MOUNTS) == before and "MAX_USER" not in lab.on("mgmt", "mariadb -NBe \"SHOW CREATE USER 'cloud'@'localhost'\"")
    deck.restored(*idents)  # whose injections they were finds nothing left


# of each kind that this machine's kernel has
KINDS = [["crash", "ms@mgmt"], ["crash", "nfs@mgmt"], ["crash", "agent@cs1"], ["hang", "usage@mgmt"], ["hang", "mysql@mgmt"], ["hang", "libvirt@cs1"],
         ["db-limit", "mysql@mgmt"], ["db-limit", "mysql@mgmt", "mode=global", "n=10"], ["agent-disconnect", "agent@cs1"], ["storage-ro", "path:%s@cs1" % POOL]]
STATES = """nft list ruleset; ls /run/faultdeck /run/systemd/system/*.d/faultdeck* 2>/dev/null; grep -e ' /mnt' -e ' /export' /proc/mounts
timeout 3 mariadb -NBe "SELECT @@max_connections; SHOW CREATE USER 'cloud'@'localhost'; SHOW CREATE USER 'cloud'@'%'" 2>/dev/null"""


def states(lab):
    return [lab.on(node, STATES, check=False) for node in ("mgmt", "cs1")]


def well(lab, kind):
    what, node = kind[1].split("@")
    return lab.whole() and (what not in WHERE or lab.answers(what))


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS, ids=lambda k: "-".join(k).replace("/", "_"))
def test_each_kind_ends_without_the_console(lab, deck, kind):
    before = states(lab)
    console = deck.start("--yes", "inject", "cloudstack." + kind[0], *kind[1:], "ttl=8s", "--wait")
    node = kind[1].split("@")[1]
    wait("it is there", lambda: "active" in lab.on(node, "cat /run/faultdeck/*/state 2>/dev/null", check=False), LIMIT)
    console.kill()
    assert states(lab) != before
    wait("the node has ended it", lambda: states(lab) == before, LIMIT)
    wait("it is well", lambda: well(lab, kind), LIMIT)


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS, ids=lambda k: "-".join(k).replace("/", "_"))
def test_each_kind_restored_by_another_and_twice(lab, deck, tmp_path, kind):
    before = states(lab)
    ident = deck.break_(*kind)
    other = CloudDeck(lab, tmp_path / "other", deck.config)
    assert ident in {i["id"] for i in other("list", "injections").of("injection")}
    other.restored(ident)
    assert states(lab) == before
    wait("it is well", lambda: well(lab, kind), LIMIT)
    for _ in range(2):  # whose injection it was finds nothing left
        deck("restore", ident)
        assert states(lab) == before and well(lab, kind)


@pytest.mark.long
def test_power_that_failed_meanwhile(lab, deck):
    """Nothing of it outlives the node; the restore finds that out."""
    idents = [deck.break_("storage-ro", "path:%s@cs1" % POOL), deck.break_("agent-disconnect", "agent@cs1"), deck.break_("hang", "libvirt@cs1")]
    lab.run("kill", "cs1")
    wait("its host is in Alert", lambda: lab.host() == "Alert", 20)
    lab.run("start", "cs1")
    wait("the cloud is whole", lab.whole, LIMIT)
    deck.restored(*idents)
    assert writes(lab, POOL) == "x\n" and lab.on("cs1", "nft list ruleset; ls /run/faultdeck 2>/dev/null", check=False) == ""


@pytest.mark.long
def test_power_of_the_management_server_s_node(lab, deck):
    before = states(lab)
    idents = [deck.break_("db-limit", "mysql@mgmt", "n=3"), deck.break_("crash", "ms@mgmt"), deck.break_("hang", "usage@mgmt"), deck.break_("crash", "nfs@mgmt")]
    lab.run("kill", "mgmt")
    lab.run("start", "mgmt")
    wait("the cloud is whole", lab.whole, LIMIT)
    deck.restored(*idents)
    assert states(lab) == before and lab.answers("usage") and lab.answers("nfs")
