# SPDX-License-Identifier: GPL-2.0-or-later
"""One cell of the matrix: a fault is brought to a transition and held there, something happens, and then it must be true that
our change goes by its TTL, the node is healthy again, nothing is left, and whatever was shown meanwhile was true."""
import errno
import json
import os
import shutil
import signal
import subprocess
import time
from datetime import datetime, timezone

from place import NOBODY_ANSWERS, PREFIX, TOP, boottime

TRANSITIONS = ("planned", "journaled", "prepared", "active", "restoring", "restored")
EVENTS = ("kill", "cut", "sshd", "power", "operator-full", "disk-full", "run-full")
ENDED = ("restored", "failed", "expired")
AFTER_TTL = 2.0  # seconds that the node has to end it
# where the journal's line stands still for each transition; prepared is known to the node alone
HOLDS = {"planned": "before:journaled", "journaled": "after:journaled", "active": "after:active",
         "restoring": "after:restoring", "restored": "after:restored"}
# seconds; a restore has to find it still there
TTL = {"restoring": 9, "restored": 9}
TTL_OTHERS = 5
BUILD = os.path.join(TOP, "build/matrix")


def slack():
    """Seconds that a look may come late, on a machine that is busy with other things."""
    return max(0.5, 0.25 * os.getloadavg()[0] / os.cpu_count())


class Wrong(Exception):
    """What must hold does not."""


def build():
    """What the cells need: faultdeck, and what holds it at a line of its journal."""
    subprocess.run(["make", "-s", "-C", TOP, "all"], check=True)
    os.makedirs(BUILD, exist_ok=True)
    subprocess.run([os.environ.get("CC", "cc"), "-O1", "-shared", "-fPIC", "-Wall", "-Wextra", "-o", BUILD + "/hold.so",
                    TOP + "/tests/matrix/hold.c"], check=True)


def until(what, test, limit, pause=0.05):
    end = time.monotonic() + limit
    while True:
        value = test()
        if value:
            return value
        if time.monotonic() > end:
            raise Wrong("not within %g s: %s" % (limit, what))
        time.sleep(pause)


class Operator:
    """A user of faultdeck with a small disk of his own for the journal."""

    def __init__(self, node):
        self.node = node
        self.home = "/run/%s-matrix.%s" % (PREFIX, node.name)
        self.close()
        os.makedirs(self.home)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "matrix", self.home], check=True)
        self.running = []

    def close(self):
        if os.path.ismount(self.home):
            subprocess.run(["umount", "-l", self.home], check=True)
        shutil.rmtree(self.home, ignore_errors=True)
        for name in ("held", "go"):
            if os.path.exists("%s.at.%s" % (self.home, name)):
                os.unlink("%s.at.%s" % (self.home, name))

    def start(self, *words, hold=None, given=None):
        """A faultdeck in the background; hold: where its journal stands still."""
        env = dict(os.environ, XDG_STATE_HOME=self.home)
        for name in ("held", "go"):
            path = "%s.at.%s" % (self.home, name)
            if hold and os.path.exists(path):
                os.unlink(path)
        if hold:
            env.update(HOLD=hold, HOLD_AT=self.home + ".at", LD_PRELOAD=BUILD + "/hold.so")
        p = subprocess.Popen(["nsenter", "--net=/run/netns/%s-ctl" % PREFIX, "--", TOP + "/build/faultdeck", "-c", self.node.config,
                              "--batch", "--format", "json", *words],
                             cwd=TOP, env=env, text=True, errors="replace", start_new_session=True,
                             stdin=subprocess.PIPE if given else subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if given:
            p.stdin.write(given)
            p.stdin.close()
            p.stdin = None
        self.running.append(p)
        return p

    def held(self):
        return os.path.exists(self.home + ".at.held")

    def let_go(self):
        with open(self.home + ".at.go", "w"):
            pass

    def end(self, p, limit):
        """What it printed, as objects; it is killed where it does not end."""
        try:
            out, _ = p.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            os.killpg(p.pid, signal.SIGKILL)
            out, _ = p.communicate()
        if p in self.running:
            self.running.remove(p)
        return [json.loads(line) for line in out.splitlines() if line.startswith("{")]

    def end_all(self):
        for p in list(self.running):
            self.end(p, 0)

    def fill(self):
        fd = os.open(self.home + "/filler", os.O_WRONLY | os.O_CREAT)
        try:
            while True:
                os.write(fd, bytes(4096))
        except OSError as e:
            assert e.errno == errno.ENOSPC
        finally:
            os.close(fd)

    def free(self):
        if os.path.exists(self.home + "/filler"):
            os.unlink(self.home + "/filler")

    def journal(self):
        try:
            with open(self.home + "/faultdeck/journal", errors="replace") as f:
                lines = f.read().splitlines()
        except FileNotFoundError:
            return []
        states = []
        for line in lines:
            try:
                states.append(json.loads(line)["state"])
            except ValueError:
                states.append("torn")
        return states

    def forget(self):
        shutil.rmtree(self.home + "/faultdeck", ignore_errors=True)


def seconds_of(stamp):
    return datetime.fromisoformat(stamp.replace("Z", "+00:00")).timestamp()


class Cell:
    def __init__(self, node, operator, recipe, transition, event):
        self.node, self.operator, self.recipe = node, operator, recipe
        self.transition, self.event = transition, event
        self.looks = []  # (begun, ended, is it there: True, False, or None with the node's power off)
        self.deadline = None  # seconds since the boot, of the ledger
        self.shown = []  # injection lines, in the order of their time
        self.gone = self.healthy = None
        self.injected = False
        self.console = None
        self.stood = 0.0  # when the console stood still: what it says next is as old

    def __str__(self):
        return "%s %s x %s" % (self.recipe.name, self.transition, self.event)

    # ---- looking ----
    def look(self):
        begun = time.time()  # on a busy machine one takes a second
        status, out = self.node.sh("read up _ </proc/uptime; echo up $up; for d in /run/faultdeck/*/; do [ ! -r $d/deadline ] || echo deadline $(cat $d/deadline); done 2>/dev/null\n(%s)"
                                   % self.recipe.look)
        up = 0
        for line in out.splitlines():
            words = line.split()
            if words[:1] == ["up"]:
                up = float(words[1])
            if words[:1] == ["deadline"] and len(words) == 2 and words[1].isdigit():
                self.deadline = int(words[1]) / 1000 - up + boottime()
        if status not in (0, 1, NOBODY_ANSWERS):
            raise Wrong("the look itself failed: %d %s" % (status, out))
        there = None if status == NOBODY_ANSWERS else status == 0
        self.looks.append((begun, time.time(), there))
        self.injected = self.injected or there is True
        return there

    def take_shown(self, lines):
        self.shown += [l for l in lines if l["type"] == "injection"]

    # ---- to the transition ----
    def ttl(self):
        """The emulated host is slow: a restore of it must find it still there."""
        slow = self.node.slow
        return TTL[self.transition] * (4 if slow else 1) if self.transition in TTL else TTL_OTHERS * (2 if slow else 1)

    def reach(self):
        """Brings it there; the process that stands still is self.console."""
        words = self.recipe.command(self.node, self.ttl())
        if self.node.slow:
            self.node.watch(self.recipe.look)
        if self.transition in ("restoring", "restored"):
            ident = self.inject(words)
            self.console = self.operator.start("restore", ident, hold=HOLDS[self.transition])
        elif self.transition == "prepared":
            self.node.hold("prepared")
            self.console = self.operator.start(*words)
        else:
            self.console = self.operator.start(*words, "--wait", hold=HOLDS[self.transition])
        test = self.node.held if self.transition == "prepared" else self.operator.held
        until("it is %s" % self.transition, lambda: test() or self.console.poll() is not None, 90 if self.node.slow else 30)
        if not test():
            raise Wrong("it ended before it was %s: %s" % (self.transition, self.operator.end(self.console, 3)))
        self.stood = time.time()
        self.look()

    def inject(self, words):
        lines = self.operator.end(self.operator.start(*words), 60)
        self.take_shown(lines)
        if not self.shown or self.shown[-1]["state"] != "active":
            raise Wrong("it was not injected: %s" % lines)
        if self.look() is not True:
            raise Wrong("it is said to be active, and is not there")
        return self.shown[-1]["id"]

    # ---- what happens there ----
    def begin(self):
        if self.event == "kill":
            os.killpg(self.console.pid, signal.SIGKILL)
        elif self.event == "cut":
            self.node.cut()
        elif self.event == "sshd":
            self.node.stop_sshd()
        elif self.event == "power":
            self.node.power()
        elif self.event == "operator-full":
            self.operator.fill()
        elif self.event == "disk-full":
            self.node.fill_disk()
        else:
            self.node.fill_run()
        self.since = time.time()

    def finish(self):
        """The event is over."""
        if self.event == "cut":
            self.node.heal()
        elif self.event == "sshd":
            self.node.start_sshd()
        elif self.event == "operator-full":
            self.operator.free()
        elif self.event == "disk-full":
            self.node.free_disk()
        elif self.event == "run-full":
            self.node.free_run()

    def let_go(self):
        self.operator.let_go()
        if self.transition == "prepared":
            self.node.let_go()

    def wait_gone(self, limit, lonely=False):
        """Until it is not there and no ledger entry speaks of it; how long after the TTL (below 0: before).
        LONELY: its entry stays, since those who would count it as live cannot be asked."""
        end = time.monotonic() + limit
        if self.node.blind:
            self.watch(self.ttl() + AFTER_TTL)
            return
        while True:
            there = self.look()
            # None: it went with the power
            if not there and (lonely or self.node.sh("[ ! -e /run/faultdeck ]")[0] in (0, NOBODY_ANSWERS)):
                return
            if self.deadline and there and boottime() > self.deadline + AFTER_TTL + slack():
                raise Wrong("it is there %.1f s after its TTL" % (boottime() - self.deadline))
            if time.monotonic() > end:
                raise Wrong("its ledger entry does not go: %s" % self.node.left())
            time.sleep(0.25)

    def take_history(self):
        """What a node saw of itself that could not be seen from out here."""
        self.looks = sorted(self.looks + [(t, t, there) for t, there in self.node.history()], key=lambda look: look[:2])
        late = [t for t, _, there in self.looks if there and self.deadline and
                t - (time.time() - boottime()) > self.deadline + AFTER_TTL + slack()]
        if late:
            raise Wrong("it was there %.1f s after its TTL" % (late[-1] - (time.time() - boottime()) - self.deadline))

    def watch(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.look()
            time.sleep(0.25)

    def follow(self):
        """From the event to the end of the change; its end is read from the looks."""
        self.let_go()
        middle = self.operator.start("list", "injections")
        # what was let go on has its effect, or has none
        self.watch(0.4)
        self.wait_gone(self.ttl() + 30, self.node.counted and self.event == "cut")
        self.finish()
        if self.node.counted:
            self.wait_gone(90)
        self.take_history()
        # a script that was on its way arrives now: then there is another end to wait for
        if self.event in ("cut", "sshd") and self.transition in ("planned", "journaled", "prepared"):
            if self.event == "cut":
                self.watch(4)
            self.wait_gone(self.ttl() + 30)
        seen = [t for t, _, there in self.looks if there]
        if seen and self.deadline:
            self.gone = seen[-1] - (time.time() - boottime()) - self.deadline
        self.take_shown(self.operator.end(middle, 30))
        if self.event != "kill":
            lines = self.operator.end(self.console, 3)
            shown = [l for l in lines if l["type"] == "injection"]
            for line in shown[:1] if self.transition == "active" else []:
                line["time"] = datetime.fromtimestamp(self.stood, timezone.utc).isoformat(timespec="milliseconds")
            self.take_shown(lines)

    def wait_healthy(self):
        begin = time.monotonic()
        until("the node is healthy", lambda: self.node.healthy(self.event == "power"),
              self.recipe.recovery + (self.node.boots if self.event == "power" else 0), 0.1)
        self.healthy = time.monotonic() - begin

    # ---- what must hold ----
    def check_refused(self):
        full = self.event in ("operator-full", "run-full")
        if self.transition == "planned" and full or self.transition == "journaled" and self.event == "run-full":
            if self.injected:
                raise Wrong("it was injected although its record could not be kept")

    def check_shown(self):
        """Nothing that was shown was false when it was shown."""
        for line in self.shown:
            at, state = seconds_of(line["time"]), line["state"]
            # what is shown was asked a little before
            before = [there for begun, ended, there in self.looks if at - 1.5 <= begun and ended <= at]
            after = [there for begun, _, there in self.looks if begun > at][:1]
            if state in ENDED and before and all(before) and after == [True]:
                raise Wrong("shown as %s (%s) while it was there" % (state, line["reason"]))
            if state == "active" and before and after and not any(before + after):
                raise Wrong("shown as active while it was not there")

    def check_end(self):
        """What a console shows that starts now, and restore-all twice."""
        lines = self.operator.end(self.operator.start("-", given="list injections\nrestore --all\nrestore --all\nlist injections\n"), 60)
        sums = [l for l in lines if l["type"] == "summary"]
        if len(sums) != 4 or any(s["failed"] or s["unknown"] or s["unreachable"] for s in sums[1:]):
            raise Wrong("restore --all twice: %s" % lines)
        first = [l for l in lines[:lines.index(sums[0])] if l["type"] == "injection"]
        last = [l for l in lines[lines.index(sums[2]):] if l["type"] == "injection"]
        self.shown += first
        for line in first:
            if line["state"] not in ENDED and not (line["state"] == "journaled" and not self.injected):
                raise Wrong("shown as %s (%s) when it is over" % (line["state"], line["reason"]))
            if self.event == "power" and self.injected and self.transition != "restored" and "reboot" not in (line["reason"] or ""):
                raise Wrong("shown as %s (%s) after a reboot" % (line["state"], line["reason"]))
        if any(line["state"] not in ENDED for line in last):
            raise Wrong("still listed after restore --all: %s" % last)

    def check_left(self):
        """Units that have ended go when systemd comes round to it."""
        try:
            until("", lambda: not self.node.left(), 5, 0.2)
        except Wrong:
            raise Wrong("left on the node: %s" % self.node.left()) from None
        if self.event == "power" and self.node.on_disk():
            raise Wrong("left on its disk: %s" % self.node.on_disk())

    def run(self):
        try:
            self.reach()
            self.begin()
            if self.transition == "restored" and self.look():
                raise Wrong("it is there although it was restored")
            self.follow()
            self.wait_healthy()
            self.check_refused()
            if self.event == "power":
                self.node.dress()
            self.check_left()
            self.check_end()
            self.check_left()
            self.check_shown()
        finally:
            self.clean_up()

    def clean_up(self):
        self.operator.let_go()
        self.node.let_go()
        self.operator.end_all()
        self.operator.forget()

    def states(self):
        """What was shown, in its order and once each."""
        words = []
        for line in sorted(self.shown, key=lambda l: l["time"]):
            if words[-1:] != [line["state"]]:
                words.append(line["state"])
        return " ".join(words) or "nothing"

    def row(self):
        def show(value, zero):
            return "-" if value is None else zero % value
        return "%-20s %-9s x %-13s %-8s gone %-8s healthy %-6s shown %s" % (
            self.recipe.name, self.transition, self.event, "injected" if self.injected else "not",
            show(self.gone, "%+.1f s"), show(self.healthy, "%.1f s"), self.states())
