# SPDX-License-Identifier: GPL-2.0-or-later
"""Figures of many nodes: a hundred sshd nodes beside pdsh and its like, and a crowd of a thousand whose answers are canned."""
import importlib.util
import os
import resource
import subprocess
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LAB = os.path.join(TOP, "tests/lab/lab")
RUN = os.environ.get("FDLAB_RUN", os.path.join(TOP, "build/lab"))
ASK = "read l _ </proc/loadavg && echo $l"  # the least that answers whether a node is up, and how it is
ADDRESSES = ["127.1.%d.%d" % (i // 250, i % 250 + 1) for i in range(1, 101)]
# OpenSSH's own default is a key exchange that costs a client ten times the CPU of the one that libssh and it have in common
KEX = "-o KexAlgorithms=curve25519-sha256"


def timed(argv, **env):
    """Seconds, and CPU seconds of it on this side."""
    was = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.monotonic()
    subprocess.run([LAB, "ctl", *argv], cwd=TOP, env=dict(os.environ, **env), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    took = time.monotonic() - began
    now = resource.getrusage(resource.RUSAGE_CHILDREN)
    return took, now.ru_utime + now.ru_stime - was.ru_utime - was.ru_stime


def busy():
    """CPU seconds of this whole machine so far."""
    with open("/proc/stat") as f:
        user, nice, system, _, _, irq, softirq = map(int, f.readline().split()[1:8])
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


def peers(more):
    """Each with its best settings: all at once, the same key, the host keys checked against the same file."""
    ssh = "-F %s/ssh_config %s" % (RUN, more)
    ansible = dict(ANSIBLE_PIPELINING="True", ANSIBLE_NOCOLOR="1", ANSIBLE_SSH_ARGS=ssh)
    return {
        "pdsh": lambda: timed(["pdsh", "-R", "ssh", "-f", "100", "-w", ",".join(ADDRESSES), ASK], PDSH_SSH_ARGS_APPEND=ssh),
        "parallel-ssh": lambda: timed(["parallel-ssh", "-x", ssh, "-p", "100", "-i", "-H", " ".join(ADDRESSES), ASK]),
        "clush": lambda: timed(["clush", "-n", "-f", "100", "-o", ssh, "-w", ",".join(ADDRESSES), ASK]),
        "ansible raw": lambda: timed(["ansible", "-i", ",".join(ADDRESSES) + ",", "-f", "100", "-m", "raw", "-a", ASK, "all"], **ansible),
    }


def show(name, took, cpu, ours):
    print("  %-28s %7.2f s %7.2f s CPU here   %5.1f × ours" % (name, took, cpu, took / ours))


def status(state):
    env = dict(XDG_STATE_HOME=state)
    ours = lambda: timed(["build/faultdeck", "-c", RUN + "/load.cfg", "--batch", "status"], **env)
    print("status of 100 sshd nodes, cold, all on the same two cores as the tools (the best of 3)")
    was = busy()
    runs = [ours() for _ in range(3)]
    best, nodes = min(runs), (busy() - was - sum(cpu for _, cpu in runs)) / 3
    show("faultdeck --batch status", *best, best[0])
    print("  the nodes' own CPU for it     %7.2f s: a tool that costs nothing would take %.2f s" % (nodes, nodes / os.cpu_count()))
    for title, more in (("OpenSSH as it comes", ""), ("with our key exchange", KEX)):
        print(" " + title)
        took = {name: min(run() for _ in range(1 if name == "ansible raw" else 2)) for name, run in peers(more).items()}
        for name, t in took.items():
            show(name, *t, best[0])
        fastest = min(took.values())
        print("  %-28s %.1f × as long as ours, %.0f × our CPU here" % ("the best of them takes", fastest[0] / best[0], fastest[1] / best[1]))


class Crowd:
    """tests/scale/crowd.c, where the operator sits."""

    def __init__(self, directory):
        # its keys and its cluster.cfg; another conftest is here already
        spec = importlib.util.spec_from_file_location("scale", os.path.join(TOP, "tests/scale/conftest.py"))
        self.dir, self.lib = directory, importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self.lib)
        self.lib.keys(directory)
        self.ssh = self.lib.ssh_config(directory)
        exe = directory + "/crowd"
        subprocess.run(["gcc", "-std=gnu11", "-D_GNU_SOURCE", "-O2", "-pthread", "-o", exe, os.path.join(TOP, "tests/scale/crowd.c"), "-lssh"],
                       check=True)
        self.server = subprocess.Popen([LAB, "ctl", exe, directory + "/hostkey", "22001:answer"], stdout=subprocess.PIPE, text=True)
        assert self.server.stdout.readline() == "ready\n"

    def config(self, n):
        nodes = [("c%d" % (i + 1), "127.2.%d.%d" % (i // 250, i % 250 + 1), 22001) for i in range(n)]
        return self.lib.write_config(self.dir + "/crowd%d.cfg" % n, self.ssh, nodes)

    def end(self):
        self.server.kill()
        self.server.wait()


def warm(crowd, state, n):
    said = subprocess.run([LAB, "ctl", "build/bench/refresh", crowd.config(n)], cwd=TOP, check=True,
                          env=dict(os.environ, XDG_STATE_HOME=state), capture_output=True, text=True).stdout
    return {k: float(v) for k, v in (l.split() for l in said.splitlines())}


def refresh(crowd, state):
    ms = warm(crowd, state, 1000)
    print("1,000 warm nodes of a stand-in server, answers canned")
    print("  refresh of all                %7.0f ms    %.3f ms CPU a node" % (ms["refresh_ms"], ms["refresh_cpu"]))
    print("  empty exchange, same sessions %7.0f ms    %.3f ms CPU a node   a refresh is %.1f × that" % (
        ms["empty_ms"], ms["empty_cpu"], ms["refresh_cpu"] / ms["empty_cpu"]))
    print("  memory a node                 %7.0f KiB" % ms["memory"])


def restore(crowd, state):
    env = dict(XDG_STATE_HOME=state)
    run = lambda n: min(warm(crowd, state, n)["restore_ms"] for _ in range(3))
    one, hundred = run(1), run(100)
    print("restore-all in an open console, on stand-ins that each take 150 ms for it")
    print("  one node %.0f ms, 100 nodes %.0f ms: %.2f ×" % (one, hundred, hundred / one))
    with open(RUN + "/load.cfg") as f:
        text = f.read()
    import shutil

    shutil.copytree(os.path.join(TOP, "tests/scale/mark"), state + "/mark")
    configs = {}
    for n in (1, 100):
        lines = [l for l in text.split("\n") if "{ name =" not in l or int(l.split('"l')[1].split('"')[0]) <= n]
        configs[n] = "%s/load%d.cfg" % (state, n)
        with open(configs[n], "w") as f:
            f.write("\n".join(lines).replace("},\n)", "}\n)") + 'backends = ( "mark" );\n')
    print("restore --all, cold, on real sshd nodes with an injection each, all on these two cores")
    for fault, what in (("file", "an undo that only removes a file"), ("late", "an undo of 5 s, as the start of a service")):
        took = {}
        for n, config in configs.items():
            timed(["build/faultdeck", "-c", config, "--batch", "--yes", "inject", "mark." + fault, *("l%d" % (i + 1) for i in range(n)), "ttl=5m"], **env)
            took[n] = timed(["build/faultdeck", "-c", config, "--batch", "restore", "--all"], **env)
        print("  %s: one node %.2f s, 100 nodes %.2f s (%.2f s CPU here): %.2f ×" % (what, took[1][0], *took[100], took[100][0] / took[1][0]))


def inject(config, fault, target, *param, state, where=""):
    said = subprocess.run([LAB, "ctl", "build/bench/inject", config, fault, target, *param], cwd=TOP,
                          env=dict(os.environ, XDG_STATE_HOME=state), check=True, capture_output=True, text=True).stdout
    ms = {k: float(v) for k, v in (l.split() for l in said.splitlines())}
    print("%s on %s%s" % (fault, target, where))
    print("  warm SSH exec of `true`       %7.1f ms" % ms["exec"])
    for what, word in (("inject → verified active", "inject"), ("restore → read back", "restore")):
        print("  %-29s %7.1f ms   %.1f × the exec" % (what, ms[word], ms[word] / ms["exec"]))


def inject_far(state):
    """What the engine waits for on the network: a node 20 ms away each way, behind a relay. All of it here, where nothing is far, is shells."""
    with open(RUN + "/known_hosts") as f:
        key = next(l.split(None, 1)[1] for l in f if l.startswith("10.77.0.101 "))
    with open(RUN + "/ssh_config") as f, open(state + "/far.ssh", "w") as out:
        out.write(f.read().replace(RUN + "/known_hosts", state + "/far.known"))
    with open(state + "/far.known", "w") as f:
        f.write("[127.0.0.1]:2201 " + key)
    with open(state + "/far.cfg", "w") as f:
        f.write('cluster = "far";\nssh_config = "%s/far.ssh";\nnodes = ( { name = "n1"; host = "127.0.0.1"; port = 2201; user = "root"; '
                'disposable = true; } );\nbackends = ( "mark" );\n' % state)
    relay = subprocess.Popen([LAB, "ctl", os.path.join(TOP, "tests/bench/relay.py"), "2201", "10.77.0.101", "20"], stdout=subprocess.PIPE)
    try:
        relay.stdout.readline()
        inject(state + "/far.cfg", "mark.file", "n1", state=state, where=", 40 ms there and back")
    finally:
        relay.kill()
        relay.wait()


def main(state):
    subprocess.run([LAB, "up", "load:100", "nodes:1"], check=True, stderr=subprocess.DEVNULL)
    status(state)
    os.makedirs(state + "/crowd")
    crowd = Crowd(state + "/crowd")
    try:
        refresh(crowd, state)
        restore(crowd, state)
    finally:
        crowd.end()
    with open(RUN + "/nodes.cfg") as f, open(state + "/nodes.cfg", "w") as out:
        out.write(f.read() + 'backends = ( "mark" );\n')
    inject(state + "/nodes.cfg", "mark.file", "n1", state=state)
    inject_far(state)
