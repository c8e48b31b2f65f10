#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The console beside htop and btop on this machine: first frame, key → screen, bytes a refresh, CPU, RSS.

Beside them the stand-in engine of tests/tui with 10,000 rows and with 1,000 nodes of which 300 hang (its own
work, which makes every row anew each second, is in its CPU and RSS), and the real engine with 1,000 nodes of
which 300 take the connection and say nothing and 700 refuse it. No lab.
"""
import contextlib
import os
import select
import socket
import statistics
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, 'tests', 'tui'))
from conftest import build  # noqa: E402
from terminal import Term  # noqa: E402

STARTS, KEYS, SECONDS = 9, 150, 10
ARROWS, TABS = ('\x1bOB', '\x1bOA'), ('\t', '\x1b[Z')  # tabs where the list is too short for arrows


class Raw(Term):
    """A terminal whose screen is not kept: reading must not take longer than writing."""

    def read(self, limit):
        """What comes within LIMIT seconds, and when the last of it came; a pause of 3 ms ends it."""
        got, last, end = b'', None, time.monotonic() + limit
        while True:
            data = self.read_once(0.003 if got else max(0, end - time.monotonic()))
            if not data:
                return got, last
            last = time.monotonic()
            got += data

    def read_once(self, limit):
        if not select.select([self.master], [], [], limit)[0]:
            return b''
        return os.read(self.master, 1 << 16)


def cpu_of(pid):
    """Seconds that all threads ran so far: unlike the clock, the same however busy the machine is."""
    ran = 0
    for task in os.listdir(f'/proc/{pid}/task'):
        with contextlib.suppress(OSError), open(f'/proc/{pid}/task/{task}/schedstat', encoding='utf-8') as f:
            ran += int(f.read().split()[0])
    return ran / 1e9


def rss_of(pid):
    with open(f'/proc/{pid}/statm', encoding='utf-8') as f:
        return int(f.read().split()[1]) * os.sysconf('SC_PAGE_SIZE') // 1024


def first_frame(argv, word, env):
    """Milliseconds from exec (and the fork before it) to all of the burst that has WORD in it."""
    began = time.monotonic()
    with Raw(argv, 120, 36, env=env, cwd=TOP) as t:
        got = b''
        while word not in got:
            more, last = t.read(5)
            if not more:
                raise RuntimeError(f'{argv}: no {word} on the screen')
            got += more
        return 1000 * (last - began)


def quiet(t, seconds=0.03):
    while t.read_once(seconds):
        pass


def keys(t, down, up):
    """Milliseconds from a key to the last byte that it changed on the screen, in order."""
    took = []
    for k in range(KEYS):
        quiet(t)
        began = time.monotonic()
        t.write(down if k % 16 < 8 else up)
        _, last = t.read(2)
        if last:
            took.append(1000 * (last - began))
        time.sleep(0.007 * (k % 7))  # at every phase of the program's own second
    return sorted(took)


def idle(t):
    """CPU %, KiB, and bytes a second, of one that nobody touches."""
    quiet(t, 0)
    used = cpu_of(t.proc.pid)
    got, began = 0, time.monotonic()
    while (left := began + SECONDS - time.monotonic()) > 0:
        got += len(t.read_once(left))
    return 100 * (cpu_of(t.proc.pid) - used) / SECONDS, rss_of(t.proc.pid), got / SECONDS


def measure(argv, word, pair, env):
    first = statistics.median(first_frame(argv, word, env) for _ in range(STARTS))
    with Raw(argv, 120, 36, env=env, cwd=TOP) as t:
        end = time.monotonic() + 6
        while (left := end - time.monotonic()) > 0:
            t.read_once(left)
        cpu, rss, sent = idle(t)
        before, began = cpu_of(t.proc.pid), time.monotonic()
        took = keys(t, *pair)
        each = (cpu_of(t.proc.pid) - before - cpu / 100 * (time.monotonic() - began)) / KEYS
    return first, cpu, rss, sent, took, 1000 * max(0, each)


@contextlib.contextmanager
def silent_port():
    """Connections are taken by the kernel and never answered."""
    s = socket.socket()
    s.bind(('127.0.0.1', 0))
    s.listen(4096)
    yield s.getsockname()[1]
    s.close()


def programs(state, silent):
    fake = build(os.path.join(TOP, 'build/tests/fake_deck_fast'), '-O2')
    here, many = os.path.join(state, 'here.cfg'), os.path.join(state, 'many.cfg')
    with open(here, 'w', encoding='utf-8') as f:
        f.write('nodes = ( { name = "me"; host = "local"; } );\n')
    with open(many, 'w', encoding='utf-8') as f:
        f.write('nodes = (\n' + ',\n'.join(
            '{ name = "n%d"; host = "127.0.0.1"; port = %d; }' % (k, silent if k < 300 else 1)
            for k in range(1000)) + '\n);\n')
    own = os.path.join(TOP, 'build/faultdeck')
    return (('htop, 1 s', ['htop', '-d', '10'], b'PID', ARROWS),
            ('btop, 1 s', ['btop'], b'Cpu', ('\x1b[B', '\x1b[A')),
            ('console, this machine', [own, '-c', here], b'nodes', TABS),
            ('console, 1,000 hang/refuse', [own, '-c', many], b'nodes', ARROWS),
            ('stand-in, 10,000 rows', [fake, '--nodes', '4550'], b'nodes', ARROWS),
            ('stand-in, 300 of 1,000 hang', [fake, '--nodes', '1000', '--hang', '300'], b'nodes', ARROWS))


def main(more=()):
    """MORE: name, command, word of the first frame; beside the others."""
    print('load average before: %.1f of %d processors' % (os.getloadavg()[0], os.cpu_count()))
    print('%-28s %14s %12s %12s %14s %16s' % ('a 120×36 terminal', 'first frame', 'idle CPU', 'RSS', 'sent, idle',
                                             'key → screen'))
    with tempfile.TemporaryDirectory() as state, silent_port() as silent:
        env = {'XDG_STATE_HOME': state, 'XDG_CONFIG_HOME': state, 'HOME': state}
        os.makedirs(os.path.join(state, 'btop'))
        with open(os.path.join(state, 'btop/btop.conf'), 'w', encoding='utf-8') as f:
            f.write('update_ms = 1000\n')
        floor = statistics.median(first_frame(['echo', 'nodes'], b'nodes', env) for _ in range(STARTS))
        print('%-28s %11.1f ms   (echo: what starting anything takes here)' % ('floor', floor))
        peer = None
        for name, argv, word, pair in (*programs(state, silent), *((*row, TABS) for row in more)):
            first, cpu, rss, sent, took, each = measure(argv, word, pair, env)
            peer = peer or (first, cpu, rss)
            print('%-28s %11.1f ms %10.1f %% %8d KiB %9.0f B/s  p50 %5.1f p99 %5.1f ms, CPU %.1f ms   %.2f × %.2f × %.2f × htop' % (
                name, first, cpu, rss, sent, took[len(took) // 2], took[len(took) * 99 // 100], each,
                first / peer[0], cpu / max(peer[1], 0.1), rss / peer[2]), flush=True)


if __name__ == '__main__':
    main()
