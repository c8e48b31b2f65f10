# SPDX-License-Identifier: GPL-2.0-or-later
"""Beside the matrix: restores are idempotent and retriable, by anybody, and believe no query that failed; a TTL needs nobody."""
import os
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cell import AFTER_TTL, Operator, build, slack, until  # noqa: E402
from place import RUN, TOP, Nspawn, boottime, lab  # noqa: E402




@pytest.fixture(scope="session")
def node():
    build()
    was_up = "lab of %s\n" % RUN in lab("status", check=False).stdout
    lab("up", "nodes:1")
    node = Nspawn("n1")
    yield node
    node.undress()
    if not was_up:
        lab("down")


@pytest.fixture
def deck(node):
    """Verbs to their end: what they printed. Afterwards nothing may be left on the node."""
    operator = Operator(node)
    before = node.foreign()

    def run(*words):
        return operator.end(operator.start(*words), 90)
    run.operator = operator
    yield run
    node.sh("rm -f /usr/local/bin/nft /usr/local/bin/tc /usr/local/bin/systemctl")
    run("restore", "--all")
    operator.end_all()
    operator.close()
    until("nothing is left", lambda: not node.left(), 5)
    assert node.foreign() == before


def inject(deck, *words):
    lines = deck("--yes", "inject", *words)
    assert lines[-1]["type"] == "summary" and lines[-1]["done"] == 1, lines
    return [l["id"] for l in lines if l["type"] == "injection"][-1]


def state(deck, ident):
    return [l["state"] for l in deck("list", "injections") if l["type"] == "injection" and l["id"] == ident][-1:]


def summary(lines):
    last = lines[-1]
    return last["done"], last["failed"], last["unknown"], last["unreachable"]


# a fault of each way that has something to ask; what it asks; what is there while it is active
ASKED = {
    "host.net-isolate": (["n1", "peer=10.77.0.99"], "nft", "nft list tables | grep -q faultdeck"),
    "host.net-rate": (["n1", "kbit=100000"], "tc", "tc qdisc show dev eth0 | grep -q 'htb fd:'"),
    "host.service-stop": (["fdvictim@n1"], "systemctl", "! systemctl -q is-active fdvictim"),
    "host.memory-fill": (["n1", "size=16"], "systemctl", "systemctl -q is-active 'faultdeck-*-keep.service'"),
}


@pytest.mark.parametrize("fault", ASKED)
def test_a_query_that_fails_is_no_answer(node, deck, fault):
    words, tool, there = ASKED[fault]
    ident = inject(deck, fault, *words)
    where = node.do("command -v " + tool).strip()
    node.do("printf '#!/bin/sh\\necho broken >&2; exit 1\\n' >/usr/local/bin/%s; chmod 755 /usr/local/bin/%s" % (tool, tool))
    lines = deck("restore", ident)
    assert summary(lines)[:3] == (0, 0, 1), lines
    assert state(deck, ident) == ["unknown"]
    assert summary(deck("restore", "--all"))[1] >= 1
    node.do("rm /usr/local/bin/%s; [ $(command -v %s) = %s ]; %s" % (tool, tool, where, there))
    assert state(deck, ident) == ["unknown"]  # it stays on the list until it is known
    assert summary(deck("restore", ident)) == (1, 0, 0, 0)
    assert node.sh(there)[0] != 0


@pytest.mark.parametrize("fault", ("host.net-isolate", "host.net-rate"))
def test_a_query_that_fails_in_a_sweep_is_said(node, deck, fault):
    words, tool, there = ASKED[fault]
    inject(deck, fault, *words)
    node.do("systemctl stop 'faultdeck-*.timer'; rm -rf /run/faultdeck")  # all that the sweep has is what it finds
    node.do("printf '#!/bin/sh\\necho broken >&2; exit 1\\n' >/usr/local/bin/%s; chmod 755 /usr/local/bin/%s" % (tool, tool))
    assert summary(deck("restore", "--all"))[1] == 1
    node.do("rm /usr/local/bin/%s; %s" % (tool, there))
    deck("restore", "--all", "--force")
    assert node.sh(there)[0] != 0


def test_restored_twice_and_by_all(node, deck):
    ident = inject(deck, "host.process-hang", "fdvictim@n1")
    assert not node.answers(7777)
    for _ in range(2):
        assert summary(deck("restore", ident)) == (1, 0, 0, 0)
        assert node.answers(7777)
    for _ in range(2):
        assert summary(deck("restore", "--all"))[1:] == (0, 0, 0)


def test_half_done_is_undone(node, deck):
    """The act is killed after its change and before it has said so."""
    node.hold("active")
    console = deck.operator.start("--yes", "inject", "host.service-stop", "fdvictim@n1")
    until("it stands", node.held, 30)
    node.do("pkill -KILL -f '[/]undo.sh inject'; rm -f /tmp/hold /tmp/held; ! systemctl -q is-active fdvictim")
    lines = deck.operator.end(console, 30)
    assert [l["state"] for l in lines if l["type"] == "injection"] == ["unknown"]
    assert summary(deck("restore", "--all"))[1:] == (0, 0, 0)
    until("the service is back", lambda: node.answers(7777), 5)  # systemd calls it active before it listens


def test_another_operator_from_another_machine(node, deck):
    ident = inject(deck, "host.net-isolate", "n1", "peer=10.77.0.99")
    other = os.path.join(RUN, "other.cfg")
    with open(node.config) as f, open(other, "w") as g:
        g.write(f.read().replace('user = "root"', 'user = "admin"'))
    env = dict(os.environ, XDG_STATE_HOME=deck.operator.home + "/other")

    def at_theirs(*words):
        return subprocess.run(["unshare", "--uts", "sh", "-c", 'hostname elsewhere; exec nsenter --net="$0" -- "$@"',
                               "/run/netns/%s-ctl" % os.environ.get("FDLAB_PREFIX", "fdlab"), TOP + "/build/faultdeck", "-c", other,
                               "--batch", *words], cwd=TOP, env=env, capture_output=True, text=True, timeout=90)
    try:
        listed = at_theirs("--format", "json", "list", "injections")
        assert ident in listed.stdout and '"owner":"root@' in listed.stdout and "root@elsewhere" not in listed.stdout
        done = at_theirs("restore", ident)
        assert done.returncode == 0, done.stdout + done.stderr
        assert node.sh("nft list tables | grep faultdeck")[0] == 1
        assert state(deck, ident) == ["restored"]
    finally:
        os.unlink(other)


def test_the_ttl_needs_nobody(node, deck):
    """Console, operator's machine, network and SSH server are gone."""
    console = deck.operator.start("--yes", "inject", "host.net-isolate", "n1", "peer=10.77.0.99", "ttl=4s", "--wait")
    until("it is there", lambda: node.sh("nft list tables | grep -q faultdeck && [ -e /run/faultdeck/*/state ]")[0] == 0, 30)
    deadline = int(node.do("cat /run/faultdeck/*/deadline")) / 1000
    console.kill()
    node.cut()
    node.stop_sshd()
    try:
        until("its TTL ends it", lambda: node.sh("nft list tables | grep -q faultdeck")[0] == 1, 30)
        assert -0.5 < boottime() - deadline < AFTER_TTL + slack()
    finally:
        node.heal()
        node.start_sshd()


def test_a_lease_is_renewed_and_then_ends(node, deck):
    ident = inject(deck, "host.net-isolate", "n1", "peer=10.77.0.99", "ttl=20s")

    def deadline():
        return int(node.do("cat /run/faultdeck/%s/deadline" % ident)) / 1000
    first = deadline()
    assert summary(deck("renew", ident, "--ttl", "60s"))[:2] == (1, 0)
    assert deadline() > first + 20
    assert summary(deck("renew", ident, "--ttl", "4s"))[:2] == (1, 0)
    last = deadline()
    until("it ends", lambda: node.sh("nft list tables | grep -q faultdeck")[0] == 1, 15)
    assert -0.5 < boottime() - last < AFTER_TTL + slack()
    assert state(deck, ident) == ["expired"]


def test_a_renewal_that_cannot_be_kept_changes_nothing(node, deck):
    ident = inject(deck, "host.net-isolate", "n1", "peer=10.77.0.99", "ttl=60s")
    before = node.do("cat /run/faultdeck/*/deadline /run/faultdeck/*/generation; systemctl list-timers --all --plain --no-legend 'faultdeck*' | wc -l")
    node.fill_run()
    try:
        assert summary(deck("renew", ident, "--ttl", "90s"))[:2] == (0, 1)
    finally:
        node.free_run()
    assert node.do("cat /run/faultdeck/*/deadline /run/faultdeck/*/generation; "
                   "systemctl list-timers --all --plain --no-legend 'faultdeck*' | wc -l") == before


@pytest.mark.parametrize("words, foreign, undo", (
    (("host.net-rate", "n1"), "tc qdisc add dev eth0 root handle 1: htb default 0", "tc qdisc del dev eth0 root"),
    (("host.process-hang", "fdvictim@n1"), "kill -STOP $(systemctl show -p MainPID --value fdvictim)",
     "kill -CONT $(systemctl show -p MainPID --value fdvictim)"),
    (("host.service-stop", "fdvictim@n1"), "systemctl stop fdvictim", "systemctl start fdvictim"),
))
def test_what_is_in_the_way_refuses(node, deck, words, foreign, undo):
    node.do(foreign)
    try:
        was = node.foreign()
        lines = deck("--yes", "inject", *words)
        assert summary(lines)[:2] == (0, 1), lines
        until("nothing is left", lambda: not node.left(), 5)
        assert node.foreign() == was
    finally:
        node.do(undo)


def test_a_console_beside_one_that_is_on_its_way(node, deck):
    """The journal has it, the node does not yet: that is no restore."""
    console = deck.operator.start("--yes", "inject", "host.net-isolate", "n1", "peer=10.77.0.99", hold="after:journaled")
    until("it stands", deck.operator.held, 30)
    assert [l["state"] for l in deck("list", "injections") if l["type"] == "injection"] == ["journaled"]
    assert deck.operator.journal() == ["journaled"]
    deck.operator.let_go()
    lines = deck.operator.end(console, 30)
    assert [l["state"] for l in lines if l["type"] == "injection"] == ["active"]
    assert "failed" not in deck.operator.journal() and "restored" not in deck.operator.journal()


def test_what_never_got_there_is_over_with_a_restore(node, deck):
    console = deck.operator.start("--yes", "inject", "host.net-isolate", "n1", "peer=10.77.0.99", hold="after:journaled")
    until("it stands", deck.operator.held, 30)
    console.kill()
    assert summary(deck("restore", "--all"))[1:] == (0, 0, 0)
