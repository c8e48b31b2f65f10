# SPDX-License-Identifier: GPL-2.0-or-later
"""Three nodes with a busy firewall of somebody else's; what a fault leaves of it is compared byte for byte."""
import os
import re
import signal
import subprocess
import sys

import pytest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(TOP, "tests", d) for d in ("kvm", "nodes")]

from deck import Deck  # noqa: E402
from nodes import Nodes  # noqa: E402

NODES = ("n1", "n2", "n3")

# What firewalld and docker would have made.
BUSY = r"""
nft -f - <<'EOF'
table inet firewalld {
	set allowed { type ipv4_addr; flags interval; elements = { 10.77.0.0/24, 192.0.2.7 } }
	chain filter_INPUT { type filter hook input priority filter + 10; policy accept; ct state established,related accept; ip saddr @allowed accept; }
	chain filter_OUTPUT { type filter hook output priority filter + 10; policy accept; }
}
table ip raw { chain PREROUTING { type filter hook prerouting priority raw; policy accept; tcp dport 2375 drop; } }
EOF
iptables -N DOCKER; iptables -N DOCKER-USER; iptables -A FORWARD -j DOCKER-USER; iptables -A DOCKER-USER -j RETURN
iptables -t nat -A POSTROUTING -s 172.17.0.0/16 -j MASQUERADE
"""

FOREIGN = r"""
nft list ruleset
iptables-save | grep -v '^#'
tc qdisc show; tc filter show dev eth0
ip -o addr show | sed 's/valid_lft.*//'; ip route; ip -6 route
cat /proc/mounts
sysctl -a --pattern '^net\.ipv[46]\.conf|^vm\.[a-z_]*ratio|^kernel\.panic' 2>/dev/null
find /etc /run/systemd/system -type f ! -name resolv.conf | sort | xargs md5sum
systemctl list-units --all --plain --no-legend --type=service,socket,timer | awk '{ print $1, $2, $3, $4 }' | sort
ls /run/faultdeck 2>&1
"""


class HostDeck(Deck):
    def end(self):
        self("restore", "--all", code=None)

    def ident(self, done):
        return done.of("injection")[-1]["id"]


@pytest.fixture(scope="session")
def lab():
    lab = Nodes(TOP)
    was_up = lab.is_up()
    lab.up("nodes:3")
    for name in NODES:
        if "firewalld" not in lab.on(name, "nft list tables"):
            lab.on(name, BUSY)
        lab.on(name, "systemctl start redis-server")
    yield lab
    if not was_up:
        lab.down()


def foreign(lab, node):
    return lab.on(node, FOREIGN, check=False)


@pytest.fixture
def deck(lab, tmp_path):
    """Batch verbs; afterwards n1 and n2 must be what they were before."""
    before = {name: foreign(lab, name) for name in ("n1", "n2")}
    deck = HostDeck(lab, tmp_path, os.path.join(lab.dir, "nodes.cfg"))
    yield deck
    deck.end()
    for name, text in before.items():
        assert foreign(lab, name) == text


@pytest.fixture
def guarded(lab, tmp_path):
    """guarded(OPERATOR, GUARD, …): batch verbs of an operator with that guard and a journal of its own."""
    with open(os.path.join(lab.dir, "nodes.cfg")) as f:
        nodes = re.sub(r"\nguard = .*", "", f.read())
    made = []

    def make(operator, guard, more=""):
        path = tmp_path / (operator + ".cfg")
        path.write_text(nodes + "guard = {\n%s\n};\n%s\n" % (guard, more))
        made.append(HostDeck(lab, tmp_path / operator, str(path)))
        return made[-1]
    make.guard_line = nodes.count("\n") + 1
    yield make
    for deck in made:
        for p in deck.started:
            if p.poll() is None:
                os.killpg(p.pid, signal.SIGKILL)
            p.communicate()
    if made:
        made[0].end()


def pytest_configure(config):
    subprocess.run(["make", "-s", "-C", TOP, "all"], check=True)
