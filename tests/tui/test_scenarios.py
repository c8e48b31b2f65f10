# SPDX-License-Identifier: GPL-2.0-or-later
"""Entry 4 by keys: the list, what it will do, a run that is watched, and a report. On a stand-in; tests/scenarios has real ones."""
import re

import pytest

from terminal import Term


@pytest.fixture
def t(deck):
    with Term([deck], 120, 36) as term:
        term.wait_for('web1')
        term.keys('4')
        term.wait_for('kvm.file-write vm:db1@kvm1')
        yield term


def start(t):
    t.keys('<Enter>')
    t.wait_for('Run disk-full')
    t.keys('<Tab><Enter>')
    t.wait_for('Scenario disk-full')


def test_list_plan_run_and_report(t):
    t.keys('<Enter>')
    for word in ('Run disk-full', 'hold=20s', 'logger drill', 'seed 42', 'ok: 1 of 3 nodes', '[>Cancel<]'):
        t.wait_for(word)
    t.keys('<Enter>')  # the default is Cancel
    t.wait_gone('Run disk-full')
    t.keys('4')
    start(t)
    t.wait_for(re.compile('fill the disk of db1 +running'))
    t.keys('<Esc>')
    t.wait_for('disk-full: running')  # goes on, and says so on top
    t.keys('4')
    t.wait_for('passed', 12)
    assert len(re.findall(' done ', t.text())) == 4, t.text()
    t.keys('<Enter>')
    t.wait_for('seen after 1.2 s')
    t.keys('<Esc>q')
    assert t.wait_exit() == 0


def test_variables_are_checked(t):
    t.keys('<Enter>')
    t.wait_for('Run disk-full')
    t.keys('<BTab> nonsense=1')
    t.wait_for('nonsense=1: there is no such variable')
    t.wait_for('cannot run')


def test_pause_skip_abort(t):
    start(t)
    t.keys('p')
    t.wait_for('PAUSED')
    before = t.text()
    t.pump(1.5)
    assert re.findall(' (?:running|waiting) ', before) == re.findall(' (?:running|waiting) ', t.text())
    t.keys('ss')
    t.wait_for(re.compile(r'(?s) done .* done '))
    t.keys('a')
    t.wait_for('Abort the scenario?')
    t.keys('<Tab><Enter>')
    t.wait_for('aborted')


def test_quit_asks_while_one_runs(t):
    start(t)
    t.keys('p<Esc>q')
    t.wait_for('The scenario disk-full runs')
    t.keys('<Esc>')


def test_a_broken_one_says_why_and_past_reports_open(t):
    t.keys('<Down><Enter>')
    t.wait_for('cannot be run: line 3')
    t.keys('<Down><Enter>')
    t.wait_for('Report of disk-full: failed')
    t.keys('<Esc>')
