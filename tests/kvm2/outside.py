# SPDX-License-Identifier: GPL-2.0-or-later
"""kvm2 as its peers see it: all is measured from where the operator sits."""
import os
import subprocess

from talk import Labs

SLOW = 2.5 # seconds of delay that are seen on a busy machine too
V4, V6, PEER2 = "10.77.0.22", "fd77::22", "10.77.0.2"

# on kvm2: 7080 answers little, 7081 64 KiB, over both protocols
SERVERS = """
mkdir -p /run/www/little /run/www/much && echo here >/run/www/little/x && head -c 65536 /dev/zero >/run/www/much/x
ss -Hltn sport = 7080 | grep -q . || busybox httpd -p '[::]:7080' -h /run/www/little
ss -Hltn sport = 7081 | grep -q . || busybox httpd -p '[::]:7081' -h /run/www/much
ss -Hltn sport = 2222 | grep -q . || /usr/sbin/sshd -p 2222 -o PidFile=none
"""

# connects ADDRESS PORT SOURCE LIMIT TRIES times: the shortest time until an answer, or -
CONNECT = r"""
import socket, sys, time
address, port, source, limit = sys.argv[1], int(sys.argv[2]), sys.argv[3], float(sys.argv[4])
best = None
for _ in range(int(sys.argv[5])):
    begin = time.monotonic()
    try:
        s = socket.create_connection((address, port), limit, (source, 0))
        s.settimeout(limit); s.sendall(b"GET /x HTTP/1.0\r\n\r\n" if port > 7000 else b"")
        got = s.recv(100)
        if not got: raise OSError
        while port > 7000 and s.recv(65536): pass
        took = time.monotonic() - begin
        best = took if best is None else min(best, took)
    except OSError:
        if best is None: break
print("-" if best is None else best)
"""

# udp port 53 of the controller: there is no such name
RESOLVER = r"""
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("10.77.0.1", 53))
while True:
    q, who = s.recvfrom(512)
    s.sendto(q[:2] + b"\x81\x83" + q[4:], who)
"""


class Outside(Labs):
    def prepare(self):
        self.run("ctl", "ip", "addr", "replace", PEER2 + "/24", "dev", "eth0")
        self.run("ctl", "ip", "addr", "replace", "fd77::2/64", "dev", "eth0", "nodad")
        command = [self.lab, "ctl", "/usr/bin/python3", "-c", RESOLVER]
        self.resolver = subprocess.Popen(command, cwd=self.top, env=self.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.on("n1", "ss -Hltn sport = 2222 | grep -q . || /usr/sbin/sshd -p 2222 -o PidFile=none")
        with open(os.path.join(self.dir, "known_hosts"), "r+") as hosts:  # the same key at another port
            known = dict(line.rstrip("\n").split(" ", 1) for line in hosts)
            if "[10.77.0.101]:2222" not in known:
                hosts.write("[10.77.0.101]:2222 %s\n" % known["10.77.0.101"])
        self.serve()

    def serve(self):
        """Servers that a boot has ended."""
        self.on("kvm2", SERVERS)

    def finish(self):
        self.resolver.kill()
        self.resolver.wait()
        self.run("ctl", "ip", "addr", "del", PEER2 + "/24", "dev", "eth0", check=False)
        self.run("ctl", "ip", "addr", "del", "fd77::2/64", "dev", "eth0", check=False)
        self.on("kvm2", "pkill -f 'busybox http[d]'", check=False)
        self.on("n1", "pkill -f 'sshd -p 222[2]'", check=False)
        for node in ("kvm2", "n1"):
            self.forget(node)

    def answers(self, port=7080, address=V4, source=None, limit=20, tries=1):
        """The seconds until kvm2 answers a new connection, None where it does not."""
        source = source or ("fd77::1" if ":" in address else "10.77.0.1")
        out = self.run("ctl", "/usr/bin/python3", "-c", CONNECT, address, str(port), source, str(limit), str(tries)).stdout.strip()
        return None if out == "-" else float(out)

    def quick(self, port=7080, **words):
        """The machine is busy: the best of some."""
        took = self.answers(port, tries=3, **words)
        return took is not None and took < SLOW

    def slow(self, port=7080, **words):
        took = self.answers(port, **words)
        return took is not None and took > SLOW

    def ping(self, address=V4, source=None, count=3, limit=8):
        """The shortest round trip in ms, None where nothing comes back."""
        done = self.run("ctl", "ping", "-q", "-c", str(count), "-i", "0.2", "-W", str(limit), *(["-I", source] if source else []), address, check=False)
        assert done.returncode in (0, 1), done.stdout + done.stderr
        return float(done.stdout.rsplit("= ", 1)[1].split("/")[0]) if done.returncode == 0 else None

    def ways_in(self):
        """SSH in every way that there is: those that do not work."""
        jump = lambda host: ["-o", "ProxyCommand=ssh -F %s/ssh_config -o ConnectTimeout=60 -W %%h:%%p %s" % (self.dir, host)]
        return self.cut_off((
            ["root@" + V4], ["root@" + V6], ["-p", "2222", "root@" + V4], ["-b", PEER2, "root@" + V4],
            jump("kvm2") + ["root@10.77.0.101"], jump("kvm2") + ["-p", "2222", "root@10.77.0.101"], jump("n1") + ["root@" + V4],
        ))

    def checksum_errors(self):
        """Packets that arrived here wrong, ICMP and IP."""
        text = self.run("ctl", "nstat", "-asz", "IcmpInCsumErrors", "IpExtInCsumErrors", "IpInHdrErrors").stdout
        return sum(int(line.split()[1]) for line in text.splitlines() if line and line[0] != "#")
