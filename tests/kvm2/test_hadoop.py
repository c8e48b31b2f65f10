# SPDX-License-Identifier: GPL-2.0-or-later
"""The delays of the hadoop backend, with a kernel that has netem. kvm2 has no Java: its DataNode is a stand-in that is named
like one, started like one, and serves at its port; what is delayed is the real thing."""
import pytest

from outside import SLOW
from talk import Talk
from ways import DATANODE

pytestmark = pytest.mark.long

CONFIG = """
ssh_config = "%s/ssh_config";
nodes = ( { name = "kvm2"; host = "10.77.0.22"; user = "root"; roles = ( "datanode" ); disposable = true; } );
"""


@pytest.fixture
def deck(lab, tmp_path):
    (tmp_path / "c.cfg").write_text(CONFIG % lab.dir)
    lab.on("kvm2", DATANODE)
    deck = Talk(lab, tmp_path, str(tmp_path / "c.cfg"))
    deck.sees("dn@kvm2")
    yield deck
    deck("restore", "--all", code=None)
    deck.kill()
    lab.on("kvm2", "pkill -x java; rm -rf /run/standin")


def restored(lab, deck, *words):
    deck(*words)
    assert "netem" not in lab.on("kvm2", "tc qdisc show") and lab.quick() and lab.quick(9866)


def test_delay_as_the_original_script_called_it(lab, deck):
    assert lab.quick() and lab.ping() < 1000 * SLOW
    deck("--yes", "cluster", "inject-delay", "%dms" % (1000 * SLOW))
    assert lab.slow() and lab.slow(9866) and lab.ping() > 1000 * SLOW and lab.quick(22)
    restored(lab, deck, "cluster", "clear-delay")


def test_a_slow_datanode(lab, deck):
    assert lab.quick(9866)
    ident = deck.ident(deck.inject("hadoop.datanode-slow", "dn@kvm2", "ms=%d" % (1000 * SLOW)))
    assert lab.slow(9866) and lab.quick() and lab.ping() < 1000 * SLOW
    restored(lab, deck, "restore", ident)
