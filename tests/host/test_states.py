# SPDX-License-Identifier: GPL-2.0-or-later
"""What a console that starts later says of its journal's injections; and operators who meet."""
import json
import os
import shutil
import threading
import time

from deck import wait

DNS = "host.dns-fail"


def gone(lab, node, ident):
    wait("the entry is gone", lambda: ident not in lab.on(node, "ls /run/faultdeck 2>/dev/null || true"), 30)


def rewrite(deck, **changes):
    """The journal as it would be had the operator's clock been another."""
    path = os.path.join(deck.env["XDG_STATE_HOME"], "faultdeck/journal")
    lines = [dict(r, **{k: change(r[k]) for k, change in changes.items()}) for r in deck.journal()]
    with open(path, "w") as f:
        f.writelines(json.dumps(r) + "\n" for r in lines)


def test_expired_is_seen_afterwards_whatever_the_operators_clock_says(lab, guarded):
    decks = [(guarded("ada", ""), 0), (guarded("bob", ""), 3600000), (guarded("carol", ""), -3600000)]
    idents = [deck.ident(deck.inject("host.net-isolate", "n1", "peer=10.77.0.250", "ttl=2s")) for deck, _ in decks]
    for (deck, jump), ident in zip(decks, idents):
        gone(lab, "n1", ident)
        rewrite(deck, started=lambda ms, jump=jump: ms + jump)
        now = deck.injection(ident)
        assert now["state"] == "expired" and "the node restored it by itself" in now["reason"]
        assert deck.injection(ident) is None  # it is in the journal: ended
    assert lab.on("n1", "ls /run/faultdeck 2>&1 || true").startswith("ls: cannot access")


def test_an_answer_older_than_the_ttl_does_not_say_active(lab, guarded, tmp_path):
    """The node says what it has, and takes four seconds for the rest of its answer."""
    shutil.copytree(os.path.join(lab.top, "tests/scale/mark"), tmp_path / "mark")
    with open(tmp_path / "mark/mark.cfg", "a") as f:
        f.write('collect = "collect.sh";\n')
    (tmp_path / "mark/collect.sh").write_text("mark_items() { sleep 4; }\n")
    ada, late = guarded("ada", ""), guarded("late", "", 'backends = ( "mark" );')
    ident = ada.ident(ada.inject(DNS, "n1", "ttl=6s"))
    wait("it is about to end", lambda: ada.injection(ident)["left_ms"] < 3500, 20)
    now = late.injection(ident)
    assert now["state"] == "restoring" and "TTL has passed" in now["reason"], now
    gone(lab, "n1", ident)


def test_a_node_that_does_not_end_it_is_told_of(lab, guarded):
    ada = guarded("ada", "")
    ident = ada.ident(ada.inject(DNS, "n1", "ttl=2s"))
    lab.on("n1", "systemctl stop 'faultdeck-%s-*.timer'" % ident)
    wait("it is told", lambda: "has not ended it" in (ada.injection(ident)["reason"] or ""), 30)
    assert ada.injection(ident)["state"] == "active"
    ada("restore", ident)
    gone(lab, "n1", ident)


def test_restored_by_another_operator_is_not_expired(lab, guarded):
    ada, bob = guarded("ada", ""), guarded("bob", "")
    ident = ada.ident(ada.inject(DNS, "n1", "ttl=60s"))
    assert bob("restore", ident).one("injection")["state"] == "restored"
    rewrite(ada, started=lambda ms: ms - 3600000)
    now = ada.injection(ident)
    assert (now["state"], now["reason"]) == ("restored", "restored on the node, not by this console")


def test_a_renewal_is_known_to_the_next_console(lab, guarded):
    ada, bob = guarded("ada", ""), guarded("bob", "")
    ident = ada.ident(ada.inject(DNS, "n1", "ttl=3s"))
    ada("renew", ident, "--ttl", "60s")
    time.sleep(4)
    bob("restore", ident)
    assert ada.injection(ident)["state"] == "restored"


def test_a_node_that_was_rebooted(lab, guarded):
    ada = guarded("ada", "")
    ident = ada.ident(ada.inject(DNS, "n3", "ttl=60s"))
    lab.run("kill", "n3")
    assert ada.injection(ident)["state"] == "unknown"
    lab.run("start", "n3")
    now = ada.injection(ident)
    assert now["state"] == "restored" and "rebooted" in now["reason"]


def test_a_ledger_deleted_by_hand_is_unknown_and_stays_so(lab, guarded):
    ada = guarded("ada", "")
    ident = ada.ident(ada.inject("host.net-isolate", "n1", "peer=n2", "ttl=10s"))
    lab.on("n1", "rm -rf /run/faultdeck")
    try:
        now = ada.injection(ident)
        assert now["state"] == "unknown" and "was deleted on the node" in now["reason"]
        # its clock fires, finds nothing to run, and goes: that is no proof either
        wait("the clock is gone", lambda: "faultdeck" not in lab.on("n1", "ls /run/systemd/transient"), 40)
        assert ada.injection(ident)["state"] == "unknown"
        assert "faultdeck_" + ident in lab.on("n1", "nft list tables")
        refused = ada("restore", ident, code=6)
        assert refused.one("injection")["state"] == "unknown" and "--force" in refused.one("error")["message"]
        assert "what was found of it was removed" in refused.one("error")["message"]
        assert "faultdeck_" + ident not in lab.on("n1", "nft list tables")
        assert ada("restore", "--all", code=6).one("injection")["state"] == "unknown"
        forced = ada("restore", ident, "--force", text=True)
        assert "FORCED: %s" % ident in forced.err and "WITHOUT proof" in forced.err
        assert ada.injection(ident) is None
    finally:
        lab.on("n1", "nft delete table inet faultdeck_" + ident, check=False)


def test_forced_of_all_is_said_of_each(lab, guarded):
    """An undo that cannot work: what it needs is away."""
    ada = guarded("ada", "")
    ident = ada.ident(ada.inject("host.net-isolate", "n1", "peer=n2", "ttl=120s"))
    nft = lab.on("n1", "command -v nft").strip()
    lab.on("n1", "mv %s %s.away" % (nft, nft))
    try:
        assert ada("restore", ident, code=6).one("injection")["state"] == "unknown"
        assert ada("restore", "--all", code=6).one("injection")["state"] == "unknown"
        done = ada("restore", "--all", "--force")
        assert any("FORCED: %s" % ident in e["message"] for e in done.of("error"))
        assert "1 FORCED off the list without proof" in done.of("output")[0]["line"]
        assert done.one("injection")["reason"].startswith("forced")
        assert lab.on("n1", "ls /run/faultdeck 2>/dev/null || true") == ""
    finally:
        lab.on("n1", "mv %s.away %s; nft delete table inet faultdeck_%s" % (nft, nft, ident))


def both(*calls):
    """All at once; what came of each."""
    done = [None] * len(calls)

    def run(k):
        done[k] = calls[k]()
    threads = [threading.Thread(target=run, args=(k,)) for k in range(len(calls))]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return done


def test_two_operators_on_one_target(lab, guarded):
    ada, bob = guarded("ada", ""), guarded("bob", "")
    # one of them gets it, the other is refused and takes nothing back
    done = both(*[lambda d=d: d("--yes", "inject", DNS, "n1", code=None) for d in (ada, bob)])
    states = sorted(d.of("injection")[-1]["state"] for d in done)
    assert states in (["active", "failed"], ["active", "active"]), [d.out for d in done]
    active = [d.of("injection")[-1]["id"] for d in done if d.of("injection")[-1]["state"] == "active"]
    assert lab.on("n1", "ls /run/faultdeck").split() == sorted(active)
    for ident in active:
        # both restore the same at once: it is restored, and both say so
        for d in both(*[lambda d=d: d("restore", ident, code=None) for d in (ada, bob)]):
            assert d.code == 0 and d.of("injection")[-1]["state"] == "restored", d.out
    assert "faultdeck" not in lab.on("n1", "ls /run; nft list tables")


def test_restore_all_of_two_operators_at_once(lab, guarded):
    ada, bob = guarded("ada", ""), guarded("bob", "")
    for node in ("n1", "n2"):
        ada.inject(DNS, node)
        bob.inject("host.net-isolate", node, "peer=10.77.0.250")
    for d in both(*[lambda d=d: d("restore", "--all", code=None) for d in (ada, bob)]):
        assert d.code == 0, d.out
    for node in ("n1", "n2"):
        assert "faultdeck" not in lab.on(node, "ls /run; nft list tables")


def test_show_and_log_say_what_the_screens_show(lab, deck):
    """All of one target, and the journal, as text: for a screen reader, or a script."""
    ident = deck.ident(deck.inject("host.dns-fail", "n1", "reason=drill 7"))
    links = {(l["link"], l["node"]) for l in deck("list", "links").of("link")}
    assert {("eth0", "n1"), ("foreign1", "n1"), ("eth0", "n3")} <= links and "lo" not in dict(links)
    told = deck("show", "n1")
    assert told.one("node")["state"] == "up"
    assert {"kernel", "boot"} <= {f["key"] for f in told.of("fact")} and all(f["target"] == "n1" for f in told.of("fact"))
    # one of another operator's, whose entry somebody deleted, may be unknown here still
    assert [i["id"] for i in told.of("injection") if i["state"] != "unknown"] == [ident], told.out
    assert deck("show", "redis-server@n1").one("service")["pid"] > 1
    link = deck("show", "link:eth0@n1").one("link")
    assert link["state"] == "up" and link["figures"]["rx"] >= 0 and link["figures"]["tx"] >= 0
    deck("restore", ident)
    states = [l["state"] for l in deck("log").of("log") if l["id"] == ident]
    assert states == ["journaled", "active", "restoring", "restored"]
    assert "it is not there" in deck("show", "nobody@n1", code=None).of("error")[0]["message"]
    assert "whose?" in deck("show", "vm:x", code=None).of("error")[0]["message"]
