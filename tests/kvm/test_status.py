# SPDX-License-Identifier: GPL-2.0-or-later
"""What status tells, and that the JSON lines keep the keys that are documented (DESIGN section 6)."""
import datetime

from deck import wait

KEYS = {
    "node": {"node", "host", "roles", "state", "age_ms", "arch", "kernel", "module"},
    "vm": {"vm", "node", "pid", "vcpus", "state", "figures"},
    "fault": {"fault", "targets", "params", "undo"},
    "injection": {"id", "fault", "target", "node", "state", "owner", "started", "params", "ttl_ms", "left_ms",
                  "hits", "effect", "aftermath", "reason"},
    "event": {"id", "node", "point", "cpu", "tgid", "tid", "comm", "from", "to"},
    "plan": {"do", "undo", "guard"},
    "error": {"code", "message", "hint"},
    "summary": {"done", "failed", "unknown", "unreachable"},
}


def check_lines(result):
    assert result.lines, result.out
    assert len(result.lines) == len(result.out.splitlines()), "a line is not JSON: " + result.out
    for line in result.lines:
        datetime.datetime.fromisoformat(line["time"].replace("Z", "+00:00"))
        assert KEYS[line["type"]] <= set(line), line
    assert result.lines[-1]["type"] == "summary"


def test_status_shows_the_host_and_its_guests(deck, lab):
    # one that has just ended is shown until the processes are looked through again
    wait("both guests and no other", lambda: {v["vm"] for v in deck("status").of("vm")} == {"web1", "db1"}, 20)
    first = deck("status")
    check_lines(first)
    assert first.one("node")["node"] == "kvm1" and first.one("node")["arch"] == "aarch64"
    vms = {v["vm"]: v for v in first.of("vm")}
    assert vms["db1"]["pid"] == lab.pid("db1") and vms["db1"]["state"] == "running" and vms["db1"]["vcpus"] == 1
    given = [f["value"] for f in deck("show", "vm:db1@kvm1").of("fact") if f["key"].startswith("device:")]
    assert len(given) == 2 and all(d.startswith("block vd%s " % n) and "/db1%s.raw" % m in d for d, n, m in zip(given, "ab", ("", "-b"))), given

    def moved():
        now = {v["vm"]: v["figures"] for v in deck("status").of("vm")}
        return all(now[n]["exits"] and now[n]["exits"] != vms[n]["figures"]["exits"] and now[n]["rss"] for n in vms)

    wait("figures that move", moved, 30)


def test_every_kind_of_line_keeps_its_keys(deck):
    check_lines(deck("list", "faults"))
    check_lines(deck("inject", "kvm.file-write", "vm:db1@kvm1", code=2))
    done = deck.inject("kvm.file-write", "vm:db1@kvm1", "errno=EIO", "times=2", "ttl=30s")
    check_lines(done)
    wait("two hits", lambda: deck.rules()[0]["injected"] == "2", 20)
    events = deck("events", code=None)  # a process of its own: one that is kept shows what is new
    check_lines(events)
    ident = done.one("injection")["id"]
    mine = [e for e in events.of("event") if e["id"] == ident]
    assert len(mine) == 2 and mine[0]["to"] == "-EIO" and mine[0]["point"] == "file-write"
    shown = wait("the hits are shown", lambda: [i for i in deck("list", "injections").of("injection")
                 if i["id"] == ident and i["hits"] == 2], 10)[0]
    assert shown["state"] == "active" and 0 < shown["left_ms"] <= 30000
    check_lines(deck("restore", ident))
    check_lines(deck("restore", ident))  # idempotent
    check_lines(deck("list", "nonsense", code=2))


def test_another_operator_sees_and_restores(deck, lab, tmp_path):
    ident = deck.inject("kvm.file-write", "vm:db1@kvm1", "times=1", "ttl=60s").one("injection")["id"]
    other = type(deck)(lab, tmp_path / "other")
    seen = [i for i in other("list", "injections").of("injection") if i["id"] == ident]
    assert seen and seen[0]["fault"] == "kvm.file-write" and seen[0]["target"] == "vm:db1@kvm1" and seen[0]["owner"]
    other("restore", ident)
    assert deck.rules() == []
    wait("we see it too", lambda: (deck.injection(ident) or {"state": "restored"})["state"] == "restored", 10)


def test_a_rule_armed_by_hand_is_shown_and_swept(deck, lab):
    lab.on("echo 'arm id=byhand point=file-write tgid=%d action=return:EIO times=1 ttl_ms=30000' "
           ">/sys/kernel/debug/faultdeck/control" % lab.pid("db1"))
    shown = wait("it is shown", lambda: deck.injection("byhand"), 10)
    assert shown["state"] == "active"
    deck("restore", "--all")
    assert deck.rules() == []
