# SPDX-License-Identifier: GPL-2.0-or-later
"""kvm1, the emulated host with the module: it can only be seen by SSH, so that it watches itself while that is gone."""
import os
import subprocess
import time

from place import NOBODY_ANSWERS, PREFIX, RUN, TOP, Place, lab

LEFT = r"""
grep '^id=' /sys/kernel/debug/faultdeck/rules
ls -d /run/faultdeck 2>/dev/null && ls -R /run/faultdeck
pgrep -af '^[^ ]*sh /run/faultdeck/'
"""
WATCH = """cat >/dev/shm/watch.sh <<'EOF'
while [ -e /dev/shm/watch.sh ]; do
	read -r up _ </proc/uptime
	( %s )
	echo "$up $?"
	sleep 0.3
done
EOF
pkill -f '^sh /dev/shm/watch.sh'; setsid -f sh /dev/shm/watch.sh >/dev/shm/watch.log 2>/dev/null </dev/null"""


class Kvm(Place):
    backends = "kvm"
    boots, counted = 0, False

    def __init__(self):
        self.name, self.blind = "kvm1", False
        self.config = os.path.join(RUN, "matrix.kvm1.cfg")
        self.ssh = ["nsenter", "--net=/run/netns/%s-ctl" % PREFIX, "ssh", "-F", RUN + "/ssh_config", "-S", RUN + "/matrix.ssh",
                    "-o", "ControlMaster=auto", "-o", "ControlPersist=600", "-o", "ConnectTimeout=10", "kvm1"]
        with open(self.config, "w") as f:
            f.write('cluster = "matrix";\nssh_config = "%s/ssh_config";\nnodes = ( { name = "kvm1"; host = "10.77.0.21"; user = "root"; '
                    'roles = ( "kvm" ); disposable = true; } );\nguard = { max_injections = 100; max_ttl = "10m"; };\n' % RUN)
        self.dress()

    def dress(self):
        with open(os.path.join(TOP, "tests/matrix/hold.sh")) as f:
            self.do("mkdir -p /usr/local/bin; cat >/usr/local/bin/mv <<'EOF'\n%sEOF\nchmod 755 /usr/local/bin/mv; "
                    "pgrep -f '^sleep 99999' >/dev/null || setsid -f sleep 99999 </dev/null >/dev/null 2>&1" % f.read())

    def undress(self):
        self.sh("rm -f /usr/local/bin/mv /tmp/hold /tmp/held /dev/shm/watch.*; pkill -f '^sleep 99999'")
        self.hang_up()
        os.unlink(self.config)

    def hang_up(self):
        subprocess.run([*self.ssh[:-1], "-O", "exit", "kvm1"], capture_output=True, check=False)

    def sh(self, script, limit=90):
        if self.blind:
            return NOBODY_ANSWERS, ""
        done = subprocess.run([*self.ssh, "PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; " + script], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, errors="replace", timeout=limit)
        return done.returncode, done.stdout

    def stray(self):
        return self.do("pgrep -f '^sleep 99999'").split()[0]

    def guests(self):
        """How far db1 and web1 have come: they write all the time."""
        return self.do("for g in db1 web1; do grep -c 'write ok' /run/qemu/$g.console; done").split()

    def healthy(self, rebooted):
        """Both write now. A guest in an emulated host may take a second for a line of its own."""
        before, end = self.guests(), time.monotonic() + 3
        while time.monotonic() < end:
            time.sleep(0.3)
            if all(int(a) > int(b) for a, b in zip(self.guests(), before)):
                return True
        return False

    def left(self):
        return self.sh(LEFT)[1]

    def on_disk(self):
        return self.sh("find /etc /var /root /usr/local -xdev -name '*faultdeck*'")[1]

    def foreign(self):
        return ""

    # ---- what it saw of itself ----
    def watch(self, look):
        self.do(WATCH % look)

    def history(self):
        """[(time, is it there)]"""
        now, lines = time.time(), self.do("cat /proc/uptime; cat /dev/shm/watch.log 2>/dev/null; rm -f /dev/shm/watch.*").splitlines()
        offset = now - float(lines[0].split()[0])
        rows = [line.split() for line in lines[1:] if len(line.split()) == 2]
        return [(float(up) + offset, status == "0") for up, status in rows]

    # ---- what happens to it ----
    def cut(self):
        subprocess.run(["nsenter", "--net=/run/netns/%s-sw" % PREFIX, "nft", "add element bridge lab cut { kvm1 }"], check=True)
        self.blind = True

    def heal(self):
        lab("heal", "kvm1")
        self.blind = False

    def stop_sshd(self):
        """Its init starts it again after a second."""
        self.sh("setsid sh -c 'sleep 0.3; pkill -9 -x sshd' </dev/null >/dev/null 2>&1 &")
        self.blind = True
        time.sleep(1)

    def start_sshd(self):
        self.blind = False
        self.hang_up()
        end = time.monotonic() + 60
        while self.sh("true")[0] != 0:
            assert time.monotonic() < end, "kvm1 does not let us in"

    def power(self):
        lab("kill", "kvm1")
        self.hang_up()
        lab("up", "kvm")

    def fill_disk(self):
        self.do("fallocate -l $(($(stat -f -c '%a * %S' /))) /root/fill")

    def free_disk(self):
        self.do("rm -f /root/fill")
