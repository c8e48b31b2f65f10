# SPDX-License-Identifier: GPL-2.0-or-later
"""A hundred sshd nodes, a crowd of a thousand that answer by heart, and servers that hang or lie."""
import os
import resource
import shutil
import subprocess
import sys

import pytest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HERE = os.path.join(TOP, "tests/scale")
sys.path[:0] = [os.path.join(TOP, "tests", d) for d in ("kvm", "nodes", "tui")]

from deck import Deck, wait  # noqa: E402, F401
from nodes import Nodes  # noqa: E402

MODES = {"answer": 22001, "kex": 22003, "auth": 22004, "open": 22005, "exec": 22006, "output": 22007}


class Scale(Deck):
    """Batch verbs on a cluster.cfg of our own; knows how much memory the last one took."""

    def __call__(self, *verbs, code=0, text=False, limit=120, **kw):
        was = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        result = super().__call__(*verbs, code=code, text=text, limit=limit, **kw)
        now = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        result.rss_below = now if now > was else was  # of the largest child yet: an upper bound
        return result

    def end(self):
        for p in self.started:
            if p.poll() is None:
                os.killpg(p.pid, 9)
            p.communicate()


@pytest.fixture(scope="session")
def lab():
    lab = Nodes(TOP)
    was_up = lab.is_up()
    lab.up("load:100", "nodes:2")
    yield lab
    if not was_up:
        lab.down()


def keys(directory):
    for name in ("hostkey", "key"):
        if not os.path.exists(os.path.join(directory, name)):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", os.path.join(directory, name)], check=True)


def ssh_config(directory):
    """One for the stand-ins, and the host key that all of them have."""
    with open(os.path.join(directory, "hostkey.pub")) as f:
        key = " ".join(f.read().split()[:2])
    with open(os.path.join(directory, "known_hosts"), "w") as f:
        f.write("".join("[127.*]:%d %s\n" % (port, key) for port in range(22001, 22020)))
    path = os.path.join(directory, "ssh_config")
    with open(path, "w") as f:
        f.write("Host *\n IdentityFile %s/key\n IdentitiesOnly yes\n UserKnownHostsFile %s/known_hosts\n"
                " GlobalKnownHostsFile /dev/null\n User root\n" % (directory, directory))
    return path


def start(lab, *argv, ready):
    """A server where the operator sits; READY is the word that it says."""
    p = subprocess.Popen([lab.lab, "ctl", *argv], cwd=TOP, env=lab.env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    for line in p.stdout:
        if ready in line:
            return p
    raise AssertionError("%s did not start" % argv[0])


@pytest.fixture(scope="session")
def crowd(lab, tmp_path_factory):
    """The stand-in server; what it is made for costs a thousand nodes two seconds."""
    directory = str(tmp_path_factory.mktemp("crowd"))
    keys(directory)
    exe = os.path.join(directory, "crowd")
    subprocess.run(["gcc", "-std=gnu11", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", "-Werror", "-pthread", "-o", exe,
                    os.path.join(HERE, "crowd.c"), "-lssh"], check=True)
    ssh_config(directory)
    server = start(lab, exe, directory + "/hostkey", *("%d:%s" % (p, m) for m, p in MODES.items()), ready="ready")
    yield directory
    server.kill()
    server.wait()


def write_config(path, ssh, nodes, more=""):
    """NODES: (name, host, port)."""
    text = ",\n".join('\t{ name = "%s"; host = "%s"; port = %d; user = "root"; disposable = true; }' % n for n in nodes)
    with open(path, "w") as f:
        f.write('cluster = "scale";\nssh_config = "%s";\nnodes = (\n%s\n);\n%s\n' % (ssh, text, more))
    return str(path)


@pytest.fixture
def many(lab, crowd, tmp_path):
    """many(N, hung): a deck of N nodes of the crowd; HUNG names the way in which every tenth hangs, three tenths in all."""
    decks = []

    def make(n, hung=()):
        ports = [MODES["answer"]] * n
        for i in range(n):
            if hung and i % 10 < 3:
                ports[i] = MODES[hung[(i // 10 * 3 + i % 10) % len(hung)]]
        nodes = [("c%d" % (i + 1), "127.2.%d.%d" % (i // 250, i % 250 + 1), port) for i, port in enumerate(ports)]
        deck = Scale(lab, tmp_path, write_config(tmp_path / "crowd.cfg", crowd + "/ssh_config", nodes))
        decks.append(deck)
        return deck

    yield make
    for deck in decks:
        deck.end()


def with_marks(lab, tmp_path, source):
    shutil.copytree(os.path.join(HERE, "mark"), tmp_path / "mark")
    with open(os.path.join(lab.dir, source)) as f:
        (tmp_path / source).write_text(f.read() + 'backends = ( "mark" );\n')
    return Scale(lab, tmp_path, str(tmp_path / source))


def ledgers(lab):
    """What l1… still have: entries, and the marks that a fault left. Root's shell there sees one node alone."""
    return lab.on("load", "sudo sh -c 'cd /run/load && ls -d */faultdeck/* */mark-* 2>/dev/null || true'", user="admin").split()


@pytest.fixture
def load(lab, tmp_path):
    """The real sshd nodes l1…l100 with the backend `mark`; nothing is left on them."""
    deck = with_marks(lab, tmp_path, "load.cfg")
    yield deck
    deck.end()
    if ledgers(lab):
        deck("restore", "--all", "--force", code=None, limit=200)


@pytest.fixture
def pair(lab, tmp_path):
    """n1 and n2, with a systemd and the backend `mark`."""
    deck = with_marks(lab, tmp_path, "nodes.cfg")
    yield deck
    deck.end()
    deck("restore", "--all", "--force", code=None)


@pytest.fixture
def deaf(lab):
    """A port that completes no connection: its queue is full, so that SYNs are dropped."""
    script = ("import socket, time\ns = socket.socket(); s.bind(('127.4.0.1', 0)); s.listen(0)\n"
              "c = [socket.socket() for _ in range(8)]\n"
              "for x in c: x.setblocking(False); x.connect_ex(s.getsockname())\n"
              "print('port', s.getsockname()[1], flush=True); time.sleep(600)")
    p = subprocess.Popen([lab.lab, "ctl", "/usr/bin/python3", "-c", script], cwd=TOP, env=lab.env, text=True, stdout=subprocess.PIPE)
    yield int(p.stdout.readline().split()[1])
    p.kill()
    p.wait()


def pytest_configure(config):
    subprocess.run(["make", "-s", "-C", TOP, "all"], check=True)
