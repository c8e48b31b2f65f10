# SPDX-License-Identifier: GPL-2.0-or-later
"""The emulated hosts: kvm1 with the module, kvm2 with what needs a kernel of its own. They can only be seen by SSH, so that each watches
itself while that is gone."""
import os
import subprocess
import sys
import time

from place import NOBODY_ANSWERS, PREFIX, RUN, TOP, Place, lab

sys.path.insert(1, os.path.join(TOP, "tests/kvm2"))
from ways import DATANODE, DISKS, NO_DISKS, SERVER  # noqa: E402

LEFT = r"""
grep '^id=' /sys/kernel/debug/faultdeck/rules
ls -d /run/faultdeck 2>/dev/null && ls -R /run/faultdeck
tc qdisc show | grep ' fd: '
pgrep -af '^[^ ]*sh /run/faultdeck/'
"""
HEALTHY = r"""timeout 3 sh -c 'echo x >/mnt/ext4/healthy' && read -r up _ </proc/uptime || exit
e=$(($(date +%s) - ${up%.*} - $(cat /dev/shm/epoch))) && [ ${e#-} -lt 60 ] || exit
for port in 8080 9866; do
	perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(PeerAddr => "127.0.0.1:'$port'", Timeout => 2) or exit 1;
		print $s "GET /x HTTP/1.0\r\n\r\n"; exit !(join("", <$s>) =~ /here/)' || exit
done"""
WATCH = """cat >/dev/shm/watch.sh <<'EOF'
while [ -e /dev/shm/watch.sh ]; do
	read -r up _ </proc/uptime
	( %s )
	echo "$up $?"
	sleep 0.3
done
EOF
pkill -f '^sh /dev/shm/watch.sh'; setsid -f sh /dev/shm/watch.sh >/dev/shm/watch.log 2>/dev/null </dev/null"""


class Emulated(Place):
    """NAME, part, address and roles are the subclass's."""
    boots, counted, slow = 0, False, True

    def __init__(self):
        self.blind = False
        self.config = os.path.join(RUN, "matrix.%s.cfg" % self.name)
        self.ssh = ["nsenter", "--net=/run/netns/%s-ctl" % PREFIX, "ssh", "-F", RUN + "/ssh_config", "-S", "%s/matrix.%s.ssh" % (RUN, self.name),
                    "-o", "ControlMaster=auto", "-o", "ControlPersist=600", "-o", "ConnectTimeout=10", self.name]
        with open(self.config, "w") as f:
            f.write('cluster = "matrix";\nssh_config = "%s/ssh_config";\nnodes = ( { name = "%s"; host = "%s"; user = "root"; '
                    'roles = ( %s ); disposable = true; } );\nguard = { max_injections = 100; max_ttl = "10m"; };\n'
                    % (RUN, self.name, self.address, self.roles))
        self.dress()

    def hasten(self):
        """A session is one share of the CPU to this kernel. Beside a hundred of eight nodes on two cores its stopwatch would show that,
        and not what it does."""
        with open("/run/%s/%s.pid" % (PREFIX, self.name)) as f:
            pid = f.read().split()[0]
        if os.path.exists("/proc/%s/autogroup" % pid):
            with open("/proc/%s/autogroup" % pid, "w") as f:
                f.write("-10")

    def dress(self):
        self.hasten()
        with open(os.path.join(TOP, "tests/matrix/hold.sh")) as f:
            self.do("mkdir -p /usr/local/bin; cat >/usr/local/bin/mv <<'EOF'\n%sEOF\nchmod 755 /usr/local/bin/mv; "
                    "pgrep -f '^sleep 99999' >/dev/null || setsid -f sleep 99999 </dev/null >/dev/null 2>&1" % f.read())

    def undress(self):
        self.sh("rm -f /usr/local/bin/mv /tmp/hold /tmp/held /dev/shm/watch.*; pkill -f '^sleep 99999'; " + self.undressing)
        self.hang_up()
        os.unlink(self.config)

    def hang_up(self):
        subprocess.run([*self.ssh[:-1], "-O", "exit", self.name], capture_output=True, check=False)

    def sh(self, script, limit=90):
        if self.blind:
            return NOBODY_ANSWERS, ""
        done = subprocess.run([*self.ssh, "PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; " + script], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, errors="replace", timeout=limit)
        return done.returncode, done.stdout

    def stray(self):
        return self.do("pgrep -f '^sleep 99999'").split()[0]

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
        subprocess.run(["nsenter", "--net=/run/netns/%s-sw" % PREFIX, "nft", "add element bridge lab cut { %s }" % self.name], check=True)
        self.blind = True

    def heal(self):
        lab("heal", self.name)
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
            assert time.monotonic() < end, "%s does not let us in" % self.name

    def power(self):
        lab("kill", self.name)
        self.hang_up()
        lab("up", self.part)

    def fill_disk(self):
        self.do("n=$(($(stat -f -c '%a * %S' /))); fallocate -l $n /root/fill || fallocate -l $((n - 1048576)) /root/fill")  # all is more than it gives at times

    def free_disk(self):
        self.do("rm -f /root/fill; sync")  # gone after a power cut, too


class Kvm(Emulated):
    name, part, address, roles, backends = "kvm1", "kvm", "10.77.0.21", '"kvm"', "kvm"
    undressing = ":"

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


class Kvm2(Emulated):
    """With a disk of its own, and servers that are named like those whose ports are slowed down."""
    name, part, address, roles, backends = "kvm2", "kvm2", "10.77.0.22", '"management", "datanode"', "kvm2"
    undressing = NO_DISKS + "; pkill -x java; rm -rf /run/standin /dev/shm/epoch"

    def dress(self):
        super().dress()
        self.do("modprobe sch_netem; " + DISKS)
        # when the kernel began, by a clock that is right
        self.do("read -r up _ </proc/uptime; echo $(($(date +%s) - ${up%.*})) >/dev/shm/epoch")
        self.do("pgrep -x java >/dev/null || { %s\n%s\n}" % (SERVER, DATANODE))

    def power(self):
        super().power()
        self.dress()

    def healthy(self, rebooted):
        """Its clock is right, its disk takes a write, its servers answer."""
        return self.sh(HEALTHY)[0] == 0
