# SPDX-License-Identifier: GPL-2.0-or-later
"""db-limit's way with a MySQL 8: by a client that stands in for MySQL's (mysql.pl); a real server is in test_old.py."""
import os
import subprocess

from conftest import TOP

SCRIPT = """
t_name=mysql t_kind=service t_unit='' t_pid=1 p_n=1 p_mode=account p_user=cloud FD_ID=x FD_TTL_MS=60000
for f in core/node/proc core/node/ledger backends/host/common backends/host/keep backends/cloudstack/conf backends/cloudstack/account \
	backends/cloudstack/mysql backends/cloudstack/global backends/cloudstack/db; do . "$TOP/$f.sh"; done
fd_dir=$MYSQL
cloudstack_client=$TOP/tests/cloud/mysql.pl
look() { cat "$MYSQL"/memory.*; }
do_ && verify_ && look && ! gone_ >/dev/null && undo_ && gone_ && look && undo_ && gone_ && look
"""


def test_odd_limits_come_back(tmp_path):
    for host, limit in (("%", "0"), ("localhost", "7")):
        for where in ("memory", "disk"):
            (tmp_path / ("%s.%s" % (where, host))).write_text(limit + "\n")
    done = subprocess.run(["sh", "-c", SCRIPT], env=dict(os.environ, TOP=TOP, MYSQL=str(tmp_path)), capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "1\n1\n0\n7\n0\n7\n", "")
    log = (tmp_path / "log").read_text()
    assert "KILL 5;\nKILL 6;\n" in log and log.count("sql_log_bin = 0") == log.count("@h = CONVERT") and "FLUSH" not in log and "KILL USER" not in log
