# SPDX-License-Identifier: GPL-2.0-or-later
"""An operator on the node itself, host = "local": the same faults, ledger, TTL and restores, as root and by sudo."""
import os
import re
import shlex
import subprocess

import pytest

from conftest import TOP
from deck import Result, wait

HOME = "/usr/local/lib/fdlocal"
CONFIG = """nodes = ( { name = "me"; host = "local"; roles = ( "node" ); disposable = true; } );
guard = { quorum = true; };
probes = ( { name = "redis here"; command = "redis-cli ping"; node = "me"; } );
"""


def ship(lab):
    """The binary of this tree with its libraries and their loader: the node's own may be of another release."""
    ldd = subprocess.run(["ldd", os.path.join(TOP, "build/faultdeck")], check=True, capture_output=True, text=True).stdout
    files = [os.path.realpath(f) for f in re.findall(r"(/\S+) \(", ldd)]
    names = ["--transform=s,^%s$,%s," % (f.lstrip("/"), os.path.basename(link))
             for f, link in zip(files, re.findall(r"(/\S+) \(", ldd))]
    tar = subprocess.run(["tar", "-C", "/", "-ch", *names, "--transform=s,^.*/,,", os.path.join(TOP, "build/faultdeck").lstrip("/"),
                          *[f.lstrip("/") for f in files]], check=True, capture_output=True).stdout
    ssh = ["ctl", "ssh", "-F", os.path.join(lab.dir, "ssh_config"), "-l", "root", "n1"]
    subprocess.run([lab.lab, *ssh, "mkdir -p %s && tar -x -C %s" % (HOME, HOME)], input=tar, check=True, cwd=TOP, env=lab.env)
    lab.on("n1", "printf '%%s' %s >%s/local.cfg; chmod 755 %s" % (shlex.quote(CONFIG), HOME, HOME))


@pytest.fixture(scope="module")
def shipped(lab):
    ship(lab)
    yield
    lab.on("n1", "rm -rf %s /tmp/fdlocal-*" % HOME)


class Local:
    """Batch verbs that run on n1."""

    def __init__(self, lab, user):
        self.lab, self.user = lab, user

    def line(self, *verbs):
        return "XDG_STATE_HOME=/tmp/fdlocal-%s %s/ld-linux-x86-64.so.2 --library-path %s %s/faultdeck -c %s/local.cfg --batch --format json %s" % (
            self.user, HOME, HOME, HOME, HOME, " ".join(map(shlex.quote, verbs)))

    def __call__(self, *verbs, code=0):
        out = self.lab.on("n1", self.line(*verbs) + "; echo exit $?", user=self.user, limit=90)
        done = Result(int(out.rsplit("exit ", 1)[1]), out, "")
        assert code is None or done.code == code, out
        return done

    def inject(self, *words, code=0):
        return self("--yes", "inject", *words, code=code)


@pytest.fixture(params=["root", "admin"])
def local(lab, shipped, request):
    local = Local(lab, request.param)
    yield local
    if "faultdeck" in lab.on("n1", "ls /run"):
        local("restore", "--all", code=None)


FAULTS = {
    "isolate": (("host.net-isolate", "me", "peer=10.77.0.102"), "ping -c1 -W1 10.77.0.102 >/dev/null && echo works || echo fails", "fails"),
    "stop": (("host.service-stop", "redis-server@me"), "systemctl is-active redis-server || true", "inactive"),
    "hang": (("host.process-hang", "redis-server@me"), "timeout 1 redis-cli ping || echo fails", "fails"),
    "cpu": (("host.cpu-load", "me", "workers=1", "percent=20"), "systemctl list-units --plain --no-legend 'faultdeck-*-keep.service' | awk '{ print $3 }'", "active"),
}


@pytest.mark.parametrize("user, fault", [*[("root", fault) for fault in FAULTS], ("admin", "isolate"), ("admin", "stop")])
def test_the_same_faults_and_restores(lab, shipped, user, fault):
    words, look, want = FAULTS[fault]
    local = Local(lab, user)
    before = lab.on("n1", look).strip()
    done = local.inject(*words, "reason=from here").of("injection")[-1]
    assert done["state"] == "active" and done["owner"] == local.user + "@n1" and done["purpose"] == "from here"
    assert lab.on("n1", look).strip() == want
    assert "from here" in lab.on("n1", "cat /run/faultdeck/%s/meta" % done["id"])
    assert local("restore", done["id"]).one("injection")["state"] == "restored"
    assert lab.on("n1", look + "; ls /run/faultdeck 2>/dev/null || true").strip() == before


def test_killed_it_ends_by_its_ttl(lab, local):
    line = local.line("--yes", "inject", "host.dns-fail", "me", "ttl=4s", "--wait")
    lab.on("n1", "(%s) >/tmp/fdlocal-out 2>&1 & p=$!; until grep -q '\"active\"' /tmp/fdlocal-out; do sleep 0.1; done; kill -9 $(pgrep -P $p) $p; rm /tmp/fdlocal-out" % line,
           user=local.user)
    wait("the node ended it", lambda: "faultdeck" not in lab.on("n1", "ls /run"), 30)
    assert local("list", "injections").one("injection")["state"] == "expired"


def test_a_second_operator_over_ssh_sees_and_restores(lab, local, guarded):
    bob = guarded("bob", "quorum = true;")
    ident = local.inject("host.net-isolate", "me", "peer=10.77.0.102", "reason=seen by bob").of("injection")[-1]["id"]
    seen = bob.injection(ident)
    assert (seen["owner"], seen["purpose"], seen["fault"], seen["state"]) == (local.user + "@n1", "seen by bob", "host.net-isolate", "active")
    bob.inject("host.dns-fail", "n2", code=5)  # the guard counts it
    assert bob("restore", ident).one("injection")["state"] == "restored"
    assert "faultdeck" not in lab.on("n1", "ls /run; nft list tables")
    now = local("list", "injections").one("injection")
    assert (now["state"], now["reason"]) == ("restored", "restored on the node, not by this console")
    # and the other way round
    ident = bob.ident(bob.inject("host.dns-fail", "n1"))
    assert local("restore", ident).one("injection")["state"] == "restored"


def test_probes_and_guard_are_there_too(local):
    found = local("status").one("probe")
    assert (found["state"], found["value"], found["node"]) == ("holds", "PONG", "me")
    plan = local("--dry-run", "inject", "host.dns-fail", "me").one("plan")
    assert plan["guard"].endswith("me is the only node with the role node")


def test_without_root_nothing_is_possible_and_said(lab, shipped):
    ops = Local(lab, "ops")
    done = ops("--yes", "inject", "host.dns-fail", "me", code=None)
    assert done.code != 0 and "not root on me" in done.out
