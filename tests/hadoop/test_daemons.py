# SPDX-License-Identifier: GPL-2.0-or-later
"""Each daemon crashed and hung: before, injected and restored in Hadoop's own view."""
import pytest

from conftest import LIMIT, WHERE, at, wait


def all_gone(lab, which):
    for what in which:
        wait("%s is gone" % what, lambda: lab.gone(what), LIMIT)


def test_crash_of_the_namenode(lab, deck):
    """Clients fail; then the same file reads back by its checksum."""
    wrote = lab.write("/tmp/kept")
    assert lab.read("/tmp/kept") == wrote
    ident = deck.break_("crash", at("nn"))
    assert lab.gone("nn") and lab.read("/tmp/kept") == ""
    assert deck.services("master")["nn"]["state"] == "down"
    deck.restored(ident)
    wait("its DataNodes have told it where the blocks are", lambda: lab.read("/tmp/kept") == wrote, LIMIT)
    lab.web("DELETE", "/tmp/kept", "DELETE")


@pytest.mark.parametrize("which", [("rm", "snn", "jhs"), ("dn", "nm")])
def test_crash(lab, deck, which):
    assert all(lab.back(w) for w in which)
    idents = [deck.break_("crash", at(w)) for w in which]
    all_gone(lab, which)
    assert {deck.services(WHERE[w])[w]["state"] for w in which} == {"down"}
    deck.restored(*idents)
    assert all(lab.back(w) for w in which), lab.datanodes()


@pytest.mark.long  # the console's test hangs a DataNode
@pytest.mark.parametrize("which", [("nn", "rm", "snn", "jhs"), ("dn", "nm")])
def test_hang(lab, deck, which):
    idents = [deck.break_("hang", at(w)) for w in which]
    assert {deck.services(WHERE[w])[w]["state"] for w in which} == {"stopped"}
    if "dn" in which:
        wait("it is stale", lambda: lab.datanodes()[1] == 1, LIMIT)
    all_gone(lab, which)
    deck.restored(*idents)
    assert all(lab.back(w) for w in which), lab.datanodes()


def killed(lab, deck, fault, target, words=()):
    """The console dies while a fault is there: the node ends it, and the cluster heals."""
    console = deck.start("--yes", "--ttl", "6s", "inject", "hadoop." + fault, target, *words, "--wait")
    node = target.split("@")[-1]
    wait("it is active", lambda: "active" in lab.on(node, "cat /run/faultdeck/*/state 2>/dev/null", check=False), LIMIT)
    console.kill()
    wait("the node has ended it", lambda: not lab.on(node, "ls /run/faultdeck 2>/dev/null", check=False), LIMIT)
    assert lab.on(node, "nft list tables") == ""
    wait("the cluster is whole", lab.whole, LIMIT)


def test_console_killed(lab, deck):
    killed(lab, deck, "crash", "dn@slave1")


@pytest.mark.long
@pytest.mark.parametrize("fault, target", [
    ("crash", "nn@master"), ("crash", "rm@master"), ("crash", "nm@slave1"), ("crash", "snn@master"), ("crash", "jhs@master"),
    ("hang", "nn@master"), ("hang", "dn@slave1"), ("network", "slave1"), ("hdfs-safe", "nn@master"), ("yarn-health", "nm@slave1"),
    ("yarn-health", "nm@slave2"), ("gc-pause", "rm@master"), ("checkpoint-block", "snn@master")])
def test_console_killed_during_each(lab, deck, fault, target):
    killed(lab, deck, fault, target)
