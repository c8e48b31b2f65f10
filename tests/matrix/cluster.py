# SPDX-License-Identifier: GPL-2.0-or-later
"""A node of the lab's Hadoop cluster in the matrix: healthy is what the NameNode and the ResourceManager count. And one of its cloud."""
import json
import os
import time
import urllib.request

from place import RUN, TOP, Nspawn, at_controller

ROLES = {"master": '"namenode", "secondarynamenode", "resourcemanager", "historyserver"', "slave1": '"datanode", "nodemanager"', "mgmt": '"management"', "cs1": '"agent"'}


class Hadoop(Nspawn):
    backends = "hadoop"
    counted = True
    boots = 90  # seconds until its daemons are counted as live after a power cut

    def setup(self):
        with open(self.config, "w") as f:
            f.write('cluster = "matrix";\nssh_config = "%s/ssh_config";\nnodes = ( { name = "%s"; host = "%s"; user = "root"; roles = ( %s ); '
                    'disposable = true; } );\nguard = { max_injections = 100; max_ttl = "10m"; };\n' % (RUN, self.name, self.address, ROLES[self.name]))
        with open(os.path.join(TOP, "tests/matrix/hold.sh")) as f:
            self.do("cat >/usr/local/bin/mv <<'EOF'\n%sEOF\nchmod 755 /usr/local/bin/mv" % f.read())
        self.dress()

    def dress(self):
        end = time.monotonic() + self.boots
        while not self.healthy(True) and time.monotonic() < end:
            time.sleep(0.5)
        self.since = time.time()

    def undress(self):
        self.sh("rm -f /usr/local/bin/mv /tmp/hold /tmp/held")
        if os.path.exists(self.config):
            os.unlink(self.config)

    def foreign(self):
        return ""  # a cluster at work changes all the time

    @staticmethod
    def ask(port, path):
        def get():
            with urllib.request.urlopen("http://10.77.0.10:%d/%s" % (port, path), timeout=3) as page:
                return json.load(page)
        return at_controller(get)

    def healthy(self, rebooted):
        try:
            hdfs = self.ask(9870, "jmx?qry=Hadoop:service=NameNode,name=FSNamesystemState")["beans"][0]
            yarn = self.ask(8088, "ws/v1/cluster/metrics")["clusterMetrics"]
            self.ask(9868, "jmx?qry=java.lang:type=Runtime")
        except (OSError, ValueError, LookupError):
            return False
        return hdfs["FSState"] == "Operational" and hdfs["NumLiveDataNodes"] == 2 and yarn["activeNodes"] == 2

CONNECTED = "ss -Htn state established '( sport = :8250 or dport = :8250 )' | grep -q 8250"
WRITES = " && cd /mnt/*/KVMHA && touch matrix && rm matrix"


class Cloud(Hadoop):
    """Healthy: the API lists a host that is Up, its agent is connected, and its storage takes writes."""
    backends = "cloudstack"
    boots = 60

    def __init__(self, name):
        self.counted = name == "cs1"  # of its agent the management server has to hear
        super().__init__(name)

    def healthy(self, rebooted):
        def get():
            with urllib.request.urlopen("http://10.77.0.30:8080/client/api?command=listHosts&signature=s", timeout=3) as page:
                return page.read()
        try:
            return b'"state":"Up"' in at_controller(get) and self.sh(CONNECTED + WRITES * (self.name == "cs1"))[0] == 0
        except OSError:
            return False
