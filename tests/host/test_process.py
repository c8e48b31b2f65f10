# SPDX-License-Identifier: GPL-2.0-or-later
"""Processes and units: by identity, held down while asked, back as they were."""
import time

import pytest

from deck import wait

PING = "timeout 1 redis-cli ping || true"


def test_hang_and_resume(lab, deck):
    assert lab.on("n1", PING) == "PONG\n"
    done = deck.inject("host.process-hang", "redis-server@n1")
    assert lab.on("n1", PING) == ""
    deck("restore", deck.ident(done))
    assert lab.on("n1", PING) == "PONG\n"


def test_hang_of_all_in_a_unit(lab, deck):
    lab.on("n1", "systemctl stop many; systemd-run -q --collect --unit=many sh -c 'sleep 600 & sleep 601 & wait'")
    deck.sees("many@n1")
    deck.inject("host.process-hang", "many@n1", "scope=all")
    states = "cat /sys/fs/cgroup/system.slice/many.service/cgroup.procs | while read p; do sed -n 's/^State:\\s*\\(.\\).*/\\1/p' /proc/$p/status; done"
    assert set(lab.on("n1", states).split()) == {"T"}
    deck("restore", "--all")
    assert "T" not in lab.on("n1", states)
    lab.on("n1", "systemctl stop many")


def test_hang_of_a_pid_that_is_used_again_hits_nobody(lab, deck):
    pid = lab.on("n1", "setsid sleep 300 >/dev/null 2>&1 & echo $!").strip()
    done = deck.inject("host.process-hang", "pid:%s@n1" % pid)
    lab.on("n1", "kill -9 " + pid)
    deck("restore", deck.ident(done))


@pytest.mark.parametrize("what, why", [
    ("pid:1@n1", "pid 1 is protected"),
    ("ssh@n1", "our own way"),
    ("pid:999999@n1", "there is no process"),
    ("nosuch@n1", "there is no service"),
])
def test_protected(lab, deck, what, why):
    done = deck("--yes", "inject", "host.process-hang", what, code=None)
    assert done.code != 0 and why in done.out + done.err


def test_a_process_that_is_stopped_already_is_left_alone(lab, deck):
    pid = lab.on("n1", "setsid sleep 300 >/dev/null 2>&1 & echo $!").strip()
    lab.on("n1", "kill -STOP " + pid)
    time.sleep(0.2)
    done = deck("--yes", "inject", "host.process-hang", "pid:%s@n1" % pid, code=None)
    assert done.code == 1 and "stopped already" in done.out + done.err
    assert "T" in lab.on("n1", "grep State /proc/%s/status" % pid)
    lab.on("n1", "kill -9 " + pid)


def test_stop_is_held_and_comes_back(lab, deck):
    done = deck.inject("host.service-stop", "redis-server@n1")
    assert "inactive" in lab.on("n1", "systemctl start redis-server; systemctl is-active redis-server || true")
    deck.sees("redis-server@n1", "down")
    deck("restore", deck.ident(done))
    assert lab.on("n1", "systemctl is-active redis-server") == "active\n"


LEAF = r"""
cat >/run/systemd/system/leaf.service <<'EOF'
[Unit]
BindsTo=redis-server.service
After=redis-server.service
[Service]
ExecStart=/bin/sleep 600
EOF
systemctl daemon-reload && systemctl start leaf"""


@pytest.fixture
def leaf(lab):
    lab.on("n1", LEAF)
    yield
    lab.on("n1", "systemctl stop leaf; rm /run/systemd/system/leaf.service; systemctl daemon-reload")


def test_what_depends_on_it_comes_back_too(leaf, lab, deck):
    deck.inject("host.service-stop", "redis-server@n1")
    assert "inactive" in lab.on("n1", "systemctl is-active leaf || true")
    deck("restore", "--all")
    assert lab.on("n1", "systemctl is-active leaf redis-server") == "active\nactive\n"


def test_a_transient_unit_is_refused(lab, deck):
    lab.on("n1", "systemctl stop fleeting; systemd-run -q --collect --unit=fleeting sleep 600")
    deck.sees("fleeting@n1")
    done = deck("--yes", "inject", "host.service-stop", "fleeting@n1", code=None)
    assert done.code == 1 and "transient" in done.out + done.err
    assert lab.on("n1", "systemctl is-active fleeting; systemctl stop fleeting") == "active\n"


def test_what_cannot_be_restored_stays_until_it_is_forced(leaf, lab, deck):
    deck.inject("host.service-stop", "redis-server@n1")
    lab.on("n1", "systemctl mask --runtime leaf 2>/dev/null || ln -sf /dev/null /run/systemd/system/leaf.service; systemctl daemon-reload")
    done = deck("restore", "--all", code=6)
    assert "leaf.service does not run again" in done.out + done.err
    assert deck("list", "injections").of("injection")[-1]["state"] == "unknown"
    deck("restore", "--all", "--force", code=None)
    lab.on("n1", "rm /run/systemd/system/leaf.service; " + LEAF)
    assert lab.on("n1", "ls /run/faultdeck 2>/dev/null; systemctl list-timers --all --no-legend 'faultdeck*'", check=False) == ""


def test_ttl_brings_it_back(lab, deck):
    deck.inject("host.service-stop", "redis-server@n1", "ttl=2s")
    wait("nothing of ours is left", lambda: lab.ours(["n1"]) == "", 30)
    assert lab.on("n1", "systemctl is-active redis-server") == "active\n"


def test_ttl_survives_a_reload_of_units(lab, deck):
    """daemon-reload reads transient units again, also that of our clock."""
    deck.inject("host.net-isolate", "n1", "peer=n2", "ttl=3s")
    lab.on("n1", "systemctl daemon-reload")
    wait("nothing of ours is left", lambda: lab.ours(["n1"]) == "", 30)


@pytest.mark.parametrize("unit", ["ssh", "dbus", "systemd-logind"])
def test_units_of_our_own_way(lab, deck, unit):
    done = deck("--yes", "inject", "host.service-stop", unit + "@n1", code=None)
    assert done.code == 1 and "our own way" in done.out + done.err
    assert lab.on("n1", "systemctl is-active " + unit) == "active\n"


def test_another_operator_restores_from_the_ledger_alone(lab, deck, tmp_path):
    done = deck.inject("host.process-hang", "redis-server@n1")
    other = type(deck)(lab, tmp_path / "other", deck.config)
    other("restore", deck.ident(done))
    assert lab.on("n1", PING) == "PONG\n"
