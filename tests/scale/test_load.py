# SPDX-License-Identifier: GPL-2.0-or-later
"""A hundred sshd nodes with an injection each; and acts on nodes that hang beside good ones."""
import os
import signal
import time

from conftest import MODES, ledgers, wait, write_config

ALL = ["l%d" % i for i in range(1, 101)]


def test_a_hundred_injections_and_restore_all(lab, load):
    done = load("--yes", "inject", "mark.file", *ALL, "ttl=5m", limit=200)
    assert {i["node"] for i in done.of("injection") if i["state"] == "active"} == set(ALL)
    assert len(ledgers(lab)) == 200
    done = load("restore", "--all", limit=200)
    assert ledgers(lab) == [] and done.one("summary")["failed"] == 0
    ended = [i for i in load("list", "injections").of("injection") if i["state"] not in ("restored", "failed", "expired")]
    assert ended == []


def test_a_hundred_are_restored_at_once(lab, load):
    """Each undo waits until all hundred have begun: with a pool of fewer none would come to its end, and a hundred that each take
    their time cost what one does."""
    meet = "sudo rm -rf /tmp/fdmeet"
    lab.on("load", meet, user="admin")
    try:
        load("--yes", "inject", "mark.meet", *ALL, "nodes=100", "ttl=5m", limit=200)
        assert len(ledgers(lab)) == 100
        assert load("restore", "--all", limit=200).one("summary")["failed"] == 0 and ledgers(lab) == []
    finally:
        lab.on("load", meet, user="admin")


def test_restores_come_in_time_beside_nodes_that_hang(lab, load, crowd, deaf, tmp_path):
    """The good node's restore is over while the verb still waits for those that hang."""
    good = [("l%d" % i, "127.1.0.%d" % (i + 1), 22) for i in (1, 2, 3)]
    with open(crowd + "/ssh_config") as a, open(lab.dir + "/ssh_config") as b, open(tmp_path / "both", "w") as c:
        hosts = open(crowd + "/known_hosts").read() + open(lab.dir + "/known_hosts").read()
        (tmp_path / "known_hosts").write_text(hosts)
        text = a.read() + b.read()
        c.write(text.replace(crowd + "/known_hosts", str(tmp_path / "known_hosts")))
    hung = [("h" + m, "127.2.0.1", MODES[m]) for m in ("kex", "auth", "open", "exec", "output")] + [("hconnect", "127.4.0.1", deaf)]
    load.config = write_config(tmp_path / "mixed.cfg", tmp_path / "both", hung + good, 'backends = ( "mark" );')
    done = load("--yes", "inject", "mark.file", "l1", "l2", "l3", "ttl=5m")
    assert len([i for i in done.of("injection") if i["state"] == "active"]) == 3 and len(ledgers(lab)) == 6
    p = load.start("restore", "--all")
    wait("three restores", lambda: not ledgers(lab), 30)
    assert p.poll() is None, "the nodes that hang were given up before the good ones were restored"
    p.communicate(timeout=60)


def test_an_act_whose_node_hangs_can_be_given_up(lab, pair):
    """do_ never ends: the first signal restores, which cannot be done before it, the next ones give that up."""
    p = pair.start("--yes", "inject", "mark.stuck", "n1", "ttl=20s")
    wait("the ledger", lambda: lab.on("n1", "cat /run/faultdeck/*/state 2>/dev/null || true").strip() == "prepared", 40)
    for pause in (0.3, 0.3, 5):
        os.killpg(p.pid, signal.SIGINT)
        began = time.monotonic()
        while p.poll() is None and time.monotonic() - began < pause:
            time.sleep(0.05)
    assert p.poll() in (130, 6), "three signals did not end it"
    lab.on("n1", "pkill -x sleep || true")  # do_ comes to its end, as it would when the TTL takes it
    wait("nothing is left", lambda: "faultdeck" not in lab.on("n1", "ls /run"), 60)


def test_what_a_kernel_can_is_tried_only_for_a_fault_that_needs_it(lab, pair):
    """A hundred nodes that try out all of it cost twice as much as the hundred logins."""
    lab.on("n1", "printf '#!/bin/sh\\n>/run/tried\\nexec /usr/bin/unshare \"$@\"\\n' >/usr/local/bin/unshare; chmod 755 /usr/local/bin/unshare")
    try:
        pair("status")
        assert lab.on("n1", "ls /run/tried 2>/dev/null || true") == ""
        pair("--yes", "inject", "mark.file", "n1", "ttl=5m")
        pair("restore", "--all")
        assert lab.on("n1", "ls /run/tried 2>/dev/null || true") == ""
        for words in (("list", "faults", "n1"), ("--yes", "--dry-run", "inject", "host.net-isolate", "n1", "peer=n2")):  # those do
            pair(*words)
            assert lab.on("n1", "ls /run/tried && rm /run/tried") == "/run/tried\n"
    finally:
        lab.on("n1", "rm -f /usr/local/bin/unshare /run/tried")
