# SPDX-License-Identifier: GPL-2.0-or-later
"""api-delay, with a kernel that has netem. kvm2 has no Java: its management server is a stand-in that is named like one,
started like one, and answers at its port; what is delayed is the real thing."""
import statistics

import pytest

from deck import wait
from outside import V4, V6
from talk import Talk
from ways import SERVER

pytestmark = pytest.mark.long

CONFIG = """
ssh_config = "%s/ssh_config";
nodes = ( { name = "kvm2"; host = "10.77.0.22"; user = "root"; roles = ( "management" ); disposable = true; } );
"""
# the time of a whole call on the node itself, by its own address or the loopback
LOCAL = r"""perl -MIO::Socket::IP -MTime::HiRes=time -e '$t = time; $s = IO::Socket::IP->new(PeerHost => "%s", PeerPort => 8080) or die;
print $s "GET /x HTTP/1.0\r\n\r\n"; $s->flush; 1 while <$s>; print time - $t'"""


@pytest.fixture
def deck(lab, tmp_path):
    (tmp_path / "c.cfg").write_text(CONFIG % lab.dir)
    lab.on("kvm2", SERVER)
    deck = Talk(lab, tmp_path, str(tmp_path / "c.cfg"))
    deck.sees("ms@kvm2")
    yield deck
    deck("restore", "--all", code=None)
    deck.kill()
    lab.on("kvm2", "pkill -x java; rm -rf /run/standin")


def call(ask, tries=5):
    return statistics.median(ask() for _ in range(tries))


def test_api_delay(lab, deck):
    """500 ms within 5 % in the median, once an answer, for clients from outside by both protocols and on the node itself; nobody else."""
    asks = {a: lambda a=a: lab.answers(8080, address=a) for a in (V4, V6)}
    asks.update({a + " there": lambda a=a: float(lab.on("kvm2", LOCAL % a)) for a in ("127.0.0.1", "::1", V4)})
    before = {name: call(ask) for name, ask in asks.items()}
    qdiscs = lab.on("kvm2", "tc qdisc show")
    done = deck("--yes", "cloudstack", "api-delay", "500", "ttl=5m")  # that is asked 25 times
    assert done.of("injection")[-1]["target"] == "ms@kvm2" and done.of("injection")[-1]["params"] == "ms=500"
    added = {name: call(ask) - before[name] for name, ask in asks.items()}
    assert all(0.475 < s < 0.525 for s in added.values()), (added, before)
    assert lab.answers(8250) < 0.4 and lab.answers() < 0.4 and lab.ping() < 400
    other = Talk(lab, deck.env["XDG_STATE_HOME"] + "/other", deck.config)
    for _ in range(2):
        other("restore", done.of("injection")[-1]["id"])
        assert lab.on("kvm2", "tc qdisc show") == qdiscs
    other.kill()
    deck("--yes", "cloudstack", "api-delay", "500")
    deck("cloudstack", "api-delay-clear")
    assert lab.on("kvm2", "tc qdisc show") == qdiscs
    assert all(call(ask, 3) - before[name] < 0.2 for name, ask in asks.items())


def test_ttl_and_foreign(lab, deck):
    qdiscs = lab.on("kvm2", "tc qdisc show")
    deck("--yes", "cloudstack", "api-delay", "700", "ttl=15s")
    deck.kill()
    wait("the node has ended it by itself", lambda: lab.on("kvm2", "tc qdisc show") == qdiscs, 40)
    lab.on("kvm2", "tc qdisc add dev lo root handle 7: prio")
    try:
        refused = deck("--yes", "cloudstack", "api-delay", "700", code=1)
        assert "somebody made" in refused.out and "fd:" not in lab.on("kvm2", "tc qdisc show")
    finally:
        lab.on("kvm2", "tc qdisc del dev lo root")
