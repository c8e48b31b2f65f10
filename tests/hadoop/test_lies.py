# SPDX-License-Identifier: GPL-2.0-or-later
"""An act, and an undo, that says yes and does nothing is found: each fault looks itself."""
import pytest

from conftest import at

pytestmark = pytest.mark.long
# of each fault, and of a daemon each way in which it is looked for again
KINDS = [("crash", at("nn")), ("crash", at("dn")), ("crash", at("rm")), ("crash", at("nm")), ("crash", at("snn")), ("crash", at("jhs")), ("hang", at("nn")),
         ("hang", at("nm")), ("hang", at("jhs")), ("network", "slave1"), ("hdfs-safe", at("nn")), ("yarn-health", "nm@slave1"), ("yarn-health", "nm@slave2"),
         ("gc-pause", at("rm")), ("checkpoint-block", at("snn"))]
# what a node has of ours beside the ledger
OURS = ("nft list tables; ls -d /run/faultdeck/* /run/systemd/system/*.d/faultdeck-* 2>/dev/null; grep -e /health.sh -e /hadoop/local /proc/mounts; "
        "systemctl list-units --plain --no-legend 'faultdeck-*'; ps -C java -o stat= | grep T; true")


def state(done):
    return done.of("injection")[-1]["state"]


@pytest.mark.parametrize("fault, target", KINDS)
def test_an_act_that_did_nothing(lab, deck, fault, target):
    node = target.split("@")[-1]
    with lab.lying(node, "do_"):
        assert state(deck.inject("hadoop." + fault, target, code=1)) == "failed"
    assert lab.on(node, OURS) == "" and lab.whole()


@pytest.mark.parametrize("fault, target", KINDS)
def test_an_undo_that_did_nothing(lab, deck, fault, target):
    node = target.split("@")[-1]
    with lab.lying(node, "undo_"):
        ident = deck.break_(fault, target)
        assert lab.on(node, OURS) != ""
        assert state(deck("restore", ident, code=6)) == "unknown"
    deck.restored(ident)
    assert lab.on(node, OURS) == ""
