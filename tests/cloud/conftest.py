# SPDX-License-Identifier: GPL-2.0-or-later
"""A cloud of two nodes, seen from its own side: the API as a client has it, the tables, the storage, libvirt."""
import os
import subprocess
import sys
import time

import pytest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(TOP, "tests", d) for d in ("kvm", "nodes")]

from deck import Deck, Pipe, wait  # noqa: E402
from nodes import Nodes  # noqa: E402

LIMIT = 60
POOL = "/mnt/6e3f1c2a-9d41-4c0e-8a57-2b1f0d9e4c11"
WHERE = {"ms": "mgmt", "usage": "mgmt", "mysql": "mgmt", "nfs": "mgmt", "agent": "cs1", "libvirt": "cs1"}
SIGNED = "/client/api?command=listHosts&response=json&apiKey=k&signature=s"
UNSIGNED = "/client/api?command=listCapabilities&response=json"


class Cloud(Nodes):
    def __init__(self, top):
        super().__init__(top)
        ssh = ["ssh", "-F", os.path.join(self.dir, "ssh_config"), "-o", "ServerAliveInterval=5", "-l", "root"]
        # one shell a node for all questions
        self.shells = {n: Pipe([self.lab, "ctl", *ssh, n, "sh"], top, self.env) for n in ("mgmt", "cs1", "cs2")}

    def on(self, node, script, check=True, limit=60):
        said, found = self.shells[node].ask("( %s\n) </dev/null 2>&1; printf '\\n@%%s is the end\\n' $?\n" % script, rb"\n@(\d+) is the end\n", limit)
        assert not check or found.group(1) == b"0", "%s: status %s: %s" % (script, found.group(1).decode(), said)
        return said

    def end(self):
        for shell in self.shells.values():
            shell.end()

    def call(self, path=UNSIGNED, limit=2, host="10.77.0.30"):
        """A call as a client makes it: status (0: none), body, seconds."""
        done = self.run("ctl", "curl", "-sg", "-m", str(limit), "-w", "\n%{http_code} %{time_total}", "http://%s:8080%s" % (host, path), check=False, capture_output=True)
        body, _, last = done.stdout.rpartition("\n")
        code, took = last.split()
        return int(code), body, float(took)

    def sql(self, text):
        return self.on("mgmt", "timeout 5 mariadb -NBe \"%s\"" % text, check=False).strip()

    def host(self):
        return self.sql("SELECT status FROM cloud.host WHERE name = 'cs1'")

    def beats(self):
        return self.sql("SELECT last_update FROM cloud.mshost WHERE id = 1")

    def usage_beats(self):
        return self.sql("SELECT heartbeat FROM cloud_usage.usage_job")

    def goes_on(self, what, seconds=4):
        """Does what WHAT() says change within SECONDS?"""
        first, end = what(), time.monotonic() + seconds
        while time.monotonic() < end:
            if what() != first:
                return True
            time.sleep(0.2)
        return False

    def virsh(self):
        return "running" in self.on("cs1", "timeout 3 virsh -q list --state-running", check=False)

    def guest(self):
        return self.on("cs1", "pgrep -x qemu-system-x86 || pgrep -f guest=i-2-3-VM", check=False).split()

    def nfs(self):
        """A client's write and read."""
        return "read\n" in self.on("mgmt", "echo read >/run/put && timeout 5 nfs-cp /run/put 'nfs://127.0.0.1/export/put?version=4' >/dev/null 2>&1; [ $? != 124 ] && "
                                   "timeout 3 nfs-cat 'nfs://127.0.0.1/export/put?version=4' 2>/dev/null", check=False)

    def answers(self, what):
        """Is WHAT well, as its own clients see it?"""
        return {
            "ms": lambda: self.call()[0] == 401,
            "agent": lambda: self.host() == "Up",
            "usage": lambda: self.goes_on(self.usage_beats),
            "mysql": lambda: self.sql("SELECT 7") == "7" and '"state":"' in self.call(SIGNED)[1],
            "libvirt": self.virsh,
            "nfs": self.nfs,
        }[what]()

    def connected(self):
        return "8250" in self.on("cs1", "ss -Htn state established dport = :8250")

    def whole(self):
        """The table alone would do for a host whose management server was killed: its agent is connected, too."""
        return self.call()[0] == 401 and self.connected() and self.host() == "Up" and self.virsh() and "rw," in self.on("cs1", "grep ' %s ' /proc/mounts" % POOL)


class CloudDeck(Deck):
    nodes = ("mgmt", "cs1")
    was_refused = False

    def end(self):
        super().end()
        refused, self.was_refused = self.was_refused, False
        try:
            assert not refused or not self("list", "injections").of("injection")
        finally:
            if self.left():  # to ask the nodes is quicker than to restore nothing
                self("restore", "--all", code=None, limit=200)

    def left(self):
        """What the nodes' ledgers hold."""
        return "".join(self.lab.on(node, "ls -A /run/faultdeck 2>/dev/null", check=False) for node in self.nodes)

    def __call__(self, *verbs, limit=200, **kw):
        return super().__call__(*verbs, limit=limit, **kw)

    def break_(self, fault, *words):
        return self.ident(self.inject("cloudstack." + fault, *words, "ttl=5m"))

    def refused(self, *words, code=None):
        """What is said where nothing is injected: on the nodes now, in the journal at the end."""
        done = self(*words, code=code)
        self.was_refused = True
        assert done.code and self.left() == "", done.out
        return done.out + done.err

    def services(self):
        return {s["service"]: s for s in self("cloudstack", "list").of("service")}

    def storage(self):
        return {s["path"]: s for s in self("cloudstack", "list").of("storage")}


@pytest.fixture(scope="session")
def lab():
    lab = Cloud(TOP)
    was_up = lab.is_up()
    lab.up("cloud")
    yield lab
    lab.end()
    if not was_up:
        lab.down()


@pytest.fixture
def deck(lab, tmp_path):
    """Batch verbs; before and afterwards the cloud is whole."""
    wait("the cloud is whole", lab.whole, LIMIT)
    deck = CloudDeck(lab, tmp_path, os.path.join(lab.dir, "cloud.cfg"))
    yield deck
    deck.end()
    wait("the cloud is whole again", lab.whole, LIMIT)


def pytest_configure(config):
    subprocess.run(["make", "-s", "-C", TOP, "all"], check=True)
