# SPDX-License-Identifier: GPL-2.0-or-later
"""A program on a real pty, with its screen: what the tests of the console type and look at.

    t = Term(["build/faultdeck", "-c", "cluster.cfg"], cols=120, rows=36)
    t.wait_for("db1", 10); t.keys("<Down><Enter>"); assert "file-write" in t.text()

Not called pty.py: that name would hide Python's own module from everything beside it.
"""
import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import termios
import time

import pyte

KEYS = {'Up': '\x1bOA', 'Down': '\x1bOB', 'Right': '\x1bOC', 'Left': '\x1bOD', 'Home': '\x1bOH',
        'End': '\x1bOF', 'PgUp': '\x1b[5~', 'PgDn': '\x1b[6~', 'Tab': '\t', 'BTab': '\x1b[Z',
        'Enter': '\r', 'Esc': '\x1b', 'Space': ' ', 'BS': '\x7f', 'Del': '\x1b[3~', 'lt': '<',
        'F1': '\x1bOP', 'F2': '\x1bOQ', 'F4': '\x1bOS', 'F6': '\x1b[17~', 'F5': '\x1b[15~', 'F8': '\x1b[19~', 'F9': '\x1b[20~', 'F10': '\x1b[21~'}


class Screen(pyte.Screen):
    """pyte's, with what it lacks and curses uses: scrolling by SU and SD, repeating by REP, and the
    background that new cells get (bce)."""

    last = ' '

    def select_graphic_rendition(self, *attrs, **more):
        """The bright colours are colours, not bold ones."""
        wide, rest = [], list(attrs)
        while rest:
            a = rest.pop(0)
            if a in (38, 48):  # what follows is a colour's number: 5;N
                wide += [a, *rest[:2]]
                del rest[:2]
            else:
                wide += [38 + a // 100 * 10, 5, 8 + a % 10] if a in (*range(90, 98), *range(100, 108)) else [a]
        super().select_graphic_rendition(*wide, **more)

    def draw(self, data):
        super().draw(data)
        self.last = data[-1:] or self.last

    def _blank(self, cells):
        empty = self.default_char._replace(bg=self.cursor.attrs.bg)
        for y, x in cells:
            self.buffer[y][x] = empty

    def _blank_line(self, y):
        self._blank((y, x) for x in range(self.columns))

    def index(self):
        scrolls = self.cursor.y == (self.margins or (0, self.lines - 1))[1]
        super().index()
        if scrolls:
            self._blank_line(self.cursor.y)

    def reverse_index(self):
        scrolls = self.cursor.y == (self.margins or (0, self.lines - 1))[0]
        super().reverse_index()
        if scrolls:
            self._blank_line(self.cursor.y)

    def delete_characters(self, count=None):
        y, x = self.cursor.y, self.cursor.x
        super().delete_characters(count)
        self._blank((y, k) for k in range(max(x, self.columns - (count or 1)), self.columns))

    def insert_characters(self, count=None):
        y, x = self.cursor.y, self.cursor.x
        super().insert_characters(count)
        self._blank((y, k) for k in range(x, min(x + (count or 1), self.columns)))

    def insert_lines(self, count=None):
        y, bottom = self.cursor.y, (self.margins or (0, self.lines - 1))[1]
        super().insert_lines(count)
        for k in range(y, min(y + (count or 1), bottom + 1)):
            self._blank_line(k)

    def delete_lines(self, count=None):
        y, bottom = self.cursor.y, (self.margins or (0, self.lines - 1))[1]
        super().delete_lines(count)
        for k in range(max(y, bottom + 1 - (count or 1)), bottom + 1):
            self._blank_line(k)

    def _scroll(self, count, up):
        y, x = self.cursor.y, self.cursor.x
        top, bottom = self.margins or (0, self.lines - 1)
        for _ in range(count or 1):
            self.cursor.y = bottom if up else top
            self.index() if up else self.reverse_index()
        self.cursor.y, self.cursor.x = y, x

    def scroll_up(self, count=1):
        self._scroll(count, True)

    def scroll_down(self, count=1):
        self._scroll(count, False)

    def repeat(self, count=1):
        self.draw(self.last * (count or 1))


class Stream(pyte.ByteStream):
    csi = dict(pyte.Stream.csi, S='scroll_up', T='scroll_down', b='repeat')
    events = pyte.Stream.events | {'scroll_up', 'scroll_down', 'repeat'}


class Term:
    def __init__(self, argv, cols=120, rows=36, term='xterm-256color', env=None, cwd=None):
        self.master, self.slave = os.openpty()
        self.raw = bytearray()
        self.screen = Screen(cols, rows)
        self.stream = Stream(self.screen)
        self._size(cols, rows)
        self.before = termios.tcgetattr(self.slave)
        full = {k: v for k, v in os.environ.items()
                if k not in ('NO_COLOR', 'COLUMNS', 'LINES', 'LC_ALL', 'LC_CTYPE')}
        full.update({'TERM': term, 'LANG': 'C.UTF-8'})
        full.update(env or {})
        self.proc = subprocess.Popen(argv, stdin=self.slave, stdout=self.slave, stderr=self.slave,
                                     env=full, cwd=cwd, preexec_fn=self._child)

    def _child(self):
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    def _size(self, cols, rows):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack('HHHH', rows, cols, 0, 0))

    def resize(self, cols, rows):
        self._size(cols, rows)
        self.screen.resize(rows, cols)

    def pump(self, seconds=0.05):
        """Reads what the program writes for so long; returns how many bytes came."""
        end = time.monotonic() + seconds
        got = 0
        while (left := end - time.monotonic()) > 0:
            if not select.select([self.master], [], [], left)[0]:
                break
            try:
                data = os.read(self.master, 65536)
            except OSError:
                break
            if not data:
                break
            got += len(data)
            self.raw += data
            # pyte takes neither private-mode SGR nor some of xterm's queries
            self.stream.feed(re.sub(rb'\x1b\[[>?][0-9;]*[mcun]|\x1b\[>4;[0-9]m', b'', data))
        return got

    def write(self, text):
        os.write(self.master, text.encode() if isinstance(text, str) else text)

    def keys(self, text, pause=0.05):
        """Types text, with <Name> for keys that have no letter and <C-x> for control."""
        for token in re.findall(r'<[^<>]+>|.', text, re.S):
            name = token[1:-1] if len(token) > 2 else None
            if name and name.startswith('C-'):
                token = chr(ord(name[2].lower()) & 0x1f)
            elif name:
                token = KEYS[name]
            self.write(token)
            self.pump(pause)

    def lines(self):
        return [line.rstrip() for line in self.screen.display]

    def text(self):
        return '\n'.join(self.lines())

    def wait_for(self, text, limit=5.0):
        """Until TEXT (a string, or a pattern made by re.compile) is on the screen."""
        found = text.search if hasattr(text, 'search') else lambda s: text in s
        end = time.monotonic() + limit
        while not found(self.text()):
            if time.monotonic() > end:
                raise AssertionError(f'{text!r} is not on the screen after {limit} s:\n'
                                     + self.text())
            self.pump(0.05)
        return self.text()

    def wait_gone(self, text, limit=5.0):
        end = time.monotonic() + limit
        while text in self.text():
            if time.monotonic() > end:
                raise AssertionError(f'{text!r} is still there after {limit} s:\n' + self.text())
            self.pump(0.05)

    def wait_exit(self, limit=5.0):
        """The exit status (negative: the signal), as subprocess has it."""
        end = time.monotonic() + limit
        while self.proc.poll() is None:
            if time.monotonic() > end:
                raise AssertionError(f'still running after {limit} s:\n' + self.text())
            self.pump(0.05)
        self.pump(0.2)
        return self.proc.returncode

    def kill(self, sig):
        os.kill(self.proc.pid, sig)

    def sane(self):
        """Says what is not as it was before the program ran; '' when all is."""
        wrong = []
        now = termios.tcgetattr(self.slave)
        if now[:4] != self.before[:4]:
            wrong.append(f'terminal modes: {self.before[:4]} became {now[:4]}')
        raw = bytes(self.raw)
        if raw.rfind(b'\x1b[?1049h') > raw.rfind(b'\x1b[?1049l'):
            wrong.append('the alternate screen was not left')
        if raw.rfind(b'\x1b[?25l') > max(raw.rfind(b'\x1b[?25h'), raw.rfind(b'\x1b[?12l\x1b[?25h'),
                                         raw.rfind(b'\x1b[34h\x1b[?25h')):
            wrong.append('the cursor is hidden')
        return '; '.join(wrong)

    def close(self):
        if self.proc.poll() is None:
            self.proc.send_signal(signal.SIGKILL)
            self.proc.wait()
        os.close(self.master)
        os.close(self.slave)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()


def choose(term, entry, fault, target=''):
    """By keys: ENTRY of the menu, the row that the filter TARGET leaves, FAULT; its dialog is open then."""
    term.keys(entry)
    if target:
        term.keys('/' + target + '<Enter><End>', 0.2)
    term.keys('<Tab><Tab>/' + fault.partition('.')[2] + '<Enter>', 0.2)
    term.keys('<Home><Enter>')
    term.wait_for('Inject ' + fault, 10)

