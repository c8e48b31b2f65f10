# SPDX-License-Identifier: GPL-2.0-or-later
"""import: the original tool's cluster.conf, in both forms that its manual has, to a cluster.cfg that is read."""
import os
import subprocess

import pytest

from conftest import TOP

BINARY = os.path.join(TOP, "build/faultdeck")
DIRECT = """# name,ip,port,roles
master,192.168.64.10,22,NameNode,ResourceManager
slave1,192.168.64.11,22,DataNode,NodeManager
slave2,192.168.64.12,22,DataNode,NodeManager
"""
FORWARDED = "master,localhost,2220,NameNode,ResourceManager\r\n\r\n slave1 , localhost ,2221, DataNode,NodeManager # one\r\n"


def run(*args):
    return subprocess.run([BINARY, *args], capture_output=True, text=True)


@pytest.mark.parametrize("text, wanted", [
    (DIRECT, ['name = "master"; host = "192.168.64.10"; port = 22;', 'name = "slave2"', '"datanode", "nodemanager"']),
    (FORWARDED, ['host = "localhost"; port = 2220;', 'name = "slave1"; host = "localhost"; port = 2221;']),
])
def test_both_forms(tmp_path, text, wanted):
    (tmp_path / "cluster.conf").write_text(text)
    done = run("--batch", "import", str(tmp_path / "cluster.conf"))
    assert done.returncode == 0 and all(w in done.stdout for w in wanted), done.stdout + done.stderr
    (tmp_path / "cluster.cfg").write_text(done.stdout)
    assert run("-c", str(tmp_path / "cluster.cfg"), "--batch", "list", "faults").returncode == 0


def test_mistakes_by_their_lines(tmp_path):
    (tmp_path / "c").write_text(DIRECT + "slave1,10.0.0.1,22,DataNode\nbad\nx,1.2.3.4,0,DataNode\ny,\"; rm\",22,DataNode\n")
    done = run("--batch", "import", str(tmp_path / "c"))
    assert done.returncode == 3 and done.stdout == ""
    for said in (":5: the name of line 3 again: 'slave1'", ":6: expected name,ip,port", ":7: expected a port", ":8: expected an address"):
        assert said in done.stderr
