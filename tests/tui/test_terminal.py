# SPDX-License-Identifier: GPL-2.0-or-later
"""The terminal is as it was after every kind of end, and at every size."""
import os
import random
import resource
import signal
import time

import pytest

from terminal import Term

SEED = int(os.environ.get('SEED', random.randrange(1 << 30)))
SECONDS = float(os.environ.get('MONKEY_SECONDS', 300 if os.environ.get('FD_ALL') else 8))
ENDS = {signal.SIGTERM: 0, signal.SIGHUP: 0, signal.SIGSEGV: -signal.SIGSEGV,
        signal.SIGABRT: -signal.SIGABRT, signal.SIGBUS: -signal.SIGBUS,
        signal.SIGQUIT: -signal.SIGQUIT}
MONKEY = list('jklhgGq?/aAnRX1623457:Tzsyw 5+L~!') + ['<Tab>', '<BTab>', '<Enter>', '<Esc>', '<Up>', '<Down>', '<F9>',
                                        '<PgDn>', '<PgUp>', '<Right>', '<Left>', '<BS>', '<C-u>', '<C-l>', '<C-c>', '<F2>', '<F6>']


@pytest.mark.parametrize('sig', ENDS, ids=lambda s: s.name)
def test_signals_leave_a_sane_terminal(deck, sig):
    with Term([deck, '--injected', '1'], 80, 24) as t:
        t.wait_for('web1')
        assert t.sane()  # else this test proves nothing
        t.kill(sig)
        assert t.wait_exit() == ENDS[sig]
        assert not t.sane()


def test_quit_leaves_a_sane_terminal(deck):
    with Term([deck], 80, 24) as t:
        t.wait_for('web1')
        t.keys('q')
        assert t.wait_exit() == 0
        assert not t.sane()


def test_gone_terminal_ends_it(deck):
    t = Term([deck], 80, 24)
    t.wait_for('web1')
    os.close(t.slave)
    os.close(t.master)
    assert t.proc.wait(5) in (0, -signal.SIGHUP)


@pytest.mark.parametrize('how', ['key', 'signal'])
def test_suspend_and_come_back(deck, how):
    # the shell keeps job control: without it nobody may be stopped
    with Term(['sh', '-mc', f'{deck} & fg; echo stopped-$?; fg; echo ended-$?'], 80, 24) as t:
        t.wait_for('web1')
        if how == 'key':
            t.keys('<C-z>')
        else:
            pid = int(os.popen(f'pgrep -P {t.proc.pid}').read().split()[0])
            os.kill(pid, signal.SIGTSTP)
        for _ in range(100):
            t.pump(0.05)
            if b'\x1b[?1049h' in t.raw.partition(b'stopped-')[2]:
                break
        assert b'stopped-' in t.raw
        t.wait_for('web1', 5)
        left = bytes(t.raw).index(b'stopped-')
        assert b'\x1b[?1049l' in t.raw[:left] and b'\x1b[?1049h' in t.raw[left:]
        t.keys('q')
        t.wait_exit()
        assert b'ended-0' in t.raw and not t.sane()


def test_stop_and_continue_draws_again(deck):
    with Term([deck], 80, 24) as t:
        t.wait_for('web1')
        t.kill(signal.SIGSTOP)
        time.sleep(0.3)
        t.pump(0.2)
        t.screen.reset()
        t.kill(signal.SIGCONT)
        t.wait_for('web1')
        t.keys('q')
        assert t.wait_exit() == 0


def same_as_fresh(t):
    """The screen, the clock and the figures aside, must be what a full redraw gives."""
    for attempt in range(4):
        t.pump(0.4)
        before = t.lines()
        t.keys('<C-l>', 0.15)
        after = t.lines()
        differ = [(a, b) for a, b in zip(before, after) if a != b and not moves(a, b)]
        if not differ:
            return
    raise AssertionError('\n'.join(f'{a!r}\n{b!r}' for a, b in differ))


def moves(a, b):
    """Digits, bars and charts change from second to second; words do not."""
    drop = {ord(c): None for c in '0123456789 ▰▱.:|#kMGiB/s?▲' + ''.join(map(chr, range(0x2800, 0x2900)))}
    return a.translate(drop) == b.translate(drop)


def monkey(t, rng, end):
    """Sizes and keys at random; False when one of the keys was a q that was meant."""
    while time.monotonic() < end:
        small = rng.random() < 0.3
        t.resize(rng.randint(1, 20 if small else 250), rng.randint(1, 10 if small else 70))
        t.keys(''.join(rng.choices(MONKEY, k=4)), 0.005)
        t.pump(0.01)
        if t.proc.poll() is not None:
            break
    t.pump(0.3)
    if t.sane():
        return True
    # Ctrl-C behind a q that was meant ends what is left of closing
    assert t.wait_exit(10) in (0, -signal.SIGINT), bytes(t.raw[-3000:]).decode(errors='replace')
    return False


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """w writes files where the console was started."""
    monkeypatch.chdir(tmp_path)


def storm(program, seconds, seed, *args):
    print(f'SEED={seed}')
    rng = random.Random(seed)
    end = time.monotonic() + seconds
    lasted = False
    while not lasted:
        with Term([program, '--injected', '2', *args], 120, 36) as t:
            t.wait_for('INJECTED 2', 10)
            lasted = monkey(t, rng, end)
            if lasted:
                settle(t)


def settle(t):
    for size in ((1, 1), (2, 1), (1, 40), (250, 1), (120, 36)):
        t.resize(*size)
        t.pump(0.15)
    t.keys('<Esc><Esc><Esc>L<Esc><Esc><Esc>')
    same_as_fresh(t)
    t.kill(signal.SIGTERM)
    assert t.wait_exit(10) == 0, bytes(t.raw[-3000:]).decode(errors='replace')
    assert not t.sane()


def test_resize_storm(deck):
    for part in range(3):
        storm(deck, SECONDS / 3, SEED + part)


def test_resize_storm_with_many_nodes_and_events(deck):
    storm(deck, SECONDS / 3, SEED, '--nodes', '300', '--storm')


def test_resize_storm_with_all_backends(deck):
    storm(deck, SECONDS / 3, SEED + 50, '--mixed')


def test_monkey_under_asan(deck_asan):
    for part in range(3):
        storm(deck_asan, SECONDS / 3, SEED + 100 + part)


def test_no_memory_left(deck):
    """Nothing more is given from now on: what needs it is not shown, and the terminal is given back."""
    with Term([deck, '--injected', '2', '--nodes', '60'], 80, 24) as t:
        t.wait_for('INJECTED 2')
        with open(f'/proc/{t.proc.pid}/statm') as f:
            size = int(f.read().split()[0]) * os.sysconf('SC_PAGESIZE')
        resource.prlimit(t.proc.pid, resource.RLIMIT_AS, (size, size))
        t.keys('?<PgDn><Esc>1<Enter><Enter><Tab>', 0.1)
        t.resize(250, 70)
        t.keys('<Esc><Esc>:list vms<Enter>T<Down><Enter>7/nothing<Enter><Esc>s/web<Enter>ssss', 0.1)
        t.pump(1.5)
        t.resize(100, 30)
        t.pump(0.5)
        if t.proc.poll() is None:
            t.kill(signal.SIGTERM)
        assert t.wait_exit(10) in (0, 1)
        assert not t.sane()
