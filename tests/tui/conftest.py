# SPDX-License-Identifier: GPL-2.0-or-later
"""Builds the program whose screen is tested: the console on a stand-in engine (fake_deck.c)."""
import glob
import os
import subprocess

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def build(out, *flags):
    """The console with fake_deck.c before core: what both define is the stand-in's."""
    src = [s for s in sorted(glob.glob(f'{ROOT}/tui/*.c')) if os.path.basename(s) not in ('main.c', 'import.c')]
    core = 'build/libcore.a'
    if '-fsanitize=address,undefined' in flags:
        core, made = 'build/asan/libcore.a', []
    else:  # what `make all` has compiled already
        made = [f'build/obj/tui/{os.path.basename(s)[:-2]}.o' for s in src]
        src = [f'{ROOT}/{o}' for o in made]
    subprocess.run(['make', '-s', '-j2', core, *made], cwd=ROOT, check=True)
    src += sorted(glob.glob(f'{ROOT}/tests/tui/fake_*.c'))
    newest = max(os.path.getmtime(s) for s in src + glob.glob(f'{ROOT}/themes/*.cfg') + [f'{ROOT}/{core}'] +
                 glob.glob(f'{ROOT}/tests/tui/*.h') + glob.glob(f'{ROOT}/tui/*.h') + glob.glob(f'{ROOT}/core/*.h'))
    if os.path.exists(out) and os.path.getmtime(out) > newest:
        return out
    os.makedirs(os.path.dirname(out), exist_ok=True)
    libs = subprocess.run(['pkg-config', '--libs', 'libssh', 'libconfig', 'jansson', 'ncursesw', 'panelw', 'libcurl'],
                          capture_output=True, text=True, check=True).stdout.split()
    subprocess.run([os.environ.get('CC', 'cc'), '-std=gnu11', '-D_GNU_SOURCE', '-O1', '-g', '-Wall',
                    '-Wextra', '-Wno-format-truncation', *flags, f'-I{ROOT}', f'-I{ROOT}/build/gen', '-o', f'{out}.new', *src,
                    f'{ROOT}/{core}', '-Wl,--allow-multiple-definition', *libs, '-lm', '-lpthread'], check=True)
    os.rename(f'{out}.new', out)
    return out


@pytest.fixture(scope='session')
def deck():
    """FAKE_DECK names a ready one; else it is built."""
    return os.environ.get('FAKE_DECK') or build(f'{ROOT}/build/tests/fake_deck')


@pytest.fixture(scope='session')
def deck_asan():
    return os.environ.get('FAKE_DECK') or build(
        f'{ROOT}/build/tests/fake_deck_asan', '-fsanitize=address,undefined',
        '-fno-sanitize-recover=undefined')
