# SPDX-License-Identifier: GPL-2.0-or-later
"""What `make test` leaves to `make test-all`: tests that are marked long."""
import os


def pytest_configure(config):
    config.addinivalue_line("markers", "long: of make test-all (FD_ALL) alone")


def pytest_collection_modifyitems(config, items):
    long = [] if os.environ.get("FD_ALL") else [i for i in items if i.get_closest_marker("long")]
    config.hook.pytest_deselected(items=long)
    items[:] = [i for i in items if i not in long]
