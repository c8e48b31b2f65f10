# SPDX-License-Identifier: GPL-2.0-or-later
"""Builds the program whose screen is tested: the console on a stand-in engine (fake_deck.c)."""
import glob
import os
import subprocess

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CORE = ('model', 'catalogue', 'text', 'err', 'config', 'schema', 'hours', 'probe_cfg', 'manifest_parts', 'scenario*', 'run*', 'report*', 'program*', 'probe_expect')
MADE = [f'build/gen/themes/{t}.cfg.inc' for t in ('dark', 'mono')]


def build(out, *flags):
    src = [s for s in sorted(glob.glob(f'{ROOT}/tui/*.c')) if os.path.basename(s) not in ('main.c', 'import.c')]
    src += [s for c in CORE for s in sorted(glob.glob(f'{ROOT}/core/{c}.c'))] + [f'{ROOT}/tests/tui/fake_deck.c']
    newest = max(os.path.getmtime(s) for s in src + glob.glob(f'{ROOT}/themes/*.cfg') +
                 glob.glob(f'{ROOT}/tui/*.h') + glob.glob(f'{ROOT}/core/*.h'))
    if os.path.exists(out) and os.path.getmtime(out) > newest:
        return out
    os.makedirs(os.path.dirname(out), exist_ok=True)
    subprocess.run(['make', '-s', *MADE], cwd=ROOT, check=True)
    subprocess.run([os.environ.get('CC', 'cc'), '-std=gnu11', '-D_GNU_SOURCE', '-O1', '-g', '-Wall',
                    '-Wextra', '-Wno-format-truncation', *flags, f'-I{ROOT}', f'-I{ROOT}/build/gen', '-o', f'{out}.new', *src, '-lncursesw',
                    '-ltinfo', '-lm', '-lpthread', '-lconfig', '-ljansson', '-lcurl'], check=True)
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
