# SPDX-License-Identifier: GPL-2.0-or-later
"""The `:` line, and another cluster.cfg without leaving."""
import re

import pytest

from terminal import Term


@pytest.fixture
def t(deck):
    with Term([deck], 120, 36) as term:
        term.wait_for('web1')
        yield term


def test_a_verb_runs_and_says_how_it_ended(t):
    t.keys(':list vms<Enter>')
    t.wait_for('exit status 0 (done)')
    assert re.search(r'db1 +kvm1 +running', t.text()), t.text()
    t.keys('<Esc>:nonsense<Enter>')
    t.wait_for('nonsense: no such verb')
    t.wait_for('exit status 2')


def test_injecting_needs_the_same_yes(t):
    t.keys(':inject kvm.file-write vm:db1@kvm1 errno=EIO<Enter>')
    t.wait_for('--yes is missing')
    assert 'disarm id=' in t.text()
    t.keys('<Esc>')
    assert 'Injected 0' in t.text()
    t.keys(':<Up> --yes<Enter>')
    t.wait_for('exit status 0')
    t.keys('<Esc>')
    t.wait_for('Injected 1')
    t.keys(':restore --<Tab><Esc>')
    t.keys(':restore 7f<Tab><Enter>')
    t.wait_for(re.compile('restored'))


def test_completion(t):
    t.keys(':in<Tab>')
    t.wait_for('kvm.file-write')  # what may come next is shown
    t.keys('kvm.file-w<Tab>vm:d<Tab>')
    t.wait_for(':inject kvm.file-write vm:db1@kvm')  # on two nodes: as far as they agree
    t.keys('1 err<Tab>EN<Tab>')
    t.wait_for(':inject kvm.file-write vm:db1@kvm1 errno=ENOSPC')
    t.keys('<Tab>')
    t.keys('<C-u>li<Tab>')
    t.wait_for('injections')
    t.keys('<Esc>')
    t.wait_gone('injections')


def test_panic_goes_over_the_line(t):
    t.keys(':list<F9>')
    t.wait_for('NEW INJECTIONS ARE BLOCKED')
    t.keys('L')
    t.wait_gone('BLOCKED')


def test_ctrl_c_ends_a_verb_and_restores_what_it_injected(t):
    t.keys(':inject kvm.file-write vm:db1@kvm1 --yes --wait<Enter>')
    t.wait_for('INJECTED 1')
    t.keys('<C-c>')
    t.wait_for('exit status 130')
    t.wait_gone('INJECTED')


GOOD = 'cluster = "other"; banner = "red";\nnodes = ( { name = "far1"; host = "192.0.2.1"; roles = ( "kvm" ); disposable = true; } );\n'


def test_another_cluster_is_loaded_and_what_was_injected_stays(deck, tmp_path):
    good = tmp_path / 'other.cfg'
    good.write_text(GOOD)
    with Term([deck, '--injected', '1'], 120, 36) as t:
        t.wait_for('active id=7f3a')
        t.keys(f'7<C-u>{tmp_path}/oth<Tab>')
        t.wait_for('other.cfg')
        t.keys('<Enter>')
        t.wait_for('far1')
        t.wait_for(re.compile(r'kvm.file-write .*lab: active'))
        assert re.search('^ other ', t.lines()[0]) and 'INJECTED 1' in t.lines()[0]
        t.keys('<BTab><BTab>R')  # from targets back to the list of what is injected
        t.wait_for('lab: restored')
        t.keys('A')
        t.wait_gone('kvm.file-write  vm')
        t.keys('1<Enter><Enter>')
        t.wait_for('Inject kvm.file-write')
        t.keys('<Esc>q')
        assert t.wait_exit() == 0 and not t.sane()


def test_mistakes_are_shown_with_their_lines(t, tmp_path):
    bad = tmp_path / 'bad.cfg'
    bad.write_text('cluster = "x";\nnodes = (\n  { name = "a b"; host = "h"; },\n  { nam = "c"; host = "h"; } );\n')
    t.keys(f'7<C-u>{bad}<Enter>')
    t.wait_for('mistakes in')
    assert re.search(r'line 3 .*name', t.text()) and re.search(r'line 4 .*nam', t.text()), t.text()
    t.keys('<C-u>/no/such/file<Enter>')
    t.wait_for('No such file')
    t.keys('<Esc>')
    t.wait_gone('mistakes in')
    assert 'web1' in t.text()
