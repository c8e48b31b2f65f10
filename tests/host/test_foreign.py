# SPDX-License-Identifier: GPL-2.0-or-later
"""What is not ours survives every fault byte for byte, with a firewall, containers' links and shaping of somebody else in place."""
import pytest

from catalogue import begin, faults
from conftest import TOP, changed, wait


@pytest.fixture(scope="module")
def picture(lab):
    """The snapshot that the next fault is measured by."""
    lab.on("n1", "mkdir -p /mnt/d; mount -t tmpfs -o size=64m d /mnt/d; echo keep >/mnt/d/keep")
    yield lab.foreign_of(["n1"])
    lab.on("n1", "umount /mnt/d; rmdir /mnt/d")


@pytest.mark.parametrize("fault", faults(TOP), ids=lambda f: f["fault"])
def test_survives(lab, talk, picture, fault):
    done = begin(talk, fault)
    if done:
        assert done.code == 0 and done.of("injection")[-1]["state"] == "active", done.out
        talk("restore", talk.ident(done))
    assert lab.ours(["n1"]) == ""
    after = lab.foreign_of(["n1"])
    was, picture["n1"] = dict(picture), after["n1"]
    assert changed(was, after) == ""


def test_by_the_ttl_of_all_at_once(lab, talk, picture):
    for fault, target, *more in (("net-isolate", "n1", "peer=n2"), ("net-rate", "n1", "peer=n3"), ("dns-fail", "n1"), ("service-stop", "redis-server@n1"),
                                 ("cpu-load", "n1", "percent=5"), ("disk-fill", "path:/mnt/d@n1", "leave=16")):
        talk.inject("host." + fault, target, *more, "ttl=15s")
    assert lab.ours(["n1"]) != ""
    wait("nothing of ours is left", lambda: lab.ours(["n1"]) == "", 60)
    assert changed(picture, lab.foreign_of(["n1"])) == ""


IN_THE_WAY = [
    # what is there, the fault that it is in the way of, what is said, how it goes
    ("tc qdisc add dev eth0 root handle 5: tbf rate 1gbit burst 1m latency 9ms", ("net-rate", "n1", "peer=n2"), "somebody made", "tc qdisc del dev eth0 root"),
    ("tc qdisc add dev eth0 root handle fd: htb default 0", ("net-rate", "n1", "peer=n2"), "somebody made", "tc qdisc del dev eth0 root"),
    ("p=$(systemctl show -p MainPID --value redis-server); kill -STOP $p", ("process-hang", "redis-server@n1"), "stopped already", "kill -CONT $(systemctl show -p MainPID --value redis-server)"),
    ("systemctl stop redis-server", ("service-stop", "redis-server@n1"), "there is no service", "systemctl start redis-server"),
    ("systemctl stop redis-server", ("process-kill", "redis-server@n1"), "there is no service", "systemctl start redis-server"),
]


@pytest.mark.parametrize("there, fault, said, away", IN_THE_WAY, ids=lambda w: w[0] if isinstance(w, tuple) else "")
def test_in_the_way_is_refused_before_anything_is_changed(lab, talk, picture, there, fault, said, away):
    lab.on("n1", there)
    try:
        if said == "there is no service":
            talk.sees(fault[1], state=None)
        before = lab.foreign_of(["n1"])
        done = talk("--yes", "inject", "host." + fault[0], *fault[1:], code=1)
        assert said in done.out, done.out
        assert changed(before, lab.foreign_of(["n1"])) == "" and lab.ours(["n1"]).replace("qdisc htb fd: dev eth0 root", "").count("faultdeck") == 0
    finally:
        lab.on("n1", away)
