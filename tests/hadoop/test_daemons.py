# SPDX-License-Identifier: GPL-2.0-or-later
"""Each daemon crashed and hung: before, injected and restored in Hadoop's own view."""
import pytest

from conftest import LIMIT, wait

WHERE = {"nn": "master", "snn": "master", "rm": "master", "jhs": "master", "dn": "slave1", "nm": "slave1"}
PORT = {"nn": 9870, "snn": 9868, "rm": 8088, "jhs": 19888}


def seen_gone(lab, what):
    if what == "dn":
        return lab.datanodes()[2] == 1
    if what == "nm":
        return lab.nodemanager("slave1")[0] == "LOST"
    return lab.ask(PORT[what], "jmx?qry=java.lang:type=Runtime") is None


def seen_back(lab, what):
    if what == "dn":
        return lab.datanodes() == (2, 0, 0)
    if what == "nm":
        return lab.nodemanager("slave1")[0] == "RUNNING"
    return lab.ask(PORT[what], "jmx?qry=java.lang:type=Runtime") is not None


def services(deck, node):
    return {s["service"]: s for s in deck("list", "services").of("service") if s["node"] == node}


def test_all_daemons_are_found(deck):
    for what, node in WHERE.items():
        assert services(deck, node)[what]["state"] == "up"


@pytest.mark.parametrize("what", WHERE)
def test_crash(lab, deck, what):
    target = "%s@%s" % (what, WHERE[what])
    assert seen_back(lab, what)
    ident = deck.ident(deck.inject("hadoop.crash", target, "ttl=5m"))
    wait("%s is gone" % what, lambda: seen_gone(lab, what), LIMIT)
    assert services(deck, WHERE[what])[what]["state"] == "down"
    deck.restored(ident)
    assert seen_back(lab, what)


@pytest.mark.parametrize("what", WHERE)
def test_hang(lab, deck, what):
    target = "%s@%s" % (what, WHERE[what])
    ident = deck.ident(deck.inject("hadoop.hang", target, "ttl=5m"))
    assert services(deck, WHERE[what])[what]["state"] == "stopped"
    if what == "dn":
        wait("it is stale", lambda: lab.datanodes()[1] == 1, LIMIT)
    wait("%s is gone" % what, lambda: seen_gone(lab, what), LIMIT)
    deck.restored(ident)
    assert seen_back(lab, what)
