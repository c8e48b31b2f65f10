# SPDX-License-Identifier: GPL-2.0-or-later
"""A killed process comes back as it was: a unit by its unit, any other by what /proc showed."""
import base64

import pytest

from deck import wait

# A process without a unit that has everything odd. 1 and 2 append to one open file; 3 and 4 are one open file and stand in the
# midst of it; 5 stands at its end. Every byte but NUL is in its environment. It waits by opening a FIFO that nobody writes: what it
# would fork has its words for a moment.
START = r"""
d=/run/victim; w="$d/it is
here"
mkdir -p "$w" && cat >$d/prog <<'EOF'
printf '%s,' $# "$@" >>/run/victim/args
printf ab >&3; echo again >&5
read -r _ </run/victim/go
echo one; echo two >&2; printf three >&3; printf four >&4; echo five >&5
: >/run/victim/went
read -r _ </run/victim/end-of-time
EOF
mkfifo $d/go $d/end-of-time 2>/dev/null
printf 0123456789abcdefghij >$d/midst; echo once >$d/one; : >$d/args; chmod -R 777 $d
mkdir -p /sys/fs/cgroup/victim && echo $$ >/sys/fs/cgroup/victim/cgroup.procs
every=$(i=1; while [ $i -lt 256 ]; do printf "\\$(printf %o $i)"; i=$((i + 1)); done)
rm -f $d/end
cd "$w" && umask 027 && ulimit -n 333 && ulimit -c 0 && ulimit -s 4096 && trap '' USR2 && echo 77 >/proc/$$/oom_score_adj
setsid nice -n 5 setpriv --reuid=ops --regid=ops --groups=ops,games,cdrom --no-new-privs env -i -- PATH=/usr/bin:/bin \
	"ALL=$every" EMPTY= -dash=x "ODD=it's \$(id)" /bin/sh $d/prog "a b" "\$x'y" "" "two
lines" -n "" </dev/null >>$d/one 2>&1 3<>$d/midst 4>&3 5>$d/end &
until [ -s $d/end ]; do sleep 0.1; done
pgrep -f '^/bin/sh /run/victim/pro[g]'
"""

# Everything that must be the same again, each by its name.
SHOW = {
    "argv": "base64 cmdline",
    "environment": "base64 environ",
    "directory": "readlink cwd; stat -L -c %i cwd",
    "user": "grep -E '^(Uid|Gid|Groups|NoNewPrivs|Cap...):' status",
    "umask": "grep Umask status",
    # 1 to 31: 32 and 33 are the C library's own, which no program can set, and differ by who started the parents
    "signals": r"for s in SigIgn SigBlk; do v=$(sed -n s/^$s:.//p status); echo $s $((0x${v#????????} & 0x7fffffff)); done",
    "limits": "cat limits",
    "priority": "cat oom_score_adj; sed 's/.*) //' stat | cut -d' ' -f 16,17",
    "files": r"for f in 0 1 2 3 4 5; do readlink fd/$f; sed -n 's/^flags:.*\(.\)...$/\1/p' fdinfo/$f; done",
    "cgroup": "cat cgroup",
    "program": "readlink exe root",
}
VICTIM = "^/bin/sh /run/victim/pro[g]"


def look(lab):
    script = "cd /proc/$(pgrep -f '%s') || exit 1; " % VICTIM + "; echo @@; ".join(SHOW.values())
    return dict(zip(SHOW, lab.on("n1", script).split("@@\n")))


@pytest.fixture
def victim(lab):
    try:
        yield lab.on("n1", START).strip()
    finally:
        lab.on("n1", "pkill -9 -f '%s'; rm -rf /run/victim; until rmdir /sys/fs/cgroup/victim; do sleep 0.1; done" % VICTIM)


def test_an_unmanaged_process_comes_back_as_it_was(victim, lab, deck):
    before = look(lab)
    environ = base64.b64decode(before["environment"])
    assert bytes(range(1, 256)) in environ and b"\0-dash=x\0" in environ and "Max open files            333" in before["limits"]
    assert before["umask"] == "Umask:\t0027\n" and before["cgroup"].endswith("/victim\n") and "Groups:\t24 60 1000" in before["user"]
    ident = deck.ident(deck.inject("host.process-kill", "pid:%s@n1" % victim))
    assert lab.on("n1", "pgrep -f '%s' || true" % VICTIM) == ""
    deck("restore", ident)
    after = look(lab)
    for name in SHOW:
        assert after[name] == before[name], name
    assert lab.on("n1", "cat /run/victim/args") == "6,a b,$x'y,,two\nlines,-n,," * 2
    lab.on("n1", "echo >/run/victim/go; until [ -e /run/victim/went ]; do sleep 0.1; done")
    assert lab.on("n1", "cd /run/victim; cat one midst end") == "once\none\ntwo\n" + "ababthreefourdefghij" + "again\nagain\nfive\n"
    assert lab.on("n1", "stat -c %a /run/victim/went") == "640\n"


def test_by_its_ttl_too_and_it_outlives_that(victim, lab, deck):
    before = look(lab)
    deck.inject("host.process-kill", "pid:%s@n1" % victim, "ttl=2s")
    wait("nothing of ours is left", lambda: lab.ours(["n1"]) == "", 30)
    assert look(lab) == before


def test_another_of_the_same_words_is_not_it(victim, lab, deck):
    both = lab.on("n1", START).split()
    ident = deck.ident(deck.inject("host.process-kill", "pid:%s@n1" % next(p for p in both if p != victim)))
    assert lab.on("n1", "pgrep -f '%s'" % VICTIM).split() == [victim]
    deck("restore", ident)
    assert len(lab.on("n1", "pgrep -f '%s'" % VICTIM).split()) == 2


def test_started_by_somebody_else_meanwhile(victim, lab, deck):
    ident = deck.ident(deck.inject("host.process-kill", "pid:%s@n1" % victim))
    assert lab.on("n1", START).strip() != victim
    deck("restore", ident)
    assert len(lab.on("n1", "pgrep -f '%s'" % VICTIM).split()) == 1


@pytest.mark.parametrize("start, why", [
    ("setsid sleep 300 </dev/null 2>&1 | cat >/dev/null", "its file 1 is pipe"),
    ("mkdir /run/gone; cd /run/gone; setsid sleep 300 </dev/null >/dev/null 2>&1 & sleep 0.2; rmdir /run/gone", "its directory is gone"),
    ("mkdir /run/gone; cd /run/gone; setsid sleep 300 </dev/null >/dev/null 2>&1 & sleep 0.2; rmdir /run/gone; mkdir '/run/gone (deleted)'", "its directory is gone"),
    ("setsid sleep 300 </dev/null >/run/gone 2>&1 & sleep 0.2; rm /run/gone", "its file 1 is /run/gone (deleted)"),
    ("cp /bin/sleep /run/a=b; setsid sh -c 'exec /run/a=b 300' </dev/null >/dev/null 2>&1", "holds a ="),
    ("cp /bin/sleep /run/gone; setsid /run/gone 300 </dev/null >/dev/null 2>&1 & sleep 0.2; rm /run/gone", "command line"),
    ("setsid bash -c 'exec -a \"other title\" sleep 300' </dev/null >/dev/null 2>&1", "command line"),
    ("setsid setpriv --reuid=ops --regid=ops --clear-groups --inh-caps=+net_raw --ambient-caps=+net_raw sleep 300 </dev/null >/dev/null 2>&1", "capabilities"),
    ("setsid unshare -n sleep 300 </dev/null >/dev/null 2>&1", "container"),
])
def test_what_cannot_be_given_back_is_refused(lab, deck, start, why):
    pid = lab.on("n1", "(%s) >/dev/null 2>&1 & sleep 0.5; pgrep -f ' 300$' | while read p; do [ $(cat /proc/$p/comm) = bash ] || [ $(cat /proc/$p/comm) = sh ] || echo $p; done | tail -1" % start).strip()
    done = deck("--yes", "inject", "host.process-kill", "pid:%s@n1" % pid, code=None)
    assert done.code == 1 and why in done.out + done.err
    assert lab.on("n1", "kill -9 %s && echo there; rm -rf /run/gone* /run/a=b" % pid) == "there\n"


def test_a_unit_is_held_down_and_comes_back_by_its_unit(lab, deck):
    main = "systemctl show -p MainPID --value redis-server"
    before = lab.on("n1", main)
    ident = deck.ident(deck.inject("host.process-kill", "redis-server@n1"))
    wait("it is down", lambda: lab.on("n1", "systemctl is-active redis-server || true") in ("failed\n", "inactive\n"), 20)
    assert "Assert" in lab.on("n1", "systemctl start redis-server 2>&1 || true")
    deck("restore", ident)
    assert lab.on("n1", "systemctl is-active redis-server; redis-cli ping") == "active\nPONG\n"
    assert lab.on("n1", main) not in (before, "0\n")


def test_hold_no_lets_the_supervisor_do_it(lab, deck):
    lab.on("n1", "systemctl show -p Restart redis-server | grep always")
    main = "systemctl show -p MainPID -p ActiveState redis-server"
    before = lab.on("n1", main)
    deck.inject("host.process-kill", "redis-server@n1", "hold=no")
    wait("systemd has started it", lambda: "=active" in lab.on("n1", main) and lab.on("n1", main) != before, 20)
