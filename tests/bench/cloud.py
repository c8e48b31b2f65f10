# SPDX-License-Identifier: GPL-2.0-or-later
"""One look at a cloud of two nodes: ours beside the same questions by hand, from the same place; and what a look costs the nodes
while a console is open: processes that are begun there, and the time of it."""
import json
import os
import subprocess
import time

from hadoop import LAB, RUN, SSH, TOP, took

API = "http://127.0.0.1:8080/client/api?command=listCapabilities"
HAND = (SSH + "mgmt \"curl -s -o /dev/null -w '%%{http_code}' '%s'; mariadb -NBe 'SELECT name, status FROM cloud.host'; systemctl is-active cloudstack-management mariadb\" & " % API
        + SSH + "cs1 'systemctl is-active cloudstack-agent libvirtd; virsh list; df /mnt/*' & wait")
LOOKS = 20


def on(node, script):
    return subprocess.run([LAB, "exec", node, "sh", "-c", script], check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL).stdout


def pids():
    """The last pid that was given on each node: what is begun there counts it up."""
    return [int(on(node, "cat /proc/loadavg").split()[-1]) for node in ("mgmt", "cs1")]


def looks(state):
    """Processes a second on each node with one look a second, and the milliseconds of one, of a console that stays."""
    p = subprocess.Popen([LAB, "ctl", "build/faultdeck", "-c", RUN + "/cloud.cfg", "--batch", "--format", "json", "-"], cwd=TOP, text=True,
                         env=dict(os.environ, XDG_STATE_HOME=state), stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def look():
        p.stdin.write("cloudstack list\n")
        p.stdin.flush()
        while json.loads(p.stdout.readline())["type"] != "summary":
            pass

    for _ in range(3):
        look()
    time.sleep(3)
    first = pids()
    spent, before = 0.0, pids()
    for _ in range(LOOKS):
        began = time.monotonic()
        look()
        spent += time.monotonic() - began
        time.sleep(max(0.0, 1 - (time.monotonic() - began)))
    after = pids()
    p.stdin.close()
    p.wait()
    # what reading them costs itself is taken off
    return [(a - b - (b - f)) / LOOKS for f, b, a in zip(first, before, after)], spent * 1000 / LOOKS


def main(state):
    subprocess.run([LAB, "up", "cloud"], check=True, stderr=subprocess.DEVNULL)
    a, b = took("build/faultdeck -c %s/cloud.cfg --batch cloudstack list" % RUN, state), took(HAND, state)
    print("%-34s %9s   %s" % ("two nodes of a cloud, from cold", "median", "beside"))
    print("%-34s %6.0f ms   %.2f × the same by ssh, curl, mariadb, virsh at once (%.0f ms)" % ("cloudstack list", a, a / b, b))
    (mgmt, cs1), ms = looks(state)
    print("a look a second while a console is open: %.0f ms; processes a second: mgmt %.1f, cs1 %.1f" % (ms, mgmt, cs1))
