# SPDX-License-Identifier: GPL-2.0-or-later
"""The guard through the real verb: what other operators injected counts, and a refusal changes nothing."""
import time

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def refused(done, *words):
    """What the guard said; nothing was injected."""
    said = done.of("error")[0]
    assert said["code"] == "EPERM" and not done.of("injection")
    for word in words:
        assert word in said["message"], said
    return said["message"]


def test_the_majority_of_a_role_counts_other_operators(lab, guarded):
    ada, bob = guarded("ada", "quorum = true;"), guarded("bob", "quorum = true;")
    ident = ada.ident(ada.inject("host.dns-fail", "n1", "reason=drill 12"))
    # bob was never told: it is in n1's ledger
    done = bob.inject("host.dns-fail", "n2", code=5)
    refused(done, "quorum", "bob.cfg:%d)" % (guarded.guard_line + 1), "2 of the 3 nodes with the role node")
    assert done.one("plan")["guard"] == done.of("error")[0]["message"].replace("the guard refuses: ", "")
    assert "faultdeck" not in lab.on("n2", "ls /run")
    assert bob("--dry-run", "inject", "host.dns-fail", "n2", code=5).one("plan")["guard"].startswith("quorum (")
    assert bob.inject("host.dns-fail", "n2", "quorum=off").one("plan")["guard"].endswith("quorum=off")
    assert bob("inject", "host.dns-fail", "n2", "quorum=of", code=2)
    ada("restore", "--all")
    assert bob.inject("host.dns-fail", "n2").one("injection")["state"] == "active"
    # owner and reason are in the ledger: bob sees ada's
    assert (bob.injection(ident) or {"state": "restored"})["state"] == "restored"


def test_counts_of_other_operators_on_other_nodes(guarded):
    ada, bob = guarded("ada", ""), guarded("bob", "max_nodes = 1;"),
    carol = guarded("carol", "max_injections = 1;")
    ada.inject("host.dns-fail", "n1")
    refused(bob.inject("host.dns-fail", "n2", code=5), "max_nodes = 1", "2 nodes")
    refused(carol.inject("host.dns-fail", "n2", code=5), "max_injections = 1", "make it 2")
    ada("restore", "--all")
    bob.inject("host.dns-fail", "n2")


def test_hours(guarded):
    today = time.localtime().tm_wday
    never = guarded("ada", 'hours = "%s 00:00-24:00";' % DAYS[(today + 3) % 7])
    refused(never.inject("host.dns-fail", "n1", code=5), "hours = ", "ada.cfg:%d)" % (guarded.guard_line + 1))
    always = guarded("bob", 'hours = ( "%s 00:00-24:00", "00:00-24:00" );' % DAYS[(today + 3) % 7])
    assert always("--dry-run", "inject", "host.dns-fail", "n1").one("plan")["guard"].startswith("ok")


def test_a_dead_node_costs_a_bounded_time(lab, guarded):
    """The guard asks all nodes; one that hangs while it connects is not waited for."""
    dead = guarded("ada", "max_nodes = 3;")
    with open(dead.config) as f:
        text = f.read()
    with open(dead.config, "w") as f:
        f.write(text.replace("\n);", ',\n\t{ name = "gone"; host = "10.77.0.250"; roles = ( ); }\n);'))
    done = dead.inject("host.dns-fail", "n1")
    assert done.one("injection")["state"] == "active" and done.one("summary")["unreachable"] == 0


def test_reason_in_ledger_journal_and_lists(lab, guarded):
    deck = guarded("ada", "")
    ident = deck.ident(deck.inject("host.dns-fail", "n1", "reason=drill 12; $(reboot) 'ü'"))
    assert deck.injection(ident)["purpose"] == "drill 12; $(reboot) 'ü'"
    assert "purpose\tdrill 12; $(reboot) 'ü'\n" in lab.on("n1", "cat /run/faultdeck/%s/meta" % ident)
    assert {r.get("purpose") for r in deck.journal() if r["id"] == ident} == {"drill 12; $(reboot) 'ü'"}
    assert "drill 12" in deck("list", "injections", text=True).out
    done = deck("--yes", "inject", "host.dns-fail", "n2", "reason=" + "x" * 120, code=None)
    assert done.code != 0 and "printable bytes" in done.out
