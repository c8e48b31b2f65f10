# SPDX-License-Identifier: GPL-2.0-or-later
"""Safe mode is asked for by a call of our own; where a NameNode wants more than a name, by Hadoop's own program. The NameNode
is a stand-in, which answers as one does that asks for Kerberos, and so is the program: no KDC is needed."""
import os
import socket
import subprocess
import threading

import pytest

from conftest import TOP

# the call's length, its header's, and of the header: call, status (0 success, 2 fatal); -33 is the call that negotiates by SASL
CALLS = {
    "success": "0000000706080010001809",
    "refused": "0000000b0a08ffffffff0f10021809",
    "negotiate": "0000000b0a08dfffffff0f10001809",
}
ENTER = bytes.fromhex("08021000")  # what the call ends with
SCRIPT = """cd backends/hadoop; fd_dir=$1
fd_get() { cat "$fd_dir/$1"; }
. ./conf.sh; . ./client.sh; . ./rpc.sh; . ./safe.sh
hadoop_client() { echo "$*" >"$fd_dir/program"; }
hadoop_conf="hadoop.security.authentication	$2"
echo "$$ 1" >"$fd_dir/pids"; echo "127.0.0.1:$3" >"$fd_dir/rpc"
hadoop_safemode enter"""


@pytest.mark.parametrize("login, answer", [("simple", "success"), ("simple", "refused"), ("simple", "negotiate"), ("kerberos", "success")])
def test_who_is_asked_for_safe_mode(tmp_path, login, answer):
    asked = []

    def namenode():
        try:
            connection, _ = listener.accept()
        except OSError:  # nobody came
            return
        with connection:
            got = b""
            while b"setSafeMode" not in got or not got.endswith(ENTER):  # it comes in pieces
                got += connection.recv(1000)
            asked.append(answer)
            connection.sendall(bytes.fromhex(CALLS[answer]))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=namenode, daemon=True).start()
        subprocess.run(["sh", "-c", SCRIPT, "sh", str(tmp_path), login, str(listener.getsockname()[1])], cwd=TOP, check=True, timeout=30)
    ours = (login, answer) == ("simple", "success")
    assert asked == ([] if login == "kerberos" else [answer])
    assert os.path.exists(tmp_path / "program") != ours
    assert ours or (tmp_path / "program").read_text().endswith("-safemode enter\n")
