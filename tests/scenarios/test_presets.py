# SPDX-License-Identifier: GPL-2.0-or-later
"""The presets that need nothing but nodes: before, meanwhile and afterwards, looked at without our code."""
import json
import os

from conftest import TOP, wait


def test_listed_and_whole(lab, deck):
    listed = {s["scenario"]: s for s in deck("list", "scenarios").of("scenario")}
    shipped = {f[:-4] for f in os.listdir(os.path.join(TOP, "scenarios")) if f.endswith(".cfg")}
    assert set(listed) == shipped
    ours = ("slow-node", "cascading-failure", "game-day")
    assert all(listed[name]["reason"] is None for name in ours)
    assert "host.net-rate n1" in listed["slow-node"]["targets"] and "kbit=256" in listed["slow-node"]["variables"]


def test_slow_node(lab, deck):
    assert lab.ping("10.77.0.101") < 50
    run = deck.start("--yes", "run", "slow-node", "hold=4s", "--report", os.path.join(deck.env["XDG_STATE_HOME"], "report"))
    wait("its link is narrow", lambda: " fd: " in lab.on("n1", "tc qdisc show"), 30)
    assert lab.on("n1", "redis-cli ping") == "PONG\n"  # and it is not dead
    out, _ = run.communicate(timeout=90)
    assert run.returncode == 0, out
    with open(os.path.join(deck.env["XDG_STATE_HOME"], "report/results.json")) as f:
        result = json.load(f)
    trips = next(p for p in result["probes"] if p["unit"] == "ms")
    values = [v for _, _, v in trips["points"]]
    assert max(values) > 100 and values[-1] < 100 and result["faults"][0]["detect_ms"] < 15000
    assert " fd: " not in lab.on("n1", "tc qdisc show") and lab.ping("10.77.0.101") < 50


def test_cascading_failure(lab, deck):
    pid = lab.on("n3", "pidof redis-server").strip()
    done, report = deck.run("cascading-failure", "step=1s")
    by = {f["fault"]: f for f in report["faults"]}
    assert set(by) == {"host.net-rate", "host.process-hang", "host.process-kill"}
    assert by["host.net-rate"]["detected"] is None  # slow is not dead
    assert by["host.process-hang"]["detect_ms"] > 0 and by["host.process-kill"]["recover_ms"] > 0
    assert all(f["state"] == "restored" for f in report["faults"]) and report.clean()
    # all three at once: the first is restored after the last was active
    assert min(f["ended"] for f in report["faults"]) > max(f["active"] for f in report["faults"])
    assert lab.on("n3", "redis-cli ping; pidof redis-server").split()[0] == "PONG" and lab.on("n3", "pidof redis-server").strip() != pid
    assert lab.ours(("n1", "n2", "n3")) == ""


def test_game_day(lab, deck):
    done, report = deck.run("game-day", "seed=5", "rounds=3", "over=6s", "hold=1s")
    first = [(f["fault"], f["target"]) for f in report["faults"]]
    assert len(first) == 3 and report["seed"] == "5" and report["verdict"] == "passed" and report.clean()
    planned = [p["do"][0].split()[1] for p in deck("--dry-run", "run", "game-day", "seed=5", "rounds=3", "over=6s").of("plan")]
    assert set(planned) == {f for f, _ in first}
    assert lab.ours(("n1", "n2", "n3")) == ""
