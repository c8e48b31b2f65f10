# SPDX-License-Identifier: GPL-2.0-or-later
"""Themes: each shows the same words, a bad one says why, and the dialog shows one before it is kept."""
import os
import re

import pytest

from conftest import ROOT
from terminal import Term

THEMES = sorted(f[:-4] for f in os.listdir(f'{ROOT}/themes'))
ANY_COLOUR = re.compile(rb'\x1b\[(?:\d+;)*(?:3[0-7]|4[0-7]|9[0-7]|[34]8;5;\d+)(?:;\d+)*m')


def start(deck, *args, cols=120, rows=36, **more):
    return Term([deck, '--themes', f'{ROOT}/themes', '--injected', '2', *args], cols, rows, **more)


def cell(t, word):
    """The first character of WORD as the screen has it."""
    y, line = next((y, line) for y, line in enumerate(t.screen.display) if word in line)
    return t.screen.buffer[y][line.index(word)]


@pytest.mark.parametrize('theme', THEMES)
def test_each_theme_shows_the_same_words(deck, theme):
    with start(deck, '--theme', theme) as t:
        t.wait_for('unknown: node stale 8 s')
        for word in ('kvm1', 'web1', 'running', 'stale 8 s', 'down', 'INJECTED 2', 'Faults for kvm1'):
            assert word in t.text(), t.text()
        assert 'theme' not in t.lines()[-1]
        assert bool(ANY_COLOUR.search(bytes(t.raw))) == (theme != 'mono')


def test_light_has_its_own_background_everywhere(deck):
    with start(deck, '--theme', 'light') as t:
        t.wait_for('web1')
        t.pump(0.3)
        white = {t.screen.buffer[y][x].bg for y in range(2, 30) for x in range(120)}
        assert 'default' not in white and 'ffffff' in white


def test_a_bad_theme_says_file_and_line(deck, tmp_path):
    (tmp_path / 'odd.cfg').write_text('roles = {\n\tup = { fg = 300; };\n\twrng = { };\n};\n')
    with Term([deck, '--themes', str(tmp_path), '--theme', 'odd'], 160, 36) as t:
        t.wait_for('odd.cfg:2: roles.up.fg: expected a colour from 0 to 255, found 300; dark is used')
        t.wait_for('line 3: roles.wrng: unknown key')
        assert cell(t, 'kvm1').fg != 'default'
    with Term([deck, '--themes', str(tmp_path), '--theme', 'none'], 120, 36) as t:
        t.wait_for('theme none: there is no theme "none"; dark is used')


def test_preview_by_key(deck, tmp_path):
    os.symlink(f'{ROOT}/themes/light.cfg', tmp_path / 'light.cfg')
    (tmp_path / 'odd.cfg').write_text('roles = 1;\n')
    with Term([deck, '--themes', str(tmp_path)], 120, 36) as t:
        t.wait_for('web1')
        dark = cell(t, 'web1').bg
        t.keys('T')
        t.wait_for('Enter keeps it')
        t.keys('<Down>')  # dark, light, mono, odd
        t.wait_for('dark letters on white')
        assert cell(t, 'web1').bg != dark
        t.keys('<End>')
        t.wait_for('odd.cfg:1: roles: expected a group')
        assert cell(t, 'web1').bg == dark
        t.keys('<Up><Up><Esc>')
        t.wait_gone('Enter keeps it')
        assert cell(t, 'web1').bg == dark
        t.keys('T<Down><Enter>')
        t.wait_gone('Enter keeps it')
        assert cell(t, 'web1').bg != dark


@pytest.mark.parametrize('term,env,colours', [
    ('xterm-256color', {'NO_COLOR': '1'}, False), ('vt100', {}, False), ('linux', {}, True),
    ('tmux-256color', {}, True), ('xterm', {}, True)])
def test_themes_on_other_terminals(deck, term, env, colours):
    with start(deck, '--theme', 'light', term=term, env=env) as t:
        t.wait_for('unknown: node stale 8 s')
        assert bool(ANY_COLOUR.search(bytes(t.raw))) == colours
        assert (b'8;5;' in t.raw) == ('256' in term and colours)
        t.keys('T')
        t.wait_for('Enter keeps it')
        assert ('shows no colours' in t.text()) == (not colours)
