# SPDX-License-Identifier: GPL-2.0-or-later
"""module build, load, unload, status: on the node, or here for the node's kernel."""
import os

import pytest

EXTRA = "/lib/modules/$(uname -r)/extra"


def kernel_env(lab):
    with open(os.path.join(lab.top, "build/lab/kernel.env")) as f:
        return dict(line.strip().split("=", 1) for line in f if "=" in line)


@pytest.mark.long
def test_built_here_sent_and_loaded(lab, alone, tmp_path):
    lab.on("mv %s/faultdeck.ko %s/away" % (EXTRA, EXTRA))
    try:
        alone("module", "unload", "kvm1")
        load = alone("module", "load", "kvm1", code=1)
        assert "module build" in load.out
        alone.env["XDG_CACHE_HOME"] = str(tmp_path)
        nothing = alone("module", "build", "kvm1", code=1)
        assert "no headers" in nothing.out
        alone.env["KHEADERS"] = kernel_env(lab)["KHEADERS"]
        built = alone("module", "build", "kvm1", limit=120)
        assert "built" in built.out
        alone("module", "load", "kvm1")
        assert "loaded: faultdeck" in alone("module", "status", "kvm1", text=True).out
    finally:
        lab.on("rm -f /run/faultdeck.ko; mv %s/away %s/faultdeck.ko; "
               "grep -q ^faultdeck /proc/modules || insmod %s/faultdeck.ko" % (EXTRA, EXTRA, EXTRA))


def test_wrong_vermagic_is_refused_with_what_to_do(lab, alone):
    alone("module", "unload", "kvm1")
    lab.on("sed 's/vermagic=6.1/vermagic=9.9/' %s/faultdeck.ko >/run/faultdeck.ko" % EXTRA)
    try:
        done = alone("module", "load", "kvm1", code=1)
        assert "9.9" in done.out and "module build" in done.out
    finally:
        lab.on("rm -f /run/faultdeck.ko")
        alone("module", "load", "kvm1")


def test_readonly_changes_nothing(alone):
    command = alone.command("module", "unload", "kvm1")
    command.insert(command.index("--batch"), "--readonly")
    alone.command = lambda *a, **k: command
    assert alone("x", code=None).code != 0
    del alone.command
    assert "loaded: faultdeck" in alone("module", "status", "kvm1", text=True).out


@pytest.mark.long
def test_symbols_of_the_cluster_name_a_function(lab, alone, tmp_path):
    with open(os.path.join(lab.top, "cluster.cfg")) as f:
        text = f.read().replace("build/lab/", lab.top + "/build/lab/")
    mine = tmp_path / "mine.cfg"
    head = 'name = "kvm1";'
    assert head in text
    mine.write_text(text.replace(head, head + ' symbols = { file-write = "security_file_permission"; reclaim = "no_such"; };', 1))
    alone.config = str(mine)
    alone("module", "unload", "kvm1")
    try:
        alone("module", "load", "kvm1")
        points = {l.split("\t")[0]: l.split("\t") for l in lab.on("cat /sys/kernel/debug/faultdeck/points").splitlines()}
        assert points["file-read"][1] == "rw_verify_area"
        assert points["reclaim"][2] == "unavailable: no_such is not in this kernel (-2)"
        assert points["file-write"][1] == "security_file_permission"
    finally:
        alone("module", "unload", "kvm1", code=None)
        alone.config = "cluster.cfg"
        alone("module", "load", "kvm1")
