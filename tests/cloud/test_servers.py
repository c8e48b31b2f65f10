# SPDX-License-Identifier: GPL-2.0-or-later
"""What is seen of a cloud; each server crashed and hung: before, injected and restored in the cloud's own view."""
import pytest

from conftest import LIMIT, POOL, SIGNED, WHERE, wait


def test_list(lab, deck):
    found = wait("the slow questions are answered", lambda: (lambda s: s if s["ms"]["health"] and s["mysql"]["figures"].get("hosts_up") else None)(deck.services()), LIMIT)
    assert {n: s["node"] for n, s in found.items()} == WHERE and {s["state"] for s in found.values()} == {"up"}
    assert found["ms"]["health"] == "healthy (401)" and found["ms"]["figures"]["api"] < 1000 and found["ms"]["figures"]["agents"] == 1
    figures = found["mysql"]["figures"]
    assert figures["hosts_up"] == 1 and figures["hosts_away"] == 0 and figures["mshost_age"] <= 3 and figures["usage_age"] <= 3
    assert 5 <= figures["db_used"] < figures["db_limit"] == 151 and found["mysql"]["health"] == "hosts: cs1 Up"
    assert found["libvirt"]["figures"]["domains"] == 1 and found["agent"]["health"] == "connected" and found["nfs"]["health"] == "answers"
    storage = deck.storage()[POOL]
    assert (storage["node"], storage["kind"], storage["state"]) == ("cs1", "ext4", "rw") and storage["used"].endswith("%")


def health(deck, what, words):
    wait("%s is shown as %s" % (what, words), lambda: words in (deck.services()[what]["health"] or ""), LIMIT)


AT_ONCE = ("ms", "libvirt", "nfs")  # when it is said that they are restored; what the others answer comes through others
GROUPS = [("ms",), ("agent",), ("mysql",), ("usage", "libvirt", "nfs")]


def breaks(lab, deck, fault, state, which):
    """Each of WHICH is well, broken, and well again; guests live on."""
    guest = lab.guest()
    assert all(lab.answers(w) for w in which)
    idents = [deck.break_(fault, w + "@" + WHERE[w]) for w in which]
    yield
    found = deck.services()
    assert {found[w]["state"] for w in which} == {state} and not any(lab.answers(w) for w in which)
    deck.restored(*idents)
    assert all(lab.answers(w) for w in which if w in AT_ONCE)
    for w in which:
        wait("%s is well" % w, lambda: lab.answers(w), 15)
    assert lab.guest() == guest != []


@pytest.mark.parametrize("which", GROUPS, ids="-".join)
def test_crash(lab, deck, which):
    for _ in breaks(lab, deck, "crash", "down", which):
        if "agent" in which:
            wait("its host is in Alert", lambda: lab.host() == "Alert", 2)
        if "ms" in which:
            assert lab.call()[0] == 0 and not lab.goes_on(lab.beats, 3)  # two of them


@pytest.mark.parametrize("which", GROUPS, ids="-".join)
def test_hang(lab, deck, which):
    for _ in breaks(lab, deck, "hang", "stopped", which):
        if "agent" in which:
            wait("it is behind on ping", lambda: lab.host() == "Alert", LIMIT)
        if "ms" in which:
            assert lab.call(limit=1)[0] == 0 and not lab.goes_on(lab.beats, 3)  # two of them


def test_short_words(lab, deck):
    deck("--yes", "cloudstack", "hang", "usage")
    assert deck.services()["usage"]["state"] == "stopped"
    deck("cloudstack", "resume", "usage")
    assert deck.services()["usage"]["state"] == "up"
    assert "no injection" in deck("cloudstack", "resume", "usage", code=2).out


def test_api_that_could_not_start(lab, deck):
    """Without its database at its start it answers 503 for ever; it is shown, and not called well."""
    lab.on("mgmt", "systemctl stop mariadb && systemctl restart cloudstack-management")
    try:
        wait("it answers 503", lambda: lab.call()[0] == 503, LIMIT)
        health(deck, "ms", "503")
        assert deck.services()["ms"]["state"] == "up" and deck.services()["mysql"]["state"] == "down"
        assert "does not run" in deck.refused("--yes", "cloudstack", "crash", "mysql")
    finally:
        lab.on("mgmt", "systemctl start mariadb && systemctl restart cloudstack-management")


def test_refused(lab, deck):
    assert "say which component" in deck.refused("--yes", "cloudstack", "crash", code=2)
    assert deck.refused("--yes", "cloudstack", "crash", "nothing", code=2)
    assert lab.call(SIGNED)[0] == 200


def test_api_delay_where_the_kernel_cannot(lab, deck):
    """The build machine's kernel has no netem; where it has, tests/kvm2 sees the delay. Values are refused first."""
    for words, why in (("0", "from 1 to 60000"), ("1000000000", "from 1 to 60000"), ("-5", "no such option"), ("soon", "expected")):
        assert why in deck.refused("--yes", "cloudstack", "api-delay", words, code=2)
    if "netem" in lab.on("mgmt", "tc qdisc add dev lo root netem delay 1ms 2>&1 && tc qdisc del dev lo root && echo netem", check=False):
        pytest.skip("this kernel has netem")
    assert "has no netem" in deck.refused("--yes", "cloudstack", "api-delay", "500")
    assert " fd: " not in lab.on("mgmt", "tc qdisc show")
