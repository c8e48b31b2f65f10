# SPDX-License-Identifier: GPL-2.0-or-later
"""The faults of backends/host as faultdeck lists them: a new one is tested without being added."""
import json
import os
import subprocess

# where the first kind of target that a fault takes would not do
TARGETS = {"node": "n1", "link": "link:foreign1@n1", "service": "redis-server@n1", "path": "path:/mnt/d@n1"}
WORDS = {"host.disk-fill": ["leave=16"]}


def faults(top):
    """[{fault, targets, params, …}] of the host backend."""
    done = subprocess.run([os.path.join(top, "build/faultdeck"), "-c", os.path.join(top, "cluster.cfg"), "--batch", "--format", "json", "list", "faults"],
                          capture_output=True, text=True, check=True)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return [f for f in lines if f["type"] == "fault" and f["fault"].startswith("host.")]


def words(fault, peer):
    """What must be given."""
    ask = {"peers": lambda p: peer, "int": lambda p: str(p["min"] or 1), "choice": lambda p: p["choices"][0], "text": lambda p: "x"}
    return ["%s=%s" % (p["name"], ask[p["type"]](p)) for p in fault["params"] if p["default"] is None]


def begin(deck, fault):
    """What is said of it on n1; None where that node cannot, which is refused with a reason before anything is changed."""
    name = fault["fault"]
    done = deck("--yes", "inject", name, TARGETS[fault["targets"][0]], *words(fault, "n2"), *WORDS.get(name, []), code=None)
    return None if done.code and ("has no" in done.out or "cannot be frozen" in done.out) else done
