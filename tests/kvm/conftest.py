# SPDX-License-Identifier: GPL-2.0-or-later
"""The lab for the tests of the kvm backend: brought up once, asked through batch verbs and plain ssh."""
import os
import subprocess

import pytest

from deck import Deck, Lab, nothing_left

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


@pytest.fixture(scope="session")
def lab():
    """kvm1 with web1 and db1. What was up before stays up."""
    lab = Lab(TOP)
    was_up = lab.is_up()
    lab.up()
    yield lab
    if not was_up:
        lab.down()


@pytest.fixture
def deck(lab, tmp_path):
    """Batch verbs with a journal of their own; nothing may be left on the node afterwards."""
    deck = Deck(lab, tmp_path)
    yield deck
    deck.end()
    assert nothing_left(lab), lab.on("cat /sys/kernel/debug/faultdeck/rules; ls /run/faultdeck")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    # the tests that end the host come last
    items.sort(key=lambda item: item.get_closest_marker("ends_host") is not None)


def pytest_configure(config):
    config.addinivalue_line("markers", "ends_host: cuts the emulated host's power")
    subprocess.run(["make", "-s", "-C", TOP, "all"], check=True)
