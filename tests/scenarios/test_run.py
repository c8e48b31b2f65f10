# SPDX-License-Identifier: GPL-2.0-or-later
"""What a run promises, on real nodes: it restores whatever happens, and its report says what happened, when."""
import os
import signal
import subprocess
import time

import pytest

from conftest import Report, ScenarioDeck, millis, so_far, wait

ANSWERS = '{ name = "answers %s"; command = "redis-cli ping"; node = "%s"; interval = "1s"; timeout = "2s"; }'
HANG = '{ inject = "host.process-hang"; on = "redis-server@n1"; ttl = "2m"; as = "hang"; }'
BOTH = "probes = ( %s, %s );\n" % (ANSWERS % ("n1", "n1"), ANSWERS % ("n2", "n2"))


def text(steps, more=""):
    return 'description = "a test";\n%s%s\nsteps = (\n%s\n);\n' % (BOTH, more, ",\n".join(steps))


def hangs(lab, node="n1"):
    return lab.on(node, "redis-cli -t 1 ping >/dev/null 2>&1 || ps -o stat= -C redis-server", check=False).startswith("T")


def test_fails_and_restores(lab, deck):
    path = deck.write(text([HANG, '{ expect = "answers n2"; is = "failed"; within = "4s"; }', '{ wait = "1h"; }'],
                           'steady = { before = ( "answers n1", "answers n2" ); };'))
    done, report = deck.run(path, code=7)
    assert not hangs(lab) and lab.ours(("n1",)) == ""
    result = done.one("result")
    assert result["verdict"] == "failed" and 'step 2, line 6: "answers n2" failed within 4s: it is holds: PONG' in result["reason"]
    # in each form
    assert report["exit"] == 7 and report["verdict"] == "failed" and report["expectations"][0]["met"] is False
    assert report.suite.get("failures") == "1" and "it is holds: PONG" in report.html
    assert [e for e in report.events if e["type"] == "run"][-1]["verdict"] == "failed"
    assert report["faults"][0]["state"] == "restored" and report.clean() and report.steps("skipped") == [3]


def test_a_failed_steady_state_touches_nothing(lab, deck):
    lab.on("n2", "systemctl stop redis-server")
    try:
        path = deck.write(text([HANG], 'steady = { before = ( "answers n1", "answers n2" ); within = "5s"; };'))
        done, report = deck.run(path, code=7)
    finally:
        lab.on("n2", "systemctl start redis-server")
    assert "does not hold before" in done.one("result")["reason"]
    assert report["faults"] == [] and not os.path.getsize(os.path.join(deck.env["XDG_STATE_HOME"], "faultdeck/journal"))


def test_interrupted(lab, deck):
    path = deck.write(text([HANG, '{ wait = "90s"; }'], 'finally = ( { command = "echo was here >/run/finally"; node = "n2"; } );'))
    where = os.path.join(deck.env["XDG_STATE_HOME"], "report")
    run = deck.start("--yes", "run", path, "--report", where)
    wait("it hangs", lambda: hangs(lab), 30)
    os.killpg(run.pid, signal.SIGINT)
    out, _ = run.communicate(timeout=30)
    assert run.returncode == 130, out
    assert not hangs(lab) and lab.ours(("n1",)) == ""
    assert lab.on("n2", "cat /run/finally; rm /run/finally") == "was here\n"
    report = Report(where)
    assert report["verdict"] == "aborted" and report["faults"][0]["state"] == "restored" and report.clean()


def test_interrupted_before_anything_was_touched(lab, deck):
    """n2 does not answer, so the steady state is waited for: nothing was done, and nothing is."""
    pid = lab.on("n1", "pidof redis-server")
    path = deck.write(text([HANG], 'steady = { before = ( "answers n1", "answers n2" ); within = "2m"; };\n'
                           'finally = ( { command = "echo was here >/run/finally"; node = "n1"; } );'))
    where = os.path.join(deck.env["XDG_STATE_HOME"], "report")
    lab.on("n2", "systemctl stop redis-server")
    try:
        run = deck.start("--yes", "run", path, "--report", where)
        wait("both were asked", lambda: {(e.get("probe"), e.get("state")) for e in so_far(where)} >= {("answers n1", "holds"), ("answers n2", "failed")}, 30)
        os.killpg(run.pid, signal.SIGINT)
        out, _ = run.communicate(timeout=30)
    finally:
        lab.on("n2", "systemctl start redis-server")
    assert run.returncode == 130, out
    assert lab.on("n1", "redis-cli ping; pidof redis-server; ls /run/finally 2>&1 || true").replace("\n", " ") == \
        "PONG %s ls: cannot access '/run/finally': No such file or directory " % pid.strip()
    assert lab.ours(("n1", "n2")) == "" and not os.path.getsize(os.path.join(deck.env["XDG_STATE_HOME"], "faultdeck/journal"))
    report = Report(where)
    assert report["verdict"] == "aborted" and report["exit"] == 130 and "interrupted" in report["reason"]
    assert report["faults"] == [] and report.steps("skipped") == [1] and report["finally"][0]["result"] is None
    assert [e["phase"] for e in report.events if e["type"] == "run"] == ["before", "restoring", "after", "over"]


def test_an_abort_probe_ends_it(lab, deck):
    """What fails is a probe that is in no steady state; all of the run is restored, and its next injection does not come."""
    path = deck.write('description = "a test";\nprobes = ( { name = "watch"; abort = true; %s );\nsteps = (\n%s\n);\n' % (
        (ANSWERS % ("n1", "n1")).split(";", 1)[1].replace("2s", "6s"), ",\n".join((
            '{ inject = "host.net-rate"; on = "n2"; ttl = "2m"; as = "rate"; }', '{ wait = "3s"; }', HANG, '{ wait = "60s"; }',
            '{ inject = "host.dns-fail"; on = "n3"; ttl = "2m"; }'))))
    where = os.path.join(deck.env["XDG_STATE_HOME"], "report")
    run = deck.start("--yes", "run", path, "--report", where)
    wait("n1 hangs", lambda: hangs(lab), 30)
    assert " fd: " in lab.on("n2", "tc qdisc show")
    began = time.monotonic()
    out, _ = run.communicate(timeout=60)
    assert run.returncode == 7 and time.monotonic() - began < 30, out
    assert not hangs(lab) and lab.ours(("n1", "n2", "n3")) == ""
    report = Report(where)
    assert report["verdict"] == "failed" and report["reason"].startswith('abort probe "watch" failed'), report["reason"]
    assert [(f["fault"], f["state"]) for f in report["faults"]] == [("host.net-rate", "restored"), ("host.process-hang", "restored")]
    assert report.steps("done") == [1, 2, 3] and report.steps("skipped") == [4, 5] and report.clean()


def test_killed_leaves_nothing_beyond_the_ttl(lab, deck):
    path = deck.write(text([HANG.replace("2m", "8s"), '{ wait = "7s"; }']))
    run = deck.start("--yes", "run", path)
    wait("it hangs", lambda: hangs(lab), 30)
    os.killpg(run.pid, signal.SIGKILL)
    began = time.monotonic()
    # its lock is in nobody's way; another operator finds what is there, and says it
    again = deck("--dry-run", "run", path)
    assert again.one("plan")["guard"].startswith("ok")
    wait("the node has ended it by itself", lambda: not hangs(lab), 30)
    assert time.monotonic() - began < 12
    wait("nothing is left", lambda: lab.ours(("n1",)) == "", 5)
    swept = deck("restore", "--all")
    assert swept.one("summary")["unknown"] == 0 and swept.one("injection")["state"] == "expired"  # it says what it found
    last = [j for j in deck.journal()][-1]
    assert last["state"] == "expired" and "the TTL passed" in last["reason"]


def test_killed_and_swept(lab, deck):
    """Before its TTL, `restore --all` says what it found, and that it is restored."""
    run = deck.start("--yes", "run", deck.write(text([HANG, '{ wait = "90s"; }'])))
    wait("it hangs", lambda: hangs(lab), 30)
    os.killpg(run.pid, signal.SIGKILL)
    found = deck("restore", "--all").one("injection")
    assert (found["fault"], found["target"], found["state"]) == ("host.process-hang", "redis-server@n1", "restored")
    assert found["purpose"] == "scenario s" and not hangs(lab) and lab.ours(("n1",)) == ""


def test_half_way(lab, deck):
    """The second one cannot be done: the first is restored."""
    path = deck.write(text([HANG, '{ inject = "host.process-hang"; on = "no-such-service@n2"; }']))
    done = deck("--yes", "run", path, code=2)
    assert "no service 'no-such-service' on n2" in done.of("error")[0]["message"]  # nothing was touched
    path = deck.write(text([HANG, '{ command = "systemctl stop redis-server"; node = "n2"; }',
                            '{ inject = "host.process-hang"; on = "redis-server@n2"; }'],
                           'finally = ( { command = "systemctl start redis-server"; node = "n2"; } );'))
    done, report = deck.run(path, code=1)
    assert report["verdict"] == "broken" and report.steps("failed") == [3] and report.steps("done") == [1, 2]
    assert not hangs(lab) and report.clean() and report["faults"][0]["state"] == "restored"
    assert report["finally"][0]["result"] == "done"
    wait("it runs again", lambda: lab.on("n2", "redis-cli ping", check=False) == "PONG\n", 10)


def test_two_at_once(lab, deck, tmp_path):
    path = deck.write(text([HANG, '{ wait = "60s"; }']))
    run = deck.start("--yes", "run", path)
    wait("it hangs", lambda: hangs(lab), 30)
    refused = deck("--yes", "run", path, code=5).of("error")[0]["message"]
    assert refused.startswith("the scenario s (process ") and refused.endswith(") runs on redis-server@n1")
    other = tmp_path / "other.cfg"
    other.write_text(text(['{ inject = "host.process-hang"; on = "redis-server@n2"; ttl = "1m"; }']))
    assert deck("--yes", "run", str(other)).one("result")["verdict"] == "passed"
    os.killpg(run.pid, signal.SIGINT)
    run.communicate(timeout=30)
    assert run.returncode == 130


def test_plan_and_mistakes(lab, deck):
    path = deck.write(text([HANG, '{ command = "echo {{x}}"; node = "n2"; }', '{ repeat = 3; steps = ( { choose = ( '
                            '{ inject = "host.dns-fail"; on = "n1"; ttl = "5s"; }, { inject = "host.dns-fail"; on = "n2"; ttl = "5s"; } ); } ); }'],
                           'variables = { x = "a"; };'))
    first, second = (deck("--dry-run", "run", path, "seed=7", "x=it's").of("plan") for _ in "12")
    assert len(first) >= 3 and any("'it'\\''s'" in line for p in first for line in p["do"])
    assert all(p["undo"] for p in first if "host." in p["do"][0])
    names = [[p["do"][0].partition(" ")[2] for p in plans] for plans in (first, second)]
    assert names[0] == names[1]
    assert "--yes is missing" in deck("run", path, code=2).of("error")[0]["message"]
    assert lab.ours(("n1", "n2")) == ""
    path = deck.write(text(['{ inject = "host.nothing"; on = "n9"; }', '{ expect = "nobody"; }']))
    said = [e["message"] for e in deck("--yes", "run", path, code=3).of("error")]
    assert said == [path + ":5: inject: there is no fault 'host.nothing'", path + ':5: on: there is no node "n9"',
                    path + ':6: expect: there is no probe "nobody"']
    assert "there is no scenario 'nobody'" in deck("--yes", "run", "nobody", code=2).of("error")[0]["message"]


def test_the_guard(lab, deck, tmp_path):
    cfg = tmp_path / "few.cfg"
    with open(deck.config) as f:
        cfg.write_text(f.read().replace("max_nodes = 20", "max_nodes = 1"))
    few = ScenarioDeck(lab, tmp_path / "few", str(cfg))
    path = deck.write(text([HANG, '{ inject = "host.dns-fail"; on = "n2"; }']))
    done = few("--yes", "run", path, code=5)
    assert "host.dns-fail on n2 (line 6): max_nodes = 1" in done.of("error")[0]["message"]
    assert lab.ours(("n1", "n2")) == ""
    path = deck.write(text([HANG, '{ restore = "hang"; }', '{ inject = "host.dns-fail"; on = "n2"; ttl = "5s"; }']))
    assert few("--yes", "run", path).one("result")["verdict"] == "passed"  # one behind the other is one


def test_times_agree_with_the_journal_and_the_node(lab, deck):
    """What the node wrote by its own clock since the boot is put into ours; a node whose clocks are off is in test_labs.py."""
    path = deck.write(text([HANG, '{ wait = "3s"; }', '{ restore = "hang"; }']))
    # between the two clocks nothing is started that a busy machine could delay
    node_began = "bash -c 'read u _ </proc/uptime; e=$EPOCHREALTIME; cat /run/faultdeck/*/deadline /run/faultdeck/*/ttl_ms; echo $u $e'"
    run = deck.start("--yes", "run", path, "--report", os.path.join(deck.env["XDG_STATE_HOME"], "report"))
    wait("it is there", lambda: len(lab.on("n1", node_began, check=False).split()) == 4, 30)
    deadline, ttl, uptime, wall = lab.on("n1", node_began).split()
    out, _ = run.communicate(timeout=60)
    assert run.returncode == 0, out
    report = Report(os.path.join(deck.env["XDG_STATE_HOME"], "report"))
    fault = report["faults"][0]
    journal = {j["state"]: j["time"] for j in deck.journal() if j["id"] == fault["id"]}
    assert abs(millis(fault["active"]) - millis(journal["active"])) < 1 and abs(millis(fault["ended"]) - millis(journal["restored"])) < 1
    # node and operator share a machine here: what the node's clock says can be checked by ours
    armed = float(wall) * 1000 - (float(uptime) * 1000 - (float(deadline) - float(ttl)))
    assert abs(millis(fault["armed"]) - armed) < 50, (fault["armed"], armed)


def test_report_of_hostile_names(lab, deck):
    evil = "<img src=x onerror=alert(1)>'\\\"&"
    path = deck.write('description = "%s";\nprobes = ( { name = "%s"; command = "printf \'<script>alert(2)</script>\\\\033[31m\'"; node = "n1"; } );\n'
                      'steps = ( { expect = "%s"; within = "9s"; } );\n' % (evil, evil, evil))
    done, report = deck.run(path)
    assert report["probes"][0]["value"].startswith("<script>alert(2)</script>?[31m")
    assert "<img" not in report.html and "<script" not in report.html and "\033" not in report.html + done.out


@pytest.mark.long
def test_page_in_a_browser(lab, deck, tmp_path):
    """Wide and on a phone nothing is cut off at the side, and the page asks for nothing."""
    _, report = deck.run("cascading-failure", "step=1s")
    page = os.path.join(report.path, "report.html")
    for width in (1200, 500):
        shot = tmp_path / ("%d.png" % width)
        subprocess.run(["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--user-data-dir=%s" % (tmp_path / "chromium"),
                        "--window-size=%d,3000" % width, "--screenshot=%s" % shot, "file://" + page], check=True, capture_output=True, timeout=120)
        from PIL import Image
        image = Image.open(shot).convert("RGB")
        edge = {image.getpixel((width - 2, y)) for y in range(0, image.height, 7)}
        assert len(edge) == 1, "something is drawn up to the edge at %d" % width
