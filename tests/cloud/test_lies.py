# SPDX-License-Identifier: GPL-2.0-or-later
"""An act, and an undo, that says yes and does nothing is found: each fault looks itself."""
import pytest

from conftest import LIMIT, wait
from test_operators import KINDS, states, well

QUICK = (("crash", "agent@cs1"), ("hang", "usage@mgmt"))


def state(done):
    return done.of("injection")[-1]["state"]


@pytest.mark.parametrize("kind", KINDS, ids=lambda k: "-".join(k).replace("/", "_"))
def test_an_act_that_did_nothing(lab, deck, kind):
    before = states(lab)
    with lab.lying(kind[1].split("@")[1], "do_"):
        assert state(deck.inject("cloudstack." + kind[0], *kind[1:], code=1)) == "failed"
    assert states(lab) == before


@pytest.mark.parametrize("kind", [pytest.param(k, id="-".join(k).replace("/", "_"), marks=[pytest.mark.long] * (k[0] in ("crash", "hang") and tuple(k) not in QUICK))
                                  for k in KINDS])
def test_an_undo_that_did_nothing(lab, deck, kind):
    before = states(lab)
    with lab.lying(kind[1].split("@")[1], "undo_"):
        ident = deck.break_(*kind)
        assert state(deck("restore", ident, code=6)) == "unknown"
    deck.restored(ident)
    assert states(lab) == before
    wait("it is well", lambda: well(lab, kind), LIMIT)
