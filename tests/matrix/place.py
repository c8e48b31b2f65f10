# SPDX-License-Identifier: GPL-2.0-or-later
"""A node of the lab as the matrix sees and hurts it: from outside, never through faultdeck, and without its SSH server."""
import ctypes
import glob
import os
import re
import socket
import subprocess
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LAB = os.path.join(TOP, "tests/lab/lab")
PREFIX = os.environ.get("FDLAB_PREFIX", "fdlab")
RUN = os.environ.get("FDLAB_RUN", os.path.join(TOP, "build/lab"))
LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
NOBODY_ANSWERS = 255

VICTIM = r"""
use IO::Socket::INET;
my $s = IO::Socket::INET->new(LocalPort => $ARGV[0], Listen => 16, ReuseAddr => 1) or die;
while (my $c = $s->accept) { print $c "here\n"; close $c }
"""
UNIT = """[Service]
ExecStart=/usr/bin/perl /usr/local/lib/fdvictim.pl 7777
[Install]
WantedBy=multi-user.target
"""
# Everything of ours on a node, a line each.
LEFT = r"""
ls -d /run/faultdeck 2>/dev/null && ls -R /run/faultdeck
systemctl list-units --all --plain --no-legend 'faultdeck-*'
find /run/systemd /etc/systemd -name '*faultdeck*'
nft list tables | grep faultdeck
tc qdisc show | grep ' fd: '
pgrep -af '^[^ ]*sh /run/faultdeck/'
ls -d /srv/fill/.faultdeck* /sys/fs/cgroup/system.slice/faultdeck* 2>/dev/null
"""


def lab(*words, check=True):
    done = subprocess.run([LAB, *words], cwd=TOP, capture_output=True, text=True, errors="replace", stdin=subprocess.DEVNULL)
    assert not check or done.returncode == 0, "lab %s: %d %s" % (" ".join(words), done.returncode, done.stderr)
    return done


def boottime():
    """Seconds of the clock that /proc/uptime shows, and the ledger's deadlines."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def at_controller(fn):
    """Runs FN with this thread where the operator sits."""
    with open("/proc/thread-self/ns/net") as home, open("/run/netns/%s-ctl" % PREFIX) as there:
        assert LIBC.setns(there.fileno(), CLONE_NEWNET) == 0
        try:
            return fn()
        finally:
            assert LIBC.setns(home.fileno(), CLONE_NEWNET) == 0


class Place:
    """What is done on a node by SH, its shell."""
    slow = False  # an emulated one, which watches itself

    def do(self, script):
        status, out = self.sh(script)
        assert status == 0, "%s: %s: %d %s" % (self.name, script, status, out)
        return out

    def fill_run(self):
        self.do("set -- $(stat -f -c '%b %f %S' /run); echo $(($1 * $3)) >/tmp/run.size; mount -o remount,size=$((($1 - $2) * $3)) /run")

    def free_run(self):
        self.do("mount -o remount,size=$(cat /tmp/run.size) /run")

    # ---- a place where the node's own side stands still ----
    def hold(self, state):
        self.do("rm -f /tmp/held; echo %s >/tmp/hold" % state)

    def held(self):
        return self.sh("[ -e /tmp/held ]")[0] == 0

    def let_go(self):
        self.sh("rm -f /tmp/hold /tmp/held")


class Nspawn(Place):
    """A node with a real systemd (n1 …)."""
    blind = False  # it can be seen while SSH is gone
    backends = "host"
    counted = False  # what heals must be counted as live by other nodes
    boots = 0  # seconds more until it is healthy after a power cut

    def __init__(self, name):
        self.name = name
        with open("/run/%s/%s.node" % (PREFIX, name)) as f:
            self.address = f.read().split()[0]
        self.disk = "/run/%s/nodes/%s" % (PREFIX, name)
        self.config = os.path.join(RUN, "matrix.%s.cfg" % name)
        self.pid = None
        self.setup()

    # ---- looking ----
    def init(self):
        """The pid out here of the node's own pid 1; None while it has none."""
        for pattern in ("unified/%s-%s", "%s-%s"):
            for path in glob.glob("/sys/fs/cgroup/" + pattern % (PREFIX, self.name) + "/payload/init.scope/cgroup.procs"):
                with open(path) as f:
                    for pid in f.read().split():
                        with open("/proc/%s/status" % pid) as status:
                            if re.search(r"^NSpid:\t\d+\t1$", status.read(), re.M):
                                return pid
        return None

    def sh(self, script, limit=60):
        """Runs SCRIPT on the node: status and what it printed; NOBODY_ANSWERS where the node is off."""
        try:
            self.pid = self.pid or self.init()
        except (OSError, ValueError):
            self.pid = None
        if not self.pid:
            return NOBODY_ANSWERS, ""
        done = subprocess.run(["nsenter", "-t", self.pid, "-m", "-u", "-i", "-n", "-p", "env", "-i", "LC_ALL=C",
                               "PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "sh", "-c", script],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=limit)
        if not os.path.exists("/proc/%s" % self.pid):
            self.pid = None
            return NOBODY_ANSWERS, ""
        return done.returncode, done.stdout

    def answers(self, port, limit=1.0):
        """Does a service of the node answer the controller?"""
        def ask():
            try:
                with socket.create_connection((self.address, port), limit) as s:
                    s.settimeout(limit)
                    return s.recv(16) == b"here\n"
            except OSError:
                return False
        return at_controller(ask)

    def stray(self):
        return self.do("pgrep -f '^perl /usr/local/lib/fdvictim.pl 7778'").split()[0]

    def healthy(self, rebooted):
        # a process without a unit does not come back with the power
        return self.answers(7777) and (rebooted or self.answers(7778))

    def left(self):
        return self.sh(LEFT)[1]

    def history(self):
        return []

    def on_disk(self):
        """Files of ours on what outlives a power cut."""
        return subprocess.run(["find", self.disk + "/upper", "-name", "*faultdeck*", "-o", "-newermt", "@%d" % self.since, "-type", "f",
                               "-not", "-path", "*/var/*", "-print"],
                              capture_output=True, text=True, check=True).stdout

    def foreign(self):
        with open(os.path.join(TOP, "tests/lab/foreign.sh")) as f:
            return self.sh("set -- snapshot\n" + f.read(), 180)[1]

    # ---- what the matrix puts on it, and takes away again ----
    def setup(self):
        with open(self.config, "w") as f:
            f.write('cluster = "matrix";\nssh_config = "%s/ssh_config";\nnodes = ( { name = "%s"; host = "%s"; user = "root"; roles = ( "node" ); '
                    'disposable = true; } );\nguard = { max_injections = 100; max_ttl = "10m"; };\n' % (RUN, self.name, self.address))
        with open(os.path.join(TOP, "tests/matrix/hold.sh")) as f:
            hold = f.read()
        self.do("cat >/usr/local/lib/fdvictim.pl <<'EOF'\n%sEOF\ncat >/etc/systemd/system/fdvictim.service <<'EOF'\n%sEOF\n"
                "cat >/usr/local/bin/mv <<'EOF'\n%sEOF\nchmod 755 /usr/local/bin/mv; systemctl -q enable --now fdvictim" % (VICTIM, UNIT, hold))
        self.dress()

    def dress(self):
        """After each boot: a process without a unit, and a file system to fill."""
        # by SSH: what is started from out here has other capabilities than the node gives
        subprocess.run(["nsenter", "--net=/run/netns/%s-ctl" % PREFIX, "ssh", "-F", RUN + "/ssh_config", self.name,
                        "setsid -f perl /usr/local/lib/fdvictim.pl 7778 </dev/null >/dev/null 2>&1"], check=True, stdin=subprocess.DEVNULL)
        self.do("mkdir -p /srv/fill; mountpoint -q /srv/fill || mount -t tmpfs -o size=64m fill /srv/fill")
        self.since = time.time()

    def undress(self):
        self.sh("systemctl -q disable --now fdvictim; pkill -f '^perl /usr/local/lib/fdvictim.pl'; umount /srv/fill; rmdir /srv/fill; "
                "rm -f /usr/local/lib/fdvictim.pl /etc/systemd/system/fdvictim.service /usr/local/bin/mv /tmp/hold /tmp/held; systemctl daemon-reload")
        if os.path.exists(self.config):
            os.unlink(self.config)

    # ---- what happens to it ----
    def cut(self):
        self.knife("add element bridge lab cut { %s }" % self.name)

    def heal(self):
        self.knife("add element bridge lab cut {{ {0} }}; delete element bridge lab cut {{ {0} }}".format(self.name))

    @staticmethod
    def knife(command):
        subprocess.run(["nsenter", "--net=/run/netns/%s-sw" % PREFIX, "nft", command], check=True)

    def stop_sshd(self):
        self.do("systemctl stop ssh; until ! pgrep -x sshd >/dev/null; do pkill -9 -x sshd; sleep 0.05; done")

    def start_sshd(self):
        self.do("systemctl start ssh")

    def power(self):
        lab("kill", self.name)
        self.pid = None
        lab("start", self.name)

    def fill_disk(self):
        s = os.statvfs(self.disk)
        self.disk_size = s.f_blocks * s.f_frsize
        self.resize((s.f_blocks - s.f_bfree) * s.f_frsize)

    def free_disk(self):
        self.resize(self.disk_size)

    def resize(self, size):
        subprocess.run(["mount", "-o", "remount,size=%d" % size, self.disk], check=True)
