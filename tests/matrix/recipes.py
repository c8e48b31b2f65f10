# SPDX-License-Identifier: GPL-2.0-or-later
"""
How a fault is seen from outside. Most of it comes from the catalogue: the target from the kinds that the fault hits,
required parameters from their type, and what to look for from its way of undoing. A fault of a way that is not here, or
which hits no kind that is here, has no recipe, and that fails the matrix: add it to WAYS or to FAULTS.
"""

# look: a script on the node; 0 our change is there, 1 it is not, anything else: it could not be found out.
WAYS = {
    "nft": "t=$(nft list tables) || exit 9; case $t in *'inet faultdeck_'*) ;; *) exit 1 ;; esac",
    "tc": "t=$(tc qdisc show) || exit 9; case $t in *'htb fd: '*) ;; *) exit 1 ;; esac",
    # ours alone: nobody else stops it
    "signal": "p=$(systemctl show -p MainPID --value fdvictim) || exit 9; [ \"$p\" != 0 ] || exit 1; grep -q '^State:.T' /proc/$p/status",
    "unit": "ls /run/systemd/system/fdvictim.service.d/faultdeck-*.conf >/dev/null 2>&1 || exit 1",
    # with the power it goes by itself
    "process": "[ -e /run/faultdeck/*/again.sh ] && ! pgrep -f '^perl /usr/local/lib/fdvictim.pl 7778' >/dev/null",
    "held": "pgrep -f '^/bin/sh /run/faultdeck/[^ ]*/keep.sh' >/dev/null",
    # of hadoop, on a node of such a cluster
    "daemon": "ls /run/systemd/system/hadoop-*.service.d/faultdeck-*.conf >/dev/null 2>&1 || exit 1",
    "safemode": "s=$(curl -sfg -m 5 'http://master:9870/jmx?qry=Hadoop:service=NameNode,name=FSNamesystemState') || exit 1; "
                "case $s in *'\"FSState\" : \"safeMode\"'*) ;; *) exit 1 ;; esac",
    "mount": "grep -q ' /etc/hadoop/health.sh ' /proc/mounts",
    # of cloudstack, on a node of such a cloud
    "server": "ls /run/systemd/system/cloudstack-*.service.d/faultdeck-*.conf >/dev/null 2>&1 || exit 1",
    "sql": "s=$(mariadb -NBe \"SHOW CREATE USER 'cloud'@'localhost'\") || exit 9; case $s in *MAX_USER_CONNECTIONS*) ;; *) exit 1 ;; esac",
    "remount": "grep -q ' /mnt/[^ ]* ext4 ro,' /proc/mounts",
    "rule": "r=$(cat /sys/kernel/debug/faultdeck/rules) || exit 9; case $r in *id=*) ;; *) exit 1 ;; esac",
}

# What is hit, by the kind of target; the first that a fault takes.
TARGETS = {
    "service": "fdvictim@{node}",
    "node": "{node}",
    "path": "path:/srv/fill@{node}",
    "pid": "pid:{stray}@{node}",
}

# The same for the kvm backend: a process that sleeps where it may be one, since most of these end a VM.
KVM_TARGETS = {
    "pid": "pid:{stray}@{node}",
    "vm": "vm:web1@{node}",
}

# The same for hadoop: its DataNode, its NodeManager; or NameNode and SecondaryNameNode, see place.py.
HADOOP_TARGETS = {
    "service": "dn@{node}",
    "node": "{node}",
}
STOPPED = "p=$(cat /run/hadoop/hadoop-hdfs-datanode.pid 2>/dev/null) || exit 1; grep -q '^State:.T' /proc/$p/status"

# Of cloudstack each has its own, see below and cluster.py.
CLOUD_STOPPED = "p=$(systemctl show -p MainPID --value cloudstack-usage) || exit 9; [ \"$p\" != 0 ] || exit 1; grep -q '^State:.T' /proc/$p/status"

PARAMS = {"peers": "all"}

# What cannot be derived. words: parameters; target: the kind, or a target; first: the
# one that stands for its way; whole: with --all each of its cells on its cluster, since no other nodes have its way; cannot: why the lab's nodes refuse it in the end.
FAULTS = {
    "host.process-kill": {"target": "pid"},
    "host.net-rate": {"words": ["kbit=100000"]},
    "host.cpu-load": {"words": ["workers=1", "percent=5"]},
    "host.memory-fill": {"words": ["size=16"]},
    "host.disk-fill": {"words": ["size=16", "leave=16"]},
    "host.io-hang": {"look": "exit 9", "cannot": "cannot be frozen"},
    # with its effect: db1 is paused, and goes on
    "kvm.file-write": {"target": "vm:db1@{node}", "words": ["errno=ENOSPC"], "first": True},
    "hadoop.hang": {"look": STOPPED},
    "hadoop.hdfs-safe": {"target": "nn@{node}", "on": "master"},
    "hadoop.checkpoint-block": {"target": "snn@{node}", "on": "master"},
    "hadoop.yarn-health": {"target": "nm@{node}"},
    "cloudstack.crash": {"target": "ms@{node}", "on": "mgmt"},
    "cloudstack.hang": {"target": "usage@{node}", "on": "mgmt", "look": CLOUD_STOPPED},
    "cloudstack.db-limit": {"target": "mysql@{node}", "on": "mgmt", "whole": True},
    "cloudstack.api-delay": {"target": "ms@{node}", "on": "mgmt", "words": ["ms=500"]},
    "cloudstack.agent-disconnect": {"target": "agent@{node}", "on": "cs1"},
    "cloudstack.storage-ro": {"target": "path:/mnt/6e3f1c2a-9d41-4c0e-8a57-2b1f0d9e4c11@{node}", "on": "cs1", "whole": True},
    "host.clock-skew": {"look": "exit 9", "cannot": "shares its kernel"},
}

# What needs a kernel of its own, on kvm2. A write to what is frozen stands still until it is thawed.
FROZEN = "mountpoint -q /mnt/ext4 || exit 1; (echo x >/mnt/ext4/look) >/dev/null 2>&1 & sleep 0.7; kill -0 $!"
SKEWED = "read -r up _ </proc/uptime; e=$(($(date +%s) - ${up%.*} - $(cat /dev/shm/epoch || date +%s))); [ ${e#-} -gt 1800 ] && [ -e /dev/shm/epoch ]"
KVM2 = {
    "host.net-delay": {},
    "host.net-loss": {},
    "host.net-corrupt": {},
    "host.io-hang": {"target": "path:/mnt/ext4@{node}", "look": FROZEN},
    "host.clock-skew": {"words": ["seconds=-3600"], "look": SKEWED},
    "hadoop.delay": {},
    "hadoop.datanode-slow": {},
    "cloudstack.api-delay": {"target": "ms@{node}", "words": ["ms=500"]},
}


class NoRecipe(Exception):
    pass


class Recipe:
    def __init__(self, fault, own=None):
        """FAULT is its line of `list faults`; OWN: what cannot be derived of it, where it is not hit as in FAULTS."""
        own = FAULTS.get(fault["fault"], {}) if own is None else own
        self.backend = fault["fault"].split(".")[0]
        targets = {"kvm": KVM_TARGETS, "hadoop": HADOOP_TARGETS}.get(self.backend, TARGETS)
        self.on = own.get("on", "slave1")  # the node of a cluster
        self.first = own.get("first", False)
        self.whole = own.get("whole", False)
        self.name = fault["fault"]
        self.way = fault["way"] or self.name
        self.recovery = fault["recovery_ms"] / 1000
        self.look = own.get("look") or WAYS.get(self.way)
        self.cannot = own.get("cannot")
        if not self.look:
            raise NoRecipe("nothing says how a fault undone by '%s' is seen" % self.way)
        kind = own.get("target") or next((k for k in targets if k in fault["targets"]), None)
        if kind is None:
            raise NoRecipe("there is no target for it among %s" % " ".join(targets))
        self.target = targets.get(kind, kind)
        self.words = list(own.get("words", []))
        if self.way == "rule" and not own:
            self.words.append("space=1000000000")  # armed, and no call is hit: what it does is shown in tests/kvm
        given = {w.split("=")[0] for w in self.words}
        for p in fault["params"]:
            if p["default"] is None and p["name"] not in given:
                if p["type"] not in PARAMS:
                    raise NoRecipe("nothing says what %s= may be" % p["name"])
                self.words.append("%s=%s" % (p["name"], PARAMS[p["type"]]))

    def command(self, node, ttl):
        target = self.target.format(node=node.name, stray=node.stray() if "{stray}" in self.target else "")
        return ["--yes", "inject", self.name, target, *self.words, "ttl=%dms" % (ttl * 1000)]
