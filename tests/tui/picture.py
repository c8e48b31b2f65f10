#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""make pictures: docs/pictures/NAME-COLSxROWS.png of what the table below names, at each size.

  picture.py [NAME…]    all, or what the sessions that have these make

A session is what it runs, and steps: keys to type (terminal.py's names), "?TEXT" to wait for TEXT on the screen,
".SECONDS" to let time pass, "!NAME" to take a picture at each size. Pictures whose name begins with fake- are of
the stand-in engine (fake_deck.c): of what the lab cannot show, or not at once. All others are of the lab.
"""
import os
import subprocess
import sys
import tempfile
from unicodedata import east_asian_width

from PIL import Image, ImageDraw, ImageFont

from conftest import ROOT, build
from terminal import Term

OUT = f'{ROOT}/docs/pictures'
SIZES = ((120, 36), (80, 24), (200, 50))
LAB_SH = f'{ROOT}/tests/lab/lab'
LAB = (LAB_SH, 'ctl', f'{ROOT}/build/faultdeck', '-c', f'{ROOT}/cluster.cfg')
FAKE = ('fake_deck', '--themes', f'{ROOT}/themes')

THEMES = sorted(f[:-4] for f in os.listdir(f'{ROOT}/themes'))
READY = ['?db1', '?running', '1', '?Faults for vm:db1']
DIALOG = ['<Enter><Down><Enter>', '?Inject kvm.file-write', '.1']
INJECT = DIALOG + ['<BTab><C-u>9m<Tab><Tab><Enter>', '?INJECTED 1', '?active']


def in_theme(name):
    return ['T', '?Enter keeps it', '<Home>' + '<Down>' * THEMES.index(name) + '<Enter>']


SESSIONS = [
    (LAB, READY + [
        '.15', '!targets', '/db', '!filter', '<C-u><Esc>', '<Space><Space>', '?2 marked', '!marks', '<Esc><Esc>1',
        '<Tab><Tab>', '!faults', '<BTab><BTab>', '?', '?Everywhere', '!help', '<Esc>',
        ':inject kvm.file-write vm:<Tab>', '.1', '!command', '<Esc>', '7', '.1', '!dialog-load', '<Esc>',
        '4', '?vm-disk-full', '.1', '!scenarios', '<Esc>', 'T', '?Enter keeps it', '!dialog-theme', '<Esc>', *DIALOG, '!dialog-inject', '<BTab><C-u>soon',
        '?a duration from', '!dialog-inject-bad']),
    (LAB, READY + ['.15', *INJECT, '.15', '!injected', '<Tab>', '!log', '<BTab><BTab><BTab>', '!detail', 'Z',
                   '?last 5 min', '.9', '!zoom', 'z', '5', '?Status of', '!status', '<Esc>', 'q', '?Quit while',
                   '!dialog-quit', '<Esc>', '6', '?Restore all', '!dialog-restore-all', '<Esc>',
                   *[step for name in THEMES for step in (*in_theme(name), '.1', f'!theme-{name}')],
                   *in_theme('dark'), '<F9>', '?BLOCKED', '?clean', '.1', '!panic', 'L', '<Tab><Tab>', '.1', '!restored']),
    (LAB + ('--readonly',), READY + ['<Enter><Enter>', '?cannot inject', '!readonly']),
    (FAKE + ('--injected', '2', '--nodes', '9'), ['?INJECTED 2', '.15', '!fake-stale-and-down']),
    (FAKE, ['?web1', '<Home><Down><Down><Down>', '?SHA256', '<Enter>', '?Unknown host key', '!fake-host-key']),
    (FAKE + ('--mixed', '--injected', '2'), ['?cloudstack', '.9', '2', '.1', '!fake-hadoop', '3', '.1', '!fake-cloudstack',
                                             '5', '?Status of', '!fake-status']),
    (FAKE, ['?web1', '4', '?disk-full', '<Enter>', '?Run disk-full', '!fake-scenario', '<Tab><Enter>', '?Scenario disk-full', 'ps',
            '!fake-scenario-run', '<Esc>']),
    (FAKE + ('--nodes', '1000'), ['?web1', '.5', '<End>', '.1', '!fake-many-nodes']),
]

FONTS = '/usr/share/fonts/truetype/dejavu/DejaVuSansMono%s.ttf'
PX = 14
FONT, BOLD = (ImageFont.truetype(FONTS % kind, PX) for kind in ('', '-Bold'))
WIDE = ImageFont.truetype('/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf', PX)
CW, CH = round(FONT.getlength('M')), PX + 4
INK, PAPER = 'd4d4d4', '1e1e1e'
NAMED = dict(black='000000', red='cd3131', green='0dbc79', brown='e5e510', blue='2472c8', magenta='bc3fbc',
             cyan='11a8cd', white='e5e5e5', brightblack='666666', brightred='f14c4c', brightgreen='23d18b',
             brightbrown='f5f543', brightblue='3b8eea', brightmagenta='d670d6', brightcyan='29b8db',
             brightwhite='ffffff', bfightmagenta='d670d6')  # pyte's own spelling


def colour(name, default):
    name = default if name == 'default' else NAMED.get(name, name)
    return tuple(int(name[k:k + 2], 16) for k in (0, 2, 4))


def draw_sign(d, x, y, sign, ink, bold):
    """One cell. Braille, blocks and lines are drawn, not taken from the font: they must join."""
    code = ord(sign[0])
    if 0x2800 <= code <= 0x28ff:
        for bit, (dx, dy) in enumerate(((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3))):
            if code >> bit & 1:
                px, py = x + 1 + dx * (CW // 2), y + 1 + dy * (CH / 4)
                d.rectangle([px, py, px + 1, py + 2], fill=ink)
    elif 0x2581 <= code <= 0x2588:
        d.rectangle([x, y + CH - CH * (code - 0x2580) // 8, x + CW - 1, y + CH - 1], fill=ink)
    elif sign in LINES:
        left, right, up, down = LINES[sign]
        cx, cy = x + CW // 2, y + CH // 2
        d.line([x if left else cx, cy, x + CW - 1 if right else cx, cy], fill=ink)
        if up or down:
            d.line([cx, y if up else cy, cx, y + CH - 1 if down else cy], fill=ink)
    else:
        wide = east_asian_width(sign[0]) in 'WF'
        d.text((x, y), sign, font=WIDE if wide else BOLD if bold else FONT, fill=ink)


LINES = {'─': (1, 1, 0, 0), '│': (0, 0, 1, 1), '┌': (0, 1, 0, 1), '┐': (1, 0, 0, 1), '└': (0, 1, 1, 0),
         '┘': (1, 0, 1, 0), '┬': (1, 1, 0, 1), '┴': (1, 1, 1, 0), '├': (0, 1, 1, 1), '┤': (1, 0, 1, 1),
         '┼': (1, 1, 1, 1)}


def draw_cell(d, left, top, cell, sign):
    ink, paper = colour(cell.fg, INK), colour(cell.bg, PAPER)
    if cell.reverse:
        ink, paper = paper, ink
    if not sign:
        d.rectangle([left, top, left + CW - 1, top + CH - 1], fill=paper)
        return
    if cell.data.strip():
        draw_sign(d, left, top, cell.data, ink, cell.bold)
    if cell.underscore:
        d.line([left, top + CH - 2, left + CW - 1, top + CH - 2], fill=ink)


def draw(screen, path):
    image = Image.new('RGB', (screen.columns * CW, screen.lines * CH), colour('default', PAPER))
    d = ImageDraw.Draw(image)
    for sign in (False, True):  # all paper first: a wide sign stands on two cells
        for y in range(screen.lines):
            for x in range(screen.columns):
                draw_cell(d, x * CW, y * CH, screen.buffer[y][x], sign)
    if not screen.cursor.hidden:
        left, top = screen.cursor.x * CW, screen.cursor.y * CH
        d.rectangle([left, top, left + CW - 1, top + CH - 1], outline=colour('default', 'ffffff'))
    image.quantize(128, dither=Image.Dither.NONE).save(path, optimize=True)


def shoot(t, name):
    for size in (*SIZES, SIZES[0]):
        t.resize(*size)
        for _ in range(50):  # until the line at the foot is there, which is drawn last
            t.pump(0.3)
            if t.lines()[0] and t.lines()[-1]:
                break
        t.pump(0.6)
        path = f'{OUT}/{name}-{size[0]}x{size[1]}.png'
        draw(t.screen, path)
    print(f'{name}  {", ".join(str(os.path.getsize(f"{OUT}/{name}-{w}x{h}.png") // 1024) for w, h in SIZES)} KiB', flush=True)


def step(t, what):
    if what[0] == '?' and len(what) > 1:
        t.wait_for(what[1:], 40)
    elif what[0] == '!':
        shoot(t, what[1:])
    elif what[0] == '.':
        for _ in range(int(what[1:])):
            t.pump(1)
    else:
        t.keys(what, 0.2)
        t.pump(0.6)


def run(argv, steps, env):
    """False, and says why, when what it waits for does not come."""
    with Term(list(argv), *SIZES[0], env=env, cwd=ROOT) as t:
        try:
            for what in steps:
                step(t, what)
        except AssertionError as e:
            print(f'{argv}: {e}', file=sys.stderr)
            return False
    return True


def on_the_lab(sessions):
    """True if it was started for this."""
    status = subprocess.run([LAB_SH, 'status'], capture_output=True, text=True, check=False).stdout
    at = os.environ.get('FDLAB_RUN', f'{ROOT}/build/lab')
    if f'lab of {at}\n' in status or not any(argv[0] == LAB_SH for argv, _ in sessions):
        return False
    subprocess.run([LAB_SH, 'up', 'kvm'], check=True, stderr=subprocess.DEVNULL)
    return True


def main():
    names = {f'!{name}' for name in sys.argv[1:]}
    sessions = [row for row in SESSIONS if not names or names & set(row[1])]
    os.makedirs(OUT, exist_ok=True)
    fake = build(f'{ROOT}/build/tests/fake_deck')
    started, good = on_the_lab(sessions), True
    try:
        with tempfile.TemporaryDirectory() as state:
            env = {'XDG_STATE_HOME': state, 'XDG_CONFIG_HOME': state}
            for argv, steps in sessions:
                good &= run((fake,) + argv[1:] if argv[0] == 'fake_deck' else argv, steps, env)
                if argv[0] == LAB_SH:
                    subprocess.run([*LAB, '--batch', 'restore', '--all'], env={**os.environ, **env},
                                   stdout=subprocess.DEVNULL, check=True)
    finally:
        if started:
            subprocess.run([LAB_SH, 'down'], stderr=subprocess.DEVNULL, check=False)
    return 0 if good else 1


if __name__ == '__main__':
    sys.exit(main())
