# SPDX-License-Identifier: GPL-2.0-or-later
"""What goes wrong before anything is injected: a clear message, what to do, the documented exit code."""
import os
import subprocess

import pytest

from deck import KvmDeck, wait

NODE = 'name = "kvm1"; host = "10.77.0.21"; user = "root"; disposable = true; '


@pytest.fixture
def with_config(lab, tmp_path):
    """A deck on a cluster.cfg of its own: with_config(text of the node, ssh_config text)."""

    def make(node=NODE, ssh="", top=""):
        config = open(os.path.join(lab.top, "build/lab/ssh_config")).read()
        (tmp_path / "ssh_config").write_text(ssh + config)
        (tmp_path / "c.cfg").write_text('ssh_config = "ssh_config";\nnodes = ( { %s } );\n%s' % (node, top))
        return KvmDeck(lab, tmp_path, str(tmp_path / "c.cfg"))

    return make


def test_all_mistakes_of_a_file_at_once(with_config):
    deck = with_config('nam = "kvm1"; host = 7; port = 99999;', top="guard = { max_ttl = 0; };\n")
    done = deck("status", code=3, text=True)
    said = done.err + done.out
    for words in ("c.cfg:2:", "did you mean name?", "host: expected", "port: expected a number from 1 to 65535",
                  "c.cfg:3:", "max_ttl"):
        assert words in said, said


def test_syntax_error_and_no_file(with_config):
    deck = with_config()
    deck.config = "/nowhere/x.cfg"
    assert "/nowhere/x.cfg" in deck("status", code=3, text=True).err
    deck = with_config(top="guard = {\n")
    assert "c.cfg:" in deck("status", code=3, text=True).err


@pytest.fixture(scope="module")
def other_key(tmp_path_factory):
    path = str(tmp_path_factory.mktemp("key") / "id")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)
    return path


def test_wrong_key(with_config, other_key):
    done = with_config(NODE + 'identity = "%s";' % other_key)("status", code=4)
    error = done.of("error")[0]
    assert error["code"] == "EACCES" and "key" in error["message"] and error["hint"]


def test_refused_port(with_config):
    done = with_config(NODE + "port = 9;")("status", code=4)
    error = done.of("error")[0]
    assert error["code"] == "ECONNREFUSED" and "sshd" in error["hint"]


def fingerprint(lab):
    key = os.path.join(lab.top, "build/lab/known_hosts")
    return subprocess.run(["ssh-keygen", "-lf", key], check=True, capture_output=True, text=True).stdout.split()[1]


def test_unknown_host_key_is_shown_and_taken_only_by_accept_new(lab, with_config, tmp_path):
    known = tmp_path / "known"
    deck = with_config(ssh="UserKnownHostsFile %s\n" % known)
    error = deck("status", code=4).of("error")[0]
    assert error["code"] == "ENOKEY" and fingerprint(lab) in error["message"] and "--accept-new" in error["hint"]
    assert not known.exists() or known.read_text() == ""
    command = deck.command("status")
    command.insert(command.index("--batch"), "--accept-new")
    subprocess.run(command, check=True, cwd=lab.top, env=deck.env, capture_output=True)
    assert "10.77.0.21" in known.read_text()
    deck("status")


def test_changed_host_key_is_refused_with_both_fingerprints(lab, with_config, tmp_path, other_key):
    known = tmp_path / "known"
    public = open(other_key + ".pub").read().split()
    known.write_text("10.77.0.21 %s %s\n" % (public[0], public[1]))
    deck = with_config(ssh="UserKnownHostsFile %s\n" % known)
    command = deck.command("status")
    command.insert(command.index("--batch"), "--accept-new")
    done = subprocess.run(command, cwd=lab.top, env=deck.env, capture_output=True, text=True)
    was = subprocess.run(["ssh-keygen", "-lf", other_key + ".pub"], check=True, capture_output=True, text=True).stdout.split()[1]
    assert done.returncode == 4
    assert fingerprint(lab) in done.stdout and was in done.stdout and "CHANGED" in done.stdout.upper()


def test_not_root_on_the_node(with_config):
    deck = with_config(NODE.replace('"root"', '"ops"'))
    deck("status")
    done = deck("--yes", "inject", "kvm.file-write", "vm:db1@kvm1", code=None)
    assert done.code != 0 and "not root" in done.out + done.err and "sudo" in done.out + done.err
    check = deck("check", "kvm1", code=1)
    assert "not root" in check.out


@pytest.mark.long
def test_sudo_without_a_password_is_as_good_as_root(lab, with_config):
    deck = with_config(NODE.replace('"root"', '"admin"'))
    ident = deck.inject("kvm.file-write", "vm:db1@kvm1", "times=1", "ttl=30s").one("injection")["id"]
    assert deck.rules()[0]["id"] == ident
    deck("restore", ident)
    assert deck.rules() == []


def test_guard_names_its_rule_and_line(with_config):
    deck = with_config(NODE.replace("true", "false"))
    done = deck("--yes", "inject", "kvm.file-write", "vm:db1@kvm1", code=5)
    assert "disposable" in done.out and "c.cfg:2" in done.out
    deck = with_config(top='guard = { max_ttl = "10s"; protected = ( "kvm1" ); };\n')
    done = deck("--yes", "inject", "kvm.file-write", "vm:db1@kvm1", "ttl=5s", code=5)
    assert "protected" in done.out and "c.cfg:3" in done.out
    deck = with_config(top='guard = { max_ttl = "10s"; };\n')
    done = deck("--yes", "inject", "kvm.file-write", "vm:db1@kvm1", "ttl=11s", code=5)
    assert "max_ttl" in done.out and "c.cfg:3" in done.out


def test_without_yes_the_plan_and_exit_2(deck):
    done = deck("inject", "kvm.file-write", "vm:db1@kvm1", code=2)
    assert done.of("plan") and not deck.rules()


@pytest.mark.parametrize("words", [
    ("inject", "kvm.nothing", "vm:db1@kvm1"),
    ("inject", "kvm.file-write", "vm:nobody@kvm1"),
    ("inject", "kvm.file-write", "vm:db1@kvm1", "errno=EWHAT"),
    ("inject", "kvm.file-write", "vm:db1@kvm1", "times=0x"),
    ("inject", "kvm.file-write", "vm:db1@kvm1", "ttl=0"),
    ("inject", "kvm.file-write", "vm:db1@nowhere"),
])
def test_wrong_words(deck, words):
    done = deck("--yes", *words, code=None)
    assert done.code in (1, 2), done.out + done.err
    assert done.of("error"), done.out
    assert deck.rules() == []


def test_debugfs_that_cannot_be_read(lab, alone):
    # the shell of a session that was closed may still have the events open
    lab.on("for i in $(seq 100); do umount /sys/kernel/debug && break; sleep 0.2; done")
    try:
        assert "debugfs" in alone("check", "kvm1", code=1).out
        done = alone("--yes", "inject", "kvm.file-write", "vm:db1@kvm1", code=None)
        assert done.code != 0 and "debugfs" in done.out + done.err
    finally:
        lab.on("mount -t debugfs none /sys/kernel/debug")
    assert "faultdeck" in lab.on("cat /sys/kernel/debug/faultdeck/version")


def test_the_module_refuses_and_says_where(lab):
    """Nothing is changed by a refused command, and `error` has the caret under the word at fault."""
    control = "/sys/kernel/debug/faultdeck/control"
    good = "id=a1 point=file-write tgid=%d action=return:EIO ttl_ms=5000" % lab.pid("db1")
    for command, caret in [
        ("arm " + good.replace("file-write", "nowhere"), "point=nowhere"),
        ("arm id=a1 point=file-write action=return:EIO ttl_ms=5000", None),
        ("arm " + good.replace("ttl_ms=5000", "ttl_ms=0"), "ttl_ms=0"),
        ("arm id=a1 point=file-write tgid=1 action=return:EIO ttl_ms=5000", "tgid=1"),
        ("arm " + good + " probability=101", "probability=101"),
    ]:
        lab.on("echo '%s' >%s 2>/dev/null" % (command, control), check=False)
        error = lab.on("cat /sys/kernel/debug/faultdeck/error").splitlines()
        assert any("^" in l for l in error), error
        if caret:
            where = [l.index(caret) for l in error if caret in l and l[0] != "#"]
            mark = [l.index("^") for l in error if "^" in l][-1]
            assert where and where[0] <= mark < where[0] + len(caret), error
    lab.on("head -c 65536 /dev/urandom >%s 2>/dev/null" % control, check=False)
    assert "^id=" not in lab.on("grep ^id= /sys/kernel/debug/faultdeck/rules", check=False)
    lab.on("echo 'arm %s' >%s" % (good, control))
    lab.on("echo 'arm %s' >%s 2>/dev/null" % (good, control), check=False)
    assert "id" in lab.on("cat /sys/kernel/debug/faultdeck/error")
    assert lab.on("grep -c ^id= /sys/kernel/debug/faultdeck/rules").strip() == "1"
    lab.on("echo 'disarm id=a1' >" + control)


@pytest.mark.ends_host
def test_a_kernel_that_is_locked_down(lab, tmp_path):
    """It opens debugfs for nobody: that is said, and neither called a missing module nor a missing mount alone."""
    deck = KvmDeck(lab, tmp_path)
    lab.spoiled = True
    lab.on("[ -e /sys/kernel/security/lockdown ] || mount -t securityfs none /sys/kernel/security; "
           "echo integrity >/sys/kernel/security/lockdown")
    check = deck("check", "kvm1", code=1).out
    assert "integrity: an unsigned module and debugfs are refused" in check and "loaded, but" in check, check
    done = deck("--yes", "inject", "kvm.file-write", "vm:db1@kvm1", code=None)
    assert done.code != 0 and "locked down" in done.out + done.err, done.out
    assert "locked down" in deck("module", "load", "kvm1", code=1).out
