# SPDX-License-Identifier: GPL-2.0-or-later
"""How tests drive nodes with a real systemd."""
import contextlib
import os
import shlex
import subprocess


# each text that comes to a ledger, on its way there
LIE = r"""cat >/usr/local/bin/mv <<'EOF' && chmod 755 /usr/local/bin/mv
#!/bin/sh
case $1 in */.undo.sh) sed -i 's/^{0}() {{$/{0}() {{ return 0; }}; honest_() {{/' "$1" ;; esac
exec /bin/mv "$@"
EOF"""
TRUTH = r"""rm /usr/local/bin/mv; find /run/faultdeck -name undo.sh -exec sed -i 's/() { return 0; }; honest_() {$/() {/' {} + 2>/dev/null || true"""


class Nodes:
    """A lab, by default the one in build/lab that `make lab` starts; a prefix makes another beside it."""

    def __init__(self, top, prefix=None, run=None):
        self.top = top
        self.lab = os.path.join(top, "tests/lab/lab")
        self.env = dict(os.environ)
        if prefix:
            self.env.update(FDLAB_PREFIX=prefix, FDLAB_RUN=str(run))
        self.prefix = self.env.get("FDLAB_PREFIX", "fdlab")
        self.dir = self.env.get("FDLAB_RUN", os.path.join(top, "build/lab"))

    def run(self, *args, check=True, **kw):
        return subprocess.run([self.lab, *args], check=check, cwd=self.top, env=self.env, text=True, **kw)

    def start(self, *args):
        """In the background, in a session of its own."""
        return subprocess.Popen([self.lab, *args], cwd=self.top, env=self.env, start_new_session=True,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def is_up(self):
        status = self.run("status", check=False, capture_output=True).stdout
        return " up pid" in status and "lab of %s\n" % self.dir in status

    def up(self, *parts):
        self.run("up", *parts)

    def down(self):
        self.run("down")

    def on(self, node, script, user="root", check=True, limit=30):
        """Runs a shell script on a node by plain ssh; what it printed."""
        done = self.run("ctl", "ssh", "-F", os.path.join(self.dir, "ssh_config"), "-l", user, node,
                        "sh -c " + shlex.quote(script), check=False, capture_output=True, timeout=limit)
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @contextlib.contextmanager
    def lying(self, node, function):
        """Meanwhile do_ or undo_ of what is injected on NODE says yes and does nothing."""
        self.on(node, LIE.format(function))
        try:
            yield
        finally:
            self.on(node, TRUTH)

    def ping(self, address, count=1):
        """The mean round trip from where the operator sits, in ms; None without an answer."""
        done = self.run("ctl", "ping", "-q", "-c", str(count), "-i", "0.2", "-W", "1", address, check=False, capture_output=True)
        assert done.returncode in (0, 1), done.stderr
        return float(done.stdout.rsplit("= ", 1)[1].split("/")[1]) if done.returncode == 0 else None

    def traces(self):
        """All that this lab has on the machine."""
        found = [os.path.join("/run", self.prefix)] if os.path.exists(os.path.join("/run", self.prefix)) else []
        for where in ("/run/netns", "/sys/fs/cgroup", "/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified", "/run/systemd/nspawn/propagate"):
            if os.path.isdir(where):
                found += [os.path.join(where, name) for name in os.listdir(where) if name.startswith(self.prefix + "-")]
        with open("/proc/self/mounts") as mounts:
            found += [line for line in mounts if self.prefix in line]
        return found + self.processes()

    def processes(self):
        done = subprocess.run(["ps", "-eo", "pid,args", "ww"], capture_output=True, text=True, check=True)
        return [line for line in done.stdout.splitlines() if self.prefix + "-" in line or "/run/%s/" % self.prefix in line]
