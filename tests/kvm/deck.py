# SPDX-License-Identifier: GPL-2.0-or-later
"""How the tests drive the lab and faultdeck. Every wait has a condition and a limit."""
import contextlib
import json
import os
import re
import select
import shlex
import signal
import subprocess
import tempfile
import time


def wait(what, test, limit):
    """Until TEST is true (its value is returned), at most LIMIT seconds."""
    end = time.monotonic() + limit
    while True:
        value = test()
        if value:
            return value
        assert time.monotonic() < end, "not within %g s: %s" % (limit, what)
        time.sleep(0.1)


def soon(test, limit):
    """Is TEST true within LIMIT seconds?"""
    try:
        wait("", test, limit)
        return True
    except AssertionError:
        return False


class Pipe:
    """A process that answers what it is asked, for as long as the tests run; begun anew when it has ended."""

    def __init__(self, command, cwd, env=None):
        self.command, self.cwd, self.env, self.process = command, cwd, env, None
        self.said = tempfile.TemporaryFile("w+")

    def ask(self, question, ended, limit):
        """Writes QUESTION, returns all up to what the expression ENDED finds, with its match."""
        for again in (True, False):
            try:
                return self.try_ask(question, ended, limit)
            except (BrokenPipeError, EOFError):
                self.end()
                if not again:
                    self.said.seek(0)
                    raise AssertionError("%s ended: %s" % (self.command, self.said.read()[-2000:]))

    def try_ask(self, question, ended, limit):
        if not self.process:
            self.process = subprocess.Popen(self.command, cwd=self.cwd, env=self.env, stdin=subprocess.PIPE,
                                            stdout=subprocess.PIPE, stderr=self.said, start_new_session=True)
        self.process.stdin.write(question.encode())
        self.process.stdin.flush()
        got, end = b"", time.monotonic() + limit
        while True:
            ready, _, _ = select.select([self.process.stdout], [], [], max(0, end - time.monotonic()))
            if not ready:
                self.end()
                raise AssertionError("no end within %g s: %s\n%s" % (limit, question, got.decode(errors="replace")))
            chunk = os.read(self.process.stdout.fileno(), 1 << 16)
            if not chunk:
                raise EOFError
            got += chunk
            found = re.search(ended, got)
            if found:
                return got[:found.start()].decode(errors="replace"), found

    def end(self):
        if self.process:
            with contextlib.suppress(BrokenPipeError):  # what it did not take it never will
                self.process.stdin.close()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
            self.process.stdout.close()
        self.process = None


class Lab:
    def __init__(self, top):
        self.top = top
        self.lab = os.path.join(top, "tests/lab/lab")
        self.ssh = ["ssh", "-F", os.path.join(top, "build/lab/ssh_config"), "-o", "ServerAliveInterval=5", "kvm1"]
        # one shell for all questions: a handshake in the emulated host takes a second, and so does each program there
        self.shell = Pipe([self.lab, "ctl", *self.ssh, "sh"], top)
        self.spoiled = False  # kvm1 has to be started again
        self.moved = set()  # guests whose process is another than it was

    def run(self, *args, check=True, **kw):
        return subprocess.run([self.lab, *args], check=check, cwd=self.top, text=True, **kw)

    def is_up(self):
        status = self.run("status", check=False, capture_output=True).stdout
        return " up pid" in status and "lab of %s/build/lab\n" % self.top in status

    def up(self):
        self.run("up", "kvm")

    def down(self):
        self.run("down")

    def on(self, script, check=True):
        """Runs a shell script on kvm1; what it printed."""
        said, found = self.shell.ask("( %s\n) </dev/null; printf '\\n@%%s is the end\\n' $?\n" % script, rb"\n@(\d+) is the end\n", 120)
        assert not check or found.group(1) in (b"0", b"1"), "%s: status %s" % (script, found.group(1).decode())
        return said

    def restart(self, guest, *words):
        self.run("guest", guest, "restart", *words, capture_output=True)
        self.moved.add(guest)

    def lives(self, guest):
        return "yes" in self.on("kill -0 $(cat /run/qemu/%s.pid) && echo yes" % guest)

    def end(self):
        self.shell.end()

    def console(self, guest):
        """The last lines of a guest's console: [(number, disk, write result, read result)]."""
        text = self.on("tail -n 400 /run/qemu/%s.console" % guest)
        found = re.findall(r"^%s (\d+) (vd\w) write (\w+) read (\w+)\s*$" % guest, text, re.M)
        return [(int(n), disk, w, r) for n, disk, w, r in found]

    def last(self, guest, disk="vda"):
        lines = [l for l in self.console(guest) if l[1] == disk]
        return lines[-1][0] if lines else -1

    def after(self, guest, number, disk="vda"):
        return [l for l in self.console(guest) if l[1] == disk and l[0] > number]

    def qmp(self, guest, command, **arguments):
        """One command to a monitor; what it answered, events left out. Nothing, where QEMU ended over it."""
        ask = json.dumps({"execute": command, "arguments": arguments})
        script = (
            "perl -MIO::Socket::UNIX -e '$s=IO::Socket::UNIX->new(Peer=>\"/run/qemu/%s.qmp\") or die; $s->autoflush(1);"
            "<$s>; print $s \"{\\\"execute\\\":\\\"qmp_capabilities\\\"}\\n\"; <$s>;"
            "print $s \"$ARGV[0]\\n\"; while(<$s>){ if(/^.\"(return|error)/){print; exit} }' %s" % (guest, shlex.quote(ask))
        )
        return json.loads(self.on(script) or "{}")

    def send(self, path, to):
        """A file of this machine to kvm1, executable."""
        with open(path, "rb") as f:
            subprocess.run([self.lab, "ctl", *self.ssh, "cat >%s && chmod +x %s" % (to, to)], stdin=f, check=True, cwd=self.top)

    def guest_status(self, guest):
        return self.qmp(guest, "query-status")["return"]["status"]

    def sums(self, guest):
        """What a guest that was told `sum on` computed: ok, bad, … of the last lines."""
        text = self.on("tail -n 200 /run/qemu/%s.console" % guest)
        return re.findall(r"^%s \d+ sum (\w+)\s*$" % guest, text, re.M)

    def pid(self, guest):
        return int(self.on("pgrep -f -- '-name %s[,]'" % guest).split()[0])


class Result:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err
        self.lines = [json.loads(l) for l in out.splitlines() if l.startswith("{")]

    def of(self, kind):
        return [l for l in self.lines if l["type"] == kind]

    def one(self, kind):
        found = self.of(kind)
        assert len(found) == 1, "%d lines of type %s in %s" % (len(found), kind, self.out + self.err)
        return found[0]


class Deck:
    """Batch verbs. With KEPT one process does them all, the verb `-`, over one SSH session."""
    recovers_in = 120  # seconds in which what was broken is whole again

    def __init__(self, lab, state, config="cluster.cfg", kept=False):
        self.lab, self.config = lab, config
        self.env = dict(os.environ, XDG_STATE_HOME=str(state))
        self.started = []
        self.pipe = Pipe(self.command("-"), lab.top, self.env) if kept else None

    def command(self, *verbs, text=False):
        return [
            self.lab.lab, "ctl", "build/faultdeck", "-c", self.config,
            "--batch", "--format", "text" if text else "json", *verbs,
        ]

    def __call__(self, *verbs, code=0, text=False, limit=60):
        if self.pipe and code == 0 and not text:
            return self.by_pipe(verbs, limit)
        done = subprocess.run(
            self.command(*verbs, text=text), capture_output=True, text=True, cwd=self.lab.top, env=self.env, timeout=limit
        )
        result = Result(done.returncode, done.stdout, done.stderr)
        assert code is None or result.code == code, "%s: exit %d\n%s%s" % (verbs, result.code, done.stdout, done.stderr)
        return result

    def by_pipe(self, verbs, limit):
        said, found = self.pipe.ask(shlex.join(verbs) + "\n", rb'(?m)^\{"type":"summary".*\n', limit)
        result = Result(0, said + found.group().decode(), "")
        summary = result.one("summary")
        bad = ("failed",) if verbs[0] in ("status", "list") else ("failed", "unknown", "unreachable")
        assert not any(summary[k] for k in bad), "%s:\n%s" % (verbs, result.out)
        return result

    def start(self, *verbs, **kw):
        """In the background, in a session of its own."""
        p = subprocess.Popen(self.command(*verbs), cwd=self.lab.top, env=self.env, start_new_session=True,
                             text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **kw)
        self.started.append(p)
        return p

    def inject(self, fault, target, *words, code=0):
        return self("--yes", "inject", fault, target, *words, code=code)

    def ident(self, done):
        return done.of("injection")[-1]["id"]

    def restored(self, *idents):
        """Restores until it is known to be; what was broken may take longer than one answer waits."""
        def all_are():
            last = {i["id"]: i["state"] for i in self("restore", *idents, code=None).of("injection")}
            return all(last.get(i) == "restored" for i in idents)

        wait("%s are restored" % (idents,), all_are, self.recovers_in)

    def injection(self, ident):
        found = [i for i in self("list", "injections").of("injection") if i["id"] == ident]
        return found[0] if found else None

    def rules(self):
        text = self.lab.on("cat /sys/kernel/debug/faultdeck/rules")
        return [dict(w.split("=", 1) for w in l.split() if "=" in w) for l in text.splitlines() if l.startswith("id=")]

    def journal(self):
        with open(os.path.join(self.env["XDG_STATE_HOME"], "faultdeck/journal")) as f:
            return [json.loads(l) for l in f]

    def end(self):
        for p in self.started:
            if p.poll() is None:
                os.killpg(p.pid, signal.SIGKILL)
            p.communicate()
        self.started.clear()


class KvmDeck(Deck):
    """On kvm1, whose guests the tests start again."""

    def inject(self, *words, code=0):
        for guest in self.lab.moved:
            pid = self.lab.pid(guest)
            wait("%s is seen again" % guest, lambda: pid in [v["pid"] for v in self("status").of("vm") if v["vm"] == guest], 30)
        self.lab.moved.clear()
        return super().inject(*words, code=code)

    def end(self):
        super().end()
        if not nothing_left(self.lab):
            self("restore", "--all", code=None)
            if self.pipe:
                self.pipe.end()


class Prog:
    """tests/kvm/prog.c on kvm1: does one thing five times a second, and says what came of it."""

    def __init__(self, lab, *words):
        self.lab, self.out = lab, "/run/prog.%s.%d" % (words[0], time.monotonic_ns())
        self.what = words[0]
        self.pid = int(lab.on("setsid /run/prog %s >%s 2>&1 </dev/null & echo $!" % (" ".join(words), self.out)))
        self.target = "pid:%d@kvm1" % self.pid

    def said(self, since=0):
        lines = self.lab.on("cat " + self.out).splitlines()
        return [l.split(" ", 1)[1] for l in lines if l.startswith(self.what + " ")][since:]

    def now(self):
        return len(self.said())

    def says(self, want, n=3, limit=20, since=None):
        """From now on it says one of WANT, N times; what it said."""
        since = self.now() if since is None else since
        want = {want} if isinstance(want, str) else set(want)
        wait("%s says %s" % (self.what, want), lambda: sum(s in want for s in self.said(since)) >= n, limit)
        return self.said(since)

    def alive(self):
        return "yes" in self.lab.on("kill -0 %d && echo yes" % self.pid)

    def end(self):
        self.lab.on("kill -9 %d; rm -f %s" % (self.pid, self.out))


def nothing_left(lab):
    """No rule and no ledger entry on the node."""
    return lab.on("grep -c ^id= /sys/kernel/debug/faultdeck/rules; ls -A /run/faultdeck 2>/dev/null | wc -l") == "0\n0\n"
