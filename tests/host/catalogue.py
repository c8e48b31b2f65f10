# SPDX-License-Identifier: GPL-2.0-or-later
"""The faults of backends/host as faultdeck lists them: a new one is tested without being added."""
import json
import os
import subprocess


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
