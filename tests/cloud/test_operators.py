# SPDX-License-Identifier: GPL-2.0-or-later
"""Restores by somebody else, and after the power of the node failed in between."""
import pytest

from conftest import LIMIT, POOL, CloudDeck, wait
from test_storage import MOUNTS, writes


def test_another_operator(lab, deck, tmp_path):
    """Who has no journal of it finds it on the nodes."""
    before = lab.on("cs1", MOUNTS)
    idents = [deck.break_("storage-ro", "path:%s@cs1" % POOL), deck.break_("db-limit", "mysql@mgmt", "n=3")]
    other = CloudDeck(lab, tmp_path / "other", deck.config)
    assert {i["id"] for i in other("list", "injections").of("injection")} == set(idents)
    other("restore", *idents)
    assert lab.on("cs1", MOUNTS) == before and "MAX_USER" not in lab.on("mgmt", "mariadb -NBe \"SHOW CREATE USER 'cloud'@'localhost'\"")
    deck.restored(*idents)  # whose injections they were finds nothing left


@pytest.mark.long
def test_power_that_failed_meanwhile(lab, deck):
    """Nothing of it outlives the node; the restore finds that out."""
    idents = [deck.break_("storage-ro", "path:%s@cs1" % POOL), deck.break_("agent-disconnect", "agent@cs1")]
    lab.run("kill", "cs1")
    wait("its host is in Alert", lambda: lab.host() == "Alert", 20)
    lab.run("start", "cs1")
    wait("the cloud is whole", lab.whole, LIMIT)
    deck.restored(*idents)
    assert writes(lab, POOL) == "x\n" and lab.on("cs1", "nft list ruleset; ls /run/faultdeck 2>/dev/null", check=False) == ""
