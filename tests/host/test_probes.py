# SPDX-License-Identifier: GPL-2.0-or-later
"""Probes on real nodes: what they say, and that a failed abort probe restores everything and blocks."""
import os
import shutil
import time

import pytest

from conftest import TOP, HostDeck
from deck import wait

ALIVE = """{ name = "redis answers"; command = "redis-cli ping"; node = "n1"; interval = "1s"; timeout = "2s"; unit = "word"; abort = true; }"""
PORT = """{ name = "redis port"; tcp = "10.77.0.101:6379"; interval = "1s"; timeout = "1s"; abort = true; }"""
ALL = """
probes = (
	%s,
	{ name = "ssh port"; tcp = "10.77.0.101:22"; },
	{ name = "closed port"; tcp = "10.77.0.101:9"; },
	{ name = "no such host"; tcp = "no-such-host.invalid:9"; timeout = "1s"; },
	{ name = "load"; metric = "load"; of = "n2"; expect = ">= 0"; },
	{ name = "little memory"; metric = "mem_total"; of = "n2"; expect = "< 1"; unit = "B"; },
	{ name = "hangs"; command = "sleep 60"; node = "n1"; timeout = "1s"; },
	{ name = "hangs here"; command = "sleep 60"; node = "local"; timeout = "1s"; },
	{ name = "odd 'words' $HOME"; command = "printf \\"it's \\\\033[31m red\\\\n\\\\nand more\\""; node = "local"; },
	{ name = "no command"; command = "no-such-command"; node = "n2"; },
	{ name = "floods"; command = "yes"; node = "n2"; timeout = "2s"; },
	{ name = "not there"; metric = "load"; of = "n3"; expect = "< 100"; }
);""" % ALIVE


def probes(deck, code=0):
    return {p["probe"]: p for p in deck("status", code=code).of("probe")}


def test_status_says_what_each_found(lab, guarded):
    began = time.monotonic()
    found = probes(guarded("ada", "", ALL))
    assert time.monotonic() - began < 20  # one that hangs costs its own time, not a minute
    says = {name: (p["state"], p["value"]) for name, p in found.items()}
    assert says["redis answers"] == ("holds", "PONG") and found["redis answers"]["unit"] == "word"
    assert says["ssh port"][0] == "holds" and says["ssh port"][1].endswith(" ms")
    assert says["closed port"][0] == "failed" and "refused" in says["closed port"][1]
    assert says["no such host"][0] in ("unknown", "failed")
    assert says["load"][0] == "holds" and says["load"][1] >= 0
    assert says["little memory"][0] == "failed" and says["little memory"][1] > 1e6
    assert says["hangs"] == says["hangs here"] == ("failed", "no answer in time")
    assert says["odd 'words' $HOME"] == ("holds", "it's ?[31m red")
    assert says["no command"][0] == "unknown" and "not found" in says["no command"][1]
    assert says["floods"] == ("unknown", "it prints more than is read")
    assert lab.on("n1", "pgrep -f 'sleep 6[0]' || true") == ""


def test_an_abort_probe_that_does_not_hold_lets_nothing_begin(lab, guarded):
    ada = guarded("ada", "", "probes = ( %s );" % ALIVE)
    lab.on("n1", "systemctl stop redis-server")
    try:
        done = ada.inject("host.dns-fail", "n2", code=5)
        assert 'abort probe "redis answers" (%s:' % ada.config in done.of("error")[0]["message"]
        assert "failed: Could not connect" in done.of("error")[0]["message"]
    finally:
        lab.on("n1", "systemctl start redis-server")
    wait("it holds again", lambda: probes(ada)["redis answers"]["state"] == "holds", 20)
    assert ada.inject("host.dns-fail", "n2").one("injection")["state"] == "active"


@pytest.mark.parametrize("probe", [ALIVE, PORT], ids=["command", "tcp"])
def test_it_restores_everything_by_itself(lab, guarded, probe):
    lab.on("n1", "redis-cli config set bind '0.0.0.0'; redis-cli config set protected-mode no")
    ada, bob = guarded("ada", "", "probes = ( %s );" % probe), guarded("bob", "")
    other = bob.ident(bob.inject("host.dns-fail", "n2"))
    assert lab.on("n1", "redis-cli ping") == "PONG\n"
    began = time.monotonic()
    done = ada("--yes", "inject", "host.service-stop", "redis-server@n1", "ttl=300s", "--wait", code=7)
    assert time.monotonic() - began < 60
    error = done.of("error")[0]["message"]
    assert error.startswith('abort probe "redis ') and "failed" in error and "everything is restored" in error
    last = done.of("injection")[-1]
    assert last["state"] == "restored" and last["reason"].startswith("abort probe")
    assert done.of("probe")[0]["state"] == "failed" and done.lines[-1]["done"] == 1
    assert lab.on("n1", "systemctl is-active redis-server; redis-cli ping") == "active\nPONG\n"
    # everything: the nodes were asked, another operator's too
    assert (bob.injection(other) or {"state": "restored"})["state"] == "restored"
    assert "faultdeck" not in lab.on("n2", "ls /run")


def test_a_node_that_tells_nothing_counts_after_three_tries(lab, guarded):
    metric = '{ name = "n2 is idle"; metric = "load"; of = "n2"; expect = "< 1000"; abort = true; }'
    ada = guarded("ada", "", "probes = ( %s );" % metric)
    wait_for = ada.start("--yes", "inject", "host.dns-fail", "n1", "ttl=300s", "--wait")
    wait("it is active", lambda: "faultdeck" in lab.on("n1", "ls /run"), 30)
    lab.on("n2", "systemd-run --collect --unit=no-ssh sh -c 'systemctl stop ssh; pkill -KILL sshd; sleep 15; systemctl start ssh'", check=False)
    out, _ = wait_for.communicate(timeout=90)
    wait("n2 is back", lambda: lab.on("n2", "systemctl is-active no-ssh", check=False) == "inactive\n", 60)
    assert wait_for.returncode == 7, out
    assert "told nothing three times" in out
    assert "faultdeck" not in lab.on("n1", "ls /run")


def test_probes_of_a_manifest(guarded, tmp_path):
    """A directory of manifest and sh files brings its probes: on the nodes that have the component."""
    shutil.copytree(os.path.join(TOP, "examples/redis"), tmp_path / "redis")
    ada = guarded("ada", "", 'backends = ( "redis" );')
    found = probes(ada)
    assert found["redis.answers@n1"]["state"] == "holds" and found["redis.answers@n1"]["value"] == "PONG"
    ada.inject("host.service-stop", "redis-server@n1")
    assert probes(ada)["redis.answers@n1"]["state"] == "failed"
    ada("restore", "--all")
    assert probes(ada)["redis.answers@n1"]["state"] == "holds"


@pytest.mark.parametrize("probe, says", [
    ('{ name = "a"; }', "probes[0].command: expected one of command, tcp, metric"),
    ('{ name = "a"; command = "true"; }', "probes[0].node: is missing: a node, or"),
    ('{ name = "a"; command = "true"; node = "n9"; }', "probes[0].node: there is no node"),
    ('{ name = "a"; tcp = "host"; }', "probes[0].tcp: expected"),
    ('{ name = "a"; metric = "load"; of = "n1"; }', "probes[0].expect: is missing"),
    ('{ name = "a"; metric = "load"; of = "n1"; expect = "about 5"; }', "probes[0].expect: expected <"),
    ('{ name = "a"; metric = "lod"; of = "n1"; expect = "< 5"; }', "probes[0].metric: there is no metric"),
    ('{ name = "a"; tcp = "h:1"; timeout = "2m"; }', "probes[0].timeout: expected a time from 1s to 1m"),
    ('{ name = "a"; tcp = "h:1"; abrt = true; }', "probes[0].abrt: unknown key, did you mean abort?"),
])
def test_mistakes_with_file_and_line(guarded, probe, says):
    ada = guarded("ada", "", "probes = (\n%s\n);" % probe)
    done = ada("list", "faults", code=3)
    assert "%s:%d: %s" % (ada.config, guarded.guard_line + 4, says) in done.of("error")[0]["message"]
