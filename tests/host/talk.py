# SPDX-License-Identifier: GPL-2.0-or-later
"""One faultdeck that takes verbs on standard input: a connection is made once, not for each verb."""
import concurrent.futures
import difflib
import json
import os
import select
import shlex
import signal
import subprocess
import time

from deck import Deck, Result, wait
from nodes import Nodes


class HostDeck(Deck):
    """A process a verb."""

    def end(self):
        self("restore", "--all", code=None)


class Talk(HostDeck):
    """The same verbs; the exit code is read from the summary: 0, 1 (failed) or 6 (unknown)."""

    process = None

    def __call__(self, *verbs, code=0, limit=60):
        if not self.process or self.process.poll() is not None:
            self.open()
        words = " ".join(shlex.quote(w) for w in verbs)
        assert "\n" not in words
        os.write(self.process.stdin.fileno(), words.encode() + b"\n")
        result = self.answer(words, limit)
        assert code is None or result.code == code, "%s: %d\n%s" % (words, result.code, result.out)
        return result

    def open(self):
        self.process = subprocess.Popen(self.command("-"), cwd=self.lab.top, env=self.env, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, start_new_session=True)

    def answer(self, words, limit):
        text, end = b"", time.monotonic() + limit
        while b'{"type":"summary"' not in text or not text.endswith(b"\n"):
            ready = select.select([self.process.stdout], [], [], max(0, end - time.monotonic()))[0]
            chunk = ready and os.read(self.process.stdout.fileno(), 1 << 16)
            assert chunk, "%s: no summary after %d s\n%s" % (words, limit, text.decode())
            text += chunk
        summary = json.loads(text.splitlines()[-1])
        unknown = summary["unknown"] and not words.startswith("list ")
        return Result(6 if unknown else 1 if summary["failed"] else 0, text.decode(), "")

    def sees(self, service, state="up"):
        """Waits until its picture of the node shows that, or none of that name where there is no state."""
        name, node = service.split("@")
        shown = lambda: [s["state"] for s in self("list", "services").of("service") if (s["service"], s["node"]) == (name, node)]
        wait("%s is %s" % (service, state), lambda: shown() == ([state] if state else []), 30)

    def kill(self):
        """As when the operator's machine is gone."""
        if self.process:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.communicate()
            self.process = None


def changed(before, after):
    """What differs between two dicts of texts."""
    return "".join("%s: %s\n" % (name, line) for name in before
                   for line in difflib.unified_diff(before[name].splitlines(), after[name].splitlines(), lineterm="", n=0))


OURS = r"""
ls -d /run/faultdeck 2>/dev/null
nft list tables | grep faultdeck
tc qdisc show | grep ' f[de]: '
ls -d /run/systemd/system/*.d/faultdeck-* /run/systemd/transient/faultdeck-* 2>/dev/null
pgrep -af '/run/faultdec[k]/'
grep -s ^id= /sys/kernel/debug/faultdeck/rules
true
"""


class Labs(Nodes):
    """A lab whose nodes are asked over one ssh session each."""

    def ssh(self, node, *words):
        return ["ctl", "ssh", "-F", os.path.join(self.dir, "ssh_config"), "-S", os.path.join(self.dir, "test-%r-%h.ssh"),
                "-o", "ControlMaster=auto", "-o", "ControlPersist=600", "-o", "ConnectTimeout=60", *words]

    def on(self, node, script, user="root", check=True, limit=200, stdin=None):
        """Runs a shell script on a node, by plain ssh; what it printed."""
        return self.run(*self.ssh(node, "-l", user, node, "sh -c " + shlex.quote(script)), check=check, limit=limit, input=stdin).stdout

    def run(self, *args, check=True, limit=600, **kw):
        done = subprocess.run([self.lab, *args], cwd=self.top, env=self.env, text=True, timeout=limit,
                              errors="surrogateescape", **{"capture_output": True, **kw})
        assert not check or done.returncode == 0, "lab %s: %d %s%s" % (args[0], done.returncode, done.stdout, done.stderr)
        return done

    def crash(self, node):
        """Its kernel starts anew from inside: nothing ends the session, but that nobody answers."""
        alive = ["-o", "ServerAliveInterval=1", "-o", "ServerAliveCountMax=3", "-o", "ControlPath=none"]
        self.run("ctl", "ssh", "-F", os.path.join(self.dir, "ssh_config"), *alive, node, "echo b >/proc/sysrq-trigger", check=False)

    def forget(self, node):
        """Of a node that has lost its power: its session would be waited for."""
        self.run(*self.ssh(node, "-l", "root", "-O", "exit", node), check=False)

    def cut_off(self, ways):
        """SSH in each of these ways, which are words for it: what those said that do not work."""
        common = ["ctl", "ssh", "-F", os.path.join(self.dir, "ssh_config"), "-o", "StrictHostKeyChecking=no",
                  "-o", "UserKnownHostsFile=/dev/null", "-o", "ConnectTimeout=60", "-o", "ControlPath=none"]
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            done = pool.map(lambda words: self.run(*common, *words, "echo here", check=False), ways)
            return {str(words): d.stderr for words, d in zip(ways, done) if d.stdout != "here\n"}

    def foreign(self, node, verb):
        with open(os.path.join(self.top, "tests/lab/foreign.sh")) as script:
            return self.on(node, "sh -s " + verb, stdin=script.read(), limit=400)

    def foreign_of(self, nodes):
        """The snapshots of several nodes, taken at once."""
        with concurrent.futures.ThreadPoolExecutor(len(nodes)) as pool:
            return dict(zip(nodes, pool.map(lambda n: self.foreign(n, "snapshot"), nodes)))

    def ours(self, nodes):
        """What nodes have of ours: ledger, tables, qdiscs, drop-ins, timers, processes, rules of the module."""
        with concurrent.futures.ThreadPoolExecutor(len(nodes)) as pool:
            return "".join(pool.map(lambda n: self.on(n, OURS), nodes))
