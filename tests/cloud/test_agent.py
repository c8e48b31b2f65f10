# SPDX-License-Identifier: GPL-2.0-or-later
"""agent-disconnect and agent-reconnect, in the view of both ends."""
import time

import pytest

from conftest import LIMIT, wait

RULES = "nft list ruleset"


def took(what, test, limit):
    began = time.monotonic()
    wait(what, test, limit)
    return time.monotonic() - began


def test_reset(lab, deck):
    """Both ends are told at once; SSH and everything else goes on."""
    log = "journalctl -u cloudstack-agent --since -1min | grep -c 'lost connection' || true"
    before = int(lab.on("cs1", log))
    deck("--yes", "cloudstack", "agent-disconnect")
    took("its host is in Alert", lambda: lab.host() == "Alert", 1)
    wait("the agent tries again and again", lambda: int(lab.on("cs1", log)) >= before + 2, 15)
    assert lab.host() == "Alert" and lab.ping("10.77.0.31") is not None and lab.call()[0] == 401
    assert "not connected" in wait("it is shown", lambda: deck.services()["agent"]["health"], LIMIT)
    assert "already" not in deck("cloudstack", "agent-reconnect").out
    assert lab.connected()  # before that it is not called restored
    assert took("its host is Up", lambda: lab.host() == "Up", 7) < 7 and lab.on("cs1", RULES) == ""


@pytest.mark.long
def test_drop(lab, deck):
    """Silence is noticed only when the host is behind on ping: here after 2 s × 2.5."""
    ident = deck.break_("agent-disconnect", "agent@cs1", "mode=drop")
    assert lab.host() == "Up"
    wait("its host is in Alert", lambda: lab.host() == "Alert", 20)
    deck.restored(ident)
    wait("its host is Up", lambda: lab.host() == "Up", 30)
    assert lab.on("cs1", RULES) == ""


def test_console_killed(lab, deck):
    console = deck.start("--yes", "--ttl", "5s", "cloudstack", "agent-disconnect", "--wait")
    wait("its host is in Alert", lambda: lab.host() == "Alert", LIMIT)
    console.kill()
    wait("the node has ended it", lambda: lab.on("cs1", RULES + "; ls /run/faultdeck 2>/dev/null", check=False) == "", 15)
    wait("its host is Up", lambda: lab.host() == "Up", 10)


@pytest.mark.long
def test_refused_where_it_is_not_connected(lab, deck):
    lab.on("cs1", "nft add table inet shut; nft 'add chain inet shut o { type filter hook output priority 0; }'; nft add rule inet shut o tcp dport 8250 reject with tcp reset")
    try:
        wait("its host is in Alert", lambda: lab.host() == "Alert", 20)
        assert "not connected" in deck.refused("--yes", "cloudstack", "agent-disconnect")
    finally:
        lab.on("cs1", "nft delete table inet shut")


@pytest.mark.long
def test_an_old_connection_that_ends_late(lab, deck):
    """Of the stand-in: the host of an agent that has come anew stays Up."""
    lab.on("cs1", "((sleep 0.5; sed -n s/^guid=//p /etc/cloudstack/agent/agent.properties; sleep 12) | timeout 14 openssl s_client -quiet -connect 10.77.0.30:8250 >/dev/null 2>&1 &)"
                  "; sleep 1.5; systemctl restart cloudstack-agent; sleep 13")
    assert lab.host() == "Up"
