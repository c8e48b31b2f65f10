# SPDX-License-Identifier: GPL-2.0-or-later
"""The lab for the tests of the kvm backend: brought up once, asked through batch verbs and plain ssh."""
import os
import subprocess

import pytest

from deck import KvmDeck, Lab, nothing_left

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


@pytest.fixture(scope="session")
def lab():
    """kvm1 with web1 and db1. What was up before stays up."""
    lab = Lab(TOP)
    was_up = lab.is_up()
    lab.up()
    yield lab
    lab.end()
    if not was_up:
        lab.down()
    elif lab.spoiled:
        lab.run("kill", "kvm1")
        lab.up()


@pytest.fixture(scope="session")
def kept(lab, tmp_path_factory):
    deck = KvmDeck(lab, tmp_path_factory.mktemp("state"), kept=True)
    yield deck
    deck.pipe.end()


@pytest.fixture
def deck(lab, kept):
    """Batch verbs; nothing may be left on the node afterwards."""
    yield kept
    kept.end()
    assert nothing_left(lab), lab.on("cat /sys/kernel/debug/faultdeck/rules; ls /run/faultdeck")


@pytest.fixture
def alone(lab, kept, tmp_path):
    """Each verb a process of its own, and nobody else looks at the module: it can be unloaded, the configuration can be another."""
    kept.pipe.end()
    deck = KvmDeck(lab, tmp_path)
    yield deck
    deck.end()
    assert nothing_left(lab)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    # the tests that end the host come last
    items.sort(key=lambda item: item.get_closest_marker("ends_host") is not None)


def pytest_configure(config):
    config.addinivalue_line("markers", "ends_host: cuts the emulated host's power")
    subprocess.run(["make", "-s", "-C", TOP, "all"], check=True)
