# SPDX-License-Identifier: GPL-2.0-or-later
"""The original tool's words: the same injections as inject, targets completed or listed."""
import os
import subprocess

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


def test_where_there_is_no_hadoop(tmp_path):
    """This machine sees the lab's processes: not so in a pid namespace of its own."""
    (tmp_path / "c.cfg").write_text('nodes = ( { name = "here"; host = "local"; } );\n')
    done = subprocess.run(["unshare", "--pid", "--fork", "--mount-proc", os.path.join(TOP, "build/faultdeck"), "-c", str(tmp_path / "c.cfg"),
                           "--batch", "hadoop", "list"], capture_output=True, text=True, env=dict(os.environ, XDG_STATE_HOME=str(tmp_path)))
    assert done.returncode == 4 and "nothing of hadoop is seen" in done.stdout + done.stderr
