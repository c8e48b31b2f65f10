# SPDX-License-Identifier: GPL-2.0-or-later
"""Each preset, with its runner killed in each of its steps: nothing of it outlives its TTL, and who sweeps then is told of it."""
import contextlib
import itertools
import os
import re
import shutil
import signal
import typing

import pytest

from conftest import Report, TOP, deck_on, so_far, third_datanode, wait

# seconds beside the TTL: a node that was being asked when the runner died arms what it was sent, and its TTL begins then
SLACK = {"nodes:3": 5, "kvm": 25, "hadoop": 8, "cloud": 8}


class Preset(typing.NamedTuple):
    part: str
    nodes: tuple
    ttl: int
    words: tuple = ()
    recovers: int = 0  # seconds that what was broken may take to be whole
    again: tuple = ()  # (node, script): what its commands did is put right, which is `finally`'s and so not the TTL's
    around: typing.Callable = lambda lab: contextlib.nullcontext()


NODES, GUEST = ("n1", "n2", "n3"), ("kvm1", "/usr/lib/fdlab/guest restart db1")
NO_JOB = ("master", "until curl -s http://master:8088/ws/v1/cluster/metrics | grep -q '\"appsPending\":0,.*\"appsRunning\":0,'; do sleep 1; done")
PRESETS = {
    "slow-node": Preset("nodes:3", NODES, 8, ("hold=1s",)),
    "cascading-failure": Preset("nodes:3", NODES, 12, ("step=1s",), 5),
    "game-day": Preset("nodes:3", NODES, 8, ("seed=5", "rounds=1", "over=1s", "hold=1s"), 5),
    "vm-disk-full": Preset("kvm", ("kvm1",), 20, ("hold=1s",)),
    "vm-bit-flips": Preset("kvm", ("kvm1",), 20, ("seed=4", "flips=1", "over=1s"), again=GUEST),
    "migration-dirty-log": Preset("kvm", ("kvm1",), 120, again=GUEST),
    "namenode-crash": Preset("hadoop", ("master",), 20, ("down=1s",), 60, NO_JOB),
    "datanode-partition": Preset("hadoop", ("slave1",), 60, around=third_datanode),
    "yarn-unhealthy": Preset("hadoop", ("slave1",), 20, ("hold=1s",)),
    "resourcemanager-hang": Preset("hadoop", ("master",), 20, ("hold=1s",)),
    "management-hang": Preset("cloud", ("mgmt",), 20, ("hold=1s",)),
    "database-exhausted": Preset("cloud", ("mgmt",), 60, ("hold=1s",)),
    "storage-readonly": Preset("cloud", ("cs1",), 20, ("hold=1s",)),
    "agent-disconnect": Preset("cloud", ("cs1",), 60),
}
LAST = ("restored", "expired", "failed")


def test_none_is_left_out():
    assert set(PRESETS) == {f[:-4] for f in os.listdir(os.path.join(TOP, "scenarios"))}


def begins(where, step):
    return any(e["type"] == "step" and e["step"] == step and e["state"] == "running" for e in so_far(where))


def last_states(deck):
    return {j["id"]: j["state"] for j in deck.journal()}


def killed_in(lab, deck, preset, path, step):
    """Runs it, and kills it in that step; None, where it has come to its end before: its report."""
    where = os.path.join(deck.env["XDG_STATE_HOME"], "report")
    run = deck.start("--yes", "run", path, *preset.words, "--report", where)
    wait("it has begun step %d, or is over" % step, lambda: begins(where, step) or run.poll() is not None, 500)
    if run.poll() is not None:
        assert run.returncode == 0, run.communicate()[0]
        return Report(where)
    os.killpg(run.pid, signal.SIGKILL)
    run.communicate()
    return None


def swept(lab, deck, preset, step):
    """The nodes have ended it by themselves; then `restore --all` says what became of each that was open."""
    wait("nothing is left of step %d" % step, lambda: lab.ours(preset.nodes) == "", preset.ttl + preset.recovers + SLACK[preset.part])
    before = {i for i, state in last_states(deck).items() if state not in LAST}
    done = deck("restore", "--all")
    told = {i["id"]: i["state"] for i in done.of("injection")}
    assert before <= set(told) and all(state in LAST for state in told.values()), (step, before, told)
    assert all(state in LAST for state in last_states(deck).values()) and done.one("summary")["unknown"] == 0
    return before


@pytest.mark.long
@pytest.mark.parametrize("name", PRESETS)
def test_killed_in_every_step(lab, tmp_path, name):
    preset, open_ones = PRESETS[name], set()
    with open(os.path.join(TOP, "scenarios", name + ".cfg")) as f:
        path = tmp_path / "preset.cfg"
        path.write_text(re.sub(r'ttl = "[^"]*"', 'ttl = "%ds"' % preset.ttl, f.read()))
    lab.up(preset.part)
    with preset.around(lab):
        for step in itertools.count(1):
            state = tmp_path / str(step)
            state.mkdir()
            deck = deck_on(lab, preset.part, state)
            try:
                report = killed_in(lab, deck, preset, str(path), step)
                if report:
                    break
                open_ones |= swept(lab, deck, preset, step)
                if preset.again:
                    lab.on(*preset.again, limit=300)
            finally:
                if lab.ours(preset.nodes):
                    deck.end()
            shutil.rmtree(state)
    # it was killed in each, and then whole again: that last run has passed
    assert step == len(report["steps"]) + 1 and report.steps("done") == list(range(1, step)) and report.clean()
    assert open_ones, "it was never killed while something was there"
