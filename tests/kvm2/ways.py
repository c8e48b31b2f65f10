# SPDX-License-Identifier: GPL-2.0-or-later
"""What kvm2 needs to be hit in every way of undoing that there is, and how that is injected at once."""
import time

# A disk of ext4 and one of xfs; victims that write while they run.
DISKS = """
modprobe -a loop ext4 xfs
for fs in ext4 xfs; do
	mountpoint -q /mnt/$fs && continue
	mkdir -p /mnt/$fs && rm -f /root/$fs && truncate -s 320M /root/$fs && mkfs.$fs -q /root/$fs && mount -o loop /root/$fs /mnt/$fs || exit 1
done
"""
NO_DISKS = "for fs in ext4 xfs; do fsfreeze -u /mnt/$fs; umount /mnt/$fs; rm -f /root/$fs; done 2>/dev/null; true"
VICTIM = """
cd /run && printf 'while :; do echo x >>/run/%s.out; sleep 0.2; done' >/run/%s
setsid busybox sh /run/%s </dev/null >/dev/null 2>&1 & echo $!
"""
NO_VICTIMS = "pkill -9 -f '^busybox sh /run/victim'; rm -f /run/victim*; true"

# Servers that are named like Hadoop's and the cloud's, started like them, and answer at their ports: kvm2 has no Java.
# 8080 is the API, 8250 the agents' port
SERVER = r"""mkdir -p /run/standin && cd /run/standin && { [ -x java ] || cp /usr/bin/perl java; } && cat >org.apache.cloudstack.ServerDaemon <<'EOF'
use IO::Socket::IP; use IO::Select;
my @s = map { IO::Socket::IP->new(LocalHost => "::", LocalPort => $_, V6Only => 0, Listen => 64, ReuseAddr => 1) or die } 8080, 8250;
my $all = IO::Select->new(@s);
while (1) { for ($all->can_read) { my $c = $_->accept; sysread $c, my $got, 200; print $c "HTTP/1.0 401 Unauthorized\r\n\r\nhere\n"; close $c } }
EOF
setsid ./java org.apache.cloudstack.ServerDaemon </dev/null >/dev/null 2>&1 &"""
DATANODE = """mkdir -p /run/standin && cd /run/standin && { [ -x java ] || cp /usr/bin/perl java; } && cat >org.apache.hadoop.hdfs.server.datanode.DataNode <<'EOF'
use IO::Socket::INET;
my $s = IO::Socket::INET->new(LocalPort => 9866, Listen => 16, ReuseAddr => 1) or die;
while (my $c = $s->accept) { sysread $c, my $got, 100; print $c "HTTP/1.0 200 OK\r\n\r\nhere\n"; close $c }
EOF
setsid ./java org.apache.hadoop.hdfs.server.datanode.DataNode </dev/null >/dev/null 2>&1 &"""


def victim(lab, name):
    return lab.on("kvm2", VICTIM % (name, name, name)).strip()


def inject_all(lab, deck, ttl):
    """One of each: nft, tc, signal, process restart, mount, held file, held memory, clock."""
    lab.on("kvm2", DISKS)
    hung, killed = victim(lab, "victim1"), victim(lab, "victim2")
    for fault, target, *more in (
        ("net-isolate", "kvm2", "peer=10.77.0.2"), ("net-delay", "kvm2", "peer=10.77.0.2"), ("process-hang", "pid:%s@kvm2" % hung),
        ("process-kill", "pid:%s@kvm2" % killed), ("io-hang", "path:/mnt/ext4@kvm2"), ("disk-fill", "path:/mnt/xfs@kvm2", "size=32", "leave=16"),
        ("memory-fill", "kvm2", "size=64", "leave=64"), ("clock-skew", "kvm2", "seconds=-3600"),
    ):
        done = deck.inject("host." + fault, target, *more, "ttl=" + ttl)
        assert done.of("injection")[-1]["state"] == "active"
    assert len(lab.on("kvm2", "ls /run/faultdeck").split()) == 8


def offset(lab):
    """Seconds that kvm2's clock is ahead of this machine's."""
    return int(lab.on("kvm2", "date +%s")) - time.time()
