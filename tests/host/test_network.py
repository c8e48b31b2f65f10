# SPDX-License-Identifier: GPL-2.0-or-later
"""Isolation and DNS: the effect at a peer, the way back, and that SSH always gets through."""
import threading
import time

import pytest

from deck import wait

N2 = "10.77.0.102"


def reaches(lab, node, address):
    return "1 received" in lab.on(node, "ping -c1 -W1 %s || true" % address)


def test_isolate_from_one_peer(lab, deck):
    assert reaches(lab, "n1", N2)
    done = deck.inject("host.net-isolate", "n1", "peer=n2")
    assert not reaches(lab, "n1", N2) and not reaches(lab, "n2", "10.77.0.101")
    assert reaches(lab, "n1", "10.77.0.103")
    deck("restore", deck.ident(done))
    assert reaches(lab, "n1", N2)


@pytest.mark.parametrize("peer", ["role:node", "n2,n3", "10.77.0.102/31", "all"])
def test_isolate_from_several(lab, deck, peer):
    deck.inject("host.net-isolate", "n1", "peer=" + peer)
    assert not reaches(lab, "n1", N2) and not reaches(lab, "n1", "10.77.0.103")
    deck("restore", "--all")
    assert reaches(lab, "n1", N2)


@pytest.mark.parametrize("direction, hook", [("in", "input"), ("out", "output")])
def test_one_direction(lab, deck, direction, hook):
    deck.inject("host.net-isolate", "n1", "peer=n2", "direction=" + direction)
    table = lab.on("n1", "nft list ruleset | sed -n '/faultdeck/,/^}/p'")
    assert "hook %s " % hook in table and table.count("hook ") == 1
    assert not reaches(lab, "n1", N2)


def test_established_connection_is_cut_and_ssh_is_not(lab, deck):
    lab.on("n2", "redis-cli config set bind '0.0.0.0'; redis-cli config set protected-mode no")
    ask = "exec 3<>/dev/tcp/%s/6379; echo PING >&3; read -t 1 a <&3; echo ${a:0:5}; sleep 4; echo PING >&3; read -t 1 b <&3; echo ${b:-silence}" % N2
    got = []
    talk = threading.Thread(target=lambda: got.append(lab.on("n1", "bash -c '%s'" % ask)))
    talk.start()
    time.sleep(1.5)
    deck.inject("host.net-isolate", "n1", "peer=n2")
    talk.join()
    assert got[0].split() == ["+PONG", "silence"]
    lab.on("n2", "redis-cli config set bind '127.0.0.1 -::1'; redis-cli config set protected-mode yes")


@pytest.fixture(scope="module")
def another_port(lab):
    lab.on("n1", "/usr/sbin/sshd -p 2222 -o PidFile=none")
    yield
    lab.on("n1", "pkill -f 'sshd -p 222[2]'")


@pytest.mark.parametrize("fault, target, words", [("net-isolate", "n1", ["peer=" + peer]) for peer in ("10.77.0.1", "all", "fd77::1", "0.0.0.0/0", "::/0")] + [
    ("net-rate", "n1", ["kbit=8", "peer=10.77.0.1,fd77::1"]), ("net-rate", "link:eth0@n1", ["kbit=8"]), ("dns-fail", "n1", ["how=drop"]),
])
def test_never_cut_ourselves_off(another_port, lab, deck, fault, target, words):
    """The very address that the operator comes from, over both protocols, on another port, through a jump host."""
    deck.inject("host." + fault, target, *words)
    assert lab.on("n1", "echo here") == "here\n"
    ways = (["root@fd77::101"], ["-p", "2222", "root@10.77.0.101"], ["-J", "n1", "n2"], ["-J", "n2", "n1"])
    assert lab.cut_off(ways) == {}
    deck("restore", "--all")


def test_foreign_table_of_that_name_is_kept(lab, deck):
    """A plan has its id before it is injected: with a table of that name there, it is refused."""
    lab.on("n1", "nft add table inet faultdeck_x")
    deck.inject("host.net-isolate", "n1", "peer=n2")
    deck("restore", deck("list", "injections").of("injection")[-1]["id"])
    assert "faultdeck_x" in lab.on("n1", "nft list tables")
    assert deck("restore", "--all").code == 0
    assert "faultdeck_x" not in lab.on("n1", "nft list tables")


def test_ttl_restores_when_nobody_does(lab, deck):
    deck.inject("host.net-isolate", "n1", "peer=n2", "ttl=2s")
    assert not reaches(lab, "n1", N2)
    wait("nothing of ours is left", lambda: lab.ours(["n1"]) == "", 30)
    assert reaches(lab, "n1", N2)


@pytest.mark.parametrize("words, why", [
    (["peer=nosuch"], "no node, no role and no address"),
    (["peer=n1"], "the target itself"),
    (["peer=role:oven"], "no other node has the role"),
    (["peer=$(touch /tmp/pwned)"], "no node, no role and no address"),
    ([], "needs peer="),
])
def test_refused_peers(lab, deck, words, why):
    done = deck("--yes", "inject", "host.net-isolate", "n1", *words, code=None)
    assert done.code != 0 and why in done.out + done.err


RESOLVER = r"""cat >/run/resolver <<'EOF' && systemd-run -q --collect --unit=resolver perl -MIO::Socket::INET /run/resolver
my @where = (LocalAddr => "127.0.0.1", LocalPort => 53, ReuseAddr => 1);
if (fork) { my $s = IO::Socket::INET->new(@where, Proto => "udp") or die; while (defined $s->recv(my $q, 9)) { $s->send("here") } }
my $s = IO::Socket::INET->new(@where, Listen => 9) or die; while (my $c = $s->accept) { print $c "here"; close $c }
EOF"""
ASK = r"""perl -MIO::Socket::INET -MIO::Select -e 'for (qw(udp tcp)) {
my ($said, $s) = ("", IO::Socket::INET->new(PeerAddr => "127.0.0.1:53", Proto => $_, Timeout => 1));
if ($s) { $s->send("?"); IO::Select->new($s)->can_read(1) and sysread $s, $said, 9 } else { $said = $@ =~ /refused/ ? "refused" : "silence" }
print "$_ ", $said || "nothing", "\n" }'"""
HERE = "udp here\ntcp here\n"


@pytest.fixture
def resolver(lab):
    lab.on("n1", RESOLVER)
    wait("it answers", lambda: lab.on("n1", ASK) == HERE, 20)
    yield
    lab.on("n1", "systemctl stop resolver; rm /run/resolver")


@pytest.mark.parametrize("how, tcp", [("reject", "refused"), ("drop", "silence")])
def test_dns(resolver, lab, deck, how, tcp):
    deck.inject("host.dns-fail", "n1", "how=" + how)
    assert lab.on("n1", ASK) == "udp nothing\ntcp %s\n" % tcp
    deck("restore", "--all")
    assert lab.on("n1", ASK) == HERE
