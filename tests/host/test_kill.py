# SPDX-License-Identifier: GPL-2.0-or-later
"""A killed process comes back as it was: a unit by its unit, any other by what /proc showed."""
import time

import pytest

START = r"""
mkdir -p '/run/it is/here' && cat >/run/victim.sh <<'EOF'
#!/bin/sh
echo "$1|$2|$3" >>/run/victim.args
while :; do sleep 1; done
EOF
chmod 755 /run/victim.sh /run '/run/it is' && chmod 777 '/run/it is/here' && touch /run/victim.log /run/victim.args && chmod 666 /run/victim.log /run/victim.args
cd '/run/it is/here' && umask 0137 && ulimit -n 333 && ulimit -c 0 &&
	setsid setpriv --reuid=ops --regid=ops --groups=ops,games env -i PATH=/usr/bin:/bin "ODD=it's \$(id)
two lines" /bin/sh /run/victim.sh "a b" "\$x'y" "" </dev/null >>/run/victim.log 2>&1 &
sleep 0.3; pgrep -f '^/bin/sh /run/victim.s[h]'
"""

# Everything that must be the same again.
SHOW = r"""
p=$(pgrep -f '^/bin/sh /run/victim.s[h]') && cd /proc/$p && tr '\0' '|' <cmdline; echo; tr '\0' '|' <environ; echo; readlink cwd exe
grep -E '^(Uid|Gid|Groups|Umask|NoNewPrivs|Cap...):' status; cat limits oom_score_adj; sed 's/.*) //' stat | cut -d' ' -f 16,17
for f in 0 1 2; do readlink fd/$f; done; cat cgroup
"""


@pytest.fixture
def victim(lab):
    pid = lab.on("n1", START).strip()
    yield pid
    lab.on("n1", "pkill -9 -f '^/bin/sh /run/victim.s[h]'; rm -rf /run/victim.* '/run/it is'", check=False)


def test_an_unmanaged_process_comes_back_as_it_was(victim, lab, deck):
    before = lab.on("n1", SHOW)
    assert "two lines" in before and "Max open files            333" in before
    ident = deck.ident(deck.inject("host.process-kill", "pid:%s@n1" % victim))
    assert lab.on("n1", "pgrep -f '^/bin/sh /run/victim.s[h]' || true") == ""
    deck("restore", ident)
    assert lab.on("n1", SHOW) == before
    assert lab.on("n1", "cat /run/victim.args") == "a b|$x'y|\n" * 2


def test_by_its_ttl_too_and_it_outlives_that(victim, lab, deck):
    before = lab.on("n1", SHOW)
    deck.inject("host.process-kill", "pid:%s@n1" % victim, "ttl=2s")
    time.sleep(6)
    assert lab.on("n1", SHOW) == before
    assert "faultdeck" not in lab.on("n1", "systemctl list-units --all --plain --no-legend 'faultdeck*'; ls /run/faultdeck 2>&1; true").replace("/run/faultdeck", "")


def test_started_by_somebody_else_meanwhile(victim, lab, deck):
    ident = deck.ident(deck.inject("host.process-kill", "pid:%s@n1" % victim))
    assert lab.on("n1", START).strip() != victim
    deck("restore", ident)
    assert len(lab.on("n1", "pgrep -f '^/bin/sh /run/victim.s[h]'").split()) == 1


@pytest.mark.parametrize("start, why", [
    ("setsid sleep 300 </dev/null 2>&1 | cat >/dev/null", "its file 1 is pipe"),
    ("cp /bin/sleep /run/gone; setsid /run/gone 300 </dev/null >/dev/null 2>&1 & sleep 0.2; rm /run/gone", "command line"),
    ("setsid bash -c 'exec -a \"other title\" sleep 300' </dev/null >/dev/null 2>&1", "command line"),
    ("setsid setpriv --reuid=ops --regid=ops --clear-groups --inh-caps=+net_raw --ambient-caps=+net_raw sleep 300 </dev/null >/dev/null 2>&1", "capabilities"),
    ("setsid unshare -n sleep 300 </dev/null >/dev/null 2>&1", "container"),
])
def test_what_cannot_be_given_back_is_refused(lab, deck, start, why):
    pid = lab.on("n1", "(%s) >/dev/null 2>&1 & sleep 0.5; pgrep -f ' 300$' | while read p; do [ $(cat /proc/$p/comm) = bash ] || [ $(cat /proc/$p/comm) = sh ] || echo $p; done | tail -1" % start).strip()
    done = deck("--yes", "inject", "host.process-kill", "pid:%s@n1" % pid, code=None)
    assert done.code == 1 and why in done.out + done.err
    assert lab.on("n1", "kill -9 %s && echo there" % pid) == "there\n"


def test_a_unit_is_held_down_and_comes_back_by_its_unit(lab, deck):
    main = "systemctl show -p MainPID --value redis-server"
    before = lab.on("n1", main)
    ident = deck.ident(deck.inject("host.process-kill", "redis-server@n1"))
    time.sleep(1)
    assert lab.on("n1", "systemctl is-active redis-server || true") in ("failed\n", "inactive\n")
    assert "Assert" in lab.on("n1", "systemctl start redis-server 2>&1 || true")
    deck("restore", ident)
    assert lab.on("n1", "systemctl is-active redis-server; redis-cli ping") == "active\nPONG\n"
    assert lab.on("n1", main) not in (before, "0\n")


def test_hold_no_lets_the_supervisor_do_it(lab, deck):
    lab.on("n1", "systemctl show -p Restart redis-server | grep always")
    deck.inject("host.process-kill", "redis-server@n1", "hold=no")
    time.sleep(2)
    assert lab.on("n1", "systemctl is-active redis-server") == "active\n"
