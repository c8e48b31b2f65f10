# SPDX-License-Identifier: GPL-2.0-or-later
"""An act, and an undo, that says yes and does nothing is found: each fault of the catalogue looks itself."""
import pytest

from catalogue import begin, faults
from conftest import TOP

PATIENT = ("host.memory-fill", "host.disk-fill")  # with the act, for 30 s


def state(done):
    return done.of("injection")[-1]["state"]


@pytest.mark.parametrize("fault", [pytest.param(f, id=f["fault"], marks=[pytest.mark.long] * (f["fault"] in PATIENT)) for f in faults(TOP)])
def test_an_act_that_did_nothing(lab, deck, disk, fault):
    with lab.lying("n1", "do_"):
        done = begin(deck, fault)
    assert not done or done.code == 1 and state(done) == "failed", done.out
    assert lab.ours(["n1"]) == ""


@pytest.mark.parametrize("fault", faults(TOP), ids=lambda f: f["fault"])
def test_an_undo_that_did_nothing(lab, deck, disk, fault):
    with lab.lying("n1", "undo_"):
        done = begin(deck, fault)
        assert not done or state(done) == "active" and state(deck("restore", deck.ident(done), code=6)) == "unknown", done.out
    assert not done or state(deck("restore", deck.ident(done))) == "restored"
    assert lab.ours(["n1"]) == ""
