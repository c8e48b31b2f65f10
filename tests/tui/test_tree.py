# SPDX-License-Identifier: GPL-2.0-or-later
"""The tree of targets, its filter and its order; the log, and what goes out of the screen."""
import base64
import re

import pytest

from terminal import Term


@pytest.fixture
def t(deck):
    with Term([deck, '--mixed'], 120, 40) as term:
        term.wait_for('mysql')
        yield term


def left(t):
    """The rows of the tree, without their figures."""
    rows = [line[:38].strip() for line in t.lines()[2:26]]
    return [re.sub(r'  .*', '', r.strip('▾▸●▲■◌? ')) for r in rows if r]


def test_groups_are_what_the_nodes_are_for(t):
    for head in ('kvm +1 of 3 up', 'hadoop +2 of 2 up', 'cloudstack +1 of 1 up'):
        assert re.search(head, t.text()), t.text()
    assert 'Targets 17' in t.text()
    t.keys('<Home><Down><Left><Left>')  # kvm1 is folded, then its heading has the cursor
    t.wait_for('All of kvm')
    t.keys('<Left>')
    t.wait_for('Targets 10 ')
    assert 'web1' not in left(t)
    t.keys('<Right>')
    t.wait_for('kvm3')


def test_a_heading_marks_its_nodes(t):
    t.keys('/group:hadoop<Enter><Home><Space>')
    t.wait_for('2 marked')
    t.keys('<Esc><Tab><Tab>')
    t.wait_for('Faults for 2 marked')


@pytest.mark.parametrize('key,node,name', [('2', 'master', 'nn'), ('3', 'mgmt', 'ms')])
def test_entries_go_to_their_things(t, key, node, name):
    t.keys(key)
    t.wait_for(f'Faults for {name}@{node}')


def test_an_entry_says_what_is_not_there(deck):
    with Term([deck], 120, 36) as t:
        t.wait_for('web1')
        t.keys('2')
        t.wait_for('no Hadoop daemon is known yet')


def test_vcpus_unfold(t):
    t.keys('1<Right>')
    t.wait_for('vcpu0')
    t.keys('<Down>')
    t.wait_for('Faults for vm:db1/0@kvm1')
    t.keys('<Left><Left>')
    t.wait_gone('vcpu0')


@pytest.mark.parametrize('typed,there,gone', [
    ('state:down', ['kvm2'], ['web1', 'master']),
    ('!state:down !state:stale kind:vm', ['db1', 'web1'], ['kvm2', 'mysql']),
    ('role:datanode', ['slave1'], ['master', 'kvm1']),
    ('~^(nn|dn)@', ['nn', 'dn'], ['mysql', 'rm']),
    ('component:hadoop', ['nn', 'rm', 'dn', 'nm'], ['mysql', 'web1']),
    ('vm:db1', ['db1'], ['web1', 'nn']),
    ('nothing-like-it', ['nothing matches'], ['web1'])])
def test_filter(t, typed, there, gone):
    t.keys(f'/{typed}<Enter>')
    t.wait_for('/' + typed[:12])
    for word in there:
        t.wait_for(word)
    for word in gone:
        assert word not in left(t), t.text()
    t.keys('<Esc>')
    t.wait_for('Targets 17 ')


def test_a_wrong_expression_is_said_while_it_is_typed(t):
    t.keys('/~web(')
    t.wait_for(re.compile('Unmatched|parenthes'))
    t.keys('<Esc>')


def test_order(t):
    t.keys('/kind:node<Enter>')
    t.wait_for('Targets 6 ')
    before = left(t)
    t.keys('s')
    t.wait_for('worst first')
    assert left(t).index('kvm2') < left(t).index('kvm1'), t.text()
    t.keys('ss')
    t.wait_gone('first')
    assert left(t) == before


def test_faults_are_searched_and_those_that_fit_come_first(t):
    t.keys('1<Tab><Tab>/register<Enter>')
    t.wait_for('/register')
    assert not re.search('file-(read|write) ', t.text())
    t.keys('<Esc>')
    t.wait_for('file-read')


def clip(t):
    found = re.findall(rb'\x1b\]52;c;([A-Za-z0-9+/=]*)\a', bytes(t.raw))
    return base64.b64decode(found[-1]).decode() if found else ''


def test_log_is_filtered_copied_and_written(deck, tmp_path):
    with Term([deck, '--injected', '1'], 120, 40, cwd=tmp_path) as t:
        t.wait_for('active id=7f3a')
        t.keys('<BTab>/prepared<Enter>')
        t.wait_for(re.compile('Log .*/prepared(?!.* id=7f3a kvm.file-write .*active id)', re.S))
        t.pump(0.3)
        assert 'active id' not in t.text().partition('/prepared')[2]
        t.keys('<End>y')
        t.wait_for('OSC 52')
        assert re.fullmatch(r'\S+T\S+\tkvm1\tprepared id=7f3a kvm.file-write\tok\n', clip(t)), clip(t)
        t.keys('<Esc><Esc>Y')
        t.wait_for('lines went')
        assert clip(t).count('\n') >= 4
        t.keys('w')
        t.wait_for('faultdeck-log-')
        text = next(tmp_path.glob('faultdeck-log-*.txt')).read_text()
        assert 'journaled id=7f3a' in text and 'hits' in text


def test_the_log_stays_where_one_looks(deck):
    with Term([deck, '--injected', '2'], 120, 40) as t:
        t.wait_for('active id=7f3a')
        t.keys('<BTab><Home>')
        t.wait_for('lines back')
        t.pump(1.5)
        assert 'journaled id=7f3a' in t.text()
        t.keys('<End>')
        t.wait_gone('lines back')
