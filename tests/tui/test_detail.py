# SPDX-License-Identifier: GPL-2.0-or-later
"""The detail pane: charts at each zoom and on each terminal, what a target is, and the page of the cluster."""
import re

import pytest

from conftest import ROOT
from terminal import Term

BRAILLE = re.compile('[\u2800-\u28ff]')


@pytest.fixture
def t(deck):
    with Term([deck, '--injected', '1'], 140, 44) as term:
        term.wait_for('web1')
        term.keys('1')
        term.wait_for('Faults for vm:db1@kvm1')
        term.wait_for('last 1 min (z Z)')
        yield term


def test_zoom_by_keys(t):
    for key, word in (('Z', '5 min'), ('Z', '15 min'), ('Z', '1 h'), ('Z', '1 h'), ('z', '15 min')):
        t.keys(key)
        t.wait_for(f'charts show the last {word}')
        t.wait_for(f'last {word} (z Z)')
        assert re.search(r'top [\d.]+ k?/s', t.text())


def test_the_injection_is_marked_from_its_begin_to_its_end(t):
    t.wait_for('▲ injected')
    t.pump(2.2)
    t.keys('R')
    t.wait_for('Injected 0, 1 finished')
    t.wait_for('○ ended')
    row = next(line for line in t.lines() if re.search('│[^│]*▲[^│]*○', line) and 'ended' not in line)
    assert BRAILLE.search(row[row.index('▲'):row.index('○')]), row
    y, x = t.lines().index(row), row.index('▲')
    assert t.screen.buffer[y][x + 1].fg != 'default'


@pytest.mark.parametrize('term,lang,signs', [('xterm-256color', 'C.UTF-8', '[⣀-⣿]'), ('linux', 'C.UTF-8', r'[.:|#]'),
                                             ('vt100', 'C', r'[.:|#]')])
def test_charts_on_each_terminal(deck, term, lang, signs):
    with Term([deck], 100, 30, term=term, env={'LANG': lang}) as t:
        t.wait_for('web1')
        t.keys('1')
        t.wait_for(re.compile('top 512 MiB\n.*' + signs + r'+\s*\n'), 8)
        if term != 'xterm-256color':
            assert not BRAILLE.search(t.text())


def test_block_charts_by_theme(deck, tmp_path):
    text = open(f'{ROOT}/themes/dark.cfg').read()
    (tmp_path / 'own.cfg').write_text('chart = "block";\n' + text)
    with Term([deck, '--themes', str(tmp_path), '--theme', 'own'], 100, 30) as t:
        t.wait_for('web1')
        t.keys('1')
        t.wait_for(re.compile(r'top 512 MiB\n.*█+\s*\n'), 8)


def test_what_a_vm_is(t):
    assert re.search(r'started +\S*\d\d:\d\d.*, (\d+ d )?[\d:]+ ago', t.text()), t.text()
    assert re.search(r'vCPU 0 +thread 4130', t.text())
    assert re.search(r'device +-device virtio-blk-device', t.text())
    t.wait_for('active;')
    t.keys('<Tab><End>')
    t.wait_for('last events')
    t.wait_for(re.compile(r'\d\d:\d\d:\d\d +active id=7f3a'))


def test_a_link_is_a_target_with_figures(deck):
    with Term([deck, '--mixed'], 120, 36) as t:
        t.wait_for('mysql')
        t.keys('/link:eth0<Enter><End>')
        t.wait_for('Faults for link:eth0@mgmt')
        t.wait_for('link eth0')
        for word in (r'in +[\d.]+ .* top', r'out .* top'):
            t.wait_for(re.compile(word))
        row = next(line for line in t.lines() if re.search(r' net-delay +', line))
        assert 'is not for' not in row, row
        t.keys('<Esc>5')  # nothing is wrong with it: no news there
        t.wait_for(re.compile('ms +service +up'))
        assert not re.search('eth0 +link', t.text())


def test_status_has_everything_in_columns(deck):
    with Term([deck, '--nodes', '4'], 120, 36) as t:
        t.wait_for('web1')
        t.keys('5')
        t.wait_for('1 of 4 nodes up')
        rows = [line for line in t.lines() if re.search(r' (node|vm) +(up|down|stale|running)', line)]
        assert len(rows) == 8, t.text()
        assert len({re.search(' (node|vm) ', row).start() for row in rows}) == 1, t.text()
        assert len({re.search(' (up|down|stale|running)', row).start() for row in rows}) == 1
        assert re.search(r'web1 +vm +running +exits [\d.]+ k?/s  cpu', t.text())
        assert 'connection refused' in t.text()
        t.keys('<BTab>')  # the targets are there again, and the page keeps its place
        t.wait_for('Targets 8')
        assert '1 of 4 nodes up' in t.text()


def test_a_service_says_how_it_is(deck):
    with Term([deck, '--mixed'], 120, 36) as t:
        t.wait_for('mysql')
        t.keys('2')
        t.wait_for('nn@master')
        for word in (r'health +active', r'heap .*\d MiB.* top (256|512) MiB', r'component +hadoop.nn', r'started .* ago'):
            t.wait_for(re.compile(word))
        t.keys('5')
        t.wait_for(re.compile(r'nn +service +up +active  heap \d+ MiB'))
