# SPDX-License-Identifier: GPL-2.0-or-later
"""Nodes that lie: what they say is bounded, harmless, and said. A real sshd whose ForceCommand is tests/scale/lie."""
import os
import random
import re
import shutil
import subprocess
import time

import pytest

from conftest import HERE, TOP, Scale, keys, ssh_config, start, wait, write_config
from terminal import Term

LIES = {"huge": 1, "lines": 2, "binary": 3, "escapes": 4, "endless": 5, "early": 6, "ids": 7, "empty": 8, "chatty": 9, "names": 10}


@pytest.fixture(scope="module")
def liar(lab, tmp_path_factory):
    """A directory with the server's files; write `names` and `id` there."""
    d = str(tmp_path_factory.mktemp("liar"))
    keys(d)
    shutil.copy(os.path.join(HERE, "lie"), d)
    for name in ("names", "id"):
        with open(os.path.join(d, name), "w") as f:
            f.write("none\n")
    with open(d + "/sshd.conf", "w") as f:
        f.write("ListenAddress 127.3.0.0\nPort 22011\nHostKey %s/hostkey\nPidFile none\nAuthorizedKeysFile %s/key.pub\nStrictModes no\n"
                "UsePAM no\nPermitRootLogin prohibit-password\nMaxStartups 100\nForceCommand %s/lie\nLogLevel ERROR\n" % (d, d, d))
        f.write("".join("ListenAddress 127.3.0.%d\n" % n for n in LIES.values()))
    ssh_config(d)
    os.makedirs("/run/sshd", exist_ok=True)
    server = start(lab, "sh", "-c", "echo ready; exec /usr/sbin/sshd -D -e -f %s/sshd.conf" % d, ready="ready")
    yield d
    server.terminate()
    server.wait()


@pytest.fixture
def lying(lab, liar, tmp_path):
    nodes = [(name, "127.3.0.%d" % n, 22011) for name, n in LIES.items()] + [("l1", "127.1.0.2", 22)]
    with open(tmp_path / "ssh_config", "w") as c, open(lab.dir + "/ssh_config") as b:
        known = open(liar + "/known_hosts").read() + open(lab.dir + "/known_hosts").read()
        (tmp_path / "known").write_text(known)
        c.write("Host *\n IdentityFile %s/key\n UserKnownHostsFile %s/known\n GlobalKnownHostsFile /dev/null\n" % (liar, tmp_path) + b.read())
    shutil.copytree(os.path.join(HERE, "mark"), tmp_path / "mark")
    deck = Scale(lab, tmp_path, write_config(tmp_path / "lies.cfg", tmp_path / "ssh_config", nodes, 'backends = ( "mark" );'))
    yield deck
    deck.end()


def harmless(text):
    """No control character but the newline, nothing that turns text around."""
    return not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)


def test_lies_are_bounded_harmless_and_said(lying):
    done = lying("status", code=None, limit=200)
    assert done.one("summary")["done"] >= 1 and harmless(done.out) and harmless(done.err)
    assert all(l.startswith("{") for l in done.out.splitlines())
    state = {n["node"]: n["state"] for n in done.of("node")}
    said = " ".join(e["message"] for e in done.of("error"))
    assert state["l1"] == "up" and state["escapes"] == "up" and state["ids"] == "up"
    assert state["names"] == "up" and state["chatty"] == "up"
    for name in ("huge", "lines", "binary", "endless", "early", "empty"):
        assert state[name] == "down", name
    assert "larger than" in said and "has ended" in said and "no answer of a collector" in said
    assert done.rss_below < 300 << 10, done.rss_below
    text = lying("status", code=None, text=True, limit=200)
    assert harmless(text.out) and harmless(text.err)


def test_the_screen_stays_clean(lying, lab, liar):
    with open(liar + "/names", "w") as f:
        f.write("\n".join(["x" * 4096, "", "数据库" * 30, "e\u0301" * 200, "\u202eback", "-rf", "$(id)"]))
    term = Term([lab.lab, "ctl", "build/faultdeck", "-c", lying.config], env=lying.env, cwd=TOP)
    try:
        term.wait_for("escapes", 10)
        wait("some are up", lambda: term.pump(0.2) >= 0 and re.search(r"[3-9]/11 nodes", term.text()), 40)
        for _ in range(12):  # over all of them: what each has is drawn
            term.keys("<Down>", 0.1)
        assert b"\x1b]0;owned" not in term.raw and b"owned\x07" not in term.raw
        assert "11 nodes" in term.text()
        for key in ("<Home>", "<End>"):
            term.keys(key, 0.5)
            straight = {row[38].data for row in (term.screen.buffer[y] for y in range(2, 20))}
            assert straight <= {"│", "─"}, term.text()
    finally:
        term.close()


def test_ids_of_others_and_ids_that_are_none(lying, liar):
    """A node that claims to have restored another's injection is not believed."""
    mine = lying("--yes", "inject", "mark.file", "l1", "ttl=5m").of("injection")[-1]["id"]
    with open(liar + "/id", "w") as f:
        f.write(mine + "\n")
    for _ in range(2):
        seen = lying("list", "injections", code=None, limit=200).of("injection")
        assert [(i["node"], i["state"]) for i in seen if i["id"] == mine] == [("l1", "active")]
        assert all(re.fullmatch("[A-Za-z0-9_-]{1,31}", i["id"]) for i in seen)
    lying("restore", mine)


# ---- what goes there and comes back ----

PIECES = ["'", '"', "\\", "$(touch /tmp/pwned)", "`touch /tmp/pwned`", "; touch /tmp/pwned;", "| touch /tmp/pwned", "-rf", "--", "$IFS", "${x}",
          "*", "?", "~", " ", "  ", "%s", "%n", "\\n", "\\033[2J", "é", "漢字", "🙂", "{", "}", "]", "#", "&", "!", "=", ":", "/", ".", ",", "\t"]
BYTES = [b"\xff", b"\xc3", b"\xe2\x80\xae", b"\x1b[2J", b"\x07", b"\x01", b"\x7f", b"\xc2\x9b", b"\xed\xa0\x80", b"\xf5\x80\x80\x80"]


@pytest.fixture(scope="module")
def rng():
    seed = int(os.environ.get("SEED", time.time_ns() % 10**9))
    print("SEED=%d" % seed)
    return random.Random(seed)


def fuzz(rng, pieces, most=6):
    return "".join(rng.choice(pieces) for _ in range(rng.randint(1, most)))


def test_names_of_a_lying_node_never_break_the_output(lying, liar, rng):
    """Invalid UTF-8 and control characters too, which no honest node can send."""
    pieces = [p.encode() for p in PIECES] + BYTES
    names = [b"%d" % i + b"".join(rng.choice(pieces) for _ in range(rng.randint(1, 9))) for i in range(300)]
    with open(liar + "/names", "wb") as f:
        f.write(b"\n".join(names) + b"\n")
    done = lying("list", "services", code=None, limit=200)
    assert harmless(done.out)
    got = [s["service"] for s in done.of("service") if s["node"] == "names"]
    assert len(got) == len(names)
    for name, service in zip(names, got):
        try:
            plain = name.decode()
        except UnicodeDecodeError:
            continue
        if harmless(plain) and len(name) < 128:
            assert service == plain
    text = lying("list", "services", code=None, text=True, limit=200)
    assert harmless(text.out) and not os.path.exists("/tmp/pwned")


@pytest.fixture(params=["dash", "busybox"])
def shell(request, lab):
    """n1 whose sh is this one."""
    if request.param == "busybox":
        with open(shutil.which("busybox"), "rb") as f:
            subprocess.run([lab.lab, "exec", "n1", "sh", "-c", "cat >/usr/local/bin/sh && chmod 755 /usr/local/bin/sh"],
                           stdin=f, cwd=TOP, env=lab.env, check=True)
        assert "BusyBox" in lab.on("n1", "sh --help 2>&1 || true")
    yield request.param
    lab.on("n1", "rm -f /usr/local/bin/sh")


def test_parameters_arrive_as_they_are_and_run_nothing(lab, pair, shell, rng):
    """Through a verb on standard input, a shell on the node, and back by plain ssh."""
    for _ in range(3):
        words = {k: fuzz(rng, PIECES).replace("\t", " ") for k in "abcd"}
        path = "/" + fuzz(rng, PIECES).replace("\t", " ").replace("@", "")[:100]
        line = " ".join(["inject", "mark.file", quoted("path:%s@n1" % path)] + [quoted("%s=%s" % kv) for kv in words.items()])
        done = pair("--yes", "inject", "mark.file", "path:%s@n1" % path, *("%s=%s" % kv for kv in words.items()), "ttl=5m", code=None)
        if done.code == 2:  # refused as a word that cannot be: then nothing was begun, and it says so
            assert done.of("error"), line
            continue
        assert done.code == 0, (line, done.out)
        found = done.of("injection")[-1]
        assert lab.on("n1", "cat /run/mark-" + found["id"]) == "".join(v + "\n" for v in words.values()) + path + "\n", line
        assert found["target"] == "path:%s@n1" % path and harmless(done.out)
        seen = [i for i in pair("list", "injections").of("injection") if i["id"] == found["id"]]
        assert seen[0]["target"] == found["target"] and seen[0]["state"] == "active"
        pair("restore", found["id"])
    assert lab.on("n1", "ls /tmp/pwned /run/mark-* /run/faultdeck 2>/dev/null || true") == ""


def test_words_that_cannot_be_are_refused(pair):
    for word in (b"a=\xff\xfe", b"a=x\ny", b"a=\x1b[2J", b"path:/\xff@n1", b"path:/a\nb@n1", b"path:/a\tb@n1", b"-rf", b"$(touch /tmp/pwned)@n1"):
        command = [c.encode() for c in pair.command("--yes", "inject", "mark.file", "n1")] + [word]
        done = subprocess.run(command, capture_output=True, cwd=TOP, env=pair.env, timeout=60)
        assert done.returncode == 2, (word, done.stdout)
        assert harmless(done.stdout.decode()) and harmless(done.stderr.decode()) and not os.path.exists("/tmp/pwned")


def quoted(word):
    return "'" + word.replace("'", "'\\''") + "'"
