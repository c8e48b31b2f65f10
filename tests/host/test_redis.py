# SPDX-License-Identifier: GPL-2.0-or-later
"""examples/redis, a backend of a user's own: loaded from its directory, in console and batch alike."""
import os
import shutil

import pytest

from conftest import TOP, HostDeck

SET = "timeout 1 redis-cli set k v 2>&1 || true"


@pytest.fixture
def own(lab, deck, tmp_path):
    """A cluster.cfg that names a copy of the example, relative to itself."""
    shutil.copytree(os.path.join(TOP, "examples/redis"), tmp_path / "redis")
    with open(os.path.join(lab.dir, "nodes.cfg")) as f:
        (tmp_path / "c.cfg").write_text(f.read() + 'backends = ( "redis" );\n')
    own = HostDeck(lab, tmp_path / "own", str(tmp_path / "c.cfg"))
    own.dir = tmp_path / "redis"
    yield own
    own.end()


def test_its_component_and_figures(own):
    found = {}
    for _ in range(10):
        found = {s["node"]: s for s in own("list", "services").of("service") if s["service"] == "redis"}
        if "clients" in found["n1"]["figures"]:
            break
    assert found["n1"]["state"] == "up" and found["n1"]["pid"] > 1
    assert found["n1"]["figures"]["clients"] >= 1


def test_pause(lab, own):
    assert lab.on("n1", SET) == "OK\n"
    ident = own.ident(own.inject("redis.pause", "redis@n1"))
    assert lab.on("n1", SET) == "" and lab.on("n1", "redis-cli get k") == "v\n"
    refused = own("--yes", "inject", "redis.pause", "redis@n1", code=1)
    assert "is paused already" in refused.out + refused.err
    own("renew", ident, "--ttl", "20s")
    own("restore", ident)
    assert lab.on("n1", SET) == "OK\n"


def test_full(lab, own):
    limits = "redis-cli config get maxmemory; redis-cli config get maxmemory-policy"
    lab.on("n1", "redis-cli config set maxmemory 100mb; redis-cli config set maxmemory-policy allkeys-lru")
    before = lab.on("n1", limits)
    ident = own.ident(own.inject("redis.full", "redis@n1"))
    assert "OOM" in lab.on("n1", SET)
    own("restore", ident)
    assert lab.on("n1", limits) == before and lab.on("n1", SET) == "OK\n"
    lab.on("n1", "redis-cli config set maxmemory 0; redis-cli config set maxmemory-policy noeviction")


def test_it_fits_only_its_component(own):
    listed = {f["fault"]: f["reason"] for f in own("list", "faults", "ssh@n1").of("fault")}
    assert "no component" in listed["redis.pause"] and listed["host.service-stop"] is None


def test_mistakes_with_file_and_line(own):
    path = own.dir / "redis.cfg"
    text = path.read_text()
    line = text[: text.index("recovery")].count("\n") + 1
    path.write_text(text.replace('recovery = "2s"', 'recovry = "2s"', 1))
    done = own("list", "faults", code=3)
    assert "redis.cfg:%d: faults[0].recovry: unknown key, did you mean recovery?" % line in done.out + done.err
    path.write_text(text)
    (own.dir / "pause.sh").write_text("do_() {\n")
    done = own("list", "faults", code=3)
    assert "pause.sh: " in done.out + done.err and "yntax error" in done.out + done.err
