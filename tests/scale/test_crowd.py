# SPDX-License-Identifier: GPL-2.0-or-later
"""A thousand nodes, and those that hang: in connect, key exchange, authentication, channel, exec and output."""
import os
import signal
import time

import pytest

from conftest import TOP, write_config
from terminal import Term

HANGS = ("kex", "auth", "open", "exec", "output")


def console(lab, deck):
    return Term([lab.lab, "ctl", "build/faultdeck", "-c", deck.config], env=deck.env, cwd=TOP)


def test_status_of_a_thousand(many):
    """With few descriptors to begin with; memory for each is bounded."""
    deck = many(1000)
    done = deck("status")
    assert done.one("summary")["done"] == 1000
    assert len([n for n in done.of("node") if n["state"] == "up"]) == 1000
    assert len(done.of("service")) == 4000
    assert done.rss_below < 400 << 10, done.rss_below


def test_the_limit_of_open_files_is_raised(many, lab):
    deck = many(300)
    words = " ".join(deck.command("status"))
    shell = type(deck)(lab, deck.env["XDG_STATE_HOME"], deck.config)
    shell.command = lambda *verbs, text=False: ["sh", "-c", "ulimit -Sn 100; exec " + words]
    assert shell("status").one("summary")["done"] == 300
    shell.command = lambda *verbs, text=False: ["sh", "-c", "ulimit -n 200; exec " + words]
    some = shell("status", code=None)  # those that get none say why, the others answer
    assert 50 < some.one("summary")["done"] < 300
    assert any("Too many open files" in e["message"] for e in some.of("error")), some.out[-2000:]


def until_up(term, count):
    """Seconds until that many nodes are up."""
    began = time.monotonic()
    term.wait_for(count, 150)
    return time.monotonic() - began


def test_console_stays_live_with_three_hundred_that_hang(many, lab):
    """Seven hundred are up in about the time that it takes without the others; a pool of 64 would need 40 s for those."""
    with console(lab, many(700)) as term:
        alone = until_up(term, "700/700 nodes")
    with console(lab, many(1000, HANGS)) as term:
        term.wait_for("nodes", 10)  # drawn before any network
        assert until_up(term, "700/1000 nodes") < 3 * alone + 5
        began = time.monotonic()
        term.keys("?")
        term.wait_for("restore all", 10)
        assert time.monotonic() - began < 2 + alone / 3  # it answers keys meanwhile


def test_a_node_that_hangs_delays_no_other(many, lab, deaf, crowd, tmp_path):
    """Each way once, and connect; the good one in between is up long before they are given up."""
    nodes = [("h" + m, "127.2.0.1", p) for m, p in (("kex", 22003), ("auth", 22004), ("open", 22005), ("exec", 22006), ("output", 22007))]
    nodes += [("hconnect", "127.4.0.1", deaf), ("good", "127.2.0.9", 22001)]
    deck = many(1)
    deck.config = write_config(tmp_path / "hung.cfg", crowd + "/ssh_config", nodes)
    with console(lab, deck) as term:
        term.wait_for("1/7 nodes", 30)
        assert "connecting" in term.text()
    done = deck("status", code=None)
    said = {e["message"].split(":")[0]: e["message"] for e in done.of("error")}
    assert done.one("summary")["done"] == 1 and set(said) == {n[0] for n in nodes if n[0] != "good"}
    assert all("time" in m or "no answer" in m or "timed out" in m for m in said.values()), said


@pytest.mark.parametrize("verbs", [("status",), ("restore", "--all")])
def test_ctrl_c_while_all_connect_is_at_once(many, lab, verbs):
    deck = many(100, HANGS)  # thirty hang
    p = deck.start(*verbs)
    time.sleep(1.5)
    assert p.poll() is None
    began = time.monotonic()
    os.killpg(p.pid, signal.SIGINT)
    p.communicate(timeout=20)
    assert p.returncode in (130, 6) and time.monotonic() - began < 5


def test_quitting_while_all_connect_is_at_once(many, lab):
    with console(lab, many(100, ("kex", "auth"))) as term:
        term.wait_for("70/100 nodes", 60)
        began = time.monotonic()
        term.keys("q")
        assert term.wait_exit(10) == 0
        assert time.monotonic() - began < 5  # a key exchange is given up after 8
