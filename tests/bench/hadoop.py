# SPDX-License-Identifier: GPL-2.0-or-later
"""One look at a Hadoop cluster of three nodes: ours, which starts no JVM, beside Hadoop's own, from the same place."""
import os
import statistics
import subprocess
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LAB = os.path.join(TOP, "tests/lab/lab")
RUN = os.environ.get("FDLAB_RUN", os.path.join(TOP, "build/lab"))
SSH = "ssh -F %s/ssh_config " % RUN
# the nodes have a JRE, which has no jps: jps is a JVM that starts and looks into /tmp, and not faster than this one
JPS = " & ".join(SSH + n + " java -Xshare:auto -version" for n in ("master", "slave1", "slave2")) + " & wait"


def took(script, state):
    times = []
    for _ in range(5):
        began = time.monotonic()
        subprocess.run([LAB, "ctl", "sh", "-c", script], check=True, cwd=TOP, env=dict(os.environ, XDG_STATE_HOME=state),
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        times.append((time.monotonic() - began) * 1000)
    return statistics.median(times)


def main(state):
    subprocess.run([LAB, "up", "hadoop"], check=True, stderr=subprocess.DEVNULL)
    ours = "build/faultdeck -c %s/hadoop.cfg --batch " % RUN
    print("%-34s %9s   %s" % ("three nodes of Hadoop, from cold", "median", "beside"))
    for words, peer, script in (("hadoop list", "ssh and jps (java -version), all at once", JPS),
                                ("cluster status", "ssh master hdfs dfsadmin -report", SSH + "master setpriv --reuid=hdfs --regid=hadoop --clear-groups hdfs dfsadmin -report")):
        a, b = took(ours + words, state), took(script, state)
        print("%-34s %6.0f ms   %.2f × %s (%.0f ms)" % (words, a, a / b, peer, b))
